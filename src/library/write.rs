//! Puts files of the library in place, whole or not at all. Called by `http`, `sheets` and `cli`; nothing else writes content.

mod many;

pub use many::{GROUP, New, write_many};

use super::temporary::temporary;
use super::walk::{self, Limits};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tempfile::NamedTempFile;

/// Longest name of a file or folder, in bytes: what file systems hold.
const MAX_NAME_BYTES: usize = 255;

/// What the writer believes to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing yet: another's new file is not overwritten.
    Absent,
    /// The version with this SHA-256: another's change is not overwritten.
    Version([u8; 32]),
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The path is none of an entry, a shop, a lexicon file or `library.toml` inside the library.
    #[error("{path} is no path for a file of the library: {why}")]
    BadPath {
        /// As given.
        path: String,
        /// What is wrong with it.
        why: PathFault,
    },
    /// Somebody else was first.
    #[error("{path} has changed meanwhile: read it again and repeat the change")]
    Conflict {
        /// As given.
        path: String,
        /// What is there now, if anything.
        found: Option<[u8; 32]>,
    },
    /// The system refused: no space, no right, no such folder.
    #[error("{path} could not be written, what was there is untouched: {source}")]
    Io {
        /// As given.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// What is wrong with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// More folders than the library is read with.
    TooDeep,
    /// An empty name, as in `a//b`.
    EmptyName,
    /// A name that begins with a dot is hidden, or leads upwards.
    Dot,
    /// A name beyond [`MAX_NAME_BYTES`].
    LongName,
    /// A character that some system refuses.
    Character,
    /// Spaces at an end, or a dot at the end of a name, which some system drops.
    Edge,
    /// No file that the library reads.
    NoFileOfLibrary,
    /// A link on the way leads out.
    LeadsOut,
}

impl PathFault {
    /// In Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            PathFault::TooDeep => "文件夹嵌套太深",
            PathFault::EmptyName => "有一段名字是空的",
            PathFault::Dot => "有一段名字以点开头",
            PathFault::LongName => "有一段名字超过 255 字节",
            PathFault::Character => "名字里有文件名不允许的字符",
            PathFault::Edge => "名字的首尾有空格，或以点结尾",
            PathFault::NoFileOfLibrary => "应是 文件夹/名称.md、shops/名称.yaml、lexicon/名称 或 library.toml",
            PathFault::LeadsOut => "其中的链接指向知识库之外",
        }
    }
}

impl std::fmt::Display for PathFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            PathFault::TooDeep => "it has too many folders",
            PathFault::EmptyName => "a name in it is empty",
            PathFault::Dot => "a name in it begins with a dot",
            PathFault::LongName => "a name in it is longer than 255 bytes",
            PathFault::Character => "a character in it is not allowed in file names",
            PathFault::Edge => "a name in it begins or ends with a space or ends with a dot",
            PathFault::NoFileOfLibrary => "expected folder/name.md, shops/name.yaml, lexicon/name or library.toml",
            PathFault::LeadsOut => "a link in it leads out of the library",
        })
    }
}

/// The bytes of a file and their SHA-256.
pub type Content = (Vec<u8>, [u8; 32]);

/// Only one write at a time, so that of two with the same expectation the second sees the first. Editors beside Huashu do not
/// take it: between the comparison and the rename they have some microseconds.
static WRITING: Mutex<()> = Mutex::new(());

/// The bytes of a file and their SHA-256.
///
/// # Errors
/// [`WriteError::BadPath`] and [`WriteError::Io`].
pub fn read(dir: &Path, path: &str) -> Result<Content, WriteError> {
    let target = target(dir, path)?;
    let bytes = fs::read(target).map_err(|source| WriteError::Io { path: path.to_owned(), source })?;
    let hash = Sha256::digest(&bytes).into();
    Ok((bytes, hash))
}

/// Writes a file (its path relative to the library, with `/`), folders above it included, and gives its SHA-256. A reader sees
/// the old file or the new one, never a part, whatever fails.
///
/// # Errors
/// [`WriteError`]; the file is as it was.
pub fn write(dir: &Path, path: &str, bytes: &[u8], expected: Expected) -> Result<[u8; 32], WriteError> {
    let staged = stage(dir, path, bytes, expected)?;
    // Before the lock: writers in parallel share one wait for the disk, which is nearly all the time that a write takes.
    staged.file.as_file().sync_all().map_err(|source| WriteError::Io { path: path.to_owned(), source })?;
    let folder = staged.folder.clone();
    put(staged, path, expected)?;
    sync_folder(&folder);
    Ok(Sha256::digest(bytes).into())
}

/// A file beside its place that nobody sees yet.
struct Staged {
    target: PathBuf,
    folder: PathBuf,
    file: NamedTempFile,
}

/// Writes the bytes of a file beside its place; they need not be on the disk yet.
fn stage(dir: &Path, path: &str, bytes: &[u8], expected: Expected) -> Result<Staged, WriteError> {
    let target = target(dir, path)?;
    let io = |source| WriteError::Io { path: path.to_owned(), source };
    let folder = target.parent().unwrap_or(dir).to_owned();
    fs::create_dir_all(&folder).map_err(io)?;
    compare(&target, path, expected)?;
    let mut file = beside(&target, &folder).map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    Ok(Staged { target, folder, file })
}

