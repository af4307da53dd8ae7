//! Order: candidates become ranked entries, with named weights, and every score can be explained as a sum.

use crate::analysis::fold;
use crate::analysis::pinyin::{find_initials, find_syllables};
use crate::entry::{Authority, Entry};
use crate::facet::Facet;
use crate::query::{Query, Term, TermKind};
use crate::search::{Candidates, phrasing_frequency};
use crate::snapshot::{Bitset, Ordinal, Snapshot, gram_hash, word_hash};
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

/// The weights of the ranking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// BM25's length normalisation of phrasings: 0 none, 1 full.
    pub phrasing_b: f32,
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
}

impl Weights {
    /// What the product ships with.
    pub const DEFAULT: Weights = Weights {
        phrasing_b: 0.5,
        second_phrasing: 0.15,
        passage: 0.35,
        category: 0.3,
        context_fit: 1.08,
        context_misfit: 0.7,
        single_character: 0.3,
        gram: 1.0,
    };
}

/// BM25's saturation: of a term that occurs once in a short text it only sets the scale.
const K1: f32 = 1.2;

/// Usual length of a phrasing, in characters, for the length normalisation: a constant, so that an edit elsewhere moves no score.
const USUAL_PHRASING_CHARS: f32 = 12.0;

/// Score of a shortcut typed exactly, or of a title or question typed exactly: above everything that only shares terms.
const EXACT_SCORE: f32 = 1.0;

/// Score of letters that are initials or syllables.
const SOUND_SCORE: f32 = 0.8;

/// The same with one letter off, from three letters on.
const NEAR_SOUND_SCORE: f32 = 0.35;

/// Highest score of anything that is not exact.
const INEXACT_CEILING: f32 = 0.99;

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
    /// Its category only.
    Category,
    /// What the message does.
    Act,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComponentName {
    /// Typed exactly.
    Exact,
    /// Sounds like what was typed.
    Sound,
    /// A term of the best phrasing.
    Term(String),
    /// The next-best phrasing.
    SecondPhrasing,
    /// The best passage.
    Passage,
    /// The category.
    Category,
    /// What the context adds or takes.
    Context,
    /// Made for what the message does.
    Act,
    /// What was above the ceiling of inexact matches.
    Ceiling,
}

/// A term with its hash and what a match of it is worth.
struct Weighed<'q> {
    hash: u64,
    worth: f32,
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
    let ideal = ideal(query, &terms, weights);
    let categories: Vec<f32> = snapshot.categories().iter().map(|category| matched_worth(&category.terms, &terms).1).collect();
    let mut entries: HashMap<Ordinal, Gathered> = HashMap::new();
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
            let mut ranked = score(snapshot, ordinal, &gathered, &terms, weights);
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
}

fn weigh<'q>(snapshot: &Snapshot, query: &'q Query, weights: &Weights) -> tantivy::Result<Vec<Weighed<'q>>> {
    let mut terms = query
        .terms
        .iter()
        .map(|term| {
            let (with, all) = phrasing_frequency(snapshot, term)?;
            let share = match term.kind {
                TermKind::Gram => weights.gram,
                TermKind::Word if term.text.chars().nth(1).is_none() => weights.single_character,
                TermKind::Word => 1.0,
            };
            let hash = match term.kind {
                TermKind::Word => word_hash(&term.text),
                TermKind::Gram => gram_hash(&term.text),
            };
            Ok(Weighed { hash, worth: term.weight * share * idf(with, all), term })
        })
        .collect::<tantivy::Result<Vec<_>>>()?;
    terms.sort_unstable_by_key(|weighed| weighed.hash);
    Ok(terms)
}

/// Robertson and Spärck Jones' inverse document frequency, never negative (as Lucene has it).
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^24 where it matters")]
fn idf(with: u64, all: u64) -> f32 {
    (1.0 + (all as f32 - with as f32 + 0.5) / (with as f32 + 0.5)).ln().max(0.0)
}

