//! Sessions: who is signed in, in which browser. The value stands in a cookie and is kept as its digest alone.

use super::fold;
use super::{Register, RegisterError};
use crate::hex::hex;
use crate::journal::now_ms;
use crate::secret::{self, SecretDigest};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

/// Their table.
pub(super) const SCHEMA: &[&str] = &[
    "CREATE TABLE sessions (
        digest TEXT PRIMARY KEY NOT NULL,
        user_name TEXT NOT NULL REFERENCES users (name),
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
    )",
    "CREATE INDEX sessions_by_user ON sessions (user_name)",
];

/// How long a session lasts, in seconds: a week of shifts; who leaves the team is disabled, which counts at once.
pub const SESSION_SECONDS: i64 = 7 * 24 * 60 * 60;

/// How far in the future a session may have begun, in milliseconds: clocks are put right by seconds. One that began later was begun while the
/// clock was wrong, and would last for as much longer than a week.
const MAX_AHEAD_MS: i64 = 5 * 60 * 1000;

/// Sessions of one user: browsers and machines at which they are signed in; beyond it the oldest ends.
const MAX_SESSIONS: i64 = 20;

impl Register {
    /// Signs a user in: the value for the cookie, told once.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn begin_session(&self, user: &str) -> Result<String, RegisterError> {
        let (secret, now) = (secret::new_secret(), now_ms());
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM sessions WHERE expires_at <= $1 OR created_at > $2")
            .bind(now)
            .bind(now + MAX_AHEAD_MS)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO sessions (digest, user_name, created_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(hex(&secret::digest(&secret)))
            .bind(user)
            .bind(now)
            .bind(now + SESSION_SECONDS * 1000)
            .execute(&mut *transaction)
            .await?;
        let surplus = "DELETE FROM sessions WHERE user_name = $1 AND digest NOT IN
            (SELECT digest FROM sessions WHERE user_name = $1 ORDER BY rowid DESC LIMIT $2)";
        sqlx::query(surplus).bind(user).bind(MAX_SESSIONS).execute(&mut *transaction).await?;
        Register::raise(&mut transaction).await?;
        transaction.commit().await?;
        self.read_people().await?;
        Ok(secret)
    }

    /// Signs out; whether there was such a session.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn end_session(&self, secret: &str) -> Result<bool, RegisterError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let delete = sqlx::query("DELETE FROM sessions WHERE digest = $1").bind(hex(&secret::digest(secret)));
        let ended = delete.execute(&mut *transaction).await?.rows_affected() > 0;
        Register::raise(&mut transaction).await?;
        transaction.commit().await?;
        self.read_people().await?;
        Ok(ended)
    }

    /// Ends the sessions that were begun while the clock was ahead of now. They do not come back when it gets there.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) async fn end_sessions_ahead(&self) -> Result<(), RegisterError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM sessions WHERE created_at > $1").bind(now_ms() + MAX_AHEAD_MS).execute(&mut *transaction).await?;
        Register::raise(&mut transaction).await?;
        transaction.commit().await?;
        self.read_people().await
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn end_sessions(&self, user: &str) -> Result<(), RegisterError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let of = "DELETE FROM sessions WHERE user_name IN (SELECT name FROM users WHERE folded = $1)";
        sqlx::query(of).bind(fold(user)).execute(&mut *transaction).await?;
        Register::raise(&mut transaction).await?;
        transaction.commit().await?;
        self.read_people().await
    }
}

/// From when to when a session is in force, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    begun_at: i64,
    expires_at: i64,
}

impl Term {
    pub(super) fn holds(self, now: i64) -> bool {
        !self.is_ahead(now) && now < self.expires_at
    }

    /// Whether it was begun while the clock was wrong.
    pub(super) fn is_ahead(self, now: i64) -> bool {
        self.begun_at > now + MAX_AHEAD_MS
    }
}

/// All that may be in force: digest, user, term.
pub(super) async fn all(connection: &mut SqliteConnection, now: i64) -> Result<Vec<(SecretDigest, String, Term)>, RegisterError> {
    let rows = sqlx::query("SELECT digest, user_name, created_at, expires_at FROM sessions WHERE expires_at > $1").bind(now);
    let rows = rows.fetch_all(connection).await?;
    let term = |row: &SqliteRow| Ok::<_, sqlx::Error>(Term { begun_at: row.try_get(2)?, expires_at: row.try_get(3)? });
    rows.iter().map(|row| Ok((super::read_digest(row.try_get(0)?)?, row.try_get(1)?, term(row)?))).collect()
}
