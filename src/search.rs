//! Candidates: the documents of the indexes that share most with a query, filtered by bitset while they are collected.

use crate::access::Scope;
use crate::analysis::terms::idf;
use crate::analysis::{grams, pinyin};
use crate::entry::Kind;
use crate::facet::Facet;
use crate::index::FIELDS;
use crate::query::{Origin, Query, Term, TermKind};
use crate::snapshot::{Bitset, Ordinal, Postings, Scores, SegmentParts, Snapshot};
use rustc_hash::FxHashSet;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use tantivy::query::{BooleanQuery, EnableScoring, Occur, PhraseQuery, Query as IndexQuery, TermQuery, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, Score, Searcher, SegmentReader, Term as IndexTerm};

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
    let telling = Telling::new(query);
    let is_allowed = |ordinal| allowed.contains(ordinal);
    let of = |searcher, postings, parts, limit| {
        find(&telling, query, MAX_ASKED, postings, &Best { searcher, limit, accepts: &is_allowed, parts })
    };
    let searchers = &snapshot.searchers;
    Ok(Candidates {
        phrasings: of(&searchers.phrasings, snapshot.phrasing_terms(), snapshot.phrasing_parts(), MAX_PHRASINGS)?,
        passages: of(&searchers.passages, snapshot.passage_terms(), snapshot.passage_parts(), MAX_PASSAGES)?,
        learned: learned(snapshot, &telling, query, allowed)?,
        sounds: sounds(snapshot, query, allowed)?,
    })
}

fn learned(snapshot: &Snapshot, telling: &Telling, query: &Query, allowed: &Bitset) -> tantivy::Result<Vec<Candidate>> {
    // Operators ask for what is written, not for what was learned.
    if snapshot.learned.is_empty() || has_operators(query) {
        return Ok(Vec::new());
    }
    let accepts = |number| snapshot.learned_phrasing(number).is_some_and(|(_, ordinal)| allowed.contains(ordinal));
    let best = Best { searcher: &snapshot.searchers.learned, limit: MAX_LEARNED, accepts: &accepts, parts: snapshot.learned_parts() };
    find(telling, query, MAX_ASKED_LEARNED, snapshot.learned_terms(), &best)
}

fn sounds(snapshot: &Snapshot, query: &Query, allowed: &Bitset) -> tantivy::Result<Vec<Candidate>> {
    let Some(index_query) = query.letters.as_ref().and_then(sound_query) else { return Ok(Vec::new()) };
    let accepts = |ordinal| allowed.contains(ordinal);
    let searcher = &snapshot.searchers.phrasings;
    Best { searcher, limit: MAX_PHRASINGS, accepts: &accepts, parts: snapshot.phrasing_parts() }.of_query(&index_query)
}

fn has_operators(query: &Query) -> bool {
    !query.phrases.is_empty() || !query.excluded.is_empty()
}

fn find(telling: &Telling, query: &Query, most: usize, postings: &Postings, best: &Best) -> tantivy::Result<Vec<Candidate>> {
    match Operators::new(query, best.searcher)? {
        Some(operators) => best.of_terms(postings, &telling.asked(postings, most), &operators),
        None => Ok(Vec::new()),
    }
}

/// Terms that an index is asked for, the most telling: of a long message with synonyms more bring nothing.
const MAX_ASKED: usize = 64;

/// Documents in which the terms asked for may stand, together: in a large library the telling terms of a message use it up, so that a search costs the
/// same. A fifth of it changed nothing on 9,000 titles.
const MAX_POSTINGS: u64 = 100_000;

/// The same of the learned phrasings: there may be a hundred thousand, and only the nearest have a say.
const MAX_ASKED_LEARNED: usize = 12;

/// The terms of a query that can find something, each once.
struct Telling<'q>(Vec<Asked<'q>>);

/// A term to find documents by.
#[derive(Clone, Copy)]
struct Asked<'q> {
    hash: u64,
    weight: f32,
    term: &'q Term,
}

