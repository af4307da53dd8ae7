//! Faults while the program runs: what is told, what goes on, and what a backup brings back.

use crate::service::{PATIENCE, PROGRAM, Service, VARIABLES, put};
use serde_json::json;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Entries that are edited all the time.
const EDITED: usize = 4;

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

#[test]
fn a_backup_of_a_running_service_brings_everything_back() {
    let desk = desk();
    let service = Service::start(desk.path());
    let (status, answer) = service.try_send("GET", "/v1/entries/条目1", None, "").unwrap();
    assert_eq!(status, 200);
    let etag = format!("\"{}\"", answer["content_hash"].as_str().unwrap());
    let body = json!({"markdown": entry(1, 7), "why": "备份前"}).to_string();
    let (status, saved) = service.try_send("PUT", "/v1/entries/条目1", Some(&etag), &body).unwrap();
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

/// What was acknowledged by now: the version of each entry, and events.
type Acknowledged = (BTreeMap<usize, usize>, BTreeSet<String>);

/// Edits and picks, until it is told to stop.
fn write_on(service: &Service, stop: &AtomicBool, acknowledged: &Mutex<Acknowledged>) {
    for version in 1.. {
        for number in 0..EDITED {
            let path = format!("/v1/entries/条目{number}");
            let etag = format!("\"{}\"", service.json(&path)["content_hash"].as_str().unwrap());
            let (status, saved) =
                service.try_send("PUT", &path, Some(&etag), &json!({"markdown": entry(number, version)}).to_string()).unwrap();
            assert_eq!(status, 200, "{saved}");
            let found = service.json(&format!("/v1/search?q=第{number}种退款要怎么申请"));
            let id = format!("{version}-{number}");
            let event = json!({"event_id": id, "query_id": found["query_id"], "type": "picked", "entry_id": format!("条目{number}")});
            let (_, taken) = service.try_send("POST", "/v1/events", None, &json!({"events": [event]}).to_string()).unwrap();
            let mut acknowledged = acknowledged.lock().unwrap();
            acknowledged.0.insert(number, version);
            if taken["written"] == true {
                acknowledged.1.insert(id);
            }
            if stop.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}

#[test]
fn a_backup_under_writes_holds_everything_that_was_acknowledged_before_it_began() {
    let (desk, other) = (desk(), tempfile::tempdir().unwrap());
    let service = Service::start(desk.path());
    let (stop, acknowledged) = (AtomicBool::new(false), Mutex::<Acknowledged>::default());
    let before = std::thread::scope(|scope| {
        scope.spawn(|| write_on(&service, &stop, &acknowledged));
        let begin = Instant::now();
        while acknowledged.lock().unwrap().0.values().any(|version| *version < 2) || acknowledged.lock().unwrap().0.len() < EDITED {
            assert!(begin.elapsed() < PATIENCE, "{}", service.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        let before = acknowledged.lock().unwrap().clone();
        let output = run(desk.path(), &["backup", "一份.zip"]);
        stop.store(true, Ordering::Relaxed);
        assert!(output.status.success(), "{output:?}");
        before
    });
    drop(service);
    assert!(!before.1.is_empty(), "no event was written");

    let backup = desk.path().join("一份.zip").display().to_string();
    let restored = run(other.path(), &["restore", &backup]);
    assert!(restored.status.success(), "{restored:?}");
    let kept: Vec<String> = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
        let file = SqliteConnectOptions::new().filename(other.path().join("data/kb/journal.sqlite3"));
        let mut journal = file.connect().await.unwrap();
        sqlx::query_scalar("SELECT event_id FROM events").fetch_all(&mut journal).await.unwrap()
    });
    let kept: BTreeSet<String> = kept.into_iter().collect();
    assert!(before.1.is_subset(&kept), "lost: {:?}", before.1.difference(&kept));
    let service = Service::start(other.path());
    for (number, least) in &before.0 {
        let path = format!("/v1/entries/条目{number}");
        let text = service.json(&path)["markdown"].as_str().unwrap().to_owned();
        let version = (*least..*least + 10_000).find(|version| text == entry(*number, *version));
        assert!(version.is_some(), "version {least} was acknowledged before the backup, it holds {text}");
        // The history that was copied before the files comes up to them.
        let begin = Instant::now();
        loop {
            let history = service.json(&format!("{path}/history"));
            let last = history["versions"][0]["version"].as_str().unwrap_or_default();
            if service.json(&format!("{path}/history/{last}"))["markdown"] == text.as_str() {
                assert!(history["total"].as_u64().unwrap() >= 2, "{history}");
                break;
            }
            assert!(begin.elapsed() < PATIENCE, "{history}");
        }
    }
}
