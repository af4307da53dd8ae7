//! The snapshot (快照): library and indexes at one instant, immutable. A request keeps the one it began with; a new one swaps in whole.

use crate::analysis::{Analyzer, fold, grams};
use crate::entry::Entry;
use crate::facet::Facet;
use crate::index::{FIELDS, Searchers, entry_key};
use crate::learning::{Learned, LearnedPhrasing};
use crate::lexicon::Voice;
use crate::library::Library;
use jiff::Timestamp;
use jiff::civil::DateTime;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use tantivy::index::SegmentId;

/// Library, indexes and tables over the entries.
#[derive(Debug)]
pub struct Snapshot {
    /// What was read from the folder.
    pub library: Arc<Library>,
    /// How its text becomes tokens.
    pub analyzer: Arc<Analyzer>,
    /// The commits that hold it.
    pub searchers: Searchers,
    /// What picks taught.
    pub learned: Arc<Learned>,
    /// The moment for which validity was decided.
    pub now: Timestamp,
    /// The same in the library's time zone.
    pub at: DateTime,
    /// Entries in the order of the library; an ordinal is an index into it.
    entries: Vec<Arc<EntryText>>,
    by_id: HashMap<String, u32>,
    by_shortcut: HashMap<String, u32>,
    /// Approved, valid now, not replaced.
    served: Bitset,
    phrasing_parts: Vec<SegmentParts>,
    passage_parts: Vec<SegmentParts>,
    /// Index of the learned phrasing of each document, by segment.
    learned_parts: Vec<SegmentParts>,
    /// Ordinal of the entry of each learned phrasing; [`NO_ENTRY`] where it is gone.
    learned_entries: Vec<u32>,
    /// How often the phrasings of an entry were picked.
    picks: HashMap<u32, u32>,
    phrasing_words: WordCounts,
    learned_words: WordCounts,
    /// Distinct categories with their words, for matching.
    categories: Vec<Category>,
    category_of: Vec<u32>,
}

/// Number of an entry in a snapshot.
pub type Ordinal = u32;

/// An entry with what ranking computes of it, once, when it is first a candidate; carried over to the next snapshot where unchanged.
#[derive(Debug)]
pub struct EntryText {
    /// The entry.
    pub entry: Arc<Entry>,
    phrasings: OnceLock<Box<[Phrasing]>>,
}

/// A phrasing as hashed tokens.
#[derive(Debug)]
pub struct Phrasing {
    /// Hashes of its distinct words and bigrams, ascending.
    pub terms: Box<[u64]>,
    /// Hashes of its distinct words, each with whether it is a single character: what it says in all.
    pub words: Box<[(u64, bool)]>,
}

/// In how many documents each word stands.
#[derive(Debug, Default)]
pub struct WordCounts {
    /// By segment, each read once: segments never change.
    segments: Vec<(SegmentId, Arc<HashMap<u64, u32>>)>,
    /// Documents, those deleted too until their segment is merged, as in the counts.
    documents: u64,
}

