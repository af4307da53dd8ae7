//! Texts as hashed terms, so that ranking and learning compare them without touching a string. Pure.

use super::units::is_alphanumeric;
use super::{Analyzer, INTENT_MARK, fold, grams};
use crate::lexicon::Voice;

/// A phrasing as hashed terms.
#[derive(Debug)]
pub struct Phrasing {
    /// Its distinct words, bigrams and intents, ascending; each tells its kind by [`kind`].
    pub terms: Box<[u64]>,
    /// Its letters, digits and characters, each as often as it stands there, ascending.
    pub characters: Box<[char]>,
}

impl Phrasing {
    /// Terms of a title or question.
    pub fn new(text: &str, analyzer: &Analyzer) -> Phrasing {
        Phrasing::of(&fold(text).text, analyzer, Voice::Entry)
    }

    /// Terms of a customer's message, folded: a learned phrasing or a question.
    pub fn message(folded: &str, analyzer: &Analyzer) -> Phrasing {
        Phrasing::of(folded, analyzer, Voice::Customer)
    }

    fn of(folded: &str, analyzer: &Analyzer, voice: Voice) -> Phrasing {
        let mut terms = term_hashes(folded, analyzer);
        terms.extend(analyzer.intents(folded, voice).iter().map(|intent| word_hash(intent)));
        terms.sort_unstable();
        Phrasing { terms: terms.into_boxed_slice(), characters: characters(folded) }
    }

    /// Its words.
    pub fn words(&self) -> impl Iterator<Item = u64> {
        self.terms.iter().copied().filter(|term| matches!(kind(*term), Kind::Word | Kind::Character))
    }
}

/// Letters, digits and characters of a folded text, ascending.
pub fn characters(folded: &str) -> Box<[char]> {
    let mut characters: Vec<char> = folded.chars().filter(|character| is_alphanumeric(*character)).collect();
    characters.sort_unstable();
    characters.into_boxed_slice()
}

/// Share of the characters that two texts have in common, 0..1: Dice's coefficient of their multisets. Word order and segmentation do not matter to
/// it, so that it tells paraphrases of one question from questions about the same thing.
pub fn likeness(one: &[char], other: &[char]) -> f32 {
    let (mut at, mut common) = (0, 0usize);
    for character in one {
        while at < other.len() && other[at] < *character {
            at += 1;
        }
        if other.get(at) == Some(character) {
            common += 1;
            at += 1;
        }
    }
    share_of(common, one, other)
}

/// The most that [`likeness`] can be of texts as long as these.
pub fn greatest_likeness(one: &[char], other: &[char]) -> f32 {
    share_of(one.len().min(other.len()), one, other)
}

#[expect(clippy::cast_precision_loss, reason = "lengths of questions")]
fn share_of(common: usize, one: &[char], other: &[char]) -> f32 {
    2.0 * common as f32 / (one.len() + other.len()).max(1) as f32
}

/// What a hashed term stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A pair of neighbouring characters.
    Gram,
    /// A word of two characters or more.
    Word,
    /// A word of one character: in every third text, so it tells little.
    Character,
    /// An intent of the lexicon.
    Intent,
}

/// What a term of each kind counts, a word being 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TermShares {
    /// A word that is a single character.
    pub character: f32,
    /// A bigram.
    pub gram: f32,
    /// An intent.
    pub intent: f32,
}

impl TermShares {
    /// What the product ships with: chosen on the help-centre messages together with the weights of the ranking.
    pub const DEFAULT: TermShares = TermShares { character: 0.6, gram: 1.1, intent: 4.0 };

    /// The share of a hashed term.
    pub fn of(&self, term: u64) -> f32 {
        match kind(term) {
            Kind::Gram => self.gram,
            Kind::Word => 1.0,
            Kind::Character => self.character,
            Kind::Intent => self.intent,
        }
    }
}

/// Words and bigrams of a folded text, each once, ascending.
pub fn term_hashes(folded: &str, analyzer: &Analyzer) -> Vec<u64> {
    let words = analyzer.words(folded);
    let grams = grams(folded);
    let mut terms: Vec<u64> =
        words.iter().map(|token| word_hash(token.term)).chain(grams.iter().map(|token| gram_hash(token.term))).collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The kind of a hashed term stands in its lowest bits.
pub fn kind(term: u64) -> Kind {
    match term & 3 {
        0 => Kind::Gram,
        1 => Kind::Word,
        2 => Kind::Character,
        _ => Kind::Intent,
    }
}

/// Hash of a term of the field of words: a word, or an intent by its mark.
pub fn word_hash(term: &str) -> u64 {
    let kind = match term.chars().next() {
        Some(INTENT_MARK) => Kind::Intent,
        Some(first) if first.len_utf8() == term.len() => Kind::Character,
        _ => Kind::Word,
    };
    of_kind(fnv(FNV_BASIS, term), kind)
}

/// Hash of a bigram.
pub fn gram_hash(term: &str) -> u64 {
    term.chars().fold(GramHash::default(), GramHash::with).finish()
}

/// The hash of a bigram whose characters come one by one.
#[derive(Debug, Clone, Copy)]
pub(super) struct GramHash(u64);

impl Default for GramHash {
    fn default() -> GramHash {
        GramHash(FNV_BASIS)
    }
}

impl GramHash {
    pub(super) fn with(self, character: char) -> GramHash {
        GramHash(fnv(self.0, character.encode_utf8(&mut [0; 4])))
    }

    pub(super) fn finish(self) -> u64 {
        of_kind(self.0, Kind::Gram)
    }
}

/// What [`fnv`] begins with.
pub(crate) const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits, going on from a hash.
pub(crate) fn fnv(hash: u64, text: &str) -> u64 {
    text.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The lowest two bits give way to the kind: a collision among the few terms of one question and one phrasing is out of sight.
fn of_kind(hash: u64, kind: Kind) -> u64 {
    let mixed: u64 = hash ^ (hash >> 32);
    (mixed & !3)
        | match kind {
            Kind::Gram => 0,
            Kind::Word => 1,
            Kind::Character => 2,
            Kind::Intent => 3,
        }
}

/// Robertson and Spärck Jones' inverse document frequency, never negative (as Lucene has it).
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^24 where it matters")]
pub fn idf(with: u64, all: u64) -> f32 {
    (1.0 + (all as f32 - with as f32 + 0.5) / (with as f32 + 0.5)).ln().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_the_share_of_common_characters() {
        let check = |one: &str, other: &str, expect: f32| {
            let found = likeness(&characters(one), &characters(other));
            assert!((found - expect).abs() < 1e-6, "{one} {other}: {found}");
            assert_eq!(found, likeness(&characters(other), &characters(one)));
            assert!(found <= greatest_likeness(&characters(one), &characters(other)));
        };
        check("怎么退货", "退货怎么", 1.0);
        check("怎么退货?", "退货", 2.0 / 3.0);
        check("好好好", "好", 0.5);
        check("发票", "退货", 0.0);
        check("", "", 0.0);
    }

    #[test]
    fn a_hash_tells_its_kind() {
        for (hash, expect) in [
            (word_hash("退货"), Kind::Word),
            (word_hash("退"), Kind::Character),
            (word_hash("§查物流"), Kind::Intent),
            (gram_hash("退货"), Kind::Gram),
        ] {
            assert_eq!(kind(hash), expect);
        }
        assert_ne!(word_hash("退货"), gram_hash("退货"));
    }
}
