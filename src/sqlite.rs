//! What journal and register do alike with their files, and with what SQLite says of them.

use sqlx::sqlite::SqliteConnectOptions;
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
    sqlx::query("VACUUM INTO $1").bind(to.display().to_string()).execute(&mut connection).await?;
    connection.close().await?;
    Ok(true)
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
