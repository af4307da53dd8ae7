//! Reads a library, or what changed in it: a file with the stamp, bytes and settings of before is not read, or not parsed, again.

mod examine;
mod keep;
mod read;
mod some;

pub use examine::examine;
pub use keep::{FILE as KEPT_FILE, KeptLibrary, keep};
pub use some::load_some;

use read::{Unread, not_utf8, read};

use super::check::{self, Candidate, Notes};
use super::place::Place;
use super::settings;
use super::shop;
use super::walk::{self, File, Limits, Stamp, Walk, walk};
use super::{Library, LibraryError, Overlay, Seen, Settings, Shop};
use crate::entry::Entry;
use crate::facet::Facet;
use crate::lexicon::{self, Lexicon, LexiconFile};
use crate::markdown;
use crate::problem::{Code, Problem};
use crate::shared_list::SharedList;
use crate::site_profiles::{self, SiteProfiles};
use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use unicode_normalization::UnicodeNormalization;

/// How long a file must have been gone to be believed gone: editors save by moving the old file away before the new one is in
/// place, and a file that moves while the folders are listed may be seen in none of them.
const VANISH_GRACE: Duration = Duration::from_millis(40);

/// What the next load need not read again.
#[derive(Debug)]
pub(super) struct Memory {
    ground: Arc<Ground>,
    /// In the order of paths.
    files: SharedList<Known>,
    /// The day for which reviews were found due; `None` where nobody has looked.
    today: Option<Date>,
}

impl Memory {
    /// Path and SHA-256 of every file that was read: settings, then entries.
    pub(super) fn hashes(&self) -> impl Iterator<Item = (&str, [u8; 32])> {
        let entries = self.files.iter().map(|known| (known.file.path.as_str(), known.content.hash));
        let settings = self.ground.hashes.iter().map(|(path, hash)| (path.as_str(), *hash));
        settings.chain(entries.filter(|(_, hash)| *hash != UNREAD))
    }

    pub(super) fn is_same(&self, other: &Memory) -> bool {
        let same = |(one, other): (&Known, &Known)| one.file == other.file && Arc::ptr_eq(&one.content, &other.content);
        self.ground.files == other.ground.files
            && self.ground.hash == other.ground.hash
            && self.files.len() == other.files.len()
            && self.files.iter().zip(&other.files).all(same)
    }
}

/// Stands for the hash of a file that could not be read.
const UNREAD: [u8; 32] = [0; 32];

/// A file and what it turned out to be.
#[derive(Debug, Clone)]
struct Known {
    file: File,
    /// Whether the stamp alone tells that the file is the same.
    settled: bool,
    content: Arc<Content>,
}

/// What one version of a file says in the light of one version of the settings.
#[derive(Debug)]
struct Content {
    hash: [u8; 32],
    ground: [u8; 32],
    entry: Option<(Arc<Entry>, Notes)>,
    problems: Vec<Problem>,
}

/// Settings, shops and lexicon, which all entries are read with; and the site profiles, which come and go with them.
#[derive(Debug)]
struct Ground {
    files: Vec<File>,
    /// SHA-256 of each file that was read.
    hashes: BTreeMap<String, [u8; 32]>,
    settled: bool,
    hash: [u8; 32],
    settings: Settings,
    shops: BTreeMap<String, shop::Read>,
    site_profiles: Arc<SiteProfiles>,
    lexicon: Arc<Lexicon>,
    /// The last good bytes of each lexicon file.
    lexicon_files: Vec<LexiconFile>,
    problems: Vec<Problem>,
}

/// Reads a library. With the one of before, only what changed since is read, and a file that is broken now goes on being served
/// as it was, with its problem shown.
///
/// # Errors
/// [`LibraryError`] where there is no library to read, or a newer one than this program knows; go on with the previous one then.
pub fn load(dir: &Path, previous: Option<&Library>) -> Result<Library, LibraryError> {
    load_within(dir, previous, &Limits::default(), Timestamp::now())
}

/// As [`load`], with limits and a time of one's own.
///
/// # Errors
/// As [`load`].
pub fn load_within(dir: &Path, previous: Option<&Library>, limits: &Limits, now: Timestamp) -> Result<Library, LibraryError> {
    load_over(&Folder { dir, overlay: &Overlay::new(), trust: Trust::Stamps }, previous, limits, now)
}

