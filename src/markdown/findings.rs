//! The problems of one file, as they are found. Pure.

use super::front_matter::Fault;
use super::source::Source;
use crate::problem::{Code, Problem};
use std::ops::Range;

/// Most problems told of one file: who has mended a hundred sees the next hundred.
const MAX_PROBLEMS: usize = 100;

/// Collects the problems of a file and knows their places.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    path: &'a str,
    source: &'a Source<'a>,
    problems: Vec<Problem>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(path: &'a str, source: &'a Source<'a>) -> Findings<'a> {
        Findings { path, source, problems: Vec::new() }
    }

    /// A problem at bytes of the file.
    pub(super) fn report(&mut self, span: Range<usize>, code: Code, zh: String, en: String) {
        if self.problems.len() >= MAX_PROBLEMS && !code.withholds() {
            return;
        }
        let (line, column) = self.source.position(span.start);
        let width = self.source.width(&span);
        self.problems.push(Problem { path: self.path.to_owned(), line, column, width, code, zh, en });
    }

    /// More of something than its limit; those beyond it are left out.
    pub(super) fn too_many(&mut self, at: usize, zh: &str, en: &str, most: usize) {
        self.report(
            at..at,
            Code::TooMany,
            format!("{zh}超过 {most} 个，从这里起不再使用；请拆成几个条目"),
            format!("more than {most} {en}; those from here on are left out, split the entry"),
        );
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.report(fault.span, fault.code, fault.zh, fault.en);
    }

    /// All problems in the order of the file.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| (problem.line, problem.column));
        self.problems
    }
}
