//! The ledger of contribution points (积分): a line for each accepted proposal and each confirmed gap, pending until others used the entry.

use super::{Register, RegisterError};
use crate::journal::now_ms;
use sqlx::Row;
use uuid::Uuid;

/// Its tables.
pub(super) const SCHEMA: &[&str] = &[
    "CREATE TABLE points (
        id TEXT PRIMARY KEY NOT NULL,
        at_ms BIGINT NOT NULL,
        who TEXT NOT NULL,
        points BIGINT NOT NULL,
        reason TEXT NOT NULL,
        entry_id TEXT NOT NULL,
        submission_id TEXT NOT NULL,
        needed BIGINT NOT NULL,
        counted_ms BIGINT,
        UNIQUE (submission_id, who, reason)
    )",
    "CREATE INDEX points_by_time ON points (at_ms)",
];

/// Points to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPoints {
    /// For whom.
    pub who: String,
    /// How many.
    pub points: u32,
    /// For what: a kind of proposal, or `gap`.
    pub reason: String,
    /// The entry that others have to use.
    pub entry_id: String,
    /// The proposal that earned them; with who and reason the same points.
    pub submission_id: String,
    /// How often others have to use it; 0: they count at once.
    pub needed: u32,
}

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointsRow {
    /// UUIDv7.
    pub id: String,
    /// When they were earned, in milliseconds: uses are counted from here on.
    pub at_ms: i64,
    /// What was earned.
    pub earned: NewPoints,
    /// Since when they count.
    pub counted_ms: Option<i64>,
}

impl Register {
    /// Writes lines; those that are there already change nothing.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub async fn add_points(&self, lines: &[NewPoints]) -> Result<(), RegisterError> {
        let now = now_ms();
        let mut transaction = self.pool.begin().await?;
        for line in lines.iter().filter(|line| line.points > 0) {
            sqlx::query(
                "INSERT INTO points (id, at_ms, who, points, reason, entry_id, submission_id, needed, counted_ms)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (submission_id, who, reason) DO NOTHING",
            )
            .bind(Uuid::now_v7().to_string())
            .bind(now)
            .bind(&line.who)
            .bind(i64::from(line.points))
            .bind(&line.reason)
            .bind(&line.entry_id)
            .bind(&line.submission_id)
            .bind(i64::from(line.needed))
            .bind((line.needed == 0).then_some(now))
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The ledger from one moment until another, latest first; of one person where asked.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn points(&self, from_ms: i64, until_ms: i64, who: Option<&str>, limit: usize) -> Result<Vec<PointsRow>, RegisterError> {
        let rows = sqlx::query(
            "SELECT id, at_ms, who, points, reason, entry_id, submission_id, needed, counted_ms FROM points
             WHERE at_ms >= $1 AND at_ms < $2 AND ($3 IS NULL OR who = $3) ORDER BY at_ms DESC, id DESC LIMIT $4",
        )
        .bind(from_ms)
        .bind(until_ms)
        .bind(who)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Who has how many counted points from one moment until another, most first.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn points_board(&self, from_ms: i64, until_ms: i64, limit: usize) -> Result<Vec<(String, i64)>, RegisterError> {
        let board = sqlx::query_as(
            "SELECT who, sum(points) AS total FROM points WHERE at_ms >= $1 AND at_ms < $2 AND counted_ms IS NOT NULL
             GROUP BY who ORDER BY total DESC, who LIMIT $3",
        );
        Ok(board.bind(from_ms).bind(until_ms).bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(&self.pool).await?)
    }

    /// Lines that wait for uses, oldest first.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn pending_points(&self, limit: usize) -> Result<Vec<PointsRow>, RegisterError> {
        let rows = sqlx::query(
            "SELECT id, at_ms, who, points, reason, entry_id, submission_id, needed, counted_ms FROM points
             WHERE counted_ms IS NULL ORDER BY at_ms, id LIMIT $1",
        )
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Makes lines count from now on; those that count already stay as they are.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn count_points(&self, ids: &[String]) -> Result<(), RegisterError> {
        let now = now_ms();
        let mut transaction = self.pool.begin().await?;
        for id in ids {
            let count = sqlx::query("UPDATE points SET counted_ms = $2 WHERE id = $1 AND counted_ms IS NULL");
            count.bind(id).bind(now).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

fn read(row: &sqlx::sqlite::SqliteRow) -> Result<PointsRow, sqlx::Error> {
    let number = |at: usize| Ok::<_, sqlx::Error>(u32::try_from(row.try_get::<i64, _>(at)?).unwrap_or(0));
    Ok(PointsRow {
        id: row.try_get(0)?,
        at_ms: row.try_get(1)?,
        earned: NewPoints {
            who: row.try_get(2)?,
            points: number(3)?,
            reason: row.try_get(4)?,
            entry_id: row.try_get(5)?,
            submission_id: row.try_get(6)?,
            needed: number(7)?,
        },
        counted_ms: row.try_get(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn points_are_written_once_and_stand_on_the_board_when_they_count() {
        let dir = tempfile::tempdir().unwrap();
        let register = Register::open(dir.path()).await.unwrap();
        let line = |who: &str, points: u32, needed: u32| NewPoints {
            who: who.to_owned(),
            points,
            reason: "case".to_owned(),
            entry_id: "催发货".to_owned(),
            submission_id: "s".to_owned(),
            needed,
        };
        for _ in 0..2 {
            register.add_points(&[line("小李", 5, 10), line("小王", 1, 0), line("小张", 0, 0)]).await.unwrap();
        }
        let board = async || register.points_board(0, i64::MAX, 9).await.unwrap();
        assert_eq!(board().await, [("小王".to_owned(), 1)]);
        let pending = register.pending_points(9).await.unwrap();
        assert_eq!(pending.iter().map(|row| row.earned.who.as_str()).collect::<Vec<_>>(), ["小李"]);
        register.count_points(&[pending[0].id.clone()]).await.unwrap();
        assert_eq!(board().await, [("小李".to_owned(), 5), ("小王".to_owned(), 1)]);
        assert_eq!(register.points(0, i64::MAX, Some("小李"), 9).await.unwrap().len(), 1);
        assert_eq!(register.points(0, 1, None, 9).await.unwrap().len(), 0);
    }
}
