//! Secrets and customers' words, after a day of work with the most verbose log: in no line of it, in no metric, and in no file but where
//! they belong.

#[cfg(feature = "oidc")]
use crate::provider::{CLIENT, Exchange, Provider};
use crate::service::{PATIENCE, PROGRAM, Service, VARIABLES, put};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What a customer wrote: nothing of it may be in the log.
const MESSAGE: &str = "我叫欧阳锦绣，电话13987654321，住浙江省杭州市西湖区文三路478号华星大厦，怎么还没发货";

/// What of it is private: kept nowhere.
const PRIVATE: [&str; 2] = ["13987654321", "文三路478号"];

/// Words of customers that stand in requests that fail, each in another place.
const ASKED: [&str; 5] = ["zebra-in-a-query", "zebra-in-a-path", "zebra-in-a-body", "zebra-in-a-value", "zebra-in-a-draft"];

/// The JSON that a command of the program says.
fn huashu(desk: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new(PROGRAM);
    for name in VARIABLES {
        command.env_remove(name);
    }
    let output = command.args(arguments).arg("--json").current_dir(desk).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Head and body of an answer.
fn send(service: &Service, request: &str, headers: &[String], media_type: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(&service.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let own: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let (address, length) = (&service.address, body.len());
    let head = format!(
        "{request} HTTP/1.1\r\nHost: {address}\r\n{own}Content-Type: {media_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for item in fs::read_dir(dir).into_iter().flatten() {
        let path = item.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// What stands in the data and index folders, but for the local token in its own file.
fn kept(desk: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths = Vec::new();
    files(&desk.join("data"), &mut paths);
    files(&desk.join("index"), &mut paths);
    paths.retain(|path| !path.ends_with(huashu::http::TOKEN_FILE));
    // A file of the index may go meanwhile.
    paths.into_iter().filter_map(|path| fs::read(&path).ok().map(|bytes| (path, bytes))).collect()
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[test]
fn secrets_and_customers_words_are_in_no_log_metric_or_file() {
    let desk = tempfile::tempdir().unwrap();
    put(desk.path(), "kb/催发货.md", "---\ntitle: 催发货\nquestions: [怎么还没发货]\n---\n\n> 今天发出。\n");
    let made = huashu(desk.path(), &["user", "add", "老板", "--role", "admin"]);
    let password = made["password"].as_str().unwrap().to_owned();
    let by_command = huashu(desk.path(), &["token", "add", "老板", "--label", "扩展"])["token"].as_str().unwrap().to_owned();
    let mut command = Command::new(PROGRAM);
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.env("HUASHU_LOG", "trace");
    let service = Service::started(command, desk.path(), &[]);
    let mut secrets = vec![password.clone(), by_command.clone(), "falsches-passwort-42".to_owned(), "hs_made_up_token_zz".to_owned()];
    secrets.push(service.said["token"].as_str().unwrap().to_owned());

    // Signing in, wrongly and rightly, and a token made in the session.
    let json_type = "application/json";
    let sign_in =
        |password: &str| send(&service, "POST /v1/session", &[], json_type, &json!({ "name": "老板", "password": password }).to_string());
    assert!(sign_in("falsches-passwort-42").0.contains(" 401 "));
    let (head, _) = sign_in(&password);
    assert!(head.contains(" 200 "), "{head}");
    let session = head.split("huashu_session=").nth(1).unwrap().split(';').next().unwrap().to_owned();
    secrets.push(session.clone());
    let cookie = vec![format!("Cookie: huashu_session={session}")];
    let (_, body) = send(&service, "POST /v1/tokens", &cookie, json_type, r#"{"label":"机器人"}"#);
    let by_session = serde_json::from_str::<Value>(&body).unwrap()["token"].as_str().unwrap().to_owned();
    let bearer = vec![format!("Authorization: Bearer {by_session}")];
    secrets.push(by_session);
    let (_, body) = send(&service, "POST /v1/users", &cookie, json_type, r#"{"name":"小李","role":"agent"}"#);
    secrets.extend(serde_json::from_str::<Value>(&body).unwrap()["password"].as_str().map(str::to_owned));
    let wrong = vec!["Authorization: Bearer hs_made_up_token_zz".to_owned()];
    assert!(send(&service, "GET /v1/search?q=a", &wrong, json_type, "").0.contains(" 401 "));
    let new = "new-passphrase-2042";
    let (head, _) = send(&service, "PUT /v1/session/password", &cookie, json_type, &json!({ "old": password, "new": new }).to_string());
    assert!(head.contains(" 204 "), "{head}");
    secrets.push(new.to_owned());
    secrets.push(head.split("huashu_session=").nth(1).unwrap().split(';').next().unwrap().to_owned());

    // A customer's words in everything that takes words.
    let ask = |request: &str, body: &Value| send(&service, request, &bearer, json_type, &body.to_string());
    let (_, found) = ask("POST /v1/search", &json!({ "q": MESSAGE, "messages": [MESSAGE] }));
    let query: Value = serde_json::from_str(&found).unwrap();
    assert!(query["query_id"].is_string(), "{found}");
    for (number, kind) in ["shown", "gap"].iter().enumerate() {
        let id = format!("01890000-0000-7000-8000-00000000000{number}");
        let (head, body) = ask("POST /v1/events", &json!({ "events": [{ "event_id": id, "query_id": query["query_id"], "type": kind }] }));
        assert!(head.contains(" 200 ") || head.contains(" 202 "), "{head} {body}");
    }
    for (request, body) in [
        ("POST /v1/check", json!({ "text": MESSAGE })),
        ("POST /v1/mask", json!({ "text": MESSAGE })),
        ("POST /v1/check", json!({ "text": ASKED[4] })),
        ("POST /v1/preview", json!({ "markdown": format!("---\ntitle: [{MESSAGE}\n") })),
        ("POST /v1/search", json!({ "q": 3, "zebra-in-a-body": 1, "messages": ["zebra-in-a-body"] })),
        ("POST /v1/search", json!({ "q": "a", "context": { "shop": "zebra-in-a-value" } })),
        ("POST /v1/submissions", json!({ "kind": "new", "markdown": format!("---\ntitle: 新\n---\n\n> {}\n", ASKED[4]) })),
    ] {
        ask(request, &body);
    }
    send(&service, "POST /v1/search", &bearer, json_type, "{\"q\": zebra-in-a-body");
    let encoded: String = MESSAGE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for path in [
        format!("/v1/search?q={encoded}"),
        "/v1/search?q=a&limit=zebra-in-a-query".to_owned(),
        format!("/v1/suggest?q={encoded}"),
        "/v1/entries/zebra-in-a-path".to_owned(),
        "/zebra-in-a-path".to_owned(),
    ] {
        send(&service, &format!("GET {path}"), &bearer, json_type, "");
    }
    let (head, body) = send(&service, "POST /v1/import?dry_run=true", &bearer, "text/csv", &format!("id,标题,话术\n1,{},好\n", ASKED[4]));
    assert!(head.contains(" 200 "), "{head} {body}");

    let (_, metrics) = send(&service, "GET /metrics", &bearer, json_type, "");
    assert!(metrics.contains("huashu_http_requests_total"), "{metrics}");
    service.until_logged("/metrics");
    let began = Instant::now();
    while !kept(desk.path()).iter().any(|(_, bytes)| holds(bytes, "<手机>")) {
        assert!(began.elapsed() < PATIENCE, "the journal has not kept the masked message");
        std::thread::sleep(Duration::from_millis(100));
    }
    let log = service.log();
    assert!(log.contains("TRACE") && log.lines().count() > 100, "the log is not verbose: {log}");
    drop(service);
    for secret in secrets.iter().map(String::as_str).chain(PRIVATE).chain(ASKED).chain(["欧阳锦绣", "还没发货"]) {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
        assert!(!metrics.contains(secret), "{secret} is in the metrics");
    }
    let files = kept(desk.path());
    assert!(files.len() > 2, "{} files", files.len());
    for (path, bytes) in files {
        for secret in secrets.iter().map(String::as_str).chain(PRIVATE) {
            assert!(!holds(&bytes, secret), "{secret} is in {}", path.display());
        }
    }
}

/// What a provider answers to whom exchanges a code, and the status of the sign-in.
#[cfg(feature = "oidc")]
const EXCHANGES: [(&str, u16, Exchange); 9] = [
    ("a token", 303, |provider, _| {
        let (access, refresh) = (provider.secret("access"), provider.secret("refresh"));
        let id = provider.id_token(&provider.client_secret, |_| {});
        (200, json!({ "access_token": access, "refresh_token": refresh, "token_type": "bearer", "id_token": id }).to_string())
    }),
    ("a refusal that says everything", 401, |provider, code| {
        let says = format!("{code} of {} is spent", provider.client_secret);
        (400, json!({ "error": "invalid_grant", "error_description": says, "error_uri": format!("https://id.example/{code}") }).to_string())
    }),
    ("a refusal of its own making", 401, |_, code| (400, json!({ "error": code, "error_description": 7 }).to_string())),
    ("a failure", 401, |_, code| (500, format!("<p>no handler for {code}"))),
    ("no JSON", 401, |provider, _| (200, provider.secret("access"))),
    ("a field of another kind", 401, |provider, _| {
        (
            200,
            json!({ "access_token": provider.secret("access"), "token_type": "bearer", "expires_in": provider.secret("odd") }).to_string(),
        )
    }),
    ("a token that is none", 401, |provider, _| {
        let (access, id) = (provider.secret("access"), provider.secret("id"));
        (200, json!({ "access_token": access, "token_type": "bearer", "id_token": format!("{id}.{id}.{id}") }).to_string())
    }),
    ("another's signature", 401, |provider, _| {
        let (access, id) = (provider.secret("access"), provider.id_token("another", |_| {}));
        (200, json!({ "access_token": access, "token_type": "bearer", "id_token": id }).to_string())
    }),
    ("another sign-in's nonce", 401, |provider, _| {
        let (access, nonce) = (provider.secret("access"), provider.secret("nonce"));
        let id = provider.id_token(&provider.client_secret, |claims| claims["nonce"] = nonce.into());
        (200, json!({ "access_token": access, "token_type": "bearer", "id_token": id }).to_string())
    }),
];

#[cfg(feature = "oidc")]
#[test]
fn secrets_of_a_sign_in_by_openid_connect_are_in_no_log_answer_metric_or_file() {
    let provider = Provider::start("zebra-client-secret");
    let desk = tempfile::tempdir().unwrap();
    put(desk.path(), "kb/催发货.md", "---\ntitle: 催发货\nquestions: [怎么还没发货]\n---\n\n> 今天发出。\n");
    let settings = format!("[oidc]\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\nurl = \"https://kb.example\"\n", provider.issuer);
    put(desk.path(), "huashu.toml", settings);
    let mut command = Command::new(PROGRAM);
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.env("HUASHU_LOG", "trace").env("HUASHU_OIDC_SECRET", &provider.client_secret);
    let service = Service::started(command, desk.path(), &[]);
    let (mut secrets, mut answers) = (Vec::new(), String::new());
    for (name, status, exchange) in EXCHANGES {
        let (head, _) = send(&service, "GET /v1/oidc/login", &[], "text/plain", "");
        let asked =
            |name: &str| head.split_once(name).unwrap_or_else(|| panic!("{name}: {head}")).1.split(['&', ';', '\r']).next().unwrap();
        let (state, nonce) = (asked("&state="), asked("&nonce="));
        provider.expect(exchange, nonce);
        let code = provider.secret("code");
        let cookie = format!("Cookie: huashu_oidc={}", asked("huashu_oidc="));
        let (head, body) = send(&service, &format!("GET /v1/oidc/callback?code={code}&state={state}"), &[cookie], "text/plain", "");
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{name}: {head}");
        secrets.extend([state.to_owned(), nonce.to_owned()]);
        match head.split_once("huashu_session=") {
            Some((_, session)) => secrets.push(session.split(';').next().unwrap().to_owned()),
            None => answers += &head,
        }
        answers += &body;
    }
    let admin = vec![format!("Authorization: Bearer {}", service.said["token"].as_str().unwrap())];
    let (_, metrics) = send(&service, "GET /metrics", &admin, "text/plain", "");
    assert!(metrics.contains("huashu_http_requests_total"), "{metrics}");
    service.until_logged("/metrics");
    let log = service.log();
    let failed = log.lines().filter(|line| line.contains("a sign-in by OpenID Connect failed")).count();
    assert!(log.contains("TRACE") && failed == EXCHANGES.len() - 1, "{failed} failed: {log}");
    drop(service);
    secrets.extend(provider.secrets());
    // Whose bytes are written down sixteen a line, none of them whole.
    let dumped = log.lines().find(|line| line.contains("ureq_proto::util"));
    assert_eq!(dumped, None, "what is said to the provider is in the log");
    // Of each: the code and its verifier, state and nonce, how the service proves itself, tokens.
    assert!(secrets.len() > 5 * EXCHANGES.len(), "{secrets:?}");
    for secret in &secrets {
        assert_eq!(log.lines().find(|line| line.contains(secret)), None, "{secret} is in the log");
        assert!(!metrics.contains(secret) && !answers.contains(secret), "{secret} is in an answer");
    }
    for (path, bytes) in kept(desk.path()) {
        for secret in &secrets {
            assert!(!holds(&bytes, secret), "{secret} is in {}", path.display());
        }
    }
}
