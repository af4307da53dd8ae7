//! Judging what an answer says beside its hits: confidence, emotion and stage against labels of people. Pure.

use crate::eval::{LineError, Qrels, Run, lines};
use crate::lexicon::{Emotion, Stage};
use std::collections::HashMap;

/// What people say of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Whether it can be understood without what came before.
    pub self_contained: bool,
    /// How the customer feels.
    pub emotion: Emotion,
    /// Where the purchase stands; `None` where the message does not tell.
    pub stage: Option<Stage>,
}

/// Question id → label.
pub type Labels = HashMap<String, Label>;

/// Reads `qid TAB y|n TAB calm|anxious|angry TAB pre|mid|post|other` lines.
///
/// # Errors
/// The first line of another shape.
pub fn read_labels(text: &str) -> Result<Labels, LineError> {
    lines(text)
        .map(|(line, row)| {
            let label = read_label(row);
            let expected = "qid TAB y|n TAB calm|anxious|angry TAB pre|mid|post|other";
            label.ok_or_else(|| LineError { line, expected, found: row.to_owned() })
        })
        .collect()
}

fn read_label(row: &str) -> Option<(String, Label)> {
    let [id, self_contained, emotion, stage] = row.split('\t').map(str::trim).collect::<Vec<_>>()[..] else { return None };
    let self_contained = match self_contained {
        "y" => true,
        "n" => false,
        _ => return None,
    };
    let emotion = match emotion {
        "calm" => Emotion::Calm,
        "anxious" => Emotion::Anxious,
        "angry" => Emotion::Angry,
        _ => return None,
    };
    let stage = match stage {
        "pre" => Some(Stage::Before),
        "mid" => Some(Stage::During),
        "post" => Some(Stage::After),
        "other" => None,
        _ => return None,
    };
    Some((id.to_owned(), Label { self_contained, emotion, stage }))
}

/// How well answers judge messages. Where there is nothing to measure on, `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Judgement {
    /// Messages that are self-contained and have an entry of at least the least grade.
    pub answerable: usize,
    /// Fragments, and self-contained messages without any judged entry.
    pub unanswerable: usize,
    /// Chance that an answerable message has more confidence than an unanswerable one: the area under the ROC curve, ties half.
    pub auroc: Option<f64>,
    /// Mean squared distance of the confidence from whether the first hit is of at least the least grade (Brier), over all those messages.
    pub brier: Option<f64>,
    /// Of the answers that were confident, the share whose first hit is of at least the least grade.
    pub confident_right: Option<f64>,
    /// Confident answers among them.
    pub confident: usize,
    /// Messages that are anxious or angry.
    pub moved: usize,
    /// Of the messages read as anxious or angry, the share that is.
    pub emotion_precision: Option<f64>,
    /// Of the anxious or angry messages, the share that was read so.
    pub emotion_recall: Option<f64>,
    /// Harmonic mean of the two.
    pub emotion_f1: Option<f64>,
    /// Messages with a label.
    pub labelled: usize,
    /// Share of them whose stage was read as labelled, none included.
    pub stage_accuracy: Option<f64>,
}

/// Judges runs by labels; of messages without a label it knows nothing.
pub fn judge(runs: &[Run], labels: &Labels, qrels: &Qrels, min_grade: u32) -> Judgement {
    let labelled: Vec<(&Run, Label)> = runs.iter().filter_map(|run| Some((run, *labels.get(&run.id)?))).collect();
    let best = |run: &Run| qrels.get(&run.id).and_then(|grades| grades.values().copied().max()).unwrap_or(0);
    let answerable = |run: &Run, label: Label| match (label.self_contained, best(run)) {
        (true, grade) if grade >= min_grade && grade > 0 => Some(true),
        (false, _) | (true, 0) => Some(false),
        // What only helps neither answers nor does not.
        (true, _) => None,
    };
    let asked: Vec<(&Run, bool)> = labelled.iter().filter_map(|(run, label)| Some((*run, answerable(run, *label)?))).collect();
    let of = |wanted: bool| asked.iter().filter(move |(_, is)| *is == wanted).map(|(run, _)| f64::from(run.answer.confidence));
    let (positive, negative): (Vec<f64>, Vec<f64>) = (of(true).collect(), of(false).collect());
    let right = |run: &Run| {
        let grade = |entry: &String| qrels.get(&run.id).and_then(|grades| grades.get(entry)).copied().unwrap_or(0);
        run.hits.first().is_some_and(|(entry, _)| grade(entry) >= min_grade)
    };
    let squares = asked.iter().map(|(run, _)| (f64::from(run.answer.confidence) - f64::from(u8::from(right(run)))).powi(2)).sum();
    let confident: Vec<&Run> = asked.iter().map(|(run, _)| *run).filter(|run| run.answer.confident).collect();

    let felt = |emotion: Emotion| emotion != Emotion::Calm;
    let count = |holds: &dyn Fn(&Run, Label) -> bool| labelled.iter().filter(|(run, label)| holds(run, *label)).count();
    let moved = count(&|_, label| felt(label.emotion));
    let read = count(&|run, _| felt(run.answer.emotion.emotion));
    let both = count(&|run, label| felt(label.emotion) && felt(run.answer.emotion.emotion));
    let staged = count(&|run, label| label.stage == run.answer.stage);
    Judgement {
        answerable: positive.len(),
        unanswerable: negative.len(),
        auroc: auroc(&positive, &negative),
        brier: mean(squares, asked.len()),
        confident_right: share(confident.iter().filter(|run| right(run)).count(), confident.len()),
        confident: confident.len(),
        moved,
        emotion_precision: share(both, read),
        emotion_recall: share(both, moved),
        emotion_f1: share(2 * both, read + moved),
        labelled: labelled.len(),
        stage_accuracy: share(staged, labelled.len()),
    }
}

