//! Parts that fail while the service runs: told in `/readyz`, once in the log and on the page; the others go on; over when the cause is, without a
//! restart.

use super::service::{PATIENCE, Service, put};
#[cfg(unix)]
use super::system::ordinary_user;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use tempfile::TempDir;

pub(crate) fn entry(title: &str) -> String {
    format!("---\ntitle: {title}\nquestions: [{title}怎么办]\n---\n问{title}时用。\n\n> 亲，{title}这样办。\n")
}

pub(crate) fn desk() -> TempDir {
    let desk = tempfile::tempdir().unwrap();
    put(desk.path(), "kb/library.toml", "format = 1\n");
    ["催发货", "退运费", "换颜色"].iter().for_each(|title| put(desk.path(), &format!("kb/售中/{title}.md"), entry(title)));
    desk
}

pub(crate) fn check_searching(service: &Service) {
    assert_eq!(service.first("催发货怎么办").as_deref(), Some("催发货"), "{}", service.log());
}

/// An entry saved now is found.
fn check_following(service: &Service, desk: &Path, title: &str) {
    put(desk, &format!("kb/后来/{title}.md"), entry(title));
    service.until(&format!("/v1/search?q={title}怎么办"), |answer| answer["hits"][0]["id"] == title);
}

/// Waits until a part is told to fail, with everything that people need to know; and that the log says it once.
fn until_failing(service: &Service, part: &str) {
    let ready = service.until("/readyz", |ready| ready["faults"][0]["part"] == part);
    let fault = &ready["faults"][0];
    assert_eq!(ready["status"], "degraded");
    assert!(fault["since"].as_i64().unwrap() > 0 && ready["reason"] == fault["why"], "{ready}");
    for told in ["why", "remedy", "zh"] {
        assert!(fault[told].as_str().is_some_and(|told| !told.is_empty()), "{told}: {ready}");
    }
    assert_eq!(service.json("/v1/library")["degraded"], fault["zh"]);
    service.until_logged(&format!("part=\"{part}\""));
    assert_eq!(told(service, part), 1, "{}", service.log());
    check_searching(service);
}

/// How often the log says that a part does not work.
fn told(service: &Service, part: &str) -> usize {
    let quoted = format!("part=\"{part}\"");
    service.log().lines().filter(|line| line.contains("does not work now") && line.contains(&quoted)).count()
}

fn until_well(service: &Service) {
    service.until("/readyz", |ready| *ready == json!({"status": "ok"}));
    assert_eq!(service.json("/v1/library")["degraded"], Value::Null);
    service.until_logged("works again");
    check_searching(service);
}

pub(crate) fn save(service: &Service, id: &str, text: &str) -> (u16, Value) {
    let path = format!("/v1/entries/{id}");
    let (_, current) = service.try_send("GET", &path, None, "").unwrap();
    let etag = format!("\"{}\"", current["content_hash"].as_str().unwrap());
    service.try_send("PUT", &path, Some(&etag), &json!({"markdown": text}).to_string()).unwrap()
}

/// The first file of a folder with one of these endings.
fn file_of(dir: &Path, endings: &[&str]) -> PathBuf {
    let mut files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    files.find(|path| path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known))).unwrap()
}

#[test]
fn an_index_that_is_removed_or_damaged_while_it_is_served_is_built_anew() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("the folder is removed", |index| fs::remove_dir_all(index).unwrap()),
        ("a bit is flipped", |index| {
            let mut file = fs::OpenOptions::new().read(true).write(true).open(file_of(&index.join("phrasings"), &["term", "idx"])).unwrap();
            let middle = file.metadata().unwrap().len() / 2;
            let mut byte = [0];
            file.seek(SeekFrom::Start(middle)).unwrap();
            std::io::Read::read_exact(&mut file, &mut byte).unwrap();
            file.seek(SeekFrom::Start(middle)).unwrap();
            file.write_all(&[byte[0] ^ 1]).unwrap();
        }),
        ("a file is removed", |index| fs::remove_file(file_of(&index.join("passages"), &["term", "idx"])).unwrap()),
        ("the list of segments is cut short", |index| {
            // By another file: what cuts one short that is mapped ends the process.
            fs::remove_file(index.join("phrasings/meta.json")).unwrap();
        }),
    ];
    let desk = desk();
    let service = Service::start(desk.path());
    for (number, (name, damage)) in damages.into_iter().enumerate() {
        check_searching(&service);
        damage(&desk.path().join("index/kb"));
        let begin = Instant::now();
        while told(&service, "index") <= number {
            check_searching(&service);
            assert!(begin.elapsed() < PATIENCE, "{name} was not noticed: {}", service.log());
        }
        until_well(&service);
        check_following(&service, desk.path(), &format!("第{number}件"));
    }
    drop(service);
    let again = Service::start(desk.path());
    assert!(!again.log().contains("rebuilt"), "what was built anew is whole: {}", again.log());
    check_searching(&again);
}

