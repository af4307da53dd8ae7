//! Golden questions (`golden.tsv`): which entry must be among the first hits of a question, and what moved since it was asked last. Pure but
//! for the search; `check --golden` keeps the state.

use crate::answer::{Request, answer};
use crate::eval::{LineError, lines};
use crate::learning::{Learned, LearnedPhrasing, phrasing_text};
use crate::snapshot::Snapshot;
use std::collections::HashMap;

/// Ranks beyond this are none.
pub const DEPTH: usize = 10;

/// Threads that ask at once: searches of agents go on beside them.
const MAX_ASKING: usize = 4;

/// Where a line names no number of places.
const DEFAULT_WITHIN: usize = 3;

/// Begins a line that is none.
const COMMENT: char = '#';

/// A question and what it must find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Golden {
    /// What the customer writes.
    pub question: String,
    /// Id of the entry.
    pub entry: String,
    /// How far down it may stand, from 1.
    pub within: usize,
}

/// Reads `question TAB entry [TAB n]` lines; `#` begins a comment line.
///
/// # Errors
/// The first line of another shape, or with an `n` that is not 1 to [`DEPTH`].
pub fn read_golden(text: &str) -> Result<Vec<Golden>, LineError> {
    lines(text)
        .filter(|(_, row)| !row.starts_with(COMMENT))
        .map(|(line, row)| {
            let error = || LineError { line, expected: "question TAB entry TAB n (1 to 10)", found: row.to_owned() };
            let fields: Vec<&str> = row.split('\t').map(str::trim).collect();
            let (question, entry, within) = match fields[..] {
                [question, entry] => (question, entry, DEFAULT_WITHIN),
                [question, entry, n] => (question, entry, n.parse().ok().filter(|n| (1..=DEPTH).contains(n)).ok_or_else(error)?),
                _ => return Err(error()),
            };
            if question.is_empty() || entry.is_empty() {
                return Err(error());
            }
            Ok(Golden { question: question.to_owned(), entry: entry.to_owned(), within })
        })
        .collect()
}

/// Persons who must have picked the same entry before a question is proposed: two may be neighbours.
pub const MIN_AGREEING: usize = 3;

/// Questions on which picks agree: used by several people, in several conversations, for one entry alone and hardly ever passed over, and not
/// golden yet. Most used first.
pub fn propose(learned: &Learned, known: &[Golden]) -> Vec<Golden> {
    let is_known = |text: &str| known.iter().any(|golden| phrasing_text(&golden.question).as_deref() == Some(text));
    let alone = |phrasing: &&LearnedPhrasing| {
        let other = |other: &LearnedPhrasing| other.text == phrasing.text && other.entry_id != phrasing.entry_id;
        let at = learned.phrasings.partition_point(|other| other.text < phrasing.text);
        !learned.phrasings[at..].iter().take_while(|near| near.text == phrasing.text).any(other)
    };
    let agreed = |phrasing: &&LearnedPhrasing| {
        phrasing.shareable
            && phrasing.identities.len() >= MIN_AGREEING
            && phrasing.passed_over * 2 <= phrasing.picks
            // A placeholder is nothing that a customer writes.
            && !phrasing.text.contains('<')
    };
    let mut proposed: Vec<&LearnedPhrasing> = learned.phrasings.iter().filter(agreed).filter(alone).collect();
    proposed.retain(|phrasing| !is_known(&phrasing.text));
    proposed.sort_by_key(|phrasing| std::cmp::Reverse(phrasing.picks));
    let golden = |phrasing: &LearnedPhrasing| Golden {
        question: phrasing.text.to_string(),
        entry: phrasing.entry_id.to_string(),
        within: DEFAULT_WITHIN,
    };
    proposed.into_iter().map(golden).collect()
}

/// What a golden question found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The question.
    pub golden: Golden,
    /// Where its entry stands, from 1; `None` beyond [`DEPTH`].
    pub rank: Option<usize>,
    /// Id of the first hit.
    pub first: Option<String>,
    /// Whether the library has the entry at all.
    pub exists: bool,
}

impl Outcome {
    /// Whether the entry is where it must be.
    pub fn holds(&self) -> bool {
        holds(self.rank, self.golden.within)
    }
}

fn holds(rank: Option<usize>, within: usize) -> bool {
    rank.is_some_and(|rank| rank <= within)
}

