//! What was typed, read into a structured query. Every text is a query, none is an error. Pure.

use crate::analysis::pinyin::{Letters, read_letters};
use crate::analysis::{Analyzer, Folded, fold, grams};
use crate::entry::Act;
use crate::lexicon::{EmotionReading, FillerKind, Lexicon, read_emotion};
use std::collections::HashSet;
use std::ops::Range;

/// Longest input that is read, in characters; of longer ones the end is kept, since customers come to the point last.
pub const MAX_QUERY_CHARS: usize = 2_000;

/// Quotes and `-word` are operators only below this length, in characters: a longer line is a customer's message.
pub const MAX_OPERATOR_CHARS: usize = 40;

/// Most terms of one query: beyond, only more time is spent. The rest of a longer message is cut at the front.
pub const MAX_TERMS: usize = 256;

/// Digits from which a number says which order or parcel, not what is asked.
const MIN_ID_DIGITS: usize = 6;

/// Share of a written term that a synonym counts; .4 was best of .2 to .8 on the help-centre sketches.
const SYNONYM_WEIGHT: f32 = 0.4;

/// Share of a written term that the right writing for a known wrong one counts.
const CONFUSION_WEIGHT: f32 = 0.8;

/// A question, read.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The text that was read: messages joined by line ends, cut to [`MAX_QUERY_CHARS`].
    pub text: String,
    /// Whether something was cut.
    pub truncated: bool,
    /// Folded, with the way back.
    pub folded: Folded,
    /// What carries meaning, as bytes of the folded text: no filler, no long numbers, no operators.
    pub content: Vec<Range<usize>>,
    /// What is searched for, heaviest meaning first come.
    pub terms: Vec<Term>,
    /// Folded phrases that must occur as written.
    pub phrases: Vec<String>,
    /// Folded phrases that must not occur.
    pub excluded: Vec<String>,
    /// Where the text is letters alone.
    pub letters: Option<Letters>,
    /// Where the message says nothing but this.
    pub act: Option<Act>,
    /// How the customer feels.
    pub emotion: EmotionReading,
}

/// One term of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// Word or bigram.
    pub kind: TermKind,
    /// The folded term.
    pub text: String,
    /// 1 for what was written, less for what was inferred.
    pub weight: f32,
    /// Where it comes from.
    pub origin: Origin,
}

/// Which field a term is looked up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TermKind {
    /// A word of the segmenter.
    Word,
    /// A pair of neighbouring characters.
    Gram,
}

/// Why a term is in the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It was written.
    Written,
    /// A synonym of what was written.
    Synonym(String),
    /// The right writing of what was written wrong.
    Confusion(String),
}

impl Query {
    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.phrases.is_empty() && self.letters.is_none()
    }
}

/// Reads messages, oldest first.
pub fn read(messages: &[String], lexicon: &Lexicon, analyzer: &Analyzer) -> Query {
    let (text, truncated) = keep_end(&messages.join("\n"));
    let folded = fold(&text);
    let mut query = Query { truncated, emotion: read_emotion(&folded.text, &lexicon.emotions), ..Query::default() };
    let plain = read_operators(&folded.text, &mut query);
    let readable: Vec<Range<usize>> = plain.into_iter().flat_map(|range| without_ids(&folded.text, range)).collect();
    let (content, act) = without_filler(&folded.text, &readable, lexicon, analyzer);
    if content.is_empty() {
        query.act = act;
        query.content = readable;
    } else {
        query.content = content;
    }
    if query.phrases.is_empty() && query.excluded.is_empty() {
        query.letters = read_letters(folded.text.trim());
    }
    query.terms = terms(&folded.text, &query.content, lexicon, analyzer);
    for phrase in &query.phrases {
        push_terms(&mut query.terms, phrase, 1.0, &Origin::Written, analyzer);
    }
    merge(&mut query.terms);
    query.text = text;
    query.folded = folded;
    query
}

fn keep_end(text: &str) -> (String, bool) {
    let count = text.chars().count();
    if count <= MAX_QUERY_CHARS {
        return (text.to_owned(), false);
    }
    (text.chars().skip(count - MAX_QUERY_CHARS).collect(), true)
}

/// Takes `"phrases"` and `-words` out of a short single line; gives what is left.
fn read_operators(text: &str, query: &mut Query) -> Vec<Range<usize>> {
    if text.contains('\n') || text.chars().count() >= MAX_OPERATOR_CHARS {
        return std::iter::once(0..text.len()).collect();
    }
    let mut plain = Vec::new();
    let mut at = 0;
    let mut begin = 0;
    while let Some(character) = text[at..].chars().next() {
        let next = at + character.len_utf8();
        let close = match character {
            '"' => Some('"'),
            '“' => Some('”'),
            _ => None,
        };
        if let Some(end) = close.and_then(|close| text[next..].find(close).map(|found| (next + found, close)))
            && end.0 > next
        {
            plain.push(begin..at);
            let phrase = text[next..end.0].trim().to_owned();
            let excluded = text[..at].ends_with('-');
            if excluded {
                query.excluded.push(phrase);
            } else {
                query.phrases.push(phrase);
            }
            at = end.0 + end.1.len_utf8();
            begin = at;
            continue;
        }
        let stands_first = text[..at].chars().next_back().is_none_or(char::is_whitespace);
        if character == '-' && stands_first && text[next..].starts_with(char::is_alphanumeric) {
            plain.push(begin..at);
            let end = text[next..].find(char::is_whitespace).map_or(text.len(), |found| next + found);
            query.excluded.push(text[next..end].to_owned());
            at = end;
            begin = end;
            continue;
        }
        at = next;
    }
    plain.push(begin..text.len());
    plain.retain(|range| !text[range.clone()].trim().is_empty());
    plain
}

