//! The library of the last commit, kept in one file beside the index: what a start serves while it looks whether anything has changed since.
//!
//! Derived, as the index is: written whole and moved into place, read only by the program that wrote it, for the same folder, with the same settings,
//! and only where every byte is as it was written. Whatever else is found there is as good as nothing, and the library is read in full.

use super::{Content, File, Folder, Ground, Known, Limits, Memory, Trust, Walk, ground};
use crate::entry::Entry;
use crate::library::bytes::{Bytes, Kept, kept};
use crate::library::{Library, Overlay, Shop};
use crate::problem::{Problem, Severity};
use crate::shared_list::{self, SharedList};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Name of the file in the index folder.
pub const FILE: &str = "library.kept";

/// Files in one piece: pieces are read by all cores at once, each stays in their caches and becomes one of the list as it is.
const FILES_A_PIECE: usize = shared_list::PIECE;

/// Ends the file.
const MAGIC: [u8; 8] = *b"huashu\x00\x01";

/// Bytes behind the head: its length, its checksum, [`MAGIC`].
const TAIL_BYTES: usize = 8 + 4 + 8;

/// A library that was kept, not yet read.
#[derive(Debug)]
pub struct KeptLibrary {
    dir: PathBuf,
    file: Mutex<fs::File>,
    head: Head,
    ground: Arc<Ground>,
}

/// What is kept of a library as a whole.
#[derive(Debug)]
struct Head {
    program: String,
    dir: String,
    commit: String,
    ground: [u8; 32],
    settings: Vec<File>,
    problems: Vec<Problem>,
    pieces: Vec<Piece>,
}

/// Where some of the files stand.
#[derive(Debug)]
struct Piece {
    offset: u64,
    length: usize,
    checksum: u32,
}

kept! {
    Head { program, dir, commit, ground, settings, problems, pieces }
    Piece { offset, length, checksum }
    Known { file, settled, content }
    File { path, stamp }
    Content { hash, ground, entry, problems }
}

/// Keeps a library that the index's commit `commit` holds. Does nothing where the next start must read it anew: with versions of files that are
/// broken now, or with settings that are.
///
/// # Errors
/// Where it cannot be written; what was kept before stays.
pub fn keep(library: &Library, commit: &str, path: &Path) -> io::Result<()> {
    let Memory { ground, files, .. } = &library.memory;
    let mut served = library.entries.iter().peekable();
    let files: Vec<(&Known, bool)> = files
        .iter()
        .map(|known| {
            let own = known.content.entry.as_ref();
            (known, served.next_if(|entry| own.is_some_and(|(own, _)| Arc::ptr_eq(own, entry))).is_some())
        })
        .collect();
    let has_broken_settings = ground.problems.iter().any(|problem| problem.severity() == Severity::Error);
    let (Some(program), None, false) = (program(), served.peek(), has_broken_settings) else { return Ok(()) };
    // Always the same name: what a killed program left is written over.
    let new = path.with_extension("new");
    let head = |pieces| Head {
        program,
        dir: real(&library.dir),
        commit: commit.to_owned(),
        ground: ground.hash,
        settings: ground.files.clone(),
        problems: library.problems.clone(),
        pieces,
    };
    let written = write(&new, &files, head).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // It may be what fills the disk.
        let _ = fs::remove_file(&new);
    }
    written
}

fn write(path: &Path, files: &[(&Known, bool)], head: impl FnOnce(Vec<Piece>) -> Head) -> io::Result<()> {
    let mut out = fs::File::create(path)?;
    let mut pieces = Vec::new();
    let mut offset = 0;
    let mut bytes = Vec::new();
    for files in files.chunks(FILES_A_PIECE) {
        bytes.clear();
        files.len().put(&mut bytes);
        files.iter().for_each(|(known, _)| known.put(&mut bytes));
        files.iter().for_each(|(_, served)| served.put(&mut bytes));
        out.write_all(&bytes)?;
        pieces.push(Piece { offset, length: bytes.len(), checksum: crc32fast::hash(&bytes) });
        offset += bytes.len() as u64;
    }
    bytes.clear();
    head(pieces).put(&mut bytes);
    let (length, checksum) = (bytes.len() as u64, crc32fast::hash(&bytes));
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes.extend_from_slice(&MAGIC);
    out.write_all(&bytes)
}

