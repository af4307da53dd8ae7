//! What journal and register do alike with their files, and with what SQLite says of them.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use std::path::Path;
use std::time::Duration;

/// How long a write waits for another process: the command line writes for milliseconds.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Copies a database as it is at one instant; `false` where there is none. Others may write meanwhile.
///
/// # Errors
/// Where it cannot be read or the copy not be written.
pub(crate) async fn copy(from: &Path, to: &Path) -> Result<bool, sqlx::Error> {
    if !from.exists() {
        return Ok(false);
    }
    let options = SqliteConnectOptions::new().filename(from).busy_timeout(BUSY_TIMEOUT).disable_statement_logging();
    let mut connection = options.connect().await?;
    copy_open(&mut connection, to).await?;
    connection.close().await?;
    Ok(true)
}

/// The same of a database that is open.
///
/// # Errors
/// Where the copy cannot be written.
pub(crate) async fn copy_open(connection: &mut SqliteConnection, to: &Path) -> Result<(), sqlx::Error> {
    sqlx::query("VACUUM INTO $1").bind(to.display().to_string()).execute(connection).await?;
    Ok(())
}

/// SQLite's result code. The low byte is the code, the rest says more.
pub(crate) fn code(error: &sqlx::Error) -> Option<i64> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i64>().ok().map(|code| code & 0xff)
}

/// Whether a file is malformed (11) or no database at all (26).
pub(crate) fn is_damage(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(11 | 26))
}

/// Why a file cannot be used: it is busy (5), locked (6), may not be written (8) or read (10), is damaged (11, 26), the disk is full (13), it is not
/// there (14). `None` where the statement was wrong instead.
pub(crate) fn unusable(error: &sqlx::Error) -> Option<String> {
    let is_unusable = matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_))
        || matches!(code(error), Some(5 | 6 | 8 | 10 | 11 | 13 | 14 | 26));
    is_unusable.then(|| error.to_string())
}

/// Whether a connection can go on once the reason has gone: another process has the lock, or there is no room.
pub(crate) fn passes(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(5 | 6 | 13))
}

/// Tells one file from another that takes its name; `None` where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId(Option<(u64, u64)>);

/// The file at a path. Systems without numbers of files do not let an open one be removed.
pub(crate) fn file_id(path: &Path) -> FileId {
    #[cfg(unix)]
    let id = |metadata: std::fs::Metadata| (std::os::unix::fs::MetadataExt::dev(&metadata), std::os::unix::fs::MetadataExt::ino(&metadata));
    #[cfg(not(unix))]
    let id = |_| (0, 0);
    FileId(std::fs::metadata(path).ok().map(id))
}