/// As [`load`], with every file read and compared by its hash, whatever its stamp says; one after another, since others wait for answers.
///
/// # Errors
/// As [`load`].
pub fn verify(dir: &Path, previous: &Library) -> Result<Library, LibraryError> {
    let folder = Folder { dir, overlay: &Overlay::new(), trust: Trust::Hashes };
    load_over(&folder, Some(previous), &Limits::default(), Timestamp::now())
}

/// As [`load`], with the files of an overlay in place of those of the folder: what would be, without writing it.
///
/// # Errors
/// As [`load`].
pub fn load_with(dir: &Path, previous: Option<&Library>, overlay: &Overlay, now: Timestamp) -> Result<Library, LibraryError> {
    load_over(&Folder { dir, overlay, trust: Trust::Stamps }, previous, &Limits::default(), now)
}

/// A folder, and files that stand before its own.
struct Folder<'f> {
    dir: &'f Path,
    overlay: &'f Overlay,
    trust: Trust,
}

/// What tells that a file is that of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// Size, times and number.
    Stamps,
    /// What is in it.
    Hashes,
}

impl Folder<'_> {
    fn walk(&self, previous: Option<&Library>, limits: &Limits) -> Result<Walk, LibraryError> {
        let mut walk = settled_walk(self.dir, previous, limits)?;
        for (path, bytes) in self.overlay {
            walk.set(path, bytes.as_ref().map(|bytes| Stamp::of_size(bytes.len() as u64)));
        }
        Ok(walk)
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, Unread> {
        match self.overlay.get(path) {
            None => read(&self.dir.join(path), limit),
            Some(Some(bytes)) if bytes.len() as u64 <= limit => Ok(bytes.clone()),
            Some(Some(_)) => Err(Unread::TooLarge),
            Some(None) => Err(Unread::Io(io::ErrorKind::NotFound.into())),
        }
    }
}

fn load_over(folder: &Folder, previous: Option<&Library>, limits: &Limits, now: Timestamp) -> Result<Library, LibraryError> {
    let begun = SystemTime::now();
    let dir = folder.dir;
    let walk = folder.walk(previous, limits)?;
    let mut seen = Vec::new();
    let ground = ground(folder, &walk, previous, limits, begun, &mut seen)?;
    let files = contents(folder, &walk, &ground, previous, limits, begun, &mut seen);
    seen.extend(vanished(&walk, &ground, &files, previous));
    let today = now.to_zoned(ground.settings.time_zone.clone()).date();
    let (entries, problems) = resolve(dir, &walk, &ground, &files, previous, today);
    Ok(Library {
        dir: dir.to_path_buf(),
        settings: ground.settings.clone(),
        shops: ground.shops.iter().map(|(id, read)| (id.clone(), read.shop.clone())).collect(),
        site_profiles: Arc::clone(&ground.site_profiles),
        lexicon: Arc::clone(&ground.lexicon),
        entries: entries.into_iter().collect(),
        problems,
        seen,
        replaced: None,
        memory: Memory { ground, files: files.into_iter().collect(), today: Some(today) },
    })
}

/// Files of before that are there no more.
fn vanished(walk: &Walk, ground: &Ground, files: &[Known], previous: Option<&Library>) -> Vec<Seen> {
    let Some(previous) = previous else { return Vec::new() };
    let has = |path: &str| files.binary_search_by(|known| known.file.path.as_str().cmp(path)).is_ok();
    // A settings file that is listed and could not be read is not gone.
    let is_setting = |path: &str| ground.files.iter().any(|file| file.path == path);
    let gone = previous.memory.hashes().filter(|(path, _)| !has(path) && !is_setting(path) && !walk.is_blind_to(path));
    gone.map(|(path, _)| Seen { path: path.to_owned(), bytes: None, at: Timestamp::now() }).collect()
}

/// Lists the library; where something has vanished, again after a moment.
fn settled_walk(dir: &Path, previous: Option<&Library>, limits: &Limits) -> Result<Walk, LibraryError> {
    let first = walk(dir, limits)?;
    let Some(previous) = previous else { return Ok(first) };
    let has = |files: &[File], path: &str| files.binary_search_by(|file| file.path.as_str().cmp(path)).is_ok();
    let gone = previous.memory.files.iter().any(|known| !has(&first.entries, &known.file.path) && !first.is_blind_to(&known.file.path))
        || previous.memory.ground.files.iter().any(|file| !has(&first.settings, &file.path));
    if !gone {
        return Ok(first);
    }
    std::thread::sleep(VANISH_GRACE);
    walk(dir, limits)
}

