//! A library kept live: files, clock and indexes drive one snapshot that swaps whole. Requests take the snapshot and never wait.

use crate::analysis::Analyzer;
use crate::aside::{aside, step_behind};
use crate::health::{Health, Part};
use crate::index::{self, IndexError, Indexes, Rebuilt, read_commits};
use crate::learning::Learned;
use crate::library::watch::{Mode, Watch, watch, watch_soon};
use crate::library::{KEPT_FILE, KeptLibrary, Library, LibraryError, Overlay, Seen, keep, load, load_some, load_with, verify};
use crate::snapshot::Snapshot;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest sleep of the clock: within it a system clock that was set is noticed, an index folder that was removed or written into, and that
/// what failed works again.
const CLOCK_INTERVAL: Duration = Duration::from_secs(5);

/// How often the checksums of the index are computed: bits that flip tell nobody.
const SUMS_INTERVAL: Duration = Duration::from_secs(60);

/// How long nothing must have changed until the traces of what was removed are taken out of the index.
const QUIET: Duration = Duration::from_secs(60);

/// Checksums may take this part of the time at most, however large the index, and the merges of [`Live::compact`] likewise.
const UPKEEP_SHARE: u32 = 100;

/// Least time between two writings of the kept library: of a large one it takes a second, and a start finds what changed since by itself.
const KEEP_INTERVAL: Duration = Duration::from_secs(300);

/// Why a library cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The folder or its settings.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The index folder.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The index cannot be read.
    #[error("the index cannot be read: {0}")]
    Tantivy(#[from] tantivy::TantivyError),
}

/// A served library.
#[derive(Debug)]
pub struct Live {
    dir: PathBuf,
    snapshot: ArcSwap<Snapshot>,
    indexes: Mutex<Indexes>,
    /// What was learned last, whether it is indexed yet or not.
    learned: ArcSwap<Learned>,
    /// What does not work now.
    health: Arc<Health>,
    /// Somebody has met what a sound index does not do.
    suspected: AtomicBool,
    /// Whether the snapshot is that of the last commit, and nobody has looked yet whether the folder is still the same.
    verifying: AtomicBool,
    /// Where the library is kept for the next start.
    kept: Option<Mutex<Kept>>,
    /// Hears what files each refresh found changed.
    listener: OnceLock<Listener>,
}

/// The library as it was kept last.
#[derive(Debug)]
struct Kept {
    path: PathBuf,
    /// Which one, and when.
    last: Option<(Arc<Library>, Instant)>,
}

/// Takes what a refresh found changed; called on the thread of the refresh, so that it must not wait.
struct Listener(Box<dyn Fn(Vec<Seen>) + Send + Sync>);

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listener")
    }
}

/// The threads that keep a library live; dropping it ends them.
#[derive(Debug)]
pub struct Running {
    live: Arc<Live>,
    _watch: Watch,
    stop: Option<Sender<()>>,
    clock: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(clock) = self.clock.take() {
            let _ = clock.join();
        }
        self.live.keep(Duration::ZERO);
    }
}

impl Live {
    /// Loads a folder and brings its indexes up to date. The warnings say which index was thrown away and why.
    ///
    /// # Errors
    /// Where the folder cannot be read, or the index folder cannot be used or is in use.
    pub fn open(dir: &Path, index_dir: &Path) -> Result<(Live, Vec<Rebuilt>), LiveError> {
        Live::open_with(dir, index_dir, Arc::default())
    }

    /// The same with what was learned, so that none of it is indexed again.
    ///
    /// # Errors
    /// As [`Live::open`].
    pub fn open_with(dir: &Path, index_dir: &Path, learned: Arc<Learned>) -> Result<(Live, Vec<Rebuilt>), LiveError> {
        let path = index_dir.join(KEPT_FILE);
        let kept = KeptLibrary::open(&path, dir);
        let (live, warnings) = match kept {
            Some(kept) => Live::resume(dir, index_dir, &kept, learned)?,
            None => {
                let library = load(dir, None)?;
                let (indexes, warnings) = Indexes::open(index_dir, library.lexicon.analysis_hash)?;
                (Live::new(dir, library, indexes, learned)?, warnings)
            }
        };
        let last = live.is_verifying().then(|| (Arc::clone(&live.snapshot().library), Instant::now()));
        Ok((Live { kept: Some(Mutex::new(Kept { path, last })), ..live }, warnings))
    }

