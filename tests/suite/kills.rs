//! The program is killed at any moment of indexing, editing, importing and learning: what it acknowledged is there afterwards.

use crate::service::{PATIENCE, PROGRAM, Service, VARIABLES, put};
use huashu::answer::{Request, answer};
use huashu::live::Live;
use huashu::{golden, journal, library};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// Kills in a test; `scripts/torture` asks for more by `HUASHU_KILLS`.
const KILLS: u64 = 4;

/// Entries that are edited all the time.
const EDITED: usize = 4;

/// Rows of the table that is imported all the time.
const IMPORTED: usize = 25;

/// Entries whose files somebody writes beside the service, so that it never ceases to index.
const BESIDE: usize = 40;

/// Of the golden questions every so many-th is asked after a kill: all of them would take half a minute.
const SAMPLE: usize = 16;

/// Latest moment of a kill, after the start or after the first acknowledgements.
const LATEST_MS: u64 = 2_500;

/// The library that is shipped.
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/kb");

/// Random moments: by `HUASHU_SEED` where the tester wants those of an earlier run.
struct Moments(u64);

impl Moments {
    fn new() -> Moments {
        let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let seed = number_of("HUASHU_SEED").unwrap_or_else(now);
        eprintln!("HUASHU_SEED={seed}");
        Moments(seed)
    }

    /// The next number below a bound (splitmix64).
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Long, so that half of a file is told from the whole.
fn words(version: usize) -> String {
    format!("这是第{version}版的回复，请您稍等。").repeat(150)
}

fn entry(number: usize, version: usize) -> String {
    format!("---\nid: 条目{number}\ntitle: 怎么申请第{number}种退款\n---\n> 亲，{}\n", words(version))
}

fn table(version: usize) -> String {
    let row = |number: usize| format!("导入{number},第{number}种运费怎么算,{}\n", words(version));
    format!("编号,问题,答案\n{}", (0..IMPORTED).map(row).collect::<String>())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &target);
        } else {
            fs::copy(item.path(), target).unwrap();
        }
    }
}

/// The shipped library, entries that are edited, and a table for the command line.
fn desk() -> TempDir {
    let desk = tempfile::tempdir().unwrap();
    copy(Path::new(SHIPPED), &desk.path().join("kb"));
    (0..EDITED).for_each(|number| put(desk.path(), &format!("kb/退款/条目{number}.md"), entry(number, 0)));
    desk
}

/// What was acknowledged before a kill.
#[derive(Debug, Default)]
struct Acknowledged {
    /// Version of each edited entry.
    edits: BTreeMap<usize, usize>,
    /// Version of the imported table.
    import: usize,
    /// Ids of events.
    events: BTreeSet<String>,
}

impl Acknowledged {
    fn add(&mut self, later: Acknowledged) {
        self.edits.extend(later.edits);
        self.import = self.import.max(later.import);
        self.events.extend(later.events);
    }
}

/// Saves version after version of the edited entries until the server dies; gives the last that it acknowledged of each.
fn edit_until_dead(service: &Service, first: usize, begun: &AtomicBool) -> BTreeMap<usize, usize> {
    let mut acknowledged = BTreeMap::new();
    for version in first.. {
        for number in 0..EDITED {
            let path = format!("/v1/entries/条目{number}");
            let current = match service.try_send("GET", &path, None, "") {
                None => return acknowledged,
                Some((200, current)) => current,
                Some(_) => continue,
            };
            let etag = format!("\"{}\"", current["content_hash"].as_str().unwrap());
            let body = json!({"markdown": entry(number, version)}).to_string();
            match service.try_send("PUT", &path, Some(&etag), &body) {
                None => return acknowledged,
                Some((200, _)) => acknowledged.insert(number, version),
                // A machine that is slow just now acknowledges nothing.
                Some((429 | 503, _)) => continue,
                Some((status, body)) => panic!("{status} {body}"),
            };
            begun.store(true, Ordering::Relaxed);
        }
    }
    acknowledged
}

/// Imports version after version of the table until the server dies; gives the last that it acknowledged.
fn import_until_dead(service: &Service, first: usize, begun: &AtomicBool) -> usize {
    let mut acknowledged = 0;
    for version in first.. {
        match service.try_send("POST", "/v1/import?into=导入&overwrite=true&name=t.csv", None, &table(version)) {
            None => break,
            Some((429 | 503, _)) => continue,
            Some((200, answer)) => assert_eq!(answer["counts"]["refused"], 0, "{answer}"),
            Some((status, body)) => panic!("{status} {body}"),
        }
        acknowledged = version;
        begun.store(true, Ordering::Relaxed);
    }
    acknowledged
}

