//! Accounts: signing in, being kept to a shop, being out at once.

use crate::team::{Team, encoded, read};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use huashu::register::User;
use huashu::secret::hash_password;
use serde_json::{Value, json};
use tower::ServiceExt;

/// A request with one header of who asks.
async fn send(team: &Team, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> (StatusCode, Value, String) {
    let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = team.router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    let cookie = response.headers().get(header::SET_COOKIE).map_or(String::new(), |value| value.to_str().unwrap().to_owned());
    let (status, answer) = read(response).await;
    (status, answer, cookie)
}

fn strings<'v>(list: &'v Value, key: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|item| item[key].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_is_of_another_shop_does_not_exist() {
    let team = Team::new().await;
    let ask = async |name: &str, method: &str, path: &str, body: Value| team.json(Some(name), method, path, &body).await.1;
    for (name, own, other) in [("小李", "甲店", "乙店"), ("乙客服", "乙店", "甲店")] {
        let (own_entry, other_entry) = (format!("{own}退货"), format!("{other}退货"));
        let answer = ask(name, "POST", "/v1/search", json!({ "q": "退货寄到哪里", "facets": ["shop"] })).await;
        assert_eq!(strings(&answer["hits"], "id"), [own_entry.as_str()], "{name}");
        assert_eq!(answer["total"], 1);
        assert_eq!(answer["facets"]["shop"], json!([{ "value": own, "count": 1 }]));
        assert_eq!(answer["hits"][0]["next"], json!([]), "what follows is of the other shop");
        let letters = if own == "甲店" { "yth" } else { "jth" };
        assert_eq!(ask(name, "GET", &format!("/v1/suggest?q={letters}"), Value::Null).await["suggestions"], json!([]));
        let answer = ask(name, "POST", "/v1/search", json!({ "q": letters })).await;
        assert!(!strings(&answer["hits"], "id").contains(&other_entry.as_str()), "{answer}");
        let answer = ask(name, "POST", "/v1/browse", json!({ "ids": [own_entry, other_entry] })).await;
        assert_eq!((strings(&answer["hits"], "id"), &answer["gone"]), (vec![own_entry.as_str()], &json!([other_entry])));
        let list = ask(name, "GET", "/v1/entries", Value::Null).await;
        assert_eq!((strings(&list["entries"], "id"), &list["total"]), (vec![own_entry.as_str(), "发货时间"], &json!(2)));
        let library = ask(name, "GET", "/v1/library", Value::Null).await;
        assert_eq!((&library["entries"], &library["served"], &library["kinds"]["answer"]), (&json!(2), &json!(2), &json!(2)));
        assert_eq!((strings(&library["shops"], "id"), &library["facets"]["shop"]), (vec![own], &json!([own])));
        let counted = json!([{ "value": "售后/退货", "count": 1 }, { "value": "物流/发货", "count": 1 }]);
        assert_eq!(library["categories"], counted);
        let (status, _) = team.json(Some(name), "GET", &format!("/v1/entries/{other_entry}"), &Value::Null).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    let answer = ask("培训", "POST", "/v1/search", json!({ "q": "退货寄到哪里" })).await;
    assert_eq!(answer["total"], 2);
}

#[tokio::test]
async fn a_session_begins_with_the_password_and_ends_at_once() {
    let team = Team::new().await;
    let hash = hash_password("春天的密码").unwrap();
    team.register.change_user("小李", |user| user.password = Some(hash)).await.unwrap();
    let sign_in =
        async |name: &str, password: &str| send(&team, "POST", "/v1/session", &[], &json!({ "name": name, "password": password })).await;
    let (status, answer, _) = sign_in("小李", "夏天的密码").await;
    assert_eq!((status, &answer["code"]), (StatusCode::UNAUTHORIZED, &json!("wrong_credentials")));
    let (status, answer, cookie) = sign_in("小李", "春天的密码").await;
    assert_eq!(
        (status, &answer["name"], &answer["role"], &answer["shops"]),
        (StatusCode::OK, &json!("小李"), &json!("agent"), &json!(["甲店"]))
    );
    assert_eq!(answer["rights"], json!(["use", "propose"]));
    assert!(cookie.contains("HttpOnly; SameSite=Strict") && !cookie.contains("Secure"), "{cookie}");
    let session = cookie.split(';').next().unwrap().to_owned();
    let search = async |headers: &[(&str, &str)]| send(&team, "POST", "/v1/search", headers, &json!({ "q": "发货" })).await.0;
    assert_eq!(search(&[("cookie", &session)]).await, StatusCode::OK);
    // A cookie counts for the service's own pages alone: not for the extension, not for pages on other ports.
    assert_eq!(search(&[("cookie", &session), ("origin", huashu::http::EXTENSION_ORIGIN)]).await, StatusCode::UNAUTHORIZED);
    let path = encoded("/v1/entries/甲店退货");
    let foreign = [("cookie", session.as_str()), ("sec-fetch-site", "same-site")];
    assert_eq!(send(&team, "GET", &path, &foreign, &Value::Null).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(search(&foreign).await, StatusCode::FORBIDDEN);
    // Somebody who is disabled is out with the next request, and their sessions do not come back with them.
    let (status, ..) = team.json(Some("管理员"), "PUT", "/v1/users/小李", &json!({ "state": "disabled" })).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(search(&[("cookie", &session)]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in("小李", "春天的密码").await.0, StatusCode::UNAUTHORIZED);
    team.json(Some("管理员"), "PUT", "/v1/users/小李", &json!({ "state": "active" })).await;
    assert_eq!(search(&[("cookie", &session)]).await, StatusCode::UNAUTHORIZED);
    // Signing out.
    let (_, _, cookie) = sign_in("小李", "春天的密码").await;
    let session = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(search(&[("cookie", &session)]).await, StatusCode::OK);
    assert_eq!(send(&team, "DELETE", "/v1/session", &[("cookie", &session)], &Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(search(&[("cookie", &session)]).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn guessing_is_slowed_down_for_names_that_nobody_has_too() {
    let team = Team::new().await;
    for name in ["小李", "没有这个人"] {
        for _ in 0..5 {
            let (status, ..) = send(&team, "POST", "/v1/session", &[], &json!({ "name": name, "password": "12345678" })).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
        }
        let (status, answer, _) = send(&team, "POST", "/v1/session", &[], &json!({ "name": name, "password": "12345678" })).await;
        assert_eq!((status, &answer["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("throttled")));
    }
}

#[tokio::test]
async fn a_token_sees_no_more_than_its_user_and_is_refused_once_revoked() {
    let team = Team::new().await;
    let make = async |name: &str, body: Value| team.json(Some(name), "POST", "/v1/tokens", &body).await;
    let (status, wide) = make("小李", json!({ "label": "扩展", "shops": ["甲店", "乙店"] })).await;
    assert_eq!(status, StatusCode::CREATED, "{wide}");
    let (_, narrow) = make("培训", json!({ "label": "机器人", "categories": ["物流"] })).await;
    let bearer = |token: &Value| format!("Bearer {}", token["token"].as_str().unwrap());
    let list = async |token: &Value| send(&team, "GET", "/v1/entries", &[("authorization", &bearer(token))], &Value::Null).await;
    assert_eq!(strings(&list(&wide).await.1["entries"], "id"), ["甲店退货", "发货时间"]);
    assert_eq!(strings(&list(&narrow).await.1["entries"], "id"), ["发货时间"]);
    // No token makes tokens or changes passwords.
    let by_token = [("authorization", bearer(&narrow))];
    let by_token: Vec<(&str, &str)> = by_token.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (status, answer, _) = send(&team, "POST", "/v1/tokens", &by_token, &json!({ "label": "更多" })).await;
    assert_eq!((status, &answer["code"]), (StatusCode::FORBIDDEN, &json!("needs_session")));
    // Its value is shown once, and kept by nobody.
    let (_, listed) = team.json(Some("小李"), "GET", "/v1/tokens", &Value::Null).await;
    assert_eq!(strings(&listed["tokens"], "label"), ["扩展"]);
    let file = std::fs::read(team.register.path()).unwrap();
    let secret = wide["token"].as_str().unwrap().as_bytes();
    assert!(!file.windows(secret.len()).any(|window| window == secret));
    let path = format!("/v1/tokens/{}", wide["id"].as_str().unwrap());
    assert_eq!(team.json(Some("培训"), "DELETE", &path, &Value::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(team.json(Some("小李"), "DELETE", &path, &Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(list(&wide).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn authority_is_the_callers_own_and_what_was_lent_until_it_ends() {
    let team = Team::new().await;
    let entry = "---\ntitle: 全额赔付\nquestions: [能不能赔我]\nauthority: 组长\n---\n> 全额赔付。\n";
    std::fs::write(team.kb.join("全额赔付.md"), entry).unwrap();
    let team = Team::over(team);
    let marks = async || {
        let body = json!({ "context": { "authority": "主管" } });
        team.json(Some("小李"), "POST", "/v1/entries/全额赔付/render", &body).await.1["marks"].clone()
    };
    assert_eq!(marks().await, json!(["above_authority"]), "what the request says of authority does not count");
    let lend = async |by: &str, authority: &str, until: i64| {
        team.json(Some(by), "PUT", "/v1/users/小李/authority", &json!({ "authority": authority, "until": until })).await.0
    };
    let now = huashu::journal::now_ms();
    assert_eq!(lend("主管", "组长", now + 60_000).await, StatusCode::OK);
    assert_eq!(marks().await, json!([]));
    assert_eq!(lend("主管", "组长", now + 300).await, StatusCode::OK);
    tokio::time::sleep(std::time::Duration::from_millis(350)).await;
    assert_eq!(marks().await, json!(["above_authority"]));
    // Nobody lends what they have not.
    team.register.change_user("主管", |user| user.authority = huashu::entry::Authority::Lead).await.unwrap();
    assert_eq!(lend("主管", "主管", now + 60_000).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn users_are_made_changed_and_never_all_locked_out() {
    let team = Team::new().await;
    let admin = async |method: &str, path: &str, body: Value| team.json(Some("管理员"), method, path, &body).await;
    let (status, made) = admin("POST", "/v1/users", json!({ "name": "新人", "role": "agent", "shops": ["甲店"] })).await;
    assert_eq!((status, &made["user"]["authority"]), (StatusCode::CREATED, &json!("一线")), "{made}");
    let password = made["password"].as_str().unwrap();
    let (status, ..) = send(&team, "POST", "/v1/session", &[], &json!({ "name": "新人", "password": password })).await;
    assert_eq!(status, StatusCode::OK);
    let check = async |method: &str, path: &str, body: Value, code: &str| {
        let (_, answer) = admin(method, path, body).await;
        assert_eq!(answer["code"], code, "{answer}");
    };
    check("POST", "/v1/users", json!({ "name": "新人", "role": "agent" }), "name_taken").await;
    check("POST", "/v1/users", json!({ "name": "Local", "role": "agent" }), "bad_value").await;
    check("POST", "/v1/users", json!({ "name": "有 空格", "role": "agent" }), "bad_value").await;
    check("POST", "/v1/users", json!({ "name": "别人", "role": "boss" }), "bad_value").await;
    check("PUT", "/v1/users/管理员", json!({ "role": "lead" }), "last_admin").await;
    check("PUT", "/v1/users/管理员", json!({ "state": "disabled" }), "last_admin").await;
    check("PUT", "/v1/users/没有", json!({}), "no_user").await;
    // null: everything; absent: as it was.
    let (_, user) = admin("PUT", "/v1/users/新人", json!({ "categories": ["/物流/"] })).await;
    assert_eq!((&user["shops"], &user["categories"]), (&json!(["甲店"]), &json!(["物流"])));
    let (_, user) = admin("PUT", "/v1/users/新人", json!({ "shops": null })).await;
    assert_eq!((&user["shops"], &user["categories"]), (&Value::Null, &json!(["物流"])));
    let (_, lines) = admin("GET", "/v1/audit?what=%E6%96%B0%E4%BA%BA", Value::Null).await;
    assert_eq!(strings(&lines["lines"], "action"), ["user.change", "user.change", "session.begin", "user.create"]);
}

#[tokio::test]
async fn what_another_process_changes_is_noticed_within_a_second() {
    let team = Team::new().await;
    let follower = {
        let register = team.register.clone();
        tokio::spawn(async move { register.follow_people().await })
    };
    let other = huashu::register::Register::open(team.register.path().parent().unwrap()).await.unwrap();
    other.add_user(&User::new("另一个", huashu::access::Role::Qa)).await.unwrap();
    assert!(team.register.people().user("另一个").is_none());
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    assert!(team.register.people().user("另一个").is_some());
    follower.abort();
}

#[tokio::test]
async fn amounts_above_a_limit_are_blocked_and_what_was_used_today_counts() {
    let team = Team::new().await;
    let entry = "---\ntitle: 补偿\nquestions: [怎么补偿]\n---\n> 补您{{补偿金额}}元。\n";
    std::fs::write(team.kb.join("补偿.md"), entry).unwrap();
    let team = Team::over(team);
    let limits = json!({ "limits": [
        { "role": "agent", "per_reply": 20, "per_day": 30 }, { "role": "agent", "shop": "甲店", "per_reply": 50, "per_day": 60.5 },
    ] });
    let (status, set) = team.json(Some("管理员"), "PUT", "/v1/limits", &limits).await;
    assert_eq!((status, &set["limits"][1]["per_day"]), (StatusCode::OK, &json!(60.5)), "{set}");
    let render = async |name: &str, shop: &str, amount: &str| {
        let body = json!({ "slots": { "补偿金额": amount }, "context": { "shop": shop } });
        team.json(Some(name), "POST", "/v1/entries/补偿/render", &body).await.1
    };
    let check = async |name: &str, shop: &str, amount: &str, code: Option<&str>| {
        let rendered = render(name, shop, amount).await;
        assert_eq!(rendered["findings"][0]["code"].as_str(), code, "{name} {shop} {amount}: {rendered}");
        assert_eq!(rendered["blocked"], code.is_some());
        rendered
    };
    check("小李", "甲店", "50", None).await;
    let above = check("小李", "甲店", "50.01", Some("above_reply_limit")).await;
    assert!(above["findings"][0]["why"].as_str().unwrap().contains("主管"), "{above}");
    assert_eq!((&above["findings"][0]["start"], &above["findings"][0]["text"]), (&json!(2), &json!("50.01")));
    check("乙客服", "乙店", "50", Some("above_reply_limit")).await;
    check("小李", "甲店", "五十", Some("amount_unreadable")).await;
    check("主管", "甲店", "5000", None).await;
    // What was made ready and not used does not count; what was used does, once.
    let ready = check("小李", "甲店", "40", None).await;
    let event = json!({ "events": [
        { "event_id": "e1", "query_id": "q1", "type": "copied", "entry_id": "补偿", "reply_id": ready["reply_id"], "position": 0 },
    ] });
    for _ in 0..2 {
        assert_eq!(team.json(Some("小李"), "POST", "/v1/events", &event).await.0, StatusCode::ACCEPTED);
    }
    check("小李", "甲店", "20.5", None).await;
    let rest = check("小李", "甲店", "21", Some("above_day_limit")).await;
    assert!(rest["findings"][0]["why"].as_str().unwrap().contains("40"), "{rest}");
    // The shop of a request outside one's scope is none.
    check("乙客服", "甲店", "21", Some("above_reply_limit")).await;
}

#[tokio::test]
async fn private_words_are_ones_own() {
    let team = Team::new().await;
    let (status, kept) =
        team.json(Some("小李"), "POST", "/v1/private", &json!({ "title": "下班", "text": "明早回您", "shortcut": "xb" })).await;
    assert_eq!(status, StatusCode::CREATED, "{kept}");
    let path = format!("/v1/private/{}", kept["id"].as_str().unwrap());
    let other = json!({ "title": "下班", "text": "后天回您" });
    assert_eq!(team.json(Some("管理员"), "GET", "/v1/private", &Value::Null).await.1["total"], 0);
    assert_eq!(team.json(Some("管理员"), "PUT", &path, &other).await.0, StatusCode::NOT_FOUND);
    assert_eq!(team.json(Some("管理员"), "DELETE", &path, &Value::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(team.json(Some("小李"), "PUT", &path, &other).await.1["text"], "后天回您");
    let (_, answer) = team.json(Some("乙客服"), "POST", "/v1/search", &json!({ "q": "下班" })).await;
    assert!(!answer.to_string().contains("后天"));
    assert_eq!(team.json(Some("小李"), "POST", "/v1/private", &json!({ "title": "", "text": "空" })).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(team.json(Some("小李"), "DELETE", &path, &Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(team.json(Some("小李"), "GET", "/v1/private", &Value::Null).await.1["total"], 0);
}
