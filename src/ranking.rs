//! Order: candidates become ranked entries, with named weights, and every score can be explained as a sum.

use crate::analysis::fold;
use crate::analysis::pinyin::{find_initials, find_syllables};
use crate::entry::{Authority, Entry};
use crate::facet::Facet;
use crate::query::{Origin, Query, Term, TermKind};
use crate::search::{Candidate, Candidates, frequency};
use crate::snapshot::{Bitset, Category, Ordinal, Phrasing, Snapshot, WordCounts, gram_hash, is_single, word_hash};
use std::collections::HashMap;

/// What is known of the chat (情境); lifts what fits, hides nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context {
    /// Where the chat happens.
    pub channel: Option<String>,
    /// 售前, 售中, 售后.
    pub stage: Option<String>,
    /// A category path.
    pub category: Option<String>,
    /// 品类.
    pub product: Option<String>,
    /// 客群.
    pub customer: Option<String>,
    /// What the agent says of the mood; absent: read from the message.
    pub emotion: Option<String>,
    /// Shop id.
    pub shop: Option<String>,
    /// The agent's level; absent: the least.
    pub authority: Authority,
    /// Which conversation.
    pub conversation_id: Option<String>,
    /// Replies used lately, oldest first: they step back.
    pub used_reply_ids: Vec<String>,
}

impl Context {
    /// The value of a facet.
    pub fn value(&self, facet: Facet) -> Option<&str> {
        match facet {
            Facet::Stage => self.stage.as_deref(),
            Facet::Channel => self.channel.as_deref(),
            Facet::Product => self.product.as_deref(),
            Facet::Customer => self.customer.as_deref(),
            Facet::Emotion => self.emotion.as_deref(),
            Facet::Shop => self.shop.as_deref(),
            Facet::Authority => Some(self.authority.as_str()),
            Facet::Hours | Facet::Trigger => None,
        }
    }
}

/// The weights of the ranking, chosen on the development half of the help-centre data (`docs/ranking.md`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// How much a phrasing pays for what it says beyond the question: the power of its mass (see [`mass`]). 0 none, 1 in proportion.
    pub mass_power: f32,
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
    /// Share of a word that is a single character.
    pub single_character: f32,
    /// Share of a bigram beside a word.
    pub gram: f32,
    /// Share of a synonym beside what [`crate::query`] gives it.
    pub synonym: f32,
    /// Share of an intent beside a word.
    pub intent: f32,
    /// Share of what was learned from the nearest questions.
    pub learned: f32,
    /// As `mass_power`, for learned phrasings: less, since a customer's message always says more than it asks.
    pub learned_mass_power: f32,
    /// Share of how often an entry is picked at all, by logarithm.
    pub picks: f32,
}

impl Weights {
    /// What the product ships with.
    pub const DEFAULT: Weights = Weights {
        mass_power: 0.6,
        second_phrasing: 0.15,
        passage: 0.45,
        category: 0.8,
        context_fit: 1.08,
        context_misfit: 0.7,
        single_character: 0.6,
        gram: 1.1,
        synonym: 1.0,
        intent: 4.0,
        learned: 1.5,
        learned_mass_power: 0.5,
        picks: 0.25,
    };
}

/// Mass of a usual phrasing, in units of ln(phrasings): four telling words.
const USUAL_WORDS: f32 = 3.9;

/// BM25's saturation: of a term that occurs once in a short text it only sets the scale.
const K1: f32 = 1.2;

/// Learned phrasings that have a say: more only add noise (5 to 40 tried).
const NEIGHBOURS: usize = 20;

/// Jaccard similarity of terms from which two questions are one to somebody who is not alone in asking.
const NEARLY_ALL: f32 = 0.8;

/// Length normalisation of categories: half, since a path names its parents too.
const CATEGORY_B: f32 = 0.5;

/// Usual number of tokens of a category.
const USUAL_CATEGORY_TERMS: f32 = 14.0;

