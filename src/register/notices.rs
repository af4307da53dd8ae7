//! Notices (临时口径): a lead's word of the hour, with shops and an end, and who has read it.

use super::{Register, RegisterError};
use crate::journal::now_ms;
use crate::notices::Notice;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Its tables.
pub(super) const SCHEMA: &[&str] = &[
    "CREATE TABLE notices (
        id TEXT PRIMARY KEY NOT NULL,
        text TEXT NOT NULL,
        entry_id TEXT,
        reply_id TEXT,
        shops TEXT NOT NULL,
        author TEXT NOT NULL,
        from_ms BIGINT NOT NULL,
        until_ms BIGINT NOT NULL,
        withdrawn_ms BIGINT,
        reviewed_ms BIGINT,
        reviewed_by TEXT,
        review TEXT
    )",
    "CREATE INDEX notices_by_end ON notices (until_ms)",
    "CREATE TABLE acknowledgements (
        notice_id TEXT NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
        who TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        PRIMARY KEY (notice_id, who)
    )",
];

const COLUMNS: &str = "id, text, entry_id, reply_id, shops, author, from_ms, until_ms, withdrawn_ms, reviewed_ms, reviewed_by, review";

impl Register {
    /// Keeps a notice.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn add_notice(&self, notice: &Notice) -> Result<(), RegisterError> {
        sqlx::query(
            "INSERT INTO notices (id, text, entry_id, reply_id, shops, author, from_ms, until_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&notice.id)
        .bind(&notice.text)
        .bind(&notice.entry_id)
        .bind(&notice.reply_id)
        .bind(serde_json::to_string(&notice.shops).unwrap_or_default())
        .bind(&notice.author)
        .bind(notice.from_ms)
        .bind(notice.until_ms)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Takes a notice back. `false` where there is none, or it was taken back before.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn withdraw_notice(&self, id: &str) -> Result<bool, RegisterError> {
        let done = sqlx::query("UPDATE notices SET withdrawn_ms = $2 WHERE id = $1 AND withdrawn_ms IS NULL")
            .bind(id)
            .bind(now_ms())
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Says that somebody looked at what a notice said and what follows from it. `false` where there is none.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn review_notice(&self, id: &str, by: &str, review: &str) -> Result<bool, RegisterError> {
        let done = sqlx::query("UPDATE notices SET reviewed_ms = $2, reviewed_by = $3, review = $4 WHERE id = $1")
            .bind(id)
            .bind(now_ms())
            .bind(by)
            .bind(review)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// One notice, whether in force or not.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn notice(&self, id: &str) -> Result<Option<Notice>, RegisterError> {
        let one = format!("SELECT {COLUMNS} FROM notices WHERE id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(one)).bind(id).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// The notices in force at a moment, earliest first.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn notices_in_force(&self, at_ms: i64, limit: usize) -> Result<Vec<Notice>, RegisterError> {
        let all = format!("SELECT {COLUMNS} FROM notices WHERE until_ms > $1 AND withdrawn_ms IS NULL ORDER BY from_ms, id LIMIT $2");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = sqlx::query(sqlx::AssertSqlSafe(all)).bind(at_ms).bind(limit).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// All notices with how many have read each, latest first.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn notices(&self, limit: usize) -> Result<Vec<(Notice, usize)>, RegisterError> {
        let all = format!(
            "SELECT {COLUMNS}, (SELECT count(*) FROM acknowledgements WHERE notice_id = notices.id) FROM notices
             ORDER BY from_ms DESC, id DESC LIMIT $1"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(all)).bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(&self.pool).await?;
        let counted = rows.iter().map(|row| Ok((read(row)?, usize::try_from(row.try_get::<i64, _>(12)?).unwrap_or(0))));
        Ok(counted.collect::<Result<_, sqlx::Error>>()?)
    }

    /// Notes that somebody has read a notice, the first time.
    ///
    /// # Errors
    /// Where it cannot be written, or there is no such notice.
    pub async fn acknowledge(&self, notice_id: &str, who: &str) -> Result<(), RegisterError> {
        sqlx::query("INSERT INTO acknowledgements (notice_id, who, at_ms) VALUES ($1, $2, $3) ON CONFLICT (notice_id, who) DO NOTHING")
            .bind(notice_id)
            .bind(who)
            .bind(now_ms())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Who has read a notice and when, first first.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn acknowledgements(&self, notice_id: &str, limit: usize) -> Result<Vec<(String, i64)>, RegisterError> {
        let people = sqlx::query_as("SELECT who, at_ms FROM acknowledgements WHERE notice_id = $1 ORDER BY at_ms, who LIMIT $2")
            .bind(notice_id)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        Ok(people)
    }

    /// Ids of the notices that somebody has read.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn acknowledged_by(&self, who: &str) -> Result<Vec<String>, RegisterError> {
        let now = now_ms();
        let ids = sqlx::query_scalar(
            "SELECT notice_id FROM acknowledgements JOIN notices ON notices.id = notice_id WHERE who = $1 AND until_ms > $2",
        );
        Ok(ids.bind(who).bind(now).fetch_all(&self.pool).await?)
    }
}

fn read(row: &SqliteRow) -> Result<Notice, sqlx::Error> {
    let shops: String = row.try_get(4)?;
    Ok(Notice {
        id: row.try_get(0)?,
        text: row.try_get(1)?,
        entry_id: row.try_get(2)?,
        reply_id: row.try_get(3)?,
        shops: serde_json::from_str(&shops).unwrap_or_default(),
        author: row.try_get(5)?,
        from_ms: row.try_get(6)?,
        until_ms: row.try_get(7)?,
        withdrawn_ms: row.try_get(8)?,
        reviewed_ms: row.try_get(9)?,
        reviewed_by: row.try_get(10)?,
        review: row.try_get(11)?,
    })
}
