//! Backups: content, register and journal in one zip file, made while the service runs, and put back whole or not at all.
//!
//! The databases are copied first, each as it is at one instant, the files after them: a file that changes in between is newer than its history,
//! which the next start notices and records. Nothing is lost by restoring: what was there is moved aside under a name that says when.

use crate::index::{self, IndexError};
use crate::journal::{self, JournalError};
use crate::register::{self, Register, RegisterError};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Number of the format of a backup.
const FORMAT: u32 = 1;

/// First file of a backup: what it is.
const MANIFEST: &str = "huashu-backup.json";

/// Most files of a backup: as many as a library is read with.
pub const MAX_FILES: usize = 4_000_000;

/// Most bytes that a backup may unpack to: a hundred times the largest library that was measured.
pub const MAX_BYTES: u64 = 64 << 30;

/// Folders in folders, as a library is read with.
const MAX_DEPTH: usize = 32;

/// From here on a zip needs the wide form of its sizes.
const LARGE_BYTES: u64 = 4_000_000_000;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of the program that made it.
    pub huashu: String,
    /// When, as RFC 3339.
    pub at: String,
    /// Files of the library.
    pub files: usize,
    /// Whether the register is in it.
    pub register: bool,
    /// Whether the journal is in it.
    pub journal: bool,
}

/// Where restored things went, and what was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// What was there, under its new name.
    pub aside: Vec<PathBuf>,
}

/// Why there is no backup, or nothing was restored. Whatever it is, nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A name that a zip cannot hold.
    #[error("{}: the name is no UTF-8; rename it", .0.display())]
    Name(PathBuf),
    /// More than a backup holds.
    #[error("more than {MAX_FILES} files or {} GiB", MAX_BYTES >> 30)]
    TooLarge,
    /// Not one of ours, or cut off, or damaged.
    #[error("{} is no whole backup: {why}", path.display())]
    NoBackup {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A later version of this program made it.
    #[error("this backup has format {0}, this program knows formats up to {FORMAT}: install a newer huashu")]
    Newer(u32),
    /// A server runs on what would be replaced.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The register cannot be copied, or the one in the backup cannot be used.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The journal cannot be copied.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    move |source| BackupError::Io { path: path.to_owned(), source }
}

/// Writes a backup. The file appears when it is whole.
///
/// # Errors
/// [`BackupError`].
pub async fn backup(kb: &Path, data: &Path, out: &Path) -> Result<Manifest, BackupError> {
    let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let copies = tempfile::tempdir_in(folder).map_err(io_at(folder))?;
    let register = copy_of(register::copy(data, copies.path()).await?, copies.path(), register::FILE);
    let journal = copy_of(journal::copy(data, copies.path()).await?, copies.path(), journal::FILE);
    let mut files = Vec::new();
    list(kb, "", 0, &mut files)?;
    let manifest = Manifest {
        format: FORMAT,
        huashu: env!("CARGO_PKG_VERSION").to_owned(),
        at: jiff::Timestamp::now().to_string(),
        files: files.len(),
        register: register.is_some(),
        journal: journal.is_some(),
    };
    let new = tempfile::NamedTempFile::new_in(folder).map_err(io_at(folder))?;
    let mut zip = ZipWriter::new(BufWriter::new(new));
    let broken = |error: zip::result::ZipError| BackupError::Io { path: out.to_owned(), source: error.into() };
    zip.start_file(MANIFEST, SimpleFileOptions::default()).map_err(broken)?;
    serde_json::to_writer_pretty(&mut zip, &manifest).map_err(|error| BackupError::Io { path: out.to_owned(), source: error.into() })?;
    let files = files.into_iter().map(|(name, path)| (format!("kb/{name}"), path));
    let data = [register, journal].into_iter().flatten().map(|path| (format!("data/{}", name_of(&path)), path));
    for (name, path) in data.chain(files) {
        let mut file = match File::open(&path) {
            Ok(file) => file,
            // Removed since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(io_at(&path)(error)),
        };
        let size = file.metadata().map_err(io_at(&path))?.len();
        zip.start_file(name, SimpleFileOptions::default().large_file(size >= LARGE_BYTES)).map_err(broken)?;
        io::copy(&mut file, &mut zip).map_err(io_at(&path))?;
    }
    let buffer = zip.finish().map_err(broken)?;
    let new = buffer.into_inner().map_err(|error| io_at(out)(error.into_error()))?;
    new.as_file().sync_all().map_err(io_at(out))?;
    new.persist(out).map_err(|error| io_at(out)(error.error))?;
    Ok(manifest)
}

