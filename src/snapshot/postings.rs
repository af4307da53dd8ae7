//! Where each word and each bigram of an index stands, found by its hash: idfs and scores without asking the term dictionary.
//!
//! Scores are BM25 as tantivy computes it (but for the average length), over tantivy's postings. Its own disjunction looks each term up twice in every segment and makes a table
//! of lengths for each term: for a message of a hundred terms and synonyms that took longer than reading the postings.

use crate::analysis::terms::{Kind, gram_hash, idf, kind, word_hash};
use crate::index::FIELDS;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::sync::Arc;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::SegmentId;
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, InvertedIndexReader, SegmentReader};

/// BM25's saturation of terms that occur several times; tantivy's value.
const K1: f32 = 1.2;

/// BM25's share of the length; tantivy's value.
const B: f32 = 0.75;

/// The postings of the fields that carry scores.
#[derive(Default)]
pub struct Postings {
    /// In the order of the searcher; what is in each is read once, since segments never change.
    segments: Vec<(SegmentId, Arc<SegmentPostings>)>,
    /// Documents, those deleted too until their segment is merged, as in the counts.
    documents: u64,
    /// What BM25 adds to the frequency in a document of each length, of words and of bigrams.
    length_parts: [Vec<f32>; 2],
}

struct SegmentPostings {
    terms: FxHashMap<u64, Place>,
    words: FieldPostings,
    grams: FieldPostings,
}

/// Where a term stands.
#[derive(Clone, Copy)]
struct Place {
    documents: u32,
    /// Bytes of its postings among those of its field: where they begin, and how many.
    begin: usize,
    bytes: u32,
}

struct FieldPostings {
    index: Arc<InvertedIndexReader>,
    lengths: FieldNormReader,
    /// Tokens of all documents, by the lengths that the index keeps of them: what tantivy counts itself it estimates when it merges, so that one library
    /// would be scored in two ways.
    tokens: u64,
}

impl std::fmt::Debug for Postings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postings").field("documents", &self.documents).finish_non_exhaustive()
    }
}

/// Scores of the documents of a segment while they are summed up; kept from one search to the next.
#[derive(Debug, Default)]
pub struct Scores {
    /// By document; 0 where nothing was added.
    by_document: Vec<f32>,
    touched: Vec<DocId>,
}

impl Scores {
    /// Leaves these documents, those without a score too.
    pub fn retain(&mut self, documents: &FxHashSet<DocId>) {
        let others: Vec<DocId> = self.touched.iter().copied().filter(|document| !documents.contains(document)).collect();
        self.forget(&others);
        for document in documents {
            let at = *document as usize;
            if self.by_document.len() <= at {
                self.by_document.resize(at + 1, 0.0);
            }
            self.add(*document, f32::MIN_POSITIVE);
        }
    }

    /// Takes the scores of these documents away.
    pub fn forget(&mut self, documents: &[DocId]) {
        for document in documents {
            if let Some(score) = self.by_document.get_mut(*document as usize) {
                *score = 0.0;
            }
        }
        self.touched.retain(|document| self.by_document[*document as usize] != 0.0);
    }

    fn add(&mut self, document: DocId, score: f32) {
        let sum = &mut self.by_document[document as usize];
        if *sum == 0.0 {
            self.touched.push(document);
        }
        *sum += score;
    }

    /// The documents with a score, each once; none is left.
    pub fn drain(&mut self) -> impl Iterator<Item = (DocId, f32)> {
        self.touched.drain(..).map(|document| (document, std::mem::take(&mut self.by_document[document as usize])))
    }
}

impl Postings {
    pub(super) fn read(searcher: &tantivy::Searcher, before: Option<&Postings>) -> tantivy::Result<Postings> {
        let known = |id| before?.segments.iter().find(|(segment, _)| *segment == id).map(|(_, postings)| Arc::clone(postings));
        let of = |segment: &SegmentReader| {
            let postings = known(segment.segment_id()).map_or_else(|| SegmentPostings::read(segment).map(Arc::new), Ok);
            Ok((segment.segment_id(), postings?))
        };
        let segments: Vec<(SegmentId, Arc<SegmentPostings>)> = searcher.segment_readers().iter().map(of).collect::<tantivy::Result<_>>()?;
        let documents = searcher.segment_readers().iter().map(|segment| u64::from(segment.max_doc())).sum();
        let tokens = |field: fn(&SegmentPostings) -> &FieldPostings| segments.iter().map(|(_, segment)| field(segment).tokens).sum::<u64>();
        let length_parts =
            [tokens(|segment| &segment.words), tokens(|segment| &segment.grams)].map(|tokens| length_parts(tokens, documents));
        Ok(Postings { segments, documents, length_parts })
    }

    /// In how many documents a term stands.
    pub fn of(&self, hash: u64) -> u64 {
        self.segments.iter().filter_map(|(_, segment)| segment.terms.get(&hash)).map(|place| u64::from(place.documents)).sum()
    }

