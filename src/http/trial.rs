//! `POST /v1/lexicon/{file}/trial`: what a change of the lexicon would do to a sentence, to every entry and to what customers ask. Nothing
//! is written.

use super::check::{FindingJson, check_text};
use super::error::ApiError;
use super::extract::{ApiJson, ApiPath};
use super::files::lexicon_path;
use super::json::ProblemJson;
use super::who::Who;
use super::{AppState, MAX_DRAFT_CHARS, blocking};
use crate::access::Right;
use crate::answer::{Request, answer};
use crate::journal::Journal;
use crate::library::golden::questions;
use crate::library::{Library, Overlay};
use crate::problem::Problem;
use crate::snapshot::{Snapshot, Visible};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};
use utoipa::ToSchema;

/// Trials at once: each builds a library and its indexes in memory.
static TRIALS: Semaphore = Semaphore::const_new(1);

/// How long a trial waits for the one before it.
const MAX_WAIT: Duration = Duration::from_secs(3);

/// Entries that are listed: who sees two hundred does not publish.
const MAX_ENTRIES: usize = 200;

/// Questions of customers that are asked, latest first, besides the golden ones.
const MAX_RECENT: usize = 200;

/// Questions that are listed.
const MAX_QUESTIONS: usize = 200;

/// Questions are asked for this long, so that a trial ends before a request does.
const MAX_ASKING: Duration = Duration::from_secs(6);

/// Hits that are compared: what an agent sees without looking further.
const FIRST: usize = 3;

/// A change to try.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct FileTrialRequest {
    /// The file as it would be.
    pub text: String,
    /// A sentence to try it on.
    pub sentence: Option<String>,
}

/// What it would do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FileTrialResponse {
    /// What would be said of the sentence.
    pub sentence: Option<SentenceTrial>,
    /// Entries with other problems than now, at most 200.
    pub entries: Vec<EntryShift>,
    /// Golden questions and recent ones of customers (masked) that would find others among the first three, at most 200.
    pub questions: Vec<QuestionShift>,
    /// How many questions were asked within the time that there is.
    pub asked: usize,
    /// How many there are.
    pub of: usize,
    /// What would be wrong in the file.
    pub problems: Vec<ProblemJson>,
}

/// A sentence under the changed lexicon.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SentenceTrial {
    /// As a draft.
    pub findings: Vec<FindingJson>,
    /// As a question: what would be searched for.
    pub terms: Vec<String>,
}

/// An entry that would have other problems.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntryShift {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Problems that it would have and has not.
    pub gained: Vec<ProblemJson>,
    /// Problems that it has and would not have.
    pub lost: Vec<ProblemJson>,
}

/// A question that would find others.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QuestionShift {
    /// What is asked.
    pub question: String,
    /// Ids of the first three now.
    pub before: Vec<String>,
    /// Ids of the first three then.
    pub after: Vec<String>,
}

/// Tries a change of the lexicon against the whole library.
#[utoipa::path(post, path = "/v1/lexicon/{file}/trial", operation_id = "try_lexicon_file", tag = "content", request_body = FileTrialRequest,
    params(("file" = String, Path, description = "Such as banned.yaml")),
    responses((status = 200, body = FileTrialResponse)), security(("bearer" = [])))]
pub(super) async fn try_lexicon_file(
    State(state): State<AppState>,
    who: Who,
    ApiPath(file): ApiPath<String>,
    ApiJson(request): ApiJson<FileTrialRequest>,
) -> Result<Json<FileTrialResponse>, ApiError> {
    who.require(Right::Edit)?;
    let path = lexicon_path(&file)?;
    if request.sentence.as_deref().is_some_and(|sentence| sentence.chars().count() > MAX_DRAFT_CHARS) {
        return Err(ApiError::TooLarge(format!("a sentence has at most {MAX_DRAFT_CHARS} characters")));
    }
    let turn = trial_turn().await?;
    let journal = state.journal.clone();
    let tried = blocking(move || {
        let _turn = turn;
        let now = state.live.snapshot();
        let overlay = Overlay::from([(path.clone(), Some(request.text.into_bytes()))]);
        let then = state.live.trial(&overlay, Timestamp::now()).map_err(|error| ApiError::Internal(error.into()))?;
        let visible = now.visible(&who.scope);
        let (questions, asked, of) = question_shifts(&now, &then, &visible, journal.as_ref())?;
        Ok(FileTrialResponse {
            sentence: request
                .sentence
                .filter(|sentence| !sentence.trim().is_empty())
                .map(|sentence| try_sentence(&then, &sentence))
                .transpose()?,
            entries: entry_shifts(&now, &then, &visible),
            questions,
            asked,
            of,
            problems: then.library.problems.iter().filter(|problem| problem.path == path).map(ProblemJson::new).collect(),
        })
    });
    Ok(Json(tried.await?))
}