    /// Serves what was kept where it is what the index holds; else what has not changed since is not read again. Library, index and words are
    /// read side by side.
    fn resume(dir: &Path, index_dir: &Path, kept: &KeptLibrary, learned: Arc<Learned>) -> Result<(Live, Vec<Rebuilt>), LiveError> {
        let hash = kept.lexicon().analysis_hash;
        let (library, analyzer, opened) = std::thread::scope(|scope| {
            let analyzer = scope.spawn(|| Arc::new(Analyzer::new(kept.lexicon())));
            let opened = scope.spawn(|| Indexes::open(index_dir, hash));
            let library = kept.read();
            (library, analyzer.join(), opened.join())
        });
        let analyzer = analyzer.unwrap_or_else(|_| Arc::new(Analyzer::new(kept.lexicon())));
        let (mut indexes, warnings) = opened.unwrap_or_else(|_| Indexes::open(index_dir, hash))?;
        let library = match library {
            Some(library) if indexes.commit().as_deref() == Some(kept.commit()) => library,
            // One that was kept before the last changes still tells which files need not be read again.
            earlier => return Ok((Live::new(dir, load(dir, earlier.as_ref())?, indexes, learned)?, warnings)),
        };
        indexes.update_learned(&learned, &analyzer)?;
        let snapshot = Snapshot::new(Arc::new(library), analyzer, indexes.searchers(), learned, Timestamp::now(), None)?;
        Ok((Live { verifying: AtomicBool::new(true), ..Live::of(dir, snapshot, indexes) }, warnings))
    }