/// Score of a shortcut typed exactly, or of a title or question typed exactly: above everything that only shares terms.
const EXACT_SCORE: f32 = 1.0;

/// Score of letters that are initials or syllables.
const SOUND_SCORE: f32 = 0.8;

/// The same with one letter off, from three letters on.
const NEAR_SOUND_SCORE: f32 = 0.35;

/// Highest score of anything that is not exact.
const INEXACT_CEILING: f32 = 0.99;

/// How fast the score nears its ceiling: a sum of 1, a phrasing equal to the question, gives .8.
const SATURATION: f32 = 1.6;

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
    /// A term of the best phrasing.
    Term(Term),
    /// The next-best phrasing.
    SecondPhrasing,
    /// The best passage.
    Passage,
    /// What agents picked for questions like this one.
    Learned,
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

/// The terms of a query with what a match of each is worth.
struct Terms<'q> {
    /// Ascending by hash; a term of several notions stands several times.
    by_hash: Vec<Weighed<'q>>,
    /// One more than the greatest alternative of each notion, summed up: where a notion's alternatives begin in a flat list.
    first_slot: Vec<usize>,
}

struct Weighed<'q> {
    hash: u64,
    /// In the phrasings.
    worth: f32,
    /// In the learned phrasings.
    learned_worth: f32,
    /// In the categories.
    category_worth: f32,
    /// Index of its notion and alternative in a flat list.
    slot: usize,
    term: &'q Term,
}

/// Ranks all candidates, best first; equal scores in the order of the library.
///
/// # Errors
/// Where the index cannot be read.
pub fn rank(
    snapshot: &Snapshot,
    query: &Query,
    candidates: &Candidates,
    allowed: &Bitset,
    context: &Context,
    weights: &Weights,
) -> tantivy::Result<Vec<Ranked>> {
    let terms = weigh(snapshot, query, weights)?;
    let ideal = ideal(snapshot, query, &terms, weights);
    let categories = match_categories(snapshot, &terms);
    let mut scorer = Scorer { snapshot, weights, matcher: Matcher::new(&terms), terms: &terms };
    let mut entries: HashMap<Ordinal, Gathered> = HashMap::new();
    scorer.gather_learned(&candidates.learned, &mut entries);
    for candidate in &candidates.phrasings {
        entries.entry(candidate.ordinal).or_default().phrasing = true;
    }
    for candidate in &candidates.passages {
        let passage = &mut entries.entry(candidate.ordinal).or_default().passage;
        if passage.is_none_or(|(_, score)| score < candidate.score) {
            *passage = Some((candidate.part, candidate.score));
        }
    }
    let mut ranked: Vec<Ranked> = entries
        .into_iter()
        .map(|(ordinal, gathered)| {
            let mut ranked = scorer.score(ordinal, &gathered);
            push(&mut ranked.components, ComponentName::Category, weights.category * categories[snapshot.category_of(ordinal)]);
            for component in &mut ranked.components {
                component.value /= ideal;
            }
            ranked
        })
        .collect();
    add_exact(snapshot, query, allowed, &mut ranked);
    add_sounds(snapshot, query, candidates, &mut ranked);
    for entry in &mut ranked {
        finish(entry, snapshot.entry(entry.ordinal), context, weights);
    }
    ranked.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.ordinal.cmp(&b.ordinal)));
    Ok(ranked)
}

#[derive(Default)]
struct Gathered {
    phrasing: bool,
    passage: Option<(u16, f32)>,
    /// Number of the nearest learned phrasing, its score, and the sum of the squares of all.
    learned: Option<(u32, f32, f32)>,
}

