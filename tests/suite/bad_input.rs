//! What nobody should put into a library while it is served: each is told, by HTTP or on standard error, and searching goes on.

use super::service::{PROGRAM, Service, VARIABLES, put};
#[cfg(target_os = "linux")]
use super::system::Disk;
#[cfg(unix)]
use super::system::ordinary_user;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Entries of the library that is served.
const ENTRIES: [(&str, &str); 3] = [
    ("售中/催发货.md", "---\ntitle: 催发货\nquestions: [怎么还没发货]\n---\n催促发货时用。\n\n> 亲，今天发出。\n"),
    ("售后/退货运费.md", "---\ntitle: 退货运费谁出\nquestions: [运费险怎么赔]\n---\n问运费时用。\n\n> 有运费险的，保险赔给您。\n"),
    ("政策/无理由.md", "---\ntitle: 七天无理由退货\nkind: policy\n---\n签收后七天内可以退。\n"),
];

/// How long a search may wait while much else is done, on the slowest machine that runs the tests; people wait for a tenth of that.
const LONGEST_SEARCH: Duration = Duration::from_secs(5);

/// A folder with the library in `kb`.
fn desk() -> TempDir {
    let desk = tempfile::tempdir().unwrap();
    put_library(desk.path());
    desk
}

fn put_library(desk: &Path) {
    for (path, text) in ENTRIES {
        put(desk, &format!("kb/{path}"), text);
    }
}

fn entry(title: &str) -> String {
    format!("---\ntitle: {title}\nquestions: [{title}怎么办]\n---\n问{title}时用。\n\n> 亲，{title}这样办。\n")
}

/// What was there before is found as before, soon.
fn check_searching(service: &Service) {
    let begin = Instant::now();
    assert_eq!(service.first("怎么还没发货").as_deref(), Some("催发货"));
    assert!(begin.elapsed() < LONGEST_SEARCH, "a search took {:?}", begin.elapsed());
}

/// An entry saved now is found: the service has not only survived, it still follows the folder.
fn check_following(service: &Service, desk: &Path, title: &str) {
    put(desk, &format!("kb/后来/{title}.md"), entry(title));
    service.until(&format!("/v1/search?q={title}怎么办"), |answer| answer["hits"][0]["id"] == title);
}

