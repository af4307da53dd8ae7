//! Attacks, one test each, named after them; SECURITY.md lists them with those that stand beside what they attack. What goes by raw
//! sockets and logs is in `wire`, what needs a browser in `tests/web/attacks`.

use crate::team::{Team, encoded, read};
use axum::body::Body;
use axum::http::{Request, header};
use axum::response::Response;
use huashu::facet::Facets;
use huashu::lexicon::{self, LexiconFile};
use huashu::live::Live;
use huashu::markdown::{self, MAX_FILE_BYTES};
use huashu::problem::Code;
use huashu::secret::hash_password;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;
use tower::ServiceExt;

/// Rules with the given regular expressions, and the problems of their file.
fn rules(patterns: &[String]) -> (huashu::lexicon::Lexicon, Vec<huashu::problem::Problem>) {
    let yaml = json!({ "replace": true, "rules": [{ "id": "a", "class": "b", "why": "c", "severity": "block", "patterns": patterns }] });
    lexicon::load(&[LexiconFile { path: "lexicon/banned.yaml".to_owned(), bytes: yaml.to_string().into_bytes() }])
}

#[test]
fn regular_expressions_that_hang_other_engines_are_refused_or_end() {
    // What backtracks without end elsewhere is found or not found in one pass here.
    let long = "a".repeat(5_000);
    for pattern in ["(a+)+$b", "(a|a)*b", "(a|aa)+$c", "([a-z]+)*!", "(.*a){20}b", "(x+x+)+y", "(?:a?){30}a{30}b"] {
        let (lexicon, problems) = rules(&[pattern.to_owned()]);
        assert!(problems.is_empty(), "{pattern}: {problems:?}");
        assert!(lexicon.banned.find(&long, None).is_empty(), "{pattern}");
    }
    // What cannot be compiled within the limits is a problem at its line, and no rule.
    let nested = format!("{}a{}", "(".repeat(240), ")".repeat(240));
    let refused = [
        "(?:a{1000}){1000}",
        "((\\w{100}){100}){100}",
        "\\p{L}{500}\\p{Han}{500}",
        "(?:(?:(?:x{255}){255}){255}){255}",
        &nested,
        "a*",
        "(",
        "\\1",
        "(?=a)",
    ];
    for pattern in refused {
        let (lexicon, problems) = rules(&[pattern.to_owned()]);
        let is_refused = problems.iter().any(|problem| problem.code == Code::BadLexicon);
        assert!(is_refused || pattern == nested, "{pattern} is taken");
        assert!(lexicon.banned.find("好的", None).is_empty());
    }
}

/// Of a search for every match some expressions look ahead to the end from each place.
#[test]
fn a_regular_expression_that_reads_to_the_end_from_each_place_does_not_hold_a_library() {
    let library = tempfile::tempdir().unwrap();
    let yaml = json!({ "rules": [{ "id": "a", "class": "b", "why": "c", "severity": "warn", "patterns": ["x.*[^x]y|x", "(?s)x.*?q|x", "[^y]*z|x"] }] });
    fs::create_dir_all(library.path().join("lexicon")).unwrap();
    fs::write(library.path().join("lexicon/banned.yaml"), yaml.to_string()).unwrap();
    fs::write(library.path().join("a.md"), format!("---\ntitle: 长\n---\n\n> {}\n", "x".repeat(MAX_FILE_BYTES - 100))).unwrap();
    fs::write(library.path().join("b.md"), "---\ntitle: 短\n---\n\n> 好的。\n").unwrap();
    let live = Live::in_memory(library.path()).unwrap();
    assert!(live.snapshot().get("b").is_some());
}

/// Bytes of nesting: by a square of it a test would not end, and whole files of it take a third of a second each.
const NESTED_BYTES: usize = 200_000;

