//! Tokens: jieba's words in search mode without HMM, and overlapping bigrams in a stream of their own.
//!
//! Words carry BM25; bigrams find what segmentation hides (工程 in 在建工程) and answer phrases, since no position scheme over
//! jieba's words does. HMM stays off: it guesses new words differently in a question and in its document.

use super::homophones::Homophones;
use super::units::{Unit, is_alphanumeric, units};
use crate::lexicon::{Intents, Lexicon, Voice};
use jieba_rs::Jieba;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// One token: a slice of the folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'t> {
    /// The term.
    pub term: &'t str,
    /// Bytes in the folded text at which it begins.
    pub start: usize,
    /// Position: character start for words, unit index for grams.
    pub position: usize,
}

impl Token<'_> {
    /// Bytes in the folded text at which it ends.
    pub fn end(&self) -> usize {
        self.start + self.term.len()
    }
}

/// Begins the term of an intent, so that it is no word.
pub const INTENT_MARK: char = '§';

/// Loading jieba's dictionary takes 150 ms, cloning it 15: load once a process.
static GENERAL: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Loads jieba's dictionary unless it is loaded: every analyzer needs it, and a program that knows so can begin before it has a lexicon.
pub fn load_dictionary() {
    LazyLock::force(&GENERAL);
}

/// Turns folded text into tokens; immutable, shared by indexing and searching.
#[derive(Debug)]
pub struct Analyzer {
    jieba: Jieba,
    intents: Arc<Intents>,
    homophones: Homophones,
}

impl Analyzer {
    /// An analyzer that knows the lexicon's words beside jieba's, and its intents.
    pub fn new(lexicon: &Lexicon) -> Analyzer {
        let mut jieba = GENERAL.clone();
        for word in &lexicon.words {
            jieba.add_word(&word.text, word.frequency, word.tag.as_deref());
        }
        let synonyms = lexicon.synonyms.iter().map(|(term, _)| term);
        let homophones = Homophones::new(lexicon.words.iter().map(|word| word.text.as_str()).chain(synonyms));
        Analyzer { jieba, intents: Arc::clone(&lexicon.intents), homophones }
    }

    /// Terms for the intents of a folded text.
    pub fn intents(&self, folded: &str, voice: Voice) -> Vec<String> {
        self.intents.find(folded, voice).into_iter().map(|intent| format!("{INTENT_MARK}{intent}")).collect()
    }

    /// Words of a folded text, ascending by start, then end; punctuation and spaces left out. Runs such as `iphone15pro` give the
    /// whole and its parts.
    pub fn words<'t>(&self, folded: &'t str) -> Vec<Token<'t>> {
        let mut words = Vec::with_capacity(folded.len() / 4 + 1);
        for token in self.jieba.cut_for_search(folded, false) {
            if !token.word.contains(is_alphanumeric) {
                continue;
            }
            words.push(Token { term: token.word, start: token.byte_start, position: token.start });
            push_parts(&mut words, token.word, token.byte_start, token.start);
        }
        words.sort_unstable_by_key(|token| (token.start, token.term.len()));
        words
    }

    /// A text cut into words, all that is between them included: put together they are the text.
    pub fn cut<'t>(&self, text: &'t str) -> Vec<&'t str> {
        self.jieba.cut(text, false).into_iter().map(|token| token.word).collect()
    }

    /// Spans of a folded text that are no word and sound like a word of the trade, with what was meant.
    pub fn misspelt(&self, folded: &str) -> Vec<(Range<usize>, Vec<&str>)> {
        let words: Vec<Range<usize>> = self.words(folded).iter().map(|token| token.start..token.end()).collect();
        self.homophones.find(folded, &words, |written| self.is_word(written))
    }

    /// Whether the dictionary or the lexicon knows the folded text as one word.
    pub fn is_word(&self, folded: &str) -> bool {
        self.jieba.has_word(folded)
    }
}

/// Parts of a run of Latin letters and digits, where it has more than one.
fn push_parts<'t>(words: &mut Vec<Token<'t>>, run: &'t str, start: usize, position: usize) {
    if run.len() < 2 || !run.is_ascii() {
        return;
    }
    let mut parts = units(run).peekable();
    if parts.peek().is_some_and(|unit| unit.text.len() == run.len()) {
        return;
    }
    words.extend(parts.map(|unit| Token { term: unit.text, start: start + unit.start, position: position + unit.start }));
}

/// Overlapping bigrams of a folded text: pairs of neighbouring units, a unit being a CJK character or a run of letters or of digits.
/// Such runs, and characters without neighbours, stand alone too.
pub fn grams(folded: &str) -> Vec<Token<'_>> {
    let mut grams = Vec::with_capacity(folded.len() / 3 + 1);
    let mut before: Option<Unit> = None;
    let mut paired = false;
    let mut position = 0;
    for unit in units(folded) {
        match before {
            Some(last) if last.end() == unit.start => {
                grams.push(Token { term: &folded[last.start..unit.end()], start: last.start, position });
                position += 1;
                paired = true;
            }
            _ => {
                push_lonely(&mut grams, before, paired, position);
                paired = false;
                // A gap, so that no phrase matches across punctuation.
                position += 2;
            }
        }
        if unit.is_run {
            grams.push(Token { term: unit.text, start: unit.start, position });
        }
        before = Some(unit);
    }
    push_lonely(&mut grams, before, paired, position);
    grams
}

fn push_lonely<'t>(grams: &mut Vec<Token<'t>>, unit: Option<Unit<'t>>, paired: bool, position: usize) {
    if let Some(unit) = unit.filter(|unit| !paired && !unit.is_run) {
        grams.push(Token { term: unit.text, start: unit.start, position });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms<'t>(tokens: &[Token<'t>]) -> Vec<&'t str> {
        tokens.iter().map(|token| token.term).collect()
    }

    #[test]
    fn grams_pair_neighbours_and_stop_at_punctuation() {
        for (text, expect) in [
            ("在建工程", vec!["在建", "建工", "工程"]),
            ("退", vec!["退"]),
            ("退,货", vec!["退", "货"]),
            ("买iphone15pro吗", vec!["买iphone", "iphone", "iphone15", "15", "15pro", "pro", "pro吗"]),
            ("7天", vec!["7", "7天"]),
            ("", vec![]),
        ] {
            assert_eq!(terms(&grams(text)), expect, "{text}");
        }
    }

    #[test]
    fn phrases_have_consecutive_positions_and_gaps_at_punctuation() {
        let tokens = grams("运费险,退货");
        let positions: Vec<_> = tokens.iter().map(|token| (token.term, token.position)).collect();
        assert_eq!(positions, [("运费", 2), ("费险", 3), ("退货", 6)]);
    }

    #[test]
    fn words_come_in_order_with_parts() {
        let word = crate::lexicon::Word { text: "运费险".into(), frequency: None, tag: None };
        let analyzer = Analyzer::new(&Lexicon { words: vec![word], ..Lexicon::default() });
        assert_eq!(terms(&analyzer.words("运费险怎么赔")), ["运费", "运费险", "怎么", "赔"]);
        assert_eq!(terms(&analyzer.words("iphone15pro!")), ["iphone", "iphone15pro", "15", "pro"]);
    }

    proptest! {
        #[test]
        fn tokens_slice_back_to_their_text(text in "\\PC{0,40}") {
            let analyzer = Analyzer::new(&Lexicon::default());
            for token in analyzer.words(&text).iter().chain(&grams(&text)) {
                prop_assert_eq!(&text[token.start..token.end()], token.term);
            }
        }
    }
}
