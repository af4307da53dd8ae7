//! Order: candidates become ranked entries, with named weights, and every score can be explained as a sum.

mod context;
mod exact;
mod learned;
mod terms;

pub use context::Context;
pub use terms::Terms;

use crate::analysis::terms::{TermShares, characters, greatest_likeness, likeness};
use crate::query::{Query, Term};
use crate::search::Candidates;
use crate::snapshot::{Bitset, Ordinal, Snapshot};
use context::context_factor;
use exact::{EXACT_SCORE, add_exact, add_sounds};
use learned::{FromPicks, learned_from};
use rustc_hash::FxHashMap;
use terms::{Matcher, ideal, match_categories, relative_mass, weigh};

/// The weights of the ranking, chosen on the development half of the help-centre data (`docs/ranking.md`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// How much a phrasing pays for what it says beyond the question: the power of its mass (the idf of its words). 0 none, 1 in proportion.
    pub mass_power: f32,
    /// Share of a phrasing's likeness to the message, character by character, cubed: only near paraphrases have much of it. 1 to 3 were best on LCQMC
    /// (MRR .88 without, .92 with it) and did no harm to long messages.
    pub likeness: f32,
    /// Share of an entry's second-best phrasing.
    pub second_phrasing: f32,
    /// Share of the best passage's BM25.
    pub passage: f32,
    /// Share of the category's match.
    pub category: f32,
    /// Factor for each facet of the context that an entry is made for.
    pub context_fit: f32,
    /// Factor for each facet of the context that an entry is not made for.
    pub context_misfit: f32,
    /// Shares of the kinds of terms.
    pub terms: TermShares,
    /// Share of a synonym beside what [`crate::query`] gives it.
    pub synonym: f32,
    /// Share of what was learned from the nearest questions.
    pub learned: f32,
    /// Share of what the classifier says that was trained on all learned questions.
    pub classifier: f32,
    /// As `mass_power`, for learned phrasings: less, since a customer's message always says more than it asks.
    pub learned_mass_power: f32,
    /// Share of how often an entry is picked at all, by logarithm.
    pub picks: f32,
}

impl Weights {
    /// What the product ships with.
    pub const DEFAULT: Weights = Weights {
        mass_power: 0.6,
        likeness: 0.7,
        second_phrasing: 0.15,
        passage: 0.45,
        category: 0.8,
        context_fit: 1.08,
        context_misfit: 0.7,
        terms: TermShares::DEFAULT,
        synonym: 1.0,
        learned: 1.0,
        classifier: 0.9,
        learned_mass_power: 0.5,
        picks: 0.3,
    };
}

/// Highest score of anything that is not exact.
const INEXACT_CEILING: f32 = 0.99;

/// How fast the score nears its ceiling: a sum of 1, a phrasing equal to the question, gives .8.
const SATURATION: f32 = 1.6;

/// Summands that hardly an entry has more of.
const USUAL_COMPONENTS: usize = 6;

/// An entry with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// The entry.
    pub ordinal: Ordinal,
    /// 0..1, higher is better.
    pub score: f32,
    /// What it was found by.
    pub matched: Matched,
    /// Summands of the score.
    pub components: Vec<Component>,
}

/// What of an entry was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    /// Its shortcut, typed exactly.
    Shortcut,
    /// A phrasing: 0 the title, then the questions; by its words.
    Phrasing(u16),
    /// A phrasing, by its sound.
    Sound(u16),
    /// A passage.
    Passage(u16),
    /// What picks taught: the number of the learned phrasing in the snapshot.
    Learned(u32),
    /// Its category only.
    Category,
    /// What the message does.
    Act,
    /// The customer names a risk that it takes over.
    Risk,
    /// The customer is angry, and it comforts.
    Comfort,
}

/// A summand of a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// What it is.
    pub name: ComponentName,
    /// How much it adds.
    pub value: f32,
}

