//! The register (台账): what must not be lost and is no content: accounts, proposals, versions, points, notices, the audit list.
//!
//! One SQLite file in the data folder, beside the journal but never set aside: a damaged register stops the start. All SQL on it stands in
//! the modules below this one, a noun each, with its tables beside it. Statements use `$n` and what SQLite and PostgreSQL share; ids are
//! UUIDv7, times milliseconds.

mod audit;
mod limits;
mod messages;
mod notices;
mod people;
mod points;
mod privacy;
mod private;
mod sessions;
mod subjects;
mod submissions;
mod tokens;
mod users;
mod versions;

pub use audit::AuditRow;
pub use messages::Message;
pub use people::People;
pub use points::{NewPoints, PointsRow};
pub use privacy::ERASED;
pub use private::{MAX_PRIVATE, MAX_PRIVATE_TEXT_CHARS, MAX_PRIVATE_TITLE_CHARS, PrivateEntry};
pub use sessions::SESSION_SECONDS;
pub use submissions::{Comment, Decision, NewSubmission, Submission, Wanted};
pub use tokens::Token;
pub use users::{Lent, MAX_NAME_CHARS, User, UserState, authority_of, read_name};
pub use versions::{NewVersion, Standing};

use crate::formats::{FormatError, Formats};
use crate::hex::read_hash;
use crate::secret::SecretDigest;
use crate::sqlite;
use arc_swap::ArcSwap;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the file in the data folder.
pub const FILE: &str = "huashu.sqlite3";

/// Connections at once: SQLite has one writer, and readers of studio pages are few.
const MAX_CONNECTIONS: u32 = 4;

/// Its tables, module by module.
const SCHEMA: &[&[&str]] = &[
    audit::SCHEMA,
    limits::SCHEMA,
    private::SCHEMA,
    messages::SCHEMA,
    versions::SCHEMA,
    people::SCHEMA,
    users::SCHEMA,
    subjects::SCHEMA,
    sessions::SCHEMA,
    tokens::SCHEMA,
    submissions::SCHEMA,
    notices::SCHEMA,
    points::SCHEMA,
];

/// What its tables are; there was no earlier format.
const FORMATS: Formats = Formats { tables: SCHEMA, steps: &[] };

/// Why the register cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The folder cannot be made or written.
    #[error("the data folder {path}: {source}")]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A later version of this program made it.
    #[error(
        "{path} was made by a later version of Huashu (its format is {found}, this one writes {known}); update, or choose another folder with --data"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its format.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Damaged: nothing is guessed about accounts and proposals.
    #[error(
        "{path} is damaged ({why}): restore it with `huashu restore`, or move it away to begin without accounts, proposals and history"
    )]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// Removed or replaced while it was open: what is written now would be in no file.
    #[error("{path} was removed or replaced while the service runs: put it back, or stop, `huashu restore`, start")]
    Gone {
        /// The file.
        path: String,
    },
    /// A row that this version does not understand.
    #[error("the register holds what this version does not know: {0}")]
    Value(String),
    /// The database refused.
    #[error("the register: {0}")]
    Database(#[from] sqlx::Error),
}

impl RegisterError {
    /// Why the register cannot be used now; `None` where what was asked of it was wrong.
    pub fn unusable(&self) -> Option<String> {
        match self {
            RegisterError::Database(error) => sqlite::unusable(error),
            RegisterError::Folder { .. } | RegisterError::Damaged { .. } | RegisterError::Gone { .. } => Some(self.to_string()),
            RegisterError::Newer { .. } | RegisterError::Value(_) => None,
        }
    }
}

/// The register; clones share one pool.
#[derive(Debug, Clone)]
pub struct Register {
    path: PathBuf,
    /// The file that is open.
    file: sqlite::FileId,
    pool: SqlitePool,
    /// Who there is, for every request to ask.
    people: Arc<ArcSwap<People>>,
    reading: Arc<tokio::sync::Mutex<()>>,
}