fn codes(problems: &Value) -> Vec<&str> {
    problems["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect()
}

#[test]
fn files_that_cannot_be_read_are_problems_and_the_last_good_version_is_served() {
    let desk = desk();
    let service = Service::start(desk.path());
    let million = format!("{}{}", entry("百万"), "长".repeat(1_000_000)).into_bytes();
    let binary: Vec<u8> = b"\x89PNG\r\n\x1a\n".iter().copied().chain((0..=255).cycle().take(100_000)).collect();
    let anchors: String = (1..30).map(|level| format!("k{level}: &k{level} [{}]\n", format!("*k{},", level - 1).repeat(9))).collect();
    let laughs = format!("---\nk0: &k0 哈\n{anchors}---\n> 亲\n").into_bytes();
    let depth = format!("---\ntitle: {}\n---\n> 亲\n", "[".repeat(30_000)).into_bytes();
    let good = ENTRIES[0].1;
    for (bytes, code) in [(million, "file-too-large"), (binary, "not-utf8"), (laughs, "front-matter"), (depth, "front-matter")] {
        put(desk.path(), "kb/坏.md", &bytes);
        put(desk.path(), "kb/售中/催发货.md", &bytes);
        let problems = service.until("/v1/problems", |problems| codes(problems) == [code, code]);
        assert_eq!((&problems["problems"][0]["path"], &problems["errors"]), (&json!("售中/催发货.md"), &json!(2)), "{problems}");
        check_searching(&service);
        assert_eq!(service.json("/readyz")["status"], "ok", "a problem is no fault of the service");
        put(desk.path(), "kb/售中/催发货.md", good);
        service.until("/v1/problems", |problems| codes(problems) == [code]);
    }
    fs::remove_file(desk.path().join("kb/坏.md")).unwrap();
    service.until("/v1/problems", |problems| codes(problems).is_empty());
    check_following(&service, desk.path(), "集运");
}

#[cfg(unix)]
#[test]
fn links_out_of_the_library_are_problems_and_nothing_behind_them_is_found() {
    use std::os::unix::fs::symlink;
    let (desk, outside) = (desk(), tempfile::tempdir().unwrap());
    put(outside.path(), "密码.md", entry("保险柜密码"));
    let service = Service::start(desk.path());
    symlink(outside.path().join("密码.md"), desk.path().join("kb/密码.md")).unwrap();
    symlink(outside.path(), desk.path().join("kb/外面")).unwrap();
    let problems = service.until("/v1/problems", |problems| codes(problems).len() == 2);
    assert_eq!(codes(&problems), ["link-outside", "link-outside"], "{problems}");
    assert_ne!(service.first("保险柜密码怎么办").as_deref(), Some("密码"));
    assert_eq!(service.json("/v1/library")["entries"], 3);
    check_searching(&service);
    check_following(&service, desk.path(), "集运");
}

#[test]
fn ten_thousand_files_at_once_are_searchable_and_searches_do_not_wait_for_them() {
    const FILES: usize = 10_000;
    let desk = desk();
    let service = Service::start(desk.path());
    for number in 0..FILES {
        put(desk.path(), &format!("kb/导入/{}/第{number}号.md", number % 20), entry(&format!("第{number}号")));
    }
    let mut searches = 0;
    let begin = Instant::now();
    while service.json("/v1/library")["entries"] != json!(ENTRIES.len() + FILES) {
        check_searching(&service);
        searches += 1;
        assert!(begin.elapsed() < super::service::PATIENCE, "not all are there after {:?}: {}", begin.elapsed(), service.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(searches > 0, "all were there before anybody could ask");
    for number in [0, 4_999, FILES - 1] {
        let id = format!("第{number}号");
        assert_eq!(service.first(&format!("{id}怎么办")), Some(id));
    }
    assert_eq!((codes(&service.json("/v1/problems")), service.json("/readyz")["status"].as_str()), (vec![], Some("ok")));
    fs::remove_dir_all(desk.path().join("kb/导入")).unwrap();
    service.until("/v1/library", |library| library["entries"] == ENTRIES.len());
    check_searching(&service);
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder_is_a_problem_and_what_was_in_it_is_served_on() {
    use std::os::unix::fs::PermissionsExt;
    let desk = desk();
    let Some(command) = ordinary_user(desk.path()) else { return };
    let service = Service::start_by(command, desk.path(), &[]);
    let allow = |mode| fs::set_permissions(desk.path().join("kb/售中"), fs::Permissions::from_mode(mode)).unwrap();
    allow(0o000);
    let problems = service.until("/v1/problems", |problems| !codes(problems).is_empty());
    assert_eq!((codes(&problems), &problems["problems"][0]["path"]), (vec!["unreadable-folder"], &json!("售中")));
    check_searching(&service);
    check_following(&service, desk.path(), "集运");
    check_searching(&service);
    allow(0o755);
    service.until("/v1/problems", |problems| codes(problems).is_empty());
    // Nothing at all can be read: that is no problem of a file but a fault of the service, and it goes on with what it has.
    fs::set_permissions(desk.path().join("kb"), fs::Permissions::from_mode(0o000)).unwrap();
    put(desk.path(), "touched", "");
    check_searching(&service);
    service.until("/readyz", |ready| ready["faults"][0]["part"] == "library");
    fs::set_permissions(desk.path().join("kb"), fs::Permissions::from_mode(0o755)).unwrap();
    check_following(&service, desk.path(), "转寄");
    service.until("/readyz", |ready| ready["status"] == "ok");
}

/// Exit code and standard error of a command that runs beside the service.
#[cfg(target_os = "linux")]
fn run(desk: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(PROGRAM);
    for name in VARIABLES {
        command.env_remove(name);
    }
    let output = command.args(arguments).current_dir(desk).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_the_index_is_told_and_made_good_once_there_is_room() {
    let Some(disk) = Disk::mount() else { return };
    let desk = desk();
    let index = disk.path().join("index").display().to_string();
    let service = Service::start_by(Command::new(PROGRAM), desk.path(), &["--index", &index]);
    disk.fill();
    put(desk.path(), "kb/集运.md", entry("集运"));
    let ready = service.until("/readyz", |ready| ready["status"] == "degraded");
    assert!(ready["reason"].as_str().unwrap().contains("No space left"), "{ready}");
    service.until_logged("No space left");
    for _ in 0..3 {
        check_searching(&service);
        // Each change tries again, and none of them breaks what is served.
        put(desk.path(), "kb/转寄.md", entry("转寄"));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_ne!(service.first("集运怎么办").as_deref(), Some("集运"));
    disk.free();
    check_following(&service, desk.path(), "自提");
    for id in ["集运", "转寄"] {
        assert_eq!(service.first(&format!("{id}怎么办")).as_deref(), Some(id));
    }
    service.until("/readyz", |ready| *ready == json!({"status": "ok"}));
    drop(service);
    let again = Service::start_by(Command::new(PROGRAM), desk.path(), &["--index", &index]);
    assert!(!again.log().contains("rebuilt"), "the index is whole: {}", again.log());
    check_searching(&again);
}

#[cfg(target_os = "linux")]
#[test]
fn a_service_that_cannot_begin_on_a_full_disk_says_so() {
    let Some(disk) = Disk::mount() else { return };
    let desk = desk();
    disk.fill();
    for (flag, what) in [("--index", "索引"), ("--data", "台账")] {
        let folder = disk.path().join("new").display().to_string();
        let (code, err) = run(desk.path(), &["serve", "--listen", "127.0.0.1:0", flag, &folder]);
        assert_eq!(code, Some(2), "{flag}: {err}");
        let told = err.lines().find(|line| line.starts_with("错误：")).unwrap_or_else(|| panic!("{flag}: {err}"));
        assert!(told.contains("磁盘满了") && told.contains(what), "{told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_the_library_stops_an_import_and_leaves_no_half_file() {
    let Some(disk) = Disk::mount() else { return };
    put_library(disk.path());
    let (index, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folders = ["--index", index.path().to_str().unwrap(), "--data", data.path().to_str().unwrap()];
    put(index.path(), "表.csv", "编号,问题,答案\na1,集运怎么办,集运这样办\na2,转寄怎么办,转寄这样办\na3,自提怎么办,自提这样办\n");
    let table = index.path().join("表.csv").display().to_string();
    put(disk.path(), "kb/library.toml", "format = 1\n");
    let service = Service::start_by(Command::new(PROGRAM), disk.path(), &folders);
    let import = || run(disk.path(), &[&["import", &table, "--into", "kb/导入"], &folders[..]].concat());
    disk.fill();
    let (code, err) = import();
    assert!(code == Some(2) && err.contains("磁盘满了") && err.contains("再导入一次"), "{err}");
    for file in fs::read_dir(disk.path().join("kb/导入")).unwrap() {
        let path = file.unwrap().path();
        let is_whole = path.extension().is_some_and(|ending| ending == "md") && fs::read_to_string(&path).unwrap().ends_with("这样办\n");
        assert!(is_whole, "{} is half written", path.display());
    }
    check_searching(&service);
    assert_eq!((codes(&service.json("/v1/problems")), service.json("/readyz")["status"].as_str()), (vec![], Some("ok")));
    disk.free();
    let (code, err) = import();
    assert_eq!(code, Some(0), "{err}");
    service.until("/v1/search?q=自提怎么办", |answer| answer["hits"][0]["id"] == "a3");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_the_journal_is_told_and_what_waits_is_written_once_there_is_room() {
    let Some(disk) = Disk::mount() else { return };
    let desk = desk();
    let data = disk.path().join("data").display().to_string();
    let service = Service::start_by(Command::new(PROGRAM), desk.path(), &["--data", &data]);
    let pick = |question: &str| {
        let query_id = service.json(&format!("/v1/search?q={question}"))["query_id"].as_str().unwrap().to_owned();
        let events = json!({"events": [
            {"event_id": format!("{query_id}-1"), "query_id": query_id, "type": "shown"},
            {"event_id": format!("{query_id}-2"), "query_id": query_id, "type": "copied", "entry_id": "催发货", "position": 0},
        ]});
        let (status, answer) = service.send("POST", "/v1/events", &events.to_string());
        assert_eq!(status, 202, "nobody who searches waits for the journal: {answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["written"].as_bool().unwrap()
    };
    let learned = |total: usize| service.until("/v1/phrasings", |phrasings| phrasings["total"] == total);
    pick("货啥时候能出库");
    learned(1);
    disk.fill();
    assert!(!pick("仓库到底安排没有"), "it was told to be written onto a full disk");
    let ready = service.until("/readyz", |ready| ready["status"] == "degraded");
    let fault = &ready["faults"][0];
    assert!(fault["part"] == "journal" && fault["why"].as_str().unwrap().contains("is full"), "{ready}");
    assert!(service.json("/v1/library")["degraded"].as_str().unwrap().contains("流水"));
    service.until_logged("is full");
    check_searching(&service);
    disk.free();
    // Nothing is lost, and nobody has to send it again.
    let phrasings = learned(2);
    assert!(phrasings.to_string().contains("仓库到底安排没有"), "{phrasings}");
    service.until("/readyz", |ready| ready["status"] == "ok");
    pick("我那单今晚能走不");
    learned(3);
    check_following(&service, desk.path(), "集运");
}
