//! Learning from end to end: events over HTTP, old chats over the command line, trainers' decisions on both ways.

use assert_cmd::Command;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use huashu::http::{AppState, local_token, router};
use huashu::journal::Journal;
use huashu::live::Live;
use huashu::register::Register;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

const ENTRY: &str = "---\ntitle: 催发货\nquestions: [怎么还没发货]\n---\n\n催促发货时用。\n\n> {{昵称|亲}},让您久等了,非常抱歉!您的订单会在 {{发货时间}} 前发出,请您放心哦。\n";

fn desk() -> TempDir {
    let desk = tempfile::tempdir().unwrap();
    fs::create_dir(desk.path().join("kb")).unwrap();
    fs::write(desk.path().join("kb/催发货.md"), ENTRY).unwrap();
    desk
}

struct Service {
    router: Router,
    journal: Arc<Journal>,
    register: Register,
    token: String,
}

impl Service {
    async fn new(desk: &Path) -> Service {
        let data = desk.join("data/kb");
        let (journal, warnings) = Journal::open(&data).unwrap();
        assert!(warnings.is_empty());
        let (journal, token) = (Arc::new(journal), local_token(&data).unwrap());
        let live = Arc::new(Live::in_memory(&desk.join("kb")).unwrap());
        let register = Register::open(&data).await.unwrap();
        let state = AppState::new(live).with_journal(Arc::clone(&journal)).with_register(register.clone()).with_token(&token);
        Service { router: router(state), journal, register, token }
    }

    /// Lets go of its files; when this returns nothing of it writes any more.
    async fn end(self) {
        drop(self.router);
        assert_eq!(Arc::strong_count(&self.journal), 1, "who else holds the journal?");
        drop(self.journal);
        self.register.close().await;
    }

