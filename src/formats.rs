//! The formats that a database has had: a file of an earlier one is copied, then changed step by step in one transaction; one of a later version is
//! left alone. Called by `journal` and `register` when they open their files.

use crate::sqlite;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, SqlSafeStr};
use std::path::{Path, PathBuf};

/// The tables of a database, and what became of them from format to format. The number of a file's format is its `PRAGMA user_version`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Formats {
    /// The tables of the latest format, for a new file.
    pub(crate) tables: &'static [&'static [&'static str]],
    /// What makes a file of format 1 one of format 2, then of 2 one of 3, and so on.
    pub(crate) steps: &'static [&'static [&'static str]],
}

/// Why a file could not be brought to the latest format; it is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormatError {
    /// A later version of this program made it.
    #[error("its format is {found}, the latest known is {known}")]
    Newer {
        /// Its format.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The database refused.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Formats {
    /// The number of the latest format.
    pub(crate) fn latest(&self) -> i64 {
        i64::try_from(self.steps.len()).map_or(i64::MAX, |steps| steps + 1)
    }

    /// Makes the tables of a new file, or brings an earlier one to the latest format. Where it does, gives the path of the copy that was made
    /// before: with it in the file's place an earlier version of the program goes on.
    ///
    /// # Errors
    /// [`FormatError`].
    pub(crate) async fn upgrade(&self, connection: &mut SqliteConnection, path: &Path) -> Result<Option<PathBuf>, FormatError> {
        let known = self.latest();
        let copy = match format_of(connection).await? {
            found if found == known => return Ok(None),
            found if found > known => return Err(FormatError::Newer { found, known }),
            0 => None,
            found => {
                let copy = copy_path(path, found);
                sqlite::copy_open(connection, &copy).await?;
                Some(copy)
            }
        };
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        // Another process may have been faster.
        let steps = match format_of(&mut transaction).await? {
            0 => self.tables,
            found => usize::try_from(found - 1).ok().and_then(|done| self.steps.get(done..)).unwrap_or_default(),
        };
        for statement in steps.iter().copied().flatten() {
            sqlx::query(*statement).execute(&mut *transaction).await?;
        }
        sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {known}")).into_sql_str()).execute(&mut *transaction).await?;
        transaction.commit().await?;
        if let Some(copy) = &copy {
            tracing::info!("{} is of format {known} now; what it was before is {}", path.display(), copy.display());
        }
        Ok(copy)
    }
}

async fn format_of(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await
}

/// Beside the file, named for its format; with the time, so that no earlier copy is in the way.
fn copy_path(path: &Path, format: i64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".format-{format}-{}", crate::journal::now_ms()));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::ConnectOptions;
    use sqlx::sqlite::SqliteConnectOptions;

    const FIRST: Formats = Formats { tables: &[&["CREATE TABLE kept (word TEXT)"]], steps: &[] };
    const SECOND: Formats =
        Formats { tables: &[&["CREATE TABLE kept (word TEXT, times BIGINT)"]], steps: &[&["ALTER TABLE kept ADD COLUMN times BIGINT"]] };
    /// Its second step fails after the first has changed the file.
    const BROKEN: Formats = Formats { tables: &[], steps: &[SECOND.steps[0], &["ALTER TABLE kept DROP COLUMN nothing"]] };

    async fn open(path: &Path) -> SqliteConnection {
        SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap()
    }

    async fn words(connection: &mut SqliteConnection) -> Vec<String> {
        sqlx::query_scalar("SELECT word FROM kept").fetch_all(connection).await.unwrap()
    }

    #[tokio::test]
    async fn an_earlier_file_is_copied_and_changed_whole_or_not_at_all_and_the_copy_is_the_way_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("words.sqlite3");
        let mut file = open(&path).await;
        assert_eq!(FIRST.upgrade(&mut file, &path).await.unwrap(), None, "of a new file nothing has to be kept");
        sqlx::query("INSERT INTO kept (word) VALUES ('旧')").execute(&mut file).await.unwrap();

        assert!(matches!(BROKEN.upgrade(&mut file, &path).await, Err(FormatError::Database(_))));
        assert_eq!((format_of(&mut file).await.unwrap(), FIRST.upgrade(&mut file, &path).await.unwrap()), (1, None), "as it was");

        let copy = SECOND.upgrade(&mut file, &path).await.unwrap().unwrap();
        assert!(copy.to_string_lossy().contains("words.sqlite3.format-1-"), "{}", copy.display());
        sqlx::query("UPDATE kept SET times = 2").execute(&mut file).await.unwrap();
        assert_eq!((format_of(&mut file).await.unwrap(), words(&mut file).await), (2, vec!["旧".to_owned()]));
        assert_eq!(SECOND.upgrade(&mut file, &path).await.unwrap(), None, "twice is as once");

        // An earlier version of the program touches nothing, and goes on with the copy.
        assert!(matches!(FIRST.upgrade(&mut file, &path).await, Err(FormatError::Newer { found: 2, known: 1 })));
        let mut back = open(&copy).await;
        assert_eq!(FIRST.upgrade(&mut back, &copy).await.unwrap(), None);
        assert_eq!(words(&mut back).await, ["旧"]);
    }
}
