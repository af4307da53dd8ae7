//! What comes before the matter: the entry that takes over a risk, and the one that comforts who is angry. Pure; called by `answer`.
//!
//! A risk (过敏, 起火, 12315) stops routine: its entry says what to do first and who takes over, so it stands first. Anger wants to be met
//! before the matter is: one comforting entry stands first and the matter follows at once. Haste is neither and moves no entry.

use crate::entry::{Entry, Kind};
use crate::facet::Facet;
use crate::lexicon::{Emotion, EmotionReading};
use crate::matters::LEAST_MATTER;
use crate::ranking::{Component, ComponentName, Context, Matched, Ranked};
use crate::snapshot::{Bitset, Ordinal, Snapshot};

/// Most risks that put an entry first, the gravest: with more, the matter would leave the first three.
const MAX_RISKS_FIRST: usize = 2;

/// An entry for angry customers among the first so many comforts better than the general one, since it knows the matter.
const COMFORT_REACH: usize = 3;

/// Puts first what must be said before the matter. What was typed exactly stays first: the agent, or the author, has decided.
pub fn put_urgent_first(snapshot: &Snapshot, reading: &EmotionReading, context: &Context, allowed: &Bitset, ranked: &mut Vec<Ranked>) {
    let typed_exactly = |entry: &Ranked| entry.components.iter().any(|component| component.name == ComponentName::Exact);
    if ranked.first().is_some_and(typed_exactly) {
        return;
    }
    let risks = risk_entries(snapshot, reading, allowed);
    if !risks.is_empty() {
        for ordinal in risks.into_iter().rev() {
            put_first(ranked, ordinal, Matched::Risk, ComponentName::Risk);
        }
    } else if reading.emotion == Emotion::Angry
        && context.emotion.as_deref() == Some(Emotion::Angry.as_str())
        && let Some(ordinal) = comfort(snapshot, context, allowed, ranked)
    {
        put_first(ranked, ordinal, Matched::Comfort, ComponentName::Comfort);
    }
}

/// The entries that take over what the customer names, in the order of the lexicon, the gravest first.
fn risk_entries(snapshot: &Snapshot, reading: &EmotionReading, allowed: &Bitset) -> Vec<Ordinal> {
    let risks = &snapshot.library.lexicon.emotions.risks;
    let mut entries: Vec<Ordinal> = Vec::new();
    for risk in reading.risks.iter().filter_map(|risk| risks.get(*risk)) {
        if let Some(ordinal) = snapshot.ordinal(&risk.entry).filter(|ordinal| allowed.contains(*ordinal) && !entries.contains(ordinal)) {
            entries.push(ordinal);
        }
    }
    entries.truncate(MAX_RISKS_FIRST);
    entries
}

/// The entry that comforts, `None` where the first hit does so itself and is the matter: a guess comforts nobody.
fn comfort(snapshot: &Snapshot, context: &Context, allowed: &Bitset, ranked: &[Ranked]) -> Option<Ordinal> {
    if ranked.first().is_some_and(|first| first.score >= LEAST_MATTER && comforts(snapshot.entry(first.ordinal))) {
        return None;
    }
    let near = ranked.iter().take(COMFORT_REACH).map(|entry| entry.ordinal);
    let named = snapshot.library.lexicon.emotions.comfort.as_deref().and_then(|id| snapshot.ordinal(id));
    // Without a name: an entry for angry customers alone, of those found by the question the best.
    let any = ranked.iter().map(|entry| entry.ordinal).chain((0..).take(snapshot.library.entries.len()));
    // What takes over a risk comforts nobody who has not named it.
    let usable = |ordinal: &Ordinal| {
        let entry = snapshot.entry(*ordinal);
        let takes_over = snapshot.library.lexicon.emotions.risks.iter().any(|risk| risk.entry == *entry.id);
        allowed.contains(*ordinal) && entry.kind == Kind::Answer && entry.authority <= context.authority && !takes_over
    };
    let only_for_anger = |ordinal: &Ordinal| snapshot.entry(*ordinal).facet(Facet::Emotion).eq([Emotion::Angry.as_str()]);
    near.filter(|ordinal| serves_anger(snapshot.entry(*ordinal)))
        .find(usable)
        .or_else(|| named.filter(usable))
        .or_else(|| any.filter(only_for_anger).find(usable))
}

/// Whether an entry, or one of its replies, is made for angry customers.
fn comforts(entry: &Entry) -> bool {
    let for_anger = |(facet, value): &(Facet, String)| *facet == Facet::Emotion && value == Emotion::Angry.as_str();
    serves_anger(entry) || entry.replies.iter().any(|reply| reply.conditions.iter().any(for_anger))
}

fn serves_anger(entry: &Entry) -> bool {
    entry.facet(Facet::Emotion).any(|value| value == Emotion::Angry.as_str())
}

fn put_first(ranked: &mut Vec<Ranked>, ordinal: Ordinal, matched: Matched, name: ComponentName) {
    ranked.retain(|entry| entry.ordinal != ordinal);
    ranked.insert(0, Ranked { ordinal, score: 1.0, matched, components: vec![Component { name, value: 1.0 }] });
}
