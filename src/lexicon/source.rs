//! A file of the lexicon while it is read: its text, its lines, and what is wrong with it.

use crate::analysis::fold::fold;
use crate::problem::{Code, Problem};

/// Largest file: the general lists together are a tenth of it, and a list that people keep by hand stays below.
pub const MAX_FILE_BYTES: usize = 4 << 20;
/// Most phrases that one file may hold: what jieba and the automata build within a tenth of a second.
pub const MAX_TERMS: usize = 100_000;
/// Longest phrase in characters: longer ones are sentences, or a line end that was lost.
pub const MAX_TERM_CHARS: usize = 60;
/// Most problems shown of one file: a file of the wrong format would bury all others.
pub const MAX_PROBLEMS: usize = 100;

/// A place in a file: line and column from 1, width in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) width: u32,
}

impl Place {
    /// The beginning of the file.
    pub(super) const START: Place = Place { line: 1, column: 1, width: 0 };
}

/// One file being read.
pub(super) struct Source<'a> {
    path: &'a str,
    /// The text without a byte order mark.
    pub(super) text: &'a str,
    problems: Vec<Problem>,
    terms: usize,
}

/// A line of a `.txt` file without comment and surrounding white space; never empty.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    number: u32,
    whole: &'a str,
    pub(super) text: &'a str,
}

impl<'a> Line<'a> {
    /// The place of a part, which must be a slice of this line.
    pub(super) fn place(&self, part: &str) -> Place {
        let before = (part.as_ptr() as usize).saturating_sub(self.whole.as_ptr() as usize);
        let column = self.whole.get(..before).unwrap_or_default().chars().count() + 1;
        Place { line: self.number, column: narrow(column), width: narrow(part.chars().count()) }
    }

    /// The place of all its text.
    pub(super) fn here(&self) -> Place {
        self.place(self.text)
    }
}

impl<'a> Source<'a> {
    /// Takes a file's bytes; too many or no UTF-8: an empty text and a problem.
    pub(super) fn new(path: &'a str, bytes: &'a [u8]) -> Source<'a> {
        let mut source = Source { path, text: "", problems: Vec::new(), terms: 0 };
        if bytes.len() > MAX_FILE_BYTES {
            let limit = MAX_FILE_BYTES >> 20;
            source.report(
                Place::START,
                Code::FileTooLarge,
                format!("文件超过 {limit} MiB，未读取；请拆分或精简词表"),
                format!("the file is larger than {limit} MiB and was not read; split or shorten the list"),
            );
            return source;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => source.text = text.strip_prefix('\u{FEFF}').unwrap_or(text),
            Err(error) => {
                let good = bytes.get(..error.valid_up_to()).map(String::from_utf8_lossy).unwrap_or_default();
                let line = good.matches('\n').count() + 1;
                let column = good.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                source.report(
                    Place { line: narrow(line), column: narrow(column), width: 0 },
                    Code::NotUtf8,
                    "不是 UTF-8 文本，整个文件未读取；请另存为 UTF-8",
                    "not UTF-8 text, the file was not read; save it as UTF-8",
                );
            }
        }
        source
    }

    /// Whether the first line of a `.txt` file says that it replaces the list.
    pub(super) fn replaces(&self) -> bool {
        let first = self.text.lines().next().unwrap_or_default();
        first.strip_prefix('#').is_some_and(|comment| comment.split_whitespace().collect::<String>() == "replace:true")
    }

    /// The lines that say something. A comment begins with `#` at the start or after white space, so that `c#` can be a word.
    pub(super) fn lines(&self) -> Vec<Line<'a>> {
        let text = self.text;
        (1..)
            .zip(text.lines())
            .filter_map(|(number, whole)| {
                let comment = whole.char_indices().scan(true, |blank, (at, character)| {
                    let begins = *blank && character == '#';
                    *blank = character.is_whitespace();
                    Some((at, begins))
                });
                let end = comment.into_iter().find(|(_, begins)| *begins).map_or(whole.len(), |(at, _)| at);
                let text = whole.get(..end).unwrap_or_default().trim();
                (!text.is_empty()).then_some(Line { number, whole, text })
            })
            .collect()
    }

    /// Notes a problem.
    pub(super) fn report(&mut self, place: Place, code: Code, zh: impl Into<String>, en: impl Into<String>) {
        let Place { line, column, width } = place;
        self.problems.push(Problem { path: self.path.to_owned(), line, column, width, code, zh: zh.into(), en: en.into() });
    }

    /// Folds a phrase; `None` with a problem if nothing is left of it, if it is too long, or one too many for the file.
    pub(super) fn term(&mut self, place: Place, phrase: &str) -> Option<String> {
        let term = fold(phrase.trim()).text.trim().to_owned();
        if term.is_empty() {
            self.report(place, Code::BadLexicon, "这里缺少词语", "a word is missing here");
            return None;
        }
        if term.chars().count() > MAX_TERM_CHARS {
            let zh = format!("词语超过 {MAX_TERM_CHARS} 个字符，已忽略");
            self.report(place, Code::BadLexicon, zh, format!("the phrase has more than {MAX_TERM_CHARS} characters and was ignored"));
            return None;
        }
        self.terms += 1;
        if self.terms == MAX_TERMS + 1 {
            let zh = format!("词语超过 {MAX_TERMS} 个，从这里起忽略");
            self.report(place, Code::TooMany, zh, format!("more than {MAX_TERMS} phrases; ignored from here on"));
        }
        (self.terms <= MAX_TERMS).then_some(term)
    }

    /// The first problems, and one that tells of the rest.
    pub(super) fn finish(&mut self) -> Vec<Problem> {
        let found = self.problems.len();
        if found > MAX_PROBLEMS {
            self.problems.truncate(MAX_PROBLEMS);
            let rest = found - MAX_PROBLEMS;
            let zh = format!("还有 {rest} 个问题未列出；请先检查文件格式");
            self.report(Place::START, Code::TooMany, zh, format!("{rest} more problems are not listed; check the file's format first"));
        }
        std::mem::take(&mut self.problems)
    }
}

pub(super) fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
