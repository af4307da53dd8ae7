//! Review from end to end over HTTP: notices to open panels, proposals, what trainers decide.

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode, header};
use futures_util::StreamExt;
use huashu::http::{AppState, local_token, router};
use huashu::journal::{Journal, now_ms};
use huashu::live::Live;
use huashu::register::Register;
use serde_json::{Value, json};
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tower::ServiceExt;

/// Within which every open panel shows a notice.
const SOON: Duration = Duration::from_secs(5);

const ENTRY: &str = "---\n标题: 催发货 # 常问\n问法: [怎么还没发货]\n---\n催促发货时用。\n\n> 亲，今天就给您发。\n";

struct Desk {
    _folder: TempDir,
    router: Router,
    token: String,
}

impl Desk {
    async fn new(files: &[(&str, &str)]) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join("kb").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let data = folder.path().join("data");
        let (journal, _) = Journal::open(&data).unwrap();
        let (journal, token) = (Arc::new(journal), local_token(&data).unwrap());
        let register = Register::open(&data).await.unwrap();
        let live = Arc::new(Live::in_memory(&folder.path().join("kb")).unwrap());
        let state = AppState::new(live).with_journal(Arc::clone(&journal)).with_register(register).with_token(&token);
        Desk { _folder: folder, router: router(state), token }
    }

    /// Asks as the holder of the local token.
    async fn ask(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask_as(Some(&self.token), method, path, body).await
    }

    async fn ask_as(&self, token: Option<&str>, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(encoded(path)).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }

    async fn listen(&self, path: &str) -> Stream {
        let request = Request::get(encoded(path)).header("accept-encoding", "gzip").body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING), "what is compressed waits for more");
        Stream { body: response.into_body().into_data_stream(), rest: String::new() }
    }
}

