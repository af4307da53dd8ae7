//! The HTTP API through one service without sockets, over `tests/fixtures/kb`.

use crate::team::encoded;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use huashu::http::{AppState, Hosts, MAX_BODY_BYTES, MAX_DRAFT_CHARS, MAX_MESSAGES, MAX_QUESTION_BYTES, router};
use huashu::live::Live;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use tower::ServiceExt;

static LIVE: LazyLock<Arc<Live>> = LazyLock::new(|| Arc::new(Live::in_memory(&fixture()).unwrap()));

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kb")
}

/// The router with requests as calls.
struct TestService(Router);

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}

impl TestService {
    fn new() -> TestService {
        TestService(router(AppState::new(Arc::clone(&LIVE))))
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(encoded(path)).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_text(path, "application/json", body.to_string()).await
    }

    async fn post_text(&self, path: &str, media_type: &str, body: String) -> Reply {
        self.send(Request::post(encoded(path)).header(header::CONTENT_TYPE, media_type).body(Body::from(body)).unwrap()).await
    }
}

fn check_problem(reply: &Reply, status: u16, code: &str) {
    let what = String::from_utf8_lossy(&reply.body).into_owned();
    assert_eq!(reply.status.as_u16(), status, "{what}");
    assert_eq!(reply.header("content-type"), "application/problem+json", "{what}");
    let problem = reply.json();
    assert_eq!((problem["status"].as_u64(), problem["code"].as_str()), (Some(status.into()), Some(code)), "{what}");
    assert_eq!(problem["type"], format!("urn:huashu:problem:{code}"));
    assert_eq!(problem["instance"], reply.header("x-request-id"));
    assert!(!reply.header("x-request-id").is_empty());
    assert!(problem["title"].is_string() && problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_question_finds_its_entry_with_replies_and_highlights() {
    let service = TestService::new();
    for reply in [service.post("/v1/search", &json!({"q": "怎么还没发货"})).await, service.get("/v1/search?q=怎么还没发货").await]
    {
        assert_eq!(reply.status, 200);
        let answer = reply.json();
        let hit = &answer["hits"][0];
        assert_eq!(
            (hit["id"].as_str(), hit["kind"].as_str(), hit["path"].as_str()),
            (Some("催发货"), Some("answer"), Some("物流/催发货.md"))
        );
        assert_eq!(hit["matched"]["by"], "question");
        assert_eq!(hit["matched"]["text_pieces"], json!([{"text": "怎么还没发货", "hit": true}]));
        assert_eq!(hit["replies"][0]["text"], "亲，订单 {{订单号}} 今天发出。");
        assert_eq!(hit["replies"][0]["missing"], json!(["订单号"]));
        assert_eq!(hit["replies"][1]["segments"][1]["text"], "发走后会收到短信。");
        assert_eq!(hit["advice"], "买家催发货时用。");
        assert!(hit.get("why").is_none() && answer.get("understood").is_none(), "only on request");
        assert_eq!(answer["confident"], true);
        assert_eq!(answer["query_id"].as_str().map(|id| id.as_bytes()[14]), Some(b'7'), "a UUIDv7");
        assert!(answer["took_ms"].as_f64().is_some_and(|took| took > 0.0));
    }
}

#[tokio::test]
async fn explain_adds_up_to_the_score() {
    let answer = TestService::new().get("/v1/search?q=发货什么时候&explain=true&facets=stage,channel").await.json();
    for hit in answer["hits"].as_array().unwrap() {
        let sum: f64 = hit["why"].as_array().unwrap().iter().map(|why| why["value"].as_f64().unwrap()).sum();
        assert!((sum - hit["score"].as_f64().unwrap()).abs() < 1e-4, "{hit}");
    }
    assert!(answer["understood"].as_array().is_some_and(|understood| !understood.is_empty()));
    assert_eq!(answer["facets"]["stage"], json!([{"value": "售中", "count": 1}]));
}

#[tokio::test]
async fn context_orders_replies_and_fills_the_shop_and_hides_nothing() {
    let service = TestService::new();
    let douyin = service.get("/v1/search?q=怎么还没发货&channel=抖音").await.json();
    assert_eq!(douyin["hits"][0]["replies"][0]["label"], "抖音");
    let shop = service.get("/v1/search?q=退货寄到哪里&shop=甲").await.json();
    assert_eq!(shop["hits"][0]["replies"][0]["text"], "请寄到 杭州市示例路1号，到付件不收。");
    let other = service.get("/v1/search?q=退货寄到哪里&shop=乙店").await.json();
    assert_eq!(other["hits"][0]["id"], "退货地址");
    assert_eq!(other["hits"][0]["marks"], json!(["other_shop"]));
}

#[tokio::test]
async fn filters_leave_out_and_drafts_are_never_found() {
    let service = TestService::new();
    assert_eq!(ids(&service.get("/v1/search?q=退货&kind=policy").await.json()), ["七天无理由"]);
    assert_eq!(ids(&service.get("/v1/search?q=退货&category=物流").await.json()), ["退货地址"]);
    assert!(!ids(&service.get("/v1/search?q=没写完").await.json()).contains(&"草稿"));
    let body = json!({"q": "退货", "filter": {"facets": [{"facet": "shop", "value": "乙店"}]}});
    assert_eq!(ids(&service.post("/v1/search", &body).await.json()), ["七天无理由"]);
}

#[tokio::test]
async fn any_text_is_a_question() {
    let service = TestService::new();
    for text in ["", " ", "\u{0}", "🐼", "\"", "-", "\"\"", "{{", "加微信", "((((", "\u{202e}abc", "谢谢", "*", "AND OR NOT"] {
        let reply = service.post("/v1/search", &json!({"q": text})).await;
        assert_eq!(reply.status, 200, "{text:?}");
    }
    let long = "发货".repeat(10_000);
    let answer = service.post("/v1/search", &json!({"q": long})).await.json();
    assert_eq!(answer["truncated"], true);
    let thanks = service.post("/v1/search", &json!({"messages": ["怎么还没发货", "谢谢"]})).await;
    assert_eq!(thanks.status, 200);
    let thanks = service.get("/v1/search?q=谢谢").await.json();
    assert_eq!((thanks["act"].as_str(), thanks["confident"].as_bool()), (Some("致谢"), Some(false)));
    assert_eq!(thanks["hits"][0]["matched"]["by"], "act");
}

#[tokio::test]
async fn limits_of_a_search_are_told() {
    let service = TestService::new();
    let search = async |body: Value| service.post("/v1/search", &body).await;
    check_problem(&search(json!({})).await, 400, "bad_value");
    check_problem(&search(json!({"q": "退货", "limit": 101})).await, 400, "bad_value");
    check_problem(&search(json!({"q": "退货", "limit": 60, "offset": 60})).await, 400, "bad_value");
    check_problem(&search(json!({"q": "退货", "offset": u64::MAX})).await, 400, "bad_value");
    check_problem(&search(json!({"q": "退货", "limit": -1})).await, 400, "bad_value");
    check_problem(&search(json!({"q": 3})).await, 400, "bad_value");
    check_problem(&search(json!({"q": "退货", "filter": {"kinds": ["song"]}})).await, 400, "bad_value");
    check_problem(&search(json!({"q": "退货", "facets": ["colour"]})).await, 400, "bad_value");
    check_problem(&search(json!({"q": "退货", "context": {"authority": "皇帝"}})).await, 400, "bad_value");
    check_problem(&search(json!({"messages": vec!["退货"; MAX_MESSAGES + 1]})).await, 400, "bad_value");
    check_problem(&search(json!({"q": "a".repeat(MAX_QUESTION_BYTES + 1)})).await, 413, "too_large");
    assert_eq!(search(json!({"q": "a".repeat(MAX_QUESTION_BYTES)})).await.status, 200);
    assert_eq!(search(json!({"q": "退货", "limit": 60, "offset": 40})).await.status, 200);
    assert_eq!(search(json!({"q": "退货", "offset": 95})).await.status, 200);
    assert_eq!(search(json!({"q": "退货", "colour": "a field of a later version"})).await.status, 200);
}

#[tokio::test]
async fn every_failure_is_a_problem_document() {
    let service = TestService::new();
    check_problem(&service.get("/nowhere").await, 404, "no_route");
    check_problem(&service.get("/v1/entries/nobody").await, 404, "no_entry");
    check_problem(&service.post("/v1/entries/nobody/render", &json!({})).await, 404, "no_entry");
    check_problem(&service.get("/v1/entries/%ff").await, 400, "bad_query");
    check_problem(&service.get("/v1/search?q=a&limit=many").await, 400, "bad_query");
    check_problem(&service.get("/v1/suggest?q=a&limit=21").await, 400, "bad_query");
    check_problem(&service.get("/v1/entries?limit=201").await, 400, "bad_query");
    check_problem(&service.get("/v1/entries?state=lost").await, 400, "bad_query");
    check_problem(&service.get("/v1/problems?severity=fatal").await, 400, "bad_query");
    check_problem(&service.post_text("/v1/search", "text/plain", "{}".to_owned()).await, 415, "media_type");
    let broken = service.post_text("/v1/search", "application/json", "{\n \"q\": }".to_owned()).await;
    check_problem(&broken, 400, "bad_json");
    assert!(broken.json()["detail"].as_str().unwrap().contains("line 2 column 7"), "{}", broken.json());
    check_problem(&service.post_text("/v1/check", "application/json", " ".repeat(MAX_BODY_BYTES + 1)).await, 413, "too_large");
    let wrong = service.send(Request::delete("/v1/search").body(Body::empty()).unwrap()).await;
    check_problem(&wrong, 405, "method_not_allowed");
    let mut allowed: Vec<&str> = wrong.header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}

#[tokio::test]
async fn too_many_searches_at_once_are_sent_away_to_come_back() {
    let service = TestService(router(AppState::new(Arc::clone(&LIVE)).with_searches(0)));
    let reply = service.get("/v1/search?q=退货").await;
    check_problem(&reply, 503, "busy");
    assert_eq!(reply.header("retry-after"), "1");
    assert_eq!(service.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn suggestions_come_from_shortcuts_beginnings_and_initials() {
    let service = TestService::new();
    let suggest = async |typed: &str| service.get(&format!("/v1/suggest?q={typed}")).await.json()["suggestions"].clone();
    for (typed, by, id) in
        [("cf", "shortcut", "催发货"), ("退货", "beginning", "退货地址"), ("没发", "part", "催发货"), ("thdz", "sound", "退货地址")]
    {
        let found = suggest(typed).await;
        assert_eq!((found[0]["by"].as_str(), found[0]["id"].as_str()), (Some(by), Some(id)), "{typed}: {found}");
    }
    assert_eq!(suggest("没发").await[0]["text_pieces"][1], json!({"text": "没发", "hit": true}));
    assert_eq!(suggest("").await, json!([]));
    assert_eq!(suggest("写完").await, json!([]), "drafts are not suggested");
    assert_eq!(service.get("/v1/suggest?q=退&limit=1").await.json()["suggestions"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn entries_are_listed_in_pages_whatever_their_state() {
    let service = TestService::new();
    let all = service.get("/v1/entries").await.json();
    assert_eq!((all["total"].as_u64(), &all["next_offset"]), (Some(5), &Value::Null));
    let mut seen = Vec::new();
    let mut offset = Some(0);
    while let Some(from) = offset {
        let page = service.get(&format!("/v1/entries?limit=2&offset={from}")).await.json();
        seen.extend(page["entries"].as_array().unwrap().iter().map(|entry| entry["id"].clone()));
        offset = page["next_offset"].as_u64();
    }
    let ids: Vec<Value> = all["entries"].as_array().unwrap().iter().map(|entry| entry["id"].clone()).collect();
    assert_eq!(seen, ids);
    let count = async |filter: &str| service.get(&format!("/v1/entries?{filter}")).await.json()["total"].as_u64().unwrap();
    assert_eq!(count("kind=policy").await, 1);
    assert_eq!(count("state=draft").await, 1);
    assert_eq!(count("served=true").await, 4);
    assert_eq!(count("category=物流").await, 2);
    assert_eq!(count("category=物流/发货").await, 1);
}

#[tokio::test]
async fn an_entry_comes_whole_and_not_twice() {
    let service = TestService::new();
    let reply = service.get("/v1/entries/催发货").await;
    let entry = reply.json();
    assert_eq!(entry["markdown"], std::fs::read_to_string(fixture().join("物流/催发货.md")).unwrap());
    assert_eq!(entry["stale"], false);
    assert_eq!(entry["entry"]["questions"], json!(["怎么还没发货", "什么时候发货"]));
    assert_eq!(entry["entry"]["replies"][1]["segments"].as_array().map(Vec::len), Some(2));
    assert_eq!(entry["entry"]["replies"][2]["conditions"], json!([{"facet": "channel", "value": "抖音"}]));
    assert_eq!(entry["entry"]["replies"][0]["slots"][0], json!({"name": "昵称", "fallback": "亲", "shop_value": null}));
    let etag = reply.header("etag").to_owned();
    assert!(etag.starts_with(&format!("\"{}", entry["content_hash"].as_str().unwrap())));
    let again = async |tags: &str| {
        service.send(Request::get(encoded("/v1/entries/催发货")).header("if-none-match", tags).body(Body::empty()).unwrap()).await
    };
    for known in [etag.clone(), format!("\"x\", W/{etag}"), "*".to_owned()] {
        let unchanged = again(&known).await;
        assert_eq!((unchanged.status.as_u16(), unchanged.body.len(), unchanged.header("etag")), (304, 0, etag.as_str()), "{known}");
    }
    assert_eq!(again("\"x\"").await.status, 200);
    let draft = service.get("/v1/entries/草稿").await.json();
    assert_eq!((draft["entry"]["served"].as_bool(), draft["problems"][0]["code"].as_str()), (Some(false), Some("banned-phrase")));
}

#[tokio::test]
async fn a_reply_is_filled_checked_and_varied() {
    let service = TestService::new();
    let render = async |id: &str, body: Value| service.post(&format!("/v1/entries/{id}/render"), &body).await.json();
    let first = render("催发货", json!({})).await;
    assert_eq!((&first["text"], &first["missing"]), (&json!("亲，订单 {{订单号}} 今天发出。"), &json!(["订单号"])));
    assert_eq!((&first["findings"][0]["code"], &first["findings"][0]["start"]), (&json!("unfilled-slot"), &json!(5)));
    let used = first["reply_id"].clone();
    let next = render("催发货", json!({"context": {"used_reply_ids": [used]}, "slots": {"订单号": "A1"}})).await;
    assert_ne!(next["reply_id"], used);
    assert_eq!(
        (&next["text"], &next["missing"], &next["findings"]),
        (&json!("您好，A1 已在打包。\n***\n发走后会收到短信。"), &json!([]), &json!([]))
    );
    assert_eq!(next["segments"].as_array().map(Vec::len), Some(2));
    let again = render("催发货", json!({"reply_id": used, "slots": {"昵称": "小王", "订单号": "加微信"}})).await;
    assert_eq!((&again["text"], &again["findings"][0]["class"]), (&json!("小王，订单 加微信 今天发出。"), &json!("引流")));
    assert_eq!(render("退货地址", json!({"context": {"shop": "甲"}})).await["text"], "请寄到 杭州市示例路1号，到付件不收。");
    let douyin = render("催发货", json!({"context": {"channel": "抖音"}})).await;
    assert_eq!(douyin["label"], "抖音");
    check_problem(&service.post("/v1/entries/催发货/render", &json!({"reply_id": "000000000000"})).await, 404, "no_reply");
    check_problem(&service.post("/v1/entries/七天无理由/render", &json!({})).await, 422, "nothing_to_say");
    check_problem(&service.post("/v1/entries/催发货/render", &json!({"slots": {"订单号": "1".repeat(501)}})).await, 400, "bad_value");
}

#[tokio::test]
async fn a_draft_is_checked_for_words_blanks_and_private_data() {
    let service = TestService::new();
    let text = "🐼亲，加 微 信{{订单号}}，电话13812345678，{{昵称|亲}}，{{没完";
    let answer = service.post("/v1/check", &json!({"text": text})).await.json();
    let found: Vec<(&str, &str)> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["code"].as_str().unwrap(), finding["text"].as_str().unwrap()))
        .collect();
    assert!(found.contains(&("引流-微信号", "加 微 信")), "{found:?}");
    assert!(
        found.contains(&("unfilled-slot", "{{订单号}}"))
            && found.contains(&("phone", "13812345678"))
            && found.contains(&("unclosed-slot", "{{"))
    );
    assert!(!found.iter().any(|(_, text)| *text == "{{昵称|亲}}"));
    assert_eq!(answer["blocked"], true);
    for finding in answer["findings"].as_array().unwrap() {
        let (start, end) = (finding["start"].as_u64().unwrap() as usize, finding["end"].as_u64().unwrap() as usize);
        assert_eq!(text.chars().take(end).skip(start).collect::<String>(), finding["text"], "places count characters");
    }
    let banned = answer["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "引流-微信号").unwrap();
    assert_eq!((&banned["severity"], &banned["better"]), (&json!("block"), &json!(["请在平台内联系我们"])));
    let fine = service.post("/v1/check", &json!({"text": "您好，请稍等"})).await.json();
    assert_eq!(fine, json!({"findings": [], "blocked": false}));
    check_problem(&service.post("/v1/check", &json!({"text": "字".repeat(MAX_DRAFT_CHARS + 1)})).await, 413, "too_large");
}

#[tokio::test]
async fn a_message_is_masked_before_it_is_proposed() {
    let service = TestService::new();
    let answer = service.post("/v1/mask", &json!({"text": "电话13812345678，怎么还没发货"})).await.json();
    assert_eq!(answer, json!({"text": "电话<手机>，怎么还没发货"}));
    check_problem(&service.post("/v1/mask", &json!({"text": "字".repeat(MAX_DRAFT_CHARS + 1)})).await, 413, "too_large");
}

#[tokio::test]
async fn problems_and_the_library_are_described() {
    let service = TestService::new();
    let problems = service.get("/v1/problems").await.json();
    let first = &problems["problems"][0];
    assert_eq!((&first["path"], &first["code"], &first["severity"]), (&json!("草稿.md"), &json!("banned-phrase"), &json!("error")));
    assert_eq!(problems["total"].as_u64(), Some(problems["errors"].as_u64().unwrap() + problems["warnings"].as_u64().unwrap()));
    assert_eq!(service.get("/v1/problems?path=物流/催发货.md").await.json()["total"], 0);
    assert_eq!(service.get("/v1/problems?limit=0").await.json()["problems"], json!([]));
    let library = service.get("/v1/library").await.json();
    assert_eq!((&library["name"], &library["entries"], &library["served"]), (&json!("小店话术库"), &json!(5), &json!(4)));
    let shop = json!({"id": "甲店", "name": "甲店", "channels": ["千牛"], "aliases": ["甲"], "values": {"退货地址": "杭州市示例路1号"}});
    assert_eq!(library["shops"], json!([shop]));
    let counted = |category: &str, count: u32| json!({"value": category, "count": count});
    assert_eq!(library["categories"], json!([counted("政策", 1), counted("物流/发货", 1), counted("物流/退货", 1)]));
    assert_eq!(library["kinds"], json!({"answer": 3, "case": 0, "policy": 1}));
    assert!(library["facets"]["channel"].as_array().is_some_and(|values| values.contains(&json!("抖音"))));
}

#[tokio::test]
async fn operations_are_answered() {
    let service = TestService::new();
    assert_eq!(service.get("/healthz").await.json(), json!({"status": "ok"}));
    assert_eq!(service.get("/readyz").await.json(), json!({"status": "ok"}));
    service.get("/v1/search?q=退货").await;
    let metrics = service.get("/metrics").await;
    let text = String::from_utf8(metrics.body).unwrap();
    for line in [
        "huashu_entries 5",
        "huashu_degraded 0",
        "huashu_search_seconds_bucket",
        "huashu_http_requests_total{route=\"/v1/search\",method=\"GET\",status=\"200\"}",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[tokio::test]
async fn ids_of_requests_are_kept_where_they_are_ids() {
    let service = TestService::new();
    let with_id = async |id: &str| service.send(Request::get("/healthz").header("x-request-id", id).body(Body::empty()).unwrap()).await;
    assert_eq!(with_id("trace-1.a_B").await.header("x-request-id"), "trace-1.a_B");
    for bad in ["", "a b", "<script>", &"x".repeat(129)] {
        let given = with_id(bad).await;
        assert_eq!(given.header("x-request-id").len(), 36, "{bad:?}");
    }
}

#[tokio::test]
async fn other_names_for_this_machine_are_turned_away() {
    let service = TestService(router(AppState::new(Arc::clone(&LIVE)).with_hosts(Hosts::Loopback(8080))));
    let as_host = async |host: &str| service.send(Request::get("/healthz").header("host", host).body(Body::empty()).unwrap()).await;
    for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:8080"] {
        assert_eq!(as_host(host).await.status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:8080",
        "localhost",
        "localhost:80",
        "localhost:80801",
        "localhost.evil.example:8080",
        "127.0.0.1:8080@evil",
    ] {
        check_problem(&as_host(host).await, 421, "wrong_host");
    }
    check_problem(&service.get("/healthz").await, 421, "wrong_host");
    let everywhere = Hosts::of("0.0.0.0:8080".parse().unwrap());
    assert_eq!((everywhere, Hosts::of("[::1]:80".parse().unwrap())), (Hosts::Any, Hosts::Loopback(80)));
}

#[tokio::test]
async fn large_answers_are_compressed_and_small_ones_are_not() {
    let service = TestService::new();
    let encoding = async |path: &str| {
        let reply = service.send(Request::get(encoded(path)).header("accept-encoding", "gzip").body(Body::empty()).unwrap()).await;
        reply.header("content-encoding").to_owned()
    };
    assert_eq!(encoding("/v1/search?q=退货").await, "gzip");
    assert_eq!(encoding("/healthz").await, "");
}

#[tokio::test]
async fn the_page_is_served_with_a_strict_policy() {
    let service = TestService::new();
    let page = service.get("/").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(
        page.header("content-security-policy").contains("script-src 'self'") && !page.header("content-security-policy").contains("unsafe")
    );
    assert_eq!((page.header("x-content-type-options"), page.header("referrer-policy")), ("nosniff", "no-referrer"));
    assert_eq!(page.header("cache-control"), "no-cache");
    let etag = page.header("etag").to_owned();
    let again = service.send(Request::get("/").header("if-none-match", &etag).body(Body::empty()).unwrap()).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(again.header("content-security-policy"), "", "it would replace that of the page the browser kept");
    assert_eq!(service.get("/healthz").await.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    let html = String::from_utf8(page.body).unwrap();
    assert!(
        !html.contains("<style")
            && !html.contains(" style=")
            && !html.contains("javascript:")
            && !html.contains("http://")
            && !html.contains("https://")
    );
    for (path, media_type) in [("/page.js", "text/javascript; charset=utf-8"), ("/panel.css", "text/css; charset=utf-8")] {
        assert_eq!(service.get(path).await.header("content-type"), media_type);
        assert!(html.contains(&path[1..]), "{path}");
    }
    check_problem(&service.get("/../Cargo.toml").await, 404, "no_route");
    check_problem(&service.get("/index.html").await, 404, "no_route");
}

#[tokio::test]
async fn the_description_names_every_route_and_how_it_fails() {
    let service = TestService::new();
    let description = service.get("/openapi.json").await.json();
    let mut described = 0;
    let mut operation_ids = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            described += 1;
            operation_ids.push(operation["operationId"].as_str().unwrap().to_owned());
            for class in ["4XX", "5XX"] {
                let schema = &operation["responses"][class]["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/ProblemDocument", "{method} {path}");
            }
            // They need a journal, a register, people or a token, and have tests of their own.
            if ["learning", "accounts", "review"].contains(&operation["tags"][0].as_str().unwrap()) || !operation["security"].is_null() {
                continue;
            }
            let path = path
                .replace("{id}", "催发货")
                .replace("/v1/pictures", "/v1/pictures?path=图/点.png")
                .replace("/v1/search", "/v1/search?q=退货")
                .replace("/v1/suggest", "/v1/suggest?q=退货");
            let body = if ["/v1/check", "/v1/mask"].contains(&path.as_str()) { json!({"text": "好"}) } else { json!({"q": "退货"}) };
            let reply = if method == "post" { service.post(&path, &body).await } else { service.get(&path).await };
            assert_eq!(reply.status, 200, "{method} {path}");
            if let Some(reference) = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].as_str() {
                check_shape(&description, reference, &reply.json(), &path);
            }
        }
    }
    assert_eq!(description["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    operation_ids.sort();
    operation_ids.dedup();
    assert_eq!(operation_ids.len(), described, "operation ids are unique");
    for schema in ["SearchRequest", "SearchResponse", "HitJson", "EntryJson", "FindingJson", "ProblemDocument"] {
        assert!(description["components"]["schemas"][schema].is_object(), "{schema}");
    }
}

/// What came has the fields that were described, no others, and those that are required; of a choice it is one.
fn check_shape(description: &Value, reference: &str, value: &Value, place: &str) {
    let schema = &description["components"]["schemas"][reference.rsplit('/').next().unwrap()];
    if let Some(choices) = schema["enum"].as_array() {
        assert!(choices.contains(value), "{place}: {value}");
        return;
    }
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    let parts = schema["allOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
    for part in parts {
        let part = match part["$ref"].as_str() {
            Some(reference) => description["components"]["schemas"][reference.rsplit('/').next().unwrap()].clone(),
            None => part,
        };
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    let object = value.as_object().unwrap_or_else(|| panic!("{place}: {value}"));
    for name in &required {
        assert!(object.contains_key(name.as_str().unwrap()), "{place} lacks {name}");
    }
    for (name, value) in object {
        let property = properties.get(name).unwrap_or_else(|| panic!("{place}: {name} is not described"));
        let place = format!("{place}.{name}");
        if let Some(reference) = property["$ref"].as_str() {
            check_shape(description, reference, value, &place);
        } else if let (Some(reference), Some(items)) = (property["items"]["$ref"].as_str(), value.as_array()) {
            items.iter().for_each(|item| check_shape(description, reference, item, &place));
        }
    }
}

#[tokio::test]
async fn the_documentation_works_offline() {
    let service = TestService::new();
    assert_eq!(service.get("/docs").await.status, 303);
    let page = service.get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(!String::from_utf8_lossy(&page.body).contains("https://"));
    assert_eq!(service.get("/docs/swagger-ui-bundle.js").await.status, 200);
    check_problem(&service.get("/docs/nothing.js").await, 404, "no_route");
}

#[tokio::test]
async fn serving_ends_when_asked_and_answers_before() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(huashu::http::serve(listener, AppState::new(Arc::clone(&LIVE)), async move {
        let _ = stopped.await;
    }));
    let answer = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"ok\""), "{answer}");
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}
