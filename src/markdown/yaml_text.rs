//! A text as a YAML scalar: plain where every reader of YAML takes it for the same text, else in double quotation marks. Pure.

use super::dates;
use std::fmt::Write;

/// Where a scalar stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// After a key or a dash, to the end of the line.
    Block,
    /// In brackets, where commas and brackets end it.
    Flow,
    /// The value of a date; in braces or not.
    Date,
}

/// Writes a text so that it is read back as the same text.
pub(super) fn write(text: &str, place: Place) -> String {
    let date = place == Place::Date && dates::parse(text).is_some();
    if date || (!looks_like_another_type(text) && is_plain(text, place != Place::Block)) { text.to_owned() } else { quoted(text) }
}

/// Whether YAML reads these characters as they are.
fn is_plain(text: &str, flow: bool) -> bool {
    let indicators = ['-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '=', '<'];
    let ends = |text: &str| text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    !(text.is_empty()
        || ends(text)
        || text.starts_with(indicators)
        || text.starts_with("...")
        || text.ends_with(':')
        || text.contains(": ")
        || text.contains(" #")
        || text.contains(|character: char| is_special(character))
        || (flow && (text.contains([',', '[', ']', '{', '}']) || text.contains(":\""))))
}

/// Line breaks and characters that are no text in YAML, and those that nobody sees.
fn is_special(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Whether some reader of YAML, 1.1 or 1.2, takes the plain text for a truth value, a number, a date or nothing.
fn looks_like_another_type(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let words = ["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"];
    // Numbers in all their forms (1_000, 1e3, 12:30, 0x1F) and dates begin with a digit, a sign or a dot.
    let begins = text.starts_with(|first: char| first.is_ascii_digit() || "+.".contains(first));
    let number = begins && text.chars().all(|character| character.is_ascii_digit() || "_+-.:eETZ ".contains(character));
    let based = lower.starts_with("0x") || lower.starts_with("0o") || lower.starts_with("0b");
    let number = number || (based && lower[2..].chars().all(|character| character.is_ascii_hexdigit() || character == '_'));
    words.contains(&lower.as_str()) || number
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Writing to a String cannot fail.
            special if is_special(special) => drop(write!(quoted, "\\u{:04X}", u32::from(special))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, place: Place, expect: &str) {
        assert_eq!(write(text, place), expect, "{text:?}");
    }

    #[test]
    fn only_what_yaml_would_read_otherwise_is_quoted() {
        for plain in ["怎么还没发货", "退货：七天", "a-b", "https://a.b/c?d=e#f", "7天无理由", "3C", "it's", "亲~"] {
            check(plain, Place::Block, plain);
        }
        for other in [
            "yes",
            "No",
            "123",
            "1.5",
            "2026-01-01",
            "12:30",
            "0x1F",
            "1_000",
            "null",
            "",
            " a",
            "a ",
            "- a",
            "#a",
            "a: b",
            "a #b",
            "a:",
            "{{a}}",
            "[a]",
            "@a",
            "*a",
            "&a",
            "!a",
            "%a",
            "'a",
            "=",
            "<<",
            "...",
        ] {
            check(other, Place::Block, &format!("\"{other}\""));
        }
        check("a\"b\\\n\u{FEFF}", Place::Block, r#""a\"b\\\n\uFEFF""#);
    }

    #[test]
    fn brackets_and_commas_are_quoted_in_brackets_alone() {
        check("a, b", Place::Block, "a, b");
        check("a, b", Place::Flow, "\"a, b\"");
        check("a[1]", Place::Flow, "\"a[1]\"");
    }

    #[test]
    fn a_date_stays_plain_where_a_date_belongs() {
        check("2026-11-10 20:00", Place::Date, "2026-11-10 20:00");
        check("123", Place::Date, "\"123\"");
    }
}
