//! Where things stand in a file: bytes to line and column, and the keys of a front matter to their places. Pure.
//!
//! Problems that concern several files are found after the text is gone, so the places that they may need are noted
//! while it is at hand.

use super::bytes::kept;
use crate::markdown::Key;
use crate::problem::{Code, Problem};
use std::ops::Range;

/// A place in a file, as a [`Problem`] has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) width: u32,
}

kept! { Place { line, column, width } }

impl Place {
    /// The file as a whole.
    pub(super) const START: Place = Place { line: 1, column: 1, width: 0 };

    /// A problem at this place.
    pub(super) fn problem(self, path: &str, code: Code, zh: impl Into<String>, en: impl Into<String>) -> Problem {
        Problem { path: path.to_owned(), line: self.line, column: self.column, width: self.width, code, zh: zh.into(), en: en.into() }
    }
}

/// A text with the beginnings of its lines.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { text, starts }
    }

    /// The place of a range of bytes; the width ends with the line. Offsets beyond the text or inside a character are moved, never an error.
    pub(super) fn place(&self, range: Range<usize>) -> Place {
        let start = self.floor(range.start);
        let line = self.starts.partition_point(|begin| *begin <= start).saturating_sub(1);
        let line_start = self.starts.get(line).copied().unwrap_or(0);
        let end = self.text[start..].find(['\n', '\r']).map_or(self.text.len(), |end| start + end).min(self.floor(range.end).max(start));
        let before = self.text[line_start..start].trim_start_matches('\u{feff}');
        Place { line: narrow(line + 1), column: narrow(before.chars().count() + 1), width: narrow(self.text[start..end].chars().count()) }
    }

    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// Line and column numbers have 32 bits: no file that is read is longer.
fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The keys of a front matter with the bytes of what belongs to each.
pub(super) struct FrontMatter<'t> {
    lines: &'t Lines<'t>,
    keys: Vec<(Key, Range<usize>)>,
}

impl<'t> FrontMatter<'t> {
    /// Looks for keys at the beginning of lines between `---` and `---`. It is not a YAML parser: that has judged the text already.
    pub(super) fn of(lines: &'t Lines<'t>) -> Self {
        let mut keys: Vec<(Key, Range<usize>)> = Vec::new();
        let line = |number: usize| {
            let start = lines.starts[number];
            let end = lines.starts.get(number + 1).copied().unwrap_or(lines.text.len());
            (start, end, lines.text[start..end].trim_start_matches('\u{feff}').trim_end())
        };
        if line(0).2 == "---" {
            for (start, end, text) in (1..lines.starts.len()).map(line).take_while(|(_, _, text)| *text != "---") {
                let name = text.split_once([':', '：']).map(|(name, _)| name.trim_matches(['"', '\'', ' ']));
                match name.and_then(Key::parse).filter(|_| !text.starts_with([' ', '\t'])) {
                    Some(key) => keys.push((key, start..end)),
                    None => {
                        if let Some((_, range)) = keys.last_mut() {
                            range.end = end;
                        }
                    }
                }
            }
        }
        FrontMatter { lines, keys }
    }

    /// The place of a value of a key; of the key where the value is not found as written, of the file where the key is not.
    pub(super) fn value(&self, key: Key, value: &str) -> Place {
        let Some((_, range)) = self.keys.iter().find(|(of, _)| *of == key) else { return Place::START };
        let text = &self.lines.text[range.clone()];
        let after_key = text.find([':', '：']).map_or(0, |colon| colon + 1);
        let is_edge = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || "[]{},:：-'\"#".contains(c));
        let found = text.match_indices(value).map(|(at, _)| at).find(|at| {
            *at >= after_key
                && !value.is_empty()
                && is_edge(text[..*at].chars().next_back())
                && is_edge(text[at + value.len()..].chars().next())
        });
        let at = range.start + found.unwrap_or(0);
        let width = if found.is_some() { value.len() } else { text.find([':', '：']).unwrap_or(0) };
        self.lines.place(at..at + width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_line_and_column_in_characters() {
        let check = |text: &str, range: Range<usize>, expect: (u32, u32, u32)| {
            let place = Lines::of(text).place(range.clone());
            assert_eq!((place.line, place.column, place.width), expect, "{text:?} {range:?}");
        };
        check("甲乙\n丙丁戊", 10..13, (2, 2, 1));
        check("\u{feff}甲乙", 3..6, (1, 1, 1));
        check("ab\r\ncd", 1..5, (1, 2, 1));
        check("ab\n", 3..9, (2, 1, 0));
        check("甲", 1..2, (1, 1, 0));
        check("", 0..0, (1, 1, 0));
    }

    #[test]
    fn values_are_found_in_the_lines_of_their_key_as_whole_words() {
        let text = "---\ntitle: 甲\nnext: [甲乙, 甲]\n替代:\n  - 丙\nshortcut: \"k\"\n---\nid: x\n";
        let lines = Lines::of(text);
        let front = FrontMatter::of(&lines);
        let check = |key, value: &str, expect: (u32, u32, u32)| {
            let place = front.value(key, value);
            assert_eq!((place.line, place.column, place.width), expect, "{key:?} {value}");
        };
        check(Key::Next, "甲", (3, 12, 1));
        check(Key::Replaces, "丙", (5, 5, 1));
        check(Key::Shortcut, "k", (6, 12, 1));
        check(Key::Next, "丁", (3, 1, 4));
        check(Key::Id, "x", (1, 1, 0));
    }
}
