//! The smallest pieces of a text: single characters, and runs of letters or of digits. Pure.

/// The smallest piece of text that bigrams and pinyin are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit<'t> {
    pub(crate) text: &'t str,
    pub(crate) start: usize,
    /// A run of letters or digits, not a single character.
    pub(crate) is_run: bool,
}

impl Unit<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The units of a folded text, left to right.
pub(crate) fn units(folded: &str) -> impl Iterator<Item = Unit<'_>> {
    let mut rest = folded.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (start, first) = rest.next()?;
            let class = Class::of(first);
            if class == Class::Other {
                continue;
            }
            let mut end = start + first.len_utf8();
            if class != Class::Single {
                while let Some((at, character)) = rest.next_if(|(_, next)| Class::of(*next) == class) {
                    end = at + character.len_utf8();
                }
            }
            return Some(Unit { text: &folded[start..end], start, is_run: class != Class::Single });
        }
    })
}

/// What a character is part of.
#[derive(PartialEq, Eq, Clone, Copy)]
pub(super) enum Class {
    /// A run of letters.
    Letter,
    /// A run of digits.
    Digit,
    /// Nothing but itself.
    Single,
    /// No unit.
    Other,
}

impl Class {
    pub(super) fn of(character: char) -> Class {
        match character {
            'a'..='z' | 'A'..='Z' => Class::Letter,
            '0'..='9' => Class::Digit,
            // Scripts with letters; all others that are alphanumeric are taken character by character.
            '\u{00C0}'..='\u{058F}' if character.is_alphabetic() => Class::Letter,
            _ if is_alphanumeric(character) => Class::Single,
            _ => Class::Other,
        }
    }
}

/// Whether a character is a letter, a digit or one of a script without letters. Nearly all are Chinese: Unicode's table is asked for the others.
pub(super) fn is_alphanumeric(character: char) -> bool {
    matches!(character, '\u{4E00}'..='\u{9FFF}') || character.is_alphanumeric()
}
