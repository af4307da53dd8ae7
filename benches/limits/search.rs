//! A search in process against its Boolean queries alone, as any program on tantivy would ask them.

use crate::{Outcome, clock, median};
use huashu::answer::{Request, answer};
use huashu::index::FIELDS;
use huashu::query::{self, Origin, Query, TermKind};
use huashu::snapshot::{Postings, Snapshot};
use std::collections::{BTreeMap, HashSet};
use std::hint::black_box;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query as IndexQuery, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{Searcher, Term};

/// Rounds of all questions; the sides take turns.
const ROUNDS: usize = 5;

/// What is asked of an index and how much of it is taken, as it was when the goal was set. They stand here for themselves: a yardstick that moved
/// with the program would measure nothing.
const MAX_ASKED: usize = 64;
const MAX_POSTINGS: u64 = 100_000;
const MAX_PHRASINGS: usize = 200;
const MAX_PASSAGES: usize = 100;

/// CPU time of one search.
pub(crate) struct Searching {
    pub(crate) answer_us: f64,
    pub(crate) top_us: f64,
}

pub(crate) fn measure(snapshot: &Snapshot, questions: &[String]) -> Outcome<Searching> {
    let requests: Vec<Request> = questions.iter().map(|question| Request::new(question)).collect();
    let read = |question: &String| query::read(std::slice::from_ref(question), &snapshot.library.lexicon, &snapshot.analyzer);
    let asked: Vec<_> = questions.iter().map(read).map(|query| Asked::new(snapshot, &query)).collect();
    let (mut answers, mut tops) = (Vec::new(), Vec::new());
    // What is computed once of each entry is computed in the round before.
    for round in 0..=ROUNDS {
        let begin = clock::thread_ms()?;
        for request in &requests {
            black_box(answer(snapshot, request)?);
        }
        let between = clock::thread_ms()?;
        for asked in &asked {
            asked.top(snapshot)?;
        }
        let end = clock::thread_ms()?;
        if round > 0 {
            let each = 1e3 / questions.len() as f64;
            answers.push((between - begin) * each);
            tops.push((end - between) * each);
        }
    }
    Ok(Searching { answer_us: median(answers), top_us: median(tops) })
}

/// The queries of one question.
struct Asked {
    phrasings: Option<BooleanQuery>,
    passages: Option<BooleanQuery>,
}

impl Asked {
    fn new(snapshot: &Snapshot, query: &Query) -> Asked {
        Asked { phrasings: boolean(query, snapshot.phrasing_terms()), passages: boolean(query, snapshot.passage_terms()) }
    }

    fn top(&self, snapshot: &Snapshot) -> Outcome<()> {
        let top = |searcher: &Searcher, query: &Option<BooleanQuery>, limit| {
            query.as_ref().map(|query| searcher.search(query, &TopDocs::with_limit(limit).order_by_score())).transpose()
        };
        black_box(top(&snapshot.searchers.phrasings, &self.phrasings, MAX_PHRASINGS)?);
        black_box(top(&snapshot.searchers.passages, &self.passages, MAX_PASSAGES)?);
        Ok(())
    }
}

/// The most telling terms as a disjunction.
fn boolean(query: &Query, counts: &Postings) -> Option<BooleanQuery> {
    let words: HashSet<&str> = query.terms.iter().filter(|term| term.kind == TermKind::Word).map(|term| term.text.as_str()).collect();
    let mut heaviest: BTreeMap<(TermKind, &str), (f32, u64)> = BTreeMap::new();
    for term in &query.terms {
        let telling = match term.kind {
            TermKind::Word => term.text.chars().nth(1).is_some(),
            TermKind::Gram => !(matches!(term.origin, Origin::Synonym(_)) && words.contains(term.text.as_str())),
            TermKind::Intent => true,
        };
        if telling {
            let known = heaviest.entry((term.kind, &term.text)).or_insert((0.0, term.hash()));
            known.0 = known.0.max(term.weight);
        }
    }
    let with =
        |((kind, text), (weight, hash))| (counts.of(hash) > 0).then(|| (weight * counts.idf(hash), weight, counts.of(hash), kind, text));
    let mut asked: Vec<(f32, f32, u64, TermKind, &str)> = heaviest.into_iter().filter_map(with).collect();
    asked.sort_by(|a, b| b.0.total_cmp(&a.0));
    asked.truncate(MAX_ASKED);
    let mut postings = 0;
    asked.retain(|(_, _, with, ..)| {
        let asks = postings < MAX_POSTINGS;
        postings += with;
        asks
    });
    let clause = |(_, weight, _, kind, text)| {
        let field = if kind == TermKind::Gram { FIELDS.grams } else { FIELDS.words };
        let leaf = TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs);
        (Occur::Should, Box::new(BoostQuery::new(Box::new(leaf), weight)) as Box<dyn IndexQuery>)
    };
    (!asked.is_empty()).then(|| BooleanQuery::new(asked.into_iter().map(clause).collect()))
}
