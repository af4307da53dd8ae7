//! Private entries: words that an agent keeps for themselves. Nobody else sees them, and no search of others finds them.

use super::{Register, RegisterError};
use crate::journal::now_ms;
use sqlx::Row;
use uuid::Uuid;

/// Their table.
pub(super) const SCHEMA: &[&str] = &[
    "CREATE TABLE private_entries (
        id TEXT PRIMARY KEY NOT NULL,
        owner TEXT NOT NULL,
        title TEXT NOT NULL,
        shortcut TEXT,
        text TEXT NOT NULL,
        updated_at BIGINT NOT NULL
    )",
    "CREATE INDEX private_by_owner ON private_entries (owner)",
];

/// Most of one person: what more are many wants the library.
pub const MAX_PRIVATE: usize = 200;

/// Longest title and shortcut, in characters.
pub const MAX_PRIVATE_TITLE_CHARS: usize = 60;

/// Longest text, in characters: several chat messages.
pub const MAX_PRIVATE_TEXT_CHARS: usize = 2_000;

/// Words of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateEntry {
    /// UUIDv7; empty until it is kept.
    pub id: String,
    /// What it is for.
    pub title: String,
    /// 快捷码.
    pub shortcut: Option<String>,
    /// The words.
    pub text: String,
}

impl PrivateEntry {
    /// Words that are not kept yet; `None` where they are none or beyond a limit.
    pub fn new(title: &str, shortcut: Option<&str>, text: &str) -> Option<PrivateEntry> {
        let (title, text) = (title.trim(), text.trim());
        let shortcut = shortcut.map(str::trim).filter(|shortcut| !shortcut.is_empty());
        let is_line = |line: &str| line.chars().count() <= MAX_PRIVATE_TITLE_CHARS && !line.contains(char::is_control);
        let fits = !title.is_empty() && is_line(title) && shortcut.is_none_or(is_line);
        let is_said = !text.is_empty() && text.chars().count() <= MAX_PRIVATE_TEXT_CHARS;
        let entry =
            || PrivateEntry { id: String::new(), title: title.to_owned(), shortcut: shortcut.map(str::to_owned), text: text.to_owned() };
        (fits && is_said).then(entry)
    }
}

impl Register {
    /// Those of one person, by title.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn private_entries(&self, owner: &str) -> Result<Vec<PrivateEntry>, RegisterError> {
        let select = "SELECT id, title, shortcut, text FROM private_entries WHERE owner = $1 ORDER BY title, id";
        let rows = sqlx::query(select).bind(owner).fetch_all(&self.pool).await?;
        let read = |row: sqlx::sqlite::SqliteRow| {
            Ok(PrivateEntry { id: row.try_get(0)?, title: row.try_get(1)?, shortcut: row.try_get(2)?, text: row.try_get(3)? })
        };
        rows.into_iter().map(read).collect()
    }

    /// Keeps a new one; its id.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn add_private(&self, owner: &str, title: &str, shortcut: Option<&str>, text: &str) -> Result<String, RegisterError> {
        let id = Uuid::now_v7().to_string();
        sqlx::query("INSERT INTO private_entries (id, owner, title, shortcut, text, updated_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(&id)
            .bind(owner)
            .bind(title)
            .bind(shortcut)
            .bind(text)
            .bind(now_ms())
            .execute(&self.pool)
            .await?;
        Ok(id)
    }

    /// Keeps several, all or none: new ones where they have no id yet, else changed ones.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub async fn keep_private(&self, owner: &str, entries: &[PrivateEntry]) -> Result<(), RegisterError> {
        let mut transaction = self.pool.begin().await?;
        for entry in entries {
            let id = if entry.id.is_empty() { Uuid::now_v7().to_string() } else { entry.id.clone() };
            let keep = "INSERT INTO private_entries (id, owner, title, shortcut, text, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (id) DO UPDATE SET title = $3, shortcut = $4, text = $5, updated_at = $6 WHERE private_entries.owner = $2";
            sqlx::query(keep)
                .bind(id)
                .bind(owner)
                .bind(&entry.title)
                .bind(entry.shortcut.as_deref())
                .bind(&entry.text)
                .bind(now_ms())
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Changes one; whether the person has it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn change_private(&self, owner: &str, entry: &PrivateEntry) -> Result<bool, RegisterError> {
        let update = "UPDATE private_entries SET title = $3, shortcut = $4, text = $5, updated_at = $6 WHERE owner = $1 AND id = $2";
        let done = sqlx::query(update)
            .bind(owner)
            .bind(&entry.id)
            .bind(&entry.title)
            .bind(&entry.shortcut)
            .bind(&entry.text)
            .bind(now_ms())
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Drops one; whether the person had it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn drop_private(&self, owner: &str, id: &str) -> Result<bool, RegisterError> {
        let delete = sqlx::query("DELETE FROM private_entries WHERE owner = $1 AND id = $2").bind(owner).bind(id);
        Ok(delete.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Drops all of one person; how many there were.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn drop_private_of(&self, owner: &str) -> Result<u64, RegisterError> {
        let delete = sqlx::query("DELETE FROM private_entries WHERE owner = $1").bind(owner);
        Ok(delete.execute(&self.pool).await?.rows_affected())
    }
}