/// Reads settings, shops and lexicon, or takes those of before where nothing in them changed.
fn ground(
    folder: &Folder,
    walk: &Walk,
    previous: Option<&Library>,
    limits: &Limits,
    begun: SystemTime,
    seen: &mut Vec<Seen>,
) -> Result<Arc<Ground>, LibraryError> {
    let dir = folder.dir;
    let previous = previous.map(|library| &library.memory.ground);
    if let Some(same) = previous.filter(|ground| folder.trust == Trust::Stamps && ground.settled && ground.files == walk.settings) {
        return Ok(Arc::clone(same));
    }
    let mut problems = Vec::new();
    let mut texts: Vec<(&str, Vec<u8>)> = Vec::new();
    let mut hasher = Sha256::new();
    let mut hashes = BTreeMap::new();
    for file in &walk.settings {
        let limit = if file.path.starts_with("lexicon/") { limits.lexicon_bytes } else { limits.entry_bytes };
        match folder.read(&file.path, limit) {
            Ok(bytes) => {
                let hash: [u8; 32] = Sha256::digest(&bytes).into();
                if previous.is_some_and(|ground| ground.hashes.get(&file.path) != Some(&hash)) {
                    seen.push(Seen { path: file.path.clone(), bytes: Some(bytes.clone()), at: Timestamp::now() });
                }
                hashes.insert(file.path.clone(), hash);
                for part in [file.path.as_bytes(), &bytes] {
                    hasher.update(part.len().to_le_bytes());
                    hasher.update(part);
                }
                texts.push((&file.path, bytes));
            }
            Err(why) => problems.extend(why.problem(&file.path, limit)),
        }
    }
    let hash: [u8; 32] = hasher.finalize().into();
    let settled = problems.is_empty() && walk.settings.iter().all(|file| file.stamp.is_settled(begun));
    if let Some(same) = previous.filter(|ground| ground.hash == hash && problems.is_empty()) {
        let same = Ground {
            files: walk.settings.clone(),
            hashes,
            settled,
            hash,
            settings: same.settings.clone(),
            shops: same.shops.clone(),
            site_profiles: Arc::clone(&same.site_profiles),
            lexicon: Arc::clone(&same.lexicon),
            lexicon_files: same.lexicon_files.clone(),
            problems: same.problems.clone(),
        };
        return Ok(Arc::new(same));
    }
    let settings = settings_of(dir, walk, &texts, previous, &mut problems)?;
    let shops = shops_of(walk, &texts, previous, &mut problems);
    let site_profiles = site_profiles_of(walk, &texts, previous, &mut problems);
    let lexicon_files = texts.iter().filter(|(path, _)| path.starts_with("lexicon/"));
    let lexicon_files = lexicon_files.map(|(path, bytes)| LexiconFile { path: (*path).to_owned(), bytes: bytes.clone() }).collect();
    let (mut lexicon, lexicon_files) = lexicon_of(lexicon_files, walk, previous, &mut problems);
    for name in settings.hours.keys() {
        lexicon.facets.add(Facet::Hours, name, []);
    }
    for id in shops.keys() {
        lexicon.facets.add(Facet::Shop, id, []);
    }
    for (id, read) in &shops {
        lexicon.facets.add(Facet::Shop, id, read.shop.aliases.iter().chain([&read.shop.name]).map(String::as_str));
    }
    for (id, read) in &shops {
        let path = walk.settings.iter().find(|file| walk::shop_id(&file.path) == Some(id)).map_or("shops", |file| file.path.as_str());
        problems.extend(check::shop(path, read, &lexicon));
    }
    let lexicon = Arc::new(lexicon);
    let files = walk.settings.clone();
    Ok(Arc::new(Ground { files, hashes, settled, hash, settings, shops, site_profiles, lexicon, lexicon_files, problems }))
}

fn settings_of(
    dir: &Path,
    walk: &Walk,
    texts: &[(&str, Vec<u8>)],
    previous: Option<&Arc<Ground>>,
    problems: &mut Vec<Problem>,
) -> Result<Settings, LibraryError> {
    let default = Settings::default_for(dir);
    let Some((_, bytes)) = texts.iter().find(|(path, _)| *path == settings::FILE) else {
        // A file that is there and cannot be read has changed nothing yet.
        let exists = walk.settings.iter().any(|file| file.path == settings::FILE);
        return Ok(previous.filter(|_| exists).map_or(default, |ground| ground.settings.clone()));
    };
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let (mut read, found) = settings::read(text, dir, default)?;
            // With an unreadable value the whole of the settings before stays: half of each would be neither.
            if let Some(ground) = previous.filter(|_| found.iter().any(|problem| problem.code == Code::BadSettings)) {
                read = ground.settings.clone();
            }
            problems.extend(found);
            Ok(read)
        }
        Err(_) => {
            problems.push(not_utf8(settings::FILE));
            Ok(previous.map_or(default, |ground| ground.settings.clone()))
        }
    }
}

