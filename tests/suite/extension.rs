//! What the browser extension asks of the service: site profiles, and to be let in where other pages are not.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use huashu::http::{AppState, EXTENSION_ORIGIN, router};
use huashu::live::Live;
use huashu::site_profiles;
use serde_json::Value;
use std::fs;
use std::sync::Arc;
use tower::ServiceExt;

const ENTRY: &str = "---\ntitle: 催发货\nquestions: [怎么还没发货]\n---\n随时可用。\n\n> 亲，马上发。\n";

/// A library in a folder of its own, so that its files can change.
struct Service {
    folder: tempfile::TempDir,
    live: Arc<Live>,
    router: Router,
}

impl Service {
    fn new() -> Service {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("催发货.md"), ENTRY).unwrap();
        let live = Arc::new(Live::in_memory(folder.path()).unwrap());
        let router = router(AppState::new(Arc::clone(&live)));
        Service { folder, live, router }
    }

    fn put(&self, text: &str) {
        fs::write(self.folder.path().join(site_profiles::FILE), text).unwrap();
        self.live.refresh().unwrap();
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec())
    }

    /// Ids of the profiles, in their order.
    async fn ids(&self) -> Vec<String> {
        let (status, _, body) = self.send(Request::get("/v1/site-profiles").body(Body::empty()).unwrap()).await;
        assert_eq!(status, 200);
        let answer: Value = serde_json::from_slice(&body).unwrap();
        answer["profiles"].as_array().unwrap().iter().map(|profile| profile["id"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn profiles_of_the_library_come_first_and_change_while_the_service_runs() {
    let service = Service::new();
    let built_in: Vec<String> = site_profiles::built_in().profiles.iter().map(|profile| profile.id.clone()).collect();
    assert_eq!(service.ids().await, built_in);
    service.put(r#"{"format": 1, "profiles": [{"id": "own", "name": "自营", "match": ["https://kf.example/*"]}]}"#);
    assert_eq!(service.ids().await[0], "own");
    assert_eq!(service.ids().await.len(), built_in.len() + 1);
    // A broken file has its problem, and changes nothing.
    service.put("{");
    assert_eq!(service.ids().await[0], "own");
    let problems = &service.live.snapshot().library.problems;
    assert!(problems.iter().any(|problem| problem.path == site_profiles::FILE && problem.code.as_str() == "bad-settings"), "{problems:?}");
    service.put(r#"{"format": 1, "replace": true, "profiles": []}"#);
    assert!(service.ids().await.is_empty());
    fs::remove_file(service.folder.path().join(site_profiles::FILE)).unwrap();
    service.live.refresh().unwrap();
    assert_eq!(service.ids().await, built_in);
}

#[tokio::test]
async fn profiles_that_are_known_are_not_sent_again() {
    let service = Service::new();
    let ask = async |etag: &str| {
        let request = Request::get("/v1/site-profiles").header(header::IF_NONE_MATCH, etag).body(Body::empty()).unwrap();
        service.send(request).await
    };
    let (status, headers, _) = ask("\"\"").await;
    assert_eq!(status, 200);
    let etag = headers[header::ETAG].to_str().unwrap();
    assert_eq!(ask(etag).await.0, 304);
    service.put(r#"{"format": 1, "note": "新", "profiles": []}"#);
    assert_eq!(ask(etag).await.0, 200);
}

#[tokio::test]
async fn the_extension_is_let_in_and_pages_of_others_are_not() {
    let service = Service::new();
    let check = async |origin: Option<&str>, method: Method, expect: u16, may_read: bool| {
        let path = if method == Method::GET { "/v1/library" } else { "/v1/search" };
        let mut request = Request::builder().method(&method).uri(path).header(header::HOST, "kb.example");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from(r#"{"q": "发货"}"#)).unwrap();
        let (status, headers, _) = service.send(request).await;
        assert_eq!(status, expect, "{origin:?} {method}");
        let allowed = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(|value| value.to_str().unwrap());
        assert_eq!(allowed, may_read.then_some(EXTENSION_ORIGIN), "{origin:?} {method}");
        assert_eq!(headers[header::VARY].to_str().unwrap(), "origin");
    };
    check(None, Method::POST, 200, false).await;
    check(Some("https://kb.example"), Method::POST, 200, false).await;
    check(Some(EXTENSION_ORIGIN), Method::POST, 200, true).await;
    check(Some(EXTENSION_ORIGIN), Method::GET, 200, true).await;
    for other in ["https://evil.example", "null", "chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        check(Some(other), Method::POST, 403, false).await;
        check(Some(other), Method::GET, 200, false).await;
    }
}

#[tokio::test]
async fn a_browser_that_asks_beforehand_hears_what_the_extension_may() {
    let service = Service::new();
    let ask = async |origin: &str| {
        let request = Request::options("/v1/search")
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type,huashu-install")
            .header("access-control-request-private-network", "true");
        service.send(request.body(Body::empty()).unwrap()).await
    };
    let (status, headers, _) = ask(EXTENSION_ORIGIN).await;
    assert_eq!(status, 204);
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN].to_str().unwrap(), EXTENSION_ORIGIN);
    assert_eq!(headers["access-control-allow-private-network"].to_str().unwrap(), "true");
    for asked in ["authorization", "content-type", "huashu-install"] {
        assert!(headers[header::ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap().contains(asked), "{asked}");
    }
    let (status, headers, _) = ask("https://evil.example").await;
    assert_eq!(status, 405);
    assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[test]
fn an_entry_says_when_it_ends_by_its_period_or_its_campaign() {
    let check = |front_matter: &str, expect: Option<&str>| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.md"), ENTRY.replace("---\n随", &format!("{front_matter}---\n随"))).unwrap();
        let campaigns = "大促:\n  - {from: 2026-06-01, until: 2026-06-05}\n  - {from: 2026-06-18, until: 2026-06-20 20:00}\n";
        fs::create_dir_all(folder.path().join("lexicon")).unwrap();
        fs::write(folder.path().join("lexicon/campaigns.yaml"), campaigns).unwrap();
        let library = huashu::library::load(folder.path(), None).unwrap();
        let now = "2026-06-19T00:00:00Z".parse().unwrap();
        let ends = library.ends_at(&library.entries[0], now).map(|at| at.to_string());
        assert_eq!(ends.as_deref(), expect, "{front_matter:?} {:?}", library.problems);
    };
    check("", None);
    // A date includes its day.
    check("valid: {until: 2026-06-30}\n", Some("2026-06-30T16:00:00Z"));
    check("campaign: 大促\n", Some("2026-06-20T12:00:00Z"));
    check("campaign: 大促\nvalid: {until: 2026-06-19 12:00}\n", Some("2026-06-19T04:00:00Z"));
    // Over already, or not yet.
    check("valid: {until: 2026-06-18}\n", None);
    check("valid: {from: 2026-06-30, until: 2026-07-01}\n", None);
}
