//! Whether the files of an index are still those that were committed, while it is served: by stamps often, by checksums now and then. What is
//! damaged is begun anew; the searchers that are out go on with the files that they have open.

use super::store::{self, Store};
use super::{IndexError, Indexes, Rebuilt, Source, lock};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// tantivy removes files that a merge has replaced while they are being looked at: damage is what is found every time.
const TRIES: u32 = 3;

/// Between them: a merge that ends takes milliseconds.
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

impl Indexes {
    /// Which indexes are gone from the folder, or not what was committed there. Looks at names and stamps alone, but where a stamp has changed.
    pub fn look(&mut self) -> Vec<Rebuilt> {
        let Some(dir) = self.dir.clone() else { return Vec::new() };
        let rebuilt = |source, why: String| Rebuilt { source, why };
        if !self.holds_its_lock(&dir) {
            return Source::ALL.map(|source| rebuilt(source, "its folder was removed".to_owned())).into();
        }
        let hash = self.analysis_hash;
        let look = |source: Source| {
            let folder = dir.join(source.as_str());
            let why = match self.store(source).look(&folder) {
                store::Look::Same => None,
                store::Look::InMemory => Some("it is in memory, since the folder could not be used".to_owned()),
                store::Look::Changed => damage(&folder, hash),
            };
            why.map(|why| rebuilt(source, why))
        };
        Source::ALL.into_iter().filter_map(look).collect()
    }

    /// The folder and what its commits must say of the analysis; `None` in memory.
    pub fn folder(&self) -> Option<(PathBuf, u64)> {
        self.dir.clone().map(|dir| (dir, self.analysis_hash))
    }

    /// Whether everything that was written is in the folder, where there is one.
    pub fn is_in_its_folder(&self) -> bool {
        self.dir.is_none() || [&self.phrasings, &self.passages, &self.learned].iter().all(|store| !store.is_in_memory())
    }

    /// Throws damaged indexes away and begins them anew, empty: the next [`Indexes::update`] fills them.
    ///
    /// # Errors
    /// Where the folder cannot be used: they are in memory until it can, and [`Indexes::look`] tells so.
    pub fn begin_anew(&mut self, damaged: &[Rebuilt]) -> Result<(), IndexError> {
        let Some(dir) = self.dir.clone() else { return Ok(()) };
        for Rebuilt { source, .. } in damaged {
            // The old writer must not write into the new folder; what is in memory already goes on until there is one.
            if !self.store(*source).is_in_memory() {
                *self.store(*source) = Store::in_memory(self.analysis_hash)?;
            }
        }
        if !self.holds_its_lock(&dir) {
            self.lock = Some(lock(&dir)?);
        }
        for Rebuilt { source, .. } in damaged {
            let folder = dir.join(source.as_str());
            match std::fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(IndexError::Folder { path: folder.display().to_string(), source: error });
                }
                _ => *self.store(*source) = Store::open(&folder, self.analysis_hash)?.0,
            }
        }
        Ok(())
    }

    /// Whether the lock that is held is the one that others see.
    fn holds_its_lock(&self, dir: &Path) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let inode = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
            let held = self.lock.as_ref().and_then(|lock| lock.metadata().ok()).map(inode);
            held.is_some() && held == std::fs::metadata(super::lock_path(dir)).ok().map(inode)
        }
        #[cfg(not(unix))]
        {
            // A file that is open cannot be removed there.
            super::lock_path(dir).exists()
        }
    }
}

/// The indexes of a folder whose files are not what was written, by their checksums. Takes no lock; reads every byte.
pub fn wrong_sums(dir: &Path, analysis_hash: u64) -> Vec<Rebuilt> {
    let of = |source: Source| damage(&dir.join(source.as_str()), analysis_hash).map(|why| Rebuilt { source, why });
    Source::ALL.into_iter().filter_map(of).collect()
}

fn damage(folder: &Path, analysis_hash: u64) -> Option<String> {
    let mut found = None;
    for _ in 0..TRIES {
        found = store::damage(folder, analysis_hash);
        found.as_ref()?;
        std::thread::sleep(BETWEEN_TRIES);
    }
    found
}
