//! Byte offsets of a file to lines and columns, as people and editors count them. Used for every problem in a file. Pure.

use std::ops::Range;

/// The byte order mark, which some editors put at the beginning of a file: tolerated, kept and counted as no character.
pub(super) const BOM: char = '\u{FEFF}';

/// The text of a file with the beginnings of its lines.
#[derive(Debug)]
pub struct Source<'a> {
    text: &'a str,
    /// Byte at which each line begins; the first is 0.
    starts: Vec<usize>,
}

impl<'a> Source<'a> {
    /// Finds the lines: LF, CRLF and a lone CR end one, as CommonMark and YAML say.
    pub fn new(text: &'a str) -> Source<'a> {
        let bytes = text.as_bytes();
        let starts = std::iter::once(0)
            .chain(bytes.iter().enumerate().filter_map(|(at, byte)| match byte {
                b'\n' => Some(at + 1),
                b'\r' if bytes.get(at + 1) != Some(&b'\n') => Some(at + 1),
                _ => None,
            }))
            .collect();
        Source { text, starts }
    }

    /// The whole text, a byte order mark included.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The line, from 1, in which a byte stands; a byte beyond the end stands in the last line.
    pub fn line(&self, offset: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }

    /// The byte at which the line of a byte begins.
    pub fn line_start(&self, offset: usize) -> usize {
        self.starts[self.starts.partition_point(|start| *start <= offset) - 1]
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (u32, u32) {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        let before = self.text[self.starts[line - 1]..offset].chars().filter(|character| *character != BOM).count();
        (self.line(offset), u32::try_from(before + 1).unwrap_or(u32::MAX))
    }

    /// How many characters of a range of bytes stand in its first line.
    pub fn width(&self, span: &Range<usize>) -> u32 {
        let start = self.text.floor_char_boundary(span.start);
        let end = self.text.floor_char_boundary(span.end).max(start);
        let width = self.text[start..end].chars().take_while(|character| !matches!(character, '\n' | '\r')).count();
        u32::try_from(width).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, found: &str, expect: (u32, u32)) {
        assert_eq!(Source::new(text).position(text.find(found).unwrap()), expect, "{found:?} in {text:?}");
    }

    #[test]
    fn columns_count_characters_and_any_line_end_ends_a_line() {
        check("标题: 催发货", "催", (1, 5));
        check("a\r\nb\rc\nd", "d", (4, 1));
        check("\u{FEFF}标题: x", "标", (1, 1));
        check("\u{FEFF}a\n题x", "x", (2, 2));
    }

    #[test]
    fn a_place_beyond_the_end_is_the_end() {
        assert_eq!(Source::new("a\n题").position(99), (2, 2));
        assert_eq!(Source::new("").position(0), (1, 1));
    }

    #[test]
    fn a_width_stops_at_the_end_of_the_line() {
        assert_eq!(Source::new("催发货\n再").width(&(3..12)), 2);
    }
}