impl KeptLibrary {
    /// What was kept of the library in a folder; `None` where it cannot serve: nothing there, damage, another program, other settings.
    pub fn open(path: &Path, dir: &Path) -> Option<KeptLibrary> {
        fs::read_dir(dir).ok()?;
        let mut file = fs::File::open(path).ok()?;
        let head = head(&mut file)?;
        if Some(&head.program) != program().as_ref() || head.dir != real(dir) {
            return None;
        }
        // Settings are few and all else is read in their light: they are read anew.
        let walk = Walk { settings: head.settings.clone(), ..Walk::default() };
        let folder = Folder { dir, overlay: &Overlay::new(), trust: Trust::Stamps };
        let ground = ground(&folder, &walk, None, &Limits::default(), SystemTime::now(), &mut Vec::new()).ok()?;
        (ground.hash == head.ground).then(|| KeptLibrary { dir: dir.to_owned(), file: Mutex::new(file), head, ground })
    }

    /// The commit that holds it.
    pub fn commit(&self) -> &str {
        &self.head.commit
    }

    /// Its lexicon.
    pub fn lexicon(&self) -> &Arc<crate::lexicon::Lexicon> {
        &self.ground.lexicon
    }

    /// Reads it, on all cores; `None` where a byte is not what was written.
    pub fn read(&self) -> Option<Library> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            let mut bytes = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(piece) = self.head.pieces.get(index) else { return Some(done) };
                done.push((index, self.piece(piece, &mut bytes)?));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(self.head.pieces.len());
        let mut pieces = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut pieces = work()?;
            for other in others {
                pieces.extend(other.join().ok()??);
            }
            Some(pieces)
        })?;
        pieces.sort_unstable_by_key(|(index, _)| *index);
        let (files, served): (Vec<Vec<Known>>, Vec<Vec<Arc<Entry>>>) = pieces.into_iter().map(|(_, piece)| piece).unzip();
        let ground = &self.ground;
        let shops: BTreeMap<String, Shop> = ground.shops.iter().map(|(id, read)| (id.clone(), read.shop.clone())).collect();
        Some(Library {
            dir: self.dir.clone(),
            settings: ground.settings.clone(),
            shops,
            site_profiles: Arc::clone(&ground.site_profiles),
            lexicon: Arc::clone(&ground.lexicon),
            entries: served.into_iter().flatten().collect(),
            problems: self.head.problems.clone(),
            seen: Vec::new(),
            replaced: None,
            memory: Memory { ground: Arc::clone(ground), files: SharedList::of_pieces(files)?, today: None },
        })
    }

    /// The files of a piece, and the entries among them that are served.
    fn piece(&self, piece: &Piece, bytes: &mut Vec<u8>) -> Option<(Vec<Known>, Vec<Arc<Entry>>)> {
        bytes.resize(piece.length, 0);
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(piece.offset)).ok()?;
            file.read_exact(bytes).ok()?;
        }
        if crc32fast::hash(bytes) != piece.checksum {
            return None;
        }
        let from = &mut Bytes(bytes);
        let files = Vec::<Known>::take(from)?;
        let mut served = Vec::with_capacity(files.len());
        for known in &files {
            if bool::take(from)? {
                served.push(Arc::clone(&known.content.entry.as_ref()?.0));
            }
        }
        Some((files, served))
    }
}

