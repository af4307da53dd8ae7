//! Reports over HTTP: a journal of a few searches, read as trainers read it.

use crate::team::Team;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use huashu::access::{Role, Scope};
use huashu::http::{AppState, router};
use huashu::journal::{Event, Journal, Measured, Search, now_ms};
use huashu::learning::EventKind;
use huashu::live::Live;
use huashu::register::User;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A service over the fixture library and a journal of its own.
struct Desk {
    router: Router,
    _dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        let dir = tempfile::tempdir().unwrap();
        let live = Live::in_memory(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kb")).unwrap();
        let (journal, _) = Journal::open(dir.path()).unwrap();
        let now = now_ms();
        // Text, agent, conversation, hits, whether it was confident, days ago, what was done with which entry.
        #[expect(clippy::type_complexity, reason = "a row of a table")]
        let rows: [(&str, &str, &str, &[&str], bool, i64, EventKind, &str); 7] = [
            ("能开专票吗,电话13812345678", "小王", "一", &[], false, 0, EventKind::Shown, ""),
            ("可以开专票吗", "小李", "二", &["催发货"], false, 0, EventKind::Gap, ""),
            ("今天发货吗", "小王", "三", &["催发货"], true, 0, EventKind::Copied, "催发货"),
            ("什么时候发货", "小李", "四", &["催发货"], true, 0, EventKind::Inserted, "催发货"),
            ("=1+1 发货", "小李", "五", &["催发货"], true, 0, EventKind::Feedback, "催发货"),
            ("什么时候发货", "小王", "六", &["催发货"], true, 8, EventKind::Shown, ""),
            ("早就问过的专票", "小王", "七", &[], false, 300, EventKind::Shown, ""),
        ];
        for (number, (text, agent, conversation, hits, confident, days, kind, entry)) in rows.into_iter().enumerate() {
            let (query_id, at_ms) = (format!("q{number}"), now - days * DAY);
            journal.remember(Search {
                query_id: query_id.clone(),
                at_ms,
                text: text.into(),
                identity: agent.into(),
                conversation: Some(conversation.into()),
                context: r#"{"channel":"taobao"}"#.into(),
                hits: hits.iter().map(|hit| Arc::from(*hit)).collect(),
                measured: Measured { took_us: 1_000 + number as i64, confidence: 0.5, confident: Some(confident) },
            });
            let event = Event {
                event_id: format!("e{number}"),
                query_id,
                kind,
                entry_id: (!entry.is_empty()).then(|| Arc::from(entry)),
                reply_id: None,
                position: None,
                at_ms,
                identity: agent.into(),
                verdict: (kind == EventKind::Feedback).then_some(huashu::feedback::Verdict::Outdated),
                reason: (kind == EventKind::Feedback).then(|| "rule_changed".to_owned()),
            };
            let shown = Event {
                event_id: format!("s{number}"),
                kind: EventKind::Shown,
                entry_id: None,
                verdict: None,
                reason: None,
                ..event.clone()
            };
            journal.record(vec![shown, event]);
        }
        journal.flush().unwrap();
        let state = AppState::new(Arc::new(live)).with_token("secret").with_journal(Arc::new(journal));
        Desk { router: router(state), _dir: dir }
    }