#[test]
fn markdown_nested_without_end_is_read_or_refused_at_once() {
    let fill = |part: &str| part.repeat(NESTED_BYTES / part.len());
    let climb: String = (1..1_000).map(|depth| format!("{}- a\n", "  ".repeat(depth))).collect();
    let fences: String = (1..1_300).map(|length| format!("{}a", "`".repeat(length))).collect();
    let rows = [
        fill("> "),
        fill(">"),
        fill("- "),
        fill("1. "),
        fill("["),
        fill("]["),
        fill("[a]("),
        fill("![["),
        fill("*a **a "),
        fill("_a __a "),
        fill("a**b"),
        fill("\\["),
        fill("<"),
        fill("<!-- "),
        fill("<![CDATA["),
        fill("<?"),
        fill("&#"),
        fill("```\n~~~\n"),
        fill("[a]: b\n"),
        fill("{{"),
        fill("{{a|"),
        fill("\n\n***\n"),
        fill("> a\n\n"),
        fill("# a\n"),
        format!("{}\n{}", fill("[a]: b\n"), "[a]".repeat(50_000)),
        climb,
        fences,
    ];
    for text in rows {
        let file = format!("---\ntitle: 深\n---\n{text}");
        let parsed = markdown::parse("a.md", file.as_bytes(), &Facets::default());
        assert!(parsed.entry.is_some() || !parsed.problems.is_empty(), "{text:.20}");
    }
}

