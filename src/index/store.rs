//! One tantivy index of one source, kept equal to the library by entry.

use super::schema::{Fields, Item, SCHEMA_VERSION, register_tokenizer, schema};
use crate::analysis::Analyzer;
use crate::aside::aside;
use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::SystemTime;
use tantivy::directory::MmapDirectory;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, SegmentMeta, Term};

/// Memory for one index's writer, in bytes: tantivy flushes a segment when it is full; 15 MB a thread is its least.
const WRITER_BYTES: usize = 40_000_000;

/// tantivy's list of segments.
const META: &str = "meta.json";

/// What went wrong with an index folder.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Another process holds the writer lock.
    #[error("another process is writing the index {0}; stop it, or choose another folder with --index")]
    Locked(String),
    /// The folder cannot be made, read or written.
    #[error("the index folder {path}: {source}")]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// tantivy refused.
    #[error("the index: {0}")]
    Tantivy(#[from] tantivy::TantivyError),
}

/// An index with its writer.
pub(super) struct Store {
    fields: Fields,
    writer: IndexWriter,
    reader: IndexReader,
    /// Begins what a commit says of itself.
    made_by: String,
    /// What the last commit says.
    commit: Option<String>,
    /// Entry key → version of what is indexed; read when it is first needed.
    indexed: Option<HashMap<u64, u64>>,
    /// What [`hash_of`] makes of it.
    sum: u64,
    /// The files of the folder, as they were when they were looked at last; `None` in memory.
    files: Option<BTreeMap<OsString, FileStamp>>,
}

/// Length and time of a file. tantivy writes each file once.
type FileStamp = (u64, Option<SystemTime>);

