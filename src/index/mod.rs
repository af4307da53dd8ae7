//! The indexes on disk: phrasings, passages and learned phrasings, each its own tantivy index with its own statistics. Derived: the folder can be deleted at any time.

mod damage;
pub mod schema;
mod store;
mod tokens;

use crate::analysis::Analyzer;
use crate::entry::Entry;
use crate::learning::Learned;
use crate::shared_list::SharedList;
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tantivy::Searcher;

pub use damage::wrong_sums;
pub(crate) use schema::folded_key;
pub use schema::{Content, FIELDS, Fields, Item, Source, entry_key};
pub use store::IndexError;
use store::Store;

/// What is written to find out whether a folder takes bytes: more than a writer that failed may just have freed.
const PROBE_BYTES: usize = 1 << 20;

/// The indexes with their writers; whoever holds this holds the folder's writer lock.
#[derive(Debug)]
pub struct Indexes {
    /// Where they lie; `None`: in memory.
    dir: Option<PathBuf>,
    analysis_hash: u64,
    phrasings: Store,
    passages: Store,
    learned: Store,
    /// The entries of the last update, by where they lie in memory.
    known: HashMap<usize, Known>,
    /// Locked while it lives.
    lock: Option<File>,
}

/// An entry and what it hashes to, once: all text of a large library takes longer than what else an update does. Holding the entry keeps its address from
/// being another's.
#[derive(Debug)]
struct Known {
    entry: Arc<Entry>,
    key: u64,
    phrasings: u64,
    passages: u64,
}

impl Known {
    fn new(entry: &Arc<Entry>) -> Known {
        let (phrasings, passages) = (Item::new(Content::Phrasings(entry)), Item::new(Content::Passages(entry)));
        Known { entry: Arc::clone(entry), key: phrasings.key(), phrasings: phrasings.version(), passages: passages.version() }
    }

    fn item(&self, source: Source) -> Item<'_> {
        match source {
            Source::Passages => Item::known(Content::Passages(&self.entry), self.key, self.passages),
            _ => Item::known(Content::Phrasings(&self.entry), self.key, self.phrasings),
        }
    }
}

/// What a search needs of the indexes: the commits of one moment.
#[derive(Clone)]
pub struct Searchers {
    /// Titles and questions.
    pub phrasings: Searcher,
    /// Sections.
    pub passages: Searcher,
    /// Learned phrasings.
    pub learned: Searcher,
}

impl std::fmt::Debug for Searchers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = (self.phrasings.num_docs(), self.passages.num_docs(), self.learned.num_docs());
        write!(f, "Searchers({} phrasings, {} passages, {} learned)", counts.0, counts.1, counts.2)
    }
}

/// An index that was thrown away and is built anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Which.
    pub source: Source,
    /// Damage, or another version, schema or lexicon.
    pub why: String,
}

impl std::fmt::Display for Rebuilt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the index {} is rebuilt: {}", self.source.as_str(), self.why)
    }
}

impl Indexes {
    /// Opens or makes the indexes below a folder and takes its writer lock. The warnings say what was thrown away and why.
    ///
    /// # Errors
    /// [`IndexError::Locked`] where another process writes there; others where the folder cannot be used.
    pub fn open(dir: &Path, analysis_hash: u64) -> Result<(Indexes, Vec<Rebuilt>), IndexError> {
        let lock = lock(dir)?;
        let mut warnings = Vec::new();
        let mut open = |source: Source| {
            let (store, why) = Store::open(&dir.join(source.as_str()), analysis_hash)?;
            warnings.extend(why.map(|why| Rebuilt { source, why }));
            Ok::<_, IndexError>(store)
        };
        let (phrasings, passages, learned) = (open(Source::Phrasings)?, open(Source::Passages)?, open(Source::Learned)?);
        Ok((
            Indexes { dir: Some(dir.to_owned()), analysis_hash, phrasings, passages, learned, known: HashMap::new(), lock: Some(lock) },
            warnings,
        ))
    }

    /// Indexes in memory.
    ///
    /// # Errors
    /// Where tantivy refuses.
    pub fn in_memory(analysis_hash: u64) -> Result<Indexes, IndexError> {
        let store = || Store::in_memory(analysis_hash);
        Ok(Indexes {
            dir: None,
            analysis_hash,
            phrasings: store()?,
            passages: store()?,
            learned: store()?,
            known: HashMap::new(),
            lock: None,
        })
    }