/// Asks and copies what was found until the server dies; gives the events of which it said that they are written.
fn learn_until_dead(service: &Service, kill: u64, begun: &AtomicBool) -> BTreeSet<String> {
    let mut acknowledged = BTreeSet::new();
    for time in 0.. {
        let question = format!("/v1/search?q=我要申请第{}种退款谢谢", time % EDITED);
        let found = match service.try_send("GET", &question, None, "") {
            None => return acknowledged,
            Some((200, found)) => found,
            Some(_) => continue,
        };
        let ids = ["shown", "copied"].map(|kind| format!("{kind}-{kill}-{time}"));
        let events = json!({"events": [
            {"event_id": ids[0], "query_id": found["query_id"], "type": "shown"},
            {"event_id": ids[1], "query_id": found["query_id"], "type": "copied", "entry_id": found["hits"][0]["id"], "position": 0},
        ]});
        match service.try_send("POST", "/v1/events", None, &events.to_string()) {
            None => return acknowledged,
            Some((202, answer)) if answer["written"] == true => {
                acknowledged.extend(ids);
                begun.store(true, Ordering::Relaxed);
            }
            // Nothing is promised of these.
            Some((202 | 429 | 503, _)) => {}
            Some((status, body)) => panic!("{status} {body}"),
        }
    }
    acknowledged
}

/// Everything at once, until the server is killed: after a time, counted from when each activity has something acknowledged where `begun`.
fn work_until_dead(service: &mut Service, desk: &Path, (begun, after): (bool, Duration), kill: u64, first: usize) -> Acknowledged {
    let pid = service.child.id();
    let done = [const { AtomicBool::new(false) }; 3];
    let row = |number: usize| format!("旁{number},旁边第{number}件事,{}\n", words(first));
    put(desk, "表.csv", format!("编号,问题,答案\n{}", (0..BESIDE).map(row).collect::<String>()));
    let (edits, import, events) = std::thread::scope(|scope| {
        let (service, done) = (&*service, &done);
        let edits = scope.spawn(move || edit_until_dead(service, first, &done[0]));
        let import = scope.spawn(move || import_until_dead(service, first, &done[1]));
        let events = scope.spawn(move || learn_until_dead(service, kill, &done[2]));
        // Another program imports meanwhile, and dies as well.
        let mut beside = huashu(desk, &["import", "表.csv", "--into", "kb/旁边", "--overwrite"]).spawn().unwrap();
        let begin = Instant::now();
        while begun && !done.iter().all(|done| done.load(Ordering::Relaxed)) && begin.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(after);
        let _ = beside.kill();
        beside.wait().unwrap();
        Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
        (edits.join().unwrap(), import.join().unwrap(), events.join().unwrap())
    });
    service.child.wait().unwrap();
    Acknowledged { edits, import, events }
}

fn huashu(desk: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(desk).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// All files of a folder, hidden ones too.
fn files(dir: &Path) -> Vec<PathBuf> {
    let items = fs::read_dir(dir).unwrap().map(|item| item.unwrap().path());
    items.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Which version a file holds; fails where it holds a part of one, or of two.
fn version_of(path: &Path) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let version: usize = text.split("这是第").nth(1).and_then(|rest| rest.split('版').next()).unwrap().parse().unwrap();
    assert!(text.contains(&words(version)) && text.matches("这是第").count() == 150 && text.ends_with('\n'), "half written: {text}");
    version
}

/// What was acknowledged is there, and nothing by half.
fn check_files(desk: &Path, acknowledged: &mut Acknowledged) {
    for number in 0..EDITED {
        let path = desk.join(format!("kb/退款/条目{number}.md"));
        let standing = version_of(&path);
        assert_eq!(fs::read_to_string(&path).unwrap(), entry(number, standing));
        let least = acknowledged.edits.get(&number).copied().unwrap_or(0);
        assert!(standing >= least, "{number}: version {least} was acknowledged, {standing} is there");
        acknowledged.edits.insert(number, standing);
    }
    for folder in ["kb/导入", "kb/旁边"].map(|folder| desk.join(folder)).iter().filter(|folder| folder.exists()) {
        let imported = files(folder).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "md"));
        let versions: Vec<usize> = imported.map(|path| version_of(&path)).collect();
        if folder.ends_with("导入") && acknowledged.import > 0 {
            assert_eq!(versions.len(), IMPORTED);
            assert!(versions.iter().all(|version| *version >= acknowledged.import), "{} of {versions:?}", acknowledged.import);
        }
    }
}