/// Moves a file whose bytes are on the disk into its place.
fn put(staged: Staged, path: &str, expected: Expected) -> Result<(), WriteError> {
    let Staged { target, file, .. } = staged;
    let io = |source| WriteError::Io { path: path.to_owned(), source };
    let _one_at_a_time = WRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match expected {
        Expected::Absent => {
            file.persist_noclobber(&target).map_err(|error| match error.error.kind() {
                io::ErrorKind::AlreadyExists => WriteError::Conflict { path: path.to_owned(), found: hash_of(&target).ok().flatten() },
                _ => io(error.error),
            })?;
        }
        Expected::Version(_) => {
            compare(&target, path, expected)?;
            file.persist(&target).map_err(|error| io(error.error))?;
        }
    }
    Ok(())
}

/// Finds out whether a file could be written at a path: writes some bytes into a hidden file of its folder, and removes them.
///
/// # Errors
/// [`WriteError::Io`].
pub fn probe(dir: &Path, path: &str) -> Result<(), WriteError> {
    /// As many as a long entry has.
    const BYTES: usize = 64 << 10;
    let io = |source| WriteError::Io { path: path.to_owned(), source };
    let place = dir.join(path);
    let folder = place.ancestors().skip(1).find(|folder| folder.is_dir() && folder.starts_with(dir)).unwrap_or(dir);
    let mut file = temporary(folder).map_err(io)?;
    file.write_all(&[0; BYTES]).and_then(|()| file.as_file().sync_all()).map_err(io)?;
    // A file that is there may refuse by itself.
    if place.is_file() { fs::read(place).map(drop).map_err(io) } else { Ok(()) }
}

/// Removes a file that is still the version with this SHA-256.
///
/// # Errors
/// [`WriteError`]; the file is as it was.
pub fn remove(dir: &Path, path: &str, expected: [u8; 32]) -> Result<(), WriteError> {
    let _one_at_a_time = WRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // A link is removed, not what it leads to: so the content is compared at the target and the name removed as given.
    let target = target(dir, path)?;
    compare(&target, path, Expected::Version(expected))?;
    let named = dir.join(path);
    fs::remove_file(&named).map_err(|source| WriteError::Io { path: path.to_owned(), source })?;
    sync_folder(named.parent().unwrap_or(dir));
    Ok(())
}

/// Where a path leads, links resolved; refuses all that is not a file of the library.
fn target(dir: &Path, path: &str) -> Result<PathBuf, WriteError> {
    let bad = |why| WriteError::BadPath { path: path.to_owned(), why };
    if path.split('/').count() > Limits::default().depth {
        return Err(bad(PathFault::TooDeep));
    }
    for name in path.split('/') {
        let why = match name {
            "" => PathFault::EmptyName,
            name if name.starts_with('.') => PathFault::Dot,
            name if name.len() > MAX_NAME_BYTES => PathFault::LongName,
            name if name.contains(['\\', ':', '*', '?', '"', '<', '>', '|']) || name.contains(char::is_control) => PathFault::Character,
            name if name.ends_with([' ', '.']) || name.starts_with(' ') => PathFault::Edge,
            _ => continue,
        };
        return Err(bad(why));
    }
    if !walk::is_entry(path) && !walk::is_settings(path) && !walk::is_beside(path) {
        return Err(bad(PathFault::NoFileOfLibrary));
    }
    let io = |source| WriteError::Io { path: path.to_owned(), source };
    let root = fs::canonicalize(dir).map_err(io)?;
    let mut real = root.clone();
    let mut names = path.split('/').peekable();
    // What exists is resolved, what does not is appended: it cannot be a link.
    while let Some(name) = names.next() {
        real.push(name);
        match fs::symlink_metadata(&real) {
            Ok(_) => real = fs::canonicalize(&real).map_err(io)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                real.extend(names);
                break;
            }
            Err(error) => return Err(io(error)),
        }
        if !real.starts_with(&root) {
            return Err(bad(PathFault::LeadsOut));
        }
    }
    Ok(real)
}

fn compare(target: &Path, path: &str, expected: Expected) -> Result<(), WriteError> {
    let found = hash_of(target).map_err(|source| WriteError::Io { path: path.to_owned(), source })?;
    let is_as_expected = match expected {
        Expected::Absent => found.is_none(),
        Expected::Version(hash) => found == Some(hash),
    };
    if is_as_expected { Ok(()) } else { Err(WriteError::Conflict { path: path.to_owned(), found }) }
}

