//! Hot words (热词): what customers speak of, and what they speak of more than before. Pure.

use super::{Facts, Wording};
use std::collections::HashMap;

/// Rows of the report: words below are chance.
const MAX_WORDS: usize = 500;

/// A word and how many messages have it.
#[derive(Debug, Clone, PartialEq)]
pub struct HotWord {
    /// Folded.
    pub word: String,
    /// Messages of the period.
    pub count: usize,
    /// Messages of the period of the same length before it.
    pub before: usize,
    /// How much more than before, as a share of before: 1 is twice as often; a word that is new counts from one message.
    pub rise: f64,
}

/// The words of a period, most messages first.
pub fn hot_words(now: &Facts, before: &Facts, read: impl Fn(&str) -> Option<Wording>) -> Vec<HotWord> {
    let earlier = count(before, &read);
    let mut words: Vec<HotWord> = count(now, &read)
        .into_iter()
        .map(|(word, count)| {
            let before = earlier.get(&word).copied().unwrap_or(0);
            HotWord { rise: rise(count, before), word, count, before }
        })
        .collect();
    words.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| b.rise.total_cmp(&a.rise)).then_with(|| a.word.cmp(&b.word)));
    words.truncate(MAX_WORDS);
    words
}

#[expect(clippy::cast_precision_loss, reason = "counts of messages")]
fn rise(count: usize, before: usize) -> f64 {
    (count as f64 - before as f64) / before.max(1) as f64
}

/// Each word once a conversation and message: who writes three times that the parcel is late speaks of it once.
fn count(facts: &Facts, read: impl Fn(&str) -> Option<Wording>) -> HashMap<String, usize> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut said = std::collections::HashSet::new();
    for search in &facts.searches {
        if !said.insert((search.asker(), search.text.trim())) {
            continue;
        }
        for word in read(&search.text).map(|wording| wording.words).unwrap_or_default() {
            *counts.entry(word).or_default() += 1;
        }
    }
    counts
}