    /// How telling a term is here; nothing where there is no document.
    pub fn idf(&self, hash: u64) -> f32 {
        if self.documents == 0 { 0.0 } else { idf(self.of(hash), self.documents) }
    }

    /// How many documents there are.
    pub fn documents(&self) -> u64 {
        self.documents
    }

    /// Adds up BM25 of the documents of a segment, by its place among them, that have any of the terms. Each term comes with what it is worth: its
    /// idf, times what it counts beside it.
    ///
    /// # Errors
    /// Where the index cannot be read.
    pub fn score(&self, segment: usize, terms: impl IntoIterator<Item = (u64, f32)>, scores: &mut Scores) -> std::io::Result<()> {
        let segment = &self.segments[segment].1;
        let (mut words, mut grams) = (None, None);
        for (hash, worth) in terms {
            let Some(place) = segment.terms.get(&hash) else { continue };
            let (field, length_parts, block) = match kind(hash) {
                Kind::Gram => (&segment.grams, &self.length_parts[1], &mut grams),
                Kind::Word | Kind::Character | Kind::Intent => (&segment.words, &self.length_parts[0], &mut words),
            };
            let weight = worth * (1.0 + K1);
            if weight > 0.0 {
                field.score(*place, weight, length_parts, block, scores)?;
            }
        }
        Ok(())
    }
}

impl SegmentPostings {
    fn read(segment: &SegmentReader) -> tantivy::Result<SegmentPostings> {
        let (words, grams) = (FieldPostings::read(segment, FIELDS.words)?, FieldPostings::read(segment, FIELDS.grams)?);
        // Room for all at once: a table that grows is filled several times.
        let count = words.index.terms().num_terms() + grams.index.terms().num_terms();
        let mut terms = FxHashMap::with_capacity_and_hasher(count, FxBuildHasher);
        for (field, hash) in [(&words, word_hash as fn(&str) -> u64), (&grams, gram_hash)] {
            let mut stream = field.index.terms().stream()?;
            while stream.advance() {
                if let Ok(term) = std::str::from_utf8(stream.key()) {
                    terms.insert(hash(term), Place::of(stream.value()));
                }
            }
        }
        Ok(SegmentPostings { terms, words, grams })
    }
}

impl Place {
    fn of(term: &TermInfo) -> Place {
        let bytes = u32::try_from(term.postings_range.len()).unwrap_or(u32::MAX);
        Place { documents: term.doc_freq, begin: term.postings_range.start, bytes }
    }

    fn term(self) -> TermInfo {
        TermInfo { doc_freq: self.documents, postings_range: self.begin..self.begin + self.bytes as usize, positions_range: 0..0 }
    }
}

impl FieldPostings {
    fn read(segment: &SegmentReader, field: Field) -> tantivy::Result<FieldPostings> {
        let (index, lengths) = (segment.inverted_index(field)?, segment.get_fieldnorms_reader(field)?);
        let tokens = (0..segment.max_doc()).map(|document| u64::from(lengths.fieldnorm(document))).sum();
        Ok(FieldPostings { index, lengths, tokens })
    }

    /// `block` is what the term before was read by: a new one is a kilobyte to be cleared.
    fn score(
        &self,
        place: Place,
        weight: f32,
        length_parts: &[f32],
        block: &mut Option<BlockSegmentPostings>,
        scores: &mut Scores,
    ) -> std::io::Result<()> {
        let block = match block {
            Some(block) => {
                self.index.reset_block_postings_from_terminfo(&place.term(), block)?;
                block
            }
            None => block.insert(self.index.read_block_postings_from_terminfo(&place.term(), IndexRecordOption::WithFreqs)?),
        };
        let documents = self.lengths.num_docs() as usize;
        if scores.by_document.len() < documents {
            scores.by_document.resize(documents, 0.0);
        }
        while block.block_len() > 0 {
            for (document, frequency) in block.docs().iter().zip(block.freqs()) {
                #[expect(clippy::cast_precision_loss, reason = "how often a word stands in a text")]
                let frequency = *frequency as f32;
                let length_part = length_parts[usize::from(self.lengths.fieldnorm_id(*document))];
                scores.add(*document, weight * frequency / (frequency + length_part));
            }
            block.advance();
        }
        Ok(())
    }
}

/// By the number that stands for a length in the index.
#[expect(clippy::cast_precision_loss, reason = "counts of tokens for an average")]
fn length_parts(tokens: u64, documents: u64) -> Vec<f32> {
    let average = tokens as f32 / documents.max(1) as f32;
    (0..=u8::MAX).map(|id| K1 * (1.0 - B + B * FieldNormReader::id_to_fieldnorm(id) as f32 / average.max(f32::MIN_POSITIVE))).collect()
}