fn weigh<'q>(snapshot: &Snapshot, query: &'q Query, weights: &Weights) -> tantivy::Result<Terms<'q>> {
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
    for term in &query.terms {
        let in_phrasings = idf(frequency(&snapshot.searchers.phrasings, term)?, snapshot.phrasing_words().documents());
        let in_learned = match snapshot.learned_words().documents() {
            0 => 0.0,
            all => idf(frequency(&snapshot.searchers.learned, term)?, all),
        };
        let inferred = if matches!(term.origin, Origin::Synonym(_)) { weights.synonym } else { 1.0 };
        let share = term.weight
            * inferred
            * match term.kind {
                TermKind::Gram => weights.gram,
                TermKind::Word if is_single(&term.text) => weights.single_character,
                TermKind::Word => 1.0,
                TermKind::Intent => weights.intent,
            };
        let hash = match term.kind {
            TermKind::Word | TermKind::Intent => word_hash(&term.text),
            TermKind::Gram => gram_hash(&term.text),
        };
        let in_category: u32 = snapshot
            .categories()
            .iter()
            .filter(|category| category.terms.binary_search(&hash).is_ok())
            .map(|category| category.entries)
            .sum();
        let category_worth = if in_category == 0 { 0.0 } else { share * idf(u64::from(in_category), snapshot.len() as u64) };
        let slot = first_slot[term.notion as usize] + term.alternative as usize;
        by_hash.push(Weighed { hash, worth: share * in_phrasings, learned_worth: share * in_learned, category_worth, slot, term });
    }
    by_hash.sort_unstable_by_key(|weighed| weighed.hash);
    Ok(Terms { by_hash, first_slot })
}

/// Robertson and Spärck Jones' inverse document frequency, never negative (as Lucene has it).
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^24 where it matters")]
pub(crate) fn idf(with: u64, all: u64) -> f32 {
    (1.0 + (all as f32 - with as f32 + 0.5) / (with as f32 + 0.5)).ln().max(0.0)
}

/// Score of a phrasing equal to the question: what every score is measured by.
fn ideal(snapshot: &Snapshot, query: &Query, terms: &Terms, weights: &Weights) -> f32 {
    let written: f32 = terms.by_hash.iter().filter(|weighed| weighed.term.origin == Origin::Written).map(|weighed| weighed.worth).sum();
    let content: Vec<&str> = query.content.iter().map(|range| &query.folded.text[range.clone()]).collect();
    let whole = Phrasing::new(&content.join(" "), &snapshot.analyzer);
    (written * mass_factor(snapshot, &whole, weights)).max(f32::MIN_POSITIVE)
}

/// How much a phrasing says in all: the idf of its words. One that says much beyond what was asked (白条支付的订单退款要收手续费吗 for 退款)
/// is about something narrower, which a mere length does not tell.
fn mass(counts: &WordCounts, phrasing: &Phrasing, weights: &Weights) -> f32 {
    let of =
        |(hash, single): &(u64, bool)| idf(counts.of(*hash), counts.documents()) * if *single { weights.single_character } else { 1.0 };
    phrasing.words.iter().map(of).sum()
}

fn mass_factor(snapshot: &Snapshot, phrasing: &Phrasing, weights: &Weights) -> f32 {
    relative_mass(snapshot.phrasing_words(), phrasing, weights).powf(-weights.mass_power)
}

/// Mass in proportion to that of a usual phrasing.
#[expect(clippy::cast_precision_loss, reason = "a count for a logarithm")]
fn relative_mass(counts: &WordCounts, phrasing: &Phrasing, weights: &Weights) -> f32 {
    let usual = USUAL_WORDS * (1.0 + counts.documents() as f32).ln();
    mass(counts, phrasing, weights).max(1.0) / usual.max(1.0)
}

/// Finds which terms of the query a text has; keeps its buffers from text to text.
struct Matcher<'t> {
    terms: &'t Terms<'t>,
    worth: Vec<f32>,
    touched: Vec<usize>,
}