    /// The same with indexes in memory.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn in_memory(dir: &Path) -> Result<Live, LiveError> {
        let library = load(dir, None)?;
        let indexes = Indexes::in_memory(library.lexicon.analysis_hash)?;
        Live::new(dir, library, indexes, Arc::default())
    }

    fn new(dir: &Path, library: Library, mut indexes: Indexes, learned: Arc<Learned>) -> Result<Live, LiveError> {
        let analyzer = Arc::new(Analyzer::new(&library.lexicon));
        indexes.update(&library.entries, &learned, &analyzer, library.lexicon.analysis_hash)?;
        let snapshot = Snapshot::new(Arc::new(library), analyzer, indexes.searchers(), learned, Timestamp::now(), None)?;
        Ok(Live::of(dir, snapshot, indexes))
    }

    fn of(dir: &Path, snapshot: Snapshot, indexes: Indexes) -> Live {
        let learned = ArcSwap::new(Arc::clone(&snapshot.learned));
        Live {
            dir: dir.to_owned(),
            snapshot: ArcSwap::from_pointee(snapshot),
            indexes: Mutex::new(indexes),
            learned,
            health: Arc::default(),
            suspected: AtomicBool::new(false),
            verifying: AtomicBool::new(false),
            kept: None,
            listener: OnceLock::new(),
        }
    }

    /// The same with a health that others tell already.
    pub fn with_health(self, health: Arc<Health>) -> Live {
        Live { health, ..self }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// From now on `listener` hears what files each refresh found changed, on the thread of the refresh: it must not wait. The first
    /// listener stays.
    pub fn listen(&self, listener: impl Fn(Vec<Seen>) + Send + Sync + 'static) {
        let _ = self.listener.set(Listener(Box::new(listener)));
    }

    /// What would be served at a moment if the files of an overlay stood in the folder: built aside in memory, nothing is written.
    /// Takes as long as indexing every entry does.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn trial(&self, overlay: &Overlay, at: Timestamp) -> Result<Snapshot, LiveError> {
        let served = self.snapshot();
        let library = load_with(&self.dir, Some(&served.library), overlay, at)?;
        let hash = library.lexicon.analysis_hash;
        let same = hash == served.library.lexicon.analysis_hash;
        let analyzer = if same { Arc::clone(&served.analyzer) } else { Arc::new(Analyzer::new(&library.lexicon)) };
        let learned = Arc::clone(&served.learned);
        let mut indexes = Indexes::in_memory(hash)?;
        indexes.update(&library.entries, &learned, &analyzer, hash)?;
        Ok(Snapshot::new(Arc::new(library), analyzer, indexes.searchers(), learned, at, Some(&served))?)
    }

    /// The snapshot of this moment; a request keeps it to its end.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// What does not work now, of this library and of all that serves it.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// A search met what a sound index does not do: its checksums are computed soon.
    pub fn suspect_index(&self) {
        self.suspected.store(true, Ordering::Relaxed);
    }

    /// Whether answers come from the last commit of an earlier run, and it is not known yet whether the folder is still the same.
    pub fn is_verifying(&self) -> bool {
        self.verifying.load(Ordering::Acquire)
    }

    /// Reads what changed in the folder, indexes it and swaps the snapshot. Where something fails the last snapshot goes on serving, and the
    /// next call tries again.
    ///
    /// # Errors
    /// What failed; [`Live::health`] tells it until a later call succeeds.
    pub fn refresh(&self) -> Result<(), LiveError> {
        self.refresh_by(|before| load(&self.dir, Some(before)))
    }

    /// The same where nothing but the content of some entries' files changed.
    ///
    /// # Errors
    /// As [`Live::refresh`].
    pub fn refresh_some(&self, paths: &[String]) -> Result<(), LiveError> {
        self.refresh_by(|before| load_some(&self.dir, before, paths))
    }

    /// Finds what changed while the program was off: first by the stamps of the files, so that it is served soon, then by what is in them.
    fn verify(&self) -> Result<(), LiveError> {
        self.refresh()?;
        // Aside, so that an edit does not wait for it.
        let found = verify(&self.dir, &self.snapshot().library).is_ok_and(|library| !library.seen.is_empty());
        if found {
            self.refresh_by(|before| verify(&self.dir, before))?;
        }
        self.verifying.store(false, Ordering::Release);
        Ok(())
    }

    fn refresh_by(&self, load: impl FnOnce(&Library) -> Result<Library, LibraryError> + Send) -> Result<(), LiveError> {
        let result = aside(|| self.try_refresh(Timestamp::now(), load));
        match &result {
            Ok(()) => self.health.works(Part::Library),
            Err(error @ LiveError::Library(_)) => self.health.fails(Part::Library, &error.to_string()),
            Err(error) => self.health.fails(Part::Index, &error.to_string()),
        }
        result
    }

    fn try_refresh(&self, now: Timestamp, load: impl FnOnce(&Library) -> Result<Library, LibraryError>) -> Result<(), LiveError> {
        // One refresh at a time; nobody who searches takes this lock.
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot();
        let mut library = load(&before.library)?;
        let seen = std::mem::take(&mut library.seen);
        let hash = library.lexicon.analysis_hash;
        let analyzer = if hash == before.library.lexicon.analysis_hash {
            Arc::clone(&before.analyzer)
        } else {
            Arc::new(Analyzer::new(&library.lexicon))
        };
        let learned = self.learned.load_full();
        let replaced = library.replaced.take().filter(|_| Arc::ptr_eq(&analyzer, &before.analyzer));
        match &replaced {
            Some(places) => indexes.replace(&library.entries, &before.library.entries, places, &learned, &analyzer)?,
            None => indexes.update(&library.entries, &learned, &analyzer, hash)?,
        };
        if indexes.is_in_its_folder() {
            self.health.works(Part::Index);
        }
        let (library, searchers) = (Arc::new(library), indexes.searchers());
        let edited = match replaced.filter(|_| Arc::ptr_eq(&learned, &before.learned)) {
            Some(places) => before.edited(&library, &searchers, &places, now)?,
            None => None,
        };
        let snapshot = match edited {
            Some(snapshot) => snapshot,
            None => Snapshot::new(library, analyzer, searchers, learned, now, Some(&before))?,
        };
        self.snapshot.store(Arc::new(snapshot));
        if let Some(Listener(hear)) = self.listener.get().filter(|_| !seen.is_empty()) {
            hear(seen);
        }
        Ok(())
    }

    /// Takes over what was learned: new phrasings are indexed, counts and weights swap with the snapshot.
    ///
    /// # Errors
    /// Where the index cannot be written: what was learned before goes on serving, and a later refresh tries again.
    pub fn learn(&self, learned: Arc<Learned>) -> Result<(), LiveError> {
        self.learned.store(Arc::clone(&learned));
        aside(|| self.try_learn(learned)).inspect_err(|error| self.health.fails(Part::Index, &error.to_string()))
    }

    fn try_learn(&self, learned: Arc<Learned>) -> Result<(), LiveError> {
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot();
        indexes.update_learned(&learned, &before.analyzer)?;
        self.serve_anew(&before, &indexes, learned)
    }

    /// Serves the library of before over the commits of now.
    fn serve_anew(&self, before: &Snapshot, indexes: &Indexes, learned: Arc<Learned>) -> Result<(), LiveError> {
        let (library, analyzer) = (Arc::clone(&before.library), Arc::clone(&before.analyzer));
        let snapshot = Snapshot::new(library, analyzer, indexes.searchers(), learned, before.now, Some(before))?;
        self.snapshot.store(Arc::new(snapshot));
        Ok(())
    }

    /// Takes the traces of removed and replaced documents out of the indexes: the scores are those of a fresh index then. Returns whether there were
    /// any.
    ///
    /// # Errors
    /// Where the index cannot be written: the last snapshot goes on serving.
    pub fn compact(&self) -> Result<bool, LiveError> {
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        if !indexes.compact()? {
            return Ok(false);
        }
        let before = self.snapshot();
        self.serve_anew(&before, &indexes, Arc::clone(&before.learned))?;
        Ok(true)
    }

    /// Watches the folder and the clock until the result is dropped. `report` hears of every refresh that failed.
    ///
    /// # Errors
    /// Where the folder cannot be watched.
    pub fn run(self: &Arc<Self>, mode: Mode, report: impl Fn(&LiveError) + Send + Sync + 'static) -> Result<Running, LiveError> {
        let report = Arc::new(report);
        let (live, told) = (Arc::clone(self), Arc::clone(&report));
        let changed = move |paths: Option<&[String]>| {
            if let Err(error) = paths.map_or_else(|| live.refresh(), |paths| live.refresh_some(paths)) {
                told(&error);
            }
        };
        // A library of an earlier run is looked through while it is served, once the folder is watched.
        let (watching, watched) = channel::<()>();
        let watch = if self.is_verifying() {
            watch_soon(&self.dir, mode, move || drop(watching), changed.clone())?
        } else {
            let watch = watch(&self.dir, mode, changed.clone())?;
            // What changed between the load and the watch.
            changed(None);
            watch
        };
        let (stop, stopped) = channel::<()>();
        let live = Arc::clone(self);
        let clock = std::thread::Builder::new().name("huashu-clock".to_owned()).spawn(move || {
            step_behind();
            let (mut sums_at, mut compact_at) = (Instant::now() + SUMS_INTERVAL, Instant::now() + QUIET);
            if live.is_verifying() {
                // It says nothing and ends.
                let _ = watched.recv();
            }
            // Held weakly: what is not served any more must not stay in memory.
            let mut served = Arc::downgrade(&live.snapshot());
            loop {
                if live.is_verifying()
                    && let Err(error) = live.verify()
                {
                    report(&error);
                }
                live.keep(KEEP_INTERVAL);
                let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(live.due()) else { return };
                let damaged = live.look_at_index(&mut sums_at);
                let is_failing = live.health.is_failing(Part::Library) || live.health.is_failing(Part::Index);
                if damaged || is_failing || live.is_due(Timestamp::now()) {
                    changed(None);
                }
                let begin = Instant::now();
                let now = Arc::downgrade(&live.snapshot());
                if !served.ptr_eq(&now) {
                    (served, compact_at) = (now, compact_at.max(begin + QUIET));
                } else if begin >= compact_at && !is_failing {
                    match live.compact() {
                        Ok(true) => compact_at = Instant::now() + begin.elapsed() * UPKEEP_SHARE,
                        Ok(false) => compact_at = begin + QUIET,
                        Err(error) => {
                            tracing::warn!(%error, "removed documents stay in the index");
                            compact_at = begin + QUIET;
                        }
                    }
                    served = Arc::downgrade(&live.snapshot());
                }
            }
        });
        let clock = clock.map_err(|source| LibraryError::Unreadable { path: self.dir.clone(), source })?;
        Ok(Running { live: Arc::clone(self), _watch: watch, stop: Some(stop), clock: Some(clock) })
    }

    /// Keeps the library for the next start, unless it was kept already, or another one was less than `after` ago.
    fn keep(&self, after: Duration) {
        let Some(kept) = &self.kept else { return };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (library, commit) = {
            // Library and commit of one moment.
            let indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
            (Arc::clone(&self.snapshot().library), indexes.commit())
        };
        let is_kept = |(last, at): &(Arc<Library>, Instant)| Arc::ptr_eq(last, &library) || at.elapsed() < after || last.is_same(&library);
        let (Some(commit), false) = (commit, kept.last.as_ref().is_some_and(is_kept)) else { return };
        if let Err(error) = keep(&library, &commit, &kept.path) {
            tracing::warn!("the next start will read the whole library: {error}");
        }
        kept.last = Some((library, Instant::now()));
    }

    /// Whether the index on the disk is what was committed; begins it anew where not, so that the next refresh fills it. What is served meanwhile is
    /// the last commit, whose files the system keeps for as long as they are open.
    fn look_at_index(&self, sums_at: &mut Instant) -> bool {
        // Where a refresh is under way there is a next time.
        let Ok(mut indexes) = self.indexes.try_lock() else { return false };
        let mut damaged = indexes.look();
        let folder = indexes.folder();
        drop(indexes);
        let is_suspected = self.suspected.swap(false, Ordering::Relaxed);
        if let Some((dir, hash)) = folder.filter(|_| damaged.is_empty() && (is_suspected || Instant::now() >= *sums_at)) {
            let begin = Instant::now();
            damaged = index::wrong_sums(&dir, hash);
            *sums_at = Instant::now() + SUMS_INTERVAL.max(begin.elapsed() * UPKEEP_SHARE);
        }
        if damaged.is_empty() {
            return false;
        }
        let why: Vec<String> = damaged.iter().map(ToString::to_string).collect();
        self.health.fails(Part::Index, &why.join("; "));
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = indexes.begin_anew(&damaged) {
            self.health.fails(Part::Index, &format!("{error}; it is kept in memory"));
        }
        true
    }

    /// How long until time alone changes something, at most [`CLOCK_INTERVAL`].
    fn due(&self) -> Duration {
        let snapshot = self.snapshot();
        let next = snapshot.library.next_change(snapshot.now);
        next.map_or(CLOCK_INTERVAL, |next| {
            Duration::try_from(next.duration_since(Timestamp::now())).unwrap_or_default().min(CLOCK_INTERVAL)
        })
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let snapshot = self.snapshot();
        snapshot.library.next_change(snapshot.now).is_some_and(|next| next <= now) || now < snapshot.now
    }
}

/// A snapshot for one command: the last commit where it fits the folder, else indexes in memory. Takes no lock.
///
/// # Errors
/// Where the folder cannot be read.
pub fn open_once(dir: &Path, index_dir: &Path, learned: Arc<Learned>) -> Result<Snapshot, LiveError> {
    let library = load(dir, None)?;
    let analyzer = Arc::new(Analyzer::new(&library.lexicon));
    let hash = library.lexicon.analysis_hash;
    let searchers = match read_commits(index_dir, hash, &library.entries, &learned, &analyzer) {
        Some(searchers) => searchers,
        None => {
            let mut indexes = Indexes::in_memory(hash)?;
            indexes.update(&library.entries, &learned, &analyzer, hash)?;
            indexes.searchers()
        }
    };
    Ok(Snapshot::new(Arc::new(library), analyzer, searchers, learned, Timestamp::now(), None)?)
}
