//! Candidates: the documents of the indexes that share most with a query, filtered by bitset while they are collected.

use crate::access::Scope;
use crate::analysis::terms::idf;
use crate::analysis::{grams, pinyin};
use crate::entry::Kind;
use crate::facet::Facet;
use crate::index::FIELDS;
use crate::query::{Origin, Query, Term, TermKind};
use crate::snapshot::{Bitset, Ordinal, SegmentParts, Snapshot, TermCounts};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::query::{BooleanQuery, BoostQuery, EnableScoring, Occur, PhraseQuery, Query as IndexQuery, TermQuery, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, Score, Searcher, SegmentOrdinal, SegmentReader, Term as IndexTerm};

/// Documents taken from the phrasings: ranking looks at each, so that more cost more; beyond 200 no answer among the first three came on any judged set.
pub const MAX_PHRASINGS: usize = 200;

/// Documents taken from the learned phrasings: the nearest twenty decide.
pub const MAX_LEARNED: usize = 60;

/// Documents taken from the passages.
pub const MAX_PASSAGES: usize = 100;

/// What the request restricts; context never does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Kinds to show; empty: all.
    pub kinds: Vec<Kind>,
    /// A category path: entries in it or below it.
    pub category: Option<String>,
    /// Facet values: of each facet named, an entry must have one of the values, or none of that facet at all.
    pub facets: Vec<(Facet, String)>,
    /// Tags, all of which an entry must have.
    pub tags: Vec<String>,
    /// What exists for the caller.
    pub scope: Scope,
}

impl Filter {
    /// Entries that are served, exist for the caller and pass.
    pub fn allowed(&self, snapshot: &Snapshot) -> Bitset {
        let mut allowed = snapshot.visible(&self.scope).served(snapshot);
        if !(self.kinds.is_empty() && self.category.is_none() && self.facets.is_empty() && self.tags.is_empty()) {
            allowed.retain(|ordinal| self.accepts(snapshot.entry(ordinal)));
        }
        allowed
    }

    fn accepts(&self, entry: &crate::entry::Entry) -> bool {
        let in_category =
            |category: &String| entry.category.strip_prefix(category.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let has_facet = |facet: Facet| {
            let wanted = || self.facets.iter().filter(move |(of, _)| *of == facet).map(|(_, value)| value.as_str());
            let mut own = match facet {
                Facet::Trigger => entry.trigger.as_deref().into_iter().collect::<Vec<_>>(),
                Facet::Hours => entry.hours.as_deref().into_iter().collect(),
                Facet::Authority => vec![entry.authority.as_str()],
                _ => entry.facet(facet).collect(),
            }
            .into_iter()
            .peekable();
            wanted().next().is_none()
                || (own.peek().is_none() && facet != Facet::Trigger)
                || own.any(|own| wanted().any(|value| value == own))
        };
        (self.kinds.is_empty() || self.kinds.contains(&entry.kind))
            && self.category.as_ref().is_none_or(in_category)
            && Facet::ALL.into_iter().all(has_facet)
            && self.tags.iter().all(|tag| entry.tags.contains(tag))
    }
}

/// One document found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Its entry.
    pub ordinal: Ordinal,
    /// Which phrasing or passage of the entry.
    pub part: u16,
    /// BM25 of the index.
    pub score: f32,
}

/// Everything found for a query, best first.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    /// From titles and questions.
    pub phrasings: Vec<Candidate>,
    /// From sections.
    pub passages: Vec<Candidate>,
    /// From what picks taught: the ordinal is the number of the learned phrasing.
    pub learned: Vec<Candidate>,
    /// Phrasings whose sound the letters are.
    pub sounds: Vec<Candidate>,
}

impl Candidates {
    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.phrasings.is_empty() && self.passages.is_empty() && self.learned.is_empty() && self.sounds.is_empty()
    }
}

/// Finds candidates among the allowed entries.
///
/// # Errors
/// Where the index cannot be read.
pub fn candidates(snapshot: &Snapshot, query: &Query, allowed: &Bitset) -> tantivy::Result<Candidates> {
    let is_allowed = |ordinal| allowed.contains(ordinal);
    let find = |searcher: &Searcher, counts, parts: &[SegmentParts], limit| match boolean(query, counts, MAX_ASKED) {
        Some(index_query) => find(searcher, &index_query, &Best { limit, accepts: &is_allowed, parts }),
        None => Ok(Vec::new()),
    };
    let (phrasings, passages) = (&snapshot.searchers.phrasings, &snapshot.searchers.passages);
    Ok(Candidates {
        phrasings: find(phrasings, snapshot.phrasing_terms(), snapshot.phrasing_parts(), MAX_PHRASINGS)?,
        passages: find(passages, snapshot.passage_terms(), snapshot.passage_parts(), MAX_PASSAGES)?,
        learned: learned(snapshot, query, allowed)?,
        sounds: sounds(snapshot, query, allowed)?,
    })
}