/// What a look at the folder of a store finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing but new files, and fewer of which nobody speaks.
    Same,
    /// It has no folder.
    InMemory,
    /// A file is gone or another: its checksums will tell whether that is damage.
    Changed,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("commit", &self.commit).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the index in a folder, or makes a new one where there is none, or where it is damaged or was made by another version, schema or
    /// lexicon; the second value says why it was thrown away.
    ///
    /// # Errors
    /// Where the folder cannot be used at all.
    pub(super) fn open(dir: &Path, analysis_hash: u64) -> Result<(Store, Option<String>), IndexError> {
        let made_by = made_by(analysis_hash);
        let (index, why) = match open_whole(dir, &made_by) {
            Ok(Some(index)) => (index, None),
            Ok(None) => (create(dir)?, None),
            Err(why) => {
                std::fs::remove_dir_all(dir).map_err(|source| folder_error(dir, source))?;
                (create(dir)?, Some(why))
            }
        };
        let mut store = Store::new(&index, made_by)?;
        store.files = Some(stamps(dir));
        Ok((store, why))
    }

    /// An index in memory.
    ///
    /// # Errors
    /// Where tantivy refuses.
    pub(super) fn in_memory(analysis_hash: u64) -> Result<Store, IndexError> {
        Store::new(&Index::create_in_ram(schema().0), made_by(analysis_hash))
    }

    fn new(index: &Index, made_by: String) -> Result<Store, IndexError> {
        let (_, fields) = schema();
        register_tokenizer(index);
        // Here and not where it is used first: its threads that merge are started with it.
        let writer = aside(|| index.writer_with_num_threads(1, WRITER_BYTES))?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let commit = index.load_metas()?.payload;
        Ok(Store { fields, writer, reader, made_by, commit, indexed: None, sum: 0, files: None })
    }

    /// Makes the index hold exactly these items; only what changed is touched. Returns how many were written or removed.
    ///
    /// # Errors
    /// Where tantivy cannot write (a full disk, say): the last commit goes on serving, and the next call tries again.
    pub(super) fn update(&mut self, items: &[Item], analyzer: &Analyzer) -> Result<usize, IndexError> {
        let result = self.write_changes(items, analyzer);
        self.or_roll_back(result)
    }

    fn or_roll_back(&mut self, result: Result<usize, IndexError>) -> Result<usize, IndexError> {
        if result.is_err() {
            // What the writer has buffered is unknown now; begin again from the last commit.
            self.writer.rollback()?;
            self.indexed = None;
        }
        result
    }

    fn write_changes(&mut self, items: &[Item], analyzer: &Analyzer) -> Result<usize, IndexError> {
        let wanted: HashMap<u64, u64> = items.iter().map(|item| (item.key(), item.version())).collect();
        let sum = hash_of(&wanted);
        let commit = self.says(sum);
        let indexed = match self.indexed.take() {
            Some(indexed) => indexed,
            None => indexed_versions(&self.reader.searcher())?,
        };
        let gone: Vec<u64> = indexed.keys().filter(|key| !wanted.contains_key(key)).copied().collect();
        let changed: Vec<(u64, &Item)> =
            items.iter().map(|item| (item.key(), item)).filter(|(key, _)| indexed.get(key) != wanted.get(key)).collect();
        if gone.is_empty() && changed.is_empty() && self.commit.as_ref() == Some(&commit) {
            (self.indexed, self.sum) = (Some(indexed), sum);
            return Ok(0);
        }
        gone.iter().for_each(|key| self.remove(*key));
        for (key, item) in &changed {
            if indexed.contains_key(key) {
                self.remove(*key);
            }
            self.add(item, analyzer)?;
        }
        self.commit_as(commit)?;
        (self.indexed, self.sum) = (Some(wanted), sum);
        Ok(gone.len() + changed.len())
    }

    fn remove(&self, key: u64) {
        self.writer.delete_term(Term::from_field_u64(self.fields.entry, key));
    }

    fn add(&self, item: &Item, analyzer: &Analyzer) -> Result<(), IndexError> {
        for document in item.documents(analyzer, &self.fields) {
            self.writer.add_document(document)?;
        }
        Ok(())
    }

    fn commit_as(&mut self, commit: String) -> Result<(), IndexError> {
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&commit);
        prepared.commit()?;
        self.reader.reload()?;
        self.commit = Some(commit);
        Ok(())
    }

    /// Whether it is known what is indexed, so that [`Store::replace`] can be asked.
    pub(super) fn is_known(&self) -> bool {
        self.indexed.is_some()
    }

    /// Makes the index hold these items in place of those of the same keys, and all others as they are. Returns how many were written.
    ///
    /// # Errors
    /// As [`Store::update`].
    pub(super) fn replace(&mut self, items: &[Item], analyzer: &Analyzer) -> Result<usize, IndexError> {
        let result = self.write_some(items, analyzer);
        self.or_roll_back(result)
    }

    fn write_some(&mut self, items: &[Item], analyzer: &Analyzer) -> Result<usize, IndexError> {
        let mut indexed = self.indexed.take().unwrap_or_default();
        let mut touched = 0;
        let mut sum = self.sum;
        for item in items {
            let before = indexed.insert(item.key(), item.version());
            if before == Some(item.version()) {
                continue;
            }
            sum = sum.wrapping_add(mixed(item.key(), item.version()));
            match before {
                Some(before) => {
                    sum = sum.wrapping_sub(mixed(item.key(), before));
                    self.remove(item.key());
                }
                None => sum = sum.wrapping_add(1),
            }
            self.add(item, analyzer)?;
            touched += 1;
        }
        if touched > 0 {
            self.commit_as(self.says(sum))?;
        }
        (self.indexed, self.sum) = (Some(indexed), sum);
        Ok(touched)
    }

    /// What a commit says of itself.
    fn says(&self, sum: u64) -> String {
        format!("{} items {sum:016x}", self.made_by)
    }

    /// What the last commit says of itself: how it was made, and a hash of what is in it. A merge of segments changes neither.
    pub(super) fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// Merges segments of which documents were removed, whose words count in every score until then. Returns whether there were any.
    ///
    /// # Errors
    /// Where tantivy cannot write: the last commit goes on serving.
    pub(super) fn compact(&mut self) -> Result<bool, IndexError> {
        if self.searcher().segment_readers().iter().all(|segment| segment.num_deleted_docs() == 0) {
            return Ok(false);
        }
        loop {
            let metas = self.writer.index().searchable_segment_metas()?;
            if metas.iter().all(|meta| meta.num_deleted_docs() == 0) {
                break;
            }
            let ids: Vec<_> = metas.iter().map(SegmentMeta::id).collect();
            let merged = self.writer.merge(&ids).wait();
            // A merge that tantivy began on its own after a commit may end first: what it leaves is other segments, and they are looked at again.
            if self.writer.index().searchable_segment_ids()? == ids {
                merged?;
            }
        }
        self.reader.reload()?;
        Ok(true)
    }

    /// Whether it has no folder.
    pub(super) fn is_in_memory(&self) -> bool {
        self.files.is_none()
    }

    /// Compares the files of its folder with those of the last look.
    pub(super) fn look(&mut self, dir: &Path) -> Look {
        let Some(before) = &self.files else { return Look::InMemory };
        let now = stamps(dir);
        let is_other = |(name, stamp): (&OsString, &FileStamp)| now.get(name).is_some_and(|now| now != stamp);
        let is_gone = |name: &OsString| !now.contains_key(name);
        // A file that is gone may have been merged away, but not before its segment.
        let is_missed = || {
            let metas = self.writer.index().searchable_segment_metas();
            metas.map_or(true, |metas| {
                let ids: Vec<String> = metas.iter().map(|meta| meta.id().uuid_string()).collect();
                before.keys().filter(|name| is_gone(name)).any(|name| ids.iter().any(|id| name.to_string_lossy().starts_with(id.as_str())))
            })
        };
        let changed = before.iter().any(is_other) || !now.contains_key(OsStr::new(META)) || (before.keys().any(is_gone) && is_missed());
        self.files = Some(now);
        if changed { Look::Changed } else { Look::Same }
    }

    /// The last commit.
    pub(super) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }
}

