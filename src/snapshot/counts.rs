//! In how many documents of an index each word and each bigram stands: what an idf is computed from without asking the index.

use crate::analysis::terms::{gram_hash, idf, word_hash};
use crate::index::FIELDS;
use std::collections::HashMap;
use std::sync::Arc;
use tantivy::index::SegmentId;

/// In how many documents each term stands.
#[derive(Debug, Default)]
pub struct TermCounts {
    /// By segment, each read once: segments never change.
    segments: Vec<(SegmentId, Arc<HashMap<u64, u32>>)>,
    /// Documents, those deleted too until their segment is merged, as in the counts.
    documents: u64,
}

impl TermCounts {
    pub(super) fn read(searcher: &tantivy::Searcher, before: Option<&TermCounts>) -> tantivy::Result<TermCounts> {
        let known = |id| before?.segments.iter().find(|(segment, _)| *segment == id).map(|(_, counts)| Arc::clone(counts));
        let read = |segment: &tantivy::SegmentReader| {
            let mut counts = HashMap::new();
            for (field, hash) in [(FIELDS.words, word_hash as fn(&str) -> u64), (FIELDS.grams, gram_hash)] {
                let index = segment.inverted_index(field)?;
                let mut terms = index.terms().stream()?;
                while terms.advance() {
                    if let Ok(term) = std::str::from_utf8(terms.key()) {
                        counts.insert(hash(term), terms.value().doc_freq);
                    }
                }
            }
            Ok::<_, tantivy::TantivyError>(Arc::new(counts))
        };
        let segments = searcher.segment_readers();
        let documents = segments.iter().map(|segment| u64::from(segment.max_doc())).sum();
        let of =
            |segment: &tantivy::SegmentReader| Ok((segment.segment_id(), known(segment.segment_id()).map_or_else(|| read(segment), Ok)?));
        Ok(TermCounts { segments: segments.iter().map(of).collect::<tantivy::Result<_>>()?, documents })
    }

    /// In how many documents a term stands.
    pub fn of(&self, hash: u64) -> u64 {
        self.segments.iter().map(|(_, counts)| u64::from(counts.get(&hash).copied().unwrap_or(0))).sum()
    }

    /// How telling a term is here; nothing where there is no document.
    pub fn idf(&self, hash: u64) -> f32 {
        if self.documents == 0 { 0.0 } else { idf(self.of(hash), self.documents) }
    }

    /// How many documents there are.
    pub fn documents(&self) -> u64 {
        self.documents
    }
}