/// Asks every question, on as many threads as there are cores but at most [`MAX_ASKING`]: somebody waits for the answers.
///
/// # Errors
/// Where the index cannot be read.
pub fn ask(snapshot: &Snapshot, questions: &[Golden]) -> tantivy::Result<Vec<Outcome>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_ASKING);
    let share = questions.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let asking: Vec<_> = questions.chunks(share).map(|part| scope.spawn(move || ask_in_turn(snapshot, part))).collect();
        let mut outcomes = Vec::with_capacity(questions.len());
        for thread in asking {
            outcomes.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(outcomes)
    })
}

fn ask_in_turn(snapshot: &Snapshot, questions: &[Golden]) -> tantivy::Result<Vec<Outcome>> {
    let outcome = |golden: Golden| {
        let answer = answer(snapshot, &Request { limit: DEPTH, ..Request::new(&golden.question) })?;
        let rank = (1..).zip(&answer.hits).find(|(_, hit)| *hit.entry.id == *golden.entry).map(|(rank, _)| rank);
        let first = answer.hits.first().map(|hit| hit.entry.id.to_string());
        let exists = snapshot.get(&golden.entry).is_some();
        Ok(Outcome { golden, rank, first, exists })
    };
    questions.iter().cloned().map(outcome).collect()
}

/// Share of the outcomes whose entry is among the first `places`.
#[expect(clippy::cast_precision_loss, reason = "counts of questions")]
pub fn success(outcomes: &[Outcome], places: usize) -> f64 {
    let found = outcomes.iter().filter(|outcome| holds(outcome.rank, places)).count();
    if outcomes.is_empty() { 0.0 } else { found as f64 / outcomes.len() as f64 }
}

/// Ranks of an earlier run, by question and entry.
pub type Ranks = HashMap<(String, String), Option<usize>>;

/// An entry that stands elsewhere than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move<'o> {
    /// As it is now.
    pub outcome: &'o Outcome,
    /// Its rank before.
    pub before: Option<usize>,
}

impl Move<'_> {
    /// Whether it was where it must be and is no more.
    pub fn is_loss(&self) -> bool {
        holds(self.before, self.outcome.golden.within) && !self.outcome.holds()
    }

    /// Whether it is where it must be and was not.
    pub fn is_gain(&self) -> bool {
        !holds(self.before, self.outcome.golden.within) && self.outcome.holds()
    }
}

/// How a change would move golden questions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trial {
    /// Questions that find their entry now and would no more.
    pub broken: Vec<Shift>,
    /// Questions that would find their entry and do not now.
    pub mended: Vec<Shift>,
    /// How many entries would stand elsewhere, these included.
    pub moved: usize,
    /// How many questions there are.
    pub of: usize,
}

/// Where a question's entry stands and would stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// The question.
    pub golden: Golden,
    /// Its rank now; `None` beyond [`DEPTH`].
    pub before: Option<usize>,
    /// Its rank with the change.
    pub after: Option<usize>,
}

/// Asks every question once more, of the library as it would be. No question is passed over: a change of one entry changes how rare its words are,
/// and with it the scores of all that share one.
///
/// # Errors
/// Where an index cannot be read.
pub fn compare(before: &[Outcome], after: &Snapshot) -> tantivy::Result<Trial> {
    let ranks: Ranks =
        before.iter().map(|outcome| ((outcome.golden.question.clone(), outcome.golden.entry.clone()), outcome.rank)).collect();
    let questions: Vec<Golden> = before.iter().map(|outcome| outcome.golden.clone()).collect();
    let outcomes = ask(after, &questions)?;
    let moved = moves(&outcomes, &ranks);
    let shift = |moved: &Move| Shift { golden: moved.outcome.golden.clone(), before: moved.before, after: moved.outcome.rank };
    Ok(Trial {
        broken: moved.iter().filter(|moved| moved.is_loss()).map(shift).collect(),
        mended: moved.iter().filter(|moved| moved.is_gain()).map(shift).collect(),
        moved: moved.len(),
        of: before.len(),
    })
}