fn hash_of(target: &Path) -> io::Result<Option<[u8; 32]>> {
    match fs::read(target) {
        Ok(bytes) => Ok(Some(Sha256::digest(bytes).into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A file beside the target, so that the rename stays on one file system, with the target's mode, or that of any new file.
fn beside(target: &Path, folder: &Path) -> io::Result<NamedTempFile> {
    let file = temporary(folder)?;
    if let Ok(metadata) = fs::metadata(target) {
        fs::set_permissions(file.path(), metadata.permissions())?;
    }
    Ok(file)
}

/// Makes the rename itself last through a power cut, where the system can.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        // Windows and some network drives refuse; the file itself is safe already.
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_new_file_appears_whole_with_its_folders_and_nothing_beside_it() {
        let dir = library();
        let hash = write(dir.path(), "物流/发货/催.md", "甲".as_bytes(), Expected::Absent).unwrap();
        assert_eq!(read(dir.path(), "物流/发货/催.md").unwrap(), ("甲".as_bytes().to_vec(), hash));
        assert_eq!(names(&dir.path().join("物流/发货")), ["催.md"]);
    }

    #[test]
    fn only_the_expected_version_is_replaced_or_removed() {
        let dir = library();
        let first = write(dir.path(), "a.md", b"1", Expected::Absent).unwrap();
        let check = |expected, found| match write(dir.path(), "a.md", b"3", expected) {
            Err(WriteError::Conflict { found: there, .. }) => assert_eq!(there, found),
            other => panic!("{other:?}"),
        };
        check(Expected::Absent, Some(first));
        let second = write(dir.path(), "a.md", b"2", Expected::Version(first)).unwrap();
        check(Expected::Version(first), Some(second));
        assert!(matches!(remove(dir.path(), "a.md", first), Err(WriteError::Conflict { .. })));
        assert_eq!(fs::read(dir.path().join("a.md")).unwrap(), b"2");
        remove(dir.path(), "a.md", second).unwrap();
        assert_eq!(names(dir.path()), Vec::<String>::new());
        check(Expected::Version(second), None);
    }

    #[test]
    fn paths_out_of_the_library_or_of_no_file_of_it_are_refused() {
        let dir = library();
        let long = format!("{}.md", "长".repeat(90));
        for path in [
            "../a.md",
            "a/../../b.md",
            "/a.md",
            "a//b.md",
            "",
            ".git/a.md",
            "a/.b.md",
            "a.txt",
            "README.md",
            "lexicon/a/b.txt",
            "a\\b.md",
            "c:a.md",
            "a\n.md",
            " a.md",
            "a /b.md",
            "./a.md",
            "a\0.md",
            &long,
            "x/library.toml",
        ] {
            let found = write(dir.path(), path, b"x", Expected::Absent);
            assert!(matches!(found, Err(WriteError::BadPath { .. })), "{path:?} {found:?}");
        }
        assert_eq!(names(dir.path()), Vec::<String>::new());
        for path in ["a.md", "shops/a.yaml", "lexicon/words.txt", "library.toml"] {
            write(dir.path(), path, b"x", Expected::Absent).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_inside_are_written_through_and_links_outside_refused() {
        use std::os::unix::fs::symlink;
        let (dir, outside) = (library(), library());
        let hash = write(dir.path(), "a.md", b"1", Expected::Absent).unwrap();
        symlink("a.md", dir.path().join("b.md")).unwrap();
        symlink(outside.path(), dir.path().join("out")).unwrap();
        symlink(outside.path().join("c.md"), dir.path().join("c.md")).unwrap();
        write(dir.path(), "b.md", b"2", Expected::Version(hash)).unwrap();
        assert_eq!(fs::read(dir.path().join("a.md")).unwrap(), b"2");
        assert!(fs::symlink_metadata(dir.path().join("b.md")).unwrap().is_symlink());
        assert!(matches!(write(dir.path(), "out/a.md", b"x", Expected::Absent), Err(WriteError::BadPath { .. })));
        assert!(write(dir.path(), "c.md", b"x", Expected::Absent).is_err());
        assert_eq!(names(outside.path()), Vec::<String>::new());
    }

    #[cfg(unix)]
    #[test]
    fn the_mode_of_a_file_stays_and_a_new_one_is_readable_for_all() {
        use std::os::unix::fs::PermissionsExt;
        let dir = library();
        let mode = |path: &str| fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
        let hash = write(dir.path(), "a.md", b"1", Expected::Absent).unwrap();
        fs::write(dir.path().join("plain"), "").unwrap();
        assert_eq!(mode("a.md"), mode("plain"));
        fs::set_permissions(dir.path().join("a.md"), fs::Permissions::from_mode(0o640)).unwrap();
        write(dir.path(), "a.md", b"2", Expected::Version(hash)).unwrap();
        assert_eq!(mode("a.md"), 0o640);
    }

    #[test]
    fn of_many_writers_with_one_expectation_one_wins() {
        let dir = library();
        let first = write(dir.path(), "a.md", b"0", Expected::Absent).unwrap();
        let won = std::thread::scope(|scope| {
            let writers: Vec<_> = (1..9u8)
                .map(|number| {
                    scope.spawn({
                        let dir = dir.path();
                        move || write(dir, "a.md", &[number], Expected::Version(first)).is_ok()
                    })
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).filter(|won| *won).count()
        });
        assert_eq!(won, 1);
    }
}
