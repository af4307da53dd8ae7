//! Tokens on their way into an index: one behind the other in one text, which tantivy's own threads read. Its form for tokens that are made already goes
//! through JSON and back, which took a third of indexing.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Name by which an index knows [`Written`].
pub(super) const WRITTEN: &str = "written";

/// Greatest number that is written: those from here on are no characters. Tokens that stand farther apart are so to every phrase, and longer ones
/// nobody looks for.
const MAX_NUMBER: usize = 0xD7FF;

/// Writes tokens with their positions, which ascend: before each the steps from the one before and its length, as characters.
pub(super) fn write<T: AsRef<str>>(tokens: impl IntoIterator<Item = (T, usize)>) -> String {
    let mut text = String::new();
    let mut before = 0;
    for (token, position) in tokens {
        let token = token.as_ref();
        let Some(length) = number(token.len()) else { continue };
        let steps = position.saturating_sub(before).min(MAX_NUMBER);
        text.extend(number(steps).into_iter().chain([length]));
        text.push_str(token);
        before = position;
    }
    text
}

fn number(value: usize) -> Option<char> {
    u32::try_from(value).ok().filter(|_| value <= MAX_NUMBER).and_then(char::from_u32)
}

/// Reads what [`write`] wrote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written;

impl Tokenizer for Written {
    type TokenStream<'a> = Tokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Tokens<'a> {
        Tokens { rest: text, token: Token { position: 0, ..Token::default() } }
    }
}

/// Tokens that are being read.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    rest: &'a str,
    token: Token,
}

impl<'a> Tokens<'a> {
    fn take(&mut self) -> Option<(usize, &'a str)> {
        let mut characters = self.rest.chars();
        let (steps, length) = (characters.next()? as usize, characters.next()? as usize);
        let (token, rest) = characters.as_str().split_at_checked(length)?;
        self.rest = rest;
        Some((steps, token))
    }
}

impl TokenStream for Tokens<'_> {
    fn advance(&mut self) -> bool {
        let Some((steps, text)) = self.take() else { return false };
        self.token.position += steps;
        self.token.text.clear();
        self.token.text.push_str(text);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(String, usize)> {
        let mut tokenizer = Written;
        let mut tokens = tokenizer.token_stream(text);
        std::iter::from_fn(|| tokens.next().map(|token| (token.text.clone(), token.position))).collect()
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(tokens in proptest::collection::vec(("\\PC{0,8}|[\0\u{1f}退货]{0,4}", 0..2_000_usize), 0..20)) {
            let ascending: Vec<(String, usize)> = tokens
                .into_iter()
                .scan(0, |position, (text, steps)| {
                    *position += steps;
                    Some((text, *position))
                })
                .collect();
            prop_assert_eq!(read(&write(ascending.iter().map(|(text, position)| (text, *position)))), ascending);
        }

        #[test]
        fn any_text_is_read_to_its_end(text in "\\PC{0,40}") {
            read(&text);
        }
    }

    #[test]
    fn tokens_far_apart_stay_apart_and_endless_ones_are_left_out() {
        let long = "长".repeat(MAX_NUMBER);
        assert_eq!(
            read(&write([("a", 7), (&long, 8), ("b", 9), ("c", 1 << 20)])),
            [("a".to_owned(), 7), ("b".to_owned(), 9), ("c".to_owned(), 9 + MAX_NUMBER)]
        );
    }
}
