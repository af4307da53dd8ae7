//! What the journal keeps, forgets and survives.

use super::*;
use crate::learning::phrasing_text;
use sqlx::Row;
use std::time::Instant;

const DAY: i64 = 24 * 60 * 60 * 1000;

fn open(dir: &tempfile::TempDir) -> Journal {
    let (journal, warnings) = Journal::open(dir.path()).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    journal
}

fn search(query_id: &str, text: &str) -> Search {
    Search {
        query_id: query_id.into(),
        at_ms: now_ms(),
        text: text.into(),
        identity: "坐席一".into(),
        conversation: Some("买家昵称".into()),
        context: "{}".into(),
        hits: vec![Arc::from("甲"), Arc::from("乙")],
        measured: Measured::default(),
    }
}

fn event(event_id: &str, query_id: &str, kind: EventKind, entry_id: &str) -> Event {
    Event {
        event_id: event_id.into(),
        query_id: query_id.into(),
        kind,
        entry_id: (!entry_id.is_empty()).then(|| Arc::from(entry_id)),
        reply_id: None,
        position: None,
        at_ms: now_ms(),
        identity: "坐席一".into(),
        verdict: None,
        reason: None,
    }
}

/// `(text, entry, picks)` of all that is learned.
fn learned(journal: &Journal) -> Vec<(String, String, u32)> {
    journal.flush().unwrap();
    journal.learned().phrasings.iter().map(|phrasing| (phrasing.text.to_string(), phrasing.entry_id.to_string(), phrasing.picks)).collect()
}

fn expect(rows: &[(&str, &str, u32)]) -> Vec<(String, String, u32)> {
    rows.iter().map(|(text, entry, picks)| ((*text).to_owned(), (*entry).to_owned(), *picks)).collect()
}

/// Runs a query on the file and gives its first column as numbers.
fn numbers(dir: &tempfile::TempDir, sql: &'static str) -> Vec<i64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut connection = store::open(&dir.path().join(FILE)).await.unwrap();
        sqlx::query(sql).fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get(0)).collect()
    })
}

/// The same on a file as it stands, of whatever format.
fn numbers_as_is(dir: &tempfile::TempDir, sql: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join(FILE));
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    });
}

#[test]
fn reports_read_a_period_with_all_that_was_done() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let at = now_ms() - DAY;
    let measured = Measured { took_us: 1_500, confidence: 0.25, confident: Some(false) };
    let context = r#"{"channel":"千牛","shop":""}"#.to_owned();
    journal.remember(Search { at_ms: at, measured, context, ..search("q", "我的手机13812345678") });
    journal.remember(Search { at_ms: at - 2 * DAY, ..search("早", "怎么还没发货") });
    let gap = Event { at_ms: at, ..event("1", "q", EventKind::Gap, "") };
    let shown = Event { at_ms: at - 2 * DAY, ..event("2", "早", EventKind::Shown, "") };
    let loose = Event { at_ms: at, ..event("3", "翻看", EventKind::Copied, "甲") };
    journal.record(vec![gap, shown, loose]);
    journal.flush().unwrap();
    let facts = journal.facts(at - DAY..at + 1).unwrap();
    let [only] = facts.searches.as_slice() else { panic!("{facts:?}") };
    assert_eq!((only.text.as_str(), only.took_us, only.confident), ("我的手机<手机>", Some(1_500), Some(false)));
    assert_eq!((only.channel.as_deref(), only.shop.as_deref(), only.deeds.len()), (Some("千牛"), None, 1));
    assert_eq!(facts.loose.iter().map(|deed| deed.kind).collect::<Vec<_>>(), [EventKind::Copied]);
    assert!(facts.complete && only.is_unanswered());
    assert_eq!(journal.facts(at..at).unwrap().searches.len(), 0, "the end is not in the period");
}

#[test]
fn a_search_is_written_once_it_was_shown_or_used() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    for query in ["未看", "看过", "用过"] {
        journal.remember(search(query, "怎么还没发货"));
    }
    journal.record(vec![event("1", "看过", EventKind::Shown, ""), event("2", "用过", EventKind::Picked, "乙")]);
    assert_eq!(learned(&journal), expect(&[("怎么还没发货", "乙", 1)]));
    assert_eq!(numbers(&dir, "SELECT count(*) FROM searches"), [2]);
    let learned = journal.learned();
    assert_eq!((learned.phrasings[0].shown, learned.phrasings[0].passed_over), (2, 0));
}

#[test]
fn nothing_private_reaches_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let secrets = [
        "13812345678",
        "11010519491231002X",
        "6222021001116245702",
        "3912345678901234567",
        "zhang@qq.com",
        "文三路90号",
        "王小明",
        "买家昵称",
    ];
    journal.remember(search(
        "q",
        "我叫王小明,电话13812345678,身份证11010519491231002X,卡6222021001116245702,订单3912345678901234567,zhang@qq.com,寄到杭州市西湖区文三路90号,怎么还没发货",
    ));
    journal.record(vec![event("1", "q", EventKind::Picked, "甲")]);
    assert_eq!(learned(&journal).len(), 1);
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in secrets {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
        }
    }
    assert_eq!(numbers(&dir, "SELECT instr(text, '<手机>') > 0 FROM searches"), [1]);
}