fn copy_of(copied: bool, folder: &Path, name: &str) -> Option<PathBuf> {
    copied.then(|| folder.join(name))
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whether a path lies in git's own folder, however it is written.
fn is_gits(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str().eq_ignore_ascii_case(".git"))
}

/// The regular files below a folder with their names in the backup; of git's own folder none, and nothing that a link leads to.
fn list(folder: &Path, prefix: &str, depth: usize, files: &mut Vec<(String, PathBuf)>) -> Result<(), BackupError> {
    for item in fs::read_dir(folder).map_err(io_at(folder))? {
        let item = item.map_err(io_at(folder))?;
        let (path, kind) = (item.path(), item.file_type().map_err(io_at(folder))?);
        let Some(name) = item.file_name().to_str().map(|name| format!("{prefix}{name}")) else { return Err(BackupError::Name(path)) };
        if kind.is_dir() && depth < MAX_DEPTH && item.file_name() != ".git" {
            list(&path, &format!("{name}/"), depth + 1, files)?;
        } else if kind.is_file() {
            files.push((name, path));
        }
        if files.len() > MAX_FILES {
            return Err(BackupError::TooLarge);
        }
    }
    Ok(())
}

/// Unpacks a backup beside its place, looks at it, and only then puts it there. No server may run on the folders.
///
/// # Errors
/// [`BackupError`]; what was there is as it was.
pub async fn restore(file: &Path, kb: &Path, data: &Path, index: &Path) -> Result<Restored, BackupError> {
    let no_backup = |why: String| BackupError::NoBackup { path: file.to_owned(), why };
    let broken = |error: zip::result::ZipError| no_backup(error.to_string());
    let _no_server = index::hold(index)?;
    let opened = File::open(file).map_err(io_at(file))?;
    let mut archive = ZipArchive::new(BufReader::new(opened)).map_err(broken)?;
    if archive.len() > MAX_FILES + 3 || archive.decompressed_size().is_some_and(|size| size > u128::from(MAX_BYTES)) {
        return Err(BackupError::TooLarge);
    }
    let manifest = read_manifest(&mut archive).map_err(no_backup)?;
    if manifest.format > FORMAT {
        return Err(BackupError::Newer(manifest.format));
    }
    let (new_kb, new_data) = (beside(kb)?, beside(data)?);
    let mut left = MAX_BYTES;
    for number in 0..archive.len() {
        let mut part = archive.by_index(number).map_err(broken)?;
        let Some(name) = part.enclosed_name() else { return Err(no_backup("a name in it leads out".to_owned())) };
        if part.is_dir() {
            continue;
        }
        let path = match (name.strip_prefix("kb"), name.strip_prefix("data")) {
            // Hooks of git run as programs, a token that somebody knows opens everything: no backup of ours holds either.
            (Ok(below), _) if !is_gits(below) => new_kb.path().join(below),
            (_, Ok(below)) if [register::FILE, journal::FILE].iter().any(|file| below == Path::new(file)) => new_data.path().join(below),
            _ if name == Path::new(MANIFEST) => continue,
            _ => return Err(no_backup(format!("{} is nothing that a backup holds", name.display()))),
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io_at(folder))?;
        }
        let mut new = File::create_new(&path).map_err(io_at(&path))?;
        // The sizes that it declares may be lies.
        let written = io::copy(&mut part.by_ref().take(left + 1), &mut new).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => no_backup(error.to_string()),
            _ => io_at(&path)(error),
        })?;
        left = left.checked_sub(written).ok_or(BackupError::TooLarge)?;
        new.sync_all().map_err(io_at(&path))?;
    }
    let unpacked = |folder: &TempDir, name: &str| folder.path().join(name).exists();
    if manifest.register != unpacked(&new_data, register::FILE) || manifest.journal != unpacked(&new_data, journal::FILE) {
        return Err(no_backup("a database that it names is not in it".to_owned()));
    }
    if manifest.register {
        Register::open(new_data.path()).await?.close().await;
    }
    let aside = put(kb, new_kb, data, new_data)?;
    Ok(Restored { manifest, aside })
}

