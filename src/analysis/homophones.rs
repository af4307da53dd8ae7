//! Words of the trade by their sound: what somebody meant who typed another character of the same sound (退或 for 退货). Pure; `query` asks.

use super::pinyin::syllables;
use super::terms::{FNV_BASIS, fnv};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Longest word that is looked for, in characters.
const MAX_CHARS: usize = 4;

/// Most ways to read a word that are kept: beyond, its characters have so many readings that anything sounds like it.
const MAX_READINGS: usize = 8;

/// Words by their sound.
#[derive(Debug, Default)]
pub struct Homophones {
    words: FxHashMap<u64, Vec<Box<str>>>,
}

impl Homophones {
    /// A table of words; those of one character or more than [`MAX_CHARS`], and those with letters or digits, are passed over.
    pub fn new<'w>(words: impl IntoIterator<Item = &'w str>) -> Homophones {
        let mut table = Homophones::default();
        for word in words.into_iter().filter(|word| (2..=MAX_CHARS).contains(&word.chars().count()) && !word.is_ascii()) {
            for sound in sounds(word) {
                let words = table.words.entry(sound).or_default();
                if words.iter().all(|known| **known != *word) {
                    words.push(word.into());
                }
            }
        }
        table
    }

    /// Spans of a folded text that are no word and sound like a word of which they differ in one character, with those words; the longest of
    /// overlapping ones. `words` are where the text's words stand, `is_word` knows the dictionary.
    pub fn find(&self, text: &str, words: &[Range<usize>], is_word: impl Fn(&str) -> bool) -> Vec<(Range<usize>, Vec<&str>)> {
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let within = within_words(words, text.len());
        let mut found: Vec<(Range<usize>, Vec<&str>)> = Vec::new();
        let mut from = 0;
        while from + 2 < starts.len() {
            let longest = MAX_CHARS.min(starts.len() - 1 - from);
            let hit = (2..=longest).rev().find_map(|chars| {
                let span = starts[from]..starts[from + chars];
                // A word that only begins or ends inside is a word that was meant.
                if within[span.start] || within[span.end] {
                    return None;
                }
                let meant = self.meant(&text[span.clone()], &is_word);
                (!meant.is_empty()).then_some((chars, span, meant))
            });
            match hit {
                Some((chars, span, meant)) => {
                    found.push((span, meant));
                    from += chars;
                }
                None => from += 1,
            }
        }
        found
    }

    fn meant(&self, written: &str, is_word: impl Fn(&str) -> bool) -> Vec<&str> {
        if !written.chars().all(|character| character.is_alphabetic() && !character.is_ascii()) || is_word(written) {
            return Vec::new();
        }
        let mut meant: Vec<&str> = Vec::new();
        for word in sounds(written).iter().filter_map(|sound| self.words.get(sound)).flatten() {
            let wrong = word.chars().zip(written.chars()).filter(|(right, wrong)| right != wrong).count();
            if wrong == 1 && !meant.contains(&&**word) {
                meant.push(word);
            }
        }
        meant
    }
}

/// For each place in a text whether it is within a word: neither where one begins nor where one ends.
fn within_words(words: &[Range<usize>], len: usize) -> Vec<bool> {
    let mut within = vec![false; len + 1];
    for word in words.iter().filter(|word| word.len() > 1) {
        within[word.start + 1..word.end].fill(true);
    }
    within
}

/// The ways to read a word, as hashes: without tones, and without what many do not tell apart (z and zh, n and ng).
fn sounds(word: &str) -> Vec<u64> {
    let mut sounds = vec![FNV_BASIS];
    for character in word.chars() {
        let syllables = syllables(character);
        sounds = sounds.iter().flat_map(|sound| syllables.iter().map(move |syllable| followed(*sound, syllable))).collect();
        sounds.sort_unstable();
        sounds.dedup();
        sounds.truncate(MAX_READINGS);
    }
    sounds
}

/// A sound with one syllable more.
fn followed(sound: u64, syllable: &str) -> u64 {
    let syllable = syllable.strip_suffix('g').filter(|rest| rest.ends_with('n')).unwrap_or(syllable);
    let (initial, rest) = match syllable.as_bytes() {
        [b'z' | b'c' | b's', b'h', ..] => (&syllable[..1], &syllable[2..]),
        _ => ("", syllable),
    };
    fnv(fnv(fnv(sound, initial), rest), " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analyzer;
    use crate::lexicon::Lexicon;

    fn check(text: &str, expect: &[(&str, &[&str])]) {
        let analyzer = Analyzer::new(&Lexicon::default());
        let homophones = Homophones::new(["退货", "运费险", "优惠券", "换货", "保价", "plus"]);
        let words: Vec<Range<usize>> = analyzer.words(text).iter().map(|token| token.start..token.end()).collect();
        let found = homophones.find(text, &words, |written| analyzer.is_word(written));
        let found: Vec<(&str, Vec<&str>)> = found.into_iter().map(|(span, meant)| (&text[span], meant)).collect();
        let expect: Vec<(&str, Vec<&str>)> = expect.iter().map(|(written, meant)| (*written, meant.to_vec())).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn one_wrong_character_of_the_same_sound_is_heard() {
        check("我要退或", &[("退或", &["退货"])]);
        check("运费线怎么赔", &[("运费线", &["运费险"])]);
        check("有优惠劝吗", &[("优惠劝", &["优惠券"])]);
    }

    #[test]
    fn words_mean_what_they_say() {
        // 退伙 and 报价 are words; two wrong characters are too many; what is right needs no mending.
        for text in ["退货", "报价多少", "忒火", "我要换货", "plvs", ""] {
            check(text, &[]);
        }
    }
}
