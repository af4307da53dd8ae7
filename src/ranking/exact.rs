//! What is found by more than shared words: a shortcut, title or question typed exactly, and letters that are initials or syllables.

use super::{Component, ComponentName, Matched, Ranked};
use crate::analysis::fold;
use crate::analysis::pinyin::{find_initials, find_syllables};
use crate::analysis::terms::characters;
use crate::query::Query;
use crate::search::Candidates;
use crate::snapshot::{Bitset, Ordinal, Snapshot};
use std::collections::HashMap;

/// Score of a shortcut typed exactly, or of a title or question typed exactly: above everything that only shares terms.
pub(super) const EXACT_SCORE: f32 = 1.0;

/// Score of letters that are initials or syllables.
const SOUND_SCORE: f32 = 0.8;

/// The same with one letter off, from three letters on.
const NEAR_SOUND_SCORE: f32 = 0.35;

/// A shortcut, title or question typed exactly.
pub(super) fn add_exact(snapshot: &Snapshot, query: &Query, allowed: &Bitset, ranked: &mut Vec<Ranked>) {
    let typed = query.folded.text.trim();
    if typed.is_empty() {
        return;
    }
    let typed_content: String = typed.chars().filter(|character| character.is_alphanumeric()).collect();
    let typed_characters = characters(typed);
    let same = |text: &str| fold(text).text.chars().filter(|character| character.is_alphanumeric()).eq(typed_content.chars());
    for entry in ranked.iter_mut() {
        if let Matched::Phrasing(part) = entry.matched
            // Folding is dear; the same characters in whatever order are the same text in few cases.
            && *snapshot.phrasings(entry.ordinal)[part as usize].characters == *typed_characters
            && same(snapshot.entry(entry.ordinal).phrasing(part))
        {
            entry.components = vec![Component { name: ComponentName::Exact, value: EXACT_SCORE }];
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
pub(super) fn add_sounds(snapshot: &Snapshot, query: &Query, candidates: &Candidates, ranked: &mut Vec<Ranked>) {
    let Some(letters) = &query.letters else { return };
    let mut best: HashMap<Ordinal, (u16, f32)> = HashMap::new();
    for candidate in &candidates.sounds {
        let entry = snapshot.entry(candidate.ordinal);
        let text = fold(entry.phrasing(candidate.part)).text;
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
