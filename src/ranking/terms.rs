//! The terms of a query with what each is worth, and which of them a text has. Called by the ranking of phrasings, categories and what was learned.

use super::{Component, ComponentName, Ranked, Weights};
use crate::analysis::sieve::Sieve;
use crate::analysis::terms::{Kind, Phrasing, idf, kind};
use crate::query::{Origin, Query, Term};
use crate::snapshot::{Category, Postings, Snapshot};
use rustc_hash::FxHashMap;
use std::collections::HashSet;

/// Mass of a usual phrasing, in units of ln(phrasings): four telling words.
const USUAL_WORDS: f32 = 3.9;

/// BM25's saturation: of a term that occurs once in a short text it only sets the scale.
const K1: f32 = 1.2;

/// Length normalisation of categories: half, since a path names its parents too.
const CATEGORY_B: f32 = 0.5;

/// Usual number of tokens of a category.
const USUAL_CATEGORY_TERMS: f32 = 14.0;

/// The terms of a query with what a match of each is worth.
#[derive(Debug)]
pub struct Terms<'q> {
    /// Ascending by hash; a term of several notions stands several times.
    pub(super) by_hash: Vec<Weighed<'q>>,
    /// Which hashes there may be: most terms of a text are told apart by it alone.
    sieve: Sieve,
    /// One more than the greatest alternative of each notion, summed up: where a notion's alternatives begin in a flat list.
    first_slot: Vec<usize>,
}

/// What a sieve knows of a hash: its lowest bits tell the kind, its highest are as good as any.
fn sieved(hash: u64) -> u64 {
    hash >> 54
}

#[derive(Debug)]
pub(super) struct Weighed<'q> {
    pub(super) hash: u64,
    /// In the phrasings.
    pub(super) worth: f32,
    /// In the learned phrasings.
    pub(super) learned_worth: f32,
    /// In the categories.
    category_worth: f32,
    /// Index of its notion and alternative in a flat list.
    pub(super) slot: usize,
    pub(super) term: &'q Term,
}

impl Terms<'_> {
    /// Summands of a ranked entry's score, those of its best phrasing term by term: costly, so only for entries that are shown.
    pub fn spell_out(&self, snapshot: &Snapshot, ranked: &Ranked) -> Vec<Component> {
        let mut spelled = Vec::new();
        for component in &ranked.components {
            match component.name {
                ComponentName::Phrasing(part) => {
                    self.spell_phrasing(&snapshot.phrasings(ranked.ordinal)[part as usize], component.value, &mut spelled);
                }
                _ => spelled.push(component.clone()),
            }
        }
        spelled
    }

    fn spell_phrasing(&self, phrasing: &Phrasing, value: f32, spelled: &mut Vec<Component>) {
        let mut slots = HashSet::new();
        let mut sum = 0.0;
        Matcher::new(self).each_best(
            &phrasing.terms,
            |weighed| weighed.worth,
            |slot, worth| {
                slots.insert(slot);
                sum += worth;
            },
        );
        let met = |weighed: &&Weighed| slots.contains(&weighed.slot) && phrasing.terms.binary_search(&weighed.hash).is_ok();
        for weighed in self.by_hash.iter().filter(met).filter(|weighed| weighed.worth != 0.0) {
            spelled.push(Component { name: ComponentName::Term(Box::new(weighed.term.clone())), value: value * weighed.worth / sum });
        }
    }
}

pub(super) fn weigh<'q>(snapshot: &Snapshot, query: &'q Query, weights: &Weights) -> Terms<'q> {
    let mut alternatives: Vec<usize> = Vec::new();
    for term in &query.terms {
        let notion = term.notion as usize;
        if alternatives.len() <= notion {
            alternatives.resize(notion + 1, 0);
        }
        alternatives[notion] = alternatives[notion].max(term.alternative as usize + 1);
    }
    let first_slot: Vec<usize> = std::iter::once(0)
        .chain(alternatives.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }))
        .collect();
    let mut by_hash = Vec::with_capacity(query.terms.len());
    let (in_phrasings, in_learned) = (snapshot.phrasing_terms(), snapshot.learned_terms());
    for term in &query.terms {
        let inferred = if matches!(term.origin, Origin::Synonym(_)) { weights.synonym } else { 1.0 };
        let hash = term.hash();
        let (in_phrasings, in_learned) = (in_phrasings.idf(hash), in_learned.idf(hash));
        let share = term.weight * inferred * weights.terms.of(hash);
        let category_worth = match snapshot.entries_in_categories(hash) {
            0 => 0.0,
            entries => share * idf(u64::from(entries), snapshot.len() as u64),
        };
        let slot = first_slot[term.notion as usize] + term.alternative as usize;
        by_hash.push(Weighed { hash, worth: share * in_phrasings, learned_worth: share * in_learned, category_worth, slot, term });
    }
    by_hash.sort_unstable_by_key(|weighed| weighed.hash);
    let sieve = Sieve::of(by_hash.iter().map(|weighed| sieved(weighed.hash)));
    Terms { by_hash, sieve, first_slot }
}

