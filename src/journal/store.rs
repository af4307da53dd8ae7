//! The tables and all SQL on them. Statements use `$n` and what SQLite and PostgreSQL share; only what opens the file is SQLite's own.

use super::{Decided, Event, JournalError, LessonRow, Measured};
use crate::entry::EntryId;
use crate::feedback::Verdict;
use crate::formats::{FormatError, Formats};
use crate::learning::{Asked, Decision, EventKind, Happened, Lesson, Provenance, Veto, Vetoes};
use crate::sqlite;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What its tables are and were.
const FORMATS: Formats = Formats { tables: &[SCHEMA], steps: &[SINCE_1, SINCE_2] };

/// Latest searches of one question that are counted: of what is asked more often, no earlier one changes the weight.
const MAX_COUNTED_SEARCHES: i64 = 1_000;

const SCHEMA: &[&str] = &[
    "CREATE TABLE searches (
        query_id TEXT PRIMARY KEY NOT NULL,
        at_ms BIGINT NOT NULL,
        text TEXT NOT NULL,
        phrasing TEXT,
        identity TEXT NOT NULL,
        conversation TEXT NOT NULL,
        context TEXT NOT NULL,
        hits TEXT NOT NULL,
        took_us BIGINT,
        confidence DOUBLE PRECISION,
        confident BIGINT
    )",
    "CREATE INDEX searches_by_phrasing ON searches (phrasing, at_ms)",
    "CREATE TABLE events (
        event_id TEXT PRIMARY KEY NOT NULL,
        query_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        entry_id TEXT,
        reply_id TEXT,
        position BIGINT,
        at_ms BIGINT NOT NULL,
        identity TEXT NOT NULL,
        verdict TEXT,
        reason TEXT
    )",
    "CREATE INDEX events_by_query ON events (query_id)",
    "CREATE INDEX searches_by_time ON searches (at_ms)",
    "CREATE INDEX events_by_time ON events (at_ms)",
    "CREATE TABLE learned (
        text TEXT NOT NULL,
        entry_id TEXT NOT NULL,
        provenance TEXT NOT NULL,
        conversation TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        PRIMARY KEY (text, entry_id, provenance, conversation)
    )",
    "CREATE TABLE vetoes (
        text TEXT NOT NULL,
        entry_id TEXT NOT NULL,
        decision TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        decided_by TEXT NOT NULL,
        PRIMARY KEY (text, entry_id)
    )",
];

/// What makes a file of format 1 one of format 2.
const SINCE_1: &[&str] = &["ALTER TABLE events ADD COLUMN verdict TEXT", "ALTER TABLE events ADD COLUMN reason TEXT"];

/// What makes a file of format 2 one of format 3: how an answer did, and the way to a period.
const SINCE_2: &[&str] = &[
    "ALTER TABLE searches ADD COLUMN took_us BIGINT",
    "ALTER TABLE searches ADD COLUMN confidence DOUBLE PRECISION",
    "ALTER TABLE searches ADD COLUMN confident BIGINT",
    "CREATE INDEX searches_by_time ON searches (at_ms)",
    "CREATE INDEX events_by_time ON events (at_ms)",
];

/// A search to be written, masked.
#[derive(Debug, Clone)]
pub(super) struct SearchRow {
    pub(super) query_id: String,
    pub(super) at_ms: i64,
    pub(super) text: String,
    pub(super) phrasing: Option<String>,
    pub(super) identity: String,
    pub(super) conversation: String,
    pub(super) context: String,
    pub(super) hits: Vec<EntryId>,
    pub(super) measured: Measured,
}

/// All that is known of one phrasing.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) searches: Vec<Asked>,
    pub(super) lessons: Vec<Lesson>,
}

/// Opens the file, or makes it, with its tables.
///
/// # Errors
/// Where it is no database, damaged, made by a later version, or cannot be written.
pub(super) async fn open(path: &Path) -> Result<SqliteConnection, JournalError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(sqlite::BUSY_TIMEOUT)
        .disable_statement_logging();
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let sound: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut connection).await?;
    if sound != "ok" {
        return Err(JournalError::Database(sqlx::Error::Protocol(format!("the file is damaged: {sound}"))));
    }
    match FORMATS.upgrade(&mut connection, path).await {
        Ok(_) => Ok(connection),
        Err(FormatError::Newer { found, known }) => Err(JournalError::Newer { path: path.display().to_string(), found, known }),
        Err(FormatError::Database(error)) => Err(error.into()),
    }
}