impl<'q> Telling<'q> {
    fn new(query: &'q Query) -> Telling<'q> {
        // A single character is in every third document: it adds to the score of what is found, but finds only where there is nothing else.
        // The only bigram of a synonym is the synonym once more.
        let words: HashSet<&str> = query.terms.iter().filter(|term| term.kind == TermKind::Word).map(|term| term.text.as_str()).collect();
        let tells = |term: &Term| match term.kind {
            TermKind::Word => term.text.chars().nth(1).is_some(),
            TermKind::Gram => !(matches!(term.origin, Origin::Synonym(_)) && words.contains(term.text.as_str())),
            TermKind::Intent => true,
        };
        let all = query.terms.iter().map(|term| Asked { hash: term.hash(), weight: term.weight, term });
        let mut terms: Vec<Asked> = all.clone().filter(|asked| tells(asked.term)).collect();
        if terms.is_empty() {
            terms = all.collect();
        }
        // A term may express several notions; the index is asked once, with its greatest weight.
        terms.sort_unstable_by(|a, b| a.hash.cmp(&b.hash).then(b.weight.total_cmp(&a.weight)));
        terms.dedup_by_key(|asked| asked.hash);
        Telling(terms)
    }

    /// Those that stand in an index, the most telling first, as many as it is asked for; each with what it is worth there.
    fn asked(&self, postings: &Postings, most: usize) -> Vec<(f32, Asked<'q>)> {
        let known = self.0.iter().map(|asked| (postings.of(asked.hash), asked)).filter(|(with, _)| *with > 0);
        let mut asked: Vec<(f32, u64, Asked)> =
            known.map(|(with, asked)| (asked.weight * idf(with, postings.documents()), with, *asked)).collect();
        asked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.2.hash.cmp(&b.2.hash)));
        asked.truncate(most);
        let mut sum = 0;
        asked.retain(|(_, with, _)| {
            let asks = sum < MAX_POSTINGS;
            sum += with;
            asks
        });
        asked.into_iter().map(|(worth, _, asked)| (worth, asked)).collect()
    }
}

/// Phrases that must stand in a document, and those that must not.
struct Operators {
    required: Vec<Box<dyn Weight>>,
    excluded: Vec<Box<dyn Weight>>,
}

impl Operators {
    /// `None` where a phrase is required that nothing can have.
    fn new(query: &Query, searcher: &Searcher) -> tantivy::Result<Option<Operators>> {
        let weight = |phrase: Box<dyn IndexQuery>| phrase.weight(EnableScoring::disabled_from_searcher(searcher));
        let Some(required) = query.phrases.iter().map(|phrase| phrase_query(phrase)).collect::<Option<Vec<_>>>() else { return Ok(None) };
        let excluded = query.excluded.iter().filter_map(|phrase| phrase_query(phrase));
        Ok(Some(Operators {
            required: required.into_iter().map(weight).collect::<tantivy::Result<_>>()?,
            excluded: excluded.map(weight).collect::<tantivy::Result<_>>()?,
        }))
    }

    /// Leaves the scores of the documents of a segment that they let pass.
    fn apply(&self, segment: &SegmentReader, scores: &mut Scores) -> tantivy::Result<()> {
        for weight in &self.required {
            let mut documents = FxHashSet::default();
            weight.for_each_no_score(segment, &mut |found| documents.extend(found))?;
            scores.retain(&documents);
        }
        for weight in &self.excluded {
            weight.for_each_no_score(segment, &mut |found| scores.forget(found))?;
        }
        Ok(())
    }
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

/// Collects the best documents of allowed entries.
struct Best<'a> {
    searcher: &'a Searcher,
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

thread_local! {
    /// Each thread that searches keeps one: four bytes for each document of the largest segment.
    static SCORES: RefCell<Scores> = RefCell::default();
}

impl Best<'_> {
    /// Documents that have any of the terms and what the operators want; those that have nothing else count too.
    fn of_terms(&self, postings: &Postings, asked: &[(f32, Asked)], operators: &Operators) -> tantivy::Result<Vec<Candidate>> {
        let mut found = BinaryHeap::with_capacity(self.limit + 1);
        SCORES.with_borrow_mut(|scores| {
            for (number, segment) in self.searcher.segment_readers().iter().enumerate() {
                let read = postings.score(number, asked.iter().map(|(worth, asked)| (asked.hash, *worth)), scores);
                let read = read.map_err(tantivy::TantivyError::from).and_then(|()| operators.apply(segment, scores));
                for (document, score) in scores.drain() {
                    self.take(&mut found, number, segment, document, score);
                }
                read?;
            }
            Ok::<_, tantivy::TantivyError>(())
        })?;
        Ok(best_first(found))
    }

    /// Documents that a query of the index finds.
    fn of_query(&self, index_query: &BooleanQuery) -> tantivy::Result<Vec<Candidate>> {
        let weight = index_query.weight(EnableScoring::enabled_from_searcher(self.searcher))?;
        let mut found = BinaryHeap::with_capacity(self.limit + 1);
        for (number, segment) in self.searcher.segment_readers().iter().enumerate() {
            weight.for_each(segment, &mut |document, score| self.take(&mut found, number, segment, document, score))?;
        }
        Ok(best_first(found))
    }

