//! Editing over HTTP: who was first wins, the other is told, and the history has everything.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use huashu::http::{AppState, router};
use huashu::live::Live;
use huashu::register::Register;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

const TOKEN: &str = "the local token";

const ENTRY: &str = "---\ntitle: 催发货\nquestions: [怎么还没发货]\n---\n\n买家催发货时用。\n\n> 亲，今天发出。\n";

/// A library of one entry, served with a register.
struct Desk {
    _dir: TempDir,
    kb: PathBuf,
    live: Arc<Live>,
    state: AppState,
    router: Router,
}

struct Reply {
    status: u16,
    etag: String,
    json: Value,
}

impl Desk {
    async fn new() -> Desk {
        Desk::with(&[("物流/催发货.md", ENTRY)]).await
    }

    async fn with(files: &[(&str, &str)]) -> Desk {
        let dir = tempfile::tempdir().unwrap();
        let kb = dir.path().join("kb");
        fs::create_dir(&kb).unwrap();
        for (path, text) in files {
            put(&kb, path, text);
        }
        let live = Arc::new(Live::in_memory(&kb).unwrap());
        let register = Register::open(&dir.path().join("data")).await.unwrap();
        let state = AppState::new(Arc::clone(&live)).with_register(register).with_token(TOKEN);
        Desk { _dir: dir, kb, live, router: router(state.clone()), state }
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.kb.join(path)).unwrap()
    }

    async fn send(&self, method: &str, path: &str, if_match: Option<&str>, body: &Value) -> Reply {
        let mut request = Request::builder().method(method).uri(encoded(path)).header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
        request = request.header(header::CONTENT_TYPE, "application/json").header("huashu-client", "studio");
        if let Some(etag) = if_match {
            request = request.header(header::IF_MATCH, etag);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let etag = parts.headers.get(header::ETAG).map_or("", |etag| etag.to_str().unwrap()).to_owned();
        Reply { status: parts.status.as_u16(), etag, json: serde_json::from_slice(&body).unwrap_or_default() }
    }

    async fn get(&self, path: &str) -> Value {
        let reply = self.send("GET", path, None, &Value::Null).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.json);
        reply.json
    }

    /// `action way path` of each version, oldest first.
    async fn history(&self, id: &str) -> Vec<String> {
        let history = self.get(&format!("/v1/entries/{id}/history")).await;
        let mut versions = history["versions"].as_array().unwrap().clone();
        versions.reverse();
        let word = |version: &Value, key: &str| version[key].as_str().unwrap().to_owned();
        versions.iter().map(|version| format!("{} {} {}", word(version, "action"), word(version, "way"), word(version, "path"))).collect()
    }
}