    async fn get(&self, path: &str) -> (u16, String, String) {
        let request = Request::get(path).header(header::AUTHORIZATION, "Bearer secret").body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let kind = parts.headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap()).to_owned();
        (parts.status.as_u16(), kind, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn rows(&self, report: &str) -> Value {
        let (status, _, body) = self.get(&format!("/v1/reports/{report}")).await;
        assert_eq!(status, 200, "{report}: {body}");
        serde_json::from_str::<Value>(&body).unwrap()["rows"].clone()
    }
}

/// Some fields of the rows.
fn fields(rows: &Value, names: &[&str]) -> Value {
    let row = |row: &Value| Value::Array(names.iter().map(|name| row[*name].clone()).collect());
    Value::Array(rows.as_array().unwrap().iter().map(row).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_report_says_what_happened_in_its_days() {
    let desk = Desk::new();
    let no_hits = desk.rows("no-hits").await;
    assert_eq!(fields(&no_hits, &["count", "people"]), json!([[2, 2]]));
    assert!(no_hits[0]["samples"].as_array().unwrap().iter().any(|sample| sample["text"] == "能开专票吗,电话<手机>"), "{no_hits}");
    let words = desk.rows("hot-words").await;
    assert_eq!(fields(&words, &["word", "count", "before", "rise"])[0], json!(["发货", 3, 1, 2.0]));
    let gaps = desk.rows("gaps").await;
    assert_eq!(fields(&gaps, &["kind", "verdict", "reason_zh", "entry_id", "count"]).as_array().unwrap().len(), 2);
    assert!(gaps.as_array().unwrap().iter().any(|gap| gap["reason_zh"] == "规则变了" && gap["title"] == "催发货"), "{gaps}");
    assert_eq!(fields(&desk.rows("usage").await, &["key", "count", "people"]), json!([["催发货", 2, 2]]));
    assert_eq!(fields(&desk.rows("usage?by=category").await, &["key", "count"]), json!([["物流/发货", 2]]));
    assert_eq!(fields(&desk.rows("usage?by=agent").await, &["key", "count"]), json!([["小李", 1], ["小王", 1]]));
    let never = desk.rows("never-used").await;
    assert!(never.as_array().unwrap().iter().all(|row| row["entry_id"] != "催发货") && !never.as_array().unwrap().is_empty());
    let speed = desk.rows("speed").await;
    assert_eq!(speed.as_array().unwrap().iter().map(|row| row["searches"].as_u64().unwrap()).sum::<u64>(), 5);
    let (_, _, all) = desk.get("/v1/reports/no-hits?from=2020-01-01&to=2020-12-31").await;
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!((all["total"].as_u64(), all["time_zone"].as_str()), (Some(0), Some("Asia/Shanghai")));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_go_out_as_tables_pictures_and_pages() {
    let desk = Desk::new();
    let (status, kind, csv) = desk.get("/v1/reports/gaps?format=csv").await;
    assert_eq!((status, kind.as_str()), (200, "text/csv; charset=utf-8"));
    assert!(csv.starts_with("\u{feff}反馈,词条") && csv.contains(",'=1+1 发货\r\n"), "{csv}");
    let (status, kind, svg) = desk.get("/v1/reports/hot-words?format=svg").await;
    assert!(status == 200 && kind == "image/svg+xml" && svg.contains("发货"), "{svg}");
    let (status, kind, page) = desk.get("/v1/reports/pain-points?format=html").await;
    assert!(status == 200 && kind.starts_with("text/html") && page.contains("可以开专票吗"), "{page}");
    let (_, _, text) = desk.get("/v1/reports/pain-points?format=markdown").await;
    assert!(text.contains("2 位顾客问了 2 次") && !text.contains("13812345678"), "{text}");
    let (_, _, week) = desk.get("/v1/reports/weekly").await;
    assert_eq!(serde_json::from_str::<Value>(&week).unwrap()["total"], 0, "{week}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_period_or_format_is_told() {
    let desk = Desk::new();
    for bad in [
        "no-hits?from=gestern",
        "no-hits?from=2026-02-01&to=2026-01-01",
        "speed?format=pdf",
        "usage?by=mood",
        "weekly?week=47",
        "hot-words?limit=9999",
    ] {
        let (status, kind, body) = desk.get(&format!("/v1/reports/{bad}")).await;
        assert_eq!((status, kind.as_str()), (400, "application/problem+json"), "{bad}: {body}");
    }
    let nobody = Request::get("/v1/reports/speed").body(Body::empty()).unwrap();
    assert_eq!(desk.router.clone().oneshot(nobody).await.unwrap().status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desks_show_wishes_twins_and_what_customers_also_wrote() {
    let desk = Desk::new();
    let (_, _, wishes) = desk.get("/v1/wishes").await;
    let wishes: Value = serde_json::from_str(&wishes).unwrap();
    let wish = &wishes["wishes"][0];
    assert_eq!((&wish["title"], &wish["people"], wishes["total"].as_u64()), (&json!("可以开专票吗"), &json!(2), Some(1)), "{wishes}");
    let id = wish["id"].as_str().unwrap();
    let (status, _, draft) = desk.get(&format!("/v1/wishes/{id}/draft")).await;
    let draft: Value = serde_json::from_str(&draft).unwrap();
    let text = draft["markdown"].as_str().unwrap();
    assert!(status == 200 && text.contains("title: 可以开专票吗") && text.contains("state: draft") && !text.contains('手'), "{text}");
    assert_eq!(desk.get("/v1/wishes/0/draft").await.0, 404);
    let (_, _, asked) = desk.get("/v1/entries/%E5%82%AC%E5%8F%91%E8%B4%A7/asked").await;
    let asked: Value = serde_json::from_str(&asked).unwrap();
    let texts: Vec<&str> = asked["texts"].as_array().unwrap().iter().map(|asked| asked["text"].as_str().unwrap()).collect();
    assert!(texts.contains(&"今天发货吗") && !texts.contains(&"什么时候发货"), "what is a question already is not told: {asked}");
    assert!(asked["texts"].as_array().unwrap().iter().any(|asked| asked["phrasing_id"].is_string()), "{asked}");
    let (status, _, pairs) = desk.get("/v1/similar?above=0.5").await;
    assert!(status == 200 && serde_json::from_str::<Value>(&pairs).unwrap()["pairs"].is_array(), "{pairs}");
    assert_eq!(desk.get("/v1/similar?above=0.1").await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sees_one_shop_is_told_of_that_alone() {
    let team = Team::new().await;
    let of_b = Scope { shops: Some(vec!["乙店".to_owned()]), categories: None };
    assert!(team.register.add_user(&User { scope: of_b, ..User::new("乙培训", Role::Trainer) }).await.unwrap());
    let asked = json!({"q": "能开专票吗", "context": {"shop": "甲店"}});
    let (_, answer) = team.json(Some("小李"), "POST", "/v1/search", &asked).await;
    let shown = json!({"events": [{"event_id": "e", "query_id": answer["query_id"], "type": "gap"}]});
    assert_eq!(team.json(Some("小李"), "POST", "/v1/events", &shown).await.0, 202);
    let total = async |who: &str, path: &str| team.json(Some(who), "GET", path, &Value::Null).await.1["total"].clone();
    let begun = std::time::Instant::now();
    while total("培训", "/v1/reports/no-hits").await != 1 {
        assert!(begun.elapsed().as_secs() < 60, "the journal writes within seconds");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for path in ["/v1/reports/no-hits", "/v1/reports/gaps", "/v1/reports/hot-words", "/v1/wishes"] {
        assert_ne!(total("培训", path).await, json!(0), "{path}");
        assert_eq!(total("乙培训", path).await, json!(0), "{path}");
    }
    let never = team.json(Some("乙培训"), "GET", "/v1/reports/never-used", &Value::Null).await.1.to_string();
    assert!(never.contains("乙店退货") && !never.contains("甲店退货"), "{never}");
    for (method, path, body, status) in [
        ("GET", "/v1/entries/甲店退货/asked", Value::Null, 404),
        ("GET", "/v1/entries/乙店退货/asked", Value::Null, 200),
        ("POST", "/v1/similar/merge", json!({"keep": "乙店退货", "drop": "甲店退货"}), 404),
        ("POST", "/v1/import?dry_run=true", json!({}), 403),
    ] {
        assert_eq!(team.json(Some("乙培训"), method, path, &body).await.0, status, "{path}");
    }
    let csv = team.ask(Some("乙培训"), "GET", "/v1/export?format=qa", None).await;
    let csv = axum::body::to_bytes(csv.into_body(), usize::MAX).await.unwrap();
    let csv = String::from_utf8(csv.to_vec()).unwrap();
    assert!(csv.contains("乙店退货地址") && !csv.contains("甲店"), "{csv}");
}
