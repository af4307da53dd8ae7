//! What was typed, read into a structured query. Every text is a query, none is an error. Pure.

use crate::analysis::pinyin::{Letters, read_letters};
use crate::analysis::terms::{gram_hash, word_hash};
use crate::analysis::{Analyzer, Folded, fold, grams};
use crate::entry::Act;
use crate::lexicon::{EmotionReading, FillerKind, Lexicon, Voice, read_emotion};
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

/// Share of a written term that a synonym counts; .6 was best of .2 to .8 on the help-centre messages.
const SYNONYM_WEIGHT: f32 = 0.6;

/// Share of a written term that the right writing for a known wrong one counts.
const CONFUSION_WEIGHT: f32 = 0.8;

/// Share that a word counts which sounds like what was written.
const HOMOPHONE_WEIGHT: f32 = 0.6;

/// Characters on either side of a wrong writing that are read with the right one: no word reaches further.
const MEND_REACH_CHARS: usize = 20;

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
    /// Number of the notion that it expresses. Of a notion only the best alternative counts: who asks for 快递 and finds 快递 and 物流 has
    /// found one thing.
    pub notion: u16,
    /// Which alternative of the notion it belongs to: 0 what was written, then each synonym.
    pub alternative: u16,
}

/// Which field a term is looked up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TermKind {
    /// A word of the segmenter.
    Word,
    /// A pair of neighbouring characters.
    Gram,
    /// An intent of the lexicon; stands among the words of the index.
    Intent,
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
    /// What the message as a whole asks for.
    Intent,
}

impl Term {
    /// Its hash, as [`crate::analysis::terms`] has it.
    pub fn hash(&self) -> u64 {
        match self.kind {
            TermKind::Word | TermKind::Intent => word_hash(&self.text),
            TermKind::Gram => gram_hash(&self.text),
        }
    }
}

impl Query {
    /// Hashes of what the message does not say and its synonyms do, ascending.
    pub fn implied(&self) -> Vec<u64> {
        let mut implied: Vec<u64> = self.terms.iter().filter(|term| matches!(term.origin, Origin::Synonym(_))).map(Term::hash).collect();
        implied.sort_unstable();
        implied.dedup();
        implied
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.phrases.is_empty() && self.letters.is_none()
    }
}

/// Reads messages, oldest first.
pub fn read(messages: &[String], lexicon: &Lexicon, analyzer: &Analyzer) -> Query {
    let (mut query, folded) = begin(messages, lexicon);
    let plain = read_operators(&folded.text, &mut query);
    finish(query, folded, plain, lexicon, analyzer)
}

/// Reads messages with quotes and minus signs as mere signs: what a customer quotes (显示“待揽收”是什么意思) need not stand in any answer.
pub fn read_as_message(messages: &[String], lexicon: &Lexicon, analyzer: &Analyzer) -> Query {
    let (query, folded) = begin(messages, lexicon);
    let whole = std::iter::once(0..folded.text.len()).collect();
    finish(query, folded, whole, lexicon, analyzer)
}

fn begin(messages: &[String], lexicon: &Lexicon) -> (Query, Folded) {
    let (text, truncated) = keep_end(&messages.join("\n"));
    let folded = fold(&text);
    (Query { truncated, emotion: read_emotion(&folded.text, &lexicon.emotions), text, ..Query::default() }, folded)
}

