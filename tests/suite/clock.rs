//! A clock that jumps: what is valid moves with it, and nothing is lost, disordered or prolonged.

use super::degraded::{check_searching, desk, entry, pick_for_good, save, until_well_now};
use super::service::{PATIENCE, Service, put};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The library that gives a program another clock, which a file moves while it runs.
fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.filter_map(|folder| Some(folder.ok()?.path().join("faketime/libfaketimeMT.so.1")));
    folders.chain([PathBuf::from("/usr/lib/faketime/libfaketimeMT.so.1")]).find(|library| library.exists())
}

/// The program by the clock in the file `clock` of a folder.
fn by_clock(faketime: &Path, desk: &Path) -> Command {
    let mut command = Command::new(super::service::PROGRAM);
    command.env("LD_PRELOAD", faketime).env("FAKETIME_TIMESTAMP_FILE", desk.join("clock"));
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    command
}

#[test]
fn a_clock_that_jumps_moves_what_is_valid_and_neither_loses_nor_disorders_anything() {
    let Some(faketime) = faketime() else { return eprintln!("skipped: libfaketime is not here") };
    let desk = desk();
    let day = |days: i64| (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days)).to_string()[..10].to_owned();
    put(
        desk.path(),
        "kb/明后天.md",
        entry("预约").replace("questions", &format!("valid: {{from: {}, until: {}}}\nquestions", day(9), day(11))),
    );
    let jump = |offset: &str| put(desk.path(), "clock", offset);
    jump("+0");
    let service = Service::start_by(by_clock(&faketime, desk.path()), desk.path(), &[]);
    let found = |is_found: bool| {
        service.until("/v1/search?q=预约怎么办", |answer| (answer["hits"][0]["id"] == "明后天") == is_found);
    };
    let mut saved = Vec::new();
    for (number, (offset, is_valid)) in
        [("+0", false), ("+10d", true), ("+20d", false), ("+0", false), ("-5d", false), ("+0", false)].into_iter().enumerate()
    {
        jump(offset);
        found(is_valid);
        check_searching(&service);
        pick_for_good(&service, &number.to_string());
        let text = entry("催发货").replace("这样办", &format!("第{number}次这样办"));
        assert_eq!(save(&service, "催发货", &text).0, 200);
        saved.insert(0, text);
    }
    // Latest first, whatever the clock said.
    let history = service.json("/v1/entries/催发货/history");
    let texts = history["versions"].as_array().unwrap().iter().take(saved.len());
    let texts: Vec<_> = texts
        .map(|version| service.json(&format!("/v1/entries/催发货/history/{}", version["version"].as_str().unwrap()))["markdown"].clone())
        .collect();
    assert_eq!(texts, saved);
    until_well_now(&service);
}

/// Signs in: the status, the cookie, and how long to wait for the next try.
fn sign_in(service: &Service, password: &str) -> (u16, String, u64) {
    let body = json!({ "name": "老板", "password": password }).to_string();
    let answer = service.exchange_as("Content-Type: application/json\r\n", "POST", "/v1/session", &body).unwrap();
    let after = |name: &str| answer.split_once(name).map_or("", |(_, rest)| rest.split([';', '\r']).next().unwrap()).to_owned();
    (after("HTTP/1.1 ")[..3].parse().unwrap(), after("set-cookie: "), after("retry-after: ").parse().unwrap_or(0))
}

#[test]
fn a_clock_that_jumps_signs_nobody_in_for_longer_and_takes_no_notice_from_anybody() {
    let Some(faketime) = faketime() else { return eprintln!("skipped: libfaketime is not here") };
    let desk = desk();
    let mut command = Command::new(super::service::PROGRAM);
    let made = command.args(["user", "add", "老板", "--role", "admin", "--json"]).current_dir(desk.path()).output().unwrap();
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let jump = |offset: &str| put(desk.path(), "clock", offset);
    jump("+0");
    let service = Service::start_by(by_clock(&faketime, desk.path()), desk.path(), &[]);
    let begin_session = || {
        let (status, cookie, _) = sign_in(&service, made["password"].as_str().unwrap());
        assert_eq!(status, 200, "{}", service.log());
        cookie
    };
    let is_signed_in = |cookie: &str| {
        let answer = service.exchange_as(&format!("Cookie: {cookie}\r\n"), "GET", "/v1/session", "").unwrap();
        serde_json::from_str::<Value>(answer.split_once("\r\n\r\n").unwrap().1).unwrap()["name"] == "老板"
    };
    let publish = |text: &str, hours: i64| {
        let until = jiff::Timestamp::now().as_millisecond() + hours * 3_600_000;
        assert_eq!(service.send("POST", "/v1/notices", &json!({ "text": text, "until": until }).to_string()).0, 201, "{text}");
    };
    // What an open panel shows.
    let listening = Listening::new(&service);

    let (right, _) = (begin_session(), publish("两小时", 2));
    publish("三天", 72);
    listening.until_shown(&["两小时", "三天"]);
    for (offset, is_valid, shown) in [
        ("+1d", true, &["三天"][..]),
        // By a wrong clock nothing was lost: it all comes back.
        ("+0", true, &["两小时", "三天"]),
        ("+8d", false, &[]),
        ("+0", true, &["两小时", "三天"]),
    ] {
        jump(offset);
        listening.until_shown(shown);
        assert_eq!(is_signed_in(&right), is_valid, "{offset}");
        check_searching(&service);
    }
    // Who signed in while the clock was ahead would be signed in for a day more than a week; who failed would be shut out for a day.
    jump("+1d");
    let ahead = begin_session();
    assert!(is_signed_in(&ahead));
    while sign_in(&service, "falsches-passwort").0 != 429 {}
    jump("+0");
    assert!(!is_signed_in(&ahead) && is_signed_in(&right));
    let (status, _, wait_s) = sign_in(&service, "falsches-passwort");
    assert!(status == 429 && wait_s <= 15 * 60, "{status}, {wait_s} s");
    // It does not come back either when the clock gets there.
    std::thread::sleep(Duration::from_secs(2));
    jump("+1d");
    assert!(!is_signed_in(&ahead) && is_signed_in(&right));
    // An hour back: what has just begun has not begun yet.
    jump("-1h");
    assert!(!is_signed_in(&right));
    listening.until_shown(&["两小时", "三天"]);
    jump("+0");
    let listed = service.json("/v1/notices/list");
    assert_eq!(listed["notices"].as_array().unwrap().len(), 2, "{listed}");
    until_well_now(&service);
}

/// A panel that hears notices.
struct Listening(Arc<Mutex<BTreeMap<String, String>>>);

impl Listening {
    fn new(service: &Service) -> Listening {
        let mut stream = std::net::TcpStream::connect(&service.address).unwrap();
        let token = service.said["token"].as_str().unwrap();
        write!(stream, "GET /v1/notices HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\r\n", service.address).unwrap();
        let listening = Listening(Arc::default());
        let shown = Arc::clone(&listening.0);
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let Some(event) = line.strip_prefix("data: ").and_then(|event| serde_json::from_str::<Value>(event).ok()) else { continue };
                let (id, text) = (event["id"].as_str().unwrap().to_owned(), event["text"].as_str());
                let mut shown = shown.lock().unwrap();
                match text {
                    Some(text) => shown.insert(id, text.to_owned()),
                    None => shown.remove(&id),
                };
            }
        });
        listening
    }

    fn until_shown(&self, expect: &[&str]) {
        let begin = Instant::now();
        loop {
            let shown: Vec<String> = self.0.lock().unwrap().values().cloned().collect();
            if shown == expect {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "{shown:?} is shown, not {expect:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
