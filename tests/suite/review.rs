//! Review from end to end over HTTP: notices to open panels, proposals, what trainers decide.

use crate::team::encoded;
use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode, header};
use futures_util::StreamExt;
use huashu::http::{AppState, local_token, router};
use huashu::journal::{Journal, now_ms};
use huashu::library::watch::Mode;
use huashu::live::Live;
use huashu::register::{NewSubmission, Register};
use huashu::review::Kind;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tower::ServiceExt;

/// Within which every open panel shows a notice.
const SOON: Duration = Duration::from_secs(5);

const ENTRY: &str = "---\n标题: 催发货 # 常问\n问法: [怎么还没发货]\n---\n催促发货时用。\n\n> 亲，今天就给您发。\n";

struct Desk {
    folder: TempDir,
    live: Arc<Live>,
    register: Register,
    journal: Arc<Journal>,
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
        let state = AppState::new(Arc::clone(&live)).with_journal(Arc::clone(&journal)).with_register(register.clone()).with_token(&token);
        Desk { folder, live, register, journal, router: router(state), token }
    }

    fn kb(&self, path: &str) -> PathBuf {
        self.folder.path().join("kb").join(path)
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
        assert_eq!(told["shops"], json!(["旗舰店"]), "by name");
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

fn by(author: &str, kind: Kind, entry_id: Option<&str>) -> NewSubmission {
    NewSubmission {
        kind,
        entry_id: entry_id.map(str::to_owned),
        title: "提议".to_owned(),
        base_etag: None,
        markdown: None,
        text: None,
        note: String::new(),
        query_id: None,
        author: author.to_owned(),
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn an_approved_phrasing_is_found_and_its_points_count_once_others_have_used_it_ten_times() {
    let desk = Desk::new(&[("催发货.md", ENTRY)]).await;
    let new = NewSubmission { text: Some("我的包裹在哪旮旯".to_owned()), ..by("小李", Kind::Phrasing, Some("催发货")) };
    let id = desk.register.add_submission(new).await.unwrap().id;
    let shown = desk.ok("GET", &format!("/v1/submissions/{id}"), Value::Null).await;
    let expected = ENTRY.replace("问法: [怎么还没发货]", "问法:\n  - 怎么还没发货\n  - 我的包裹在哪旮旯");
    assert_eq!(shown["markdown"], expected);
    let pieces = shown["pieces"].as_array().unwrap();
    let after: String = pieces.iter().filter(|piece| piece["change"] != "removed").map(|piece| piece["text"].as_str().unwrap()).collect();
    assert!(after == expected && pieces.iter().any(|piece| piece["change"] == "same"), "{pieces:?}");
    let approved = desk.ok("POST", &format!("/v1/submissions/{id}/approve"), json!({})).await;
    assert_eq!((&approved["entry_id"], &approved["etag"]), (&json!("催发货"), &json!(hash(&expected))));
    assert_eq!(fs::read_to_string(desk.kb("催发货.md")).unwrap(), expected);
    assert_eq!(desk.ok("GET", "/v1/search?q=包裹在哪旮旯", Value::Null).await["hits"][0]["id"], "催发货");
    assert_eq!(desk.ask("POST", &format!("/v1/submissions/{id}/approve"), json!({})).await.0, StatusCode::CONFLICT, "once");

    let use_it = async |who: &str, times: usize| {
        for time in 0..times {
            let event =
                json!({"event_id": format!("{who}-{time}"), "query_id": format!("{who}-{time}"), "type": "copied", "entry_id": "催发货"});
            let request = Request::post("/v1/events").header(header::CONTENT_TYPE, "application/json").header("huashu-install", who);
            let request = request.body(Body::from(json!({"events": [event]}).to_string())).unwrap();
            assert_eq!(desk.router.clone().oneshot(request).await.unwrap().status(), StatusCode::ACCEPTED);
        }
        desk.journal.flush().unwrap();
    };
    let author = "xiaoli";
    let new = NewSubmission { text: Some("多会儿到".to_owned()), ..by(author, Kind::Phrasing, Some("催发货")) };
    let id = desk.register.add_submission(new).await.unwrap().id;
    desk.ok("POST", &format!("/v1/submissions/{id}/approve"), json!({})).await;
    use_it(author, 12).await;
    use_it("others", 9).await;
    let points = desk.ok("GET", "/v1/points", Value::Null).await;
    let of_author = |points: &Value| points["ledger"].as_array().unwrap().iter().find(|line| line["who"] == author).unwrap().clone();
    assert_eq!((&of_author(&points)["state"], &of_author(&points)["uses"]), (&json!("pending"), &json!(9)), "one's own uses do not count");
    use_it("third", 1).await;
    for _ in 0..2 {
        let points = desk.ok("GET", "/v1/points", Value::Null).await;
        assert_eq!(of_author(&points)["state"], "counted");
        let on_board = points["board"].as_array().unwrap().iter().find(|line| line["who"] == author).unwrap();
        assert_eq!(on_board["points"], 1, "counted once");
    }
}

#[tokio::test]
async fn who_reported_a_gap_has_points_once_the_entry_that_fills_it_is_used() {
    let desk = Desk::new(&[("催发货.md", ENTRY)]).await;
    let tell = async |who: &str, path: &str, body: Value| {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").header("huashu-install", who);
        let response = desk.router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
        assert!(response.status().is_success(), "{path} {body}");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        serde_json::from_slice::<Value>(&body).unwrap_or_default()
    };
    // Two miss the same answer, one of them another as well; the author is one of the two.
    let miss = async |who: &str, q: &str| {
        let query_id = tell(who, "/v1/search", json!({"q": q})).await["query_id"].as_str().unwrap().to_owned();
        for kind in ["shown", "gap"] {
            let event = json!({"event_id": format!("{query_id}-{kind}"), "query_id": query_id, "type": kind});
            tell(who, "/v1/events", json!({"events": [event]})).await;
        }
        query_id
    };
    let missed = miss("xiaowang", "能刻字吗").await;
    miss("xiaozhang", "能刻字吗").await;
    miss("xiaoli", "能刻字吗").await;
    miss("elsewhere", "有体验店吗").await;
    desk.journal.flush().unwrap();
    let new = NewSubmission {
        title: "刻字".to_owned(),
        text: Some("亲，可以刻字的".to_owned()),
        query_id: Some(missed),
        ..by("xiaoli", Kind::New, None)
    };
    let id = desk.register.add_submission(new).await.unwrap().id;
    let entry = desk.ok("POST", &format!("/v1/submissions/{id}/approve"), json!({})).await["entry_id"].clone();
    let lines = async |reason: &str| {
        let points = desk.ok("GET", "/v1/points", Value::Null).await;
        let lines = points["ledger"].as_array().unwrap().iter().filter(|line| line["reason"] == reason);
        let mut lines: Vec<_> =
            lines.map(|line| (line["who"].as_str().unwrap().to_owned(), line["state"].as_str().unwrap().to_owned())).collect();
        lines.sort();
        lines
    };
    let pending = |who: &str| (who.to_owned(), "pending".to_owned());
    assert_eq!(lines("gap").await, [pending("xiaoli"), pending("xiaowang"), pending("xiaozhang")]);
    for time in 0..10 {
        let event = json!({"event_id": format!("use-{time}"), "query_id": format!("use-{time}"), "type": "copied", "entry_id": entry});
        tell("xiaozhang", "/v1/events", json!({"events": [event]})).await;
    }
    desk.journal.flush().unwrap();
    let counted = |who: &str| (who.to_owned(), "counted".to_owned());
    assert_eq!(lines("gap").await, [counted("xiaoli"), counted("xiaowang"), pending("xiaozhang")], "one's own uses do not count");
    assert_eq!(lines("new").await, [counted("xiaoli")]);
}

#[tokio::test]
async fn an_approval_that_breaks_a_golden_question_wants_to_be_meant() {
    let desk = Desk::new(&[("催发货.md", ENTRY), ("golden.tsv", "怎么还没发货\t催发货\t1\n")]).await;
    let id = desk.register.add_submission(by("小李", Kind::Outdated, Some("催发货"))).await.unwrap().id;
    let trial = desk.ok("POST", &format!("/v1/submissions/{id}/trial"), json!({})).await;
    let broken = json!([{"question": "怎么还没发货", "entry": "催发货", "within": 1, "before": 1, "after": null}]);
    assert_eq!((&trial["golden"]["broken"], &trial["golden"]["of"]), (&broken, &json!(1)));
    let (status, refused) = desk.ask("POST", &format!("/v1/submissions/{id}/approve"), json!({})).await;
    assert_eq!((status.as_u16(), &refused["code"], &refused["golden"]["broken"]), (409, &json!("golden_broken"), &broken));
    assert_eq!(fs::read_to_string(desk.kb("催发货.md")).unwrap(), ENTRY, "nothing is written");
    desk.ok("POST", &format!("/v1/submissions/{id}/approve"), json!({"accept_broken": true})).await;
    assert_eq!(desk.ok("GET", "/v1/search?q=怎么还没发货", Value::Null).await["hits"], json!([]));
    assert_eq!(
        desk.ok("GET", "/v1/points", Value::Null).await["board"],
        json!([{"who": "小李", "points": 1}]),
        "nobody uses what is retired"
    );
}

#[tokio::test]
async fn what_changed_since_a_proposal_is_not_overwritten() {
    let desk = Desk::new(&[("催发货.md", ENTRY)]).await;
    let proposed = ENTRY.replace("今天", "明天");
    let new =
        NewSubmission { markdown: Some(proposed.clone()), base_etag: Some(hash(ENTRY)), ..by("小李", Kind::Edit, Some("催发货")) };
    let id = desk.register.add_submission(new).await.unwrap().id;
    let other = ENTRY.replace("催促发货时用", "催单时用");
    fs::write(desk.kb("催发货.md"), &other).unwrap();
    desk.live.refresh().unwrap();
    assert_eq!(desk.ok("GET", &format!("/v1/submissions/{id}"), Value::Null).await["stale"], true);
    let (status, stale) = desk.ask("POST", &format!("/v1/submissions/{id}/approve"), json!({})).await;
    assert_eq!((status.as_u16(), &stale["code"]), (409, &json!("stale")));
    assert_eq!((&stale["current_markdown"], &stale["current_etag"]), (&json!(other), &json!(hash(&other))));
    let merged = other.replace("今天", "明天");
    desk.ok("POST", &format!("/v1/submissions/{id}/approve"), json!({"markdown": merged, "base_etag": hash(&other)})).await;
    assert_eq!(fs::read_to_string(desk.kb("催发货.md")).unwrap(), merged);
}

#[tokio::test]
async fn with_four_eyes_nobody_approves_their_own_and_a_new_entry_goes_into_a_folder() {
    let desk = Desk::new(&[("催发货.md", ENTRY), ("library.toml", "[review]\nfour_eyes = true\n")]).await;
    let case = json!({"kind": "case", "title": "停运那天", "text": "顾客急着要，改发顺丰后满意。"});
    let own = desk.ok("POST", "/v1/submissions", case).await["id"].as_str().unwrap().to_owned();
    let (status, refused) = desk.ask("POST", &format!("/v1/submissions/{own}/approve"), json!({})).await;
    assert_eq!((status.as_u16(), &refused["code"]), (403, &json!("four_eyes")));
    let new =
        NewSubmission { title: "停运怎么办".to_owned(), text: Some("亲，改发顺丰".to_owned()), ..by("小李", Kind::New, None) };
    let id = desk.register.add_submission(new).await.unwrap().id;
    let approved = desk.ok("POST", &format!("/v1/submissions/{id}/approve"), json!({"folder": "物流"})).await;
    assert_eq!((&approved["entry_id"], &approved["path"]), (&json!("停运怎么办"), &json!("物流/停运怎么办.md")));
    assert_eq!(desk.ok("GET", "/v1/search?q=停运怎么办", Value::Null).await["hits"][0]["id"], "停运怎么办");
    assert_eq!(desk.ok("GET", &format!("/v1/submissions/{id}"), Value::Null).await["entry_id"], "停运怎么办");
}

#[tokio::test]
async fn a_batch_renews_one_field_of_each_file_and_leaves_the_rest() {
    let old = "---\r\ntitle: 老政策   # 别动\r\nvalid: {from: 2020-01-01, until: 2020-12-31}\r\n---\r\n> 亲\r\n";
    let soon = "---\ntitle: 快复审\nreview_by: 2020-06-01\n---\n> 亲\n";
    let retired = "---\ntitle: 停了\nstate: retired\nreview_by: 2020-06-01\n---\n> 亲\n";
    let desk = Desk::new(&[("催发货.md", ENTRY), ("老政策.md", old), ("快复审.md", soon), ("停了.md", retired)]).await;
    let due = desk.ok("GET", "/v1/renewals", Value::Null).await;
    let shown: Vec<_> =
        due["entries"].as_array().unwrap().iter().map(|entry| (&entry["id"], &entry["overdue"], &entry["served"])).collect();
    assert_eq!(shown, [(&json!("快复审"), &json!(true), &json!(true)), (&json!("老政策"), &json!(true), &json!(false))]);
    assert_eq!(due["entries"][1]["valid_until"], "2020-12-31");
    let body = json!({"ids": ["老政策", "没有的", "老政策"], "valid_until": "2199-12-31", "why": "续一年"});
    let renewed = desk.ok("POST", "/v1/renewals", body).await;
    let outcomes: Vec<_> = renewed["outcomes"].as_array().unwrap().iter().map(|one| (&one["id"], &one["outcome"])).collect();
    assert_eq!(outcomes, [(&json!("老政策"), &json!("renewed")), (&json!("没有的"), &json!("unknown"))]);
    assert_eq!(fs::read_to_string(desk.kb("老政策.md")).unwrap(), old.replace("2020-12-31", "2199-12-31"));
    desk.ok("POST", "/v1/renewals", json!({"ids": ["快复审"], "review_by": "2199-01-01"})).await;
    assert_eq!(desk.ok("GET", "/v1/renewals", Value::Null).await["entries"], json!([]));
    assert_eq!(desk.ask("POST", "/v1/renewals", json!({"ids": ["快复审"], "review_by": "明天"})).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(desk.ask("POST", "/v1/renewals", json!({"ids": ["快复审"]})).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_question_becomes_golden_as_a_line_of_its_file() {
    let desk = Desk::new(&[("催发货.md", ENTRY), ("golden.tsv", "# 说明\n怎么还没发货\t催发货\t1\n")]).await;
    let add = async |question: &str| desk.ask("POST", "/v1/golden", json!({"question": question, "entry_id": "催发货"})).await.0.as_u16();
    assert_eq!(add("还没发货吗").await, 201);
    assert_eq!(add("还没发货吗").await, 400);
    assert_eq!(add("两\n行").await, 400);
    assert_eq!(fs::read_to_string(desk.kb("golden.tsv")).unwrap(), "# 说明\n怎么还没发货\t催发货\t1\n还没发货吗\t催发货\n");
    let listed = desk.ok("GET", "/v1/golden", Value::Null).await;
    assert_eq!(listed["questions"][1], json!({"question": "还没发货吗", "entries": ["催发货"], "within": 3}));
    let run = desk.ok("POST", "/v1/golden/run", Value::Null).await;
    assert_eq!((&run["golden"]["broken"], &run["golden"]["of"]), (&json!([]), &json!(2)));
    fs::write(desk.kb("催发货.md"), ENTRY.replace("---\n催促", "状态: 停用\n---\n催促")).unwrap();
    desk.live.refresh().unwrap();
    let run = desk.ok("POST", "/v1/golden/run", Value::Null).await;
    assert_eq!(run["golden"]["broken"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_entry_leaves_lookup_at_its_end_without_a_file_changing_and_stands_among_the_renewals() {
    let shanghai = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let end = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3)).to_zoned(shanghai).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let until = format!("---\ntitle: 活动价保\nquestions: [活动价能补差吗]\nvalid: {{until: {end}}}\n---\n> 亲，可以的\n");
    let desk = Desk::new(&[("催发货.md", ENTRY), ("活动价保.md", &until)]).await;
    let _running = desk.live.run(Mode::Poll(Duration::from_secs(3_600)), |error| panic!("{error}")).unwrap();
    let first = async || desk.ok("GET", "/v1/search?q=活动价能补差吗", Value::Null).await["hits"][0]["id"].clone();
    assert_eq!(first().await, "活动价保");
    let shown = desk.ok("GET", "/v1/renewals", Value::Null).await["entries"][0].clone();
    assert_eq!((&shown["id"], &shown["overdue"]), (&json!("活动价保"), &json!(false)), "before it ends");
    let begin = std::time::Instant::now();
    while first().await == "活动价保" {
        assert!(begin.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let shown = desk.ok("GET", "/v1/renewals", Value::Null).await["entries"][0].clone();
    assert_eq!((&shown["overdue"], &shown["served"]), (&json!(true), &json!(false)));
}