/// Reads what is no operator.
fn finish(mut query: Query, folded: Folded, plain: Vec<Range<usize>>, lexicon: &Lexicon, analyzer: &Analyzer) -> Query {
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
    let mut notions = notions(&folded.text, &query.content, lexicon, analyzer);
    if query.phrases.is_empty() {
        for intent in analyzer.intents(&folded.text, Voice::Customer) {
            notions.push_intent(intent);
        }
    }
    for phrase in &query.phrases {
        notions.push_free(phrase, 0..0, &[], analyzer);
    }
    query.terms = notions.finish();
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

fn notions(text: &str, content: &[Range<usize>], lexicon: &Lexicon, analyzer: &Analyzer) -> Notions {
    let mut notions = Notions::default();
    for range in content {
        let piece = &text[range.clone()];
        let spans = outermost(lexicon.synonym_spans(piece));
        let covered: Vec<Range<usize>> = spans.iter().map(|(span, _)| span.clone()).collect();
        notions.push_free(piece, 0..piece.len(), &covered, analyzer);
        for (span, synonyms) in spans {
            notions.push_synonyms(piece, &span, synonyms, analyzer);
        }
        for (span, meant) in lexicon.confusion_spans(piece) {
            for right in meant {
                notions.push_mended(piece, &span, right, CONFUSION_WEIGHT, analyzer);
            }
        }
        for (span, meant) in analyzer.misspelt(piece) {
            for right in meant {
                notions.push_mended(piece, &span, right, HOMOPHONE_WEIGHT, analyzer);
            }
        }
    }
    notions
}

/// Spans that lie in no other one: 改地址 speaks for the 地址 in it.
fn outermost<T>(spans: Vec<(Range<usize>, T)>) -> Vec<(Range<usize>, T)> {
    let all: Vec<Range<usize>> = spans.iter().map(|(span, _)| span.clone()).collect();
    let inside = |span: &Range<usize>| all.iter().any(|other| other != span && other.start <= span.start && span.end <= other.end);
    spans.into_iter().filter(|(span, _)| !inside(span)).collect()
}

/// The terms of a query while they are gathered.
#[derive(Default)]
struct Notions {
    terms: Vec<Term>,
    /// What was gathered already, so that a word said twice counts once.
    seen: HashSet<(TermKind, String)>,
    /// What has synonyms and was gathered already.
    said: HashSet<String>,
    next: u16,
}

impl Notions {
    /// Tokens of a piece that lie in no covered span: each its own notion.
    fn push_free(&mut self, piece: &str, range: Range<usize>, covered: &[Range<usize>], analyzer: &Analyzer) {
        let inside = |token: &crate::analysis::Token| covered.iter().any(|span| span.start <= token.start && token.end() <= span.end);
        let text = if range.is_empty() { piece } else { &piece[range] };
        for (kind, token) in tokens(text, analyzer) {
            if !inside(&token) && self.seen.insert((kind, token.term.to_owned())) {
                let notion = self.number();
                self.terms.push(Term { kind, text: token.term.to_owned(), weight: 1.0, origin: Origin::Written, notion, alternative: 0 });
            }
        }
    }

    /// A span that has synonyms: what was written and each synonym are alternatives of one notion.
    fn push_synonyms(&mut self, piece: &str, span: &Range<usize>, synonyms: &[String], analyzer: &Analyzer) {
        let written = &piece[span.clone()];
        // Said again, it means nothing more.
        if !self.said.insert(written.to_owned()) {
            return;
        }
        let notion = self.number();
        for (kind, token) in tokens(written, analyzer) {
            self.seen.insert((kind, token.term.to_owned()));
            self.terms.push(Term { kind, text: token.term.to_owned(), weight: 1.0, origin: Origin::Written, notion, alternative: 0 });
        }
        for (alternative, synonym) in (1..).zip(synonyms) {
            for (kind, token) in tokens(synonym, analyzer) {
                let origin = Origin::Synonym(written.to_owned());
                self.terms.push(Term { kind, text: token.term.to_owned(), weight: SYNONYM_WEIGHT, origin, notion, alternative });
            }
        }
    }

    /// The tokens that a known wrong writing would have given, written right among what stands near.
    fn push_mended(&mut self, piece: &str, span: &Range<usize>, right: &str, weight: f32, analyzer: &Analyzer) {
        let (before, after) = (&piece[..span.start], &piece[span.end..]);
        let before = before.char_indices().nth_back(MEND_REACH_CHARS - 1).map_or(before, |(at, _)| &before[at..]);
        let after = after.char_indices().nth(MEND_REACH_CHARS).map_or(after, |(at, _)| &after[..at]);
        let mended = format!("{before}{right}{after}");
        let touched = before.len()..before.len() + right.len();
        for (kind, token) in tokens(&mended, analyzer) {
            let touches = token.start < touched.end && touched.start < token.end();
            if touches && self.seen.insert((kind, token.term.to_owned())) {
                let (notion, origin) = (self.number(), Origin::Confusion(piece[span.clone()].to_owned()));
                self.terms.push(Term { kind, text: token.term.to_owned(), weight, origin, notion, alternative: 0 });
            }
        }
    }

    fn push_intent(&mut self, text: String) {
        let notion = self.number();
        self.terms.push(Term { kind: TermKind::Intent, text, weight: 1.0, origin: Origin::Intent, notion, alternative: 0 });
    }

    fn number(&mut self) -> u16 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        number
    }

    /// The heaviest [`MAX_TERMS`], of equals the last said.
    fn finish(mut self) -> Vec<Term> {
        if self.terms.len() > MAX_TERMS {
            self.terms.reverse();
            self.terms.sort_by(|a, b| b.weight.total_cmp(&a.weight));
            self.terms.truncate(MAX_TERMS);
        }
        self.terms
    }
}

fn tokens<'t>(text: &'t str, analyzer: &Analyzer) -> impl Iterator<Item = (TermKind, crate::analysis::Token<'t>)> + use<'t> {
    let words = analyzer.words(text).into_iter().map(|token| (TermKind::Word, token));
    words.chain(grams(text).into_iter().map(|token| (TermKind::Gram, token)))
}