/// What adds to a score.
#[derive(Debug, Clone, PartialEq)]
pub enum ComponentName {
    /// Typed exactly.
    Exact,
    /// Sounds like what was typed.
    Sound,
    /// The best phrasing, by its number; [`Terms::spell_out`] tells its terms.
    Phrasing(u16),
    /// A term of the best phrasing; boxed, since every candidate has components and few spell their terms.
    Term(Box<Term>),
    /// How like that phrasing is to the message, character by character.
    Likeness,
    /// The next-best phrasing.
    SecondPhrasing,
    /// The best passage.
    Passage,
    /// What agents picked for questions like this one.
    Learned,
    /// What the words of all questions that agents answered tell apart.
    Classifier,
    /// How often it is picked at all.
    Use,
    /// The category.
    Category,
    /// What the context adds or takes.
    Context,
    /// Made for what the message does.
    Act,
    /// Takes over a risk that the customer names.
    Risk,
    /// Comforts an angry customer.
    Comfort,
}

/// Ranks all candidates, best first; equal scores in the order of the library. The terms spell the scores out.
pub fn rank<'q>(
    snapshot: &Snapshot,
    query: &'q Query,
    candidates: &Candidates,
    allowed: &Bitset,
    context: &Context,
    weights: &Weights,
) -> (Vec<Ranked>, Terms<'q>) {
    let terms = weigh(snapshot, query, weights);
    let ideal = ideal(snapshot, query, &terms, weights);
    let categories = match_categories(snapshot, &terms);
    let characters = characters(&query.folded.text);
    let mut scorer = Scorer { snapshot, weights, matcher: Matcher::new(&terms), characters: &characters, ideal };
    let mut entries: FxHashMap<Ordinal, Gathered> = FxHashMap::default();
    for (ordinal, from_picks) in learned_from(snapshot, query, &candidates.learned, &terms, allowed, weights) {
        entries.entry(ordinal).or_default().learned = from_picks;
    }
    for candidate in &candidates.phrasings {
        entries.entry(candidate.ordinal).or_default().phrasing = true;
    }
    for candidate in &candidates.passages {
        let passage = &mut entries.entry(candidate.ordinal).or_default().passage;
        if passage.is_none_or(|(_, score)| score < candidate.score) {
            *passage = Some((candidate.part, candidate.score));
        }
    }
    let category = |ordinal| categories.get(&snapshot.category_of(ordinal)).copied().unwrap_or(0.0);
    let mut ranked: Vec<Ranked> =
        entries.into_iter().map(|(ordinal, gathered)| scorer.score(ordinal, &gathered, category(ordinal))).collect();
    add_exact(snapshot, query, allowed, &mut ranked);
    add_sounds(snapshot, query, candidates, &mut ranked);
    for entry in &mut ranked {
        finish(entry, context_factor(snapshot.entry(entry.ordinal), context, weights));
    }
    ranked.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.ordinal.cmp(&b.ordinal)));
    (ranked, terms)
}

#[derive(Default)]
struct Gathered {
    phrasing: bool,
    passage: Option<(u16, f32)>,
    learned: FromPicks,
}

struct Scorer<'s> {
    snapshot: &'s Snapshot,
    weights: &'s Weights,
    matcher: Matcher<'s>,
    /// Characters of the question.
    characters: &'s [char],
    /// Score of a phrasing equal to the question.
    ideal: f32,
}

