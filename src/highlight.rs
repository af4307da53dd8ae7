//! Highlights and snippets: what of a text a query met, right to the character after folding, synonyms and bigrams. Pure.

use crate::analysis::gram_spans;
use crate::analysis::sieve::Sieve;
use crate::analysis::terms::gram_hash;
use crate::query::{Query, TermKind};
use std::ops::Range;

/// Longest snippet, in characters: two lines of the panel.
pub const MAX_SNIPPET_CHARS: usize = 120;

/// Characters shown before the first highlight of a snippet.
const LEAD_CHARS: usize = 20;

/// A text with the parts that were met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Highlighted {
    /// The text as it stands in the file.
    pub text: String,
    /// Bytes of `text`, ascending, neither overlapping nor touching.
    pub spans: Vec<Range<usize>>,
}

impl Highlighted {
    /// The text in pieces, each with whether it was met: how programs and pages get it, free of offset units.
    pub fn pieces(&self) -> impl Iterator<Item = (&str, bool)> {
        let mut at = 0;
        let met = self.spans.iter().flat_map(move |span| {
            let before = at..span.start;
            at = span.end;
            [(before, false), (span.clone(), true)]
        });
        let last = self.spans.last().map_or(0, |span| span.end);
        met.chain(std::iter::once((last..self.text.len(), false)))
            .filter(|(range, _)| !range.is_empty())
            .map(|(range, met)| (&self.text[range], met))
    }
}

/// Longest text that a snippet is looked for in, in bytes: a thousand characters of a section; marking ten times more took a third of a search.
const MAX_SNIPPET_SOURCE_BYTES: usize = 3_072;

/// The query's bigrams, ready to be looked for. Every word of two characters or more consists of them, so that no text need be
/// segmented again: that would cost more than the search.
#[derive(Debug)]
pub struct Marker {
    /// Hashes, ascending.
    grams: Vec<u64>,
    /// Their characters: most of a text are in none.
    characters: Sieve,
}

impl Marker {
    /// A marker for the terms of a query.
    pub fn new(query: &Query) -> Marker {
        let texts = || query.terms.iter().filter(|term| term.kind == TermKind::Gram).map(|term| term.text.as_str());
        let mut grams: Vec<u64> = texts().map(gram_hash).collect();
        grams.sort_unstable();
        let characters = Sieve::of(texts().flat_map(str::chars).map(u64::from));
        Marker { grams, characters }
    }

    /// The whole text with highlights.
    pub fn mark(&self, text: &str) -> Highlighted {
        Highlighted { text: text.to_owned(), spans: self.spans(text) }
    }

    /// The part of a text with the most that was met, at most [`MAX_SNIPPET_CHARS`] long, with `…` where it was cut.
    pub fn snippet(&self, text: &str) -> Highlighted {
        let text = &text[..text.floor_char_boundary(MAX_SNIPPET_SOURCE_BYTES)];
        let spans = self.spans(text);
        let window = window(text, &spans);
        let (before, after) = (if window.start > 0 { "…" } else { "" }, if window.end < text.len() { "…" } else { "" });
        let shift = |at: usize| at - window.start + before.len();
        let inside = spans.iter().filter(|span| window.start <= span.start && span.end <= window.end);
        let spans = inside.map(|span| shift(span.start)..shift(span.end)).collect();
        let body = text[window].replace('\n', " ");
        Highlighted { text: [before, &body, after].concat(), spans }
    }

    fn spans(&self, text: &str) -> Vec<Range<usize>> {
        let knows = |character| self.characters.may_have(u64::from(character));
        join(gram_spans(text, knows, |gram| self.grams.binary_search(&gram).is_ok()))
    }
}

/// Joins spans that overlap or touch.
pub fn join(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.retain(|span| !span.is_empty());
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// The window with the most highlighted bytes; the first of equals.
fn window(text: &str, spans: &[Range<usize>]) -> Range<usize> {
    let length = text.chars().count();
    if length <= MAX_SNIPPET_CHARS {
        return 0..text.len();
    }
    let mut starts = Vec::with_capacity(length);
    starts.extend(text.char_indices().map(|(at, _)| at));
    let char_of = |byte: usize| starts.partition_point(|start| *start < byte);
    let byte_of = |character: usize| starts.get(character).copied().unwrap_or(text.len());
    let mut best = (0, 0..byte_of(MAX_SNIPPET_CHARS));
    for span in spans {
        let from = char_of(span.start).saturating_sub(LEAD_CHARS).min(length - MAX_SNIPPET_CHARS);
        let range = byte_of(from)..byte_of(from + MAX_SNIPPET_CHARS);
        let covered: usize =
            spans.iter().filter(|other| range.start <= other.start && other.end <= range.end).map(ExactSizeIterator::len).sum();
        if covered > best.0 {
            best = (covered, range);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analyzer;
    use crate::lexicon::Lexicon;
    use crate::query::read;

    fn check(question: &str, text: &str, expect: &str) {
        let analyzer = Analyzer::new(&Lexicon::default());
        let query = read(&[question.to_owned()], &Lexicon::default(), &analyzer);
        let marked = Marker::new(&query).mark(text);
        let shown: String = marked.pieces().map(|(piece, met)| if met { format!("[{piece}]") } else { piece.to_owned() }).collect();
        assert_eq!(shown, expect, "{question} in {text}");
    }

    #[test]
    fn what_was_met_is_marked_as_it_was_written() {
        check("工程", "在建工程", "在建[工程]");
        check("退货", "如何退貨？", "如何[退貨]？");
        check("refund", "ＲＥＦＵＮＤ 流程", "[ＲＥＦＵＮＤ] 流程");
        check("运费险", "运费险：怎么赔", "[运费险]：怎么赔");
        check("永远 远远", "永永远远是龙的传人", "永[永远远]是龙的传人");
        check("", "什么都没有", "什么都没有");
    }

    #[test]
    fn a_snippet_shows_the_place_with_the_most() {
        let analyzer = Analyzer::new(&Lexicon::default());
        let query = read(&["退货运费".to_owned()], &Lexicon::default(), &analyzer);
        let text = format!("{}退货运费由谁承担{}", "前文。".repeat(80), "后文。".repeat(80));
        let snippet = Marker::new(&query).snippet(&text);
        assert!(snippet.text.starts_with('…') && snippet.text.ends_with('…'));
        assert_eq!(snippet.spans.iter().map(|span| &snippet.text[span.clone()]).collect::<Vec<_>>(), ["退货运费"]);
        assert!(snippet.text.chars().count() <= MAX_SNIPPET_CHARS + 2);
    }
}
