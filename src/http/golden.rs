//! `/v1/golden`: the questions that must find their entry, those that picks propose, and how they stand.

use super::decide::TrialResponse;
use super::error::ApiError;
use super::extract::ApiJson;
use super::golden_trial::{GoldenShift, GoldenTrial};
use super::who::Who;
use super::{AppState, MAX_PAGE, blocking};
use crate::access::Right;
use crate::editing::{Change, Way};
use crate::golden::{Golden, Outcome, Shift, ask, propose};
use crate::library::golden::{FILE, GoldenError, questions, with_question};
use crate::snapshot::Snapshot;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError, Weak};
use utoipa::ToSchema;

/// The golden questions, and what could become one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GoldenResponse {
    /// As in `golden.tsv`.
    pub questions: Vec<GoldenJson>,
    /// Questions on which picks agree, most used first, at most 200.
    pub proposals: Vec<GoldenProposalJson>,
}

/// A golden question.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GoldenJson {
    /// What the customer writes.
    pub question: String,
    /// Ids of the entries that it must find.
    pub entries: Vec<String>,
    /// Within how many hits.
    pub within: usize,
}

/// A question on which picks agree.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GoldenProposalJson {
    /// What customers wrote; masked.
    pub question: String,
    /// Id of the entry that was used for it.
    pub entry_id: String,
    /// Searches in which it was.
    pub picks: u32,
    /// People who used it, 8 at most.
    pub identities: usize,
}

/// A question to be golden.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct NewGolden {
    /// At most 500 characters, one line.
    pub question: String,
    /// Id of the entry that it must find.
    pub entry_id: String,
}

/// What the golden questions find in a snapshot: asked once, however many proposals are tried against it.
pub(super) type KeptOutcomes = Option<(Weak<Snapshot>, Arc<Vec<Outcome>>)>;

impl AppState {
    /// What the golden questions find now. Takes a while the first time: for threads that may take their time.
    pub(super) fn golden_now(&self, served: &Arc<Snapshot>, questions: &[Golden]) -> Result<Arc<Vec<Outcome>>, ApiError> {
        let is_same = |outcomes: &[Outcome]| outcomes.iter().map(|outcome| &outcome.golden).eq(questions);
        let kept = self.golden.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, outcomes)) = kept.filter(|(of, outcomes)| std::ptr::eq(of.as_ptr(), Arc::as_ptr(served)) && is_same(outcomes)) {
            return Ok(outcomes);
        }
        let outcomes = Arc::new(ask(served, questions)?);
        *self.golden.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::downgrade(served), Arc::clone(&outcomes)));
        Ok(outcomes)
    }
}

fn unreadable(error: GoldenError) -> ApiError {
    match error {
        GoldenError::File(error) => ApiError::Internal(error.into()),
        line => ApiError::Changed(line.to_string()),
    }
}

/// Lines of one question and one depth as one.
fn shown(golden: impl Iterator<Item = Golden>) -> Vec<GoldenJson> {
    let mut questions: Vec<GoldenJson> = Vec::new();
    for Golden { question, entry, within } in golden {
        match questions.last_mut().filter(|last| last.question == question && last.within == within) {
            Some(last) => last.entries.push(entry),
            None => questions.push(GoldenJson { question, entries: vec![entry], within }),
        }
    }
    questions
}

/// Lists the golden questions, and questions that picks propose for it.
#[utoipa::path(get, path = "/v1/golden", operation_id = "list_golden", tag = "review", responses((status = 200, body = GoldenResponse)),
    security(("bearer" = [])))]
pub(super) async fn list_golden(State(state): State<AppState>, who: Who) -> Result<Json<GoldenResponse>, ApiError> {
    who.require(Right::Report)?;
    let response = blocking(move || {
        let snapshot = state.live.snapshot();
        let (known, ..) = questions(&snapshot.library.dir).map_err(unreadable)?;
        let learned = state.journal.as_ref().map(|journal| journal.learned()).unwrap_or_default();
        let sees = |id: &str| snapshot.get(id).is_some_and(|text| who.scope.sees(&text.entry));
        let proposals = propose(&learned, &known).into_iter().filter(|golden| sees(&golden.entry)).take(MAX_PAGE).map(|golden| {
            let of =
                |phrasing: &&crate::learning::LearnedPhrasing| *phrasing.text == *golden.question && *phrasing.entry_id == *golden.entry;
            let (picks, identities) =
                learned.phrasings.iter().find(of).map_or((0, 0), |phrasing| (phrasing.picks, phrasing.identities.len()));
            GoldenProposalJson { question: golden.question, entry_id: golden.entry, picks, identities }
        });
        let proposals = proposals.collect();
        let questions = shown(known.into_iter().filter(|golden| who.scope.is_everything() || sees(&golden.entry)));
        Ok(GoldenResponse { questions, proposals })
    });
    Ok(Json(response.await?))
}

/// Makes a question golden: `golden.tsv` gains a line.
#[utoipa::path(post, path = "/v1/golden", operation_id = "add_golden", tag = "review", request_body = NewGolden,
    responses((status = 201, body = GoldenJson)), security(("bearer" = [])))]
pub(super) async fn add_golden(
    State(state): State<AppState>,
    who: Who,
    ApiJson(request): ApiJson<NewGolden>,
) -> Result<(StatusCode, Json<GoldenJson>), ApiError> {
    who.require(Right::Edit)?;
    let snapshot = state.live.snapshot();
    let entry = state.entry_for(&who, &snapshot, &request.entry_id).ok_or_else(|| ApiError::NoEntry(request.entry_id.clone()))?;
    let (question, id) = (request.question.trim().to_owned(), entry.id.to_string());
    let dir = snapshot.library.dir.clone();
    let (asked, of) = (question.clone(), id.clone());
    let (text, expected) = blocking(move || {
        let (known, text, expected) = questions(&dir).map_err(unreadable)?;
        let added = with_question(&text, &known, &asked, &of);
        let why = "question is one line of 1 to 500 characters that does not begin with #, and not golden yet";
        Ok((added.ok_or_else(|| ApiError::BadValue(why.to_owned()))?, expected))
    })
    .await?;
    let author = state.author(&who, Way::Review, None);
    state.editing()?.apply(Change::write(FILE, text.into_bytes(), expected), &author).await?;
    state.note(&who, "golden.add", &id, "").await;
    Ok((StatusCode::CREATED, Json(GoldenJson { question, entries: vec![id], within: 3 })))
}

/// Asks every golden question now: `broken` are those that do not find their entry where they must.
#[utoipa::path(post, path = "/v1/golden/run", operation_id = "run_golden", tag = "review", responses((status = 200, body = TrialResponse)),
    security(("bearer" = [])))]
pub(super) async fn run_golden(State(state): State<AppState>, who: Who) -> Result<Json<TrialResponse>, ApiError> {
    who.require(Right::Report)?;
    let place = Arc::clone(&state.trials).acquire_owned().await.map_err(|_| ApiError::Busy)?;
    let golden = blocking(move || {
        let _place = place;
        let snapshot = state.live.snapshot();
        let (known, ..) = questions(&snapshot.library.dir).map_err(unreadable)?;
        let of = known.len();
        let outcomes = state.golden_now(&snapshot, &known)?;
        let missed = outcomes.iter().filter(|outcome| !outcome.holds());
        let broken = missed.map(|outcome| GoldenShift::new(Shift { after: outcome.rank, before: None, golden: outcome.golden.clone() }));
        Ok(GoldenTrial { broken: broken.collect(), mended: Vec::new(), moved: 0, of })
    });
    Ok(Json(TrialResponse { golden: golden.await? }))
}