fn shops_of(
    walk: &Walk,
    texts: &[(&str, Vec<u8>)],
    previous: Option<&Arc<Ground>>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, shop::Read> {
    let mut shops = BTreeMap::new();
    for file in &walk.settings {
        let Some(id) = walk::shop_id(&file.path) else { continue };
        let id: String = id.nfc().collect();
        let text = texts.iter().find(|(path, _)| *path == file.path).map(|(_, bytes)| std::str::from_utf8(bytes));
        let read = match text {
            Some(Ok(text)) => {
                let (read, found) = shop::read(&file.path, &id, text);
                problems.extend(found);
                read
            }
            Some(Err(_)) => {
                problems.push(not_utf8(&file.path));
                None
            }
            None => None,
        };
        if let Some(read) = read.or_else(|| previous.and_then(|ground| ground.shops.get(&id).cloned())) {
            shops.insert(id, read);
        }
    }
    shops
}

/// The profiles of the file with the built-in ones; those of before where the file is there and cannot be read.
fn site_profiles_of(
    walk: &Walk,
    texts: &[(&str, Vec<u8>)],
    previous: Option<&Arc<Ground>>,
    problems: &mut Vec<Problem>,
) -> Arc<SiteProfiles> {
    let built_in = || Arc::new(site_profiles::built_in().clone());
    let before = || previous.map_or_else(built_in, |ground| Arc::clone(&ground.site_profiles));
    if let Some((path, bytes)) = texts.iter().find(|(path, _)| *path == site_profiles::FILE) {
        return match site_profiles::read(bytes) {
            Ok(own) => Arc::new(site_profiles::with_built_in(&own)),
            Err(wrong) => {
                let place = Place { line: wrong.line, column: wrong.column, width: 0 };
                problems.push(place.problem(path, Code::BadSettings, wrong.zh, wrong.en));
                before()
            }
        };
    }
    if walk.settings.iter().any(|file| file.path == site_profiles::FILE) { before() } else { built_in() }
}

/// Builds the lexicon; a file that cannot be read as a whole is taken as it was before.
fn lexicon_of(
    mut files: Vec<LexiconFile>,
    walk: &Walk,
    previous: Option<&Arc<Ground>>,
    problems: &mut Vec<Problem>,
) -> (Lexicon, Vec<LexiconFile>) {
    let earlier = previous.map_or(&[][..], |ground| &ground.lexicon_files);
    let (lexicon, found) = lexicon::load(&files);
    let is_broken = |file: &LexiconFile| {
        found.iter().any(|problem| problem.path == file.path) && (std::str::from_utf8(&file.bytes).is_err() || !is_yaml_or_text(file))
    };
    let mut restored = false;
    for before in earlier {
        match files.iter_mut().find(|file| file.path == before.path) {
            Some(file) if is_broken(file) => file.bytes.clone_from(&before.bytes),
            None if walk.settings.iter().any(|file| file.path == before.path) => files.push(before.clone()),
            _ => continue,
        }
        restored = true;
    }
    problems.extend(found);
    if restored { (lexicon::load(&files).0, files) } else { (lexicon, files) }
}

/// Whether a lexicon file can be read as a whole; single wrong lines are the lexicon's own to judge.
fn is_yaml_or_text(file: &LexiconFile) -> bool {
    let options = serde_saphyr::options! { duplicate_keys: serde_saphyr::DuplicateKeyPolicy::PassThrough };
    !file.path.ends_with(".yaml") || serde_saphyr::from_slice_with_options::<serde::de::IgnoredAny>(&file.bytes, options).is_ok()
}

/// What the files of entries say, in the order of paths; on all cores, because a whole library takes a second on one.
fn contents(
    folder: &Folder,
    walk: &Walk,
    ground: &Ground,
    previous: Option<&Library>,
    limits: &Limits,
    begun: SystemTime,
    seen: &mut Vec<Seen>,
) -> Vec<Known> {
    let before = |path: &str| {
        let files = &previous?.memory.files;
        files.binary_search_by(|known| known.file.path.as_str().cmp(path)).ok().map(|at| &files[at])
    };
    let shops: BTreeMap<String, Shop> = ground.shops.iter().map(|(id, read)| (id.clone(), read.shop.clone())).collect();
    let mut known: Vec<Option<Known>> = walk
        .entries
        .iter()
        .map(|file| {
            before(&file.path)
                .filter(|known| {
                    folder.trust == Trust::Stamps && known.settled && known.file.stamp == file.stamp && known.content.ground == ground.hash
                })
                .cloned()
        })
        .collect();
    let todo: Vec<usize> = known.iter().enumerate().filter(|(_, known)| known.is_none()).map(|(index, _)| index).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(index) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
            let file = &walk.entries[*index];
            let earlier = before(&file.path).map(|known| &known.content);
            if let Some((known, bytes)) = content(folder, file, ground, &shops, earlier, limits, begun) {
                // Of a first load everything would be new: who keeps versions reads the files that it lacks.
                let bytes = bytes.filter(|_| previous.is_some());
                let seen = bytes.map(|bytes| Seen { path: file.path.clone(), bytes: Some(bytes), at: Timestamp::now() });
                done.push((*index, known, seen));
            }
        }
        done
    };
    let cores = match folder.trust {
        Trust::Stamps => std::thread::available_parallelism().map_or(1, usize::from),
        Trust::Hashes => 1,
    };
    let threads = cores.min(todo.len().div_ceil(FILES_PER_THREAD));
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mine = work();
        let theirs = others.into_iter().filter_map(|thread| thread.join().ok()).flatten();
        for (index, done, change) in mine.into_iter().chain(theirs) {
            known[index] = Some(done);
            seen.extend(change);
        }
    });
    known.into_iter().flatten().collect()
}