#[test]
fn front_matter_nested_without_end_is_a_problem() {
    let rows = [
        "[".repeat(100_000),
        "{a: ".repeat(50_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        "&a [*a, ".repeat(10_000),
        "!!str ".repeat(10_000),
    ];
    for yaml in rows {
        let file = format!("---\ntitle: 深\ntags: {yaml}\n---\n\n> 好。\n");
        let parsed = markdown::parse("a.md", file.as_bytes(), &Facets::default());
        assert!(parsed.entry.is_none() && !parsed.problems.is_empty(), "{yaml:.20}");
    }
}

/// Every file below a folder, with its bytes.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for item in fs::read_dir(dir).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

/// Places outside of the library, as an attacker would write them.
const OUTSIDE: [&str; 9] = ["..", "../外", "../../etc/passwd", "物流/../../外", "..\\外", "C:\\外", "C:外", ".git/hooks", "../data"];

#[tokio::test]
async fn path_traversal_by_ids_folders_and_file_names_leaves_everything_as_it_was() {
    let team = Team::new().await;
    let above = team.kb.parent().unwrap().to_owned();
    fs::write(above.join("外.md"), "---\ntitle: 外\n---\n\n> 秘密\n").unwrap();
    fs::write(above.join("外.png"), "secret").unwrap();
    let beside =
        || files(&above).into_iter().filter(|(path, _)| !path.contains("/data/") && !path.contains("/.huashu")).collect::<BTreeMap<_, _>>();
    let before = beside();
    let markdown = "---\ntitle: 新\n---\n\n> 好。\n";
    let (_, entry) = team.json(Some("培训"), "GET", "/v1/entries/发货时间", &Value::Null).await;
    for outside in OUTSIDE {
        let escaped: String = outside.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let table = format!("id,标题,话术\n{outside},新,好\n");
        let requests = [
            ("POST", "/v1/entries".to_owned(), json!({ "id": outside, "markdown": markdown })),
            ("POST", "/v1/entries".to_owned(), json!({ "id": "新", "folder": outside, "markdown": markdown })),
            ("POST", "/v1/entries".to_owned(), json!({ "markdown": format!("---\nid: {}\ntitle: 新\n---\n\n> 好。\n", json!(outside)) })),
            ("GET", format!("/v1/entries/{escaped}"), Value::Null),
            ("DELETE", format!("/v1/entries/{escaped}"), Value::Null),
            ("PUT", format!("/v1/entries/{escaped}"), json!({ "markdown": markdown })),
            ("GET", format!("/v1/entries/{escaped}/history"), Value::Null),
            ("GET", format!("/v1/lexicon/{escaped}"), Value::Null),
            ("PUT", format!("/v1/lexicon/{escaped}"), json!({ "text": "a" })),
            ("POST", format!("/v1/lexicon/{escaped}/trial"), json!({ "text": "a" })),
            ("GET", format!("/v1/shops/{escaped}.yaml"), Value::Null),
            ("PUT", format!("/v1/shops/{escaped}.yaml"), json!({ "text": "name: a" })),
            ("GET", format!("/v1/pictures?path={escaped}.png"), Value::Null),
            ("GET", format!("/v1/file-history?path={escaped}"), Value::Null),
            ("POST", format!("/v1/import?into={escaped}"), Value::from(table.as_str())),
            ("POST", "/v1/import".to_owned(), Value::from(table.as_str())),
            ("GET", format!("/{escaped}"), Value::Null),
            ("GET", format!("/panel/{escaped}"), Value::Null),
            ("GET", format!("/docs/{escaped}"), Value::Null),
        ];
        for (method, path, body) in requests {
            let response = ask(&team, "管理员", method, &path, &body).await;
            let status = response.status().as_u16();
            let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let said = String::from_utf8_lossy(&bytes);
            assert!(!said.contains("秘密") && !said.contains("root:"), "{method} {path}: {said}");
            // A table is answered row by row, and a name in it may become another that stays inside; a trial writes nothing, and says that
            // nobody reads such a file.
            let is_told = path.starts_with("/v1/import") || path.ends_with("/trial") && said.contains("unknown-key");
            let refused = (400..500).contains(&status) || is_told;
            assert!(refused, "{method} {path} {body}: {status} {said}");
        }
        // An entry that is there does not move out.
        let request = Request::builder().method("PUT").uri(encoded("/v1/entries/发货时间"));
        let session = team.register.begin_session("管理员").await.unwrap();
        let request = request.header(header::COOKIE, format!("huashu_session={session}")).header(header::CONTENT_TYPE, "application/json");
        let request = request.header(header::IF_MATCH, format!("\"{}\"", entry["content_hash"].as_str().unwrap()));
        let body = json!({ "markdown": entry["markdown"], "folder": outside }).to_string();
        let status = team.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap().status();
        assert!(status.is_client_error(), "moved to {outside}: {status}");
    }
    let after = beside();
    for (path, bytes) in &before {
        assert_eq!(after.get(path), Some(bytes), "{path} is not as it was");
    }
    let new: Vec<&String> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert!(new.iter().all(|path| Path::new(path).starts_with(&team.kb)), "outside of the library stands {new:?}");
}

/// A request with a body of JSON, or of a table where it is a text.
async fn ask(team: &Team, name: &str, method: &str, path: &str, body: &Value) -> Response {
    let session = team.register.begin_session(name).await.unwrap();
    let request = Request::builder().method(method).uri(path).header(header::COOKIE, format!("huashu_session={session}"));
    let (media_type, body) = match body {
        Value::String(table) => ("text/csv", table.clone()),
        body => ("application/json", body.to_string()),
    };
    team.router.clone().oneshot(request.header(header::CONTENT_TYPE, media_type).body(Body::from(body)).unwrap()).await.unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn symbolic_links_that_lead_out_are_neither_read_nor_written_through() {
    let team = Team::new().await;
    let outside = team.kb.parent().unwrap().join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("a.md"), "---\ntitle: 外\nquestions: [外面的事]\n---\n\n> 秘密\n").unwrap();
    fs::write(outside.join("a.png"), "secret").unwrap();
    let link = |from: &Path, to: &str| std::os::unix::fs::symlink(from, team.kb.join(to)).unwrap();
    link(&outside, "外");
    link(&outside.join("a.md"), "链接.md");
    link(&outside.join("a.png"), "图/链接.png");
    let team = Team::over(team);
    let before = files(&outside);
    let (_, found) = team.json(Some("培训"), "GET", "/v1/search?q=外面的事", &Value::Null).await;
    assert!(!found.to_string().contains("秘密"), "{found}");
    for (method, path, body) in [
        ("GET", "/v1/entries/链接", Value::Null),
        ("GET", "/v1/pictures?path=图/链接.png", Value::Null),
        ("GET", "/v1/pictures?path=外/a.png", Value::Null),
        ("POST", "/v1/entries", json!({ "id": "新", "folder": "外", "markdown": "---\ntitle: 新\n---\n\n> 好。\n" })),
        ("POST", "/v1/entries", json!({ "id": "链接", "markdown": "---\ntitle: 新\n---\n\n> 好。\n" })),
    ] {
        let (status, answer) = team.json(Some("管理员"), method, path, &body).await;
        assert!(status.is_client_error(), "{method} {path}: {status} {answer}");
    }
    assert_eq!(before, files(&outside));
}

#[tokio::test]
async fn csrf_no_page_of_another_site_writes_by_any_route_or_media_type() {
    let team = Team::new().await;
    let session = team.register.begin_session("管理员").await.unwrap();
    let (_, description) = read(team.ask(None, "GET", "/openapi.json", None).await).await;
    let mut asked = 0;
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|method| ["post", "put", "delete", "patch"].contains(&method.as_str())) {
            let path = path.replace(['{', '}'], "");
            let send = async |headers: &[(&str, &str)]| {
                let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(&path);
                request = request.header(header::COOKIE, format!("huashu_session={session}")).header(header::HOST, "kb.example");
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                read(team.router.clone().oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap()).await
            };
            for foreign in
                [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
            {
                let (status, answer) = send(&[foreign, ("content-type", "application/json")]).await;
                assert_eq!((status.as_u16(), &answer["code"]), (403, &json!("wrong_origin")), "{method} {path} {foreign:?}");
            }
            asked += 1;
            // What a form can send without being asked beforehand is no body of a route that reads one; a table is bytes of any kind.
            if item[method]["requestBody"]["content"]["application/json"].is_object() {
                for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
                    let (status, answer) = send(&[("content-type", media_type)]).await;
                    assert_eq!((status.as_u16(), &answer["code"]), (415, &json!("media_type")), "{method} {path} {media_type}");
                }
            }
        }
    }
    assert!(asked > 40, "{asked} routes that write");
    // Nothing was done: the people are as they were.
    assert_eq!(team.register.people().user("管理员").map(|user| user.is_active()), Some(true));
}

