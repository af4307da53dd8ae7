//! A working day, in short: many panels ask over connections that stay open, while files and entries are edited, picks are learned, notices go out
//! and a campaign begins; then twice as much is asked as the service can bear.
//!
//! In the ordinary run it is a few seconds with few connections, which shows that nothing is lost or refused. `HUASHU_SOAK_S` makes it a
//! measurement: so many seconds with a thousand connections, figures on standard error and bounds on them. The day comes in rounds then, each held
//! against what the service bore just before: a machine that others use too is twice as fast in one minute as in the next. `HUASHU_SOAK_PROGRAM`
//! names another build of the program to be measured, `HUASHU_SOAK_CORES` (a list as `taskset` reads it) the cores that it has for itself.

#![cfg(target_os = "linux")]

use super::line::{Asker, Line};
use super::load::{Figures, Pace, load};
use super::service::{PATIENCE, PROGRAM, Service, put};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// How long the day is where nothing says otherwise, in seconds.
const SHORT_S: u64 = 6;

/// From this length on the figures are held to their bounds: a shorter run on a machine that does other things says nothing.
const MEASURED_S: u64 = 60;

/// How long a round of the day is at most, in seconds.
const ROUND_S: u64 = 20;

/// Of what the service can bear, how much a day asks.
const SHARE: f64 = 0.7;

/// Of what the service can bear, how much the idle server is asked: latencies that nothing else disturbs.
const IDLE_SHARE: f64 = 0.02;

/// How many times slower than idle one in a hundred answers may be.
const MAX_SLOWDOWN: f64 = 5.0;

/// Of what the service can bear, how much it still does when it is asked for twice as much.
const MIN_KEPT: f64 = 0.9;

/// How much memory may grow after the first quarter of the first round: what the index's segments, the journal's pages and the allocator's
/// arenas take and give back.
const MAX_GROWTH_KB: u64 = 96 * 1024;

/// From one edit of a file to the next: busier than any desk of trainers.
const FILE_EDITS: Duration = Duration::from_secs(1);

/// The same of edits through the API.
const API_EDITS: Duration = Duration::from_millis(1_700);

/// Customers' messages that picks are learned from.
const PICKED: [&str; 4] = ["货啥时候能出库", "仓库到底安排没有", "我那单今晚能走不", "咋还不给我寄出来"];

/// How much of everything there is.
struct Size {
    length: Duration,
    connections: usize,
    listeners: usize,
    is_measured: bool,
}

impl Size {
    fn of_run() -> Size {
        let asked = std::env::var("HUASHU_SOAK_S").ok().and_then(|text| text.parse().ok());
        let seconds = asked.unwrap_or(SHORT_S);
        // Fewer connections than searches at once: none can be refused, however slow the machine.
        let (connections, listeners) = if asked.is_some() { (1_000, 200) } else { (40, 10) };
        Size { length: Duration::from_secs(seconds), connections, listeners, is_measured: seconds >= MEASURED_S }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let path = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &path);
        } else {
            let _ = fs::copy(entry.path(), path).unwrap();
        }
    }
}

fn entry(title: &str, version: usize) -> String {
    format!("---\ntitle: {title}\n---\n> 亲，{title}，这是第{version}版。\n")
}

/// A campaign that ends then.
fn campaign(desk: &Path, until: &str) {
    put(desk, "kb/lexicon/campaigns.yaml", format!("压测节:\n  - {{phase: 正式, from: 2020-01-01, until: {until}}}\n"));
}

/// Resident memory of a process, in KiB.
fn resident_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// The golden questions of the shipped library: none repeats a phrasing.
fn questions(address: &str) -> Arc<Vec<Vec<u8>>> {
    let golden = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("kb/golden.tsv")).unwrap();
    let lines = golden.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split('\t').next());
    let nobody = Asker { address: address.to_owned(), token: String::new() };
    let ask = |question: &str| nobody.request("POST", "/v1/search", None, &json!({"q": question, "limit": 3}).to_string());
    Arc::new(lines.filter(|line| !line.is_empty()).map(ask).collect())
}

/// What goes on beside the searches; each gives the last that was acknowledged.
struct Day {
    asker: Asker,
    desk: std::path::PathBuf,
    end: Instant,
}

impl Day {
    async fn line(&self) -> Line {
        Line::connect(&self.asker.address).await.unwrap()
    }