impl<'t> Matcher<'t> {
    fn new(terms: &'t Terms<'t>) -> Matcher<'t> {
        Matcher { terms, worth: vec![0.0; terms.first_slot.last().copied().unwrap_or(0)], touched: Vec::new() }
    }

    /// Sum over the notions of their best alternative, and which slots those are. `text` ascends.
    fn sum(&mut self, text: &[u64], worth: impl Fn(&Weighed) -> f32) -> (f32, Vec<usize>) {
        for slot in self.touched.drain(..) {
            self.worth[slot] = 0.0;
        }
        let by_hash = &self.terms.by_hash;
        let mut at = 0;
        for hash in text {
            while at < by_hash.len() && by_hash[at].hash < *hash {
                at += 1;
            }
            let mut same = at;
            while same < by_hash.len() && by_hash[same].hash == *hash {
                self.worth[by_hash[same].slot] += worth(&by_hash[same]);
                self.touched.push(by_hash[same].slot);
                same += 1;
            }
        }
        let (mut sum, mut best) = (0.0, Vec::new());
        self.touched.sort_unstable();
        self.touched.dedup();
        let mut rest = self.touched.as_slice();
        while let Some(first) = rest.first() {
            let end = self.terms.first_slot[self.terms.first_slot.partition_point(|start| start <= first)];
            let (notion, after) = rest.split_at(rest.partition_point(|slot| *slot < end));
            rest = after;
            if let Some(slot) = notion.iter().copied().max_by(|a, b| self.worth[*a].total_cmp(&self.worth[*b]).then(b.cmp(a))) {
                sum += self.worth[slot];
                best.push(slot);
            }
        }
        (sum, best)
    }
}

fn match_categories(snapshot: &Snapshot, terms: &Terms) -> Vec<f32> {
    let mut matcher = Matcher::new(terms);
    let score = |category: &Category| {
        #[expect(clippy::cast_precision_loss, reason = "a number of tokens")]
        let length = 1.0 - CATEGORY_B + CATEGORY_B * category.terms.len() as f32 / USUAL_CATEGORY_TERMS;
        matcher.sum(&category.terms, |weighed| weighed.category_worth).0 * (K1 + 1.0) / (1.0 + K1 * length)
    };
    snapshot.categories().iter().map(score).collect()
}

struct Scorer<'s> {
    snapshot: &'s Snapshot,
    weights: &'s Weights,
    terms: &'s Terms<'s>,
    matcher: Matcher<'s>,
}

