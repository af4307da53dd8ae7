//! The indexes on disk: phrasings and passages, each its own tantivy index with its own statistics. Derived: the folder can be deleted at any time.

pub mod schema;
mod store;

use crate::analysis::Analyzer;
use crate::entry::Entry;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tantivy::Searcher;

pub use schema::{FIELDS, Fields, Source, entry_key};
pub use store::IndexError;
use store::Store;

/// Both indexes with their writers; whoever holds this holds the folder's writer lock.
#[derive(Debug)]
pub struct Indexes {
    /// Where they lie; `None`: in memory.
    dir: Option<PathBuf>,
    analysis_hash: u64,
    phrasings: Store,
    passages: Store,
    /// Locked while it lives.
    _lock: Option<File>,
}

/// What a search needs of the indexes: the commits of one moment.
#[derive(Clone)]
pub struct Searchers {
    /// Titles and questions.
    pub phrasings: Searcher,
    /// Sections.
    pub passages: Searcher,
}

impl std::fmt::Debug for Searchers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Searchers({} phrasings, {} passages)", self.phrasings.num_docs(), self.passages.num_docs())
    }
}

impl Indexes {
    /// Opens or makes the indexes below a folder and takes its writer lock. The warnings say what was thrown away and why.
    ///
    /// # Errors
    /// [`IndexError::Locked`] where another process writes there; others where the folder cannot be used.
    pub fn open(dir: &Path, analysis_hash: u64) -> Result<(Indexes, Vec<String>), IndexError> {
        let lock = lock(dir)?;
        let mut warnings = Vec::new();
        let mut open = |source: Source| {
            let (store, why) = Store::open(&dir.join(source.as_str()), source, analysis_hash)?;
            warnings.extend(why.map(|why| format!("the index {} is rebuilt: {why}", source.as_str())));
            Ok::<_, IndexError>(store)
        };
        let (phrasings, passages) = (open(Source::Phrasings)?, open(Source::Passages)?);
        Ok((Indexes { dir: Some(dir.to_owned()), analysis_hash, phrasings, passages, _lock: Some(lock) }, warnings))
    }

    /// Indexes in memory.
    ///
    /// # Errors
    /// Where tantivy refuses.
    pub fn in_memory(analysis_hash: u64) -> Result<Indexes, IndexError> {
        let store = |source| Store::in_memory(source, analysis_hash);
        Ok(Indexes { dir: None, analysis_hash, phrasings: store(Source::Phrasings)?, passages: store(Source::Passages)?, _lock: None })
    }

    /// Makes the indexes hold exactly these entries, analyzed in this way; returns how many entries were touched.
    ///
    /// # Errors
    /// Where it cannot be written: the last commits go on serving.
    pub fn update(&mut self, entries: &[Arc<Entry>], analyzer: &Analyzer, analysis_hash: u64) -> Result<usize, IndexError> {
        if analysis_hash != self.analysis_hash {
            self.start_anew(analysis_hash)?;
        }
        Ok(self.phrasings.update(entries, analyzer)?.max(self.passages.update(entries, analyzer)?))
    }

    /// Another analysis makes every token wrong.
    fn start_anew(&mut self, analysis_hash: u64) -> Result<(), IndexError> {
        for (source, store) in [(Source::Phrasings, &mut self.phrasings), (Source::Passages, &mut self.passages)] {
            *store = match &self.dir {
                None => Store::in_memory(source, analysis_hash)?,
                Some(dir) => {
                    // Dropping the old writer first frees tantivy's own lock.
                    *store = Store::in_memory(source, analysis_hash)?;
                    Store::open(&dir.join(source.as_str()), source, analysis_hash)?.0
                }
            };
        }
        self.analysis_hash = analysis_hash;
        Ok(())
    }

    /// The last commits.
    pub fn searchers(&self) -> Searchers {
        Searchers { phrasings: self.phrasings.searcher(), passages: self.passages.searcher() }
    }
}

/// The last commits of a folder, without taking its lock, where they fit these entries exactly.
pub fn read_commits(dir: &Path, analysis_hash: u64, entries: &[Arc<Entry>]) -> Option<Searchers> {
    let open = |source: Source| store::open_to_read(&dir.join(source.as_str()), source, analysis_hash, entries);
    Some(Searchers { phrasings: open(Source::Phrasings)?, passages: open(Source::Passages)? })
}

fn lock(dir: &Path) -> Result<File, IndexError> {
    let error = |source| IndexError::Folder { path: dir.display().to_string(), source };
    std::fs::create_dir_all(dir).map_err(error)?;
    let file = File::options().create(true).truncate(false).write(true).open(dir.join("lock")).map_err(error)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(IndexError::Locked(dir.display().to_string())),
        Err(std::fs::TryLockError::Error(source)) => Err(error(source)),
    }
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
