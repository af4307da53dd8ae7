//! What a change would do to the golden questions, as answers tell it.

use crate::golden::{Shift, Trial};
use serde::Serialize;
use utoipa::ToSchema;

/// What a change would do to the golden questions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GoldenTrial {
    /// Questions that find their entry now and would no more.
    pub broken: Vec<GoldenShift>,
    /// Questions that would find their entry and do not now.
    pub mended: Vec<GoldenShift>,
    /// Entries that would stand elsewhere, these included.
    pub moved: usize,
    /// How many questions there are.
    pub of: usize,
}

impl GoldenTrial {
    /// Shapes a trial.
    pub(super) fn new(trial: Trial) -> GoldenTrial {
        let shaped = |shifts: Vec<Shift>| shifts.into_iter().map(GoldenShift::new).collect();
        GoldenTrial { broken: shaped(trial.broken), mended: shaped(trial.mended), moved: trial.moved, of: trial.of }
    }
}

/// A golden question that moves.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GoldenShift {
    /// What the customer writes.
    pub question: String,
    /// Id of the entry that it must find.
    pub entry: String,
    /// Within how many hits.
    pub within: usize,
    /// Its rank now; absent: beyond the tenth.
    pub before: Option<usize>,
    /// Its rank with the change.
    pub after: Option<usize>,
}

impl GoldenShift {
    pub(super) fn new(shift: Shift) -> GoldenShift {
        let Shift { golden, before, after } = shift;
        GoldenShift { question: golden.question, entry: golden.entry, within: golden.within, before, after }
    }
}