impl WordCounts {
    fn read(searcher: &tantivy::Searcher, before: Option<&WordCounts>) -> tantivy::Result<WordCounts> {
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

/// A category and its words.
#[derive(Debug)]
pub struct Category {
    /// The path.
    pub path: String,
    /// Hashes of its distinct words and bigrams, ascending.
    pub terms: Box<[u64]>,
    /// How many entries it has.
    pub entries: u32,
}

/// Entry and part of each document of a segment.
#[derive(Debug)]
pub struct SegmentParts(Vec<(u32, u16)>);

/// Stands for documents whose entry is not in the library any more.
const NO_ENTRY: u32 = u32::MAX;

impl SegmentParts {
    /// Ordinal of the entry and number of the part, unless the entry is gone.
    pub fn get(&self, document: u32) -> Option<(Ordinal, u16)> {
        self.0.get(document as usize).copied().filter(|(ordinal, _)| *ordinal != NO_ENTRY)
    }
}

impl Snapshot {
    /// Puts a library and the commits that hold it together. `before` lends what did not change.
    ///
    /// # Errors
    /// Where the index cannot be read.
    pub fn new(
        library: Arc<Library>,
        analyzer: Arc<Analyzer>,
        searchers: Searchers,
        learned: Arc<Learned>,
        now: Timestamp,
        before: Option<&Snapshot>,
    ) -> tantivy::Result<Snapshot> {
        let at = library.local(now);
        let same_analysis = before.is_some_and(|before| Arc::ptr_eq(&before.analyzer, &analyzer));
        let known = |entry: &Arc<Entry>| {
            let before = before.filter(|_| same_analysis)?;
            let text = before.get(&entry.id)?;
            Arc::ptr_eq(&text.entry, entry).then(|| Arc::clone(text))
        };
        let entries: Vec<Arc<EntryText>> = library
            .entries
            .iter()
            .map(|entry| known(entry).unwrap_or_else(|| Arc::new(EntryText { entry: Arc::clone(entry), phrasings: OnceLock::new() })))
            .collect();
        let ordinals: HashMap<u64, u32> = library.entries.iter().zip(0..).map(|(entry, ordinal)| (entry_key(&entry.id), ordinal)).collect();
        let by_id = library.entries.iter().zip(0..).map(|(entry, ordinal)| (fold(&entry.id).text, ordinal)).collect();
        let shortcut = |(entry, ordinal): (&Arc<Entry>, u32)| Some((fold(entry.shortcut.as_deref()?).text, ordinal));
        let by_shortcut = library.entries.iter().zip(0..).filter_map(shortcut).collect();
        let (categories, category_of) = categories(&library.entries, &analyzer);
        let served = served(&library, at);
        let phrasing_parts = parts(&searchers.phrasings, &ordinals)?;
        let passage_parts = parts(&searchers.passages, &ordinals)?;
        let numbers: HashMap<u64, u32> = learned.phrasings.iter().zip(0..).map(|(phrasing, number)| (phrasing.key, number)).collect();
        let learned_parts = parts(&searchers.learned, &numbers)?;
        let learned_entries: Vec<u32> = {
            let ordinal = |phrasing: &LearnedPhrasing| ordinals.get(&entry_key(&phrasing.entry_id)).copied().unwrap_or(NO_ENTRY);
            learned.phrasings.iter().map(ordinal).collect()
        };
        let mut picks = HashMap::new();
        for (phrasing, ordinal) in learned.phrasings.iter().zip(&learned_entries) {
            *picks.entry(*ordinal).or_default() += phrasing.picks;
        }
        let phrasing_words = WordCounts::read(&searchers.phrasings, before.map(|before| &before.phrasing_words))?;
        let learned_words = WordCounts::read(&searchers.learned, before.map(|before| &before.learned_words))?;
        Ok(Snapshot {
            library,
            analyzer,
            searchers,
            now,
            at,
            entries,
            by_id,
            by_shortcut,
            served,
            phrasing_parts,
            passage_parts,
            learned,
            learned_parts,
            learned_entries,
            picks,
            phrasing_words,
            learned_words,
            categories,
            category_of,
        })
    }

    /// An entry by its number.
    pub fn entry(&self, ordinal: Ordinal) -> &Arc<Entry> {
        &self.entries[ordinal as usize].entry
    }

    /// An entry by its id, compared case-folded, whatever its state.
    pub fn get(&self, id: &str) -> Option<&Arc<EntryText>> {
        self.by_id.get(&fold(id).text).map(|ordinal| &self.entries[*ordinal as usize])
    }

    /// Number of an entry by its id.
    pub fn ordinal(&self, id: &str) -> Option<Ordinal> {
        self.by_id.get(&fold(id).text).copied()
    }

    /// Number of the served entry with a shortcut, folded.
    pub fn shortcut(&self, folded: &str) -> Option<Ordinal> {
        self.by_shortcut.get(folded).copied().filter(|ordinal| self.served.contains(*ordinal))
    }

    /// How many entries there are, whatever their state.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Entries that are approved, valid now and not replaced.
    pub fn served(&self) -> &Bitset {
        &self.served
    }

    /// The phrasings of an entry as tokens: the title, then the questions.
    pub fn phrasings(&self, ordinal: Ordinal) -> &[Phrasing] {
        let text = &self.entries[ordinal as usize];
        text.phrasings.get_or_init(|| {
            let texts = std::iter::once(&text.entry.title).chain(&text.entry.questions);
            texts.map(|phrasing| Phrasing::new(phrasing, &self.analyzer)).collect()
        })
    }

    /// Words of the phrasings.
    pub fn phrasing_words(&self) -> &WordCounts {
        &self.phrasing_words
    }

    /// Words of the learned phrasings.
    pub fn learned_words(&self) -> &WordCounts {
        &self.learned_words
    }

    /// Index of the learned phrasing of each document.
    pub fn learned_parts(&self) -> &[SegmentParts] {
        &self.learned_parts
    }

    /// A learned phrasing and its entry, where the library has it.
    pub fn learned_phrasing(&self, index: u32) -> Option<(&LearnedPhrasing, Ordinal)> {
        let ordinal = self.learned_entries.get(index as usize).copied().filter(|ordinal| *ordinal != NO_ENTRY)?;
        Some((self.learned.phrasings.get(index as usize)?, ordinal))
    }

    /// How often the phrasings of an entry were picked.
    pub fn picks(&self, ordinal: Ordinal) -> u32 {
        self.picks.get(&ordinal).copied().unwrap_or(0)
    }

    /// The categories of the library.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// Index of an entry's category.
    pub fn category_of(&self, ordinal: Ordinal) -> usize {
        self.category_of[ordinal as usize] as usize
    }

    /// Entry and part of the documents of each segment of the phrasings.
    pub fn phrasing_parts(&self) -> &[SegmentParts] {
        &self.phrasing_parts
    }

    /// Entry and part of the documents of each segment of the passages.
    pub fn passage_parts(&self) -> &[SegmentParts] {
        &self.passage_parts
    }
}

impl Phrasing {
    /// Tokens of a title or question.
    pub fn new(text: &str, analyzer: &Analyzer) -> Phrasing {
        Phrasing::of(&fold(text).text, analyzer, Voice::Entry)
    }

    /// Tokens of a learned phrasing, which is folded already.
    pub fn learned(folded: &str, analyzer: &Analyzer) -> Phrasing {
        Phrasing::of(folded, analyzer, Voice::Customer)
    }

    fn of(folded: &str, analyzer: &Analyzer, voice: Voice) -> Phrasing {
        let mut words: Vec<(u64, bool)> =
            analyzer.words(folded).iter().map(|token| (word_hash(token.term), is_single(token.term))).collect();
        words.sort_unstable();
        words.dedup();
        let intents = analyzer.intents(folded, voice);
        let mut terms = term_hashes(folded, analyzer).into_vec();
        terms.extend(intents.iter().map(|intent| word_hash(intent)));
        terms.sort_unstable();
        Phrasing { terms: terms.into_boxed_slice(), words: words.into_boxed_slice() }
    }
}

/// Whether a term is one character: in every third text, so it tells little.
pub fn is_single(term: &str) -> bool {
    term.chars().nth(1).is_none()
}

fn term_hashes(folded: &str, analyzer: &Analyzer) -> Box<[u64]> {
    let mut terms: Vec<u64> = analyzer
        .words(folded)
        .iter()
        .map(|token| word_hash(token.term))
        .chain(grams(folded).iter().map(|token| gram_hash(token.term)))
        .collect();
    terms.sort_unstable();
    terms.dedup();
    terms.into_boxed_slice()
}

/// FNV-1a, 64 bits, over a byte for the kind and the text: a collision among the few tokens of one question and one phrasing is out of sight.
fn fnv(kind: u8, text: &str) -> u64 {
    std::iter::once(kind)
        .chain(text.bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Hash of a word.
pub fn word_hash(term: &str) -> u64 {
    fnv(b'w', term)
}

/// Hash of a bigram.
pub fn gram_hash(term: &str) -> u64 {
    fnv(b'g', term)
}

fn categories(entries: &[Arc<Entry>], analyzer: &Analyzer) -> (Vec<Category>, Vec<u32>) {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut categories: Vec<Category> = Vec::new();
    let mut category_of = Vec::with_capacity(entries.len());
    for entry in entries {
        let number = *numbers.entry(&entry.category).or_insert_with(|| {
            let terms = term_hashes(&fold(&entry.category).text, analyzer);
            categories.push(Category { path: entry.category.clone(), terms, entries: 0 });
            u32::try_from(categories.len() - 1).unwrap_or(u32::MAX)
        });
        categories[number as usize].entries += 1;
        category_of.push(number);
    }
    (categories, category_of)
}

/// Entries to show at a moment: approved, in their period and campaign, and not replaced by another that is.
fn served(library: &Library, at: DateTime) -> Bitset {
    let mut served = Bitset::new(library.entries.len());
    let mut replaced: Vec<String> = Vec::new();
    for (index, entry) in library.entries.iter().enumerate() {
        if is_current(library, entry, at) {
            served.insert(index);
            replaced.extend(entry.replaces.iter().map(|id| fold(id).text));
        }
    }
    if !replaced.is_empty() {
        for (index, entry) in library.entries.iter().enumerate() {
            if replaced.contains(&fold(&entry.id).text) {
                served.remove(index);
            }
        }
    }
    served
}

/// A campaign is open where it is open in a shop that the entry is for.
fn is_current(library: &Library, entry: &Entry, at: DateTime) -> bool {
    let mut shops = entry.facet(Facet::Shop).peekable();
    if shops.peek().is_none() { library.is_current(entry, at, None) } else { shops.any(|shop| library.is_current(entry, at, Some(shop))) }
}

fn parts(searcher: &tantivy::Searcher, ordinals: &HashMap<u64, u32>) -> tantivy::Result<Vec<SegmentParts>> {
    searcher
        .segment_readers()
        .iter()
        .map(|segment| {
            let entries = segment.fast_fields().u64("entry")?;
            let parts = segment.fast_fields().u64("part")?;
            let of = |document| {
                let ordinal = entries.first(document).and_then(|key| ordinals.get(&key).copied()).unwrap_or(NO_ENTRY);
                (ordinal, parts.first(document).and_then(|part| u16::try_from(part).ok()).unwrap_or(u16::MAX))
            };
            Ok(SegmentParts((0..segment.max_doc()).map(of).collect()))
        })
        .collect()
}

/// A set of ordinals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitset {
    words: Vec<u64>,
}

impl Bitset {
    /// An empty set that can hold `0..size`.
    pub fn new(size: usize) -> Bitset {
        Bitset { words: vec![0; size.div_ceil(64)] }
    }

    /// Adds a member; beyond the size nothing happens.
    pub fn insert(&mut self, member: usize) {
        if let Some(word) = self.words.get_mut(member / 64) {
            *word |= 1 << (member % 64);
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, member: usize) {
        if let Some(word) = self.words.get_mut(member / 64) {
            *word &= !(1 << (member % 64));
        }
    }

    /// Whether it is a member.
    pub fn contains(&self, member: u32) -> bool {
        self.words.get(member as usize / 64).is_some_and(|word| word & (1 << (member % 64)) != 0)
    }

    /// Keeps what the predicate accepts.
    pub fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        for (index, word) in self.words.iter_mut().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                if !keep(u32::try_from(index * 64).unwrap_or(u32::MAX) + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// How many members.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }
}
