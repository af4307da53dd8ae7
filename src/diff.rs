//! What changed between two texts, by word, and one text out of two that were changed at once, by line. Pure.

use crate::analysis::Analyzer;
use similar::{Algorithm, DiffTag, capture_diff_slices_deadline};
use std::ops::Range;
use std::time::{Duration, Instant};

/// How long the shortest way from one text to another is looked for; what is found after it is right too, only longer.
const DIFF_DEADLINE: Duration = Duration::from_millis(500);

/// What became of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// In both.
    Same,
    /// In the later text only.
    Added,
    /// In the earlier text only.
    Removed,
}

/// The pieces of two texts: those that are not added make up the first, those that are not removed the second.
pub fn diff(from: &str, to: &str, analyzer: &Analyzer) -> Vec<(Fate, String)> {
    let (old, new) = (analyzer.cut(from), analyzer.cut(to));
    let mut pieces: Vec<(Fate, String)> = Vec::new();
    let mut add = |fate: Fate, words: &[&str]| {
        match pieces.last_mut().filter(|(last, _)| *last == fate) {
            _ if words.is_empty() => {}
            Some((_, text)) => text.extend(words.iter().copied()),
            None => pieces.push((fate, words.concat())),
        };
    };
    for (is_same, before, after) in runs(&old, &new, Instant::now() + DIFF_DEADLINE) {
        if is_same {
            add(Fate::Same, &old[before]);
        } else {
            add(Fate::Removed, &old[before]);
            add(Fate::Added, &new[after]);
        }
    }
    pieces
}

/// The runs of two lists that are the same and those that are not, alternating, in order.
fn runs(old: &[&str], new: &[&str], deadline: Instant) -> Vec<(bool, Range<usize>, Range<usize>)> {
    let mut runs: Vec<(bool, Range<usize>, Range<usize>)> = Vec::new();
    let (mut from, mut to) = (0, 0);
    for op in capture_diff_slices_deadline(Algorithm::Myers, old, new, Some(deadline)) {
        // Lengths alone are taken: similar 2.7 gives some operations places that are off.
        let (tag, before, after) = op.as_tag_tuple();
        let (before, after) = (from..from + before.len(), to..to + after.len());
        (from, to) = (before.end, after.end);
        let is_same = tag == DiffTag::Equal;
        match runs.last_mut().filter(|(last, ..)| *last == is_same) {
            Some((_, old, new)) => (old.end, new.end) = (from, to),
            None => runs.push((is_same, before, after)),
        }
    }
    runs
}

/// One text of two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// With markers `<<<<<<<`, `=======`, `>>>>>>>` around what both changed.
    pub text: String,
    /// How many such places.
    pub conflicts: usize,
}

/// Takes over the changes of both sides; where they touch each other both stand in the text, between markers.
pub fn merge(base: &str, mine: &str, theirs: &str) -> Merged {
    let deadline = Instant::now() + DIFF_DEADLINE;
    let (mine, theirs) = (Side::new(base, mine, deadline), Side::new(base, theirs, deadline));
    let lines: Vec<&str> = base.split_inclusive('\n').collect();
    let mut merged = Merged { text: String::new(), conflicts: 0 };
    let (mut at, mut left, mut right) = (0, mine.hunks.as_slice(), theirs.hunks.as_slice());
    while let Some(start) = [left, right].iter().filter_map(|hunks| hunks.first()).map(|hunk| hunk.base.start).min() {
        let mut range = start..start;
        let (mut lefts, mut rights) = (0, 0);
        // A group grows as long as a hunk of either side touches it.
        loop {
            let before = (lefts, rights);
            for (hunks, taken) in [(left, &mut lefts), (right, &mut rights)] {
                while let Some(hunk) = hunks.get(*taken).filter(|hunk| hunk.base.start <= range.end) {
                    range.end = range.end.max(hunk.base.end);
                    *taken += 1;
                }
            }
            if before == (lefts, rights) {
                break;
            }
        }
        merged.text.extend(lines[at..range.start].iter().copied());
        let ours = apply(&lines, &range, &left[..lefts]);
        let others = apply(&lines, &range, &right[..rights]);
        match (lefts, rights) {
            (_, 0) => merged.text.push_str(&ours),
            (0, _) => merged.text.push_str(&others),
            _ if ours == others => merged.text.push_str(&ours),
            _ => {
                merged.conflicts += 1;
                for part in ["<<<<<<< mine\n", &ended(ours), "=======\n", &ended(others), ">>>>>>> theirs\n"] {
                    merged.text.push_str(part);
                }
            }
        }
        at = range.end;
        (left, right) = (&left[lefts..], &right[rights..]);
    }
    merged.text.extend(lines[at..].iter().copied());
    merged
}