async fn open(desk: &Path, file: &str) -> SqliteConnection {
    let mut connection = SqliteConnectOptions::new().filename(desk.join("data/kb").join(file)).connect().await.unwrap();
    let sound: String = sqlx::query_scalar("PRAGMA quick_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(sound, "ok", "{file}");
    connection
}

/// Both databases open and are sound, and the acknowledged events are there.
fn check_databases(desk: &Path, acknowledged: &Acknowledged) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        open(desk, "huashu.sqlite3").await.close().await.unwrap();
        let mut journal = open(desk, journal::FILE).await;
        let kept: Vec<String> = sqlx::query_scalar("SELECT event_id FROM events").fetch_all(&mut journal).await.unwrap();
        journal.close().await.unwrap();
        let kept: BTreeSet<String> = kept.into_iter().collect();
        let lost: Vec<_> = acknowledged.events.difference(&kept).collect();
        assert!(lost.is_empty(), "{lost:?} were acknowledged");
    });
}

/// The index that is left orders what it finds as a fresh one does, once the traces of what was replaced are out of it.
fn check_index(desk: &Path) {
    let (kb, data) = (desk.join("kb"), desk.join("data/kb"));
    let (known, ..) = library::golden::questions(&kb).unwrap();
    let sample = known.iter().step_by(SAMPLE).map(|golden| golden.question.clone());
    let own = (0..EDITED).map(|number| format!("第{number}种退款申请")).chain((0..EDITED).map(|number| format!("第{number}种运费")));
    let questions: Vec<String> = sample.chain(own).collect();
    let learned = Arc::new(journal::read_learned(&data).unwrap());
    let (left, _) = Live::open_with(&kb, &desk.join("index/kb"), Arc::clone(&learned)).unwrap();
    // What the service does first: until then the last commit is served, which knows nothing of files that were written just before the end.
    left.refresh().unwrap();
    // What it does in a quiet minute.
    left.compact().unwrap();
    let fresh = Live::in_memory(&kb).unwrap();
    fresh.learn(learned).unwrap();
    let order = |live: &Live, question: &str| -> Vec<String> {
        let found = answer(&live.snapshot(), &Request { limit: golden::DEPTH, ..Request::new(question) }).unwrap();
        found.hits.iter().map(|hit| hit.entry.id.to_string()).collect()
    };
    for question in &questions {
        assert_eq!(order(&left, question), order(&fresh, question), "{question}");
    }
}

#[test]
fn what_was_acknowledged_survives_being_killed_at_any_moment() {
    let (desk, mut moments, mut acknowledged) = (desk(), Moments::new(), Acknowledged::default());
    let desk = desk.path();
    let mut version = 1;
    for kill in 0..number_of("HUASHU_KILLS").unwrap_or(KILLS) {
        let after = Duration::from_millis(moments.below(LATEST_MS));
        // Of three kills one comes soon after the start, one while the program starts (of these every other one while it indexes everything), and one
        // when everything is under way.
        if kill % 3 == 1 {
            if kill % 2 == 1 && desk.join("index").exists() {
                fs::remove_dir_all(desk.join("index")).unwrap();
            }
            let mut starting = huashu(desk, &["serve", "--listen", "127.0.0.1:0"]).spawn().unwrap();
            std::thread::sleep(after);
            starting.kill().unwrap();
            starting.wait().unwrap();
        } else {
            let mut service = Service::start(desk);
            let left: Vec<_> =
                files(&desk.join("kb")).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "tmp")).collect();
            assert!(left.is_empty(), "a start removes what a kill left: {left:?}");
            acknowledged.add(work_until_dead(&mut service, desk, (kill % 3 == 2, after), kill, version));
            assert!(!service.log().contains("damaged"), "{}", service.log());
        }
        check_files(desk, &mut acknowledged);
        check_databases(desk, &acknowledged);
        check_index(desk);
        version = acknowledged.edits.values().copied().max().unwrap_or(0).max(acknowledged.import) + 2;
    }
    let (edits, events) = (acknowledged.edits.values().sum::<usize>(), acknowledged.events.len());
    eprintln!("versions of edited entries: {edits}; version of the imported table: {}; acknowledged events: {events}", acknowledged.import);
    assert!(acknowledged.edits.values().any(|version| *version > 0), "nothing was edited before a kill");
    assert!(acknowledged.import > 0 && !acknowledged.events.is_empty(), "nothing was imported or learned before a kill");
    // The history knows what stands.
    let service = Service::start(desk);
    for (number, version) in &acknowledged.edits {
        let begin = Instant::now();
        loop {
            let history = service.json(&format!("/v1/entries/条目{number}/history"));
            let last = history["versions"][0]["version"].as_str().unwrap();
            if service.json(&format!("/v1/entries/条目{number}/history/{last}"))["markdown"] == entry(*number, *version) {
                break;
            }
            assert!(begin.elapsed() < PATIENCE, "{number}: the history does not end with version {version}: {history}");
        }
    }
    let learned: Value = service.json("/v1/phrasings");
    assert!(learned.to_string().contains("种退款谢谢"), "{learned}");
}
