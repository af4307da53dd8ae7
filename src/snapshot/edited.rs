//! The next snapshot where only the texts of some entries are others: what stays is shared with the one before, so that an edit costs what changed.

use super::{EntryText, Snapshot, Terms, is_current, parts};
use crate::entry::Entry;
use crate::index::Searchers;
use crate::library::Library;
use jiff::Timestamp;
use std::sync::{Arc, OnceLock};
use tantivy::Searcher;

impl Snapshot {
    /// This snapshot with other entries at some places, over the commits that hold them. `None` where more changes by them than what they say; the moment
    /// stays, so that who keeps the time makes the next one when it is due.
    ///
    /// # Errors
    /// Where the index cannot be read.
    pub fn edited(
        &self,
        library: &Arc<Library>,
        searchers: &Searchers,
        places: &[usize],
        now: Timestamp,
    ) -> tantivy::Result<Option<Snapshot>> {
        let at = library.local(now);
        let is_alike = |place: &usize| {
            let (Some(before), Some(entry)) = (self.entries.get(*place).map(|text| &text.entry), library.entries.get(*place)) else {
                return false;
            };
            let stands = [self.at, at].map(|at| is_current(library, entry, at));
            is_called_alike(before, entry) && stands == [is_current(&self.library, before, self.at); 2]
        };
        let same_learned = ids(&searchers.learned).eq(ids(&self.searchers.learned));
        if library.entries.len() != self.entries.len() || !same_learned || !places.iter().all(is_alike) {
            return Ok(None);
        }
        let mut entries = self.entries.clone();
        for place in places {
            entries.replace(*place, EntryText::new(&library.entries[*place]));
        }
        let keys = &self.names.by_key;
        let terms = Terms::read(searchers, Some(self), || Terms::of_phrasings(searchers, Some(self)))?;
        Ok(Some(Snapshot {
            library: Arc::clone(library),
            analyzer: Arc::clone(&self.analyzer),
            now: self.now,
            at: self.at,
            names: Arc::clone(&self.names),
            by_shortcut: Arc::clone(&self.by_shortcut),
            served: self.served.clone(),
            phrasing_parts: parts(&searchers.phrasings, keys, Some((&self.searchers.phrasings, &self.phrasing_parts)))?,
            passage_parts: parts(&searchers.passages, keys, Some((&self.searchers.passages, &self.passage_parts)))?,
            learned: Arc::clone(&self.learned),
            learned_parts: self.learned_parts.clone(),
            learned_entries: self.learned_entries.clone(),
            learned_texts: Arc::clone(&self.learned_texts),
            learned_masses: self.learned_masses.iter().map(|_| OnceLock::new()).collect(),
            picks: self.picks.clone(),
            phrasing_terms: terms.phrasings,
            passage_terms: terms.passages,
            learned_terms: terms.learned,
            categories: Arc::clone(&self.categories),
            masses: entries.iter().map(|_| OnceLock::new()).collect(),
            scopes: super::KeptScopes::default(),
            searchers: searchers.clone(),
            entries,
        }))
    }
}

/// Whether the tables over all entries say the same of both.
fn is_called_alike(one: &Entry, other: &Entry) -> bool {
    one.id == other.id
        && one.shortcut == other.shortcut
        && one.category == other.category
        && one.replaces.is_empty()
        && other.replaces.is_empty()
}

fn ids(searcher: &Searcher) -> impl Iterator<Item = tantivy::index::SegmentId> {
    searcher.segment_readers().iter().map(tantivy::SegmentReader::segment_id)
}
