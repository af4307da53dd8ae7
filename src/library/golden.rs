//! `golden.tsv`, the golden questions of a library: read, and added to as text. Whoever writes it does so as other content is written.

use super::write::{Expected, WriteError, read};
use crate::eval::LineError;
use crate::golden::{Golden, read_golden};
use std::io::ErrorKind;
use std::path::Path;

/// The name of the file.
pub const FILE: &str = "golden.tsv";

/// Longest question, in characters: as in entries.
pub const MAX_QUESTION_CHARS: usize = 500;

/// Why the questions cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// The file.
    #[error(transparent)]
    File(#[from] WriteError),
    /// A line of it.
    #[error("{FILE}: {0}")]
    Line(#[from] LineError),
}

/// The golden questions of a library, the text that holds them and what a writer expects there; none where there is no such file.
///
/// # Errors
/// [`GoldenError`].
pub fn questions(dir: &Path) -> Result<(Vec<Golden>, String, Expected), GoldenError> {
    match read(dir, FILE) {
        Ok((bytes, hash)) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Ok((read_golden(&text)?, text, Expected::Version(hash)))
        }
        Err(WriteError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok((Vec::new(), String::new(), Expected::Absent)),
        Err(error) => Err(error.into()),
    }
}

/// The file with one more question; `None` where it has it, or where one of the two does not fit on a line.
pub fn with_question(text: &str, known: &[Golden], question: &str, entry: &str) -> Option<String> {
    let fits = |cell: &str| !cell.is_empty() && !cell.contains(['\t', '\n', '\r']);
    let is_question = fits(question) && !question.starts_with('#') && question.chars().count() <= MAX_QUESTION_CHARS;
    if !is_question || !fits(entry) || known.iter().any(|golden| golden.question == question && golden.entry == entry) {
        return None;
    }
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { line_end };
    Some(format!("{text}{gap}{question}\t{entry}{line_end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_added_as_a_line_once() {
        let check = |text: &str, question: &str, expect: Option<&str>| {
            let known = read_golden(text).unwrap();
            assert_eq!(with_question(text, &known, question, "催发货").as_deref(), expect, "{text:?} {question:?}");
        };
        check("", "货呢", Some("货呢\t催发货\n"));
        check("# 说明\n怎么退\t退货\t1", "货呢", Some("# 说明\n怎么退\t退货\t1\n货呢\t催发货\n"));
        check("怎么退\t退货\r\n", "货呢", Some("怎么退\t退货\r\n货呢\t催发货\r\n"));
        check("货呢\t催发货\n", "货呢", None);
        check("", "货\t呢", None);
        check("", "#货呢", None);
    }
}