fn learned(snapshot: &Snapshot, query: &Query, allowed: &Bitset) -> tantivy::Result<Vec<Candidate>> {
    // Operators ask for what is written, not for what was learned.
    if snapshot.learned.is_empty() || !query.phrases.is_empty() || !query.excluded.is_empty() {
        return Ok(Vec::new());
    }
    let searcher = &snapshot.searchers.learned;
    let Some(index_query) = boolean(query, snapshot.learned_terms(), MAX_ASKED_LEARNED) else { return Ok(Vec::new()) };
    let accepts = |number| snapshot.learned_phrasing(number).is_some_and(|(_, ordinal)| allowed.contains(ordinal));
    find(searcher, &index_query, &Best { limit: MAX_LEARNED, accepts: &accepts, parts: snapshot.learned_parts() })
}

fn sounds(snapshot: &Snapshot, query: &Query, allowed: &Bitset) -> tantivy::Result<Vec<Candidate>> {
    let Some(index_query) = query.letters.as_ref().and_then(sound_query) else { return Ok(Vec::new()) };
    let accepts = |ordinal| allowed.contains(ordinal);
    find(&snapshot.searchers.phrasings, &index_query, &Best { limit: MAX_PHRASINGS, accepts: &accepts, parts: snapshot.phrasing_parts() })
}

fn find(searcher: &Searcher, index_query: &BooleanQuery, best: &Best) -> tantivy::Result<Vec<Candidate>> {
    let weight = index_query.weight(EnableScoring::enabled_from_searcher(searcher))?;
    top(searcher, weight.as_ref(), best)
}

fn top(searcher: &Searcher, weight: &dyn Weight, best: &Best) -> tantivy::Result<Vec<Candidate>> {
    let fruits = searcher.segment_readers().iter().zip(0..).map(|(segment, number)| best.collect_segment(weight, number, segment));
    best.merge_fruits(fruits.collect::<tantivy::Result<_>>()?)
}

/// Terms that an index is asked for, the most telling: of a long message with synonyms more bring nothing.
const MAX_ASKED: usize = 64;

/// Documents in which the terms asked for may stand, together: in a large library the telling terms of a message use it up, so that a search costs the
/// same. A fifth of it changed nothing on 9,000 titles.
const MAX_POSTINGS: u64 = 100_000;

/// The same of the learned phrasings: there may be a hundred thousand, and only the nearest have a say.
const MAX_ASKED_LEARNED: usize = 12;

/// The most telling terms as a disjunction; phrases and exclusions as operators. `None` where no term can find anything.
fn boolean(query: &Query, counts: &TermCounts, most: usize) -> Option<BooleanQuery> {
    // A single character is in every third document: it adds to the score of what is found, but finds only where there is nothing else.
    // The only bigram of a synonym is the synonym once more.
    let words: HashSet<&str> = query.terms.iter().filter(|term| term.kind == TermKind::Word).map(|term| term.text.as_str()).collect();
    let telling = |term: &&Term| match term.kind {
        TermKind::Word => term.text.chars().nth(1).is_some(),
        TermKind::Gram => !(matches!(term.origin, Origin::Synonym(_)) && words.contains(term.text.as_str())),
        TermKind::Intent => true,
    };
    let terms: Vec<&Term> = query.terms.iter().filter(telling).collect();
    let terms = if terms.is_empty() { query.terms.iter().collect() } else { terms };
    // A term may express several notions; the index is asked once, with its greatest weight.
    let mut heaviest: BTreeMap<(TermKind, &str), (f32, &Term)> = BTreeMap::new();
    for term in terms {
        let known = heaviest.entry((term.kind, term.text.as_str())).or_insert((0.0, term));
        known.0 = known.0.max(term.weight);
    }
    let mut asked: Vec<(f32, f32, u64, &Term)> = Vec::with_capacity(heaviest.len());
    for (weight, term) in heaviest.into_values() {
        let with = counts.of(term.hash());
        if with > 0 {
            asked.push((weight * idf(with, counts.documents()), weight, with, term));
        }
    }
    asked.sort_by(|a, b| b.0.total_cmp(&a.0));
    asked.truncate(most);
    let mut postings = 0;
    asked.retain(|(_, _, with, _)| {
        let asks = postings < MAX_POSTINGS;
        postings += with;
        asks
    });
    let mut clauses: Vec<(Occur, Box<dyn IndexQuery>)> = Vec::new();
    for (_, weight, _, term) in asked {
        let leaf = TermQuery::new(index_term(term), IndexRecordOption::WithFreqs);
        clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(leaf), weight))));
    }
    for phrase in &query.phrases {
        let phrase = phrase_query(phrase)?;
        clauses.push((Occur::Must, phrase));
    }
    if clauses.is_empty() {
        return None;
    }
    clauses.extend(query.excluded.iter().filter_map(|phrase| Some((Occur::MustNot, phrase_query(phrase)?))));
    Some(BooleanQuery::new(clauses))
}

