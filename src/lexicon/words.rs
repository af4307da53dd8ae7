//! `words.txt`: words for jieba beyond its dictionary.

use super::source::Source;
use crate::problem::Code;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Words of one length of text have one entry; the last that was read holds.
pub(super) type Words = BTreeMap<String, Word>;

/// A word of jieba's user dictionary, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// How frequent; absent: jieba suggests one.
    pub frequency: Option<usize>,
    /// Part of speech.
    pub tag: Option<String>,
}

pub(super) fn read(source: &mut Source<'_>, words: &mut Words) {
    if source.replaces() {
        words.clear();
    }
    for line in source.lines() {
        let mut parts = line.text.split_whitespace();
        let Some(written) = parts.next() else { continue };
        let Some(text) = source.term(line.place(written), written) else { continue };
        let rest: Vec<&str> = parts.collect();
        let (frequency, tag) = match rest.as_slice() {
            [] => (None, None),
            [one] => match one.parse() {
                Ok(frequency) => (Some(frequency), None),
                Err(_) => (None, Some((*one).to_owned())),
            },
            [frequency, tag] if frequency.parse::<usize>().is_ok() => (frequency.parse().ok(), Some((*tag).to_owned())),
            _ => {
                source.report(
                    line.here(),
                    Code::BadLexicon,
                    "应是「词 [词频] [词性]」，词中不能有空格",
                    "expected `word [frequency] [tag]`; a word holds no spaces",
                );
                continue;
            }
        };
        words.insert(text.clone(), Word { text, frequency, tag });
    }
}

/// Changes exactly when the tokens of a text may: the words and how readily they are chosen, not their tags.
pub(super) fn hash(words: &Words) -> u64 {
    let mut hash = Sha256::new();
    for word in words.values() {
        hash.update(format!("{} {}\n", word.text, word.frequency.map_or_else(String::new, |frequency| frequency.to_string())));
    }
    hash.finalize().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