    async fn send(&self, method: &str, path: &str, token: Option<&str>, install: &str, body: &Value) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.header("huashu-install", install).body(Body::from(body.to_string())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// Searches, then picks the entry.
    async fn pick(&self, install: &str, conversation: &str, text: &str) {
        let question = json!({ "q": text, "context": { "conversation_id": conversation } });
        let (status, answer) = self.send("POST", "/v1/search", None, install, &question).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let query_id = answer["query_id"].as_str().unwrap();
        let events = json!({ "events": [
            { "event_id": format!("{query_id}-1"), "query_id": query_id, "type": "shown" },
            { "event_id": format!("{query_id}-2"), "query_id": query_id, "type": "picked", "entry_id": "催发货", "position": 0 },
        ] });
        for _ in 0..2 {
            let (status, answer) = self.send("POST", "/v1/events", None, install, &events).await;
            assert_eq!((status, &answer["accepted"]), (StatusCode::ACCEPTED, &json!(2)));
        }
        self.journal.flush().unwrap();
    }

    async fn phrasings(&self) -> Vec<Value> {
        let (status, list) = self.send("GET", "/v1/phrasings", Some(&self.token), "", &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{list}");
        assert_eq!(list["total"], list["phrasings"].as_array().unwrap().len());
        list["phrasings"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn picks_are_learned_masked_and_shareable_after_three_conversations() {
    let desk = desk();
    let service = Service::new(desk.path()).await;
    for (count, (install, conversation)) in [("a", "1"), ("b", "2"), ("a", "2"), ("c", "3")].into_iter().enumerate() {
        service.pick(install, conversation, "我的货啥时候能出库,电话13812345678").await;
        let learned = service.phrasings().await;
        assert_eq!(learned.len(), 1);
        assert_eq!(learned[0]["text"], "我的货啥时候能出库,电话<手机>");
        assert_eq!((&learned[0]["picks"], &learned[0]["shareable"]), (&json!(count + 1), &json!(count == 3)));
        assert_eq!(learned[0]["single_identity"], json!(count == 0));
    }
}

#[tokio::test]
async fn trainers_decide_with_the_token_alone() {
    let desk = desk();
    let service = Service::new(desk.path()).await;
    service.pick("a", "1", "我的货啥时候能出库").await;
    let id = service.phrasings().await[0]["id"].as_str().unwrap().to_owned();
    let decide = |decision: &str| format!("/v1/phrasings/{id}/{decision}");
    for (method, path, token, status, code) in [
        ("GET", "/v1/phrasings".to_owned(), None, StatusCode::UNAUTHORIZED, "unauthorized"),
        ("GET", "/v1/phrasings".to_owned(), Some("wrong"), StatusCode::UNAUTHORIZED, "unauthorized"),
        ("POST", decide("ban"), None, StatusCode::UNAUTHORIZED, "unauthorized"),
        ("POST", decide("burn"), Some(service.token.as_str()), StatusCode::NOT_FOUND, "no_route"),
        ("POST", "/v1/phrasings/0/ban".to_owned(), Some(service.token.as_str()), StatusCode::NOT_FOUND, "no_phrasing"),
    ] {
        let (found, problem) = service.send(method, &path, token, "", &json!({})).await;
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{method} {path}");
    }
    let token = Some(service.token.as_str());
    let (status, done) = service.send("POST", &decide("accept"), token, "", &json!({})).await;
    assert_eq!((status, &done["entry_changed"]), (StatusCode::OK, &json!(true)), "{done}");
    assert!(fs::read_to_string(desk.path().join("kb/催发货.md")).unwrap().contains("我的货啥时候能出库"));
    assert!(service.phrasings().await.is_empty());
    service.pick("b", "2", "我的货啥时候能出库").await;
    assert!(service.phrasings().await.is_empty(), "what is authored is not learned");
    let (status, _) = service.send("POST", &decide("forget"), token, "", &json!({})).await;
    assert_eq!(status, StatusCode::OK);
    std::thread::sleep(std::time::Duration::from_millis(5));
    service.pick("c", "3", "我的货啥时候能出库").await;
    assert_eq!(service.phrasings().await.len(), 1);
}

#[tokio::test]
async fn events_that_cannot_be_read_are_told_and_none_of_their_batch_is_taken() {
    let desk = desk();
    let service = Service::new(desk.path()).await;
    let event = |field: &str, value: Value| {
        let mut event = json!({ "event_id": "1", "query_id": "q", "type": "picked", "entry_id": "催发货" });
        event[field] = value;
        event
    };
    for (events, part) in [
        (vec![event("type", json!("seen"))], "shown, picked"),
        (vec![event("event_id", json!(""))], "event_id"),
        (vec![event("query_id", json!("q".repeat(129)))], "query_id"),
        (vec![event("entry_id", Value::Null)], "entry_id"),
        (vec![event("at", json!(1)); 501], "at most 500"),
    ] {
        let (status, problem) = service.send("POST", "/v1/events", None, "", &json!({ "events": events })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(part), "{problem}");
    }
    let (status, _) = service.send("POST", "/v1/events", None, &"i".repeat(129), &json!({ "events": [] })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn without_a_journal_searching_works_and_events_say_why_not() {
    let desk = desk();
    let live = Arc::new(Live::in_memory(&desk.path().join("kb")).unwrap());
    let router = router(AppState::new(live));
    for (path, body, status) in
        [("/v1/search", json!({ "q": "发货" }), StatusCode::OK), ("/v1/events", json!({ "events": [] }), StatusCode::SERVICE_UNAVAILABLE)]
    {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap();
        assert_eq!(router.clone().oneshot(request).await.unwrap().status(), status, "{path}");
    }
}

fn huashu(desk: &Path, arguments: &[&str]) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huashu"));
    for name in ["HUASHU_KB", "HUASHU_INDEX", "HUASHU_DATA", "HUASHU_COLOR"] {
        command.env_remove(name);
    }
    let output = command.current_dir(desk).args(arguments).arg("--json").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap_or("null").to_owned();
    (output.status.code().unwrap(), serde_json::from_str(&last).unwrap())
}

#[test]
fn old_chats_are_learned_and_decided_upon_from_the_command_line() {
    let desk = desk();
    let chats = "1\t货啥时候能出库\t小王,让您久等了,非常抱歉!您的订单会在明天20点前发出,请您放心哦\n\
        2\t货啥时候能出库？\t亲,让您久等了,非常抱歉!您的订单会在后天前发出,请您放心哦\n\
        3\t好的谢谢\t亲,让您久等了,非常抱歉!您的订单会在后天前发出,请您放心哦\n\
        4\t能便宜吗\t亲,这个价格已经是最低价了哦,不能再优惠了\n\
        5\t打折吗\t亲,这个价格已经是最低价了哦,不能再优惠了!\n\
        6\t坏行\n";
    fs::write(desk.path().join("chats.tsv"), chats).unwrap();
    let learn = |more: &[&str]| huashu(desk.path(), &[&["learn", "chats.tsv", "--recur", "2"], more].concat());
    let listed = || huashu(desk.path(), &["phrasings", "list"]).1;
    let (code, dry) = learn(&["--dry-run"]);
    assert_eq!((code, &dry["matched"], &dry["written"], &dry["bad_lines"]), (1, &json!(3), &Value::Null, &json!([6])), "{dry}");
    assert_eq!(dry["missing"][0]["times"], json!(2), "{dry}");
    assert_eq!(listed()["total"], json!(0));
    for written in [2, 0] {
        assert_eq!(learn(&[]).1["written"], json!(written));
    }
    let list = listed();
    assert_eq!((&list["total"], &list["phrasings"][0]["text"]), (&json!(1), &json!("货啥时候能出库")), "{list}");
    let id = list["phrasings"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(huashu(desk.path(), &["phrasings", "ban", &id]).0, 0);
    assert_eq!(listed()["total"], json!(0));
    assert_eq!(huashu(desk.path(), &["phrasings", "list", "--decided"]).1["decided"][0]["decision"], json!("ban"));
    let (code, accepted) = huashu(desk.path(), &["phrasings", "accept", &id, "--question", "什么时候出库"]);
    assert_eq!((code, &accepted["entry_changed"]), (0, &json!(true)));
    assert!(fs::read_to_string(desk.path().join("kb/催发货.md")).unwrap().contains("什么时候出库"));
    assert_eq!(huashu(desk.path(), &["phrasings", "ban", "0"]).0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_in_the_shell_uses_what_was_learned_and_writes_nothing() {
    let desk = desk();
    let question = "包裹啥时候从库房出来";
    let first = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huashu"));
        let output = command.current_dir(desk.path()).args(["search", question, "--json"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        answer["hits"][0]["matched"]["by"].as_str().map(str::to_owned)
    };
    let files = || {
        let mut files: Vec<_> = fs::read_dir(desk.path().join("data/kb")).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort_unstable();
        files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect::<Vec<_>>()
    };
    assert_ne!(first().as_deref(), Some("learned"), "there is no journal yet");
    assert!(!desk.path().join("data").exists());
    let service = Service::new(desk.path()).await;
    service.pick("a", "1", question).await;
    service.pick("b", "2", question).await;
    assert_eq!(first().as_deref(), Some("learned"), "while a server writes");
    service.end().await;
    let before = files();
    assert_eq!(first().as_deref(), Some("learned"), "after it ended");
    assert!(files() == before, "something was written beside the journal or into it");
    fs::write(desk.path().join("data/kb/journal.sqlite3"), "no database").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_huashu")).current_dir(desk.path()).args(["search", "怎么还没发货"]).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("催发货") && err.contains("警告：没有用学到的问法：流水读写不了"), "{out}{err}");
    assert_eq!(fs::read(desk.path().join("data/kb/journal.sqlite3")).unwrap(), b"no database", "setting it aside is for who owns it");
}
