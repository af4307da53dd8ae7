//! Sessions: who is signed in, in which browser. The value stands in a cookie and is kept as its digest alone.

use super::fold;
use super::{Register, RegisterError};
use crate::hex::hex;
use crate::journal::now_ms;
use crate::secret::{self, SecretDigest};
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
        sqlx::query("DELETE FROM sessions WHERE expires_at <= $1").bind(now).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO sessions (digest, user_name, created_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(hex(&secret::digest(&secret)))
            .bind(user)
            .bind(now)
            .bind(now + SESSION_SECONDS * 1000)
            .execute(&mut *transaction)
            .await?;
        let surplus = "DELETE FROM sessions WHERE user_name = $1 AND digest NOT IN
            (SELECT digest FROM sessions WHERE user_name = $1 ORDER BY created_at DESC, digest LIMIT $2)";
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

/// All that are in force: digest, user, end.
pub(super) async fn all(connection: &mut SqliteConnection, now: i64) -> Result<Vec<(SecretDigest, String, i64)>, RegisterError> {
    let rows = sqlx::query("SELECT digest, user_name, expires_at FROM sessions WHERE expires_at > $1").bind(now);
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(|row| Ok((super::read_digest(row.try_get(0)?)?, row.try_get(1)?, row.try_get(2)?))).collect()
}
