//! In how many documents of an index each word stands: what the idf of a word is computed from without asking the index.

use crate::analysis::terms::word_hash;
use crate::index::FIELDS;
use std::collections::HashMap;
use std::sync::Arc;
use tantivy::index::SegmentId;

/// In how many documents each word stands.
#[derive(Debug, Default)]
pub struct WordCounts {
    /// By segment, each read once: segments never change.
    segments: Vec<(SegmentId, Arc<HashMap<u64, u32>>)>,
    /// Documents, those deleted too until their segment is merged, as in the counts.
    documents: u64,
}

impl WordCounts {
    pub(super) fn read(searcher: &tantivy::Searcher, before: Option<&WordCounts>) -> tantivy::Result<WordCounts> {
        let known = |id| before?.segments.iter().find(|(segment, _)| *segment == id).map(|(_, counts)| Arc::clone(counts));
        let read = |segment: &tantivy::SegmentReader| {
            let mut counts = HashMap::new();
            let index = segment.inverted_index(FIELDS.words)?;
            let mut terms = index.terms().stream()?;
            while terms.advance() {
                if let Ok(term) = std::str::from_utf8(terms.key()) {
                    counts.insert(word_hash(term), terms.value().doc_freq);
                }
            }
            Ok::<_, tantivy::TantivyError>(Arc::new(counts))
        };
        let segments = searcher.segment_readers();
        let documents = segments.iter().map(|segment| u64::from(segment.max_doc())).sum();
        let of =
            |segment: &tantivy::SegmentReader| Ok((segment.segment_id(), known(segment.segment_id()).map_or_else(|| read(segment), Ok)?));
        Ok(WordCounts { segments: segments.iter().map(of).collect::<tantivy::Result<_>>()?, documents })
    }

    /// In how many documents a word stands.
    pub fn of(&self, hash: u64) -> u64 {
        self.segments.iter().map(|(_, counts)| u64::from(counts.get(&hash).copied().unwrap_or(0))).sum()
    }

    /// How many documents there are.
    pub fn documents(&self) -> u64 {
        self.documents
    }
}