fn index_term(term: &Term) -> IndexTerm {
    let field = match term.kind {
        TermKind::Gram => FIELDS.grams,
        TermKind::Word | TermKind::Intent => FIELDS.words,
    };
    IndexTerm::from_field_text(field, &term.text)
}

/// A phrase over the bigrams, where position is certain.
fn phrase_query(phrase: &str) -> Option<Box<dyn IndexQuery>> {
    let grams = grams(phrase);
    let pairs: Vec<(usize, IndexTerm)> =
        grams.iter().map(|token| (token.position, IndexTerm::from_field_text(FIELDS.grams, token.term))).collect();
    match pairs.as_slice() {
        [] => None,
        [(_, only)] => Some(Box::new(TermQuery::new(only.clone(), IndexRecordOption::WithFreqs))),
        _ => Some(Box::new(PhraseQuery::new_with_offset(pairs))),
    }
}

/// Letters as initials or as syllables.
fn sound_query(letters: &pinyin::Letters) -> Option<BooleanQuery> {
    let field = FIELDS.pinyin;
    let initials: Vec<char> = letters.letters.chars().collect();
    let pairs = initials.windows(2).map(|pair| IndexTerm::from_field_text(field, &pinyin::pair(pair[0], pair[1])));
    let mut clauses: Vec<(Occur, Box<dyn IndexQuery>)> =
        pairs.map(|term| (Occur::Should, Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) as Box<dyn IndexQuery>)).collect();
    if let Some(syllables) = &letters.syllables {
        let terms: Vec<IndexTerm> = syllables.iter().map(|syllable| IndexTerm::from_field_text(field, syllable)).collect();
        let phrase: Box<dyn IndexQuery> = match terms.as_slice() {
            [only] => Box::new(TermQuery::new(only.clone(), IndexRecordOption::WithFreqs)),
            _ => Box::new(PhraseQuery::new(terms)),
        };
        clauses.push((Occur::Should, phrase));
    }
    (!clauses.is_empty()).then(|| BooleanQuery::new(clauses))
}

/// Collects the best documents of allowed entries; block-max pruning skips what cannot be among them.
struct Best<'a> {
    limit: usize,
    accepts: &'a (dyn Fn(u32) -> bool + Sync),
    parts: &'a [SegmentParts],
}

/// Ordered by score, then by document, so that equal scores come in one order.
#[derive(PartialEq)]
struct Found {
    score: f32,
    ordinal: Ordinal,
    part: u16,
}

impl Eq for Found {}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.score.total_cmp(&other.score).then(other.ordinal.cmp(&self.ordinal)).then(other.part.cmp(&self.part))
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Collector for Best<'_> {
    type Fruit = Vec<Candidate>;
    type Child = Unused;

    fn for_segment(&self, _: SegmentOrdinal, _: &SegmentReader) -> tantivy::Result<Unused> {
        Ok(Unused)
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, fruits: Vec<Vec<Candidate>>) -> tantivy::Result<Vec<Candidate>> {
        let mut all: Vec<Candidate> = fruits.into_iter().flatten().collect();
        all.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.ordinal.cmp(&b.ordinal)).then(a.part.cmp(&b.part)));
        all.truncate(self.limit);
        Ok(all)
    }

    fn collect_segment(&self, weight: &dyn Weight, number: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<Vec<Candidate>> {
        let parts = &self.parts[number as usize];
        let alive = segment.alive_bitset();
        let mut best: BinaryHeap<Reverse<Found>> = BinaryHeap::with_capacity(self.limit + 1);
        let mut threshold = Score::MIN;
        weight.for_each_pruning(Score::MIN, segment, &mut |document: DocId, score| {
            if alive.is_some_and(|alive| alive.is_deleted(document)) {
                return threshold;
            }
            let Some((ordinal, part)) = parts.get(document).filter(|(ordinal, _)| (self.accepts)(*ordinal)) else {
                return threshold;
            };
            best.push(Reverse(Found { score, ordinal, part }));
            if best.len() > self.limit {
                best.pop();
            }
            if best.len() == self.limit {
                threshold = best.peek().map_or(Score::MIN, |Reverse(least)| least.score);
            }
            threshold
        })?;
        Ok(best.into_iter().map(|Reverse(Found { score, ordinal, part })| Candidate { ordinal, part, score }).collect())
    }
}

/// The trait asks for a collector by segment; [`Best`] collects segments whole, for pruning.
struct Unused;

impl SegmentCollector for Unused {
    type Fruit = Vec<Candidate>;

    fn collect(&mut self, _: DocId, _: Score) {}

    fn harvest(self) -> Vec<Candidate> {
        Vec::new()
    }
}
