//! Suggestions as one types: shortcuts, beginnings, parts and initials of titles and questions. A table of a snapshot; pure.
//!
//! Called by `http`. It answers after one letter already, where a search would have nothing to go by.

use crate::analysis::fold;
use crate::analysis::pinyin::{find_initials, find_syllables, read_letters};
use crate::entry::Entry;
use crate::highlight::Highlighted;
use crate::snapshot::{Ordinal, Snapshot, Visible};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// Longest input that is looked up, in characters: a longer one is a message, and search is for those.
pub const MAX_SUGGEST_CHARS: usize = 40;

/// Most suggestions of one answer: more than a screen shows.
pub const MAX_SUGGESTIONS: usize = 20;

/// What a suggestion was found by, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuggestedBy {
    /// The shortcut begins with it.
    Shortcut,
    /// The title or a question begins with it.
    Beginning,
    /// The title or a question holds it.
    Part,
    /// The title or a question sounds like it.
    Sound,
}

impl SuggestedBy {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            SuggestedBy::Shortcut => "shortcut",
            SuggestedBy::Beginning => "beginning",
            SuggestedBy::Part => "part",
            SuggestedBy::Sound => "sound",
        }
    }
}

/// One suggestion.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The entry.
    pub entry: Arc<Entry>,
    /// What was found, with the place.
    pub text: Highlighted,
    /// How.
    pub by: SuggestedBy,
}

/// The folded phrasings of the served entries.
#[derive(Debug)]
pub struct SuggestTable {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    ordinal: Ordinal,
    /// `None`: the shortcut; else 0 the title, then the questions.
    part: Option<u16>,
    folded: String,
}

impl SuggestTable {
    /// Folds what can be suggested, once for a snapshot.
    pub fn new(snapshot: &Snapshot) -> SuggestTable {
        let mut rows = Vec::new();
        for ordinal in (0..).take(snapshot.len()).filter(|ordinal| snapshot.served().contains(*ordinal)) {
            let entry = snapshot.entry(ordinal);
            rows.extend(entry.shortcut.iter().map(|shortcut| Row { ordinal, part: None, folded: fold(shortcut).text }));
            let phrasings = std::iter::once(&entry.title).chain(&entry.questions);
            rows.extend((0..).zip(phrasings).map(|(part, text)| Row { ordinal, part: Some(part), folded: fold(text).text }));
        }
        SuggestTable { rows }
    }

    /// The best suggestions of what is visible, each entry once. `snapshot` is the one of the table.
    pub fn suggest(&self, snapshot: &Snapshot, visible: &Visible, typed: &str, limit: usize) -> Vec<Suggestion> {
        let typed = fold(typed.trim()).text;
        if typed.is_empty() || typed.chars().count() > MAX_SUGGEST_CHARS {
            return Vec::new();
        }
        let rows = || self.rows.iter().filter(|row| visible.contains(row.ordinal));
        let mut found: Vec<(SuggestedBy, usize, &Row, Range<usize>)> =
            rows().filter_map(|row| plain(row, &typed).map(|(by, at)| (by, row.folded.len(), row, at))).collect();
        if let Some(letters) = read_letters(&typed) {
            let sounded = |row: &Row| {
                find_initials(&row.folded, &letters.letters, 0).or_else(|| find_syllables(&row.folded, letters.syllables.as_deref()?))
            };
            found.extend(
                rows()
                    .filter(|row| row.part.is_some())
                    .filter_map(|row| sounded(row).map(|at| (SuggestedBy::Sound, row.folded.len(), row, at))),
            );
        }
        // The shorter a phrasing, the more of it was typed.
        found.sort_by_key(|(by, length, row, _)| (*by, *length, row.ordinal, row.part));
        let mut seen = HashSet::new();
        found.retain(|(_, _, row, _)| seen.insert(row.ordinal));
        found.truncate(limit.min(MAX_SUGGESTIONS));
        found.into_iter().map(|(by, _, row, at)| suggestion(snapshot, by, row, at)).collect()
    }
}

fn plain(row: &Row, typed: &str) -> Option<(SuggestedBy, Range<usize>)> {
    let at = row.folded.find(typed)?;
    let range = at..at + typed.len();
    match (row.part, at) {
        (None, 0) => Some((SuggestedBy::Shortcut, range)),
        (None, _) => None,
        (Some(_), 0) => Some((SuggestedBy::Beginning, range)),
        (Some(_), _) => Some((SuggestedBy::Part, range)),
    }
}

fn suggestion(snapshot: &Snapshot, by: SuggestedBy, row: &Row, at: Range<usize>) -> Suggestion {
    let entry = snapshot.entry(row.ordinal);
    let text = match row.part {
        None => entry.shortcut.as_deref().unwrap_or_default(),
        Some(part) => part.checked_sub(1).and_then(|question| entry.questions.get(usize::from(question))).unwrap_or(&entry.title),
    };
    let span = fold(text).original(at);
    Suggestion { entry: Arc::clone(entry), text: Highlighted { text: text.to_owned(), spans: vec![span] }, by }
}