    async fn json(&self, line: &mut Line, method: &str, path: &str, etag: Option<&str>, body: &Value) -> Value {
        let answer = line.ask(&self.asker.request(method, path, etag, &body.to_string())).await.expect("no answer");
        assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.json());
        answer.json()
    }

    async fn edit_by_file(&self, last: usize) -> usize {
        for version in last + 1.. {
            put(&self.desk, "kb/现写/文件.md", entry("文件改的条目", version));
            sleep(FILE_EDITS).await;
            if Instant::now() >= self.end {
                return version;
            }
        }
        0
    }

    async fn edit_by_api(&self, last: usize) -> usize {
        let mut line = self.line().await;
        let mut etag = self.json(&mut line, "GET", "/v1/entries/接口", None, &Value::Null).await["content_hash"].clone();
        for version in last + 1.. {
            let (condition, body) = (format!("\"{}\"", etag.as_str().unwrap()), json!({"markdown": entry("接口改的条目", version)}));
            etag = self.json(&mut line, "PUT", "/v1/entries/接口", Some(&condition), &body).await["etag"].clone();
            sleep(API_EDITS).await;
            if Instant::now() >= self.end {
                return version;
            }
        }
        0
    }

    async fn learn(&self) {
        let mut line = self.line().await;
        for turn in 0.. {
            let question = PICKED[turn % PICKED.len()];
            let found = self.json(&mut line, "POST", "/v1/search", None, &json!({"q": question})).await;
            let id = found["query_id"].as_str().unwrap();
            let events = json!({"events": [
                {"event_id": format!("{id}-1"), "query_id": id, "type": "shown"},
                {"event_id": format!("{id}-2"), "query_id": id, "type": "copied", "entry_id": "催发货", "position": 0},
            ]});
            assert_eq!(self.json(&mut line, "POST", "/v1/events", None, &events).await["accepted"], 2);
            if Instant::now() >= self.end {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Hears a stream of notices until it has heard so many.
    async fn listen(&self, expected: usize) {
        let mut stream = TcpStream::connect(&self.asker.address).await.unwrap();
        stream.write_all(&self.asker.request("GET", "/v1/notices", None, "")).await.unwrap();
        let mut heard = Vec::new();
        let hearing = async {
            while String::from_utf8_lossy(&heard).matches("data: {").count() < expected {
                assert!(stream.read_buf(&mut heard).await.unwrap() > 0, "a stream ended: {}", String::from_utf8_lossy(&heard));
            }
        };
        timeout(PATIENCE + (self.end - Instant::now()), hearing).await.expect("a notice was not heard");
    }

    /// Publishes notices, evenly over the round, and lets the campaign begin amid it.
    async fn lead(&self, notices: usize) {
        let mut line = self.line().await;
        let step = (self.end - Instant::now()) / u32::try_from(notices + 1).unwrap();
        campaign(&self.desk, "2020-01-02");
        // Over before the next round.
        let over = std::time::SystemTime::now() + (self.end - Instant::now()) + Duration::from_secs(1);
        let until = i64::try_from(over.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis()).unwrap();
        for number in 0..notices {
            sleep(step).await;
            if number == notices / 2 {
                campaign(&self.desk, "2099-01-01");
            }
            self.json(&mut line, "POST", "/v1/notices", None, &json!({"text": format!("第{number}条通知"), "until": until})).await;
        }
    }

    /// The most memory of the first quarter after the beginning, and of the last.
    async fn watch(&self, pid: u32) -> (u64, u64) {
        let begin = Instant::now();
        let length = self.end - begin;
        let (mut first, mut last) = (0, 0);
        while Instant::now() < self.end {
            let now = resident_kb(pid);
            match begin.elapsed() {
                early if early < length / 4 => first = now.max(first),
                late if late > length * 3 / 4 => last = now.max(last),
                _ => {}
            }
            sleep(Duration::from_millis(100)).await;
        }
        (first, last)
    }
}

fn tell(what: &str, figures: &Figures) {
    eprintln!(
        "{what}: {:.0} good/s, p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms; {} good, {} refused, {} bad",
        figures.per_second(),
        figures.quantile_ms(0.5),
        figures.quantile_ms(0.99),
        figures.quantile_ms(0.999),
        figures.good,
        figures.refused,
        figures.bad.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_load_loses_nothing_and_twice_the_load_is_shed() {
    let size = Size::of_run();
    let desk = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("kb"), &desk.path().join("kb"));
    put(desk.path(), "kb/现写/接口.md", entry("接口改的条目", 0));
    campaign(desk.path(), "2020-01-02");
    put(desk.path(), "kb/现写/压测节.md", "---\ntitle: 压测节的满减规则\ncampaign: 压测节\n---\n> 亲，压测节满减看这里。\n");
    let program = std::env::var("HUASHU_SOAK_PROGRAM").unwrap_or_else(|_| PROGRAM.to_owned());
    let mut command = Command::new("env");
    // As many lines as requests would be measured, too.
    command.arg("HUASHU_LOG=warn");
    if let Ok(cores) = std::env::var("HUASHU_SOAK_CORES") {
        command.args(["taskset", "--cpu-list", &cores]);
    }
    command.arg(program);
    let service = Service::start_by(command, desk.path(), &[]);
    let (address, pid) = (service.address.clone(), service.child.id());
    let questions = questions(&address);
    let rounds = size.length.as_secs().div_ceil(ROUND_S);
    let length = size.length / u32::try_from(rounds).unwrap();
    let part = length / 5;
    let connections = size.connections;
    let (mut by_file, mut by_api) = (0, 0);
    let (mut refused, mut slowdowns, mut kept) = (0, Vec::new(), Vec::new());
    let (mut first, mut last) = (0, 0);
    load(&address, &questions, 8, Pace::Closed, part / 2).await;
    for round in 0..rounds {
        let in_turn = load(&address, &questions, 16, Pace::Closed, part / 2).await;
        tell("16 connections in turn", &in_turn);
        // Of the same connections, and asked in the same way, as on the day: who waits for each answer finds the caches warm.
        let capacity = load(&address, &questions, connections, Pace::Open(2.0 * in_turn.per_second()), part).await;
        tell("capacity, answered where twice that is asked", &capacity);
        assert!(in_turn.bad.is_empty() && capacity.bad.is_empty(), "{:?} {:?}", in_turn.bad.first(), capacity.bad.first());
        let bearable = capacity.per_second();
        let idle = load(&address, &questions, connections, Pace::Open((IDLE_SHARE * bearable).max(20.0)), part).await;
        tell("idle", &idle);

        let day = Arc::new(Day {
            asker: Asker { address: address.clone(), token: service.said["token"].as_str().unwrap().to_owned() },
            desk: desk.path().to_owned(),
            end: Instant::now() + length,
        });
        let notices = 3;
        let listeners: Vec<_> = (0..size.listeners).map(|_| spawn(&day, move |day| async move { day.listen(notices).await })).collect();
        let file = spawn(&day, move |day| async move { day.edit_by_file(by_file).await });
        let api = spawn(&day, move |day| async move { day.edit_by_api(by_api).await });
        let learning = spawn(&day, |day| async move { day.learn().await });
        let leading = spawn(&day, move |day| async move { day.lead(notices).await });
        let watching = spawn(&day, move |day| async move { day.watch(pid).await });
        let busy = load(&address, &questions, connections, Pace::Open(SHARE * bearable), length).await;
        tell("the day, 70 % of capacity", &busy);
        let (begin, end) = watching.await.unwrap();
        (first, last) = (if round == 0 { begin } else { first }, end);
        (by_file, by_api) = (file.await.unwrap(), api.await.unwrap());
        learning.await.unwrap();
        leading.await.unwrap();
        for listener in listeners {
            listener.await.unwrap();
        }
        assert!(busy.bad.is_empty() && busy.good > 0, "{:?}", busy.bad.first());

        let before = resident_kb(pid);
        let over = load(&address, &questions, connections, Pace::Open(2.0 * bearable), part).await;
        tell("twice the capacity", &over);
        let grown = resident_kb(pid).saturating_sub(before);
        assert!(over.bad.is_empty(), "{:?}", over.bad.first());
        assert!(grown < MAX_GROWTH_KB, "memory grew by {grown} KiB");
        refused += busy.refused;
        slowdowns.push(busy.quantile_ms(0.99) / idle.quantile_ms(0.99));
        kept.push(over.per_second() / bearable);
    }
    eprintln!("memory: {first} KiB in the first quarter of the first round, {last} KiB in the last of the last");
    assert!(last < first + MAX_GROWTH_KB, "memory grew from {first} to {last} KiB");

    // Nothing is lost of what went on beside.
    assert!(by_file > 1 && by_api > 1);
    let after = tokio::task::spawn_blocking(move || {
        service.until("/v1/entries/文件", |found| found["markdown"] == entry("文件改的条目", by_file));
        assert_eq!(service.json("/v1/entries/接口")["markdown"], entry("接口改的条目", by_api));
        service.until("/v1/search?q=压测节的满减规则", |found| found["hits"][0]["id"] == "压测节");
        service.until("/v1/phrasings", |phrasings| PICKED.iter().all(|picked| phrasings.to_string().contains(picked)));
        assert_eq!(service.json("/readyz")["status"], "ok");
        assert_eq!(service.get("/healthz").0, 200);
        assert!(!service.log().contains("panicked"), "{}", service.log());
    });
    after.await.unwrap();

    assert_eq!(refused, 0, "searches were refused on the day");
    if size.is_measured {
        let (slowdown, kept) = (median(slowdowns), median(kept));
        eprintln!("p99 of the day is {slowdown:.1} times that of idle; {:.0} % of capacity is kept at twice the load", kept * 100.0);
        assert!(slowdown <= MAX_SLOWDOWN, "{slowdown}");
        assert!(kept >= MIN_KEPT, "{kept}");
    }
}

/// The middle one, or the greater of the two in the middle.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Runs a part of the day beside the others.
fn spawn<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    day: &Arc<Day>,
    part: impl FnOnce(Arc<Day>) -> F,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(part(Arc::clone(day)))
}