/// Score of a phrasing equal to the question: what every score is measured by.
fn ideal(query: &Query, terms: &[Weighed], weights: &Weights) -> f32 {
    let written: f32 = terms.iter().filter(|weighed| weighed.term.weight >= 1.0).map(|weighed| weighed.worth).sum();
    let length = query
        .content
        .iter()
        .map(|range| query.folded.text[range.clone()].chars().filter(|character| character.is_alphanumeric()).count())
        .sum::<usize>();
    (written * length_factor(u32::try_from(length).unwrap_or(u32::MAX), weights)).max(f32::MIN_POSITIVE)
}

#[expect(clippy::cast_precision_loss, reason = "lengths are small")]
fn length_factor(length_chars: u32, weights: &Weights) -> f32 {
    (K1 + 1.0) / (1.0 + K1 * (1.0 - weights.phrasing_b + weights.phrasing_b * length_chars as f32 / USUAL_PHRASING_CHARS))
}

/// Indices of the terms that occur, and the sum of their worth. Both lists ascend by hash.
fn matched_worth(text: &[u64], terms: &[Weighed]) -> (Vec<usize>, f32) {
    let (mut found, mut worth) = (Vec::new(), 0.0);
    let mut at = 0;
    for hash in text {
        while at < terms.len() && terms[at].hash < *hash {
            at += 1;
        }
        if at < terms.len() && terms[at].hash == *hash {
            found.push(at);
            worth += terms[at].worth;
        }
    }
    (found, worth)
}

fn score(snapshot: &Snapshot, ordinal: Ordinal, gathered: &Gathered, terms: &[Weighed], weights: &Weights) -> Ranked {
    let mut components = Vec::new();
    let mut matched = gathered.passage.map_or(Matched::Category, |(part, _)| Matched::Passage(part));
    if gathered.phrasing {
        let mut best: Option<(u16, f32, Vec<usize>, f32)> = None;
        let mut second = 0.0_f32;
        for (part, phrasing) in (0u16..).zip(snapshot.phrasings(ordinal)) {
            let (found, worth) = matched_worth(&phrasing.terms, terms);
            let factor = length_factor(phrasing.length_chars, weights);
            let score = worth * factor;
            if best.as_ref().is_none_or(|(_, best, ..)| *best < score) {
                second = best.as_ref().map_or(0.0, |(_, best, ..)| *best);
                best = Some((part, score, found, factor));
            } else {
                second = second.max(score);
            }
        }
        if let Some((part, score, found, factor)) = best.filter(|(_, score, ..)| *score > 0.0) {
            let passage = gathered.passage.map_or(0.0, |(_, passage)| weights.passage * passage);
            if score >= passage {
                matched = Matched::Phrasing(part);
            }
            components.extend(found.iter().map(|index| Component {
                name: ComponentName::Term(terms[*index].term.text.clone()),
                value: terms[*index].worth * factor,
            }));
            push(&mut components, ComponentName::SecondPhrasing, weights.second_phrasing * second);
        }
    }
    if let Some((_, passage)) = gathered.passage {
        push(&mut components, ComponentName::Passage, weights.passage * passage);
    }
    Ranked { ordinal, score: 0.0, matched, components }
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

/// Context, ceiling, sum.
fn finish(ranked: &mut Ranked, entry: &Entry, context: &Context, weights: &Weights) {
    let plain: f32 = ranked.components.iter().map(|component| component.value).sum();
    let exact = ranked.components.iter().any(|component| component.name == ComponentName::Exact);
    if !exact && plain > INEXACT_CEILING {
        push(&mut ranked.components, ComponentName::Ceiling, INEXACT_CEILING - plain);
    }
    let capped = if exact { plain } else { plain.min(INEXACT_CEILING) };
    let factor = context_factor(entry, context, weights);
    let fitted = (capped * factor).min(if exact { EXACT_SCORE } else { INEXACT_CEILING });
    push(&mut ranked.components, ComponentName::Context, fitted - capped);
    ranked.score = ranked.components.iter().map(|component| component.value).sum::<f32>().clamp(0.0, 1.0);
}

/// Facets of the context that an entry is made for lift it, those that it is not made for push it back.
fn context_factor(entry: &Entry, context: &Context, weights: &Weights) -> f32 {
    let facets = [Facet::Channel, Facet::Stage, Facet::Product, Facet::Customer, Facet::Emotion, Facet::Shop];
    let mut factor = 1.0;
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
