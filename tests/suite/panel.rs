//! What a panel asks of the API beyond searching: browsing, what was used lately, what agents say of hits, the check before sending, pictures.

use crate::team::encoded;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use huashu::http::{AppState, router};
use huashu::journal::{FILE, Journal};
use huashu::live::Live;
use serde_json::{Value, json};
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

const FILES: [(&str, &str); 10] = [
    (
        "library.toml",
        "hold = \"等\"\n[hours]\n\"上\" = \"00:00-12:00\"\n\"下\" = \"12:00-24:00\"\n[escalation]\nentries = [\"任何时候\", \"上\", \"下\"]\nlimits = { \"一线\" = \"上限\" }\n",
    ),
    ("shops/店.yaml", "aliases: [小店]\nlink_domains: [a.com]\nvalues: {上限: 20元}\n"),
    (
        "催发货.md",
        "---\ntitle: 催发货\nquestions: [怎么还没发货]\ncategory: 物流/发货\n---\n催时用。\n\n> 马上发,看 https://m.a.com/x\n\n> 已经在打包了\n\n> 今天发出\n",
    ),
    ("派送.md", "---\ntitle: 派送提醒\ntrigger: 派送中\ncategory: 主动\nshops: [店]\n---\n派送时发。\n\n> 今天送到\n"),
    ("物流卡住.md", "---\ntitle: 物流卡住\nquestions: [物流不动了]\ncategory: 物流\nnext: [催发货]\n---\n停滞时用。\n\n> 帮您查\n"),
    ("旧.md", "---\ntitle: 旧活动\nquestions: [还有活动吗]\ncategory: 活动\nvalid: {until: 2020-01-01}\n---\n旧。\n\n> 全场半价\n"),
    ("请主管.md", "---\ntitle: 主管方案\nquestions: [整单免退]\nauthority: 主管\n---\n升级。\n\n> 主管同意了\n"),
    ("任何时候.md", "---\ntitle: 请组长\nquestions: [找领导]\n---\n升级。\n\n> 请组长来\n"),
    ("上.md", "---\ntitle: 请值班主管\nquestions: [找主管]\nhours: 上\n---\n升级。\n\n> 请主管来\n"),
    ("下.md", "---\ntitle: 请值班主管\nquestions: [找主管]\nhours: 下\n---\n升级。\n\n> 请主管来\n"),
];

struct Desk {
    folder: TempDir,
    router: Router,
    journal: Arc<Journal>,
}

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let kb = folder.path().join("kb");
        fs::create_dir_all(kb.join("shops")).unwrap();
        for (path, text) in FILES {
            fs::write(kb.join(path), text).unwrap();
        }
        let (journal, _) = Journal::open(&folder.path().join("data")).unwrap();
        let journal = Arc::new(journal);
        let state = AppState::new(Arc::new(Live::in_memory(&kb).unwrap())).with_journal(Arc::clone(&journal));
        Desk { folder, router: router(state), journal }
    }

    async fn post(&self, install: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").header("huashu-install", install);
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn ask(&self, install: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(install, path, body).await;
        assert!(status.is_success(), "{status} {answer}");
        answer
    }

    async fn tell(&self, install: &str, event: Value) -> (StatusCode, Value) {
        self.post(install, "/v1/events", json!({ "events": [event] })).await
    }
}

fn texts<'v>(list: &'v Value, key: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|item| item[key].as_str().unwrap()).collect()
}

#[tokio::test]
async fn entries_in_force_are_browsed_by_id_category_and_trigger() {
    let desk = Desk::new();
    let check = async |request: Value, hits: &[&str], gone: Value| {
        let answer = desk.ask("", "/v1/browse", request.clone()).await;
        assert_eq!((texts(&answer["hits"], "id"), &answer["gone"]), (hits.to_vec(), &gone), "{request}");
    };
    check(json!({"ids": ["物流卡住", "旧", "没有", "催发货"]}), &["物流卡住", "催发货"], json!(["旧", "没有"])).await;
    check(json!({"category": "物流"}), &["催发货", "物流卡住"], json!([])).await;
    check(json!({"category": "物流/"}), &["催发货", "物流卡住"], json!([])).await;
    check(json!({"category": "物"}), &[], json!([])).await;
    check(json!({"category": "活动"}), &[], json!([])).await;
    check(json!({"trigger": "派送中"}), &["派送"], json!([])).await;
    let (status, problem) = desk.post("", "/v1/browse", json!({"ids": vec!["催发货"; 201]})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("bad_query")));
}

#[tokio::test]
async fn the_library_says_what_can_be_browsed_and_who_takes_over_now() {
    let desk = Desk::new();
    let response = desk.router.clone().oneshot(Request::get("/v1/library").body(Body::empty()).unwrap()).await.unwrap();
    let library: Value = serde_json::from_slice(&axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap()).unwrap();
    let now = library["hours"][0].as_str().unwrap();
    let other = if now == "上" { "下" } else { "上" };
    assert_eq!(library["triggers"], json!([{"value": "派送中", "count": 1}]));
    assert_eq!((texts(&library["categories"], "value"), &library["hours"]), (vec!["主动", "物流", "物流/发货"], &json!([now])));
    assert_eq!(library["escalation"], json!({"entries": [now, "任何时候", other], "limits": {"一线": "上限"}}));
    assert_eq!(library["hold"], "等");
    assert_eq!(texts(&library["verdicts"], "verdict"), ["good", "bad", "outdated"]);
}

