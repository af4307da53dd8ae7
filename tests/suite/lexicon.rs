//! The general lexicon against sentences of the trade: what must be stopped, and what must not.

use huashu::lexicon::{Lexicon, load};
use std::collections::HashSet;

/// The innocent sentences, one a line; `#` begins a comment.
const INNOCENT: &str = include_str!("../fixtures/innocent.txt");
/// Guilty ones, `rule-id TAB sentence` a line.
const GUILTY: &str = include_str!("../fixtures/guilty.txt");
/// As many innocent sentences as there must be at least.
const LEAST_INNOCENT: usize = 200;

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

fn found<'l>(lexicon: &'l Lexicon, sentence: &str) -> Vec<(&'l str, String)> {
    let findings = lexicon.banned.find(sentence, None);
    findings.into_iter().map(|finding| (lexicon.banned.rules[finding.rule].id.as_str(), sentence[finding.span].to_owned())).collect()
}

#[test]
fn innocent_sentences_raise_nothing() {
    let (lexicon, _) = load(&[]);
    let wronged: Vec<_> = lines(INNOCENT).map(|line| (line, found(&lexicon, line))).filter(|(_, found)| !found.is_empty()).collect();
    assert!(wronged.is_empty(), "{wronged:#?}");
    assert!(lines(INNOCENT).collect::<HashSet<_>>().len() >= LEAST_INNOCENT);
}

#[test]
fn guilty_sentences_raise_their_rule() {
    let (lexicon, _) = load(&[]);
    let missed: Vec<_> = lines(GUILTY)
        .map(|line| line.split_once('\t').unwrap_or(("no tab", line)))
        .filter(|(id, sentence)| !found(&lexicon, sentence).iter().any(|(rule, _)| rule == id))
        .map(|(id, sentence)| (id, sentence, found(&lexicon, sentence)))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn every_rule_has_a_guilty_sentence() {
    let (lexicon, _) = load(&[]);
    let shown: HashSet<&str> = lines(GUILTY).filter_map(|line| line.split('\t').next()).collect();
    let unshown: Vec<&str> = lexicon.banned.rules.iter().map(|rule| rule.id.as_str()).filter(|id| !shown.contains(id)).collect();
    assert!(unshown.is_empty(), "{unshown:?}");
}
