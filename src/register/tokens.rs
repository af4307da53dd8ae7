//! Tokens: how programs and the browser extension act for a user. Shown once, kept as their digest alone.

use super::fold;
use super::{Register, RegisterError};
use crate::access::Scope;
use crate::hex::hex;
use crate::journal::now_ms;
use crate::secret::{self, SecretDigest};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

/// Their table.
pub(super) const SCHEMA: &[&str] = &[
    "CREATE TABLE tokens (
        id TEXT PRIMARY KEY NOT NULL,
        digest TEXT NOT NULL UNIQUE,
        label TEXT NOT NULL,
        user_name TEXT NOT NULL REFERENCES users (name),
        created_at BIGINT NOT NULL,
        expires_at BIGINT,
        last_used_at BIGINT,
        shops TEXT,
        categories TEXT
    )",
    "CREATE INDEX tokens_by_user ON tokens (user_name)",
];

/// A token, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// UUIDv7.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// Whose.
    pub user: String,
    /// In milliseconds.
    pub created_at: i64,
    /// In milliseconds; absent: never.
    pub expires_at: Option<i64>,
    /// In milliseconds, as it was last written.
    pub last_used_at: Option<i64>,
    /// What it may see of what its user may.
    pub scope: Scope,
}

impl Register {
    /// Makes a token for a user: its id, and its value, told once.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn add_token(
        &self,
        user: &str,
        label: &str,
        expires_at: Option<i64>,
        scope: &Scope,
    ) -> Result<(String, String), RegisterError> {
        let (id, token) = (Uuid::now_v7().to_string(), secret::new_token());
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let insert = "INSERT INTO tokens (id, digest, label, user_name, created_at, expires_at, shops, categories)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        sqlx::query(insert)
            .bind(&id)
            .bind(hex(&secret::digest(&token)))
            .bind(label)
            .bind(user)
            .bind(now_ms())
            .bind(expires_at)
            .bind(super::list_text(scope.shops.as_deref()))
            .bind(super::list_text(scope.categories.as_deref()))
            .execute(&mut *transaction)
            .await?;
        Register::raise(&mut transaction).await?;
        transaction.commit().await?;
        self.read_people().await?;
        Ok((id, token))
    }

    /// The tokens of a user, or all; latest first.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn tokens(&self, user: Option<&str>) -> Result<Vec<Token>, RegisterError> {
        let select = "SELECT * FROM tokens WHERE $1 IS NULL OR user_name IN (SELECT name FROM users WHERE folded = $1) ORDER BY id DESC";
        let rows = sqlx::query(select).bind(user.map(fold)).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// One token.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn token(&self, id: &str) -> Result<Option<Token>, RegisterError> {
        let row = sqlx::query("SELECT * FROM tokens WHERE id = $1").bind(id).fetch_optional(&self.pool).await?;
        row.map(|row| read(&row)).transpose()
    }

    /// Revokes a token; whether there was one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn revoke_token(&self, id: &str) -> Result<bool, RegisterError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let deleted = sqlx::query("DELETE FROM tokens WHERE id = $1").bind(id).execute(&mut *transaction).await?;
        Register::raise(&mut transaction).await?;
        transaction.commit().await?;
        self.read_people().await?;
        Ok(deleted.rows_affected() == 1)
    }
}

/// All of them, by digest.
pub(super) async fn all(connection: &mut SqliteConnection) -> Result<Vec<(SecretDigest, Token)>, RegisterError> {
    let rows = sqlx::query("SELECT * FROM tokens").fetch_all(connection).await?;
    rows.iter().map(|row| Ok((super::read_digest(row.try_get("digest")?)?, read(row)?))).collect()
}

fn read(row: &SqliteRow) -> Result<Token, RegisterError> {
    Ok(Token {
        id: row.try_get("id")?,
        label: row.try_get("label")?,
        user: row.try_get("user_name")?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
        last_used_at: row.try_get("last_used_at")?,
        scope: Scope { shops: super::read_list(row.try_get("shops")?)?, categories: super::read_list(row.try_get("categories")?)? },
    })
}
