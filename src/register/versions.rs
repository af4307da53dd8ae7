//! Every content that a file of the library had, with who, when and why. Texts are kept once, by their SHA-256.
//!
//! A version is `intended` before its file is written and `kept` after: a program that is killed between leaves the intent, by which the
//! next start knows whose change it was.

use super::{Register, RegisterError};
use crate::analysis::fold;
use crate::hex::{hex, read_hash};
use crate::version::{Action, Version, Way};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, QueryBuilder, Row, Sqlite, SqliteConnection};
use std::collections::HashMap;

/// Its tables.
pub(super) const SCHEMA: &[&str] = &[
    "CREATE TABLE texts (
        hash TEXT PRIMARY KEY NOT NULL,
        body BLOB NOT NULL
    )",
    "CREATE TABLE versions (
        id TEXT PRIMARY KEY NOT NULL,
        state TEXT NOT NULL,
        entry_key TEXT,
        entry_id TEXT,
        path TEXT NOT NULL,
        action TEXT NOT NULL,
        way TEXT NOT NULL,
        who TEXT NOT NULL,
        why TEXT NOT NULL,
        at_us BIGINT NOT NULL,
        hash TEXT REFERENCES texts (hash)
    )",
    "CREATE INDEX versions_by_path ON versions (path, at_us, id)",
    "CREATE INDEX versions_by_entry ON versions (entry_key, at_us, id)",
    "CREATE INDEX versions_intended ON versions (state) WHERE state = 'intended'",
];

/// Rows of one statement: with fewer each costs a passage to the thread of the connection, with many more a statement is long to read.
const ROWS: usize = 100;

/// Columns of a [`Version`], in the order in which [`version_of`] reads them.
const COLUMNS: &str = "id, entry_id, path, action, way, who, why, at_us, hash";

/// Whether the file of a version is known to have been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is about to be.
    Intended,
    /// It was.
    Kept,
}

/// A version to add, with its content.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// The version.
    pub version: Version,
    /// Its content, where it has one.
    pub body: Option<Vec<u8>>,
    /// Whether the file was written.
    pub standing: Standing,
}

impl Register {
    /// Adds versions and their contents, all or none.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub async fn add_versions(&self, new: &[NewVersion]) -> Result<(), RegisterError> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        for new in new.chunks(ROWS) {
            add_rows(&mut transaction, new).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Says what became of intents: those whose file was written are kept, the others never were.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn settle_versions(&self, written: &[String], dropped: &[String]) -> Result<(), RegisterError> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        for ids in written.chunks(ROWS) {
            let mut update = QueryBuilder::<Sqlite>::new("UPDATE versions SET state = 'kept' WHERE id IN ");
            push_list(&mut update, ids).build().persistent(false).execute(&mut *transaction).await?;
        }
        for ids in dropped.chunks(ROWS) {
            let mut delete = QueryBuilder::<Sqlite>::new("DELETE FROM versions WHERE state = 'intended' AND id IN ");
            push_list(&mut delete, ids).build().persistent(false).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Intents that nobody has settled, oldest first.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn intended_versions(&self) -> Result<Vec<Version>, RegisterError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM versions WHERE state = 'intended' ORDER BY at_us, id")))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(version_of).collect()
    }

    /// The last version of the file at a path, intended ones included where asked.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn last_version(&self, path: &str, with_intended: bool) -> Result<Option<Version>, RegisterError> {
        let state = if with_intended { "" } else { " AND state = 'kept'" };
        let sql = format!("SELECT {COLUMNS} FROM versions WHERE path = $1{state} ORDER BY at_us DESC, id DESC LIMIT 1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(path).fetch_optional(&self.pool).await?;
        row.as_ref().map(version_of).transpose()
    }