fn encoded(path: &str) -> String {
    path.bytes().map(|byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

struct Stream {
    body: BodyDataStream,
    rest: String,
}

impl Stream {
    /// The data of the next event; `None` where none comes in time.
    async fn next(&mut self, patience: Duration) -> Option<Value> {
        loop {
            while let Some((event, rest)) = self.rest.split_once("\n\n") {
                let data: String = event.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
                self.rest = rest.to_owned();
                if !data.is_empty() {
                    return Some(serde_json::from_str(&data).unwrap());
                }
            }
            let more = tokio::time::timeout(patience, self.body.next()).await.ok()??.unwrap();
            self.rest.push_str(std::str::from_utf8(&more).unwrap());
        }
    }
}

fn tomorrow() -> i64 {
    now_ms() + 24 * 60 * 60 * 1000
}

#[tokio::test]
async fn a_notice_reaches_open_panels_of_its_shops_and_leaves_them_at_its_end() {
    let shop = "name: 旗舰店\n";
    let desk = Desk::new(&[("催发货.md", ENTRY), ("shops/旗舰.yaml", shop), ("shops/生活.yaml", "name: 生活馆\n")]).await;
    let (mut flagship, mut other, mut any) =
        (desk.listen("/v1/notices?shop=旗舰店").await, desk.listen("/v1/notices?shop=生活").await, desk.listen("/v1/notices").await);
    let body = json!({"text": "顺丰今天停运", "entry_id": "催发货", "shops": ["旗舰店"], "until": tomorrow()});
    let published = desk.ok("POST", "/v1/notices", body).await;
    assert_eq!((&published["shops"], &published["state"]), (&json!(["旗舰"]), &json!("in_force")));
    for stream in [&mut flagship, &mut any] {
        let told = stream.next(SOON).await.unwrap();
        assert_eq!((&told["text"], &told["entry_id"], &told["id"]), (&json!("顺丰今天停运"), &json!("催发货"), &published["id"]));
    }
    assert_eq!(other.next(Duration::from_millis(300)).await, None);
    assert_eq!(desk.listen("/v1/notices").await.next(SOON).await.unwrap()["id"], published["id"], "a panel that opens later is told");

    let short = desk.ok("POST", "/v1/notices", json!({"text": "马上过期", "until": now_ms() + 700})).await;
    assert_eq!(any.next(SOON).await.unwrap()["id"], short["id"]);
    assert_eq!(any.next(SOON).await.unwrap(), json!({"id": short["id"], "gone": true}));

    let id = published["id"].as_str().unwrap();
    desk.ok("POST", &format!("/v1/notices/{id}/acknowledge"), json!({})).await;
    let people = desk.ok("GET", &format!("/v1/notices/{id}/acknowledgements"), Value::Null).await;
    assert_eq!(people["people"][0]["who"], "local");
    desk.ok("DELETE", &format!("/v1/notices/{id}"), Value::Null).await;
    assert_eq!(flagship.next(SOON).await.unwrap(), json!({"id": id, "gone": true}));

    let listed = desk.ok("GET", "/v1/notices/list", Value::Null).await;
    let states: Vec<_> = listed["notices"].as_array().unwrap().iter().map(|notice| (&notice["state"], &notice["review_due"])).collect();
    assert_eq!(states, [(&json!("ended"), &json!(true)), (&json!("withdrawn"), &json!(true))]);
    desk.ok("POST", &format!("/v1/notices/{id}/review"), json!({"note": "恢复了"})).await;
    let listed = desk.ok("GET", "/v1/notices/list", Value::Null).await;
    assert_eq!((&listed["notices"][1]["reviewed"], &listed["notices"][1]["acknowledged"]), (&json!(true), &json!(1)));
}

#[tokio::test]
async fn what_is_no_notice_is_refused() {
    let desk = Desk::new(&[("催发货.md", ENTRY)]).await;
    let check = async |body: Value, status: u16, code: &str| {
        let (found, answer) = desk.ask("POST", "/v1/notices", body).await;
        assert_eq!((found.as_u16(), answer["code"].as_str()), (status, Some(code)), "{answer}");
    };
    check(json!({"text": " ", "until": tomorrow()}), 400, "bad_value").await;
    check(json!({"text": "长".repeat(501), "until": tomorrow()}), 400, "bad_value").await;
    check(json!({"text": "旧", "until": now_ms() - 1}), 400, "bad_value").await;
    check(json!({"text": "久", "until": i64::MAX}), 400, "bad_value").await;
    check(json!({"text": "店", "until": tomorrow(), "shops": ["没有的"]}), 400, "bad_value").await;
    check(json!({"text": "条", "until": tomorrow(), "entry_id": "没有的"}), 404, "no_entry").await;
    check(json!({"text": "句", "until": tomorrow(), "entry_id": "催发货", "reply_id": "x"}), 404, "no_reply").await;
    check(json!({"text": "句", "until": tomorrow(), "reply_id": "x"}), 400, "bad_value").await;
    let (status, _) = desk.ask_as(None, "POST", "/v1/notices", json!({"text": "谁都行", "until": tomorrow()})).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(desk.ask("POST", "/v1/notices/none/acknowledge", json!({})).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_proposal_is_masked_talked_about_and_sent_back() {
    let desk = Desk::new(&[("催发货.md", ENTRY)]).await;
    let body = json!({"kind": "phrasing", "entry_id": "催发货", "text": "货呢，打我13812345678", "note": "很多人问"});
    let made = desk.ok("POST", "/v1/submissions", body).await;
    assert_eq!((&made["title"], &made["state"], &made["by"]), (&json!("货呢，打我<手机>"), &json!("open"), &json!("local")));
    let path = format!("/v1/submissions/{}", made["id"].as_str().unwrap());
    let whole = desk.ok("GET", &path, Value::Null).await;
    assert_eq!((&whole["current_markdown"], &whole["markdown"]), (&json!(ENTRY), &Value::Null));
    assert!(whole["refused"].as_str().unwrap().contains("placeholder"));
    desk.ok("POST", &format!("{path}/comments"), json!({"text": "去掉电话"})).await;
    assert_eq!(desk.ok("GET", &path, Value::Null).await["comments"][0]["text"], "去掉电话");
    assert_eq!(desk.ask("POST", &format!("{path}/return"), json!({"reason": ""})).await.0, StatusCode::BAD_REQUEST);
    let back = desk.ok("POST", &format!("{path}/return"), json!({"reason": "请去掉电话再提"})).await;
    assert_eq!((&back["state"], &back["reason"]), (&json!("returned"), &json!("请去掉电话再提")));
    assert_eq!(desk.ask("DELETE", &path, Value::Null).await.0, StatusCode::CONFLICT);
    let open = desk.ok("GET", "/v1/submissions?state=open", Value::Null).await;
    assert_eq!((&open["total"], &desk.ok("GET", "/v1/submissions?mine=true", Value::Null).await["total"]), (&json!(0), &json!(1)));
}

#[tokio::test]
async fn what_is_no_proposal_is_refused() {
    let desk = Desk::new(&[("催发货.md", ENTRY)]).await;
    let check = async |body: Value, status: u16, code: &str| {
        let (found, answer) = desk.ask("POST", "/v1/submissions", body).await;
        assert_eq!((found.as_u16(), answer["code"].as_str()), (status, Some(code)), "{answer}");
    };
    check(json!({"kind": "wish"}), 400, "bad_value").await;
    check(json!({"kind": "new"}), 400, "bad_value").await;
    check(json!({"kind": "new", "text": "亲", "entry_id": "催发货"}), 400, "bad_value").await;
    check(json!({"kind": "phrasing", "text": "货呢"}), 400, "bad_value").await;
    check(json!({"kind": "phrasing", "text": "货呢", "entry_id": "没有的"}), 404, "no_entry").await;
    check(json!({"kind": "edit", "entry_id": "催发货", "markdown": ENTRY}), 400, "bad_value").await;
    check(json!({"kind": "edit", "entry_id": "催发货", "markdown": ENTRY, "base_etag": "x"}), 400, "bad_value").await;
    check(json!({"kind": "case", "text": "长".repeat(4_001)}), 400, "bad_value").await;
    check(json!({"kind": "new", "markdown": "长".repeat(100_000)}), 413, "too_large").await;
    assert_eq!(desk.ask_as(None, "POST", "/v1/submissions", json!({"kind": "new", "text": "亲"})).await.0, StatusCode::UNAUTHORIZED);
}
