//! The local token: without accounts, who writes proves by it that they may read this machine's data folder.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Name of the file in the data folder.
pub const TOKEN_FILE: &str = "local-token";

/// Hexadecimal digits of a token: two random UUIDs, 244 random bits.
const TOKEN_CHARS: usize = 64;

/// The token, read from the data folder or made there, for its owner alone.
///
/// # Errors
/// Where the folder cannot be read or written.
pub fn local_token(data: &Path) -> io::Result<String> {
    fs::create_dir_all(data)?;
    let path = data.join(TOKEN_FILE);
    match fs::read_to_string(&path) {
        Ok(text) if is_token(text.trim()) => {
            restrict(&path)?;
            return Ok(text.trim().to_owned());
        }
        Ok(_) => fs::remove_file(&path)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&path) {
        Ok(mut file) => {
            file.write_all(token.as_bytes())?;
            Ok(token)
        }
        // Another process was faster; it has written by the time that it is read again, or the next call sees it.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Ok(fs::read_to_string(&path)?.trim().to_owned()).and_then(|text: String| {
                if is_token(&text) { Ok(text) } else { Err(io::Error::new(ErrorKind::WouldBlock, "the token is being written; try again")) }
            })
        }
        Err(error) => Err(error),
    }
}

fn is_token(text: &str) -> bool {
    text.len() == TOKEN_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { fs::set_permissions(path, fs::Permissions::from_mode(0o600)) }
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_a_broken_one_anew() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data/kb");
        let token = local_token(&data).unwrap();
        assert!(is_token(&token));
        assert_eq!(local_token(&data).unwrap(), token);
        fs::write(data.join(TOKEN_FILE), "short").unwrap();
        let other = local_token(&data).unwrap();
        assert!(is_token(&other) && other != token);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mode = || fs::metadata(dir.path().join(TOKEN_FILE)).unwrap().permissions().mode() & 0o777;
        local_token(dir.path()).unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(dir.path().join(TOKEN_FILE), fs::Permissions::from_mode(0o644)).unwrap();
        local_token(dir.path()).unwrap();
        assert_eq!(mode(), 0o600);
    }
}