    /// The last versions of the files at some paths, by path, intended ones included where asked.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn last_versions_at(&self, paths: &[String], with_intended: bool) -> Result<HashMap<String, Version>, RegisterError> {
        let state = |name: &str| if with_intended { String::new() } else { format!(" AND {name}.state = 'kept'") };
        let (of, later) = (state("v"), state("w"));
        let mut last = HashMap::with_capacity(paths.len());
        for paths in paths.chunks(ROWS) {
            let mut query = QueryBuilder::<Sqlite>::new(format!(
                "SELECT {COLUMNS} FROM versions v WHERE NOT EXISTS (
                    SELECT 1 FROM versions w WHERE w.path = v.path{later} AND (w.at_us > v.at_us OR (w.at_us = v.at_us AND w.id > v.id))
                ){of} AND path IN "
            ));
            let rows = push_list(&mut query, paths).build().persistent(false).fetch_all(&self.pool).await?;
            for row in &rows {
                let version = version_of(row)?;
                last.insert(version.path.clone(), version);
            }
        }
        Ok(last)
    }

    /// The last versions of the files at a path, latest first, at most `limit`.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn versions_of_path(&self, path: &str, limit: usize, offset: usize) -> Result<(Vec<Version>, usize), RegisterError> {
        self.page_of_versions("path", path, limit, offset).await
    }

    /// A page of the history of an entry, latest first, and how many versions there are. Of a move it has the arrival.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn versions_of_entry(&self, entry_id: &str, limit: usize, offset: usize) -> Result<(Vec<Version>, usize), RegisterError> {
        self.page_of_versions("entry_key", &fold(entry_id).text, limit, offset).await
    }

    async fn page_of_versions(
        &self,
        column: &str,
        value: &str,
        limit: usize,
        offset: usize,
    ) -> Result<(Vec<Version>, usize), RegisterError> {
        let wanted = format!("{column} = $1 AND state = 'kept' AND NOT (action = 'move' AND hash IS NULL)");
        let total: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM versions WHERE {wanted}")))
            .bind(value)
            .fetch_one(&self.pool)
            .await?;
        let sql = format!("SELECT {COLUMNS} FROM versions WHERE {wanted} ORDER BY at_us DESC, id DESC LIMIT $2 OFFSET $3");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(value)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .bind(i64::try_from(offset).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        Ok((rows.iter().map(version_of).collect::<Result<_, _>>()?, usize::try_from(total).unwrap_or(0)))
    }

    /// Entries whose last version says that they went, each with the last version that has a text; those that went last first, at most `limit`.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn removals(&self, limit: usize) -> Result<Vec<(Version, Version)>, RegisterError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM versions v WHERE state = 'kept' AND action = 'delete' AND entry_key IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM versions w WHERE w.entry_key = v.entry_key AND w.state = 'kept'
                AND (w.at_us > v.at_us OR (w.at_us = v.at_us AND w.id > v.id)))
             ORDER BY at_us DESC, id DESC LIMIT $1"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(limit).fetch_all(&self.pool).await?;
        let last = format!(
            "SELECT {COLUMNS} FROM versions WHERE entry_key = $1 AND state = 'kept' AND hash IS NOT NULL ORDER BY at_us DESC, id DESC LIMIT 1"
        );
        let mut removals = Vec::with_capacity(rows.len());
        for row in &rows {
            let removal = version_of(row)?;
            let key = removal.entry_id.as_deref().map(|id| fold(id).text);
            let text = sqlx::query(sqlx::AssertSqlSafe(last.clone())).bind(key).fetch_optional(&self.pool).await?;
            if let Some(text) = text {
                removals.push((removal, version_of(&text)?));
            }
        }
        Ok(removals)
    }

    /// A kept version by its id.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn version(&self, id: &str) -> Result<Option<Version>, RegisterError> {
        let sql = format!("SELECT {COLUMNS} FROM versions WHERE id = $1 AND state = 'kept'");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(version_of).transpose()
    }

    /// Whether the file at a path ever had a content.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn has_version(&self, path: &str, hash: [u8; 32]) -> Result<bool, RegisterError> {
        let sql = "SELECT count(*) FROM versions WHERE path = $1 AND hash = $2";
        let count: i64 = sqlx::query_scalar(sql).bind(path).bind(hex(&hash)).fetch_one(&self.pool).await?;
        Ok(count > 0)
    }

    /// The content with a SHA-256.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn text(&self, hash: [u8; 32]) -> Result<Option<Vec<u8>>, RegisterError> {
        Ok(sqlx::query_scalar("SELECT body FROM texts WHERE hash = $1").bind(hex(&hash)).fetch_optional(&self.pool).await?)
    }

    /// The first kept version of every path.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn first_versions(&self) -> Result<Vec<Version>, RegisterError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM versions v WHERE state = 'kept' AND NOT EXISTS (
                SELECT 1 FROM versions w WHERE w.path = v.path AND w.state = 'kept'
                AND (w.at_us < v.at_us OR (w.at_us = v.at_us AND w.id < v.id)))"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        rows.iter().map(version_of).collect()
    }

    /// The last kept version of every path, at a moment where one is given.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn last_versions(&self, until_us: Option<i64>) -> Result<Vec<Version>, RegisterError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM versions v WHERE state = 'kept' AND at_us <= $1 AND NOT EXISTS (
                SELECT 1 FROM versions w WHERE w.path = v.path AND w.state = 'kept' AND w.at_us <= $1
                AND (w.at_us > v.at_us OR (w.at_us = v.at_us AND w.id > v.id)))"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(until_us.unwrap_or(i64::MAX)).fetch_all(&self.pool).await?;
        rows.iter().map(version_of).collect()
    }
}