#[tokio::test]
async fn a_wording_used_lately_by_the_agent_or_in_the_shop_steps_back_everywhere() {
    let desk = Desk::new();
    let first = async |install: &str, context: Value| {
        let answer = desk.ask(install, "/v1/search", json!({"q": "怎么还没发货", "context": context})).await;
        answer["hits"][0]["replies"].clone()
    };
    let replies = first("a", json!({"shop": "店"})).await;
    let ids = texts(&replies, "id").into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert!(replies.as_array().unwrap().iter().all(|reply| reply["used"] == false));
    let event = |id: &str, reply: &str| json!({"event_id": id, "query_id": "q", "type": "copied", "entry_id": "催发货", "reply_id": reply, "shop": "小店"});
    for (id, reply) in [("1", &ids[0]), ("2", &ids[1])] {
        assert_eq!(desk.tell("a", event(id, reply)).await.0, StatusCode::ACCEPTED);
    }
    let order = |order: [usize; 3]| order.map(|index| ids[index].as_str()).to_vec();
    for (install, context, expect) in [
        ("a", json!({}), order([2, 0, 1])),
        ("b", json!({"shop": "店"}), order([2, 0, 1])),
        ("b", json!({}), order([0, 1, 2])),
        ("b", json!({"shop": "他店"}), order([0, 1, 2])),
        ("a", json!({"used_reply_ids": [ids[2]]}), order([0, 1, 2])),
    ] {
        assert_eq!(texts(&first(install, context.clone()).await, "id"), expect, "{install} {context}");
    }
    let rendered = desk.ask("a", "/v1/entries/%E5%82%AC%E5%8F%91%E8%B4%A7/render", json!({})).await;
    assert_eq!(rendered["reply_id"], ids[2].as_str());
}

#[tokio::test]
async fn feedback_and_gaps_are_kept_with_the_masked_message() {
    let desk = Desk::new();
    let answer = desk.ask("a", "/v1/search", json!({"q": "能送火星吗,电话13812345678"})).await;
    let query = answer["query_id"].as_str().unwrap();
    for (event, status) in [
        (json!({"event_id": "1", "query_id": query, "type": "gap"}), 202),
        (json!({"event_id": "2", "query_id": query, "type": "feedback", "entry_id": "催发货", "verdict": "bad", "reason": "tone"}), 202),
        (json!({"event_id": "3", "query_id": query, "type": "feedback", "verdict": "bad"}), 400),
        (json!({"event_id": "4", "query_id": query, "type": "feedback", "entry_id": "催发货", "verdict": "ugly"}), 400),
        (json!({"event_id": "5", "query_id": query, "type": "feedback", "entry_id": "催发货", "verdict": "good", "reason": "tone"}), 400),
        (json!({"event_id": "6", "query_id": query, "type": "feedback", "entry_id": "催发货", "reason": "tone"}), 400),
    ] {
        let (found, answer) = desk.tell("a", event.clone()).await;
        assert_eq!(found.as_u16(), status, "{event} {answer}");
    }
    desk.journal.flush().unwrap();
    assert!(desk.journal.learned().phrasings.is_empty(), "neither teaches");
    let mut kept = Vec::new();
    for suffix in ["", "-wal"] {
        kept.extend(fs::read(desk.folder.path().join(format!("data/{FILE}{suffix}"))).unwrap_or_default());
    }
    let holds = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("能送火星吗,电话<手机>") && holds("gap") && holds("bad") && holds("tone") && !holds("13812345678"));
}

#[tokio::test]
async fn before_sending_it_is_said_whether_the_reply_is_in_force_and_its_text_allowed() {
    let desk = Desk::new();
    let check = async |id: &str, context: Value, served: bool, blocked: bool, marks: Value| {
        let path = encoded(&format!("/v1/entries/{id}/render"));
        let rendered = desk.ask("", &path, json!({"context": context})).await;
        assert_eq!(
            (&rendered["served"], &rendered["blocked"], &rendered["marks"]),
            (&json!(served), &json!(blocked), &marks),
            "{rendered}"
        );
    };
    check("催发货", json!({"shop": "店"}), true, false, json!([])).await;
    check("旧", json!({}), false, false, json!(["expiring"])).await;
    check("请主管", json!({}), true, false, json!(["above_authority"])).await;
    check("请主管", json!({"authority": "主管"}), true, false, json!([])).await;
    for (text, shop, code) in [
        ("看 https://a.com/1", "小店", None),
        ("看 https://b.com/1", "小店", Some("foreign-link")),
        ("看 https://b.com/1", "他店", None),
        ("看 https://a.com.evil.net", "店", Some("foreign-link")),
    ] {
        let checked = desk.ask("", "/v1/check", json!({"text": text, "shop": shop})).await;
        assert_eq!((checked["findings"][0]["code"].as_str(), checked["blocked"].as_bool()), (code, Some(code.is_some())), "{text} {shop}");
    }
}

#[tokio::test]
async fn pictures_of_the_library_alone_are_given() {
    let desk = Desk::new();
    fs::write(desk.folder.path().join("kb/a.png"), b"picture").unwrap();
    fs::write(desk.folder.path().join("secret.png"), b"secret").unwrap();
    for (path, status, media_type) in [
        ("a.png", 200, "image/png"),
        ("../secret.png", 404, "application/problem+json"),
        ("%2e%2e%2fsecret.png", 404, "application/problem+json"),
        ("library.toml", 404, "application/problem+json"),
        ("", 404, "application/problem+json"),
    ] {
        let request = Request::get(format!("/v1/pictures?path={path}")).body(Body::empty()).unwrap();
        let response = desk.router.clone().oneshot(request).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.headers()[header::CONTENT_TYPE].to_str().unwrap()),
            (status, media_type),
            "{path}"
        );
    }
}
