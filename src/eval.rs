//! Measuring: TREC queries and qrels in, success, MRR, recall and nDCG out, over the same search path as everything else. Pure but for the search.

use crate::answer::{Answer, Request, answer_with};
use crate::learning::{Learned, Lesson, Provenance};
use crate::ranking::Weights;
use crate::snapshot::Snapshot;
use jiff::Timestamp;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Depth of the run file and of every measure.
pub const DEPTH: usize = 10;

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {expected}, found {found:?}")]
pub struct LineError {
    /// From 1.
    pub line: usize,
    /// The shape of a line.
    pub expected: &'static str,
    /// The line.
    pub found: String,
}

/// A judged question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its id.
    pub id: String,
    /// The message.
    pub text: String,
}

/// Reads `qid TAB text` lines.
///
/// # Errors
/// The first line of another shape.
pub fn read_queries(text: &str) -> Result<Vec<Question>, LineError> {
    lines(text)
        .map(|(line, row)| {
            let (id, text) = row.split_once('\t').ok_or_else(|| LineError { line, expected: "qid TAB text", found: row.to_owned() })?;
            Ok(Question { id: id.to_owned(), text: text.to_owned() })
        })
        .collect()
}

/// Judgements: question id → entry id → grade.
pub type Qrels = HashMap<String, HashMap<String, u32>>;

/// Reads TREC qrels, `qid 0 entry grade`.
///
/// # Errors
/// The first line of another shape.
pub fn read_qrels(text: &str) -> Result<Qrels, LineError> {
    let mut qrels = Qrels::new();
    for (line, row) in lines(text) {
        let error = || LineError { line, expected: "qid 0 entry grade", found: row.to_owned() };
        let [question, _, entry, grade] = row.split_whitespace().collect::<Vec<_>>()[..] else { return Err(error()) };
        let grade = grade.parse().map_err(|_| error())?;
        qrels.entry(question.to_owned()).or_default().insert(entry.to_owned(), grade);
    }
    Ok(qrels)
}

/// Reads `text TAB entry` lines: what was picked for which message.
///
/// # Errors
/// The first line of another shape.
pub fn read_picks(text: &str) -> Result<Vec<(String, String)>, LineError> {
    lines(text)
        .map(|(line, row)| {
            let (text, entry) =
                row.split_once('\t').ok_or_else(|| LineError { line, expected: "text TAB entry", found: row.to_owned() })?;
            Ok((text.to_owned(), entry.trim().to_owned()))
        })
        .collect()
}

/// What picks teach, each by another person, a day ago.
pub fn learn(picks: &[(String, String)], now: Timestamp) -> Learned {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let at_ms = now.as_millisecond() - DAY_MS;
    let lessons = picks.iter().enumerate().map(|(number, (text, entry))| {
        let (entry_id, conversation) = (entry.as_str().into(), number.to_string());
        (text.clone(), Lesson { entry_id, provenance: Provenance::Eval, conversation, at_ms })
    });
    Learned::from_lessons(lessons, now.as_millisecond())
}

pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.trim_start_matches('\u{feff}').lines()).filter(|(_, row)| !row.trim().is_empty())
}

/// What one question found.
#[derive(Debug, Clone)]
pub struct Run {
    /// The question's id.
    pub id: String,
    /// Entry ids with scores, best first, at most [`DEPTH`].
    pub hits: Vec<(String, f32)>,
    /// What else the answer said.
    pub answer: Answer,
    /// How long the search took.
    pub took: Duration,
}

/// Asks every question.
///
/// # Errors
/// Where the index cannot be read.
pub fn run(snapshot: &Snapshot, questions: &[Question], weights: &Weights) -> tantivy::Result<Vec<Run>> {
    questions
        .iter()
        .map(|question| {
            let request = Request { limit: DEPTH, ..Request::new(&question.text) };
            let begin = Instant::now();
            let answer = answer_with(snapshot, &request, weights)?;
            let took = begin.elapsed();
            let hits = answer.hits.iter().map(|hit| (hit.entry.id.to_string(), hit.score)).collect();
            Ok(Run { id: question.id.clone(), hits, answer, took })
        })
        .collect()
}

/// Means over the questions that have an entry of at least the least grade; nDCG over those with any judgement.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measures {
    /// Questions that count.
    pub questions: usize,
    /// Share with such an entry first.
    pub success_1: f64,
    /// Share with such an entry among the first three.
    pub success_3: f64,
    /// Share with such an entry among the first five.
    pub success_5: f64,
    /// Mean reciprocal rank of the first such entry within ten.
    pub mrr_10: f64,
    /// Mean share of such entries among the first ten.
    pub recall_10: f64,
    /// Normalised discounted cumulative gain at ten (Järvelin and Kekäläinen), gains 3 for grade 3, 1 for grades 1 and 2.
    pub ndcg_10: f64,
}

/// The highest grade in judgements: what `--min-grade` defaults to.
pub fn highest_grade(qrels: &Qrels) -> u32 {
    qrels.values().flat_map(HashMap::values).copied().max().unwrap_or(1)
}