/// The right to build a library in memory, until it is dropped.
///
/// # Errors
/// Where the one before takes too long.
pub(super) async fn trial_turn() -> Result<SemaphorePermit<'static>, ApiError> {
    let turn = tokio::time::timeout(MAX_WAIT, TRIALS.acquire()).await.map_err(|_| ApiError::Busy)?;
    turn.map_err(|error| ApiError::Internal(error.into()))
}

fn try_sentence(then: &Snapshot, sentence: &str) -> Result<SentenceTrial, ApiError> {
    let asked = answer(then, &Request { limit: 1, explain: true, ..Request::new(sentence) })?;
    Ok(SentenceTrial { findings: check_text(sentence, None, None, &then.library.lexicon), terms: asked.understood })
}

/// Entries whose problems differ: those that come and those that go.
fn entry_shifts(now: &Snapshot, then: &Snapshot, visible: &Visible) -> Vec<EntryShift> {
    let by_path = |library: &'_ Library| -> HashMap<String, Vec<Problem>> {
        let mut by_path: HashMap<String, Vec<Problem>> = HashMap::new();
        for problem in &library.problems {
            by_path.entry(problem.path.clone()).or_default().push(problem.clone());
        }
        by_path
    };
    let (before, after) = (by_path(&now.library), by_path(&then.library));
    let none = Vec::new();
    let mut shifts = Vec::new();
    for entry in now.library.entries.iter().filter(|entry| visible.has(now, &entry.id)) {
        let (old, new) = (before.get(&entry.path).unwrap_or(&none), after.get(&entry.path).unwrap_or(&none));
        let without = |these: &[Problem], those: &[Problem]| -> Vec<ProblemJson> {
            these.iter().filter(|problem| !those.contains(problem)).map(ProblemJson::new).collect()
        };
        let (gained, lost) = (without(new, old), without(old, new));
        if !gained.is_empty() || !lost.is_empty() {
            shifts.push(EntryShift { id: entry.id.to_string(), title: entry.title.clone(), gained, lost });
        }
    }
    // What would break stands first.
    shifts.sort_by_key(|shift| std::cmp::Reverse(shift.gained.len()));
    shifts.truncate(MAX_ENTRIES);
    shifts
}

fn question_shifts(
    now: &Snapshot,
    then: &Snapshot,
    visible: &Visible,
    journal: Option<&Arc<Journal>>,
) -> Result<(Vec<QuestionShift>, usize, usize), ApiError> {
    // A broken golden.tsv is told by `huashu check --golden`; here there are no such questions then.
    let golden = questions(&now.library.dir).map(|(golden, ..)| golden).unwrap_or_default();
    let mut texts: Vec<String> = golden.into_iter().map(|golden| golden.question).collect();
    if let Some(journal) = journal {
        texts.extend(journal.recent_texts(MAX_RECENT)?);
    }
    let mut known = std::collections::HashSet::new();
    texts.retain(|text| known.insert(text.clone()));
    let first = |snapshot: &Snapshot, text: &str| -> Result<Vec<String>, ApiError> {
        let found = answer(snapshot, &Request { limit: FIRST, ..Request::new(text) })?;
        Ok(found.hits.iter().map(|hit| hit.entry.id.to_string()).filter(|id| visible.is_everything() || visible.has(now, id)).collect())
    };
    let begin = Instant::now();
    let (mut shifts, mut asked) = (Vec::new(), 0);
    for text in &texts {
        if begin.elapsed() > MAX_ASKING || shifts.len() >= MAX_QUESTIONS {
            break;
        }
        asked += 1;
        let (before, after) = (first(now, text)?, first(then, text)?);
        if before != after {
            shifts.push(QuestionShift { question: text.clone(), before, after });
        }
    }
    Ok((shifts, asked, texts.len()))
}