/// Opens the last commit of an index to read, where it was made by this version, schema and lexicon and holds exactly these items.
pub(super) fn open_to_read(dir: &Path, analysis_hash: u64, items: &[Item]) -> Option<Searcher> {
    let index = open_whole(dir, &made_by(analysis_hash)).ok()??;
    let reader: IndexReader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().ok()?;
    let searcher = reader.searcher();
    let indexed = indexed_versions(&searcher).ok()?;
    let wanted: Vec<&Item> = items.iter().filter(|item| !item.is_empty()).collect();
    let same = indexed.len() == wanted.len() && wanted.iter().all(|item| indexed.get(&item.key()) == Some(&item.version()));
    same.then_some(searcher)
}

/// What a commit says of how it was made.
fn made_by(analysis_hash: u64) -> String {
    format!("huashu {} schema {SCHEMA_VERSION} analysis {analysis_hash:016x}", env!("CARGO_PKG_VERSION"))
}

/// What is wrong with an index that ought to be whole; `None` where nothing is.
pub(super) fn damage(dir: &Path, analysis_hash: u64) -> Option<String> {
    match open_whole(dir, &made_by(analysis_hash)) {
        Ok(Some(_)) => None,
        Ok(None) => Some("its files are gone".to_owned()),
        Err(why) => Some(why),
    }
}

/// The files of an index with their stamps. The list of segments changes with every commit: of it only that it is there is worth knowing.
fn stamps(dir: &Path) -> BTreeMap<OsString, FileStamp> {
    let Ok(items) = std::fs::read_dir(dir) else { return BTreeMap::new() };
    let stamp = |item: std::fs::DirEntry| {
        let (name, metadata) = (item.file_name(), item.metadata().ok()?);
        // Hidden ones are locks and tantivy's own list of its files.
        let is_known = !name.as_encoded_bytes().starts_with(b".");
        let stamp = if name == META { (0, None) } else { (metadata.len(), metadata.modified().ok()) };
        is_known.then_some((name, stamp))
    };
    items.filter_map(|item| stamp(item.ok()?)).collect()
}

/// Opens an index whose files are all there and whole. `None` where there is none; an error says what is wrong.
fn open_whole(dir: &Path, made_by: &str) -> Result<Option<Index>, String> {
    if !dir.join(META).exists() {
        return match std::fs::read_dir(dir).map(|mut files| files.next().is_some()) {
            Ok(true) => Err(format!("{META} is missing")),
            _ => Ok(None),
        };
    }
    let index = Index::open_in_dir(dir).map_err(|error| error.to_string())?;
    let metas = index.load_metas().map_err(|error| error.to_string())?;
    match metas.payload {
        None if metas.segments.is_empty() => {}
        Some(made) if made.starts_with(made_by) => {}
        made => return Err(format!("made by {:?}, this is {made_by:?}", made.unwrap_or_default())),
    }
    let damaged = index.validate_checksum().map_err(|error| error.to_string())?;
    if let Some(file) = damaged.iter().next() {
        return Err(format!("{} has a wrong checksum", file.display()));
    }
    Ok(Some(index))
}

/// A number for what is indexed, in whatever order.
fn hash_of(versions: &HashMap<u64, u64>) -> u64 {
    versions.iter().map(|(key, version)| mixed(*key, *version)).fold(versions.len() as u64, u64::wrapping_add)
}

fn mixed(key: u64, version: u64) -> u64 {
    key.rotate_left(32).wrapping_mul(version | 1) ^ version
}

fn create(dir: &Path) -> Result<Index, IndexError> {
    std::fs::create_dir_all(dir).map_err(|source| folder_error(dir, source))?;
    let directory = MmapDirectory::open(dir).map_err(tantivy::TantivyError::from)?;
    Ok(Index::create(directory, schema().0, tantivy::IndexSettings::default())?)
}

fn folder_error(dir: &Path, source: std::io::Error) -> IndexError {
    IndexError::Folder { path: dir.display().to_string(), source }
}

/// Which entries an index holds, in which version: read from the index itself, so that no second record can disagree with it.
fn indexed_versions(searcher: &Searcher) -> Result<HashMap<u64, u64>, IndexError> {
    let mut versions = HashMap::new();
    for segment in searcher.segment_readers() {
        let entries = segment.fast_fields().u64("entry")?;
        let version = segment.fast_fields().u64("version")?;
        for document in segment.doc_ids_alive() {
            if let (Some(entry), Some(version)) = (entries.first(document), version.first(document)) {
                versions.insert(entry, version);
            }
        }
    }
    Ok(versions)
}