/// A thread is worth its start from this many files on.
const FILES_PER_THREAD: usize = 50;

/// Reads one file; `None` where it has vanished. Its bytes come with it where they are not those of before.
fn content(
    folder: &Folder,
    file: &File,
    ground: &Ground,
    shops: &BTreeMap<String, Shop>,
    earlier: Option<&Arc<Content>>,
    limits: &Limits,
    begun: SystemTime,
) -> Option<(Known, Option<Vec<u8>>)> {
    let withheld = |problem: Problem, hash: [u8; 32]| Content { hash, ground: ground.hash, entry: None, problems: vec![problem] };
    let bytes = match folder.read(&file.path, limits.entry_bytes) {
        Ok(bytes) => bytes,
        Err(why) => {
            let problem = why.problem(&file.path, limits.entry_bytes)?;
            return Some((Known { file: file.clone(), settled: false, content: Arc::new(withheld(problem, UNREAD)) }, None));
        }
    };
    let settled = file.stamp.is_settled(begun) && bytes.len() as u64 == file.stamp.size;
    let hash: [u8; 32] = Sha256::digest(&bytes).into();
    if let Some(same) = earlier.filter(|content| content.hash == hash && content.ground == ground.hash) {
        return Some((Known { file: file.clone(), settled, content: Arc::clone(same) }, None));
    }
    let content = match std::str::from_utf8(&bytes) {
        Err(_) => withheld(not_utf8(&file.path), hash),
        // A save that has only just begun looks like this.
        Ok(text) if text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() => {
            withheld(Place::START.problem(&file.path, Code::FrontMatter, "文件是空的", "the file is empty"), hash)
        }
        // A parser that fails on one file must not take the others down.
        Ok(text) => catch_unwind(AssertUnwindSafe(|| parse(file, &bytes, text, hash, ground, shops))).unwrap_or_else(|_| {
            let zh = "程序在读这个文件时出错，请把文件报告给开发者";
            withheld(Place::START.problem(&file.path, Code::UnreadableFile, zh, "the program failed on this file: please report it"), hash)
        }),
    };
    let changed = earlier.is_none_or(|content| content.hash != hash);
    Some((Known { file: file.clone(), settled, content: Arc::new(content) }, changed.then_some(bytes)))
}

fn parse(file: &File, bytes: &[u8], text: &str, hash: [u8; 32], ground: &Ground, shops: &BTreeMap<String, Shop>) -> Content {
    let markdown::Parsed { entry, mut problems } = markdown::parse(&file.path, bytes, &ground.lexicon.facets);
    let entry = entry.map(|entry| {
        problems.extend(check::within(&entry, text, &ground.lexicon, shops));
        let notes = check::notes(&entry, text);
        (Arc::new(entry), notes)
    });
    Content { hash, ground: ground.hash, entry, problems }
}