impl Register {
    /// Opens the register in a data folder, or makes a new one.
    ///
    /// # Errors
    /// Where the folder cannot be used, the file is damaged, or a later version made it.
    pub async fn open(dir: &Path) -> Result<Register, RegisterError> {
        std::fs::create_dir_all(dir).map_err(|source| RegisterError::Folder { path: dir.display().to_string(), source })?;
        let path = dir.join(FILE);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit that was acknowledged survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(sqlite::BUSY_TIMEOUT)
            .disable_statement_logging();
        let damaged = |why: String| RegisterError::Damaged { path: path.display().to_string(), why };
        let refused = |error: sqlx::Error| if sqlite::is_damage(&error) { damaged(error.to_string()) } else { error.into() };
        options.connect().await.map_err(refused)?.close().await?;
        // Where the file is taken away while the service runs no connection begins an empty one in its place.
        let options = options.create_if_missing(false);
        let pool = SqlitePoolOptions::new().max_connections(MAX_CONNECTIONS).connect_with(options).await.map_err(refused)?;
        let sound: Result<String, _> = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&pool).await;
        match sound {
            Ok(sound) if sound == "ok" => {}
            Ok(why) => return Err(damaged(why)),
            Err(error) if sqlite::is_damage(&error) => return Err(damaged(error.to_string())),
            Err(error) => return Err(error.into()),
        }
        let register = Register { file: sqlite::file_id(&path), path, pool, people: Arc::default(), reading: Arc::default() };
        register.make_tables().await?;
        register.read_people().await?;
        Ok(register)
    }

    /// Waits for what is being written and lets go of the file.
    pub async fn close(self) {
        self.pool.close().await;
    }

    /// Whether the file is still the one that was opened: SQLite would go on in one that has no name any more.
    ///
    /// # Errors
    /// [`RegisterError::Gone`] where it is not.
    pub fn look_for_file(&self) -> Result<(), RegisterError> {
        let is_there = sqlite::file_id(&self.path) == self.file;
        if is_there { Ok(()) } else { Err(RegisterError::Gone { path: self.path.display().to_string() }) }
    }

    /// Reads all of the file and writes into it, to find out whether it can be used again.
    ///
    /// # Errors
    /// Where it cannot.
    pub async fn check(&self) -> Result<(), RegisterError> {
        self.look_for_file()?;
        let sound: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&self.pool).await?;
        if sound != "ok" {
            return Err(RegisterError::Damaged { path: self.path.display().to_string(), why: sound });
        }
        // Written, and nothing is changed by it.
        sqlx::query("UPDATE people_changes SET changes = changes").execute(&self.pool).await?;
        Ok(())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn make_tables(&self) -> Result<(), RegisterError> {
        let mut connection = self.pool.acquire().await?;
        match FORMATS.upgrade(&mut connection, &self.path).await {
            Ok(_) => Ok(()),
            Err(FormatError::Newer { found, known }) => Err(RegisterError::Newer { path: self.path.display().to_string(), found, known }),
            Err(FormatError::Database(error)) => Err(error.into()),
        }
    }
}

/// Copies the register of a data folder, as it is at one instant, into another folder; `false` where there is none. Others may write meanwhile.
///
/// # Errors
/// Where it cannot be read or the copy not be written.
pub async fn copy(data: &Path, into: &Path) -> Result<bool, RegisterError> {
    Ok(sqlite::copy(&data.join(FILE), &into.join(FILE)).await?)
}

/// Names are compared in this form.
pub fn fold(name: &str) -> String {
    crate::analysis::fold(name.trim()).text
}

/// A list as a column holds it: JSON, or nothing.
fn list_text(list: Option<&[String]>) -> Option<String> {
    list.map(|list| serde_json::json!(list).to_string())
}

fn read_list(text: Option<String>) -> Result<Option<Vec<String>>, RegisterError> {
    let read = |text: String| serde_json::from_str(&text).map_err(|_| RegisterError::Value(format!("{text:?} in place of a list")));
    text.map(read).transpose()
}

fn read_digest(text: &str) -> Result<SecretDigest, RegisterError> {
    read_hash(text).ok_or_else(|| RegisterError::Value("a digest of another length".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_opens_again_and_a_damaged_or_newer_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let register = Register::open(dir.path()).await.unwrap();
        sqlx::query("PRAGMA user_version = 9").execute(&register.pool).await.unwrap();
        register.pool.close().await;
        assert!(matches!(Register::open(dir.path()).await, Err(RegisterError::Newer { found: 9, .. })));
        std::fs::write(dir.path().join(FILE), "no database at all, but long enough to be looked at as one").unwrap();
        let error = Register::open(dir.path()).await.unwrap_err();
        assert!(matches!(&error, RegisterError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("huashu restore"));
    }
}