    /// Takes a document in where it is among the best so far.
    fn take(&self, found: &mut BinaryHeap<Reverse<Found>>, number: usize, segment: &SegmentReader, document: DocId, score: Score) {
        if found.len() == self.limit && found.peek().is_some_and(|Reverse(least)| score < least.score) {
            return;
        }
        if segment.alive_bitset().is_some_and(|alive| alive.is_deleted(document)) {
            return;
        }
        let Some((ordinal, part)) = self.parts[number].get(document).filter(|(ordinal, _)| (self.accepts)(*ordinal)) else { return };
        found.push(Reverse(Found { score, ordinal, part }));
        if found.len() > self.limit {
            found.pop();
        }
    }
}

fn best_first(found: BinaryHeap<Reverse<Found>>) -> Vec<Candidate> {
    let sorted = found.into_sorted_vec();
    sorted.into_iter().map(|Reverse(Found { score, ordinal, part })| Candidate { ordinal, part, score }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Live;
    use crate::query::read;
    use std::collections::BTreeMap;
    use std::fs;
    use tantivy::query::BoostQuery;

    fn index_term(term: &Term) -> IndexTerm {
        let field = match term.kind {
            TermKind::Gram => FIELDS.grams,
            TermKind::Word | TermKind::Intent => FIELDS.words,
        };
        IndexTerm::from_field_text(field, &term.text)
    }

    /// The same search by tantivy's own queries.
    fn by_tantivy(snapshot: &Snapshot, query: &Query, allowed: &Bitset) -> Vec<Candidate> {
        let asked = Telling::new(query).asked(snapshot.phrasing_terms(), MAX_ASKED);
        let accepts = |ordinal| allowed.contains(ordinal);
        let searcher = &snapshot.searchers.phrasings;
        let best = Best { searcher, limit: MAX_PHRASINGS, accepts: &accepts, parts: snapshot.phrasing_parts() };
        let leaf = |asked: &Asked| TermQuery::new(index_term(asked.term), IndexRecordOption::WithFreqs);
        let clause = |(_, asked): &(f32, Asked)| {
            (Occur::Should, Box::new(BoostQuery::new(Box::new(leaf(asked)), asked.weight)) as Box<dyn IndexQuery>)
        };
        best.of_query(&BooleanQuery::new(asked.iter().map(clause).collect())).unwrap()
    }

    #[test]
    fn scores_are_those_that_tantivy_gives_over_several_segments_with_deleted_documents() {
        let dir = tempfile::tempdir().unwrap();
        let write = |number: usize, questions: &str| {
            fs::write(
                dir.path().join(format!("{number}.md")),
                format!("---\ntitle: 退货说明{number}\nquestions: [{questions}]\n---\n> 好的。\n"),
            )
            .unwrap();
        };
        for number in 0..40 {
            write(number, ["怎么退货,退货运费谁出", "快递怎么还没到,快递快递到哪里了", "发票怎么开,开发票的抬头写错了怎么改"][number % 3]);
        }
        let live = Live::in_memory(dir.path()).unwrap();
        for (number, questions) in [(1, "快递丢了,包裹丢了谁赔"), (7, "退货地址在哪"), (60, "iphone15pro怎么退货"), (2, "发票")]
        {
            write(number, questions);
            live.refresh().unwrap();
        }
        let snapshot = live.snapshot();
        assert!(snapshot.searchers.phrasings.segment_readers().len() > 1, "one segment tells little");
        let allowed = Filter::default().allowed(&snapshot);
        for question in ["怎么退货", "快递到哪里了,快递丢了谁赔", "抬头写错了,能不能改发票", "iphone15pro 退货 运费", "退", "毫不相干"]
        {
            let query = read(&[question.to_owned()], &snapshot.library.lexicon, &snapshot.analyzer);
            let (ours, theirs) = (candidates(&snapshot, &query, &allowed).unwrap().phrasings, by_tantivy(&snapshot, &query, &allowed));
            let score = |candidates: &[Candidate]| -> BTreeMap<(Ordinal, u16), f32> {
                candidates.iter().map(|candidate| ((candidate.ordinal, candidate.part), candidate.score)).collect()
            };
            let (ours, theirs) = (score(&ours), score(&theirs));
            assert!(ours.keys().eq(theirs.keys()), "{question}: {ours:?} {theirs:?}");
            for (document, score) in &ours {
                assert!((score - theirs[document]).abs() < 1e-4 * score, "{question} {document:?}: {score}, {}", theirs[document]);
            }
        }
    }
}
