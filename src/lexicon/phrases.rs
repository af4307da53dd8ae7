//! Many phrases looked for in one pass: the matcher behind synonyms, confusions, filler, emotions and banned words.
//!
//! Texts and phrases are folded by the caller; ranges are bytes of the folded text.

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// Folded phrases, each with what it means, and an automaton over them. Linear in the text, whatever their number.
pub struct Phrases<T> {
    /// Ascending by phrase, none empty; the automaton's values are indices into it.
    terms: Vec<(String, T)>,
    /// `None` without phrases.
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
}

impl<T> Phrases<T> {
    /// Builds the automaton. Empty phrases are left out.
    pub fn new(terms: BTreeMap<String, T>) -> Phrases<T> {
        let terms: Vec<(String, T)> = terms.into_iter().filter(|(term, _)| !term.is_empty()).collect();
        // Building fails for none, empty, repeated or more than 2^32 phrases: ruled out here and by the limits on files.
        let automaton = CharwiseDoubleArrayAhoCorasickBuilder::new()
            .build_with_values((0u32..).zip(&terms).map(|(index, (term, _))| (term, index)))
            .ok()
            .filter(|_| !terms.is_empty());
        Phrases { terms, automaton }
    }

    /// What exactly this phrase means.
    pub fn get(&self, phrase: &str) -> Option<&T> {
        let index = self.terms.binary_search_by(|(term, _)| term.as_str().cmp(phrase)).ok()?;
        self.terms.get(index).map(|(_, meaning)| meaning)
    }

    /// All phrases with their meanings, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.terms.iter().map(|(term, meaning)| (term.as_str(), meaning))
    }

    /// How many phrases.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Every occurrence of every phrase, overlapping ones too, ascending by end. A phrase that begins or ends with an ASCII letter
    /// or digit does not match within a longer run of them: `xl` is not in `2xl`.
    pub fn every<'p>(&'p self, text: &str) -> impl Iterator<Item = (Range<usize>, &'p T)> {
        self.raw(text).filter(|(range, _)| stands_alone(text, range))
    }

    /// Of those occurrences the leftmost and there the longest, without overlaps, ascending.
    pub fn longest<'p>(&'p self, text: &str) -> Vec<(Range<usize>, &'p T)> {
        leftmost_longest(self.every(text).collect())
    }

    /// Every occurrence without regard to what stands beside it.
    pub(super) fn raw<'p>(&'p self, text: &str) -> impl Iterator<Item = (Range<usize>, &'p T)> {
        self.automaton.iter().flat_map(move |automaton| {
            automaton
                .find_overlapping_iter(text)
                .filter_map(|found| Some((found.start()..found.end(), &self.terms.get(found.value() as usize)?.1)))
        })
    }
}

impl<T> Default for Phrases<T> {
    fn default() -> Phrases<T> {
        Phrases { terms: Vec::new(), automaton: None }
    }
}

impl<T: fmt::Debug> fmt::Debug for Phrases<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Keeps the leftmost, and of those beginning together the longest, of the ranges that would overlap.
pub(super) fn leftmost_longest<T>(mut found: Vec<(Range<usize>, T)>) -> Vec<(Range<usize>, T)> {
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain(|(range, _)| {
        let free = range.start >= end;
        if free {
            end = range.end;
        }
        free
    });
    found
}

/// Drops what lies within one of the covers; a range equal to a cover lies within it.
pub(super) fn outside<T>(mut found: Vec<(Range<usize>, T)>, mut covers: Vec<Range<usize>>) -> Vec<(Range<usize>, T)> {
    if covers.is_empty() {
        return found;
    }
    found.sort_by_key(|(range, _)| range.start);
    covers.sort_by_key(|cover| cover.start);
    // One sweep instead of every pair: a text of a million characters may hold as many of both.
    let (mut next, mut covered_to) = (0, 0);
    found.retain(|(range, _)| {
        while let Some(cover) = covers.get(next).filter(|cover| cover.start <= range.start) {
            covered_to = covered_to.max(cover.end);
            next += 1;
        }
        range.end > covered_to
    });
    found
}

/// Whether no ASCII letter or digit continues an ASCII edge of the range.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let alphanumeric = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let begins_within = alphanumeric(Some(range.start)) && alphanumeric(range.start.checked_sub(1));
    let ends_within = alphanumeric(range.end.checked_sub(1)) && alphanumeric(Some(range.end));
    !begins_within && !ends_within
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases() -> Phrases<char> {
        Phrases::new(
            [("改地址", 'a'), ("地址", 'b'), ("xl", 'c'), ("加v", 'd'), ("", 'e')].map(|(term, meaning)| (term.to_owned(), meaning)).into(),
        )
    }

    #[track_caller]
    fn check(text: &str, every: &str, longest: &str) {
        let phrases = phrases();
        assert_eq!(phrases.every(text).map(|(_, meaning)| *meaning).collect::<String>(), every, "every of {text:?}");
        assert_eq!(phrases.longest(text).iter().map(|(_, meaning)| **meaning).collect::<String>(), longest, "longest of {text:?}");
    }

    #[test]
    fn overlapping_phrases_are_all_found_and_the_longest_is_told() {
        check("我要改地址", "ab", "a");
        check("地址改地址", "bab", "ba");
        check("", "", "");
    }

    #[test]
    fn ascii_phrases_are_whole_words() {
        check("要xl的", "c", "c");
        check("2xl", "", "");
        check("xls", "", "");
        check("加v信", "d", "d");
        check("加vip", "", "");
    }

    #[test]
    fn no_phrases_find_nothing() {
        let none: Phrases<char> = Phrases::new(BTreeMap::new());
        assert!(none.longest("地址").is_empty());
        assert!(none.get("").is_none());
    }
}
