//! The snapshot (快照): library and indexes at one instant, immutable. A request keeps the one it began with; a new one swaps in whole.

mod bitset;
mod edited;
mod learned;
mod postings;
mod visible;

pub use bitset::Bitset;
pub use postings::{Postings, Scores};
pub use visible::Visible;

use crate::analysis::terms::{Phrasing, term_hashes};
use crate::analysis::{Analyzer, fold};
use crate::entry::Entry;
use crate::facet::Facet;
use crate::index::{Searchers, entry_key, folded_key};
use crate::learning::{Learned, LearnedPhrasing};
use crate::library::Library;
use crate::shared_list::SharedList;
use jiff::Timestamp;
use jiff::civil::DateTime;
use learned::LearnedTexts;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use visible::KeptScopes;

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
    entries: SharedList<Arc<EntryText>>,
    names: Arc<Names>,
    by_shortcut: Arc<HashMap<String, u32>>,
    /// Approved, valid now, not replaced.
    served: Bitset,
    phrasing_parts: Vec<SegmentParts>,
    passage_parts: Vec<SegmentParts>,
    /// Index of the learned phrasing of each document, by segment.
    learned_parts: Vec<SegmentParts>,
    /// Ordinal of the entry of each learned phrasing; [`NO_ENTRY`] where it is gone.
    learned_entries: Vec<u32>,
    learned_texts: Arc<LearnedTexts>,
    /// As `masses`, of the learned phrasings.
    learned_masses: Vec<OnceLock<f32>>,
    /// How often the phrasings of an entry were picked.
    picks: FxHashMap<u32, u32>,
    phrasing_terms: Postings,
    passage_terms: Postings,
    learned_terms: Postings,
    categories: Arc<Categories>,
    /// What the phrasings of each entry say in all, once they were candidates; changes with the counts of words.
    masses: Vec<OnceLock<Box<[f32]>>>,
    /// What callers may see, where that is not everything.
    scopes: KeptScopes,
}

/// Number of an entry in a snapshot.
pub type Ordinal = u32;

/// Numbers of the entries by what they are called.
#[derive(Debug)]
struct Names {
    /// By folded id.
    by_id: FxHashMap<Arc<str>, Ordinal>,
    /// By what the indexes call them.
    by_key: FxHashMap<u64, Ordinal>,
}

impl Names {
    /// Those of before where the same ids stand in the same order: hashing all of a large library takes longer than what else an edit does.
    fn new(entries: &SharedList<Arc<Entry>>, before: Option<&Snapshot>) -> Arc<Names> {
        let same = |(entry, before): (&Arc<Entry>, &Arc<EntryText>)| Arc::ptr_eq(entry, &before.entry) || entry.id == before.entry.id;
        match before {
            Some(before) if before.len() == entries.len() && entries.iter().zip(&before.entries).all(same) => Arc::clone(&before.names),
            _ => Arc::new(Names::of(entries)),
        }
    }

    fn of(entries: &SharedList<Arc<Entry>>) -> Names {
        let mut by_id = FxHashMap::with_capacity_and_hasher(entries.len(), FxBuildHasher);
        let mut by_key = FxHashMap::with_capacity_and_hasher(entries.len(), FxBuildHasher);
        for (entry, ordinal) in entries.iter().zip(0..) {
            let folded = fold(&entry.id).text;
            by_key.insert(folded_key(&folded), ordinal);
            by_id.insert(if *folded == *entry.id { Arc::clone(&entry.id) } else { folded.into() }, ordinal);
        }
        Names { by_id, by_key }
    }
}

/// An entry with what ranking computes of it, once, when it is first a candidate; carried over to the next snapshot where unchanged.
#[derive(Debug)]
pub struct EntryText {
    /// The entry.
    pub entry: Arc<Entry>,
    phrasings: OnceLock<Box<[Phrasing]>>,
}

