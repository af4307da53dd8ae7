//! Many files at once: one wait for the disk for all of a group in place of one for each. What is promised of each is what [`write`](super::write)
//! promises of one.

use super::{Expected, Staged, WriteError, put, stage, sync_folder};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Files that are written before they are waited for. Each is open until it is in its place: with more, a service with a thousand clients would come
/// near to the open files that systems allow a process.
pub const GROUP: usize = 250;

/// From this many files on the whole file system is waited for: of fewer, each by itself, since what other programs write is not waited for then.
const WORTH_ALL: usize = 16;

/// Files that are waited for in parallel where each is by itself: they share the waits of the file system's journal.
const THREADS: usize = 8;

/// A file to write.
#[derive(Debug, Clone, Copy)]
pub struct New<'n> {
    /// Relative to the library, with `/`.
    pub path: &'n str,
    /// All of it.
    pub bytes: &'n [u8],
    /// What must be there for it to be written.
    pub expected: Expected,
}

/// Writes files, each as [`write`](super::write) does and with an answer of its own, in their order. All that are answered with a hash are on the disk
/// when this returns.
pub fn write_many(dir: &Path, new: &[New]) -> Vec<Result<[u8; 32], WriteError>> {
    new.chunks(GROUP).flat_map(|group| write_group(dir, group)).collect()
}

fn write_group(dir: &Path, new: &[New]) -> Vec<Result<[u8; 32], WriteError>> {
    // Opened first: what fails from now on is told by it.
    let disk = (new.len() >= WORTH_ALL).then(|| Disk::of(dir)).flatten();
    let staged: Vec<Result<Staged, WriteError>> = new.iter().map(|new| stage(dir, new.path, new.bytes, new.expected)).collect();
    let written: Vec<&Staged> = staged.iter().filter_map(|staged| staged.as_ref().ok()).collect();
    let is_safe = disk.as_ref().is_some_and(|disk| written.iter().all(|staged| disk.holds(staged.file.as_file())) && disk.sync());
    // By itself each tells what is wrong with it.
    let synced =
        if is_safe { written.iter().map(|_| Ok(())).collect() } else { in_parallel(&written, |staged| staged.file.as_file().sync_all()) };
    let mut synced = synced.into_iter();
    let mut folders = BTreeSet::new();
    let results: Vec<_> = staged
        .into_iter()
        .zip(new)
        .map(|(staged, new)| {
            let staged = staged?;
            let io = |source| WriteError::Io { path: new.path.to_owned(), source };
            synced.next().unwrap_or_else(|| Err(io::ErrorKind::Interrupted.into())).map_err(io)?;
            let folder = staged.folder.clone();
            put(staged, new.path, new.expected)?;
            folders.insert(folder);
            Ok(Sha256::digest(new.bytes).into())
        })
        .collect();
    if !disk.is_some_and(|disk| is_safe && disk.sync()) {
        in_parallel(&folders.iter().collect::<Vec<_>>(), |folder| sync_folder(folder));
    }
    results
}

/// Does something that waits with each of some values; results in their order.
fn in_parallel<T: Sync, R: Send>(values: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let some = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(value) = values.get(at) else { return done };
            done.push((at, work(value)));
        }
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let others: Vec<_> =
            (1..THREADS.min(values.len())).filter_map(|_| std::thread::Builder::new().spawn_scoped(scope, some).ok()).collect();
        let mine = some();
        mine.into_iter().chain(others.into_iter().filter_map(|thread| thread.join().ok()).flatten()).collect()
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The file system of a library, where all of it can be brought to the disk at once.
struct Disk {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "elsewhere there is none"))]
    dir: File,
}

#[cfg(target_os = "linux")]
impl Disk {
    /// File systems whose `syncfs` does for every file what `fsync` does for one; drives of networks and of programs promise less. By their numbers
    /// in `linux/magic.h`: ext4, XFS, Btrfs, F2FS, tmpfs, overlayfs.
    const KINDS: [i128; 6] = [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x0102_1994, 0x794C_7630];

    fn of(dir: &Path) -> Option<Disk> {
        let dir = File::open(dir).ok()?;
        let kind = i128::from(rustix::fs::fstatfs(&dir).ok()?.f_type);
        Disk::KINDS.contains(&kind).then_some(Disk { dir })
    }

    /// Whether a file is on it: another one may be mounted below the library.
    fn holds(&self, file: &File) -> bool {
        use std::os::unix::fs::MetadataExt;
        matches!((self.dir.metadata(), file.metadata()), (Ok(dir), Ok(file)) if dir.dev() == file.dev())
    }

    fn sync(&self) -> bool {
        rustix::fs::syncfs(&self.dir).is_ok()
    }
}

#[cfg(not(target_os = "linux"))]
impl Disk {
    fn of(_: &Path) -> Option<Disk> {
        None
    }

    fn holds(&self, _: &File) -> bool {
        false
    }

    fn sync(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;
    use std::fs;

    #[test]
    fn many_files_answer_each_for_itself_in_their_order() {
        for count in [3, GROUP + 20] {
            let dir = tempfile::tempdir().unwrap();
            let old = write(dir.path(), "旧/0.md", "旧".as_bytes(), Expected::Absent).unwrap();
            let paths: Vec<String> = (0..count).map(|number| format!("{}/{number}.md", number % 7)).collect();
            let mut new: Vec<New> = paths.iter().map(|path| New { path, bytes: path.as_bytes(), expected: Expected::Absent }).collect();
            new.insert(1, New { path: "旧/0.md", bytes: b"new", expected: Expected::Absent });
            new.insert(2, New { path: "旧/0.md", bytes: b"new", expected: Expected::Version(old) });
            new.push(New { path: "../0.md", bytes: b"", expected: Expected::Absent });
            // Twice in one group: the first wins.
            new.push(New { path: "twice.md", bytes: b"1", expected: Expected::Absent });
            new.push(New { path: "twice.md", bytes: b"2", expected: Expected::Absent });
            let results = write_many(dir.path(), &new);
            assert_eq!(results.len(), count + 5);
            for (new, result) in new.iter().zip(&results) {
                match (new.path, new.expected, new.bytes) {
                    ("旧/0.md", Expected::Absent, _) | ("twice.md", _, b"2") => {
                        assert!(matches!(result, Err(WriteError::Conflict { .. })));
                    }
                    ("../0.md", ..) => assert!(matches!(result, Err(WriteError::BadPath { .. }))),
                    (path, _, bytes) => {
                        assert_eq!(*result.as_ref().unwrap(), <[u8; 32]>::from(Sha256::digest(bytes)));
                        assert_eq!(fs::read(dir.path().join(path)).unwrap(), bytes);
                    }
                }
            }
            // Nothing is left beside them.
            let files = |folder: &str| fs::read_dir(dir.path().join(folder)).unwrap().count();
            assert_eq!((0..7.min(count)).map(|folder| files(&folder.to_string())).sum::<usize>() + files("旧"), count + 1);
            assert_eq!(files(""), 7.min(count) + 2);
        }
    }
}