/// Reads the end of a file that was kept.
fn head(file: &mut fs::File) -> Option<Head> {
    let end = file.metadata().ok()?.len();
    let tail_at = end.checked_sub(TAIL_BYTES as u64)?;
    let mut tail = [0; TAIL_BYTES];
    file.seek(SeekFrom::Start(tail_at)).ok()?;
    file.read_exact(&mut tail).ok()?;
    let (length, rest) = tail.split_at(8);
    let (checksum, magic) = rest.split_at(4);
    let length = u64::from_le_bytes(length.try_into().ok()?);
    if magic != MAGIC || length > tail_at {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    file.seek(SeekFrom::Start(tail_at - length)).ok()?;
    file.read_exact(&mut bytes).ok()?;
    if crc32fast::hash(&bytes).to_le_bytes() != checksum {
        return None;
    }
    Head::take(&mut Bytes(&bytes))
}

/// What tells this program from any other: another one may read the same files in another way.
fn program() -> Option<String> {
    let metadata = fs::metadata(std::env::current_exe().ok()?).ok()?;
    let built = metadata.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(format!("{} {} {}", env!("CARGO_PKG_VERSION"), metadata.len(), built.as_nanos()))
}

fn real(dir: &Path) -> String {
    fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned()).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::{load, verify};
    use std::time::Duration;
    use tempfile::TempDir;

    const COMMIT: &str = "a commit";

    fn library() -> (TempDir, PathBuf) {
        let place = TempDir::new().unwrap();
        let dir = place.path().join("kb");
        fs::create_dir_all(dir.join("shops")).unwrap();
        fs::write(dir.join("shops/旗舰店.yaml"), "name: 旗舰店\n").unwrap();
        for number in 0..3 {
            fs::write(dir.join(format!("e{number}.md")), format!("---\ntitle: 第{number}条\nshops: [旗舰店]\n---\n> 您好{number}。\n"))
                .unwrap();
        }
        fs::write(dir.join("broken.md"), "---\n: :\n").unwrap();
        // Written long enough ago for the stamps to be trusted.
        for file in fs::read_dir(&dir).unwrap() {
            let file = fs::File::open(file.unwrap().path()).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        }
        (place, dir)
    }

    fn told(library: &Library) -> String {
        format!("{:?} {:?} {:?} {:?}", library.entries, library.problems, library.shops, library.memory.files)
    }

    #[test]
    fn what_was_kept_is_what_was_loaded() {
        let (place, dir) = library();
        let path = place.path().join(FILE);
        let loaded = load(&dir, None).unwrap();
        keep(&loaded, COMMIT, &path).unwrap();
        let kept = KeptLibrary::open(&path, &dir).unwrap();
        assert_eq!(kept.commit(), COMMIT);
        let read = kept.read().unwrap();
        assert_eq!((read.entries.len(), told(&read)), (3, told(&loaded)));
        let again = load(&dir, Some(&read)).unwrap();
        assert!(again.is_same(&read), "nothing is read again");
    }

    #[test]
    fn a_byte_that_is_not_as_written_makes_it_worth_nothing() {
        let (place, dir) = library();
        let path = place.path().join(FILE);
        keep(&load(&dir, None).unwrap(), COMMIT, &path).unwrap();
        let whole = fs::read(&path).unwrap();
        let is_read = || KeptLibrary::open(&path, &dir).and_then(|kept| kept.read()).is_some();
        assert!(is_read());
        for at in (0..whole.len()).step_by(whole.len() / 8).chain(whole.len() - TAIL_BYTES..whole.len()) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            assert!(!is_read(), "byte {at} of {}", whole.len());
        }
        for length in [0, 1, TAIL_BYTES, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(!is_read(), "{length} of {} bytes", whole.len());
        }
    }

    #[test]
    fn another_folder_other_settings_and_none_are_served_by_nothing_kept() {
        let (place, dir) = library();
        let path = place.path().join(FILE);
        keep(&load(&dir, None).unwrap(), COMMIT, &path).unwrap();
        let other = place.path().join("other");
        fs::create_dir(&other).unwrap();
        assert!(KeptLibrary::open(&path, &other).is_none());
        fs::write(dir.join("shops/旗舰店.yaml"), "name: 别的名字\n").unwrap();
        assert!(KeptLibrary::open(&path, &dir).is_none());
        fs::remove_dir_all(&dir).unwrap();
        assert!(KeptLibrary::open(&path, &dir).is_none());
    }

    #[test]
    fn versions_of_files_that_are_broken_now_are_not_kept() {
        let (place, dir) = library();
        let path = place.path().join(FILE);
        let before = load(&dir, None).unwrap();
        fs::write(dir.join("e1.md"), "---\n: :\n").unwrap();
        let now = load(&dir, Some(&before)).unwrap();
        assert_eq!(now.entries.len(), 3, "the last good version serves");
        keep(&now, COMMIT, &path).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_changed_under_its_stamp_is_found_by_its_hash() {
        let (_place, dir) = library();
        let mut library = load(&dir, None).unwrap();
        let at = library.memory.files.iter().position(|known| known.file.path == "e1.md").unwrap();
        let mut known = library.memory.files[at].clone();
        let (entry, notes) = known.content.entry.clone().unwrap();
        let older = Content {
            hash: [1; 32],
            ground: known.content.ground,
            entry: Some((Arc::new(crate::entry::Entry { title: "旧".to_owned(), ..(*entry).clone() }), notes)),
            problems: Vec::new(),
        };
        known.content = Arc::new(older);
        library.memory.files.replace(at, known);
        let title = |library: &Library| library.entries.iter().find(|entry| entry.path == "e1.md").unwrap().title.clone();
        let by_stamp = load(&dir, Some(&library)).unwrap();
        assert_eq!((title(&by_stamp).as_str(), by_stamp.seen.len()), ("旧", 0));
        let by_hash = verify(&dir, &library).unwrap();
        assert_eq!((title(&by_hash).as_str(), by_hash.seen.len()), ("第1条", 1));
    }
}
