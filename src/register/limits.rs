//! Limits of what each role may promise, which slots hold money, and what was promised.

use super::{Register, RegisterError};
use crate::access::Role;
use crate::allowance::{Limit, MONEY_SLOTS, Promised};
use sqlx::Row;

/// Their tables. What was promised is kept by day, of which the register's owner decides how long.
pub(super) const SCHEMA: &[&str] = &[
    "CREATE TABLE limits (
        role TEXT NOT NULL,
        shop TEXT,
        per_reply BIGINT,
        per_day BIGINT
    )",
    "CREATE TABLE money_slots (name TEXT PRIMARY KEY NOT NULL)",
    "CREATE TABLE promised (
        event_id TEXT PRIMARY KEY NOT NULL,
        user_name TEXT NOT NULL,
        shop TEXT,
        day TEXT NOT NULL,
        fen BIGINT NOT NULL,
        entry_id TEXT NOT NULL,
        at_ms BIGINT NOT NULL
    )",
    "CREATE INDEX promised_by_user ON promised (user_name, day)",
];

impl Register {
    /// All limits, and the names of the slots that hold money.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn limits(&self) -> Result<(Vec<Limit>, Vec<String>), RegisterError> {
        let rows = sqlx::query("SELECT role, shop, per_reply, per_day FROM limits ORDER BY role, shop").fetch_all(&self.pool).await?;
        let limit = |row: sqlx::sqlite::SqliteRow| {
            let role: String = row.try_get(0)?;
            let role = Role::parse(&role).ok_or_else(|| RegisterError::Value(format!("a limit's role is {role:?}")))?;
            Ok::<_, RegisterError>(Limit { role, shop: row.try_get(1)?, per_reply: row.try_get(2)?, per_day: row.try_get(3)? })
        };
        let limits = rows.into_iter().map(limit).collect::<Result<_, _>>()?;
        let mut slots: Vec<String> = sqlx::query_scalar("SELECT name FROM money_slots ORDER BY name").fetch_all(&self.pool).await?;
        if slots.is_empty() {
            slots = MONEY_SLOTS.map(str::to_owned).to_vec();
        }
        Ok((limits, slots))
    }

    /// Puts others in their place.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub async fn set_limits(&self, limits: &[Limit], slots: &[String]) -> Result<(), RegisterError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM limits").execute(&mut *transaction).await?;
        sqlx::query("DELETE FROM money_slots").execute(&mut *transaction).await?;
        for limit in limits {
            sqlx::query("INSERT INTO limits (role, shop, per_reply, per_day) VALUES ($1, $2, $3, $4)")
                .bind(limit.role.as_str())
                .bind(&limit.shop)
                .bind(limit.per_reply)
                .bind(limit.per_day)
                .execute(&mut *transaction)
                .await?;
        }
        for slot in slots {
            let insert = sqlx::query("INSERT INTO money_slots (name) VALUES ($1) ON CONFLICT DO NOTHING").bind(slot);
            insert.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// What a user promised on a day, by shop.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn promised(&self, user: &str, day: &str) -> Result<Vec<Promised>, RegisterError> {
        let select = "SELECT shop, sum(fen) FROM promised WHERE user_name = $1 AND day = $2 GROUP BY shop";
        let rows = sqlx::query(select).bind(user).bind(day).fetch_all(&self.pool).await?;
        rows.into_iter().map(|row| Ok(Promised { shop: row.try_get(0)?, fen: row.try_get(1)? })).collect()
    }

    /// Notes that a user promised an amount; the same event counts once.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn note_promise(&self, event: &str, user: &str, day: &str, entry: &str, promised: &Promised) -> Result<(), RegisterError> {
        let insert = "INSERT INTO promised (event_id, user_name, shop, day, fen, entry_id, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT DO NOTHING";
        sqlx::query(insert)
            .bind(event)
            .bind(user)
            .bind(&promised.shop)
            .bind(day)
            .bind(promised.fen)
            .bind(entry)
            .bind(crate::journal::now_ms())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