fn read_manifest(archive: &mut ZipArchive<BufReader<File>>) -> Result<Manifest, String> {
    /// A manifest has some hundred bytes.
    const MAX_MANIFEST_BYTES: u64 = 64 << 10;
    let part = archive.by_name(MANIFEST).map_err(|_| format!("it lacks {MANIFEST}"))?;
    serde_json::from_reader(part.take(MAX_MANIFEST_BYTES)).map_err(|error| format!("{MANIFEST}: {error}"))
}

/// An empty folder beside another, on the same file system.
fn beside(place: &Path) -> Result<TempDir, BackupError> {
    let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(io_at(parent))?;
    tempfile::Builder::new().prefix(".huashu-restore-").tempdir_in(parent).map_err(io_at(parent))
}

/// Both folders or neither.
#[expect(clippy::needless_pass_by_value, reason = "what is left of the temporary folders goes with the call")]
fn put(kb: &Path, new_kb: TempDir, data: &Path, new_data: TempDir) -> Result<Vec<PathBuf>, BackupError> {
    let now = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string();
    let aside_of = |place: &Path| place.with_file_name(format!("{}.before-{now}", name_of(place)));
    let mut done: Vec<(PathBuf, PathBuf)> = Vec::new();
    let mut swap = |from: PathBuf, to: PathBuf| -> Result<(), BackupError> {
        fs::rename(&from, &to).map_err(io_at(&from))?;
        done.push((from, to));
        Ok(())
    };
    let mut all = || {
        for (place, new, is_open) in [(kb, new_kb.path(), true), (data, new_data.path(), false)] {
            if place.exists() {
                swap(place.to_owned(), aside_of(place))?;
            }
            open_to_others(new, is_open).map_err(io_at(new))?;
            swap(new.to_owned(), place.to_owned())?;
        }
        Ok(())
    };
    match all() {
        Ok(()) => Ok(done.into_iter().map(|(_, to)| to).filter(|to| to != kb && to != data).collect()),
        Err(error) => {
            for (from, to) in done.into_iter().rev() {
                // The first failure is the one to tell.
                let _ = fs::rename(to, from);
            }
            Err(error)
        }
    }
}

/// A temporary folder is for its owner alone, as the data folder may stay; a library is for all who may read it.
#[cfg(unix)]
fn open_to_others(folder: &Path, is_open: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if is_open { fs::set_permissions(folder, fs::Permissions::from_mode(0o755)) } else { Ok(()) }
}