fn put(kb: &Path, path: &str, text: &str) {
    let path = kb.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Chinese in a path, as browsers send it.
fn encoded(path: &str) -> String {
    path.bytes().map(|byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[tokio::test]
async fn an_entry_lives_over_the_api_from_its_making_to_its_return() {
    let desk = Desk::new().await;
    let new =
        json!({ "folder": "售后", "markdown": "---\ntitle: 怎么退货？\nquestions: [怎么退]\n---\n\n> 亲，点退货。\n", "why": "新来的" });
    let made = desk.send("POST", "/v1/entries", None, &new).await;
    assert_eq!((made.status, &made.json["id"], &made.json["path"]), (201, &json!("怎么退货"), &json!("售后/怎么退货.md")), "{}", made.json);
    assert_eq!(made.etag, format!("\"{}\"", made.json["etag"].as_str().unwrap()));
    assert_eq!(desk.get("/v1/search?q=怎么退").await["hits"][0]["id"], "怎么退货", "searched when the answer comes");
    assert_eq!(desk.send("POST", "/v1/entries", None, &new).await.json["code"], "exists");

    let reworded = json!({ "markdown": "---\ntitle: 怎么退货？\nquestions: [怎么退]\n---\n\n> 亲，点申请退货。\n", "folder": "售后/退货", "why": "说清楚" });
    let entry = "/v1/entries/怎么退货";
    assert_eq!(desk.send("PUT", entry, None, &reworded).await.status, 428);
    let saved = desk.send("PUT", entry, Some(&made.etag), &reworded).await;
    assert_eq!((saved.status, &saved.json["path"]), (200, &json!("售后/退货/怎么退货.md")), "{}", saved.json);
    assert!(!desk.kb.join("售后/怎么退货.md").exists());
    assert_eq!(saved.json["warnings"], json!([]));

    // The ETag that reading gives serves too.
    let read = desk.send("GET", entry, None, &Value::Null).await;
    let gone = desk.send("DELETE", entry, Some(&read.etag), &Value::Null).await;
    assert_eq!((gone.status, &gone.json["etag"]), (200, &Value::Null), "{}", gone.json);
    assert_eq!(desk.send("GET", entry, None, &Value::Null).await.status, 404);

    let first = desk.get(&format!("{entry}/history?offset=2")).await["versions"][0].clone();
    assert_eq!((&first["why"], &first["who"]), (&json!("新来的"), &json!("local")));
    let restore = json!({ "version": first["version"] });
    let back = desk.send("POST", &format!("{entry}/restore"), None, &restore).await;
    assert_eq!((back.status, &back.json["path"]), (200, &json!("售后/怎么退货.md")), "{}", back.json);
    assert!(desk.text("售后/怎么退货.md").contains("点退货"));
    let expect = [
        "create studio 售后/怎么退货.md",
        "move studio 售后/退货/怎么退货.md",
        "delete studio 售后/退货/怎么退货.md",
        "restore studio 售后/怎么退货.md",
    ];
    assert_eq!(desk.history("怎么退货").await, expect);
    let text = desk.get(&format!("{entry}/history/{}", first["version"].as_str().unwrap())).await;
    assert!(text["markdown"].as_str().unwrap().contains("点退货"));
}

#[tokio::test]
async fn who_is_second_sees_both_texts_and_can_merge_them() {
    let desk = Desk::new().await;
    let entry = "/v1/entries/催发货";
    let etag = desk.send("GET", entry, None, &Value::Null).await.etag;
    let mine = ENTRY.replace("今天发出", "今晚发出");
    let theirs = ENTRY.replace("怎么还没发货", "什么时候发");
    assert_eq!(desk.send("PUT", entry, Some(&etag), &json!({ "markdown": theirs })).await.status, 200);
    let second = desk.send("PUT", entry, Some(&etag), &json!({ "markdown": mine })).await;
    assert_eq!((second.status, &second.json["code"], &second.json["current_markdown"]), (412, &json!("stale"), &json!(theirs)));
    let merged = desk.send("POST", "/v1/merge", None, &json!({ "base": ENTRY, "mine": mine, "theirs": theirs })).await.json;
    assert_eq!(merged["conflicts"], 0, "{merged}");
    let current = format!("\"{}\"", second.json["current_etag"].as_str().unwrap());
    assert_eq!(desk.send("PUT", entry, Some(&current), &json!({ "markdown": merged["markdown"] })).await.status, 200);
    let text = desk.text("物流/催发货.md");
    assert!(text.contains("今晚发出") && text.contains("什么时候发"), "{text}");
    let versions = desk.get(&format!("{entry}/history")).await;
    let (last, first) = (&versions["versions"][0]["version"], &versions["versions"][2]["version"]);
    let diff = desk.get(&format!("{entry}/diff?from={}&to={}", first.as_str().unwrap(), last.as_str().unwrap())).await;
    assert_eq!(diff, desk.get(&format!("{entry}/diff?from={}", first.as_str().unwrap())).await);
    let changed = |change: &str| -> String {
        diff["pieces"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|piece| piece["change"] == change)
            .map(|piece| piece["text"].as_str().unwrap())
            .collect()
    };
    assert!(changed("added").contains("今晚") && changed("removed").contains("今天"), "{diff}");
}

#[tokio::test]
async fn what_would_take_an_entry_from_everybody_is_refused() {
    let desk = Desk::new().await;
    let entry = "/v1/entries/催发货";
    let etag = desk.send("GET", entry, None, &Value::Null).await.etag;
    let check = async |method: &str, path: &str, if_match: Option<&str>, body: Value, expect: (u16, &str)| {
        let reply = desk.send(method, path, if_match, &body).await;
        assert_eq!((reply.status, reply.json["code"].as_str().unwrap()), expect, "{method} {path} {body}: {}", reply.json);
    };
    let etag = Some(etag.as_str());
    check("PUT", entry, etag, json!({ "markdown": "---\ntitle: [\n---\n" }), (422, "unreadable")).await;
    check("PUT", entry, etag, json!({ "markdown": "" }), (422, "unreadable")).await;
    check("PUT", entry, etag, json!({ "markdown": ENTRY.replace("title", "id: 别的\ntitle") }), (400, "bad_value")).await;
    check("PUT", entry, etag, json!({ "markdown": ENTRY, "folder": "../外面" }), (400, "bad_value")).await;
    check("PUT", entry, Some("\"abc\""), json!({ "markdown": ENTRY }), (400, "bad_value")).await;
    check("PUT", "/v1/entries/没有", etag, json!({ "markdown": ENTRY }), (404, "no_entry")).await;
    check("DELETE", entry, None, Value::Null, (428, "precondition_required")).await;
    check("POST", "/v1/entries", None, json!({ "markdown": "没有标题" , "id": "../x"}), (400, "bad_value")).await;
    check("POST", "/v1/entries", None, json!({ "markdown": ENTRY, "id": "催发货" }), (409, "exists")).await;
    check("POST", "/v1/entries/催发货/restore", None, json!({ "version": "none" }), (404, "no_version")).await;
    check("GET", "/v1/entries/没有/history", None, Value::Null, (404, "no_entry")).await;
    assert_eq!(desk.text("物流/催发货.md"), ENTRY);
}

#[tokio::test]
async fn a_preview_shows_the_entry_and_what_is_wrong_and_writes_nothing() {
    let desk = Desk::new().await;
    let twin = "---\ntitle: 催单\nid: 催发货\nquestions: [快发]\n---\n\n> 亲，今天发出，加微信{{号码}}。\n";
    let preview = desk.send("POST", "/v1/preview", None, &json!({ "markdown": twin })).await.json;
    assert_eq!(preview["entry"]["title"], "催单");
    let codes: Vec<&str> = preview["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"duplicate-id") && codes.contains(&"banned-phrase"), "{codes:?}");
    assert_eq!(preview["findings"][0]["type"], "banned");
    assert_eq!(preview["slots"], json!(["号码"]));
    let copy = ENTRY.replace("催发货", "再催");
    let preview = desk.send("POST", "/v1/preview", None, &json!({ "markdown": copy })).await.json;
    assert_eq!((&preview["similar"][0]["id"], &preview["similar"][0]["likeness"]), (&json!("催发货"), &json!(1.0)));
    let own = desk.send("POST", "/v1/preview", None, &json!({ "markdown": ENTRY, "id": "催发货" })).await.json;
    assert_eq!((&own["problems"], &own["similar"]), (&json!([]), &json!([])));
    let broken = desk.send("POST", "/v1/preview", None, &json!({ "markdown": "---\ntitle: [\n---\n" })).await.json;
    assert_eq!((&broken["entry"], &broken["problems"][0]["code"]), (&Value::Null, &json!("front-matter")));
    assert_eq!(desk.live.snapshot().len(), 1);
    let _ = &desk.state;
}