/// Measures runs against judgements.
#[expect(clippy::cast_precision_loss, reason = "counts of questions")]
pub fn measure(runs: &[Run], qrels: &Qrels, min_grade: u32) -> Measures {
    let mut sum = Measures::default();
    let mut judged = 0usize;
    for run in runs {
        let Some(grades) = qrels.get(&run.id) else { continue };
        let grade = |entry: &str| grades.get(entry).copied().unwrap_or(0);
        if grades.values().any(|grade| *grade > 0) {
            judged += 1;
            sum.ndcg_10 += ndcg(run.hits.iter().map(|(entry, _)| gain(grade(entry))), grades.values().map(|grade| gain(*grade)));
        }
        let relevant = grades.values().filter(|grade| **grade >= min_grade && **grade > 0).count();
        if relevant == 0 {
            continue;
        }
        sum.questions += 1;
        let good: Vec<usize> = (0..).zip(&run.hits).filter(|(_, (entry, _))| grade(entry) >= min_grade).map(|(rank, _)| rank).collect();
        let first = good.first().copied().unwrap_or(usize::MAX);
        sum.success_1 += f64::from(u8::from(first < 1));
        sum.success_3 += f64::from(u8::from(first < 3));
        sum.success_5 += f64::from(u8::from(first < 5));
        sum.mrr_10 += if first < DEPTH { 1.0 / (first + 1) as f64 } else { 0.0 };
        sum.recall_10 += good.len() as f64 / relevant as f64;
    }
    let mean = |value: f64, count: usize| if count == 0 { 0.0 } else { value / count as f64 };
    Measures {
        questions: sum.questions,
        success_1: mean(sum.success_1, sum.questions),
        success_3: mean(sum.success_3, sum.questions),
        success_5: mean(sum.success_5, sum.questions),
        mrr_10: mean(sum.mrr_10, sum.questions),
        recall_10: mean(sum.recall_10, sum.questions),
        ndcg_10: mean(sum.ndcg_10, judged),
    }
}

fn gain(grade: u32) -> f64 {
    match grade {
        0 => 0.0,
        1 | 2 => 1.0,
        _ => 3.0,
    }
}

fn ndcg(found: impl Iterator<Item = f64>, all: impl Iterator<Item = f64>) -> f64 {
    let discounted = |gains: &[f64]| gains.iter().zip(2u32..).map(|(gain, rank)| gain / f64::from(rank).log2()).sum::<f64>();
    let found: Vec<f64> = found.take(DEPTH).collect();
    let mut best: Vec<f64> = all.collect();
    best.sort_by(|a, b| b.total_cmp(a));
    best.truncate(DEPTH);
    let ideal = discounted(&best);
    if ideal == 0.0 { 0.0 } else { discounted(&found) / ideal }
}

/// Latency of the searches themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Latency {
    /// Mean.
    pub mean: Duration,
    /// Half were faster.
    pub p50: Duration,
    /// Nine of ten were faster.
    pub p90: Duration,
    /// Ninety-nine of a hundred were faster.
    pub p99: Duration,
    /// The slowest.
    pub max: Duration,
}

/// Latency of runs, by nearest rank.
pub fn latency(runs: &[Run]) -> Latency {
    let mut took: Vec<Duration> = runs.iter().map(|run| run.took).collect();
    took.sort_unstable();
    let Some(max) = took.last().copied() else { return Latency::default() };
    let at = |percent: usize| took[(took.len() * percent).div_ceil(100).clamp(1, took.len()) - 1];
    let mean = took.iter().sum::<Duration>() / u32::try_from(took.len()).unwrap_or(u32::MAX);
    Latency { mean, p50: at(50), p90: at(90), p99: at(99), max }
}

/// A TREC run file: `qid Q0 entry rank score tag`, ranks from 1.
pub fn run_file(runs: &[Run]) -> String {
    let mut file = String::new();
    for run in runs {
        for ((entry, score), rank) in run.hits.iter().zip(1..) {
            file.push_str(&format!("{} Q0 {entry} {rank} {score:.6} huashu\n", run.id));
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_of(id: &str, hits: &[&str]) -> Run {
        let hits = hits.iter().map(|hit| ((*hit).to_owned(), 1.0)).collect();
        let answer = Answer::default();
        Run { id: id.to_owned(), hits, answer, took: Duration::from_micros(id.len() as u64) }
    }

    #[test]
    fn measures_are_those_of_the_books() {
        let qrels = read_qrels("a 0 x 3\na 0 y 2\nb 0 x 3\nb 0 z 3\nc 0 x 1\n").unwrap();
        let runs = [run_of("a", &["y", "x"]), run_of("b", &["q", "w", "e", "z"]), run_of("c", &["x"]), run_of("unjudged", &["x"])];
        let measures = measure(&runs, &qrels, highest_grade(&qrels));
        assert_eq!(measures.questions, 2);
        assert_eq!((measures.success_1, measures.success_3, measures.success_5), (0.0, 0.5, 1.0));
        assert_eq!(measures.mrr_10, (0.5 + 0.25) / 2.0);
        assert_eq!(measures.recall_10, (1.0 + 0.5) / 2.0);
        let a = (1.0 + 3.0 / 3f64.log2()) / (3.0 + 1.0 / 3f64.log2());
        let b = (3.0 / 5f64.log2()) / (3.0 + 3.0 / 3f64.log2());
        assert!((measures.ndcg_10 - (a + b + 1.0) / 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_line_of_another_shape_is_named() {
        assert_eq!(read_qrels("a 0 x 3\na x\n").unwrap_err().line, 2);
        assert_eq!(read_queries("a\tb\nc d\n").unwrap_err().to_string(), "line 2: expected qid TAB text, found \"c d\"");
    }

    #[test]
    fn run_files_are_trec() {
        assert_eq!(run_file(&[run_of("a", &["y", "x"])]), "a Q0 y 1 1.000000 huashu\na Q0 x 2 1.000000 huashu\n");
    }
}