impl Scorer<'_> {
    fn score(&mut self, ordinal: Ordinal, gathered: &Gathered, category: f32) -> Ranked {
        let mut components = Vec::with_capacity(USUAL_COMPONENTS);
        let passage = gathered.passage.map_or(0.0, |(_, passage)| self.weights.passage * passage) / self.ideal;
        let mut matched = gathered.passage.map_or(Matched::Category, |(part, _)| Matched::Passage(part));
        let (best, second) = if gathered.phrasing { self.best_phrasings(ordinal) } else { (None, 0.0) };
        if let Some(best) = best {
            if best.score() >= passage {
                matched = Matched::Phrasing(best.part);
            }
            push(&mut components, ComponentName::Phrasing(best.part), best.words);
            push(&mut components, ComponentName::Likeness, best.likeness);
            push(&mut components, ComponentName::SecondPhrasing, self.weights.second_phrasing * second);
        }
        push(&mut components, ComponentName::Passage, passage);
        let learned = self.weights.learned * gathered.learned.nearness();
        if let Some(number) = gathered.learned.nearest
            && learned > best.map_or(0.0, Best::score).max(passage)
        {
            matched = Matched::Learned(number);
        }
        push(&mut components, ComponentName::Learned, learned);
        push(&mut components, ComponentName::Classifier, self.weights.classifier * gathered.learned.likelihood);
        let used = self.snapshot.picks(ordinal);
        if used > 0 {
            #[expect(clippy::cast_precision_loss, reason = "a count for a logarithm")]
            let share = self.weights.picks * (1.0 + used as f32).ln();
            let found: f32 = components.iter().map(|component| component.value).sum();
            push(&mut components, ComponentName::Use, found * share);
        }
        push(&mut components, ComponentName::Category, self.weights.category * category / self.ideal);
        Ranked { ordinal, score: 0.0, matched, components }
    }

    /// The best phrasing of an entry, and the score of the next by words.
    fn best_phrasings(&mut self, ordinal: Ordinal) -> (Option<Best>, f32) {
        let mut best: Option<Best> = None;
        let mut second = 0.0_f32;
        let counts = self.snapshot.phrasing_terms();
        let phrasings = self.snapshot.phrasings_with_mass(ordinal, |phrasing| relative_mass(counts, phrasing));
        for (part, (phrasing, mass)) in (0u16..).zip(phrasings) {
            let sum = self.matcher.sum(&phrasing.terms, |weighed| weighed.worth);
            let words = sum * mass.powf(-self.weights.mass_power) / self.ideal;
            let like = |share: f32| self.weights.likeness * share.powi(3);
            // Most cannot be the best, however their characters stand: comparing these takes longer than the words.
            let most = words + like(greatest_likeness(self.characters, &phrasing.characters));
            if best.is_some_and(|known| most <= known.score()) {
                second = second.max(words);
                continue;
            }
            let this = Best { part, words, likeness: like(likeness(self.characters, &phrasing.characters)) };
            match best {
                Some(known) if this.score() <= known.score() => second = second.max(words),
                _ => second = best.replace(this).map_or(second, |known| second.max(known.words)),
            }
        }
        (best.filter(|best| best.words > 0.0), second)
    }
}

/// The phrasing of an entry that fits best.
#[derive(Debug, Clone, Copy)]
struct Best {
    part: u16,
    /// By the words that it shares.
    words: f32,
    /// By its characters.
    likeness: f32,
}

impl Best {
    fn score(self) -> f32 {
        self.words + self.likeness
    }
}

fn push(components: &mut Vec<Component>, name: ComponentName, value: f32) {
    if value != 0.0 {
        components.push(Component { name, value });
    }
}

/// Context, then the sum brought into 0..1: without bound it would tie all that match well, and a cut would lose their order.
fn finish(ranked: &mut Ranked, factor: f32) {
    let plain: f32 = ranked.components.iter().map(|component| component.value).sum();
    if ranked.components.iter().any(|component| component.name == ComponentName::Exact) {
        ranked.score = EXACT_SCORE;
        return;
    }
    let fitted = plain * factor;
    push(&mut ranked.components, ComponentName::Context, fitted - plain);
    let score = INEXACT_CEILING * (1.0 - (-fitted * SATURATION).exp());
    if fitted > 0.0 {
        for component in &mut ranked.components {
            component.value *= score / fitted;
        }
    }
    ranked.score = score.clamp(0.0, INEXACT_CEILING);
}