#[cfg(unix)]
fn allow(folder: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_library_that_may_not_be_written_refuses_edits_clearly_and_is_searched() {
    let desk = desk();
    let Some(command) = ordinary_user(desk.path()) else { return };
    // Where the tester is root the folder becomes that of the user; else it is theirs already.
    let _ = std::os::unix::fs::chown(desk.path().join("kb/售中"), Some(65_534), None);
    let service = Service::start_by(command, desk.path(), &[]);
    allow(&desk.path().join("kb/售中"), 0o555);
    for _ in 0..3 {
        let (status, problem) = save(&service, "催发货", &entry("催发货"));
        assert_eq!((status, &problem["code"]), (503, &json!("library_down")), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("ermission denied"), "{problem}");
    }
    until_failing(&service, "editing");
    allow(&desk.path().join("kb/售中"), 0o755);
    until_well(&service);
    let (status, answer) = save(&service, "催发货", &entry("催发货").replace("这样办", "今天办"));
    assert_eq!(status, 200, "{answer}");
}

#[cfg(unix)]
#[test]
fn an_index_folder_that_may_not_be_written_serves_the_last_commit_until_it_may() {
    let desk = desk();
    let Some(command) = ordinary_user(desk.path()) else { return };
    let service = Service::start_by(command, desk.path(), &[]);
    let folders = ["phrasings", "passages", "learned"].map(|name| desk.path().join("index/kb").join(name));
    folders.iter().for_each(|folder| allow(folder, 0o555));
    put(desk.path(), "kb/集运.md", entry("集运"));
    until_failing(&service, "index");
    folders.iter().for_each(|folder| allow(folder, 0o755));
    service.until("/v1/search?q=集运怎么办", |answer| answer["hits"][0]["id"] == "集运");
    until_well(&service);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// A database of the running service, opened beside it, in which nobody else writes until the result is dropped.
fn locked(runtime: &tokio::runtime::Runtime, path: &Path) -> SqliteConnection {
    runtime.block_on(async {
        let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        connection
    })
}

fn unlock(runtime: &tokio::runtime::Runtime, connection: SqliteConnection) {
    runtime.block_on(connection.close()).unwrap();
}

fn pick(service: &Service, event: &str) -> bool {
    let found = service.json("/v1/search?q=货啥时候能出库");
    let events = json!({"events": [{"event_id": event, "query_id": found["query_id"], "type": "picked", "entry_id": "催发货"}]});
    let (status, answer) = service.try_send("POST", "/v1/events", None, &events.to_string()).unwrap();
    assert_eq!(status, 202, "{answer}");
    answer["written"].as_bool().unwrap()
}

/// Tells of one event until it is on the disk: twice is as once.
pub(crate) fn pick_for_good(service: &Service, event: &str) {
    let begin = Instant::now();
    while !pick(service, event) {
        assert!(begin.elapsed() < PATIENCE, "{}", service.log());
    }
}

fn kept_events(runtime: &tokio::runtime::Runtime, data: &Path) -> Vec<String> {
    runtime.block_on(async {
        let mut connection = SqliteConnectOptions::new().filename(data.join("journal.sqlite3")).connect().await.unwrap();
        let kept = sqlx::query_scalar("SELECT event_id FROM events ORDER BY event_id").fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        kept
    })
}

#[test]
fn a_journal_that_another_process_holds_loses_nothing_and_nobody_waits_for_it() {
    let (desk, runtime) = (desk(), runtime());
    let data = desk.path().join("data/kb");
    let service = Service::start(desk.path());
    pick_for_good(&service, "1");
    let held = locked(&runtime, &data.join("journal.sqlite3"));
    assert!(!pick(&service, "2"));
    until_failing(&service, "journal");
    assert!(!pick(&service, "3"));
    unlock(&runtime, held);
    until_well(&service);
    pick_for_good(&service, "4");
    assert_eq!(kept_events(&runtime, &data), ["1", "2", "3", "4"]);
}

#[test]
fn a_journal_that_another_process_holds_at_the_start_is_opened_later() {
    let (desk, runtime) = (desk(), runtime());
    let data = desk.path().join("data/kb");
    pick_for_good(&Service::start(desk.path()), "1");
    let held = runtime.block_on(async {
        let mut connection = SqliteConnectOptions::new().filename(data.join("journal.sqlite3")).connect().await.unwrap();
        sqlx::query("PRAGMA locking_mode = EXCLUSIVE").execute(&mut connection).await.unwrap();
        sqlx::query("BEGIN EXCLUSIVE").execute(&mut connection).await.unwrap();
        connection
    });
    let service = Service::start(desk.path());
    until_failing(&service, "journal");
    assert!(!pick(&service, "2"));
    unlock(&runtime, held);
    until_well(&service);
    let begin = Instant::now();
    while kept_events(&runtime, &data) != ["1", "2"] {
        assert!(begin.elapsed() < PATIENCE, "{}", service.log());
    }
    service.until("/v1/phrasings", |phrasings| phrasings["total"] == 1);
}

#[test]
fn a_journal_that_is_damaged_or_removed_while_it_runs_is_begun_anew() {
    let (desk, runtime) = (desk(), runtime());
    let data = desk.path().join("data/kb");
    pick_for_good(&Service::start(desk.path()), "1");
    let file = data.join("journal.sqlite3");
    // Everything is in the file itself: what is in the log of a running service would heal it.
    runtime.block_on(async {
        let mut connection = SqliteConnectOptions::new().filename(&file).connect().await.unwrap();
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
    let service = Service::start(desk.path());
    let mut damaged = fs::OpenOptions::new().write(true).open(&file).unwrap();
    let length = usize::try_from(damaged.metadata().unwrap().len()).unwrap();
    damaged.write_all(&vec![0x5a; length]).unwrap();
    // A report reads the file and meets the damage.
    let begin = Instant::now();
    while !service.log().contains("set aside") {
        let _ = service.get("/v1/reports/usage");
        check_searching(&service);
        assert!(begin.elapsed() < PATIENCE, "{}", service.log());
    }
    pick_for_good(&service, "2");
    until_well_now(&service);
    assert!(fs::read_dir(&data).unwrap().any(|file| file.unwrap().file_name().to_string_lossy().contains(".broken-")));

    fs::remove_file(&file).unwrap();
    service.until_logged("was removed or replaced");
    pick_for_good(&service, "3");
    assert_eq!(kept_events(&runtime, &data), ["3"]);
    until_well_now(&service);
}

pub(crate) fn until_well_now(service: &Service) {
    service.until("/readyz", |ready| *ready == json!({"status": "ok"}));
}

#[test]
fn a_register_that_another_process_holds_refuses_edits_clearly_until_it_is_free() {
    let (desk, runtime) = (desk(), runtime());
    let service = Service::start(desk.path());
    let held = locked(&runtime, &desk.path().join("data/kb/huashu.sqlite3"));
    let (status, problem) = save(&service, "催发货", &entry("催发货").replace("这样办", "今天办"));
    assert_eq!((status, &problem["code"]), (503, &json!("register_down")), "{problem}");
    until_failing(&service, "register");
    assert!(fs::read_to_string(desk.path().join("kb/售中/催发货.md")).unwrap().contains("这样办"), "without an intent nothing is written");
    unlock(&runtime, held);
    until_well(&service);
    assert_eq!(save(&service, "催发货", &entry("催发货").replace("这样办", "今天办")).0, 200);
}

#[test]
fn a_register_that_is_taken_away_while_it_runs_is_told_and_nothing_is_written_into_a_file_without_a_name() {
    let desk = desk();
    let service = Service::start(desk.path());
    let file = desk.path().join("data/kb/huashu.sqlite3");
    fs::rename(&file, desk.path().join("elsewhere")).unwrap();
    let (status, problem) = save(&service, "催发货", &entry("催发货").replace("这样办", "今天办"));
    assert_eq!((status, &problem["code"]), (503, &json!("register_down")), "{problem}");
    until_failing(&service, "register");
    fs::rename(desk.path().join("elsewhere"), &file).unwrap();
    until_well(&service);
    assert_eq!(save(&service, "催发货", &entry("催发货").replace("这样办", "今天办")).0, 200);
}

#[cfg(unix)]
#[test]
fn a_data_folder_that_may_not_be_written_refuses_the_start_and_does_not_disturb_a_service_that_runs() {
    let desk = desk();
    let Some(command) = ordinary_user(desk.path()) else { return };
    let program = PathBuf::from(command.get_program());
    let arguments: Vec<_> = command.get_args().map(std::ffi::OsStr::to_owned).collect();
    let service = Service::start_by(command, desk.path(), &[]);
    let data = desk.path().join("data/kb");
    allow(&data, 0o555);
    pick_for_good(&service, "1");
    check_searching(&service);
    drop(service);
    allow(&data, 0o755);
    fs::remove_file(data.join("huashu.sqlite3")).unwrap();
    allow(&data, 0o555);
    let mut again = Command::new(program);
    let refused = again.args(arguments).args(["serve", "--listen", "127.0.0.1:0"]).current_dir(desk.path()).output().unwrap();
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(2) && told.contains("台账"), "{told}");
}