#[cfg(not(unix))]
fn open_to_others(_: &Path, _: bool) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn put_file(desk: &Path, path: &str, bytes: &[u8]) {
        let path = desk.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    async fn restored(desk: &Path) -> Result<Restored, BackupError> {
        restore(&desk.join("b.zip"), &desk.join("kb"), &desk.join("data"), &desk.join("index")).await
    }

    #[tokio::test]
    async fn what_was_saved_comes_back_and_what_was_there_is_moved_aside() {
        let desk = tempfile::tempdir().unwrap();
        let desk = desk.path();
        put_file(desk, "kb/售后/退货.md", "退".as_bytes());
        put_file(desk, "kb/.git/config", b"git's own");
        let register = Register::open(&desk.join("data")).await.unwrap();
        register.audit("小李", "entry.save", "退货", "").await.unwrap();
        let manifest = backup(&desk.join("kb"), &desk.join("data"), &desk.join("b.zip")).await.unwrap();
        assert_eq!((manifest.files, manifest.register, manifest.journal), (1, true, false));
        register.close().await;

        put_file(desk, "kb/售后/退货.md", b"broken");
        put_file(desk, "data/huashu.sqlite3", b"broken");
        let done = restored(desk).await.unwrap();
        assert_eq!(fs::read_to_string(desk.join("kb/售后/退货.md")).unwrap(), "退");
        assert!(!desk.join("kb/.git").exists());
        let register = Register::open(&desk.join("data")).await.unwrap();
        assert_eq!(register.audit_list(None, None, 9, 0).await.unwrap().1, 1);
        assert_eq!(done.aside.len(), 2);
        let aside = done.aside.iter().find(|path| name_of(path).starts_with("kb.before-")).unwrap();
        assert_eq!(fs::read(aside.join("售后/退货.md")).unwrap(), b"broken");
    }

    #[tokio::test]
    async fn what_is_no_whole_backup_changes_nothing() {
        let desk = tempfile::tempdir().unwrap();
        let desk = desk.path();
        put_file(desk, "kb/a.md", &b"whole ".repeat(1000));
        Register::open(&desk.join("data")).await.unwrap().close().await;
        backup(&desk.join("kb"), &desk.join("data"), &desk.join("b.zip")).await.unwrap();
        let whole = fs::read(desk.join("b.zip")).unwrap();
        put_file(desk, "kb/a.md", b"mine");
        let check = async |bytes: Vec<u8>| {
            fs::write(desk.join("b.zip"), bytes).unwrap();
            let error = restored(desk).await.unwrap_err();
            assert!(matches!(error, BackupError::NoBackup { .. }), "{error:?}");
            assert_eq!(fs::read(desk.join("kb/a.md")).unwrap(), b"mine");
            let left: Vec<_> = fs::read_dir(desk).unwrap().map(|item| name_of(&item.unwrap().path())).collect();
            assert!(left.iter().all(|name| ["kb", "data", "index", "b.zip"].contains(&name.as_str())), "{left:?}");
        };
        check(b"no zip".to_vec()).await;
        check(whole[..whole.len() / 2].to_vec()).await;
        let mut flipped = whole.clone();
        // In the packed bytes of the last file, far before the directory at the end.
        let at = whole.windows(7).rposition(|bytes| bytes == b"kb/a.md").unwrap();
        let packed = whole[..at].windows(7).rposition(|bytes| bytes == b"kb/a.md").unwrap() + 12;
        flipped[packed] ^= 0xff;
        check(flipped).await;
        for slip in [
            "kb/../../b.md",
            "../b.md",
            "/b.md",
            "kb//../../b.md",
            "data/../../b.md",
            "data/local-token",
            "kb/.git/hooks/pre-commit",
            "kb/售后/.GIT/config",
            "elsewhere/b.md",
        ] {
            let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
            zip.start_file(slip, SimpleFileOptions::default()).unwrap();
            zip.start_file(MANIFEST, SimpleFileOptions::default()).unwrap();
            zip.write_all(br#"{"format":1,"huashu":"","at":"","files":0,"register":false,"journal":false}"#).unwrap();
            check(zip.finish().unwrap().into_inner()).await;
        }
    }

    #[tokio::test]
    async fn a_running_server_or_a_newer_format_is_refused() {
        let desk = tempfile::tempdir().unwrap();
        let desk = desk.path();
        put_file(desk, "kb/a.md", b"a");
        backup(&desk.join("kb"), &desk.join("data"), &desk.join("b.zip")).await.unwrap();
        let held = index::hold(&desk.join("index")).unwrap();
        assert!(matches!(restored(desk).await, Err(BackupError::Index(IndexError::Locked(_)))));
        drop(held);
        let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
        zip.start_file(MANIFEST, SimpleFileOptions::default()).unwrap();
        zip.write_all(br#"{"format":2,"huashu":"9","at":"","files":0,"register":false,"journal":false}"#).unwrap();
        fs::write(desk.join("b.zip"), zip.finish().unwrap().into_inner()).unwrap();
        assert!(matches!(restored(desk).await, Err(BackupError::Newer(2))));
    }
}