/// Score of a phrasing equal to the question: what every score is measured by.
pub(super) fn ideal(snapshot: &Snapshot, query: &Query, terms: &Terms, weights: &Weights) -> f32 {
    let written: f32 = terms.by_hash.iter().filter(|weighed| weighed.term.origin == Origin::Written).map(|weighed| weighed.worth).sum();
    let content: Vec<&str> = query.content.iter().map(|range| &query.folded.text[range.clone()]).collect();
    let whole = Phrasing::new(&content.join(" "), &snapshot.analyzer);
    (written * relative_mass(snapshot.phrasing_terms(), &whole).powf(-weights.mass_power)).max(f32::MIN_POSITIVE)
}

/// Share of a single character in a mass.
const CHARACTER_MASS: f32 = 0.6;

/// How much a phrasing says in all, in proportion to a usual one: the idf of its words. One that says much beyond what was asked
/// (白条支付的订单退款要收手续费吗 for 退款) is about something narrower, which a mere length does not tell.
#[expect(clippy::cast_precision_loss, reason = "a count for a logarithm")]
pub(super) fn relative_mass(counts: &Postings, phrasing: &Phrasing) -> f32 {
    let share = |word| if kind(word) == Kind::Character { CHARACTER_MASS } else { 1.0 };
    let mass: f32 = phrasing.words().map(|word| counts.idf(word) * share(word)).sum();
    let usual = USUAL_WORDS * (1.0 + counts.documents() as f32).ln();
    mass.max(1.0) / usual.max(1.0)
}

/// Finds which terms of the query a text has; keeps its buffers from text to text.
pub(super) struct Matcher<'t> {
    terms: &'t Terms<'t>,
    worth: Vec<f32>,
    touched: Vec<usize>,
}

impl<'t> Matcher<'t> {
    pub(super) fn new(terms: &'t Terms<'t>) -> Matcher<'t> {
        Matcher { terms, worth: vec![0.0; terms.first_slot.last().copied().unwrap_or(0)], touched: Vec::new() }
    }

    /// Sum over the notions of their best alternative.
    pub(super) fn sum(&mut self, text: &[u64], worth: impl Fn(&Weighed) -> f32) -> f32 {
        let mut sum = 0.0;
        self.each_best(text, worth, |_, worth| sum += worth);
        sum
    }

    /// Gives the slot and worth of each notion's best alternative. Each term of a text stands there once.
    pub(super) fn each_best(&mut self, text: &[u64], worth: impl Fn(&Weighed) -> f32, mut give: impl FnMut(usize, f32)) {
        for slot in self.touched.drain(..) {
            self.worth[slot] = 0.0;
        }
        let by_hash = &self.terms.by_hash;
        for hash in text.iter().filter(|hash| self.terms.sieve.may_have(sieved(**hash))) {
            let first = by_hash.partition_point(|weighed| weighed.hash < *hash);
            for weighed in by_hash[first..].iter().take_while(|weighed| weighed.hash == *hash) {
                self.worth[weighed.slot] += worth(weighed);
                self.touched.push(weighed.slot);
            }
        }
        self.touched.sort_unstable();
        self.touched.dedup();
        let mut rest = self.touched.as_slice();
        while let Some(first) = rest.first() {
            let end = self.terms.first_slot[self.terms.first_slot.partition_point(|start| start <= first)];
            let (notion, after) = rest.split_at(rest.partition_point(|slot| *slot < end));
            rest = after;
            if let Some(slot) = notion.iter().copied().max_by(|a, b| self.worth[*a].total_cmp(&self.worth[*b]).then(b.cmp(a))) {
                give(slot, self.worth[slot]);
            }
        }
    }
}

/// Score of each category that has a term of the query, by number.
pub(super) fn match_categories(snapshot: &Snapshot, terms: &Terms) -> FxHashMap<u32, f32> {
    let mut matcher = Matcher::new(terms);
    let mut numbers: Vec<u32> = terms.by_hash.iter().flat_map(|weighed| snapshot.categories_with(weighed.hash)).copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut score = |category: &Category| {
        #[expect(clippy::cast_precision_loss, reason = "a number of tokens")]
        let length = 1.0 - CATEGORY_B + CATEGORY_B * category.terms.len() as f32 / USUAL_CATEGORY_TERMS;
        matcher.sum(&category.terms, |weighed| weighed.category_worth) * (K1 + 1.0) / (1.0 + K1 * length)
    };
    numbers.into_iter().map(|number| (number, score(&snapshot.categories()[number as usize]))).collect()
}
