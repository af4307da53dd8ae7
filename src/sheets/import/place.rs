//! Where a folder lies: in which library, or whether it is to become one.

use super::{ImportError, LIBRARY_FILE};
use crate::library;
use std::path::{Path, PathBuf};

/// Where a folder lies.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) library: PathBuf,
    /// From the library to the folder, with `/` at the end, or empty.
    pub(super) prefix: String,
    /// Whether the folder is still to be made.
    pub(super) is_new: bool,
    /// Whether the library is.
    pub(super) makes_library: bool,
}

impl Place {
    /// The library is the caller's where the folder lies in it, else the nearest folder above with a `library.toml`, else the folder itself.
    pub(super) fn of(dir: &Path, caller: Option<&Path>) -> Result<Place, ImportError> {
        let folder = |source| ImportError::Folder { path: dir.to_owned(), source };
        let is_new = !dir.try_exists().map_err(folder)?;
        let real = real_path(dir).map_err(folder)?;
        let caller = caller.map(real_path).transpose().map_err(folder)?;
        let named = || real.ancestors().find(|above| above.join(LIBRARY_FILE).is_file()).map(Path::to_owned);
        let Some(library) = caller.clone().filter(|library| real.starts_with(library)).or_else(named) else {
            let below =
                caller.filter(|library| library.exists()).and_then(|library| Some(library.strip_prefix(&real).ok()?.display().to_string()));
            return match below.map_or_else(|| library::nested(dir), |below| Ok(Some(below)))? {
                Some(library) => Err(ImportError::Nested { path: dir.to_owned(), library }),
                None => Ok(Place { library: dir.to_owned(), prefix: String::new(), is_new, makes_library: is_new }),
            };
        };
        let names: Vec<String> =
            real.strip_prefix(&library).unwrap_or(Path::new("")).iter().map(|name| name.to_string_lossy().into_owned()).collect();
        let makes_library = !library.exists();
        if names.is_empty() {
            return Ok(Place { library: dir.to_owned(), prefix: String::new(), is_new, makes_library });
        }
        Ok(Place { library, prefix: names.join("/") + "/", is_new, makes_library })
    }
}

/// A path from the root, links resolved as far as it exists, so that the way from the library to the folder is the real one.
fn real_path(path: &Path) -> std::io::Result<PathBuf> {
    let whole = std::path::absolute(path)?;
    let there = whole.ancestors().find(|above| above.exists()).unwrap_or(&whole);
    let missing = whole.strip_prefix(there).unwrap_or(Path::new(""));
    let real = there.canonicalize()?;
    // An empty rest would leave a slash at the end.
    Ok(if missing.as_os_str().is_empty() { real } else { real.join(missing) })
}