#[test]
fn the_same_event_twice_is_one_event() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    journal.remember(search("q", "怎么还没发货"));
    for _ in 0..3 {
        journal.record(vec![event("1", "q", EventKind::Picked, "甲"), event("1", "q", EventKind::Picked, "甲")]);
        assert_eq!(learned(&journal), expect(&[("怎么还没发货", "甲", 1)]));
    }
    assert_eq!(numbers(&dir, "SELECT count(*) FROM events"), [1]);
}

#[test]
fn events_may_come_before_their_search() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    journal.record(vec![event("1", "q", EventKind::Picked, "甲")]);
    assert_eq!(learned(&journal), []);
    journal.remember(search("q", "怎么还没发货"));
    assert_eq!(learned(&journal), expect(&[("怎么还没发货", "甲", 1)]));
}

#[test]
fn what_was_learned_survives_a_restart_and_counts_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    for (query, entry) in [("1", "甲"), ("2", "甲"), ("3", "乙")] {
        journal.remember(search(query, "怎么还没发货"));
        journal.record(vec![event(query, query, EventKind::Picked, entry)]);
    }
    let lesson = LessonRow {
        text: "改地址怎么改".into(),
        entry_id: Arc::from("丙"),
        provenance: Provenance::Chats,
        conversation: "c".into(),
        at_ms: now_ms() - DAY,
    };
    assert_eq!(journal.teach(vec![lesson.clone(), lesson.clone()]).unwrap(), 1);
    assert_eq!(journal.teach(vec![lesson]).unwrap(), 0);
    journal.decide("怎么还没发货", &Arc::from("乙"), Decision::Ban, "trainer").unwrap();
    let rows = learned(&journal);
    assert_eq!(rows, expect(&[("怎么还没发货", "甲", 2), ("改地址怎么改", "丙", 1)]));
    let before = journal.learned();
    drop(journal);
    let again = open(&dir);
    assert_eq!(learned(&again), rows);
    for (one, other) in before.phrasings.iter().zip(&again.learned().phrasings) {
        assert_eq!(
            (one.passed_over, one.shown, one.conversations, &one.identities),
            (other.passed_over, other.shown, other.conversations, &other.identities)
        );
    }
    assert_eq!(again.decisions().unwrap().len(), 1);
}

#[test]
fn a_damaged_file_is_set_aside_and_a_new_one_begun() {
    for damage in [&b"no database at all, and long enough to be one"[..], b""] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        if damage.is_empty() {
            // A page in the middle of a real one.
            let journal = open(&dir);
            for number in 0..200 {
                let id = number.to_string();
                journal.remember(search(&id, "怎么还没发货"));
                journal.record(vec![event(&id, &id, EventKind::Picked, "甲")]);
            }
            journal.flush().unwrap();
            drop(journal);
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2 / 4096 * 4096;
            bytes[middle..middle + 4096].fill(0x5a);
            std::fs::write(&path, bytes).unwrap();
        } else {
            std::fs::write(&path, damage).unwrap();
        }
        let (journal, warnings) = Journal::open(dir.path()).unwrap();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].aside.display().to_string().contains(".broken-"), "{warnings:?}");
        journal.remember(search("q", "怎么还没发货"));
        journal.record(vec![event("1", "q", EventKind::Picked, "甲")]);
        assert_eq!(learned(&journal).len(), 1);
        let aside =
            std::fs::read_dir(dir.path()).unwrap().filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains(".broken-"));
        assert!(aside.count() >= 1);
    }
}

#[test]
fn the_file_of_a_later_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(&dir));
    numbers(&dir, "PRAGMA user_version = 99");
    let error = Journal::open(dir.path()).unwrap_err();
    assert!(matches!(error, JournalError::Newer { found: 99, .. }), "{error}");
    assert_eq!(
        std::fs::read_dir(dir.path())
            .unwrap()
            .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains("broken"))
            .count(),
        0
    );
}

#[test]
fn what_another_process_writes_is_noticed_within_ten_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let (serving, command) = (open(&dir), open(&dir));
    serving.remember(search("q", "怎么还没发货"));
    serving.record(vec![event("1", "q", EventKind::Picked, "甲")]);
    assert_eq!(learned(&serving).len(), 1);
    command.decide("怎么还没发货", &Arc::from("甲"), Decision::Ban, "trainer").unwrap();
    let began = Instant::now();
    while !serving.learned().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn picks_serve_within_ten_seconds_without_being_asked() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let (told, heard) = std::sync::mpsc::channel();
    journal.listen(move |learned| told.send(learned.len()).unwrap());
    assert_eq!(heard.recv().unwrap(), 0);
    journal.remember(search("q", "怎么还没发货"));
    journal.record(vec![event("1", "q", EventKind::Picked, "甲")]);
    assert_eq!(heard.recv_timeout(Duration::from_secs(10)).unwrap(), 1);
}

