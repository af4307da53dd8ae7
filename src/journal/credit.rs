//! What the journal says about contributions: how often others used an entry, and who reported a gap. Reads on a connection of its own, off the
//! writer's thread.

use super::{Journal, JournalError, store};
use sqlx::Connection;

/// What is asked: uses of an entry by anybody but one person, since a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsesBy {
    /// The entry.
    pub entry_id: String,
    /// Whose own uses do not count.
    pub but: String,
    /// Since when, in milliseconds.
    pub since_ms: i64,
}

impl Journal {
    /// In how many searches others used each entry; in the order of the questions.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub async fn uses(&self, asked: &[UsesBy]) -> Result<Vec<u32>, JournalError> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let mut connection = store::open_to_read(&self.path).await?;
        let mut uses = Vec::with_capacity(asked.len());
        for UsesBy { entry_id, but, since_ms } in asked {
            let count: i64 = sqlx::query_scalar(
                "SELECT count(DISTINCT query_id) FROM events WHERE entry_id = $1 AND identity <> $2 AND at_ms >= $3
                 AND kind IN ('picked', 'copied', 'inserted', 'edited')",
            )
            .bind(entry_id)
            .bind(but)
            .bind(since_ms)
            .fetch_one(&mut connection)
            .await?;
            uses.push(u32::try_from(count).unwrap_or(u32::MAX));
        }
        connection.close().await?;
        Ok(uses)
    }

    /// Who said of a search, or of one with the same question, that nothing fits.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub async fn gap_reporters(&self, query_id: &str) -> Result<Vec<String>, JournalError> {
        let mut connection = store::open_to_read(&self.path).await?;
        let who = sqlx::query_scalar(
            "SELECT DISTINCT e.identity FROM events e LEFT JOIN searches s ON s.query_id = e.query_id
             WHERE e.kind = 'gap' AND e.identity <> '' AND (e.query_id = $1
                 OR s.phrasing = (SELECT phrasing FROM searches WHERE query_id = $1)) ORDER BY e.identity",
        )
        .bind(query_id)
        .fetch_all(&mut connection)
        .await?;
        connection.close().await?;
        Ok(who)
    }

    /// What a customer wrote, masked, by the search's id.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub async fn text_of(&self, query_id: &str) -> Result<Option<String>, JournalError> {
        let mut connection = store::open_to_read(&self.path).await?;
        let text =
            sqlx::query_scalar("SELECT text FROM searches WHERE query_id = $1").bind(query_id).fetch_optional(&mut connection).await?;
        connection.close().await?;
        Ok(text)
    }
}