/// Cuts out runs of digits that are order or tracking numbers.
fn without_ids(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut kept = Vec::new();
    let mut begin = range.start;
    let mut at = range.start;
    while at < range.end {
        let rest = &text[at..range.end];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits >= MIN_ID_DIGITS {
            kept.push(begin..at);
            begin = at + digits;
        }
        at += digits.max(1);
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    kept.push(begin..range.end);
    kept.retain(|range| !range.is_empty());
    kept
}

/// Drops greetings, particles and acts where they stand as words of their own; gives what is left and the last act.
fn without_filler(text: &str, ranges: &[Range<usize>], lexicon: &Lexicon, analyzer: &Analyzer) -> (Vec<Range<usize>>, Option<Act>) {
    let words = analyzer.words(text);
    let starts: HashSet<usize> = words.iter().map(|token| token.start).collect();
    let ends: HashSet<usize> = words.iter().map(super::analysis::Token::end).collect();
    let mut act = None;
    let mut filler = Vec::new();
    for (span, kind) in lexicon.filler_spans(text) {
        if starts.contains(&span.start) && ends.contains(&span.end) {
            if let FillerKind::Act(of) = kind {
                act = Some(of);
            }
            filler.push(span);
        }
    }
    let mut left = Vec::new();
    for range in ranges {
        let mut begin = range.start;
        for span in filler.iter().filter(|span| range.start <= span.start && span.end <= range.end) {
            left.push(begin..span.start);
            begin = span.end;
        }
        left.push(begin..range.end);
    }
    left.retain(|range| text[range.clone()].contains(char::is_alphanumeric));
    (left, act)
}

fn terms(text: &str, content: &[Range<usize>], lexicon: &Lexicon, analyzer: &Analyzer) -> Vec<Term> {
    let mut terms = Vec::new();
    for range in content {
        let piece = &text[range.clone()];
        push_terms(&mut terms, piece, 1.0, &Origin::Written, analyzer);
        for (span, synonyms) in outermost(lexicon.synonym_spans(piece)) {
            for synonym in synonyms {
                push_terms(&mut terms, synonym, SYNONYM_WEIGHT, &Origin::Synonym(piece[span.clone()].to_owned()), analyzer);
            }
        }
        for (span, meant) in lexicon.confusion_spans(piece) {
            for right in meant {
                let mended = format!("{}{right}{}", &piece[..span.start], &piece[span.end..]);
                push_terms(&mut terms, &mended, CONFUSION_WEIGHT, &Origin::Confusion(piece[span.clone()].to_owned()), analyzer);
            }
        }
    }
    terms
}

/// Spans that lie in no other one: 改地址 speaks for the 地址 in it.
fn outermost<T>(spans: Vec<(Range<usize>, T)>) -> Vec<(Range<usize>, T)> {
    let all: Vec<Range<usize>> = spans.iter().map(|(span, _)| span.clone()).collect();
    let inside = |span: &Range<usize>| all.iter().any(|other| other != span && other.start <= span.start && span.end <= other.end);
    spans.into_iter().filter(|(span, _)| !inside(span)).collect()
}

fn push_terms(terms: &mut Vec<Term>, text: &str, weight: f32, origin: &Origin, analyzer: &Analyzer) {
    let mut push = |kind, text: &str| terms.push(Term { kind, text: text.to_owned(), weight, origin: origin.clone() });
    for token in analyzer.words(text) {
        push(TermKind::Word, token.term);
    }
    for token in grams(text) {
        push(TermKind::Gram, token.term);
    }
}

/// Each term once, with its greatest weight, in the order of first mention; the last [`MAX_TERMS`] of what was written stay.
fn merge(terms: &mut Vec<Term>) {
    let mut merged: Vec<Term> = Vec::with_capacity(terms.len());
    let mut seen: std::collections::HashMap<(TermKind, String), usize> = std::collections::HashMap::new();
    for term in terms.drain(..) {
        match seen.entry((term.kind, term.text.clone())) {
            std::collections::hash_map::Entry::Occupied(at) => {
                let known = &mut merged[*at.get()];
                if term.weight > known.weight {
                    *known = term;
                }
            }
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(merged.len());
                merged.push(term);
            }
        }
    }
    if merged.len() > MAX_TERMS {
        merged.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        merged.truncate(MAX_TERMS);
    }
    *terms = merged;
}
