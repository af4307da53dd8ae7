//! Attacks by raw bytes on the real program: what two readers of one request could read differently, what breaks a line of the log.

use crate::service::{PATIENCE, Service, put};
use std::io::{Read, Write};
use std::net::TcpStream;
use tempfile::TempDir;

fn desk() -> TempDir {
    let desk = tempfile::tempdir().unwrap();
    put(desk.path(), "kb/催发货.md", "---\ntitle: 催发货\nquestions: [怎么还没发货]\n---\n\n> 今天发出。\n");
    desk
}

/// Sends bytes, HOST replaced by the service's own, and gives all that comes until the service closes.
fn send(service: &Service, bytes: &str) -> String {
    let mut stream = TcpStream::connect(&service.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes.replace("HOST", &service.address).as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A service that closes on what it did not read may reset the connection; what it said before counts.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The statuses of all answers of a connection.
fn statuses(answer: &str) -> Vec<u16> {
    let heads = answer.split("HTTP/1.1 ").skip(1);
    heads.map(|head| head[..3].parse().unwrap()).collect()
}

#[test]
fn request_smuggling_nothing_is_read_as_a_second_request_where_lengths_are_in_doubt() {
    let desk = desk();
    let service = Service::start(desk.path());
    // What would be smuggled: answered, it would end the connection as well.
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n";
    let post = |headers: &str, body: &str| {
        format!("POST /v1/check HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{body}{smuggled}")
    };
    let chunked = "c\r\n{\"text\":\"a\"}\r\n0\r\n\r\n";
    let json = r#"{"text":"a"}"#;
    let rows: [(&str, String, &[u16]); 16] = [
        ("a length and chunks", post("Content-Length: 22\r\nTransfer-Encoding: chunked", chunked), &[200]),
        ("chunks and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 3", chunked), &[200]),
        ("chunks alone", post("Transfer-Encoding: chunked", chunked), &[200]),
        ("two lengths", post("Content-Length: 12\r\nContent-Length: 0", json), &[400]),
        ("two lengths in one", post("Content-Length: 12, 0", json), &[400]),
        ("a length with a sign", post("Content-Length: +12", json), &[400]),
        ("a negative length", post("Content-Length: -1", json), &[400]),
        ("a length in hexadecimal", post("Content-Length: 0xc", json), &[400]),
        ("an encoding that nobody knows", post("Transfer-Encoding: xchunked", chunked), &[400]),
        ("chunks that are not last", post("Transfer-Encoding: chunked, identity", chunked), &[400]),
        ("a tab of another kind before chunks", post("Transfer-Encoding: \u{b}chunked", chunked), &[400]),
        ("a space before the colon", post("Transfer-Encoding : chunked", chunked), &[400]),
        ("a folded header", post("X-A: a\r\n b: c\r\nContent-Length: 12", json), &[400]),
        ("a name of nothing", post(": a\r\nContent-Length: 12", json), &[400]),
        ("a chunk without an end", post("Transfer-Encoding: chunked", "fffffffffffffffff\r\n"), &[400]),
        ("chunks in HTTP/1.0", post("Transfer-Encoding: chunked", chunked).replacen("HTTP/1.1", "HTTP/1.0", 1), &[400]),
    ];
    for (what, bytes, expected) in rows {
        let answer = send(&service, &bytes).replace("HTTP/1.0 ", "HTTP/1.1 ");
        assert_eq!(statuses(&answer), expected, "{what}: {answer}");
    }
    // And where there is no doubt both are answered.
    let answer = send(&service, &post("Content-Length: 12", json));
    assert_eq!(statuses(&answer), [200, 200], "{answer}");
}

#[test]
fn dns_rebinding_by_a_second_host_or_a_whole_address_is_turned_away() {
    let desk = desk();
    let service = Service::start(desk.path());
    let get = |target: &str, hosts: &str| send(&service, &format!("GET {target} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n"));
    for (target, hosts, expected) in [
        ("/healthz", "Host: HOST\r\n", 200),
        ("/healthz", "Host: HOST\r\nHost: evil.example\r\n", 421),
        ("/healthz", "Host: evil.example\r\nHost: HOST\r\n", 421),
        ("http://evil.example/healthz", "Host: HOST\r\n", 421),
        ("/healthz", "Host: HOST@evil.example\r\n", 421),
        ("/healthz", "Host: evil.example\r\nX-Forwarded-Host: HOST\r\n", 421),
        ("/healthz", "", 421),
    ] {
        let answer = get(target, hosts);
        assert_eq!(statuses(&answer), [expected], "{target} {hosts:?}: {answer}");
    }
}

#[test]
fn line_breaks_reach_neither_the_headers_of_an_answer_nor_a_line_of_the_log() {
    let desk = desk();
    let mark = "2026-01-01T00:00:00Z ERROR forged";
    // Names of files come from whoever writes the folder.
    put(desk.path(), &format!("kb/名\n{mark}.md"), "---\ntitle: [\n---\n");
    put(desk.path(), &format!("kb/lexicon/a\n{mark}.txt"), "a\n");
    let service = Service::start(desk.path());
    let mark_in_path: String = format!("\r\n{mark}\r\nSet-Cookie: a=b").bytes().map(|byte| format!("%{byte:02X}")).collect();
    let bearer = format!("Authorization: Bearer {}", service.said["token"].as_str().unwrap());
    let paths = [
        format!("/{mark_in_path}"),
        format!("/v1/search?q={mark_in_path}&limit={mark_in_path}"),
        format!("/v1/entries/{mark_in_path}"),
        format!("/v1/pictures?path={mark_in_path}"),
        format!("/v1/lexicon/{mark_in_path}"),
        format!("/v1/export?format={mark_in_path}"),
        format!("/docs/{mark_in_path}"),
        format!("/v1/oidc/callback?state={mark_in_path}&code={mark_in_path}"),
    ];
    let mut asked = 0;
    for path in &paths {
        for header in [format!("X-Request-Id: {mark_in_path}"), bearer.clone(), format!("Cookie: huashu_session={mark_in_path}")] {
            let answer = send(&service, &format!("GET {path} HTTP/1.1\r\nHost: HOST\r\n{header}\r\nConnection: close\r\n\r\n"));
            let head = answer.split("\r\n\r\n").next().unwrap();
            assert!(!head.to_lowercase().contains("set-cookie") && !head.contains("forged"), "{path}: {head}");
            asked += 1;
        }
    }
    // Bytes that end a line, and others that are none of a header's, end the request.
    for header in ["X-Request-Id: a\rSet-Cookie: b", "X-Request-Id: a\0b", "X\nY: a", "X-A\u{7f}: b"] {
        let answer = send(&service, &format!("GET /healthz HTTP/1.1\r\nHost: HOST\r\n{header}\r\nConnection: close\r\n\r\n"));
        assert!(matches!(statuses(&answer)[..], [400]) || header.contains('\n'), "{header:?}: {answer}");
        assert!(!answer.to_lowercase().contains("set-cookie"), "{answer}");
    }
    let answer = send(&service, "EVIL\u{1b}[2J / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n");
    assert_eq!(statuses(&answer), [400], "{answer}");
    service.until_logged("answered");
    let answered = |log: &str| log.matches(" answered ").count() + log.matches("answered method").count();
    assert!(asked > 0 && answered(&service.log()) > 0, "{}", service.log());
    let log = service.log();
    for line in log.lines() {
        assert!(!line.starts_with(mark) && !line.contains('\u{1b}'), "{line:?} of {log}");
        let is_dated = line.len() > 20 && line[..4].bytes().all(|byte| byte.is_ascii_digit()) && line.as_bytes()[10] == b'T';
        assert!(is_dated, "{line:?} of {log}");
    }
}
