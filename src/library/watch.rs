//! Says when something in a library's folder changed, and in which files where the system tells no more than that; what changed is for
//! [`load()`](super::load()) and [`load_some()`](super::load_some()) to find out.
//!
//! Events of the system are taken as hints: they come late, double, for our own reading, or not at all (network drives, an
//! overflowing queue, a folder whose watch was lost). So a walk by stamps tells at intervals what no event told.

use super::LibraryError;
use super::walk::{Limits, Stamp, Walk, is_entry, walk};
use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher, WatcherKind};
use rustc_hash::FxHashMap;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long it must be quiet before a change is told: a save is several events, and half of one is no use.
const QUIET: Duration = Duration::from_millis(50);

/// After this long a change is told though it is not quiet yet: a checkout of ten thousand files takes seconds.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// How often the folder itself is looked at: deployments replace it, or the link that leads to it, and no event tells.
const ROOT_INTERVAL: Duration = Duration::from_secs(1);

/// How often a walk looks for what no event told.
const SAFETY_INTERVAL: Duration = Duration::from_secs(30);

/// Files that are looked at by themselves: with more, a walk costs little beside reading them.
const MAX_TOLD: usize = 64;

/// A walk may take this part of the time at most, however large the library and however slow its drive.
const WALK_SHARE: u32 = 50;

/// How changes are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// By events of the system, with a walk every half minute for what they miss.
    #[default]
    Events,
    /// By a walk at this interval, for network drives, whose servers tell nothing.
    Poll(Duration),
}