/// What is served of all files, and every problem.
fn resolve(
    dir: &Path,
    walk: &Walk,
    ground: &Ground,
    files: &[Known],
    previous: Option<&Library>,
    today: Date,
) -> (Vec<Arc<Entry>>, Vec<Problem>) {
    let mut problems: Vec<Problem> = walk.problems.iter().chain(&ground.problems).cloned().collect();
    problems.extend(files.iter().flat_map(|known| known.content.problems.iter().cloned()));
    let parsed: Vec<&(Arc<Entry>, Notes)> = files.iter().filter_map(|known| known.content.entry.as_ref()).collect();
    let candidates: Vec<Candidate> = parsed.iter().map(|(entry, notes)| Candidate { entry, notes }).collect();
    let (withheld, duplicates) = check::duplicate_ids(&candidates);
    problems.extend(duplicates);

    let mut ids: HashSet<String> = parsed.iter().map(|(_, notes)| notes.id_key().to_owned()).collect();
    let mut entries: Vec<Arc<Entry>> =
        parsed.iter().enumerate().filter(|(index, _)| !withheld.contains(index)).map(|(_, (entry, _))| Arc::clone(entry)).collect();
    let mut is_served: HashSet<&str> = HashSet::with_capacity(entries.len());
    is_served.extend(parsed.iter().enumerate().filter(|(index, _)| !withheld.contains(index)).map(|(_, (entry, _))| entry.path.as_str()));
    for good in last_good(walk, files, &is_served, previous) {
        if ids.insert(check::id_key(&good.id)) {
            mark_as_still_served(&mut problems, &good.path);
            entries.push(good);
        }
    }
    entries.sort_by(|one, other| one.path.cmp(&other.path));

    let paths: HashSet<String> = files.iter().map(|known| &known.file.path).chain(&walk.others).map(|path| path.nfc().collect()).collect();
    // Folders, settings and hidden files are no files of the walk, and yet may be linked to.
    let exists = |path: &str| paths.contains(path) || dir.join(path).exists();
    problems.extend(check::lexicon(&ground.lexicon, &ground.lexicon_files, &ids));
    problems.extend(check::across(&candidates, |id| ids.contains(id), exists, today));
    problems.sort_by(|one, other| (&one.path, one.line, one.column, one.code).cmp(&(&other.path, other.line, other.column, other.code)));
    problems.dedup();
    (entries, problems)
}

/// The versions last served of files that are broken now, wherever they have moved, and of files in folders that cannot be listed now.
fn last_good(walk: &Walk, files: &[Known], is_served: &HashSet<&str>, previous: Option<&Library>) -> Vec<Arc<Entry>> {
    let Some(previous) = previous else { return Vec::new() };
    let served_at = |path: &str| {
        let at = previous.entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
        Some(&previous.entries[at])
    };
    let mut good: Vec<Arc<Entry>> = Vec::new();
    let mut by_inode: Option<HashMap<(u64, u64), &str>> = None;
    for known in files.iter().filter(|known| !is_served.contains(known.file.path.as_str())) {
        let path = known.file.path.as_str();
        if let Some(entry) = served_at(path) {
            good.push(Arc::clone(entry));
            continue;
        }
        let inodes = by_inode.get_or_insert_with(|| {
            let gone = |known: &&Known| files.binary_search_by(|file| file.file.path.cmp(&known.file.path)).is_err();
            previous.memory.files.iter().filter(gone).map(|known| (known.file.stamp.inode, known.file.path.as_str())).collect()
        });
        let Stamp { inode, .. } = known.file.stamp;
        if let Some(entry) = inodes.get(&inode).filter(|_| inode != (0, 0)).and_then(|path| served_at(path)) {
            good.push(Arc::new(Entry { path: path.to_owned(), ..Entry::clone(entry) }));
        }
    }
    if !walk.blind.is_empty() {
        good.extend(previous.entries.iter().filter(|entry| walk.is_blind_to(&entry.path)).cloned());
    }
    good
}

/// Says in the problem that withholds a file that its last good version is still there.
fn mark_as_still_served(problems: &mut [Problem], path: &str) {
    if let Some(problem) = problems.iter_mut().find(|problem| problem.path == path && problem.code.withholds()) {
        problem.zh.push_str("（改好之前，继续使用上一个可用的版本）");
        problem.en.push_str(" (until this is mended, the last good version goes on being served)");
    }
}
