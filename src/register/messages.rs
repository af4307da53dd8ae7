//! What somebody must be told who has their answer already: their version was replaced. Kept until they say that they have read it.

use super::{Register, RegisterError};
use crate::version::Version;
use sqlx::Row;
use uuid::Uuid;

/// Messages kept for one person: who does not read them for a year needs no more.
const MAX_MESSAGES: i64 = 200;

/// Its tables.
pub(super) const SCHEMA: &[&str] = &[
    "CREATE TABLE messages (
        id TEXT PRIMARY KEY NOT NULL,
        who TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        entry_id TEXT,
        path TEXT NOT NULL,
        version TEXT NOT NULL,
        replaced_by TEXT NOT NULL
    )",
    "CREATE INDEX messages_by_who ON messages (who, at_ms)",
];

/// A version was replaced by a file right after it had been saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// UUIDv7.
    pub id: String,
    /// To whom.
    pub who: String,
    /// When, in milliseconds.
    pub at_ms: i64,
    /// The entry.
    pub entry_id: Option<String>,
    /// Its file.
    pub path: String,
    /// Their version.
    pub version: String,
    /// The one that is there instead.
    pub replaced_by: String,
}

impl Message {
    /// To the author of a version: another has replaced it.
    pub fn replaced(last: &Version, by: &Version) -> Message {
        Message {
            id: Uuid::now_v7().to_string(),
            who: last.who.clone(),
            at_ms: by.at_us / 1000,
            entry_id: last.entry_id.clone(),
            path: last.path.clone(),
            version: last.id.clone(),
            replaced_by: by.id.clone(),
        }
    }
}

impl Register {
    /// Adds a message. Of one person the latest [`MAX_MESSAGES`] are kept.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn tell(&self, message: &Message) -> Result<(), RegisterError> {
        sqlx::query("INSERT INTO messages (id, who, at_ms, entry_id, path, version, replaced_by) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(&message.id)
            .bind(&message.who)
            .bind(message.at_ms)
            .bind(message.entry_id.as_deref())
            .bind(&message.path)
            .bind(&message.version)
            .bind(&message.replaced_by)
            .execute(&self.pool)
            .await?;
        let old = "DELETE FROM messages WHERE who = $1 AND id NOT IN (SELECT id FROM messages WHERE who = $1 ORDER BY id DESC LIMIT $2)";
        sqlx::query(old).bind(&message.who).bind(MAX_MESSAGES).execute(&self.pool).await?;
        Ok(())
    }

    /// The messages to a person, latest first.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn messages(&self, who: &str) -> Result<Vec<Message>, RegisterError> {
        let sql = "SELECT id, who, at_ms, entry_id, path, version, replaced_by FROM messages WHERE who = $1 ORDER BY id DESC";
        let rows = sqlx::query(sql).bind(who).fetch_all(&self.pool).await?;
        let read = |row: sqlx::sqlite::SqliteRow| {
            Ok(Message {
                id: row.try_get(0)?,
                who: row.try_get(1)?,
                at_ms: row.try_get(2)?,
                entry_id: row.try_get(3)?,
                path: row.try_get(4)?,
                version: row.try_get(5)?,
                replaced_by: row.try_get(6)?,
            })
        };
        Ok(rows.into_iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }

    /// Takes a message away that a person has read. Returns whether there was one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn dismiss(&self, who: &str, id: &str) -> Result<bool, RegisterError> {
        let done = sqlx::query("DELETE FROM messages WHERE who = $1 AND id = $2").bind(who).bind(id).execute(&self.pool).await?;
        Ok(done.rows_affected() > 0)
    }
}