/// What moved since an earlier run, losses first; questions that are new did not move.
pub fn moves<'o>(outcomes: &'o [Outcome], before: &Ranks) -> Vec<Move<'o>> {
    let key = |golden: &Golden| (golden.question.clone(), golden.entry.clone());
    let mut moves: Vec<Move<'o>> = outcomes
        .iter()
        .filter_map(|outcome| Some(Move { outcome, before: *before.get(&key(&outcome.golden))? }))
        .filter(|moved| moved.before != moved.outcome.rank)
        .collect();
    moves.sort_by_key(|moved| (!moved.is_loss(), !moved.is_gain()));
    moves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::{Lesson, Provenance};
    use std::sync::Arc;

    #[test]
    fn questions_are_proposed_where_picks_agree() {
        let lesson = |text: &str, entry: &str, conversation: &str| {
            let (entry_id, conversation) = (Arc::from(entry), conversation.to_owned());
            (text.to_owned(), Lesson { entry_id, provenance: Provenance::Picks, conversation, at_ms: 0 })
        };
        let agreed = ["a", "b", "c"].map(|who| lesson("我的货啥时候能出库", "催发货", who));
        let known = ["a", "b", "c"].map(|who| lesson("啥时候发货呀", "催发货", who));
        let split = [("a", "催发货"), ("b", "催发货"), ("c", "催发货"), ("d", "查物流")].map(|(who, entry)| lesson("货呢货呢", entry, who));
        let few = ["a", "b"].map(|who| lesson("什么时候寄给我", "催发货", who));
        let masked = ["a", "b", "c"].map(|who| lesson("寄到哪了打我13812345678", "查物流", who));
        let learned = Learned::from_lessons([agreed.to_vec(), known.to_vec(), split.to_vec(), few.to_vec(), masked.to_vec()].concat(), 0);
        let golden = read_golden("啥时候发货呀？\t催发货").unwrap();
        let proposed = propose(&learned, &golden);
        assert_eq!(proposed, [Golden { question: "我的货啥时候能出库".into(), entry: "催发货".into(), within: 3 }]);
    }

    fn outcome(question: &str, rank: Option<usize>) -> Outcome {
        let golden = Golden { question: question.to_owned(), entry: "x".to_owned(), within: 3 };
        Outcome { golden, rank, first: None, exists: true }
    }

    #[test]
    fn a_line_is_a_question_an_entry_and_how_far_down() {
        let check = |line: &str, expect: Result<(&str, &str, usize), usize>| {
            let found = read_golden(&format!("# 说明\n\n{line}\n"));
            let found =
                found.as_ref().map(|golden| (&*golden[0].question, &*golden[0].entry, golden[0].within)).map_err(|error| error.line);
            assert_eq!(found, expect, "{line:?}");
        };
        check("怎么退\t退货\t1", Ok(("怎么退", "退货", 1)));
        check("怎么退\t退货", Ok(("怎么退", "退货", 3)));
        check("怎么退", Err(3));
        check("怎么退\t", Err(3));
        check("怎么退\t退货\t0", Err(3));
        check("怎么退\t退货\t11", Err(3));
        check("怎么退\t退货\t3\t4", Err(3));
    }

    #[test]
    fn what_held_and_holds_no_more_is_a_loss_and_stands_first() {
        let outcomes = [
            outcome("a little down", Some(3)),
            outcome("gained", Some(1)),
            outcome("lost", Some(4)),
            outcome("gone", None),
            outcome("the same", Some(2)),
            outcome("new", None),
            outcome("missed anyhow", Some(5)),
        ];
        let before = [("a little down", Some(1)), ("gained", None), ("lost", Some(3)), ("gone", Some(1)), ("the same", Some(2))];
        let mut before: Ranks = before.into_iter().map(|(question, rank)| ((question.to_owned(), "x".to_owned()), rank)).collect();
        before.insert(("missed anyhow".to_owned(), "x".to_owned()), Some(9));
        let moved = moves(&outcomes, &before);
        let names: Vec<&str> = moved.iter().map(|moved| &*moved.outcome.golden.question).collect();
        assert_eq!(names, ["lost", "gone", "gained", "a little down", "missed anyhow"]);
        assert_eq!(moved.iter().filter(|moved| moved.is_loss()).count(), 2);
        assert_eq!(moved.iter().filter(|moved| moved.is_gain()).count(), 1);
    }

    #[test]
    fn success_counts_the_first_places() {
        let outcomes = [outcome("a", Some(1)), outcome("b", Some(3)), outcome("c", Some(4)), outcome("d", None)];
        assert_eq!((success(&outcomes, 1), success(&outcomes, 3)), (0.25, 0.5));
        assert_eq!(success(&[], 3), 0.0);
    }
}