/// Lines of the base that a side replaced, and what by.
struct Hunk {
    base: Range<usize>,
    text: String,
}

struct Side {
    hunks: Vec<Hunk>,
}

impl Side {
    fn new(base: &str, changed: &str, deadline: Instant) -> Side {
        let (old, new): (Vec<&str>, Vec<&str>) = (base.split_inclusive('\n').collect(), changed.split_inclusive('\n').collect());
        let changes = runs(&old, &new, deadline).into_iter().filter(|(is_same, ..)| !is_same);
        Side { hunks: changes.map(|(_, base, after)| Hunk { base, text: new[after].concat() }).collect() }
    }
}

/// A range of the base after the hunks of one side.
fn apply(lines: &[&str], range: &Range<usize>, hunks: &[Hunk]) -> String {
    let mut text = String::new();
    let mut at = range.start;
    for hunk in hunks {
        text.push_str(&lines[at..hunk.base.start].concat());
        text.push_str(&hunk.text);
        at = hunk.base.end;
    }
    text + &lines[at..range.end].concat()
}

/// With a line end, so that a marker begins a line.
fn ended(text: String) -> String {
    if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::new(&crate::lexicon::load(&[]).0));

    fn told(pieces: &[(Fate, String)]) -> String {
        let piece = |(fate, text): &(Fate, String)| match fate {
            Fate::Same => text.clone(),
            Fate::Added => format!("[+{text}]"),
            Fate::Removed => format!("[-{text}]"),
        };
        pieces.iter().map(piece).collect()
    }

    #[test]
    fn words_are_replaced_whole() {
        let check = |from: &str, to: &str, expect: &str| assert_eq!(told(&diff(from, to, &ANALYZER)), expect);
        check("亲，今天发货。", "亲，明天发货。", "亲，[-今天][+明天]发货。");
        check("一样", "一样", "一样");
        check("", "新的", "[+新的]");
        check("旧的\n第二行\n", "旧的\n", "旧的\n[-第二行\n]");
    }

    #[test]
    fn both_sides_changes_are_taken_and_what_both_changed_is_marked() {
        let check = |base: &str, mine: &str, theirs: &str, expect: &str, conflicts: usize| {
            assert_eq!(merge(base, mine, theirs), Merged { text: expect.to_owned(), conflicts });
        };
        check("一\n二\n三\n四\n五\n", "壹\n二\n三\n四\n五\n", "一\n二\n三\n四\n伍\n六\n", "壹\n二\n三\n四\n伍\n六\n", 0);
        check("一\n二\n三\n", "一\n改\n三\n", "一\n改\n三\n", "一\n改\n三\n", 0);
        check("一\n二\n三\n", "一\n我\n三\n", "一\n他\n三\n", "一\n<<<<<<< mine\n我\n=======\n他\n>>>>>>> theirs\n三\n", 1);
        check("一\n二\n", "一\n", "一\n二\n三\n", "一\n<<<<<<< mine\n=======\n二\n三\n>>>>>>> theirs\n", 1);
        check("", "我", "他", "<<<<<<< mine\n我\n=======\n他\n>>>>>>> theirs\n", 1);
    }

    proptest! {
        #[test]
        fn pieces_make_up_both_texts(from in "[亲今天发货 \\n{}a1]{0,30}", to in "[亲今天发货 \\n{}a1]{0,30}") {
            let pieces = diff(&from, &to, &ANALYZER);
            let without = |left_out: Fate| pieces.iter().filter(|(fate, _)| *fate != left_out).map(|(_, text)| text.as_str()).collect::<String>();
            prop_assert_eq!(without(Fate::Added), from);
            prop_assert_eq!(without(Fate::Removed), to);
        }

        #[test]
        fn one_changed_side_wins_whole(base in "([甲乙丙]\\n){0,8}", mine in "([甲乙丙]\\n){0,8}") {
            prop_assert_eq!(merge(&base, &mine, &base).text, mine.clone());
            prop_assert_eq!(merge(&base, &base, &mine).text, mine.clone());
            prop_assert_eq!(merge(&base, &mine, &mine).text, mine);
        }
    }
}