impl EntryText {
    fn new(entry: &Arc<Entry>) -> Arc<EntryText> {
        Arc::new(EntryText { entry: Arc::clone(entry), phrasings: OnceLock::new() })
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

/// The categories of a library.
#[derive(Debug)]
struct Categories {
    /// Distinct ones with their words, for matching.
    all: Vec<Category>,
    /// Number of each entry's.
    of: Vec<u32>,
    /// By term: the categories that have it, and how many entries they have together.
    with: FxHashMap<u64, (Vec<u32>, u32)>,
}

impl Categories {
    fn new(entries: &SharedList<Arc<Entry>>, analyzer: &Analyzer) -> Categories {
        let (all, of) = categories(entries, analyzer);
        let mut with: FxHashMap<u64, (Vec<u32>, u32)> = FxHashMap::default();
        for (category, number) in all.iter().zip(0..) {
            for term in &category.terms {
                let (numbers, entries) = with.entry(*term).or_default();
                numbers.push(number);
                *entries += category.entries;
            }
        }
        Categories { all, of, with }
    }
}

/// Entry and part of each document of a segment.
#[derive(Debug, Clone)]
pub struct SegmentParts(Arc<[(u32, u16)]>);

/// Stands for documents whose entry is not in the library any more.
const NO_ENTRY: u32 = u32::MAX;

impl SegmentParts {
    /// Ordinal of the entry and number of the part, unless the entry is gone.
    pub fn get(&self, document: u32) -> Option<(Ordinal, u16)> {
        self.0.get(document as usize).copied().filter(|(ordinal, _)| *ordinal != NO_ENTRY)
    }
}

/// Where the terms of the three indexes stand.
struct Terms {
    phrasings: Postings,
    passages: Postings,
    learned: Postings,
}

impl Terms {
    fn of_phrasings(searchers: &Searchers, before: Option<&Snapshot>) -> tantivy::Result<Postings> {
        Postings::read(&searchers.phrasings, before.map(|before| &before.phrasing_terms))
    }

    /// All three; those of the phrasings are asked for last, since another thread may be reading them.
    fn read(
        searchers: &Searchers,
        before: Option<&Snapshot>,
        phrasings: impl FnOnce() -> tantivy::Result<Postings>,
    ) -> tantivy::Result<Terms> {
        Ok(Terms {
            passages: Postings::read(&searchers.passages, before.map(|before| &before.passage_terms))?,
            learned: Postings::read(&searchers.learned, before.map(|before| &before.learned_terms))?,
            phrasings: phrasings()?,
        })
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
        let commits = searchers.clone();
        let read = || Terms::of_phrasings(&commits, before);
        std::thread::scope(|scope| {
            // The terms of all phrasings are as much work as all else.
            let reading = before.is_none().then(|| std::thread::Builder::new().spawn_scoped(scope, read).ok()).flatten();
            let phrasing_terms = || reading.and_then(|reading| reading.join().ok()).unwrap_or_else(read);
            Snapshot::with_terms(library, analyzer, searchers, learned, now, before, phrasing_terms)
        })
    }

    fn with_terms(
        library: Arc<Library>,
        analyzer: Arc<Analyzer>,
        searchers: Searchers,
        learned: Arc<Learned>,
        now: Timestamp,
        before: Option<&Snapshot>,
        phrasing_terms: impl FnOnce() -> tantivy::Result<Postings>,
    ) -> tantivy::Result<Snapshot> {
        let at = library.local(now);
        let same_analysis = before.is_some_and(|before| Arc::ptr_eq(&before.analyzer, &analyzer));
        let known = |(place, entry): (usize, &Arc<Entry>)| {
            let before = before.filter(|_| same_analysis)?;
            let is_it = |text: &&Arc<EntryText>| Arc::ptr_eq(&text.entry, entry);
            // Nearly always where it was.
            before.entries.get(place).filter(is_it).or_else(|| before.get(&entry.id).filter(is_it)).cloned()
        };
        let entries: SharedList<Arc<EntryText>> = library
            .entries
            .iter()
            .enumerate()
            .map(|(place, entry)| known((place, entry)).unwrap_or_else(|| EntryText::new(entry)))
            .collect();
        let names = Names::new(&library.entries, before);
        let same_names = before.filter(|before| Arc::ptr_eq(&before.names, &names));
        let shortcut = |(entry, ordinal): (&Arc<Entry>, u32)| Some((fold(entry.shortcut.as_deref()?).text, ordinal));
        let by_shortcut = Arc::new(library.entries.iter().zip(0..).filter_map(shortcut).collect());
        let categories = Arc::new(Categories::new(&library.entries, &analyzer));
        let learned_masses = learned.phrasings.iter().map(|_| OnceLock::new()).collect();
        let masses = entries.iter().map(|_| OnceLock::new()).collect();
        let served = served(&library, at);
        let lent = same_names.map(|before| (&before.searchers.phrasings, before.phrasing_parts.as_slice()));
        let phrasing_parts = parts(&searchers.phrasings, &names.by_key, lent)?;
        let lent = same_names.map(|before| (&before.searchers.passages, before.passage_parts.as_slice()));
        let passage_parts = parts(&searchers.passages, &names.by_key, lent)?;
        let numbers: FxHashMap<u64, u32> = learned.phrasings.iter().zip(0..).map(|(phrasing, number)| (phrasing.key, number)).collect();
        let learned_parts = parts(&searchers.learned, &numbers, None)?;
        let learned_entries: Vec<u32> = {
            let ordinal = |phrasing: &LearnedPhrasing| names.by_key.get(&entry_key(&phrasing.entry_id)).copied().unwrap_or(NO_ENTRY);
            learned.phrasings.iter().map(ordinal).collect()
        };
        let lent = before.filter(|_| same_analysis);
        let learned_texts = match lent {
            Some(before) if Arc::ptr_eq(&before.learned, &learned) => Arc::clone(&before.learned_texts),
            _ => {
                let lent = lent.map(|before| (before.learned.as_ref(), before.learned_texts.as_ref()));
                Arc::new(LearnedTexts::new(&learned, &library.lexicon, &analyzer, lent))
            }
        };
        let mut picks = FxHashMap::default();
        for (phrasing, ordinal) in learned.phrasings.iter().zip(&learned_entries) {
            *picks.entry(*ordinal).or_default() += phrasing.picks;
        }
        let Terms { phrasings: phrasing_terms, passages: passage_terms, learned: learned_terms } =
            Terms::read(&searchers, before, phrasing_terms)?;
        Ok(Snapshot {
            library,
            analyzer,
            searchers,
            now,
            at,
            entries,
            names,
            by_shortcut,
            served,
            phrasing_parts,
            passage_parts,
            learned,
            learned_parts,
            learned_entries,
            learned_texts,
            learned_masses,
            picks,
            phrasing_terms,
            passage_terms,
            learned_terms,
            categories,
            masses,
            scopes: KeptScopes::default(),
        })
    }

    /// An entry by its number.
    pub fn entry(&self, ordinal: Ordinal) -> &Arc<Entry> {
        &self.entries[ordinal as usize].entry
    }

    /// An entry by its id, compared case-folded, whatever its state.
    pub fn get(&self, id: &str) -> Option<&Arc<EntryText>> {
        self.names.by_id.get(fold(id).text.as_str()).map(|ordinal| &self.entries[*ordinal as usize])
    }

    /// Number of an entry by its id.
    pub fn ordinal(&self, id: &str) -> Option<Ordinal> {
        self.names.by_id.get(fold(id).text.as_str()).copied()
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

    /// The phrasings of an entry, each with its mass: computed once, by the function that is given.
    pub fn phrasings_with_mass(&self, ordinal: Ordinal, mass: impl Fn(&Phrasing) -> f32) -> impl Iterator<Item = (&Phrasing, f32)> {
        let phrasings = self.phrasings(ordinal);
        let masses = self.masses[ordinal as usize].get_or_init(|| phrasings.iter().map(mass).collect());
        phrasings.iter().zip(masses.iter().copied())
    }

    /// In how many phrasings each term stands.
    pub fn phrasing_terms(&self) -> &Postings {
        &self.phrasing_terms
    }

    /// In how many passages each term stands.
    pub fn passage_terms(&self) -> &Postings {
        &self.passage_terms
    }

    /// In how many learned phrasings each term stands.
    pub fn learned_terms(&self) -> &Postings {
        &self.learned_terms
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

    /// A learned phrasing as terms, and its mass: computed once, by the function that is given.
    pub fn learned_text(&self, number: u32, mass: impl Fn(&Phrasing) -> f32) -> (&Phrasing, f32) {
        let phrasing = self.learned_texts.get(number, &self.learned, &self.analyzer);
        (phrasing, *self.learned_masses[number as usize].get_or_init(|| mass(phrasing)))
    }

    /// Entries that a message may ask for by what agents answered messages with, each with its likelihood, 0..1.
    pub fn likelihoods(&self, message: &Phrasing, implied: &[u64]) -> impl Iterator<Item = (Ordinal, f32)> {
        self.learned_texts.likelihoods(message, implied).filter_map(|(entry, likelihood)| Some((self.ordinal(entry)?, likelihood)))
    }

    /// How often the phrasings of an entry were picked.
    pub fn picks(&self, ordinal: Ordinal) -> u32 {
        self.picks.get(&ordinal).copied().unwrap_or(0)
    }

    /// The categories of the library.
    pub fn categories(&self) -> &[Category] {
        &self.categories.all
    }

    /// Numbers of the categories that have a term.
    pub fn categories_with(&self, term: u64) -> &[u32] {
        self.categories.with.get(&term).map_or(&[], |with| &with.0)
    }

    /// How many entries the categories with a term have together.
    pub fn entries_in_categories(&self, term: u64) -> u32 {
        self.categories.with.get(&term).map_or(0, |with| with.1)
    }

    /// Index of an entry's category.
    pub fn category_of(&self, ordinal: Ordinal) -> u32 {
        self.categories.of[ordinal as usize]
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

fn categories(entries: &SharedList<Arc<Entry>>, analyzer: &Analyzer) -> (Vec<Category>, Vec<u32>) {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut categories: Vec<Category> = Vec::new();
    let mut category_of = Vec::with_capacity(entries.len());
    for entry in entries {
        let number = *numbers.entry(&entry.category).or_insert_with(|| {
            let terms = term_hashes(&fold(&entry.category).text, analyzer).into_boxed_slice();
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

/// Entry and part of the documents of each segment; a segment never changes, so that what was read of it for the same ordinals is lent.
fn parts(
    searcher: &tantivy::Searcher,
    ordinals: &FxHashMap<u64, u32>,
    before: Option<(&tantivy::Searcher, &[SegmentParts])>,
) -> tantivy::Result<Vec<SegmentParts>> {
    let lent = |segment: &tantivy::SegmentReader| {
        let (searcher, parts) = before?;
        let place = searcher.segment_readers().iter().position(|known| known.segment_id() == segment.segment_id())?;
        parts.get(place).cloned()
    };
    searcher
        .segment_readers()
        .iter()
        .map(|segment| {
            if let Some(parts) = lent(segment) {
                return Ok(parts);
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Live;
    use std::fs;
    use std::path::Path;
    use tempfile::TempDir;

    fn write(dir: &Path, id: &str, title: &str) {
        fs::write(dir.join(format!("{id}.md")), format!("---\ntitle: {title}\n---\n{title}时用。\n\n> 好的。\n")).unwrap();
    }

    /// Whether the snapshot after a change of the folder took over numbers of entries and what was read of the old segments.
    fn lends(change: impl Fn(&Path)) -> (bool, bool) {
        let dir = TempDir::new().unwrap();
        for (id, title) in [("a", "怎么退货"), ("c", "多久发货"), ("e", "能开发票吗")] {
            write(dir.path(), id, title);
        }
        let live = Live::in_memory(dir.path()).unwrap();
        let before = live.snapshot();
        change(dir.path());
        live.refresh().unwrap();
        let after = live.snapshot();
        // Whoever lends: numbers lead to their entries, and documents to numbers.
        for (ordinal, text) in (0..).zip(&after.entries) {
            assert_eq!(after.ordinal(&text.entry.id), Some(ordinal));
        }
        let fresh = parts(&after.searchers.phrasings, &after.names.by_key, None).unwrap();
        assert!(after.phrasing_parts.iter().map(|parts| &parts.0).eq(fresh.iter().map(|parts| &parts.0)));
        let lent = |part: &SegmentParts| before.phrasing_parts.iter().any(|known| Arc::ptr_eq(&known.0, &part.0));
        (Arc::ptr_eq(&before.names, &after.names), after.phrasing_parts.iter().any(lent))
    }

    #[test]
    fn an_edit_keeps_the_numbers_and_reads_only_what_was_written_anew() {
        assert_eq!(lends(|dir| write(dir, "c", "什么时候发货")), (true, true));
    }

    #[test]
    fn entries_that_come_go_or_move_get_numbers_anew() {
        assert_eq!(lends(|dir| write(dir, "b", "运费谁出")), (false, false));
        assert_eq!(lends(|dir| fs::remove_file(dir.join("a.md")).unwrap()), (false, false));
        assert_eq!(lends(|dir| fs::rename(dir.join("a.md"), dir.join("z.md")).unwrap()), (false, false));
    }
}