impl Scorer<'_> {
    fn score(&mut self, ordinal: Ordinal, gathered: &Gathered) -> Ranked {
        let mut components = Vec::new();
        let passage = gathered.passage.map_or(0.0, |(_, passage)| self.weights.passage * passage);
        let mut matched = gathered.passage.map_or(Matched::Category, |(part, _)| Matched::Passage(part));
        let mut best: Option<(u16, f32)> = None;
        let mut second = 0.0_f32;
        if gathered.phrasing {
            for (part, phrasing) in (0u16..).zip(self.snapshot.phrasings(ordinal)) {
                let score =
                    self.matcher.sum(&phrasing.terms, |weighed| weighed.worth).0 * mass_factor(self.snapshot, phrasing, self.weights);
                match best {
                    Some((_, known)) if score <= known => second = second.max(score),
                    _ => second = best.replace((part, score)).map_or(second, |(_, known)| second.max(known)),
                }
            }
        }
        if let Some((part, score)) = best.filter(|(_, score)| *score > 0.0) {
            if score >= passage {
                matched = Matched::Phrasing(part);
            }
            self.explain_phrasing(&self.snapshot.phrasings(ordinal)[part as usize], &mut components);
            push(&mut components, ComponentName::SecondPhrasing, self.weights.second_phrasing * second);
        }
        push(&mut components, ComponentName::Passage, passage);
        if let Some((number, _, squares)) = gathered.learned {
            let learned = self.weights.learned * squares.sqrt();
            if learned > best.map_or(0.0, |(_, score)| score).max(passage) {
                matched = Matched::Learned(number);
            }
            push(&mut components, ComponentName::Learned, learned);
        }
        let used = self.snapshot.picks(ordinal);
        if used > 0 {
            #[expect(clippy::cast_precision_loss, reason = "a count for a logarithm")]
            let share = self.weights.picks * (1.0 + used as f32).ln();
            let found: f32 = components.iter().map(|component| component.value).sum();
            push(&mut components, ComponentName::Use, found * share);
        }
        Ranked { ordinal, score: 0.0, matched, components }
    }

    /// Brings the nearest learned phrasings to their entries.
    fn gather_learned(&mut self, candidates: &[Candidate], entries: &mut HashMap<Ordinal, Gathered>) {
        let counts = self.snapshot.learned_words();
        let mut near: Vec<(u32, Ordinal, f32)> = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let Some((learned, ordinal)) = self.snapshot.learned_phrasing(candidate.ordinal) else { continue };
            let phrasing = Phrasing::learned(&learned.text, &self.snapshot.analyzer);
            let worth = self.matcher.sum(&phrasing.terms, |weighed| weighed.learned_worth).0;
            if learned.single_identity && !self.is_nearly_all(&phrasing) {
                continue;
            }
            let factor = relative_mass(counts, &phrasing, self.weights).powf(-self.weights.learned_mass_power);
            near.push((candidate.ordinal, ordinal, worth * factor * learned.weight));
        }
        near.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        near.truncate(NEIGHBOURS);
        for (number, ordinal, score) in near.into_iter().filter(|(.., score)| *score > 0.0) {
            let learned = &mut entries.entry(ordinal).or_default().learned;
            match learned {
                Some((_, _, squares)) => *squares += score * score,
                None => *learned = Some((number, score, score * score)),
            }
        }
    }

    /// Whether a text and the question are nearly the same: what one person picked may help with the same question, and with no other.
    fn is_nearly_all(&self, phrasing: &Phrasing) -> bool {
        let written = || self.terms.by_hash.iter().filter(|weighed| weighed.term.origin == Origin::Written);
        let shared = written().filter(|weighed| phrasing.terms.binary_search(&weighed.hash).is_ok()).count();
        let all = written().count() + phrasing.terms.len() - shared;
        #[expect(clippy::cast_precision_loss, reason = "counts of terms")]
        let jaccard = shared as f32 / all.max(1) as f32;
        jaccard >= NEARLY_ALL
    }

    /// What each term of the best phrasing adds.
    fn explain_phrasing(&mut self, phrasing: &Phrasing, components: &mut Vec<Component>) {
        let factor = mass_factor(self.snapshot, phrasing, self.weights);
        let (_, slots) = self.matcher.sum(&phrasing.terms, |weighed| weighed.worth);
        for weighed in &self.terms.by_hash {
            if slots.contains(&weighed.slot) && phrasing.terms.binary_search(&weighed.hash).is_ok() {
                push(components, ComponentName::Term(weighed.term.clone()), weighed.worth * factor);
            }
        }
    }
}

fn push(components: &mut Vec<Component>, name: ComponentName, value: f32) {
    if value != 0.0 {
        components.push(Component { name, value });
    }
}

/// A shortcut, title or question typed exactly.
fn add_exact(snapshot: &Snapshot, query: &Query, allowed: &Bitset, ranked: &mut Vec<Ranked>) {
    let typed = query.folded.text.trim();
    if typed.is_empty() {
        return;
    }
    let typed_content: String = typed.chars().filter(|character| character.is_alphanumeric()).collect();
    let same = |text: &str| fold(text).text.chars().filter(|character| character.is_alphanumeric()).eq(typed_content.chars());
    for entry in ranked.iter_mut() {
        if let Matched::Phrasing(part) = entry.matched {
            let source = snapshot.entry(entry.ordinal);
            let text = if part == 0 { &source.title } else { &source.questions[part as usize - 1] };
            if same(text) {
                entry.components = vec![Component { name: ComponentName::Exact, value: EXACT_SCORE }];
            }
        }
    }
    if let Some(ordinal) = snapshot.shortcut(typed).filter(|ordinal| allowed.contains(*ordinal)) {
        ranked.retain(|entry| entry.ordinal != ordinal);
        ranked.push(Ranked {
            ordinal,
            score: 0.0,
            matched: Matched::Shortcut,
            components: vec![Component { name: ComponentName::Exact, value: EXACT_SCORE }],
        });
    }
}