/// Opens a file to read, and leaves nothing beside it. What learning reads has been there since the first format.
///
/// # Errors
/// Where it is no database, or made by a later version.
pub(super) async fn open_to_read(path: &Path) -> Result<SqliteConnection, JournalError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // Without a log nobody writes, and the file can be read as it stands; otherwise SQLite would leave an empty log behind. With one a
    // server runs, or was killed, and the latest facts are in the log.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(!Path::new(&log).exists())
        .busy_timeout(sqlite::BUSY_TIMEOUT)
        .disable_statement_logging();
    let mut connection = SqliteConnection::connect_with(&options).await?;
    match sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await? {
        found if (1..=FORMATS.latest()).contains(&found) => Ok(connection),
        found => Err(JournalError::Newer { path: path.display().to_string(), found, known: FORMATS.latest() }),
    }
}

/// Whether an error says that the file itself is bad, so that setting it aside helps.
pub(super) fn is_damage(error: &JournalError) -> bool {
    match error {
        JournalError::Database(sqlx::Error::Protocol(_)) => true,
        JournalError::Database(error) => sqlite::is_damage(error),
        _ => false,
    }
}

/// Changes whenever another connection commits.
pub(super) async fn data_version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await
}

/// Writes a search unless it is there. Returns whether it is new.
pub(super) async fn insert_search(connection: &mut SqliteConnection, row: &SearchRow) -> Result<bool, sqlx::Error> {
    let hits = serde_json::to_string(&row.hits.iter().map(|hit| &**hit).collect::<Vec<&str>>()).unwrap_or_default();
    let done = sqlx::query(
        "INSERT INTO searches (query_id, at_ms, text, phrasing, identity, conversation, context, hits, took_us, confidence, confident)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (query_id) DO NOTHING",
    )
    .bind(&row.query_id)
    .bind(row.at_ms)
    .bind(&row.text)
    .bind(&row.phrasing)
    .bind(&row.identity)
    .bind(&row.conversation)
    .bind(&row.context)
    .bind(hits)
    .bind(row.measured.took_us)
    .bind(f64::from(row.measured.confidence))
    .bind(row.measured.confident.map(i64::from))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Writes an event unless it is there. Returns whether it is new.
pub(super) async fn insert_event(connection: &mut SqliteConnection, event: &Event) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "INSERT INTO events (event_id, query_id, kind, entry_id, reply_id, position, at_ms, identity, verdict, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (event_id) DO NOTHING",
    )
    .bind(&event.event_id)
    .bind(&event.query_id)
    .bind(event.kind.as_str())
    .bind(event.entry_id.as_deref())
    .bind(event.reply_id.as_deref())
    .bind(event.position)
    .bind(event.at_ms)
    .bind(&event.identity)
    .bind(event.verdict.map(Verdict::as_str))
    .bind(&event.reason)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Writes a lesson unless it is there. Returns whether it is new.
pub(super) async fn insert_lesson(connection: &mut SqliteConnection, row: &LessonRow, conversation: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "INSERT INTO learned (text, entry_id, provenance, conversation, at_ms)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (text, entry_id, provenance, conversation) DO NOTHING",
    )
    .bind(&row.text)
    .bind(&*row.entry_id)
    .bind(row.provenance.as_str())
    .bind(conversation)
    .bind(row.at_ms)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Writes a decision in place of an earlier one.
pub(super) async fn put_veto(connection: &mut SqliteConnection, decided: &Decided, by: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO vetoes (text, entry_id, decision, at_ms, decided_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (text, entry_id) DO UPDATE SET decision = excluded.decision, at_ms = excluded.at_ms, decided_by = excluded.decided_by",
    )
    .bind(&*decided.text)
    .bind(&*decided.entry_id)
    .bind(decided.decision.as_str())
    .bind(decided.at_ms)
    .bind(by)
    .execute(connection)
    .await?;
    Ok(())
}

/// All decisions.
pub(super) async fn vetoes(connection: &mut SqliteConnection) -> Result<Vetoes, sqlx::Error> {
    let rows = sqlx::query("SELECT text, entry_id, decision, at_ms FROM vetoes").fetch_all(connection).await?;
    let mut vetoes = Vetoes::with_capacity(rows.len());
    for row in rows {
        let (text, entry_id, decision): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if let Some(decision) = Decision::parse(&decision) {
            vetoes.insert((Arc::from(text), Arc::from(entry_id)), Veto { decision, at_ms: row.try_get(3)? });
        }
    }
    Ok(vetoes)
}

/// The phrasing of a written search.
pub(super) async fn phrasing_of(connection: &mut SqliteConnection, query_id: &str) -> Result<Option<String>, sqlx::Error> {
    let row: Option<(Option<String>,)> =
        sqlx::query_as("SELECT phrasing FROM searches WHERE query_id = $1").bind(query_id).fetch_optional(connection).await?;
    Ok(row.and_then(|(phrasing,)| phrasing))
}

/// Whether a search has events that came before it.
pub(super) async fn has_events(connection: &mut SqliteConnection, query_id: &str) -> Result<bool, sqlx::Error> {
    let found = sqlx::query("SELECT 1 FROM events WHERE query_id = $1 LIMIT 1").bind(query_id).fetch_optional(connection).await?;
    Ok(found.is_some())
}