async fn add_rows(connection: &mut SqliteConnection, new: &[NewVersion]) -> Result<(), sqlx::Error> {
    let hash_of = |version: &Version| version.hash.map(|hash| hex(&hash));
    let texts: Vec<(String, &[u8])> = new.iter().filter_map(|new| Some((hash_of(&new.version)?, new.body.as_deref()?))).collect();
    if !texts.is_empty() {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO texts (hash, body) ");
        insert.push_values(texts, |mut row, (hash, body)| {
            row.push_bind(hash).push_bind(body);
        });
        insert.push(" ON CONFLICT (hash) DO NOTHING").build().persistent(false).execute(&mut *connection).await?;
    }
    let mut insert =
        QueryBuilder::<Sqlite>::new("INSERT INTO versions (id, state, entry_key, entry_id, path, action, way, who, why, at_us, hash) ");
    insert.push_values(new, |mut row, NewVersion { version, standing, .. }| {
        row.push_bind(version.id.as_str())
            .push_bind(if *standing == Standing::Kept { "kept" } else { "intended" })
            .push_bind(version.entry_id.as_deref().map(|id| fold(id).text))
            .push_bind(version.entry_id.as_deref())
            .push_bind(version.path.as_str())
            .push_bind(version.action.as_str())
            .push_bind(version.way.as_str())
            .push_bind(version.who.as_str())
            .push_bind(version.why.as_str())
            .push_bind(version.at_us)
            .push_bind(hash_of(version));
    });
    insert.build().persistent(false).execute(&mut *connection).await?;
    Ok(())
}

/// `(value, value, …)`.
fn push_list<'q>(query: &'q mut QueryBuilder<Sqlite>, values: &[String]) -> &'q mut QueryBuilder<Sqlite> {
    query.push("(");
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value.as_str());
    }
    query.push(")")
}

fn version_of(row: &SqliteRow) -> Result<Version, RegisterError> {
    let (action, way): (String, String) = (row.try_get(3)?, row.try_get(4)?);
    let unknown = |what: &str| sqlx::Error::Decode(format!("an unknown {what} of a version").into());
    let hash: Option<String> = row.try_get(8)?;
    Ok(Version {
        id: row.try_get(0)?,
        entry_id: row.try_get(1)?,
        path: row.try_get(2)?,
        action: Action::parse(&action).ok_or_else(|| unknown("action"))?,
        way: Way::parse(&way).ok_or_else(|| unknown("way"))?,
        who: row.try_get(5)?,
        why: row.try_get(6)?,
        at_us: row.try_get(7)?,
        hash: hash.map(|hash| read_hash(&hash).ok_or_else(|| unknown("hash"))).transpose()?,
    })
}
