//! Several matters in one message (发票怎么开？另外运费险怎么赔): each is searched for on its own as well, so that each has its hit. Pure but for the
//! search; called by `answer`.

use crate::analysis::Analyzer;
use crate::lexicon::Voice;
use crate::query::{self, Query};
use crate::ranking::{Context, Ranked, Weights, rank};
use crate::search::candidates;
use crate::snapshot::{Bitset, Snapshot};
use std::ops::Range;

/// Matters that are searched for on their own: agents read three hits.
pub const MAX_MATTERS: usize = 3;

/// Least score of a matter's best entry: a part of a message that nothing answers is no matter of its own.
pub(crate) const LEAST_MATTER: f32 = 0.5;

/// Signs that end a sentence.
const ENDS: [char; 7] = ['\n', '。', '?', '!', ';', '…', '~'];

/// Words that turn to another matter.
const TURNS: [&str; 9] = ["另外", "还有", "顺便", "对了", "再问", "再就是", "还想问", "其次", "以及"];

/// Parts of a folded message that ask for different matters, each with an intent that no part before it has; empty where there is one matter.
pub fn parts(folded: &str, analyzer: &Analyzer) -> Vec<Range<usize>> {
    let mut parts: Vec<(Range<usize>, Vec<String>)> = Vec::new();
    for range in sentences(folded) {
        let mut intents = analyzer.intents(&folded[range.clone()], Voice::Customer);
        intents.retain(|intent| parts.iter().all(|(_, known)| !known.contains(intent)));
        match parts.last_mut() {
            // What asks for nothing new belongs to what was said before.
            Some((before, _)) if intents.is_empty() => before.end = range.end,
            _ => parts.push((range, intents)),
        }
    }
    parts.retain(|(_, intents)| !intents.is_empty());
    if parts.len() < 2 {
        return Vec::new();
    }
    parts.truncate(MAX_MATTERS);
    parts.into_iter().map(|(range, _)| range).collect()
}

fn sentences(folded: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut begin = 0;
    for (at, character) in folded.char_indices() {
        if ENDS.contains(&character) {
            sentences.push(begin..at);
            begin = at + character.len_utf8();
        } else if TURNS.iter().any(|turn| folded[at..].starts_with(turn)) {
            sentences.push(begin..at);
            begin = at;
        }
    }
    sentences.push(begin..folded.len());
    sentences.retain(|range| folded[range.clone()].contains(char::is_alphanumeric));
    sentences
}

/// Gives the best entry of each matter the score that it has for its part of the message, where that is greater.
///
/// # Errors
/// Where the index cannot be read.
pub fn add_matters(
    snapshot: &Snapshot,
    query: &Query,
    allowed: &Bitset,
    context: &Context,
    weights: &Weights,
    ranked: &mut Vec<Ranked>,
) -> tantivy::Result<()> {
    for part in parts(&query.folded.text, &snapshot.analyzer) {
        let part = query::read_as_message(&[query.folded.text[part].to_owned()], &snapshot.library.lexicon, &snapshot.analyzer);
        let found = candidates(snapshot, &part, allowed)?;
        let (of_part, terms) = rank(snapshot, &part, &found, allowed, context, weights);
        let Some(best) = of_part.first().filter(|best| best.score >= LEAST_MATTER) else { continue };
        let known = ranked.iter().position(|entry| entry.ordinal == best.ordinal);
        if known.is_some_and(|at| ranked[at].score >= best.score) {
            continue;
        }
        known.map(|at| ranked.remove(at));
        // Its terms are those of the part, so they are spelled out here.
        let components = terms.spell_out(snapshot, best);
        let place = ranked.partition_point(|entry| entry.score >= best.score);
        ranked.insert(place, Ranked { components, ..best.clone() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expect: &[&str]) {
        let (lexicon, _) = crate::lexicon::load(&[]);
        let analyzer = Analyzer::new(&lexicon);
        let folded = crate::analysis::fold(message).text;
        let found: Vec<&str> = parts(&folded, &analyzer).into_iter().map(|range| &folded[range]).collect();
        assert_eq!(found, expect, "{message}");
    }

    #[test]
    fn each_part_asks_for_something_else() {
        check("发票怎么开？另外我要退货", &["发票怎么开", "另外我要退货"]);
        check("发票怎么开", &[]);
        check("怎么还没发货？怎么还没发货？", &[]);
        check("你好！发票怎么开？", &[]);
    }
}
