//! Files that are written beside their place and renamed into it: hidden, locked while somebody writes them, and swept where nobody does.
//! Called by whoever puts files into a library whole, and by `serve` at its start.

use super::walk::Limits;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use tempfile::NamedTempFile;

/// How their names begin: hidden from the library.
const PREFIX: &str = ".huashu-";

/// How they end.
const SUFFIX: &str = ".tmp";

/// A new file in a folder, with the mode of any new file. It is locked until it is closed, by which [`sweep`] knows that it is in use.
///
/// # Errors
/// Where the folder takes none.
pub(crate) fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        #[cfg(unix)]
        builder.permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
        let file = builder.tempfile_in(folder)?;
        // Else a sweep came between.
        if take(file.as_file()) && file.path().exists() {
            return Ok(file);
        }
    }
}

/// Takes the lock; `false` where another has it. Windows would let nobody read a locked file, and some drives know no locks: nothing is
/// swept there.
fn take(file: &File) -> bool {
    cfg!(not(unix)) || !matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}

/// Removes what writers that were killed have left in a library. Returns how many files.
pub fn sweep(dir: &Path) -> usize {
    if cfg!(unix) { sweep_folder(dir, Limits::default().depth) } else { 0 }
}

fn sweep_folder(folder: &Path, depth: usize) -> usize {
    let Ok(items) = fs::read_dir(folder) else { return 0 };
    let mut swept = 0;
    for item in items.filter_map(Result::ok) {
        let (name, Ok(kind)) = (item.file_name(), item.file_type()) else { continue };
        let name = name.as_encoded_bytes();
        if kind.is_dir() && depth > 0 && !name.starts_with(b".") {
            swept += sweep_folder(&item.path(), depth - 1);
        } else if kind.is_file() && name.starts_with(PREFIX.as_bytes()) && name.ends_with(SUFFIX.as_bytes()) {
            let is_removed = File::open(item.path()).is_ok_and(|file| file.try_lock().is_ok() && fs::remove_file(item.path()).is_ok());
            swept += usize::from(is_removed);
        }
    }
    swept
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_writes_any_more_is_swept_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("售后");
        fs::create_dir(&folder).unwrap();
        let (_, left) = temporary(&folder).unwrap().keep().unwrap();
        let written = temporary(&folder).unwrap();
        for name in ["a.md", ".huashu-import.jsonl", "b.tmp"] {
            fs::write(folder.join(name), "").unwrap();
        }
        assert_eq!(sweep(dir.path()), 1);
        assert!(!left.exists() && written.path().exists());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 4);
    }
}
