//! What happened in a period, for reports: read over a connection of its own, so that the writer never waits for a report.

use super::{JournalError, store};
use crate::feedback::Verdict;
use crate::learning::EventKind;
use crate::reports::{Deed, Facts, Seen};
use serde::Deserialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row};
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Most searches that one report reads, the latest of its period: a week of two hundred busy agents, some hundred megabytes.
pub const MAX_REPORTED: i64 = 200_000;

/// Most events likewise: a search is shown and used, seldom more.
const MAX_REPORTED_EVENTS: i64 = 4 * MAX_REPORTED;

/// What reports ask of a context.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Context {
    channel: Option<String>,
    shop: Option<String>,
}

/// Reads a period, in milliseconds, from begin to before the end.
pub(super) fn read(path: &Path, period: Range<i64>) -> Result<Facts, JournalError> {
    let folder = |source| JournalError::Folder { path: path.display().to_string(), source };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(folder)?;
    runtime.block_on(async {
        let mut connection = store::open_to_read(path).await?;
        let searches = sqlx::query(
            "SELECT query_id, at_ms, text, identity, conversation, context, hits, took_us, confident FROM searches
             WHERE at_ms >= $1 AND at_ms < $2 ORDER BY at_ms DESC, query_id LIMIT $3",
        )
        .bind(period.start)
        .bind(period.end)
        .bind(MAX_REPORTED)
        .fetch_all(&mut connection)
        .await?;
        let events = sqlx::query(
            "SELECT query_id, kind, entry_id, at_ms, identity, verdict, reason FROM events
             WHERE at_ms >= $1 AND at_ms < $2 ORDER BY at_ms DESC, event_id LIMIT $3",
        )
        .bind(period.start)
        .bind(period.end)
        .bind(MAX_REPORTED_EVENTS)
        .fetch_all(&mut connection)
        .await?;
        connection.close().await?;
        Ok(gather(&searches, &events)?)
    })
}

/// Events beside their searches, both in the order of time.
fn gather(searches: &[SqliteRow], events: &[SqliteRow]) -> Result<Facts, sqlx::Error> {
    let is_full = |rows: &[SqliteRow], most: i64| i64::try_from(rows.len()).is_ok_and(|count| count >= most);
    let complete = !is_full(searches, MAX_REPORTED) && !is_full(events, MAX_REPORTED_EVENTS);
    let mut facts = Facts { complete, ..Facts::default() };
    let mut places: HashMap<String, usize> = HashMap::with_capacity(searches.len());
    for row in searches.iter().rev() {
        let (context, hits): (String, String) = (row.try_get(5)?, row.try_get(6)?);
        let context: Context = serde_json::from_str(&context).unwrap_or_default();
        let hits: Vec<String> = serde_json::from_str(&hits).unwrap_or_default();
        places.insert(row.try_get(0)?, facts.searches.len());
        facts.searches.push(Seen {
            at_ms: row.try_get(1)?,
            text: row.try_get(2)?,
            identity: row.try_get(3)?,
            conversation: row.try_get(4)?,
            channel: context.channel.filter(|channel| !channel.is_empty()),
            shop: context.shop.filter(|shop| !shop.is_empty()),
            hits: hits.into_iter().map(Arc::from).collect(),
            took_us: row.try_get(7)?,
            confident: row.try_get::<Option<i64>, _>(8)?.map(|confident| confident != 0),
            deeds: Vec::new(),
        });
    }
    for row in events.iter().rev() {
        let (query_id, kind, entry_id): (String, String, Option<String>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let Some(kind) = EventKind::parse(&kind) else { continue };
        let verdict: Option<String> = row.try_get(5)?;
        let deed = Deed {
            kind,
            entry_id: entry_id.map(Arc::from),
            at_ms: row.try_get(3)?,
            identity: row.try_get(4)?,
            verdict: verdict.as_deref().and_then(Verdict::parse),
            reason: row.try_get(6)?,
        };
        match places.get(&query_id) {
            Some(place) => facts.searches[*place].deeds.push(deed),
            None => facts.loose.push(deed),
        }
    }
    Ok(facts)
}