#[test]
fn a_full_queue_loses_events_and_never_waits() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut other = store::open(&dir.path().join(FILE)).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        let began = Instant::now();
        let taken = (0..2 * QUEUE_MESSAGES)
            .filter_map(|number| journal.record(vec![event(&number.to_string(), "q", EventKind::Feedback, "")]))
            .count();
        assert!((QUEUE_MESSAGES..2 * QUEUE_MESSAGES).contains(&taken), "{taken}");
        assert!(began.elapsed() < Duration::from_secs(3));
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    });
}

#[test]
fn what_is_forgotten_may_be_learned_again() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    journal.remember(search("1", "怎么还没发货"));
    journal.record(vec![event("1", "1", EventKind::Picked, "甲")]);
    assert_eq!(learned(&journal).len(), 1);
    journal.decide(&phrasing_text("怎么还没发货?").unwrap(), &Arc::from("甲"), Decision::Forget, "trainer").unwrap();
    assert_eq!(learned(&journal).len(), 0);
    std::thread::sleep(Duration::from_millis(5));
    journal.remember(search("2", "怎么还没发货"));
    journal.record(vec![event("2", "2", EventKind::Picked, "甲")]);
    assert_eq!(learned(&journal), expect(&[("怎么还没发货", "甲", 1)]));
}

#[test]
fn what_is_older_than_it_is_kept_is_deleted_and_taught_nothing_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let old = now_ms() - 31 * DAY;
    journal.remember(Search { at_ms: old, ..search("q", "怎么还没发货") });
    journal.record(vec![Event { at_ms: old, ..event("1", "q", EventKind::Picked, "甲") }]);
    journal.remember(search("r", "到哪了"));
    journal.record(vec![event("2", "r", EventKind::Picked, "甲")]);
    let before = now_ms() - 30 * DAY;
    assert_eq!(journal.age(before, before).unwrap(), Rows { searches: 1, events: 1, decisions: 0 });
    assert_eq!(journal.age(before, before).unwrap(), Rows::default());
    assert_eq!(learned(&journal), expect(&[("到哪了", "甲", 1)]));
    assert_eq!(numbers(&dir, "SELECT count(*) FROM searches"), [1]);
}

#[test]
fn an_erased_person_is_nowhere_in_the_file_and_what_was_learned_stays() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    let by = |who: &str, id: &str| {
        (
            Search { identity: who.into(), ..search(id, "怎么还没发货") },
            Event { identity: who.into(), ..event(id, id, EventKind::Picked, "甲") },
        )
    };
    for (who, id) in [("小李", "1"), ("小王", "2")] {
        let (search, event) = by(who, id);
        journal.remember(search);
        journal.record(vec![event]);
    }
    journal.remember(by("小李", "3").0);
    journal.decide("别的", &"甲".into(), Decision::Ban, "小李").unwrap();
    assert_eq!(journal.erase("小李").unwrap(), Rows { searches: 1, events: 1, decisions: 1 });
    // Remembered before, seen after.
    journal.record(vec![Event { identity: String::new(), ..event("3", "3", EventKind::Picked, "甲") }]);
    assert_eq!(learned(&journal), expect(&[("怎么还没发货", "甲", 3)]));
    let named = "SELECT (SELECT count(*) FROM searches WHERE identity = '小李') + (SELECT count(*) FROM events WHERE identity = '小李')
         + (SELECT count(*) FROM vetoes WHERE decided_by = '小李')";
    assert_eq!(numbers(&dir, named), [0]);
    assert_eq!(numbers(&dir, "SELECT count(DISTINCT identity) FROM searches"), [2], "as many people as before");
}

#[test]
fn a_file_of_the_first_format_gains_its_columns_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir);
    journal.remember(search("q", "怎么还没发货"));
    journal.record(vec![event("1", "q", EventKind::Picked, "甲")]);
    journal.flush().unwrap();
    drop(journal);
    let to_2 = [
        "DROP INDEX searches_by_time",
        "DROP INDEX events_by_time",
        "ALTER TABLE searches DROP COLUMN took_us",
        "ALTER TABLE searches DROP COLUMN confidence",
        "ALTER TABLE searches DROP COLUMN confident",
        "PRAGMA user_version = 2",
    ];
    let to_1 = ["ALTER TABLE events DROP COLUMN verdict", "ALTER TABLE events DROP COLUMN reason", "PRAGMA user_version = 1"];
    for back in to_2.into_iter().chain(to_1) {
        numbers_as_is(&dir, back);
    }
    assert_eq!(read_learned(dir.path()).unwrap().len(), 1, "what is only read need not be changed first");
    let journal = open(&dir);
    journal.record(vec![Event { verdict: Some(Verdict::Bad), reason: Some("tone".into()), ..event("2", "q", EventKind::Feedback, "甲") }]);
    assert_eq!(learned(&journal), expect(&[("怎么还没发货", "甲", 1)]));
    assert_eq!(numbers(&dir, "SELECT count(*) FROM events WHERE verdict = 'bad' AND reason = 'tone'"), [1]);
}
