//! What is kept of people: masks shown, records of one person given out and erased; and whose proposals somebody sees.

use crate::team::Team;
use axum::http::StatusCode;
use serde_json::{Value, json};

const ADMIN: Option<&str> = Some("管理员");
const AGENT: Option<&str> = Some("小李");

async fn ok(team: &Team, who: Option<&str>, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = team.json(who, method, path, &body).await;
    assert!(status.is_success(), "{method} {path}: {status} {answer}");
    answer
}

/// A search that was used, a proposal, a word about it.
async fn work(team: &Team) -> String {
    let query = ok(team, AGENT, "POST", "/v1/search", json!({"q": "退货寄到哪里，打我13812345678"})).await["query_id"].clone();
    let event = json!({"event_id": "e", "query_id": query, "type": "copied", "entry_id": "甲店退货", "position": 0});
    ok(team, AGENT, "POST", "/v1/events", json!({"events": [event]})).await;
    let body = json!({"kind": "phrasing", "entry_id": "甲店退货", "text": "退去哪个仓"});
    ok(team, AGENT, "POST", "/v1/submissions", body).await["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_records_of_one_person_are_given_out_and_erased_and_what_they_wrote_stays() {
    let team = Team::new().await;
    let id = work(&team).await;
    let path = "/v1/privacy/people/小李";
    let mut kept = Value::Null;
    for _ in 0..200 {
        kept = ok(&team, ADMIN, "GET", path, Value::Null).await;
        if kept["journal"]["events"].as_array().is_some_and(|events| !events.is_empty()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(kept["journal"]["searches"][0]["text"], "退货寄到哪里，打我<手机>");
    assert_eq!(kept["journal"]["events"][0]["entry_id"], "甲店退货");
    assert_eq!(kept["register"]["submissions.author"][0]["text"], "退去哪个仓");
    assert!(kept["register"]["users.name"][0].get("password").is_none());

    assert_eq!(team.json(ADMIN, "DELETE", "/v1/privacy/people/管理员", &Value::Null).await.0, StatusCode::BAD_REQUEST);
    let session = team.register.begin_session("小李").await.unwrap();
    let erased = ok(&team, ADMIN, "DELETE", path, Value::Null).await;
    assert_eq!((&erased["erased"]["searches"], &erased["erased"]["events"], &erased["erased"]["users"]), (&json!(1), &json!(1), &json!(1)));
    assert!(team.register.people().by_session(&session, 0).is_none(), "whoever was erased is out at once");
    let audit = ok(&team, ADMIN, "GET", "/v1/audit", Value::Null).await;
    let lines = audit["lines"].as_array().unwrap();
    assert!(["person.export", "person.erase"].iter().all(|action| lines.iter().any(|line| line["action"] == *action)));
    assert!(!audit["lines"].to_string().contains("小李"));
    let left = ok(&team, ADMIN, "GET", path, Value::Null).await;
    let register = left["register"].as_object().unwrap();
    assert!(left["journal"] == json!({"searches": [], "events": [], "decisions": []}) && register.is_empty(), "{left}");
    let proposal = ok(&team, ADMIN, "GET", &format!("/v1/submissions/{id}"), Value::Null).await;
    assert_eq!((&proposal["by"], &proposal["text"]), (&json!("已抹去"), &json!("退去哪个仓")));
}

#[tokio::test]
async fn every_mask_hides_what_its_sample_shows() {
    let team = Team::new().await;
    let privacy = ok(&team, ADMIN, "GET", "/v1/privacy", Value::Null).await;
    let masks = privacy["masks"].as_array().unwrap();
    assert_eq!(masks.len(), huashu::mask::PrivateKind::ALL.len());
    for (mask, kind) in masks.iter().zip(huashu::mask::PrivateKind::ALL) {
        assert!(mask["masked"].as_str().unwrap().contains(kind.placeholder()), "{mask}");
    }
    let searches = privacy["retention"].as_array().unwrap().iter().find(|line| line["kind"] == "searches").unwrap();
    assert_eq!(searches["days"], 400);
}

#[tokio::test]
async fn a_proposal_is_seen_by_its_author_and_by_who_reviews_in_that_shop() {
    let team = Team::new().await;
    let id = work(&team).await;
    let path = format!("/v1/submissions/{id}");
    let check = async |who: &str, sees: bool| {
        let status = team.json(Some(who), "GET", &path, &Value::Null).await.0;
        assert_eq!(status, if sees { StatusCode::OK } else { StatusCode::NOT_FOUND }, "{who}");
        let listed = ok(&team, Some(who), "GET", "/v1/submissions", Value::Null).await;
        assert_eq!(listed["total"], i32::from(sees), "{who}");
    };
    check("小李", true).await;
    check("乙客服", false).await;
    check("质检", true).await;
    check("培训", true).await;
    // Agents approve nothing, not even their own.
    let (status, _) = team.json(AGENT, "POST", &format!("{path}/approve"), &json!({})).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    ok(&team, Some("培训"), "POST", &format!("{path}/approve"), json!({})).await;
    assert_eq!(ok(&team, AGENT, "GET", "/v1/points", Value::Null).await["ledger"][0]["state"], "pending");
}
