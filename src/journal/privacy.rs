//! What the journal keeps of people, and for how long: given out, taken off their name, and deleted when its time is over.

use super::writer::Message;
use super::{Journal, JournalError, store};
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};

/// Most rows of one kind in an export: years of one person's work.
const MAX_EXPORTED: i64 = 200_000;

/// What the journal keeps of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct JournalRecords {
    /// Searches, texts masked.
    pub searches: Vec<SearchRecord>,
    /// What became of searches.
    pub events: Vec<EventRecord>,
    /// Decisions about learned phrasings.
    pub decisions: Vec<DecisionRecord>,
}

/// A search of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SearchRecord {
    /// When, in milliseconds.
    pub at: i64,
    /// What the customer wrote, masked.
    pub text: String,
    /// What was known of the chat, masked JSON.
    pub context: String,
}

/// Something that somebody did with a hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRecord {
    /// When, in milliseconds.
    pub at: i64,
    /// What.
    pub kind: String,
    /// With which entry.
    pub entry_id: Option<String>,
    /// How good it was found.
    pub verdict: Option<String>,
}

/// A decision of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionRecord {
    /// When, in milliseconds.
    pub at: i64,
    /// About which phrasing.
    pub text: String,
    /// Of which entry.
    pub entry_id: String,
    /// What.
    pub decision: String,
}

/// Rows of the kinds that have a retention.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rows {
    /// Of searches.
    pub searches: u64,
    /// Of events.
    pub events: u64,
    /// Of decisions about learned phrasings.
    pub decisions: u64,
}

/// How many rows of a kind there are, and the oldest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRows {
    /// searches or events.
    pub kind: &'static str,
    /// How many.
    pub rows: i64,
    /// The oldest, in milliseconds.
    pub oldest_ms: Option<i64>,
}

impl Journal {
    /// Everything that is kept of one person.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub async fn records_of(&self, who: &str) -> Result<JournalRecords, JournalError> {
        let mut connection = store::open_to_read(&self.path).await?;
        let searches = sqlx::query("SELECT at_ms, text, context FROM searches WHERE identity = $1 ORDER BY at_ms LIMIT $2")
            .bind(who)
            .bind(MAX_EXPORTED)
            .fetch_all(&mut connection)
            .await?;
        let events = sqlx::query("SELECT at_ms, kind, entry_id, verdict FROM events WHERE identity = $1 ORDER BY at_ms LIMIT $2")
            .bind(who)
            .bind(MAX_EXPORTED)
            .fetch_all(&mut connection)
            .await?;
        let decisions = sqlx::query("SELECT at_ms, text, entry_id, decision FROM vetoes WHERE decided_by = $1 ORDER BY at_ms LIMIT $2")
            .bind(who)
            .bind(MAX_EXPORTED)
            .fetch_all(&mut connection)
            .await?;
        connection.close().await?;
        let search =
            |row: &sqlx::sqlite::SqliteRow| Ok(SearchRecord { at: row.try_get(0)?, text: row.try_get(1)?, context: row.try_get(2)? });
        let event = |row: &sqlx::sqlite::SqliteRow| {
            Ok(EventRecord { at: row.try_get(0)?, kind: row.try_get(1)?, entry_id: row.try_get(2)?, verdict: row.try_get(3)? })
        };
        let decision = |row: &sqlx::sqlite::SqliteRow| {
            Ok(DecisionRecord { at: row.try_get(0)?, text: row.try_get(1)?, entry_id: row.try_get(2)?, decision: row.try_get(3)? })
        };
        Ok(JournalRecords {
            searches: searches.iter().map(search).collect::<Result<_, sqlx::Error>>()?,
            events: events.iter().map(event).collect::<Result<_, sqlx::Error>>()?,
            decisions: decisions.iter().map(decision).collect::<Result<_, sqlx::Error>>()?,
        })
    }

    /// How many rows there are of each kind.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub async fn kept(&self) -> Result<Vec<KeptRows>, JournalError> {
        let mut connection = store::open_to_read(&self.path).await?;
        let mut kept = Vec::new();
        for (kind, query) in
            [("searches", "SELECT count(*), min(at_ms) FROM searches"), ("events", "SELECT count(*), min(at_ms) FROM events")]
        {
            let row = sqlx::query(query).fetch_one(&mut connection).await?;
            kept.push(KeptRows { kind, rows: row.try_get(0)?, oldest_ms: row.try_get(1)? });
        }
        connection.close().await?;
        Ok(kept)
    }

    /// Takes a person's name off their records: a placeholder stands in its place, other than that of anybody else, so that what was learned
    /// is learned from as many people as before. When this returns nothing in the journal, or waiting for it, names them. For threads that
    /// may wait.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn erase(&self, who: &str) -> Result<Rows, JournalError> {
        let placeholder = format!("erased-{}", uuid::Uuid::new_v4());
        self.ask(|answer| Message::Erase { who: who.to_owned(), placeholder, answer })?
    }

    /// Deletes searches and events from before two moments. For threads that may wait.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn age(&self, searches_before_ms: i64, events_before_ms: i64) -> Result<Rows, JournalError> {
        self.ask(|answer| Message::Age { searches_before_ms, events_before_ms, answer })?
    }
}

/// Puts a placeholder in the place of a name.
pub(super) async fn rename(connection: &mut SqliteConnection, who: &str, placeholder: &str) -> Result<Rows, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let mut rows = [0; 3];
    let statements = [
        "UPDATE searches SET identity = $2 WHERE identity = $1",
        "UPDATE events SET identity = $2 WHERE identity = $1",
        "UPDATE vetoes SET decided_by = $2 WHERE decided_by = $1",
    ];
    for (count, statement) in rows.iter_mut().zip(statements) {
        *count = sqlx::query(statement).bind(who).bind(placeholder).execute(&mut *transaction).await?.rows_affected();
    }
    transaction.commit().await?;
    let [searches, events, decisions] = rows;
    Ok(Rows { searches, events, decisions })
}

/// Deletes what happened before two moments.
pub(super) async fn delete_before(connection: &mut SqliteConnection, searches_ms: i64, events_ms: i64) -> Result<Rows, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let events = sqlx::query("DELETE FROM events WHERE at_ms < $1").bind(events_ms).execute(&mut *transaction).await?.rows_affected();
    let searches = sqlx::query("DELETE FROM searches WHERE at_ms < $1").bind(searches_ms).execute(&mut *transaction).await?.rows_affected();
    transaction.commit().await?;
    Ok(Rows { searches, events, decisions: 0 })
}
