//! Faults: the program is killed at any moment, and backed up while it serves; what it acknowledged is there afterwards.

use crate::service::{PATIENCE, PROGRAM, Service, VARIABLES, put};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Kills in a test; `scripts/torture` asks for more.
const KILLS: u64 = 5;

/// Entries that are edited all the time.
const EDITED: usize = 4;

fn kills() -> u64 {
    std::env::var("HUASHU_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

fn entry(number: usize, version: usize) -> String {
    format!("---\nid: 条目{number}\ntitle: 怎么申请第{number}种退款\n---\n> 亲，这是第{version}版的回复，请您稍等。\n")
}

fn desk() -> TempDir {
    let desk = tempfile::tempdir().unwrap();
    put(desk.path(), "kb/library.toml", "format = 1\nname = \"试\"\n");
    for number in 0..EDITED {
        put(desk.path(), &format!("kb/条目{number}.md"), entry(number, 0));
    }
    for number in 0..200 {
        put(
            desk.path(),
            &format!("kb/其他/其他{number}.md"),
            format!("---\ntitle: 商品{number}的尺寸\n---\n> 亲，商品{number}的尺寸在详情页。\n"),
        );
    }
    desk
}

fn run(desk: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(desk).output().unwrap()
}

/// A request that may meet a dead server: `None` where it gave no whole answer.
fn try_send(service: &Service, method: &str, path: &str, etag: Option<&str>, body: &Value) -> Option<(u16, Value)> {
    let path: String =
        path.bytes().map(|byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
    let (token, body) = (service.said["token"].as_str()?, body.to_string());
    let mut stream = TcpStream::connect(&service.address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let condition = etag.map(|etag| format!("If-Match: {etag}\r\n")).unwrap_or_default();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{condition}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        service.address,
        body.len()
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, serde_json::from_str(body).ok()?))
}

/// Saves version after version of the edited entries until the server dies; gives the last that it acknowledged of each.
fn edit_until_dead(service: &Service, first: usize) -> BTreeMap<usize, usize> {
    let mut acknowledged = BTreeMap::new();
    for version in first.. {
        for number in 0..EDITED {
            let path = format!("/v1/entries/条目{number}");
            let Some((200, current)) = try_send(service, "GET", &path, None, &Value::Null) else { return acknowledged };
            let etag = format!("\"{}\"", current["content_hash"].as_str().unwrap());
            let saved = try_send(service, "PUT", &path, Some(&etag), &json!({"markdown": entry(number, version)}));
            match saved {
                None => return acknowledged,
                Some((200, _)) => acknowledged.insert(number, version),
                Some((status, body)) => panic!("{status} {body}"),
            };
        }
    }
    acknowledged
}

#[test]
fn what_was_acknowledged_survives_being_killed_at_any_moment() {
    let desk = desk();
    let mut acknowledged: BTreeMap<usize, usize> = BTreeMap::new();
    let mut version = 1;
    for kill in 0..kills() {
        let mut service = Service::start(desk.path());
        let pid = service.child.id();
        // Moments spread over indexing, editing and learning; the same in every run.
        let after = Duration::from_millis(40 + kill.wrapping_mul(2_654_435_761) % 900);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(after);
            Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
        });
        let events = json!({"events": [{"event_id": format!("e{kill}"), "query_id": "q", "type": "copied", "entry_id": "条目0"}]});
        let _ = try_send(&service, "POST", "/v1/events", None, &events);
        let last = edit_until_dead(&service, version);
        killer.join().unwrap();
        service.child.wait().unwrap();
        version = last.values().max().copied().unwrap_or(version) + 2;
        acknowledged.extend(last);
        for number in 0..EDITED {
            let text = fs::read_to_string(desk.path().join(format!("kb/条目{number}.md"))).unwrap();
            let standing: usize = text.split("这是第").nth(1).and_then(|rest| rest.split('版').next()).unwrap().parse().unwrap();
            assert_eq!(text, entry(number, standing), "a file was half written");
            let least = acknowledged.get(&number).copied().unwrap_or(0);
            assert!(standing >= least, "{number}: version {least} was acknowledged, {standing} is there");
            acknowledged.insert(number, standing);
        }
    }
    assert!(!acknowledged.is_empty() && acknowledged.values().any(|version| *version > 0), "nothing was edited before a kill");
    // The index after all this answers as a fresh one does, and the history knows what stands.
    let service = Service::start(desk.path());
    for (number, version) in &acknowledged {
        let question = format!("/v1/search?q=怎么申请第{number}种退款");
        let found = service.until(&question, |answer| answer["hits"][0]["id"] == format!("条目{number}"));
        assert!(found["hits"][0]["replies"][0]["text"].as_str().unwrap().contains(&format!("第{version}版")), "{found}");
        let history = service.until(&format!("/v1/entries/条目{number}/history"), |history| history["total"].as_u64() > Some(0));
        let path = format!("/v1/entries/条目{number}/history/{}", history["versions"][0]["version"].as_str().unwrap());
        assert_eq!(service.json(&path)["markdown"], entry(*number, *version));
    }
    drop(service);
    let questions: Vec<String> =
        (0..EDITED).map(|number| format!("第{number}种退款申请")).chain((0..20).map(|number| format!("商品{number}尺寸"))).collect();
    let asked = |index: &str| -> Vec<Value> {
        let hits = |question: &String| {
            let output = run(desk.path(), &["--index", index, "--json", "search", question]);
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
            answer["hits"].as_array().unwrap().iter().map(|hit| hit["id"].clone()).collect::<Vec<_>>().into()
        };
        questions.iter().map(hits).collect()
    };
    assert_eq!(asked("index/kb"), asked("fresh"));
}

#[test]
fn a_backup_of_a_running_service_brings_everything_back() {
    let desk = desk();
    let service = Service::start(desk.path());
    let (status, answer) = try_send(&service, "GET", "/v1/entries/条目1", None, &Value::Null).unwrap();
    assert_eq!(status, 200);
    let etag = format!("\"{}\"", answer["content_hash"].as_str().unwrap());
    let (status, saved) =
        try_send(&service, "PUT", "/v1/entries/条目1", Some(&etag), &json!({"markdown": entry(1, 7), "why": "备份前"})).unwrap();
    assert_eq!(status, 200, "{saved}");
    let output = run(desk.path(), &["backup", "一份.zip"]);
    assert!(output.status.success(), "{output:?}");

    // A server that runs on the folders keeps them.
    let refused = run(desk.path(), &["restore", "一份.zip"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("另一个进程"), "{refused:?}");
    drop(service);

    fs::remove_dir_all(desk.path().join("kb/其他")).unwrap();
    put(desk.path(), "kb/条目1.md", "坏了");
    fs::write(desk.path().join("data/kb/huashu.sqlite3"), "damaged, and long enough to be looked at").unwrap();
    let restored = run(desk.path(), &["restore", "一份.zip"]);
    assert!(restored.status.success(), "{restored:?}");
    let service = Service::start(desk.path());
    let begin = Instant::now();
    while service.first("怎么申请第1种退款").as_deref() != Some("条目1") {
        assert!(begin.elapsed() < PATIENCE, "{}", service.log());
    }
    assert_eq!(service.json("/v1/entries/条目1")["markdown"], entry(1, 7));
    assert_eq!(service.json("/v1/entries/条目1/history")["versions"][0]["why"], "备份前");
    assert_eq!(service.first("商品7的尺寸").as_deref(), Some("其他7"));
}