/// Phrasings whose initials or syllables were typed.
fn add_sounds(snapshot: &Snapshot, query: &Query, candidates: &Candidates, ranked: &mut Vec<Ranked>) {
    let Some(letters) = &query.letters else { return };
    let mut best: HashMap<Ordinal, (u16, f32)> = HashMap::new();
    for candidate in &candidates.sounds {
        let entry = snapshot.entry(candidate.ordinal);
        let text = fold(if candidate.part == 0 { &entry.title } else { &entry.questions[candidate.part as usize - 1] }).text;
        let exact = find_initials(&text, &letters.letters, 0).or_else(|| find_syllables(&text, letters.syllables.as_deref()?));
        let near = || (letters.letters.len() >= 3).then(|| find_initials(&text, &letters.letters, 1)).flatten();
        let score = match exact {
            Some(span) => SOUND_SCORE * nearness(&span, &text),
            None => match near() {
                Some(span) => NEAR_SOUND_SCORE * nearness(&span, &text),
                None => continue,
            },
        };
        let known = best.entry(candidate.ordinal).or_insert((candidate.part, score));
        if known.1 < score {
            *known = (candidate.part, score);
        }
    }
    for (ordinal, (part, value)) in best {
        if ranked.iter().any(|entry| entry.ordinal == ordinal && entry.matched == Matched::Shortcut) {
            continue;
        }
        ranked.retain(|entry| entry.ordinal != ordinal);
        ranked.push(Ranked {
            ordinal,
            score: 0.0,
            matched: Matched::Sound(part),
            components: vec![Component { name: ComponentName::Sound, value }],
        });
    }
}

/// 1 where the sounds are the whole text; less for later and for longer ones.
#[expect(clippy::cast_precision_loss, reason = "lengths are small")]
fn nearness(span: &std::ops::Range<usize>, text: &str) -> f32 {
    let covered = span.len() as f32 / text.len().max(1) as f32;
    let early = if span.start == 0 { 0.1 } else { 0.0 };
    0.6 + 0.3 * covered + early
}

/// Context, then the sum brought into 0..1: without bound it would tie all that match well, and a cut would lose their order.
fn finish(ranked: &mut Ranked, entry: &Entry, context: &Context, weights: &Weights) {
    let plain: f32 = ranked.components.iter().map(|component| component.value).sum();
    if ranked.components.iter().any(|component| component.name == ComponentName::Exact) {
        ranked.score = EXACT_SCORE;
        return;
    }
    let fitted = plain * context_factor(entry, context, weights);
    push(&mut ranked.components, ComponentName::Context, fitted - plain);
    let score = INEXACT_CEILING * (1.0 - (-fitted * SATURATION).exp());
    if fitted > 0.0 {
        for component in &mut ranked.components {
            component.value *= score / fitted;
        }
    }
    ranked.score = score.clamp(0.0, INEXACT_CEILING);
}

/// Share that is left to a script that no customer asks for: found by who looks for it, below what answers.
const PROACTIVE: f32 = 0.5;

/// Facets of the context that an entry is made for lift it, those that it is not made for push it back.
fn context_factor(entry: &Entry, context: &Context, weights: &Weights) -> f32 {
    let facets = [Facet::Channel, Facet::Stage, Facet::Product, Facet::Customer, Facet::Emotion, Facet::Shop];
    let mut factor = if entry.trigger.is_some() && entry.questions.is_empty() { PROACTIVE } else { 1.0 };
    for (facet, value) in facets.into_iter().filter_map(|facet| Some((facet, context.value(facet)?))) {
        let mut own = entry.facet(facet).peekable();
        if own.peek().is_some() {
            factor *= if own.any(|own| own == value) { weights.context_fit } else { weights.context_misfit };
        }
    }
    let in_category = |category: &String| entry.category.starts_with(category.as_str());
    if context.category.as_ref().is_some_and(in_category) {
        factor *= weights.context_fit;
    }
    factor
}
