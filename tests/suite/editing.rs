//! Editing over HTTP: who was first wins, the other is told, and the history has everything.

use crate::team::encoded;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use huashu::editing::{Beside, Version, Way};
use huashu::http::{AppState, router};
use huashu::library::watch::Mode;
use huashu::live::Live;
use huashu::register::Register;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tower::ServiceExt;

const TOKEN: &str = "the local token";

const ENTRY: &str = "---\ntitle: 催发货\nquestions: [怎么还没发货]\n---\n\n买家催发货时用。\n\n> 亲，今天发出。\n";

/// A library of one entry, served with a register.
struct Desk {
    _dir: TempDir,
    kb: PathBuf,
    live: Arc<Live>,
    register: Register,
    state: AppState,
    router: Router,
}

struct Reply {
    status: u16,
    etag: String,
    json: Value,
}

impl Desk {
    async fn new() -> Desk {
        Desk::with(&[("物流/催发货.md", ENTRY)]).await
    }

    async fn with(files: &[(&str, &str)]) -> Desk {
        let dir = tempfile::tempdir().unwrap();
        let kb = dir.path().join("kb");
        fs::create_dir(&kb).unwrap();
        for (path, text) in files {
            put(&kb, path, text);
        }
        let live = Arc::new(Live::in_memory(&kb).unwrap());
        let register = Register::open(&dir.path().join("data")).await.unwrap();
        let state = AppState::new(Arc::clone(&live)).with_register(register.clone()).with_token(TOKEN);
        Desk { _dir: dir, kb, live, register, router: router(state.clone()), state }
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.kb.join(path)).unwrap()
    }

    async fn send(&self, method: &str, path: &str, if_match: Option<&str>, body: &Value) -> Reply {
        let mut request = Request::builder().method(method).uri(encoded(path)).header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
        request = request.header(header::CONTENT_TYPE, "application/json").header("huashu-client", "studio");
        if let Some(etag) = if_match {
            request = request.header(header::IF_MATCH, etag);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let etag = parts.headers.get(header::ETAG).map_or("", |etag| etag.to_str().unwrap()).to_owned();
        Reply { status: parts.status.as_u16(), etag, json: serde_json::from_slice(&body).unwrap_or_default() }
    }

    async fn get(&self, path: &str) -> Value {
        let reply = self.send("GET", path, None, &Value::Null).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.json);
        reply.json
    }

    /// `action way path` of each version, oldest first.
    async fn history(&self, id: &str) -> Vec<String> {
        let history = self.get(&format!("/v1/entries/{id}/history")).await;
        let mut versions = history["versions"].as_array().unwrap().clone();
        versions.reverse();
        let word = |version: &Value, key: &str| version[key].as_str().unwrap().to_owned();
        versions.iter().map(|version| format!("{} {} {}", word(version, "action"), word(version, "way"), word(version, "path"))).collect()
    }
}