/// Area under the ROC curve as Mann and Whitney's U; `None` without one of each.
fn auroc(positive: &[f64], negative: &[f64]) -> Option<f64> {
    let wins =
        |one: f64| negative.iter().map(|other| f64::from(u8::from(one > *other)) + 0.5 * f64::from(u8::from(one == *other))).sum::<f64>();
    mean(positive.iter().map(|one| wins(*one)).sum(), positive.len() * negative.len())
}

#[expect(clippy::cast_precision_loss, reason = "counts of messages")]
fn mean(sum: f64, count: usize) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

#[expect(clippy::cast_precision_loss, reason = "counts of messages")]
fn share(part: usize, whole: usize) -> Option<f64> {
    mean(part as f64, whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Answer;
    use crate::eval::read_qrels;
    use crate::lexicon::EmotionReading;
    use std::time::Duration;

    fn run(id: &str, first: &str, confidence: f32, emotion: Emotion, stage: Option<Stage>) -> Run {
        let answer = Answer {
            confidence,
            confident: confidence >= 0.5,
            emotion: EmotionReading { emotion, ..EmotionReading::default() },
            stage,
            ..Answer::default()
        };
        Run { id: id.to_owned(), hits: vec![(first.to_owned(), 1.0)], answer, took: Duration::ZERO }
    }

    #[test]
    fn confidence_is_judged_by_what_can_be_answered_and_emotion_by_what_is_felt() {
        let labels = read_labels(
            "a\ty\tcalm\tpre\nb\ty\tangry\tmid\nfragment\tn\tanxious\tpost\nunanswered\ty\tcalm\tother\nhelped\ty\tcalm\tpre\n",
        )
        .unwrap();
        let qrels = read_qrels("a 0 x 3\nb 0 x 3\nhelped 0 x 2\n").unwrap();
        let runs = [
            run("a", "x", 0.9, Emotion::Calm, Some(Stage::Before)),
            run("b", "y", 0.5, Emotion::Anxious, Some(Stage::After)),
            run("fragment", "x", 0.5, Emotion::Calm, None),
            run("unanswered", "x", 0.1, Emotion::Anxious, None),
            run("helped", "x", 0.1, Emotion::Calm, Some(Stage::Before)),
            run("unlabelled", "x", 0.0, Emotion::Angry, None),
        ];
        let judgement = judge(&runs, &labels, &qrels, 3);
        assert_eq!((judgement.answerable, judgement.unanswerable), (2, 2));
        // a above both, b above one and even with the other.
        assert_eq!(judgement.auroc, Some(3.5 / 4.0));
        assert!((judgement.brier.unwrap() - (0.01 + 0.25 + 0.25 + 0.01) / 4.0).abs() < 1e-6);
        assert_eq!((judgement.confident, judgement.confident_right), (3, Some(1.0 / 3.0)));
        assert_eq!((judgement.moved, judgement.emotion_precision, judgement.emotion_recall), (2, Some(0.5), Some(0.5)));
        assert_eq!(judgement.emotion_f1, Some(0.5));
        assert_eq!((judgement.labelled, judgement.stage_accuracy), (5, Some(3.0 / 5.0)));
    }

    #[test]
    fn without_one_of_each_kind_there_is_no_curve() {
        let labels = read_labels("a\ty\tcalm\tpre\n").unwrap();
        let judgement = judge(&[run("a", "x", 0.9, Emotion::Calm, None)], &labels, &Qrels::from([]), 3);
        assert_eq!((judgement.auroc, judgement.emotion_f1), (None, None));
    }

    #[test]
    fn a_label_of_another_shape_is_named_with_its_line() {
        let check = |text: &str, line: usize| assert_eq!(read_labels(text).unwrap_err().line, line, "{text:?}");
        check("a\ty\tcalm\tpre\nb\ty\thappy\tpre\n", 2);
        check("a\tmaybe\tcalm\tpre\n", 1);
        check("a\ty\tcalm\tlater\n", 1);
        check("a\ty\tcalm\n", 1);
    }
}