/// A running watch; it ends when dropped.
#[derive(Debug)]
pub struct Watch {
    signals: Sender<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.signals.send(Signal::Stop);
        if let Some(thread) = self.thread.take() {
            // A callback may drop its own watch: a thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

enum Signal {
    /// Something may have changed: where, and whether the watches of what is there may be lost.
    Changed(Vec<PathBuf>, bool),
    /// Events were lost.
    Lost,
    Stop,
}

/// Calls `changed`, on a thread of its own, soon after something in the folder changed: some 50 ms after the last of several
/// changes, 250 ms after the first at the latest. Changes during a call lead to one more call. Where nothing changed but the content of some entries'
/// files it is given their paths.
///
/// Take the watch before the first load, so that no change falls between them.
///
/// # Errors
/// [`LibraryError::Unreadable`] where the folder cannot be listed.
pub fn watch(dir: &Path, mode: Mode, changed: impl FnMut(Option<&[String]>) + Send + 'static) -> Result<Watch, LibraryError> {
    let (signals, received) = mpsc::channel();
    let mut watcher = Folders::new(dir, mode, signals.clone());
    let state = State::of(&watcher.sync()?);
    on_thread(dir, signals, move || run(watcher, state, &received, changed))
}

/// The same without waiting until the folder is watched: `watched` is called when it is.
///
/// # Errors
/// Where no thread can be had.
pub fn watch_soon(
    dir: &Path,
    mode: Mode,
    watched: impl FnOnce() + Send + 'static,
    changed: impl FnMut(Option<&[String]>) + Send + 'static,
) -> Result<Watch, LibraryError> {
    let (signals, received) = mpsc::channel();
    let mut watcher = Folders::new(dir, mode, signals.clone());
    on_thread(dir, signals, move || {
        // A folder that cannot be listed is told of by the walks to come.
        let state = watcher.sync().map_or_else(|_| State::default(), |found| State::of(&found));
        watched();
        run(watcher, state, &received, changed);
    })
}

fn on_thread(dir: &Path, signals: Sender<Signal>, run: impl FnOnce() + Send + 'static) -> Result<Watch, LibraryError> {
    let thread = std::thread::Builder::new().name("huashu-watch".to_owned()).spawn(run);
    let thread = thread.map_err(|source| LibraryError::Unreadable { path: dir.to_path_buf(), source })?;
    Ok(Watch { signals, thread: Some(thread) })
}

fn run(mut folders: Folders, mut state: State, received: &Receiver<Signal>, mut changed: impl FnMut(Option<&[String]>)) {
    let mut last_walk = Instant::now();
    let mut walk_took = Duration::ZERO;
    let mut is_lost = false;
    loop {
        let walk_interval = folders.walk_interval().max(walk_took * WALK_SHARE);
        let wait = walk_interval.saturating_sub(last_walk.elapsed());
        let mut places = Some(BTreeSet::new());
        let told = match received.recv_timeout(wait.min(ROOT_INTERVAL)) {
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(signal) => match settle(signal, received, &mut folders, &mut places) {
                Some(()) => true,
                None => return,
            },
            Err(RecvTimeoutError::Timeout) => false,
        };
        let replaced = folders.root_was_replaced();
        if !told && !replaced && last_walk.elapsed() < walk_interval {
            continue;
        }
        if replaced {
            folders.forget_all();
        } else if let Some(paths) =
            places.filter(|_| told && last_walk.elapsed() < walk_interval).and_then(|places| state.only(&folders, &places))
        {
            changed(Some(&paths));
            continue;
        }
        last_walk = Instant::now();
        let now = match folders.sync() {
            Ok(found) => State::of(&found),
            // The folder is gone for now; whoever holds the last library goes on with it, and is told once.
            Err(error) => {
                tracing::debug!(%error, "the library's folder cannot be read");
                if !is_lost {
                    is_lost = true;
                    changed(None);
                }
                continue;
            }
        };
        is_lost = false;
        walk_took = last_walk.elapsed();
        if now != state && !told && !replaced && folders.mode == Mode::Events {
            tracing::warn!("a change was found that the system did not tell; on a network drive use --poll");
        }
        // What was told counts even where all stamps are the same: two saves within one tick of the file system's clock.
        if told || now != state {
            state = now;
            changed(None);
        }
    }
}

/// Takes in signals until it is quiet, and where they say that something changed; `None` for what may be anywhere. `None`: stop.
fn settle(first: Signal, received: &Receiver<Signal>, folders: &mut Folders, places: &mut Option<BTreeSet<PathBuf>>) -> Option<()> {
    let latest = Instant::now() + LONGEST_WAIT;
    let mut signal = first;
    loop {
        match signal {
            Signal::Changed(paths, is_lost) => {
                if is_lost {
                    paths.iter().for_each(|path| folders.forget(path));
                }
                if paths.is_empty() {
                    *places = None;
                }
                if let Some(places) = places {
                    places.extend(paths.into_iter().filter(|path| !is_hidden(path)));
                }
                if places.as_ref().is_some_and(|places| places.len() > MAX_TOLD) {
                    *places = None;
                }
            }
            Signal::Lost => {
                folders.forget_all();
                *places = None;
            }
            Signal::Stop => return None,
        }
        match received.recv_timeout(QUIET.min(latest.saturating_duration_since(Instant::now()))) {
            Ok(next) => signal = next,
            Err(RecvTimeoutError::Timeout) => return Some(()),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

/// The watched folders. Each is watched by itself where the system allows, so that hidden ones (`.git`) are not and one that
/// cannot be read does not hinder the others.
struct Folders {
    dir: PathBuf,
    mode: Mode,
    signals: Sender<Signal>,
    watcher: Option<RecommendedWatcher>,
    watched: HashMap<PathBuf, (u64, u64)>,
    root: Option<(PathBuf, (u64, u64))>,
}

impl Folders {
    fn new(dir: &Path, mode: Mode, signals: Sender<Signal>) -> Self {
        Folders { dir: dir.to_path_buf(), mode, signals, watcher: None, watched: HashMap::new(), root: None }
    }

    fn walk_interval(&self) -> Duration {
        match self.mode {
            Mode::Events if self.watcher.is_some() => SAFETY_INTERVAL,
            // No events can be had: walks have to do.
            Mode::Events => ROOT_INTERVAL,
            Mode::Poll(interval) => interval,
        }
    }

    /// Walks the library and sees to it that every folder is watched. Walks again after adding one: files may have come
    /// into it before its watch.
    fn sync(&mut self) -> Result<Walk, LibraryError> {
        const ENOUGH: usize = 5;
        let mut found = walk(&self.dir, &Limits::default())?;
        self.root = found.folders.first().cloned();
        if self.mode == Mode::Events {
            for _ in 0..ENOUGH {
                if !self.watch_new(&found) {
                    break;
                }
                found = walk(&self.dir, &Limits::default())?;
            }
        }
        Ok(found)
    }

    /// Watches the folders that are not watched yet and forgets those that are gone; whether there were new ones.
    fn watch_new(&mut self, found: &Walk) -> bool {
        if self.watcher.is_none() {
            self.watched.clear();
            self.watcher = self.start();
        }
        let Some(watcher) = &mut self.watcher else { return false };
        let each = RecommendedWatcher::kind() == WatcherKind::Inotify;
        let mode = if each { RecursiveMode::NonRecursive } else { RecursiveMode::Recursive };
        let current: HashMap<&Path, (u64, u64)> =
            found.folders.iter().take(if each { usize::MAX } else { 1 }).map(|(path, inode)| (path.as_path(), *inode)).collect();
        self.watched.retain(|path, inode| {
            let is_same = current.get(path.as_path()) == Some(inode);
            if !is_same {
                // The system may have dropped it already.
                let _ = watcher.unwatch(path);
            }
            is_same
        });
        let mut added = false;
        for (path, inode) in current {
            if self.watched.contains_key(path) {
                continue;
            }
            match watcher.watch(path, mode) {
                Ok(()) => {
                    self.watched.insert(path.to_path_buf(), inode);
                    added = true;
                }
                Err(error) => {
                    tracing::debug!(%error, "a folder cannot be watched; walks will find what changes in it");
                    if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) {
                        tracing::warn!(
                            "the system allows no more watches (fs.inotify.max_user_watches): changes are looked for every second"
                        );
                        self.watcher = None;
                        self.watched.clear();
                        self.mode = Mode::Poll(ROOT_INTERVAL);
                        return false;
                    }
                }
            }
        }
        added
    }

    fn start(&self) -> Option<RecommendedWatcher> {
        let signals = self.signals.clone();
        let tell = move |event: notify::Result<Event>| {
            // The receiver is gone only when the watch has ended.
            let _ = match event {
                Ok(event) if event.need_rescan() => signals.send(Signal::Lost),
                Ok(event) if concerns(&event) => {
                    let is_lost = loses_watches(&event);
                    signals.send(Signal::Changed(event.paths, is_lost))
                }
                Ok(_) => Ok(()),
                Err(_) => signals.send(Signal::Lost),
            };
        };
        let config = notify::Config::default().with_follow_symlinks(false);
        RecommendedWatcher::new(tell, config)
            .inspect_err(|error| tracing::warn!(%error, "the system tells no changes of files: they are looked for every second"))
            .ok()
    }

    /// The watches of a folder and of all in it may be lost.
    fn forget(&mut self, path: &Path) {
        if self.watched.contains_key(path) {
            self.watched.retain(|watched, _| !watched.starts_with(path));
        }
    }

    fn forget_all(&mut self) {
        self.watched.clear();
        self.watcher = None;
    }

    fn root_was_replaced(&self) -> bool {
        let Some((path, inode)) = &self.root else { return false };
        let now = std::fs::canonicalize(&self.dir).and_then(|path| Ok((super::walk::Stamp::of(&std::fs::metadata(&path)?).inode, path)));
        now.is_ok_and(|(now, real)| real != *path || now != *inode)
    }
}

/// Whether an event may mean a change: not that somebody read a file (we do), nor what happens to hidden ones.
fn concerns(event: &Event) -> bool {
    let is_reading = matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
    !is_reading && (event.paths.is_empty() || !event.paths.iter().all(|path| is_hidden(path)))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Whether the system drops the watches of what the event is about, if it is a folder.
fn loses_watches(event: &Event) -> bool {
    matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)))
}

/// What was seen of a library last.
#[derive(Default, PartialEq, Eq)]
struct State {
    /// A number for the stamp of each entry's file, by one for its path.
    entries: FxHashMap<u64, u64>,
    /// A number that changes with any other file.
    others: u64,
    has_links: bool,
}

impl State {
    fn of(found: &Walk) -> State {
        let mut hasher = DefaultHasher::new();
        found.settings.hash(&mut hasher);
        let mut others: Vec<_> = found.others.iter().collect();
        others.sort_unstable();
        others.hash(&mut hasher);
        for problem in &found.problems {
            (&problem.path, problem.code).hash(&mut hasher);
        }
        State {
            entries: found.entries.iter().map(|file| (number(&file.path), number(&file.stamp))).collect(),
            others: hasher.finish(),
            has_links: found.has_links,
        }
    }

    /// The paths of these places, where all are files of entries that were there before; what they are now is seen by that.
    fn only(&mut self, folders: &Folders, places: &BTreeSet<PathBuf>) -> Option<Vec<String>> {
        let (root, _) = folders.root.as_ref().filter(|_| !self.has_links && !places.is_empty())?;
        let mut paths = Vec::new();
        let mut stamps = Vec::new();
        for place in places {
            let path = place.strip_prefix(root).ok()?.to_str().filter(|path| is_entry(path))?.replace(std::path::MAIN_SEPARATOR, "/");
            let metadata = std::fs::symlink_metadata(place).ok().filter(std::fs::Metadata::is_file)?;
            self.entries.contains_key(&number(&path)).then_some(())?;
            stamps.push((number(&path), number(&Stamp::of(&metadata))));
            paths.push(path);
        }
        self.entries.extend(stamps);
        Some(paths)
    }
}

fn number(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
