//! Text to tokens, the same for documents and questions: fold, then words, bigrams and pinyin.

pub mod fold;
pub mod homophones;
pub mod pinyin;
pub mod sieve;
mod spans;
pub mod terms;
pub mod tokens;
mod units;

pub use fold::{Folded, fold};
pub use spans::gram_spans;
pub use tokens::{Analyzer, INTENT_MARK, Token, grams, load_dictionary};
