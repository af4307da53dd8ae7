//! What picks say about a question: the nearest messages that agents answered, and the classifier trained on all of them.

use super::Weights;
use super::terms::{Matcher, Terms, relative_mass};
use crate::analysis::terms::Phrasing;
use crate::query::{Origin, Query};
use crate::search::Candidate;
use crate::snapshot::{Bitset, Ordinal, Snapshot};
use rustc_hash::FxHashMap;

/// Learned phrasings that have a say: more only add noise (5 to 40 tried).
const NEIGHBOURS: usize = 20;

/// Jaccard similarity of terms from which two questions are one to somebody who is not alone in asking.
const NEARLY_ALL: f32 = 0.8;

/// What picks say for an entry.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FromPicks {
    /// Number of the nearest learned phrasing.
    pub(super) nearest: Option<u32>,
    /// How near each is, squared and summed up; 1 for one that is the question.
    squares: f32,
    /// What the classifier makes of the question, 0..1.
    pub(super) likelihood: f32,
}

impl FromPicks {
    /// How near the learned phrasings are: several count more than one, and less than their sum.
    pub(super) fn nearness(&self) -> f32 {
        self.squares.sqrt()
    }
}

/// Brings the nearest learned phrasings and the classifier's word to their entries.
pub(super) fn learned_from(
    snapshot: &Snapshot,
    query: &Query,
    candidates: &[Candidate],
    terms: &Terms,
    allowed: &Bitset,
    weights: &Weights,
) -> FxHashMap<Ordinal, FromPicks> {
    let mut entries: FxHashMap<Ordinal, FromPicks> = FxHashMap::default();
    if candidates.is_empty() {
        return entries;
    }
    for (number, ordinal, near) in nearest(snapshot, candidates, terms, weights) {
        let from_picks = entries.entry(ordinal).or_default();
        from_picks.nearest.get_or_insert(number);
        from_picks.squares += near * near;
    }
    let message = Phrasing::message(&query.folded.text, &snapshot.analyzer);
    for (ordinal, likelihood) in snapshot.likelihoods(&message, &query.implied()).filter(|(ordinal, _)| allowed.contains(*ordinal)) {
        entries.entry(ordinal).or_default().likelihood = likelihood;
    }
    entries
}

/// Number, entry and nearness of the nearest learned phrasings, nearest first.
fn nearest(snapshot: &Snapshot, candidates: &[Candidate], terms: &Terms, weights: &Weights) -> Vec<(u32, Ordinal, f32)> {
    let counts = snapshot.learned_terms();
    let said = |weighed: &&super::terms::Weighed| matches!(weighed.term.origin, Origin::Written | Origin::Intent);
    let ideal: f32 = terms.by_hash.iter().filter(said).map(|weighed| weighed.learned_worth).sum();
    let mut matcher = Matcher::new(terms);
    let mut near: Vec<(u32, Ordinal, f32)> = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let Some((learned, ordinal)) = snapshot.learned_phrasing(candidate.ordinal) else { continue };
        let (phrasing, mass) = snapshot.learned_text(candidate.ordinal, |phrasing| relative_mass(counts, phrasing));
        let worth = matcher.sum(&phrasing.terms, |weighed| weighed.learned_worth);
        if learned.single_identity && !is_nearly_all(terms, phrasing) {
            continue;
        }
        let factor = mass.powf(-weights.learned_mass_power);
        near.push((candidate.ordinal, ordinal, worth * factor * learned.weight / ideal.max(f32::MIN_POSITIVE)));
    }
    near.retain(|(.., score)| *score > 0.0);
    near.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
    near.truncate(NEIGHBOURS);
    near
}

/// Whether a text and the question are nearly the same: what one person picked may help with the same question, and with no other.
fn is_nearly_all(terms: &Terms, phrasing: &Phrasing) -> bool {
    let written = || terms.by_hash.iter().filter(|weighed| weighed.term.origin == Origin::Written);
    let shared = written().filter(|weighed| phrasing.terms.binary_search(&weighed.hash).is_ok()).count();
    let all = written().count() + phrasing.terms.len() - shared;
    #[expect(clippy::cast_precision_loss, reason = "counts of terms")]
    let jaccard = shared as f32 / all.max(1) as f32;
    jaccard >= NEARLY_ALL
}