#[tokio::test]
async fn clickjacking_and_inline_scripts_are_forbidden_on_every_page() {
    let team = Team::new().await;
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
    let mut pages = vec!["/docs/".to_owned()];
    for path in files(&web).into_keys().filter(|path| path.ends_with(".html")) {
        let name = Path::new(&path).strip_prefix(&web).unwrap().to_str().unwrap().to_owned();
        // Those of the extension are its own, under the policy of its manifest.
        if !name.starts_with("extension/") {
            pages.push(format!("/{}", name.trim_end_matches("index.html").trim_end_matches('/')));
        }
    }
    assert!(pages.len() > 2, "{pages:?}");
    let others = ["/page.js", "/panel.css", "/openapi.json", "/docs", "/nowhere", "/v1/session", "/metrics", "/docs/swagger-ui-bundle.js"];
    for (path, is_page) in pages.iter().map(|page| (page.as_str(), true)).chain(others.map(|path| (path, false))) {
        let response = team.ask(None, "GET", path, None).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let is_html = headers.get(header::CONTENT_TYPE).is_some_and(|of| of.to_str().unwrap().starts_with("text/html"));
        assert_eq!((is_html, status == 200 || !is_page), (is_page, true), "{path} {status}");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        for loose in ["unsafe", "*", "http:", "https:"] {
            assert!(!policy.contains(loose), "{path}: {policy}");
        }
        assert!(!policy.contains("data:") || policy.contains("img-src 'self' data:"), "{path}: {policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
    }
    let manifest: Value = serde_json::from_slice(&fs::read(web.join("manifest.json")).unwrap()).unwrap();
    let policy = manifest["content_security_policy"]["extension_pages"].as_str().unwrap();
    assert!(
        policy.contains("default-src 'none'; script-src 'self'; style-src 'self';") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
}

async fn sign_in(team: &Team, name: &str, password: &str, cookie: &str) -> Response {
    let request = Request::post("/v1/session").header(header::CONTENT_TYPE, "application/json").header(header::COOKIE, cookie);
    let body = json!({ "name": name, "password": password }).to_string();
    team.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
}

async fn search_by(team: &Team, cookie: &str) -> u16 {
    let request = Request::get("/v1/search?q=a").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    team.router.clone().oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn session_fixation_a_planted_cookie_never_becomes_a_session() {
    let team = Team::new().await;
    let hash = hash_password("春天的密码").unwrap();
    team.register.change_user("小李", |user| user.password = Some(hash)).await.unwrap();
    // What the attacker planted, and a session of theirs that is good.
    let attackers = team.register.begin_session("乙客服").await.unwrap();
    for planted in ["huashu_session=planted".to_owned(), format!("huashu_session={attackers}")] {
        let response = sign_in(&team, "小李", "春天的密码", &planted).await;
        let given = response.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        assert_ne!(given, planted);
        let (_, answer) = read(team.ask(Some("小李"), "GET", "/v1/session", None).await).await;
        assert_eq!(answer["name"], "小李");
        assert_eq!(search_by(&team, &given).await, 200);
    }
    assert_eq!(search_by(&team, "huashu_session=planted").await, 401);
    // Another password ends what was begun by the old one.
    let response = sign_in(&team, "小李", "春天的密码", "").await;
    let old = response.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let request = Request::put("/v1/session/password").header(header::CONTENT_TYPE, "application/json").header(header::COOKIE, &old);
    let body = json!({ "old": "春天的密码", "new": "夏天的密码 42" }).to_string();
    let response = team.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    assert_eq!(response.status(), 204);
    let new = response.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!((search_by(&team, &old).await, search_by(&team, &new).await), (401, 200));
}

/// Tries of each kind.
const TRIES: u32 = 4;

#[tokio::test]
async fn password_timing_does_not_tell_which_names_exist() {
    let team = Team::new().await;
    let hash = hash_password("春天的密码").unwrap();
    team.register.change_user("小李", |user| user.password = Some(hash)).await.unwrap();
    let mut took = BTreeMap::new();
    // One of nobody first: what it is compared with is made once. 管理员 has no password here.
    for name in ["谁", "小李", "没有这个人", "管理员"] {
        let began = Instant::now();
        for _ in 0..TRIES {
            assert_eq!(sign_in(&team, name, "猜的密码", "").await.status(), 401);
        }
        took.insert(name, began.elapsed());
    }
    // A name that is looked up without hashing takes a hundredth.
    assert!(took["没有这个人"] * 4 > took["小李"] && took["管理员"] * 4 > took["小李"], "{took:?}");
}

#[tokio::test]
async fn open_redirects_there_are_none() {
    let team = Team::new().await;
    for path in [
        "/docs?next=https://evil.example",
        "/docs//evil.example",
        "//evil.example/%2e%2e",
        "/v1/oidc/login?next=//evil.example",
        "/v1/oidc/callback?next=//evil.example&code=a&state=b",
    ] {
        let response = team.ask(None, "GET", path, None).await;
        let to = response.headers().get(header::LOCATION).map_or("", |value| value.to_str().unwrap());
        assert!(to.is_empty() || to == "/docs/", "{path} leads to {to}");
    }
}
