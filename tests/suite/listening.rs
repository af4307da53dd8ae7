//! Where the program listens and for whom: other addresses, TLS, people made on the command line while it runs.

use super::service::{PATIENCE, PROGRAM, Service, VARIABLES, put};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};

fn desk() -> TempDir {
    let desk = tempfile::tempdir().unwrap();
    put(desk.path(), "kb/催发货.md", "---\ntitle: 催发货\nquestions: [怎么还没发货]\n---\n\n> 今天发出。\n");
    desk
}

/// Exit code, JSON, standard error.
fn huashu(desk: &Path, arguments: &[&str]) -> (i32, Value, String) {
    let mut command = Command::new(PROGRAM);
    for name in VARIABLES {
        command.env_remove(name);
    }
    let output = command.args(arguments).arg("--json").current_dir(desk).output().unwrap();
    let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), said, String::from_utf8(output.stderr).unwrap())
}

/// The status of a search with a token.
fn search(address: &str, token: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!("GET /v1/search?q=a HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn people_made_on_the_command_line_come_in_at_once_and_go_at_once() {
    let desk = desk();
    let service = Service::start(desk.path());
    assert_eq!(search(&service.address, "hs_wrong"), 401);
    let (code, made, err) = huashu(desk.path(), &["user", "add", "小李", "--shop", "旗舰店"]);
    assert_eq!((code, &made["user"]["role"], made["password"].as_str().map(str::len)), (0, &"agent".into(), Some(16)), "{err}");
    let (code, token, err) = huashu(desk.path(), &["token", "add", "小李", "--label", "扩展", "--days", "3"]);
    assert_eq!(code, 0, "{err}");
    let value = token["token"].as_str().unwrap().to_owned();
    let until = |expected: u16| {
        let begin = Instant::now();
        while search(&service.address, &value) != expected {
            assert!(begin.elapsed() < Duration::from_secs(5), "still not {expected}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    until(200);
    let (code, users, _) = huashu(desk.path(), &["user", "list"]);
    assert_eq!((code, &users["users"][0]["shops"]), (0, &serde_json::json!(["旗舰店"])));
    assert_eq!(huashu(desk.path(), &["user", "disable", "小李"]).0, 0);
    until(401);
    assert_eq!(huashu(desk.path(), &["user", "enable", "小李"]).0, 0);
    until(200);
    let (_, tokens, _) = huashu(desk.path(), &["token", "list", "小李"]);
    assert_eq!(tokens["total"], 1);
    assert_eq!(huashu(desk.path(), &["token", "revoke", token["id"].as_str().unwrap()]).0, 0);
    until(401);
    // What cannot be is told with the way out.
    for (arguments, says) in [
        (vec!["user", "add", "小李"], "huashu user enable"),
        (vec!["user", "add", "有 空格"], "账号名"),
        (vec!["user", "role", "小李", "老板"], "trainer"),
        (vec!["user", "disable", "没有"], "huashu user list"),
        (vec!["token", "revoke", "x"], "huashu token list"),
    ] {
        let (code, _, err) = huashu(desk.path(), &arguments);
        assert!(code == 2 && err.contains(says), "{arguments:?}: {err}");
    }
    assert_eq!(huashu(desk.path(), &["user", "add", "老板", "--role", "管理员"]).0, 0);
    assert!(huashu(desk.path(), &["user", "disable", "老板"]).2.contains("最后一个管理员"));
}

#[test]
fn other_addresses_need_an_admin_and_a_certificate_makes_cookies_secure() {
    let desk = desk();
    let (code, _, err) = huashu(desk.path(), &["serve", "--listen", "0.0.0.0:0"]);
    assert!(code == 2 && err.contains("huashu user add"), "{err}");
    let (_, made, _) = huashu(desk.path(), &["user", "add", "老板", "--role", "admin"]);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    let (certificate, key) = (fixtures.join("cert.pem"), fixtures.join("key.pem"));
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let (code, _, err) = huashu(desk.path(), &["serve", "--listen", "0.0.0.0:0", "--tls-cert", key, "--tls-key", key]);
    assert!(code == 2 && err.contains("证书"), "{err}");
    let arguments = ["--listen", "0.0.0.0:0", "--host-name", "localhost", "--tls-cert", certificate, "--tls-key", key];
    let service = Service::start_by(Command::new(PROGRAM), desk.path(), &arguments);
    let ask = |host: &str, method: &str, path: &str, body: &str| {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider())).with_safe_default_protocol_versions();
        let config = Arc::new(config.unwrap().with_root_certificates(roots).with_no_client_auth());
        let client = ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
        let mut stream = StreamOwned::new(client, TcpStream::connect(&service.address).unwrap());
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        stream.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        // A server that closes without a farewell has said all the same.
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    let body = serde_json::json!({ "name": "老板", "password": made["password"] }).to_string();
    let answer = ask(&service.address, "POST", "/v1/session", &body);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie")).unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.ends_with("Secure"), "{cookie}");
    assert!(ask("elsewhere.example", "GET", "/healthz", "").starts_with("HTTP/1.1 421"));
    assert!(ask("localhost", "GET", "/v1/library", "").starts_with("HTTP/1.1 401"));
    // Who speaks no TLS gets no answer, and keeps nobody else from theirs.
    let mut plain = TcpStream::connect(&service.address).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(ask("localhost", "GET", "/healthz", "").starts_with("HTTP/1.1 200"));
}

#[test]
fn one_account_that_asks_too_often_is_slowed_down_alone() {
    let desk = desk();
    let token = |name: &str| {
        assert_eq!(huashu(desk.path(), &["user", "add", name]).0, 0);
        huashu(desk.path(), &["token", "add", name, "--label", "扩展"]).1["token"].as_str().unwrap().to_owned()
    };
    let (wild, other) = (token("小李"), token("小王"));
    let service = Service::start_by(Command::new(PROGRAM), desk.path(), &["--rate", "1"]);
    let begin = Instant::now();
    while search(&service.address, &wild) != 429 {
        assert!(begin.elapsed() < PATIENCE, "whoever asks once a second and more is never refused");
    }
    assert_eq!(search(&service.address, &other), 200);
    // Local programs without an account have a hundred times that.
    assert_eq!(service.get("/v1/library").0, 200);
    while search(&service.address, &wild) != 200 {
        assert!(begin.elapsed() < PATIENCE, "after a rest it is let in again");
        std::thread::sleep(Duration::from_millis(100));
    }
}