    /// Makes the indexes hold exactly these entries and learned phrasings, analyzed in this way; returns how many were touched.
    ///
    /// # Errors
    /// Where it cannot be written: the last commits go on serving.
    pub fn update(
        &mut self,
        entries: &SharedList<Arc<Entry>>,
        learned: &Learned,
        analyzer: &Analyzer,
        analysis_hash: u64,
    ) -> Result<usize, IndexError> {
        if analysis_hash != self.analysis_hash {
            self.start_anew(analysis_hash)?;
        }
        self.know(entries);
        let of = |source| entries.iter().filter_map(|entry| Some(self.known.get(&address(entry))?.item(source))).collect::<Vec<Item>>();
        let mut update = || {
            let touched = self.phrasings.update(&of(Source::Phrasings), analyzer)?;
            let touched = touched.max(self.passages.update(&of(Source::Passages), analyzer)?);
            Ok(touched + self.learned.update(&learned_items(learned), analyzer)?)
        };
        update().map_err(|error| explain(error, self.dir.as_deref()))
    }

    /// The same where only the entries at some places are others than in the update before, under the same ids.
    ///
    /// # Errors
    /// As [`Indexes::update`].
    pub fn replace(
        &mut self,
        entries: &SharedList<Arc<Entry>>,
        before: &SharedList<Arc<Entry>>,
        places: &[usize],
        learned: &Learned,
        analyzer: &Analyzer,
    ) -> Result<usize, IndexError> {
        let is_known = |place: &usize| before.get(*place).is_some_and(|entry| self.known.contains_key(&address(entry)));
        let can_tell = self.known.len() == entries.len() && self.phrasings.is_known() && self.passages.is_known();
        if !can_tell || !places.iter().all(is_known) {
            return self.update(entries, learned, analyzer, self.analysis_hash);
        }
        for place in places {
            self.known.remove(&address(&before[*place]));
        }
        let new: Vec<&Arc<Entry>> = places.iter().map(|place| &entries[*place]).collect();
        self.known.extend(new.iter().map(|entry| (address(entry), Known::new(entry))));
        let of = |source| new.iter().filter_map(|entry| Some(self.known.get(&address(entry))?.item(source))).collect::<Vec<Item>>();
        let (phrasings, passages) = (&mut self.phrasings, &mut self.passages);
        let mut replace = || {
            let touched = phrasings.replace(&of(Source::Phrasings), analyzer)?;
            let touched = touched.max(passages.replace(&of(Source::Passages), analyzer)?);
            Ok(touched + self.learned.update(&learned_items(learned), analyzer)?)
        };
        replace().map_err(|error| explain(error, self.dir.as_deref()))
    }

    /// Hashes the entries that are not those of before, and forgets those that are gone.
    fn know(&mut self, entries: &SharedList<Arc<Entry>>) {
        let mut before = std::mem::take(&mut self.known);
        let known = |entry: &Arc<Entry>| before.remove(&address(entry)).unwrap_or_else(|| Known::new(entry));
        self.known = entries.iter().map(known).map(|known| (address(&known.entry), known)).collect();
    }

    /// The same for the learned phrasings alone.
    ///
    /// # Errors
    /// Where it cannot be written: the last commit goes on serving.
    pub fn update_learned(&mut self, learned: &Learned, analyzer: &Analyzer) -> Result<usize, IndexError> {
        let result = self.learned.update(&learned_items(learned), analyzer);
        result.map_err(|error| explain(error, self.dir.as_deref()))
    }

    /// Another analysis makes every token wrong.
    fn start_anew(&mut self, analysis_hash: u64) -> Result<(), IndexError> {
        for source in Source::ALL {
            // Dropping the old writer first frees tantivy's own lock.
            *self.store(source) = Store::in_memory(analysis_hash)?;
            if let Some(dir) = self.dir.clone() {
                *self.store(source) = Store::open(&dir.join(source.as_str()), analysis_hash)?.0;
            }
        }
        self.analysis_hash = analysis_hash;
        Ok(())
    }

    fn store(&mut self, source: Source) -> &mut Store {
        match source {
            Source::Phrasings => &mut self.phrasings,
            Source::Passages => &mut self.passages,
            Source::Learned => &mut self.learned,
        }
    }