/// All that is known of one phrasing.
pub(super) async fn facts_of(connection: &mut SqliteConnection, phrasing: &str) -> Result<Facts, sqlx::Error> {
    let searches = sqlx::query(
        "SELECT query_id, identity, conversation, hits, phrasing FROM searches WHERE phrasing = $1 ORDER BY at_ms DESC, query_id DESC LIMIT $2",
    )
    .bind(phrasing)
    .bind(MAX_COUNTED_SEARCHES)
    .fetch_all(&mut *connection)
    .await?;
    let events = sqlx::query(
        "SELECT e.query_id, e.kind, e.entry_id, e.at_ms FROM events e JOIN searches s ON s.query_id = e.query_id
         WHERE s.phrasing = $1 ORDER BY e.at_ms, e.event_id",
    )
    .bind(phrasing)
    .fetch_all(&mut *connection)
    .await?;
    let lessons = sqlx::query("SELECT text, entry_id, provenance, conversation, at_ms FROM learned WHERE text = $1")
        .bind(phrasing)
        .fetch_all(connection)
        .await?;
    Ok(gather(&searches, &events, &lessons)?.remove(phrasing).unwrap_or_default())
}

/// All that is known of each phrasing that teaches anything.
pub(super) async fn all_facts(connection: &mut SqliteConnection) -> Result<BTreeMap<String, Facts>, sqlx::Error> {
    /// Searches whose question was ever answered by a pick.
    const TAUGHT: &str = "s.phrasing IN (SELECT p.phrasing FROM searches p JOIN events k ON k.query_id = p.query_id
        WHERE k.kind IN ('picked', 'copied', 'inserted', 'edited'))";
    let query = |what: String| sqlx::query(sqlx::AssertSqlSafe(what));
    let searches = query(format!(
        "SELECT s.query_id, s.identity, s.conversation, s.hits, s.phrasing FROM searches s WHERE {TAUGHT} ORDER BY s.at_ms DESC, s.query_id DESC"
    ))
    .fetch_all(&mut *connection)
    .await?;
    let events = query(format!(
        "SELECT e.query_id, e.kind, e.entry_id, e.at_ms FROM events e JOIN searches s ON s.query_id = e.query_id
         WHERE {TAUGHT} ORDER BY e.at_ms, e.event_id"
    ))
    .fetch_all(&mut *connection)
    .await?;
    let lessons = sqlx::query("SELECT text, entry_id, provenance, conversation, at_ms FROM learned").fetch_all(connection).await?;
    gather(&searches, &events, &lessons)
}

/// Brings rows together by phrasing.
fn gather(searches: &[SqliteRow], events: &[SqliteRow], lessons: &[SqliteRow]) -> Result<BTreeMap<String, Facts>, sqlx::Error> {
    let mut happened: BTreeMap<String, Vec<Happened>> = BTreeMap::new();
    for row in events {
        let (query_id, kind, entry_id): (String, String, Option<String>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if let Some(kind) = EventKind::parse(&kind) {
            happened.entry(query_id).or_default().push(Happened { kind, entry_id: entry_id.map(Arc::from), at_ms: row.try_get(3)? });
        }
    }
    let mut facts: BTreeMap<String, Facts> = BTreeMap::new();
    for row in searches {
        let (query_id, hits, phrasing): (String, String, String) = (row.try_get(0)?, row.try_get(3)?, row.try_get(4)?);
        let hits: Vec<String> = serde_json::from_str(&hits).unwrap_or_default();
        let of_phrasing = &mut facts.entry(phrasing).or_default().searches;
        if i64::try_from(of_phrasing.len()).is_ok_and(|count| count < MAX_COUNTED_SEARCHES) {
            of_phrasing.push(Asked {
                identity: row.try_get(1)?,
                conversation: row.try_get(2)?,
                hits: hits.into_iter().map(Arc::from).collect(),
                events: happened.remove(&query_id).unwrap_or_default(),
            });
        }
    }
    for row in lessons {
        let (text, entry_id, provenance): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if let Some(provenance) = Provenance::parse(&provenance) {
            let lesson = Lesson { entry_id: Arc::from(entry_id), provenance, conversation: row.try_get(3)?, at_ms: row.try_get(4)? };
            facts.entry(text).or_default().lessons.push(lesson);
        }
    }
    Ok(facts)
}

/// What customers asked lately, each text once, latest first.
pub(super) async fn recent_texts(connection: &mut SqliteConnection, limit: usize) -> Result<Vec<String>, JournalError> {
    let sql = "SELECT text FROM searches WHERE text <> '' GROUP BY text ORDER BY max(at_ms) DESC LIMIT $1";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(sqlx::query_scalar(sql).bind(limit).fetch_all(connection).await?)
}