fn put(kb: &Path, path: &str, text: &str) {
    let path = kb.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[tokio::test]
async fn what_went_by_whatever_way_is_listed_until_it_is_back() {
    let other = ENTRY.replace("催发货", "退运费");
    let desk = Desk::with(&[("物流/催发货.md", ENTRY), ("售后/退运费.md", &other)]).await;
    let gone = async || {
        let gone = desk.get("/v1/removed").await;
        let word = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
        let line = |entry: &Value| ["id", "title", "path", "way", "why"].map(|key| word(entry, key)).join(" ");
        (gone["entries"].as_array().unwrap().iter().map(line).collect::<Vec<_>>(), gone["entries"][0]["version"].clone())
    };
    let _beside = desk.state.look_beside().unwrap();
    let hash = format!("\"{}\"", desk.get("/v1/entries/催发货").await["content_hash"].as_str().unwrap());
    let moved = desk.send("PUT", "/v1/entries/催发货", Some(&hash), &json!({ "markdown": ENTRY, "folder": "售中" })).await;
    assert_eq!(moved.status, 200, "{}", moved.json);
    assert_eq!(gone().await.0, Vec::<String>::new(), "what moved is there");
    let deleted = desk.send("DELETE", "/v1/entries/催发货?why=不用了", Some(&hash), &Value::Null).await;
    assert_eq!(deleted.status, 200, "{}", deleted.json);
    let (listed, version) = gone().await;
    assert_eq!(listed, ["催发货 催发货 售中/催发货.md studio 不用了"]);
    fs::remove_file(desk.kb.join("售后/退运费.md")).unwrap();
    let begin = Instant::now();
    while gone().await.0.len() < 2 {
        assert!(begin.elapsed() < Duration::from_secs(60), "a file that went by hand is listed");
        desk.live.refresh().unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(gone().await.0[0], "退运费 退运费 售后/退运费.md file ");
    let back = desk.send("POST", "/v1/entries/催发货/restore", None, &json!({ "version": version })).await;
    assert_eq!(back.status, 200, "{}", back.json);
    assert_eq!((gone().await.0.len(), desk.text("售中/催发货.md").as_str()), (1, ENTRY));
}

#[tokio::test]
async fn an_entry_lives_over_the_api_from_its_making_to_its_return() {
    let desk = Desk::new().await;
    let new =
        json!({ "folder": "售后", "markdown": "---\ntitle: 怎么退货？\nquestions: [怎么退]\n---\n\n> 亲，点退货。\n", "why": "新来的" });
    let made = desk.send("POST", "/v1/entries", None, &new).await;
    assert_eq!((made.status, &made.json["id"], &made.json["path"]), (201, &json!("怎么退货"), &json!("售后/怎么退货.md")), "{}", made.json);
    assert_eq!(made.etag, format!("\"{}\"", made.json["etag"].as_str().unwrap()));
    assert_eq!(desk.get("/v1/search?q=怎么退").await["hits"][0]["id"], "怎么退货", "searched when the answer comes");
    assert_eq!(desk.send("POST", "/v1/entries", None, &new).await.json["code"], "exists");

    let reworded = json!({ "markdown": "---\ntitle: 怎么退货？\nquestions: [怎么退]\n---\n\n> 亲，点申请退货。\n", "folder": "售后/退货", "why": "说清楚" });
    let entry = "/v1/entries/怎么退货";
    assert_eq!(desk.send("PUT", entry, None, &reworded).await.status, 428);
    let saved = desk.send("PUT", entry, Some(&made.etag), &reworded).await;
    assert_eq!((saved.status, &saved.json["path"]), (200, &json!("售后/退货/怎么退货.md")), "{}", saved.json);
    assert!(!desk.kb.join("售后/怎么退货.md").exists());
    assert_eq!(saved.json["warnings"], json!([]));

    // The ETag that reading gives serves too.
    let read = desk.send("GET", entry, None, &Value::Null).await;
    let gone = desk.send("DELETE", entry, Some(&read.etag), &Value::Null).await;
    assert_eq!((gone.status, &gone.json["etag"]), (200, &Value::Null), "{}", gone.json);
    assert_eq!(desk.send("GET", entry, None, &Value::Null).await.status, 404);

    let first = desk.get(&format!("{entry}/history?offset=2")).await["versions"][0].clone();
    assert_eq!((&first["why"], &first["who"]), (&json!("新来的"), &json!("local")));
    let restore = json!({ "version": first["version"] });
    let back = desk.send("POST", &format!("{entry}/restore"), None, &restore).await;
    assert_eq!((back.status, &back.json["path"]), (200, &json!("售后/怎么退货.md")), "{}", back.json);
    assert!(desk.text("售后/怎么退货.md").contains("点退货"));
    let expect = [
        "create studio 售后/怎么退货.md",
        "move studio 售后/退货/怎么退货.md",
        "delete studio 售后/退货/怎么退货.md",
        "restore studio 售后/怎么退货.md",
    ];
    assert_eq!(desk.history("怎么退货").await, expect);
    let text = desk.get(&format!("{entry}/history/{}", first["version"].as_str().unwrap())).await;
    assert!(text["markdown"].as_str().unwrap().contains("点退货"));
}

#[tokio::test]
async fn who_is_second_sees_both_texts_and_can_merge_them() {
    let desk = Desk::new().await;
    let entry = "/v1/entries/催发货";
    let etag = desk.send("GET", entry, None, &Value::Null).await.etag;
    let mine = ENTRY.replace("今天发出", "今晚发出");
    let theirs = ENTRY.replace("怎么还没发货", "什么时候发");
    assert_eq!(desk.send("PUT", entry, Some(&etag), &json!({ "markdown": theirs })).await.status, 200);
    let second = desk.send("PUT", entry, Some(&etag), &json!({ "markdown": mine })).await;
    assert_eq!((second.status, &second.json["code"], &second.json["current_markdown"]), (412, &json!("stale"), &json!(theirs)));
    let merged = desk.send("POST", "/v1/merge", None, &json!({ "base": ENTRY, "mine": mine, "theirs": theirs })).await.json;
    assert_eq!(merged["conflicts"], 0, "{merged}");
    let current = format!("\"{}\"", second.json["current_etag"].as_str().unwrap());
    assert_eq!(desk.send("PUT", entry, Some(&current), &json!({ "markdown": merged["markdown"] })).await.status, 200);
    let text = desk.text("物流/催发货.md");
    assert!(text.contains("今晚发出") && text.contains("什么时候发"), "{text}");
    let versions = desk.get(&format!("{entry}/history")).await;
    let (last, first) = (&versions["versions"][0]["version"], &versions["versions"][2]["version"]);
    let diff = desk.get(&format!("{entry}/diff?from={}&to={}", first.as_str().unwrap(), last.as_str().unwrap())).await;
    assert_eq!(diff, desk.get(&format!("{entry}/diff?from={}", first.as_str().unwrap())).await);
    let changed = |change: &str| -> String {
        diff["pieces"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|piece| piece["change"] == change)
            .map(|piece| piece["text"].as_str().unwrap())
            .collect()
    };
    assert!(changed("added").contains("今晚") && changed("removed").contains("今天"), "{diff}");
}

#[tokio::test]
async fn what_would_take_an_entry_from_everybody_is_refused() {
    let desk = Desk::new().await;
    let entry = "/v1/entries/催发货";
    let etag = desk.send("GET", entry, None, &Value::Null).await.etag;
    let check = async |method: &str, path: &str, if_match: Option<&str>, body: Value, expect: (u16, &str)| {
        let reply = desk.send(method, path, if_match, &body).await;
        assert_eq!((reply.status, reply.json["code"].as_str().unwrap()), expect, "{method} {path} {body}: {}", reply.json);
    };
    let etag = Some(etag.as_str());
    check("PUT", entry, etag, json!({ "markdown": "---\ntitle: [\n---\n" }), (422, "unreadable")).await;
    check("PUT", entry, etag, json!({ "markdown": "" }), (422, "unreadable")).await;
    check("PUT", entry, etag, json!({ "markdown": ENTRY.replace("title", "id: 别的\ntitle") }), (400, "bad_value")).await;
    check("PUT", entry, etag, json!({ "markdown": ENTRY, "folder": "../外面" }), (400, "bad_value")).await;
    check("PUT", entry, Some("\"abc\""), json!({ "markdown": ENTRY }), (400, "bad_value")).await;
    check("PUT", "/v1/entries/没有", etag, json!({ "markdown": ENTRY }), (404, "no_entry")).await;
    check("DELETE", entry, None, Value::Null, (428, "precondition_required")).await;
    check("POST", "/v1/entries", None, json!({ "markdown": "没有标题" , "id": "../x"}), (400, "bad_value")).await;
    check("POST", "/v1/entries", None, json!({ "markdown": ENTRY, "id": "催发货" }), (409, "exists")).await;
    check("POST", "/v1/entries/催发货/restore", None, json!({ "version": "none" }), (404, "no_version")).await;
    check("GET", "/v1/entries/没有/history", None, Value::Null, (404, "no_entry")).await;
    assert_eq!(desk.text("物流/催发货.md"), ENTRY);
}

#[tokio::test]
async fn a_preview_shows_the_entry_and_what_is_wrong_and_writes_nothing() {
    let desk = Desk::new().await;
    let twin = "---\ntitle: 催单\nid: 催发货\nquestions: [快发]\n---\n\n> 亲，今天发出，加微信{{号码}}。\n";
    let preview = desk.send("POST", "/v1/preview", None, &json!({ "markdown": twin })).await.json;
    assert_eq!(preview["entry"]["title"], "催单");
    let codes: Vec<&str> = preview["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"duplicate-id") && codes.contains(&"banned-phrase"), "{codes:?}");
    assert_eq!(preview["findings"][0]["type"], "banned");
    assert_eq!(preview["slots"], json!(["号码"]));
    let copy = ENTRY.replace("催发货", "再催");
    let preview = desk.send("POST", "/v1/preview", None, &json!({ "markdown": copy })).await.json;
    assert_eq!((&preview["similar"][0]["id"], &preview["similar"][0]["likeness"]), (&json!("催发货"), &json!(1.0)));
    let own = desk.send("POST", "/v1/preview", None, &json!({ "markdown": ENTRY, "id": "催发货" })).await.json;
    assert_eq!((&own["problems"], &own["similar"]), (&json!([]), &json!([])));
    let broken = desk.send("POST", "/v1/preview", None, &json!({ "markdown": "---\ntitle: [\n---\n" })).await.json;
    assert_eq!((&broken["entry"], &broken["problems"][0]["code"]), (&Value::Null, &json!("front-matter")));
    assert_eq!(desk.live.snapshot().len(), 1);
}

/// The desk with somebody who looks for changes beside it, as `serve` does, but for the watcher.
async fn watched(files: &[(&str, &str)]) -> (Desk, Beside) {
    let desk = Desk::with(files).await;
    let beside = desk.state.look_beside().unwrap();
    beside.caught_up().await;
    (desk, beside)
}

#[tokio::test]
async fn what_editors_and_checkouts_do_gets_into_the_history() {
    let (desk, beside) =
        watched(&[("物流/催发货.md", ENTRY), ("改地址.md", "---\ntitle: 改地址\n---\n> 亲\n"), ("lexicon/words.txt", "甲\n")]).await;
    assert_eq!(desk.history("催发货").await, ["create file 物流/催发货.md"]);
    put(&desk.kb, "物流/催发货.md", &ENTRY.replace("今天", "明天"));
    put(&desk.kb, "lexicon/words.txt", "乙\n");
    fs::create_dir(desk.kb.join("售后")).unwrap();
    fs::rename(desk.kb.join("改地址.md"), desk.kb.join("售后/改地址.md")).unwrap();
    put(&desk.kb, "坏.md", "---\ntitle: [\n---\n");
    desk.live.refresh().unwrap();
    beside.caught_up().await;
    assert_eq!(desk.history("催发货").await, ["create file 物流/催发货.md", "save file 物流/催发货.md"]);
    assert_eq!(desk.history("改地址").await, ["create file 改地址.md", "move file 售后/改地址.md"]);
    assert_eq!(desk.history("坏").await, ["create file 坏.md"], "a broken file too");
    let (words, _) = desk.register.versions_of_path("lexicon/words.txt", 9, 0).await.unwrap();
    assert_eq!(words.len(), 2);
    // Nobody looks now: the next who does finds it.
    drop(beside);
    fs::remove_file(desk.kb.join("物流/催发货.md")).unwrap();
    desk.live.refresh().unwrap();
    let live = Arc::new(Live::in_memory(&desk.kb).unwrap());
    let state = AppState::new(live).with_register(desk.register.clone());
    let beside = state.look_beside().unwrap();
    beside.caught_up().await;
    assert_eq!(desk.history("催发货").await.last().unwrap(), "delete file 物流/催发货.md");
}

#[tokio::test]
async fn who_is_replaced_by_a_file_within_seconds_is_told() {
    let (desk, beside) = watched(&[("物流/催发货.md", ENTRY)]).await;
    let entry = "/v1/entries/催发货";
    let etag = desk.send("GET", entry, None, &Value::Null).await.etag;
    let mine = ENTRY.replace("今天", "今晚");
    let saved = desk.send("PUT", entry, Some(&etag), &json!({ "markdown": mine })).await.json;
    // Back to what it had been before: no refresh sees a difference between its two looks.
    put(&desk.kb, "物流/催发货.md", ENTRY);
    beside.caught_up().await;
    let messages = desk.get("/v1/messages").await["messages"].clone();
    assert_eq!((&messages[0]["code"], &messages[0]["version"]), (&json!("replaced"), &saved["version"]), "{messages}");
    assert_eq!(desk.history("催发货").await.last().unwrap(), "save file 物流/催发货.md");
    let id = messages[0]["id"].as_str().unwrap();
    assert_eq!(desk.send("DELETE", &format!("/v1/messages/{id}"), None, &Value::Null).await.status, 204);
    assert_eq!(desk.get("/v1/messages").await["messages"], json!([]));
}

/// Texts of the writers, each of its own.
fn text(writer: usize, round: usize) -> String {
    ENTRY.replace("今天发出", &format!("第{writer}位第{round}次"))
}

/// How long the writers write.
fn soak() -> Duration {
    let seconds = std::env::var("HUASHU_SOAK_S").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(10))
}

/// Twenty writers, half by file and half by the API, with the watcher running, on three entries.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_writers_nobodys_change_is_lost_unseen() {
    const WRITERS: usize = 20;
    const ENTRIES: [&str; 3] = ["催发货", "改地址", "退货"];
    let path = |entry: &str| format!("物流/{entry}.md");
    let files: Vec<(String, String)> = ENTRIES.iter().map(|entry| (path(entry), ENTRY.to_owned())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (desk, beside) = watched(&files).await;
    let desk = Arc::new(desk);
    let running = desk.live.run(Mode::Events, |error| panic!("{error}")).unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (desk, over) = (Arc::clone(&desk), Arc::clone(&over));
        writers.push(tokio::spawn(async move {
            let (mut saved, mut refused) = (Vec::new(), 0);
            for round in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let entry = ENTRIES[(writer + round) % ENTRIES.len()];
                if writer % 2 == 0 {
                    // As editors save: whole, beside, renamed.
                    let beside = desk.kb.join(format!(".{writer}.tmp"));
                    fs::write(&beside, text(writer, round)).unwrap();
                    fs::rename(&beside, desk.kb.join(format!("物流/{entry}.md"))).unwrap();
                    tokio::time::sleep(Duration::from_millis(150 + 37 * writer as u64)).await;
                } else {
                    let address = format!("/v1/entries/{entry}");
                    let etag = desk.send("GET", &address, None, &Value::Null).await.etag;
                    let reply = desk.send("PUT", &address, Some(&etag), &json!({ "markdown": text(writer, round) })).await;
                    match reply.status {
                        200 => saved.push((reply.json["version"].as_str().unwrap().to_owned(), text(writer, round))),
                        412 => refused += 1,
                        other => panic!("{other}: {}", reply.json),
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            (saved, refused)
        }));
    }
    // What the watcher saw.
    let mut seen: HashSet<(String, [u8; 32])> = HashSet::new();
    let begin = Instant::now();
    while begin.elapsed() < soak() {
        for entry in &desk.live.snapshot().library.entries {
            seen.insert((entry.path.clone(), entry.content_hash));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    over.store(true, Ordering::Relaxed);
    let mut saved = Vec::new();
    let mut refused = 0;
    for writer in writers {
        let (its, no) = writer.await.unwrap();
        saved.extend(its);
        refused += no;
    }
    desk.live.refresh().unwrap();
    beside.caught_up().await;
    drop(running);
    let mut kept: HashSet<(String, [u8; 32])> = HashSet::new();
    let mut ends: HashMap<String, [u8; 32]> = HashMap::new();
    let mut replaced: Vec<Version> = Vec::new();
    for entry in ENTRIES {
        let (mut versions, _) = desk.register.versions_of_path(&path(entry), usize::MAX >> 1, 0).await.unwrap();
        versions.reverse();
        for pair in versions.windows(2) {
            let soon = pair[1].at_us - pair[0].at_us < 5_000_000;
            if pair[0].way != Way::File && pair[1].way == Way::File && soon {
                replaced.push(pair[0].clone());
            }
        }
        kept.extend(versions.iter().filter_map(|version| Some((version.path.clone(), version.hash?))));
        ends.insert(path(entry), versions.last().unwrap().hash.unwrap());
    }
    eprintln!("{} saved, {refused} refused, {} seen, {} versions, {} replaced", saved.len(), seen.len(), kept.len(), replaced.len());
    assert!(saved.len() > 5 && refused > 0 && seen.len() > 20, "it was busy");
    assert!(seen.is_subset(&kept), "what the watcher saw is in the history");
    for (version, text) in &saved {
        let kept = desk.register.version(version).await.unwrap().expect("what was acknowledged is in the history");
        assert_eq!(desk.register.text(kept.hash.unwrap()).await.unwrap().unwrap(), text.as_bytes());
    }
    for (path, hash) in ends {
        let (_, found) = huashu::library::write::read(&desk.kb, &path).unwrap();
        assert_eq!(hash, found, "the history of {path} ends with what is there");
    }
    let told: HashSet<String> = desk.register.messages("local").await.unwrap().into_iter().map(|message| message.version).collect();
    // Of one person the latest messages are kept.
    replaced.sort_by_key(|version| version.at_us);
    let untold: Vec<&Version> = replaced.iter().rev().take(100).filter(|version| !told.contains(&version.id)).collect();
    assert!(untold.is_empty(), "{untold:?}");
    assert_eq!(desk.register.intended_versions().await.unwrap(), []);
}

#[tokio::test]
async fn the_lexicon_is_tried_then_published_and_has_a_history() {
    let (desk, beside) =
        watched(&[("物流/催发货.md", ENTRY), ("lexicon/banned.yaml", "rules: []\n"), ("golden.tsv", "货怎么还没来\t催发货\n")]).await;
    let files = desk.get("/v1/lexicon").await["files"].clone();
    let named = |name: &str| files.as_array().unwrap().iter().find(|file| file["name"] == name).unwrap().clone();
    assert!(named("banned.yaml")["etag"].is_string() && named("words.txt")["etag"].is_null());
    let rule = "rules:\n  - id: no-today\n    class: 承诺\n    why: 仓库说了算\n    severity: block\n    better: [48 小时内发出]\n    words: [今天发出]\n";
    let trial = desk.send("POST", "/v1/lexicon/banned.yaml/trial", None, &json!({ "text": rule, "sentence": "亲，今天发出" })).await;
    assert_eq!(trial.status, 200, "{}", trial.json);
    assert_eq!(trial.json["problems"], json!([]));
    assert_eq!(trial.json["sentence"]["findings"][0]["code"], "no-today", "{}", trial.json);
    assert_eq!((&trial.json["entries"][0]["id"], &trial.json["entries"][0]["lost"]), (&json!("催发货"), &json!([])), "{}", trial.json);
    let trial = desk.send("POST", "/v1/lexicon/synonyms.txt/trial", None, &json!({ "text": "货怎么还没来 = 毫不相干\n" })).await.json;
    assert_eq!((&trial["asked"], &trial["of"]), (&json!(1), &json!(1)), "{trial}");
    assert!(desk.text("lexicon/banned.yaml").starts_with("rules"), "a trial writes nothing");

    let file = desk.send("GET", "/v1/lexicon/banned.yaml", None, &Value::Null).await;
    assert_eq!(desk.send("PUT", "/v1/lexicon/banned.yaml", None, &json!({ "text": rule })).await.status, 428);
    let saved = desk.send("PUT", "/v1/lexicon/banned.yaml", Some(&file.etag), &json!({ "text": rule, "why": "仓库要求" })).await;
    assert_eq!((saved.status, &saved.json["id"]), (200, &Value::Null), "{}", saved.json);
    let problems = desk.get("/v1/entries/催发货").await["problems"].clone();
    assert_eq!(problems[0]["code"], "banned-phrase", "it counts at once: {problems}");
    let stale = desk.send("PUT", "/v1/lexicon/banned.yaml", Some(&file.etag), &json!({ "text": "" })).await;
    assert_eq!((stale.status, &stale.json["current_markdown"]), (412, &json!(rule)));
    beside.caught_up().await;
    let history = desk.get("/v1/file-history?path=lexicon/banned.yaml").await;
    let told: Vec<&str> = history["versions"].as_array().unwrap().iter().map(|version| version["way"].as_str().unwrap()).collect();
    assert_eq!(told, ["studio", "file"]);
    let first = history["versions"][1]["version"].as_str().unwrap();
    assert_eq!(desk.get(&format!("/v1/file-history/{first}")).await["markdown"], "rules: []\n");
}

#[tokio::test]
async fn files_that_are_none_of_these_are_neither_read_nor_written() {
    let desk = Desk::with(&[("物流/催发货.md", ENTRY), ("shops/甲.yaml", "name: 甲\n"), ("library.toml", "format = 1\n")]).await;
    let check = async |method: &str, path: &str, if_match: Option<&str>, body: Value, expect: (u16, &str)| {
        let reply = desk.send(method, path, if_match, &body).await;
        assert_eq!((reply.status, reply.json["code"].as_str().unwrap_or_default()), expect, "{method} {path}: {}", reply.json);
    };
    let shop = desk.send("GET", "/v1/shops/甲.yaml", None, &Value::Null).await.etag;
    let settings = desk.send("GET", "/v1/settings", None, &Value::Null).await.etag;
    check("GET", "/v1/shops/乙.yaml", None, Value::Null, (404, "no_file")).await;
    check("GET", "/v1/lexicon/..%2Flibrary.toml", None, Value::Null, (404, "no_file")).await;
    check("GET", "/v1/lexicon/.hidden", None, Value::Null, (404, "no_file")).await;
    check("PUT", "/v1/shops/甲.toml", Some(&shop), json!({ "text": "" }), (404, "no_file")).await;
    check("GET", "/v1/file-history?path=物流/催发货.md", None, Value::Null, (404, "no_file")).await;
    check("PUT", "/v1/settings", Some(&settings), json!({ "text": "format = 99\n" }), (400, "bad_value")).await;
    check("PUT", "/v1/settings", Some(&settings), json!({ "text": "name =" }), (400, "bad_value")).await;
    check("PUT", "/v1/settings", Some(&settings), json!({ "text": "format = 1\nname = \"新名\"\n" }), (200, "")).await;
    check("PUT", "/v1/shops/甲.yaml", Some(&shop), json!({ "text": "name: 甲店\n" }), (200, "")).await;
    assert_eq!(desk.get("/v1/library").await["name"], "新名");
}

/// Runs git in a folder; what it says.
fn git(dir: &Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new("git").arg("-C").arg(dir).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_is_committed_with_its_author_and_nothing_else_is_touched() {
    let (desk, beside) = watched(&[
        ("物流/催发货.md", ENTRY),
        ("改.md", "---\ntitle: 改\n---\n> 亲\n"),
        ("library.toml", "format = 1\n[git]\ncommit = true\n"),
    ])
    .await;
    let kb = desk.kb.as_path();
    git(kb, &["init", "--quiet"]);
    git(kb, &["config", "core.quotepath", "false"]);
    git(kb, &["add", "."]);
    git(kb, &["-c", "user.name=某人", "-c", "user.email=a@b", "commit", "--quiet", "-m", "从前"]);
    // Somebody is at work in the same tree: one thing staged, one not.
    put(kb, "改.md", "---\ntitle: 改\n---\n> 亲，好\n");
    put(kb, "新.md", "---\ntitle: 新\n---\n> 亲\n");
    git(kb, &["add", "新.md"]);
    let etag = desk.send("GET", "/v1/entries/催发货", None, &Value::Null).await.etag;
    let changed = json!({ "markdown": ENTRY.replace("今天", "明天"), "folder": "售后", "why": "仓库改了时间" });
    let saved = desk.send("PUT", "/v1/entries/催发货", Some(&etag), &changed).await;
    assert_eq!(saved.status, 200, "{}", saved.json);
    let made = desk.send("POST", "/v1/entries", None, &json!({ "markdown": "---\ntitle: 添\n---\n> 亲\n" })).await;
    let gone = desk.send("DELETE", "/v1/entries/添", Some(&made.etag), &Value::Null).await;
    assert_eq!((made.status, gone.status), (201, 200));
    // Ends after what waits.
    tokio::task::spawn_blocking(move || drop(beside)).await.unwrap();
    let log = git(kb, &["log", "--format=%an|%cn|%s", "--reverse"]);
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines[..2], ["某人|某人|从前", "local|Huashu|移动 催发货"], "{log}");
    assert!(lines[2..].iter().all(|line| line.starts_with("local|Huashu|")), "{log}");
    let commit = git(kb, &["log", "--format=%H", "--fixed-strings", "--grep", "移动 催发货"]);
    let moved = git(kb, &["show", "--format=", "--name-status", "--no-renames", &commit]);
    assert_eq!(moved, "A\t售后/催发货.md\nD\t物流/催发货.md");
    assert_eq!(git(kb, &["status", "--porcelain", "--", "改.md", "新.md"]), " M 改.md\nA  新.md");
    let tracked = git(kb, &["ls-tree", "-r", "--name-only", "HEAD"]);
    assert!(!tracked.contains("新.md") && !tracked.contains("添.md"), "{tracked}");
}

#[tokio::test]
async fn the_library_is_narrowed_sorted_and_shown_as_it_was_and_will_be() {
    let seller = "---\ntitle: 甲店退货\nquestions: [寄到哪]\nshops: [甲]\n---\n\n> 亲\n";
    let soon = "---\ntitle: 双十一\nquestions: [有优惠吗]\nvalid: {until: 2099-11-11}\n---\n\n> 亲，加微信\n";
    let (desk, beside) = watched(&[
        ("物流/催发货.md", ENTRY),
        ("售后/甲店.md", seller),
        ("活动.md", soon),
        ("shops/甲.yaml", "name: 甲\n"),
        ("shops/乙.yaml", "name: 乙\n"),
    ])
    .await;
    let list = async |query: &str| -> Vec<String> {
        let page = desk.get(&format!("/v1/entries?{query}")).await;
        page["entries"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(list("q=退货").await, ["甲店"]);
    assert_eq!(list("q=怎么还没").await, ["催发货"]);
    assert_eq!(list("shop=乙").await, ["活动", "催发货"], "those for all shops too");
    assert_eq!(list("problem=true").await, ["活动"]);
    assert_eq!(list("problem=banned-phrase&used=never").await, ["活动"]);
    assert_eq!(list("problem=no-reply").await, [""; 0]);
    assert_eq!(list("folder=物流").await, ["催发货"]);
    assert_eq!(list("expiring_before=2099-11-11").await, ["活动"]);
    assert_eq!(list("expiring_before=2099-11-10").await, [""; 0]);
    let (mut by_path, reversed) = (list("").await, list("sort=-path").await);
    by_path.reverse();
    assert_eq!(by_path, reversed);
    assert_eq!(desk.send("GET", "/v1/entries?sort=colour", None, &Value::Null).await.json["code"], "bad_query");

    // Before this save nobody knew of 今晚; what the history began with was there before.
    let before = jiff::Timestamp::now();
    std::thread::sleep(Duration::from_millis(5));
    let etag = desk.send("GET", "/v1/entries/催发货", None, &Value::Null).await.etag;
    let saved = desk.send("PUT", "/v1/entries/催发货", Some(&etag), &json!({ "markdown": ENTRY.replace("今天", "今晚") })).await;
    assert_eq!(saved.status, 200);
    let made = desk.send("POST", "/v1/entries", None, &json!({ "markdown": "---\ntitle: 新口径\nquestions: [口径]\n---\n\n> 亲\n" })).await;
    assert_eq!(made.status, 201);
    beside.caught_up().await;
    assert_eq!(list("sort=updated").await[..2], ["新口径", "催发货"]);
    assert_eq!(list("owner=local&sort=title").await, ["催发货", "新口径"]);
    let line = desk.get("/v1/entries?q=新口径").await["entries"][0].clone();
    assert_eq!((&line["updated_by"], &line["uses"], &line["problems"]), (&json!("local"), &json!(0), &json!(0)));
    assert!(line["updated_at"].is_i64());
    let local = |at: jiff::Timestamp| at.in_tz("Asia/Shanghai").unwrap().datetime().to_string();
    let then = local(before);
    assert!(!list(&format!("at={then}")).await.contains(&"新口径".to_owned()));
    let hits = desk.send("POST", &format!("/v1/search?at={then}"), None, &json!({ "q": "怎么还没发货" })).await.json;
    assert_eq!(hits["hits"][0]["replies"][0]["text"], "亲，今天发出。", "{hits}");
    assert_eq!(desk.get("/v1/search?q=怎么还没发货").await["hits"][0]["replies"][0]["text"], "亲，今晚发出。");
    let later = desk.send("POST", "/v1/browse?at=2100-01-01T00:00", None, &json!({ "ids": ["活动", "新口径"] })).await.json;
    assert_eq!((&later["gone"], later["hits"].as_array().unwrap().len()), (&json!(["活动"]), 1), "{later}");
    assert_eq!(desk.send("GET", "/v1/entries?at=gestern", None, &Value::Null).await.json["code"], "bad_query");
}