    /// Takes the traces of removed and replaced documents out, after which the scores are those of indexes that were made just now. Returns whether
    /// there were any.
    ///
    /// # Errors
    /// Where it cannot be written: the last commits go on serving.
    pub fn compact(&mut self) -> Result<bool, IndexError> {
        Ok(self.phrasings.compact()? | self.passages.compact()? | self.learned.compact()?)
    }

    /// What the last commits of the entries say of how they were made and what is in them; none where there is no commit yet.
    pub fn commit(&self) -> Option<String> {
        Some(format!("{}; {}", self.phrasings.commit()?, self.passages.commit()?))
    }

    /// The last commits.
    pub fn searchers(&self) -> Searchers {
        Searchers { phrasings: self.phrasings.searcher(), passages: self.passages.searcher(), learned: self.learned.searcher() }
    }
}

/// tantivy writes from threads of its own and keeps to itself what stopped one of them: nearly always a folder that takes no more bytes, which
/// writing some shows.
fn explain(error: IndexError, dir: Option<&Path>) -> IndexError {
    let (IndexError::Tantivy(tantivy::TantivyError::ErrorInThread(_)), Some(dir)) = (&error, dir) else { return error };
    let written = tempfile::NamedTempFile::new_in(dir).and_then(|mut file| file.write_all(&vec![0; PROBE_BYTES]));
    written.err().map_or(error, |source| IndexError::Folder { path: dir.display().to_string(), source })
}

fn items<'l>(source: Source, entries: &'l SharedList<Arc<Entry>>, learned: &'l Learned) -> Vec<Item<'l>> {
    match source {
        Source::Phrasings => entries.iter().map(|entry| Item::new(Content::Phrasings(entry))).collect(),
        Source::Passages => entries.iter().map(|entry| Item::new(Content::Passages(entry))).collect(),
        Source::Learned => learned_items(learned),
    }
}

fn learned_items(learned: &Learned) -> Vec<Item<'_>> {
    learned.phrasings.iter().map(|phrasing| Item::new(Content::Learned(phrasing))).collect()
}

fn address(entry: &Arc<Entry>) -> usize {
    Arc::as_ptr(entry).addr()
}

/// The last commits of a folder, without taking its lock, where they fit these entries exactly; what was learned is indexed in memory.
pub fn read_commits(
    dir: &Path,
    analysis_hash: u64,
    entries: &SharedList<Arc<Entry>>,
    learned: &Learned,
    analyzer: &Analyzer,
) -> Option<Searchers> {
    let open = |source: Source| store::open_to_read(&dir.join(source.as_str()), analysis_hash, &items(source, entries, learned));
    let mut store = Store::in_memory(analysis_hash).ok()?;
    store.update(&learned_items(learned), analyzer).ok()?;
    Some(Searchers { phrasings: open(Source::Phrasings)?, passages: open(Source::Passages)?, learned: store.searcher() })
}

fn lock_path(dir: &Path) -> PathBuf {
    dir.join("lock")
}

fn lock(dir: &Path) -> Result<File, IndexError> {
    let error = |source| IndexError::Folder { path: dir.display().to_string(), source };
    std::fs::create_dir_all(dir).map_err(error)?;
    let file = File::options().create(true).truncate(false).write(true).open(lock_path(dir)).map_err(error)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(IndexError::Locked(dir.display().to_string())),
        Err(std::fs::TryLockError::Error(source)) => Err(error(source)),
    }
}

/// The writer lock of a folder, until it is dropped: no server runs on it meanwhile.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "the lock is in its being open")] File);

/// Takes the writer lock.
///
/// # Errors
/// [`IndexError::Locked`] where another process has it.
pub fn hold(dir: &Path) -> Result<Held, IndexError> {
    lock(dir).map(Held)
}

/// Empties the indexes of a folder under its writer lock; the next [`Indexes::open`] begins anew.
///
/// # Errors
/// As [`Indexes::open`].
pub fn clear(dir: &Path) -> Result<(), IndexError> {
    let _lock = lock(dir)?;
    for source in [Source::Phrasings, Source::Passages] {
        match std::fs::remove_dir_all(dir.join(source.as_str())) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(IndexError::Folder { path: dir.display().to_string(), source: error });
            }
            _ => {}
        }
    }
    Ok(())
}
