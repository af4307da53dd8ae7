//! `/v1/submissions/{id}/trial`, `…/approve`: golden questions are asked of the library as it would be, then the file is written.

use super::error::ApiError;
use super::extract::{ApiJson, ApiPath};
use super::golden_trial::GoldenTrial;
use super::submissions::{Current, Seen};
use super::who::Who;
use super::{AppState, blocking};
use crate::access::Right;
use crate::editing::{Change, Way};
use crate::golden::{Trial, compare};
use crate::hex::hex;
use crate::library::Overlay;
use crate::library::golden::questions;
use crate::library::write::Expected;
use crate::live::LiveError;
use crate::register::{Decision, NewPoints};
use crate::review::{Kind, MAX_COMMENT_CHARS, MAX_MARKDOWN_BYTES, Outcome, State as Stands};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is tried.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct TrialRequest {
    /// The file in a trainer's wording; absent: as proposed.
    pub markdown: Option<String>,
}

/// What a change would do to lookups.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TrialResponse {
    /// Of the golden questions.
    pub golden: GoldenTrial,
}

/// How a proposal is approved.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct ApproveRequest {
    /// The file in the trainer's wording; absent: as proposed.
    pub markdown: Option<String>,
    /// The version of the entry that `markdown` was written against; absent: that of the proposal.
    pub base_etag: Option<String>,
    /// Where a new entry goes; absent: the folder of its category, or of its kind.
    pub folder: Option<String>,
    /// For the history and the author.
    pub why: Option<String>,
    /// Whether golden questions that would no more find their entry are accepted.
    pub accept_broken: bool,
}

/// What an approval made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ApproveResponse {
    /// Of the entry.
    pub entry_id: String,
    /// Its file.
    pub path: String,
    /// Its `content_hash` now.
    pub etag: String,
    /// Of the history; absent where the file was as it should be already.
    pub version: Option<String>,
    /// What it did to the golden questions.
    pub golden: GoldenTrial,
}

/// A file as it would be.
struct Planned {
    entry_id: String,
    path: String,
    bytes: Vec<u8>,
    expected: Expected,
    is_new: bool,
    /// Whether anything is to be written.
    changes: bool,
}

impl Planned {
    fn new(made: Outcome, seen: &Seen, current: Option<Current>) -> Option<Planned> {
        Some(match made {
            Outcome::Create { id, path, markdown } => {
                Planned { entry_id: id, path, bytes: markdown.into_bytes(), expected: Expected::Absent, is_new: true, changes: true }
            }
            made => {
                let (entry, current) = seen.entry.as_ref().zip(current)?;
                let changes = matches!(made, Outcome::Save { .. });
                let text = if let Outcome::Save { markdown } = made { markdown } else { current.text };
                let (entry_id, path) = (entry.id.to_string(), entry.path.clone());
                Planned { entry_id, path, bytes: text.into_bytes(), expected: Expected::Version(current.hash), is_new: false, changes }
            }
        })
    }
}

fn plan(seen: &Seen, markdown: Option<&str>, folder: Option<&str>) -> Result<Planned, ApiError> {
    let current = seen.current()?;
    let is_gone = !seen.submission.new.kind.is_new() && current.is_none();
    if is_gone {
        return Err(ApiError::StaleProposal {
            what: "the entry is gone: send the proposal back, or take it over into a new one".to_owned(),
            current: None,
        });
    }
    let made = seen.made(markdown, folder, current.as_ref()).map_err(|refusal| ApiError::BadValue(refusal.to_string()))?;
    Planned::new(made, seen, current).ok_or_else(|| ApiError::Changed("the entry is gone".to_owned()))
}

impl AppState {
    /// What a file would do to the golden questions. Reads and indexes the whole library: for threads that may take their time.
    fn try_golden(&self, planned: &Planned) -> Result<GoldenTrial, ApiError> {
        let served = self.live.snapshot();
        let (golden, ..) = questions(&served.library.dir).map_err(|error| ApiError::BadValue(error.to_string()))?;
        if golden.is_empty() || !planned.changes {
            return Ok(GoldenTrial::new(Trial { of: golden.len(), ..Trial::default() }));
        }
        let before = self.golden_now(&served, &golden)?;
        let overlay = Overlay::from([(planned.path.clone(), Some(planned.bytes.clone()))]);
        let tried = self.live.trial(&overlay, Timestamp::now()).map_err(|error| match error {
            LiveError::Library(error) => ApiError::BadValue(error.to_string()),
            error => ApiError::Internal(error.into()),
        })?;
        Ok(GoldenTrial::new(compare(&before, &tried)?))
    }

    /// Points for the author, and for who reported the gap that this fills. What one approves oneself earns nothing.
    async fn award(&self, seen: &Seen, entry_id: &str, who: &Who) -> Result<(), ApiError> {
        let rules = &seen.snapshot.library.settings.points;
        let new = &seen.submission.new;
        let worth = match new.kind {
            Kind::New => rules.new,
            Kind::Case => rules.case,
            Kind::Edit => rules.edit,
            Kind::Phrasing => rules.phrasing,
            Kind::Correction => rules.correction,
            Kind::Outdated => rules.outdated,
        };
        // Nobody uses what was retired: its points count at once.
        let needed = if new.kind == Kind::Outdated { 0 } else { rules.uses };
        let line = |who: &str, points: u32, reason: &str, needed: u32| NewPoints {
            who: who.to_owned(),
            points,
            reason: reason.to_owned(),
            entry_id: entry_id.to_owned(),
            submission_id: seen.submission.id.clone(),
            needed,
        };
        let mut lines = vec![line(&new.author, worth, new.kind.as_str(), needed)];
        if let (Some(query_id), Ok(journal)) = (&new.query_id, self.journal()) {
            match journal.gap_reporters(query_id).await {
                Ok(reporters) => lines.extend(reporters.iter().map(|reporter| line(reporter, rules.gap, "gap", rules.uses))),
                Err(error) => tracing::warn!(%error, "who reported a gap is not known"),
            }
        }
        lines.retain(|line| line.who != *who.identity);
        Ok(self.register()?.add_points(&lines).await?)
    }
}

fn check_markdown(markdown: Option<&str>) -> Result<(), ApiError> {
    if markdown.is_some_and(|markdown| markdown.len() > MAX_MARKDOWN_BYTES) {
        return Err(ApiError::TooLarge(format!("markdown has at most {MAX_MARKDOWN_BYTES} bytes")));
    }
    Ok(())
}

/// Asks the golden questions of the library as a proposal would make it. Nothing is written.
#[utoipa::path(post, path = "/v1/submissions/{id}/trial", operation_id = "try_submission", tag = "review",
    params(("id" = String, Path, description = "Of the proposal")), request_body = TrialRequest,
    responses((status = 200, body = TrialResponse)), security(("bearer" = [])))]
pub(super) async fn try_submission(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    ApiJson(request): ApiJson<TrialRequest>,
) -> Result<Json<TrialResponse>, ApiError> {
    who.require(Right::Comment)?;
    check_markdown(request.markdown.as_deref())?;
    let seen = state.seen_submission(&who, &id).await?;
    // One library aside at a time: each takes as much memory as the one that is served.
    let place = std::sync::Arc::clone(&state.trials).acquire_owned().await.map_err(|_| ApiError::Busy)?;
    let trial = blocking(move || {
        let _place = place;
        let planned = plan(&seen, request.markdown.as_deref(), None)?;
        Ok(TrialResponse { golden: state.try_golden(&planned)? })
    });
    Ok(Json(trial.await?))
}

/// Approves a proposal: the file is written, the history and its author hear why, points are noted. Refused where golden questions would
/// break (`golden_broken`) unless that is accepted, where the entry has changed since (`stale`), and where the author must not be the one who
/// approves (`four_eyes`).
#[utoipa::path(post, path = "/v1/submissions/{id}/approve", operation_id = "approve_submission", tag = "review",
    params(("id" = String, Path, description = "Of the proposal")), request_body = ApproveRequest,
    responses((status = 200, body = ApproveResponse)), security(("bearer" = [])))]
pub(super) async fn approve_submission(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    ApiJson(request): ApiJson<ApproveRequest>,
) -> Result<Json<ApproveResponse>, ApiError> {
    who.require(Right::Edit)?;
    check_markdown(request.markdown.as_deref())?;
    if request.why.as_ref().is_some_and(|why| why.chars().count() > MAX_COMMENT_CHARS) {
        return Err(ApiError::BadValue(format!("why has at most {MAX_COMMENT_CHARS} characters")));
    }
    // One approval at a time: what was tried is what is written, and of two of the same proposal the second sees the first.
    let place = std::sync::Arc::clone(&state.trials).acquire_owned().await.map_err(|_| ApiError::Busy)?;
    let seen = state.seen_submission(&who, &id).await?;
    if seen.submission.state != Stands::Open {
        return Err(ApiError::Changed("this proposal is decided already: read it again".to_owned()));
    }
    if seen.snapshot.library.settings.review.four_eyes && seen.submission.new.author == *who.identity {
        return Err(ApiError::FourEyes);
    }
    let (accept, why) = (request.accept_broken, request.why.clone());
    let aside = state.clone();
    let (planned, golden, seen) = blocking(move || {
        let planned = plan(&seen, request.markdown.as_deref(), request.folder.as_deref())?;
        check_base(&seen, &request, &planned)?;
        let golden = aside.try_golden(&planned)?;
        Ok((planned, golden, seen))
    })
    .await?;
    if !golden.broken.is_empty() && !accept {
        return Err(ApiError::GoldenBroken(Box::new(golden)));
    }
    let told = why.as_deref().map(str::trim).filter(|why| !why.is_empty());
    let by = format!("提议：{}（{}）", seen.submission.new.title, seen.submission.new.author);
    let reason = told.map_or_else(|| by.clone(), |why| format!("{why}；{by}"));
    let (version, hash) = if planned.changes {
        let change = Change::write(&planned.path, planned.bytes, planned.expected);
        let done = state.editing()?.apply(change, &state.author(&who, Way::Review, Some(&reason))).await?;
        (Some(done.version), done.hash)
    } else {
        (None, if let Expected::Version(hash) = planned.expected { Some(hash) } else { None })
    };
    let etag = hash.map(|hash| hex(&hash)).unwrap_or_default();
    let decision = Decision { state: Stands::Approved, by: &who.identity, reason: told, result: Some((&planned.entry_id, &etag)) };
    state.decide(&id, &decision).await?;
    drop(place);
    state.award(&seen, &planned.entry_id, &who).await?;
    let action = if planned.is_new { "submission.approve_new" } else { "submission.approve" };
    state.note(&who, action, &planned.entry_id, &id).await;
    state.publish().await;
    Ok(Json(ApproveResponse { entry_id: planned.entry_id, path: planned.path, etag, version, golden }))
}

/// A whole file goes over the version that it was written against, and over no other.
fn check_base(seen: &Seen, request: &ApproveRequest, planned: &Planned) -> Result<(), ApiError> {
    let Expected::Version(hash) = planned.expected else { return Ok(()) };
    let new = &seen.submission.new;
    if request.markdown.is_none() && new.markdown.is_none() {
        // A field is set in the file as it stands.
        return Ok(());
    }
    let base = request.base_etag.as_deref().map(|etag| etag.trim_matches('"')).or(new.base_etag.as_deref());
    let Some(base) = base else {
        return Err(ApiError::BadValue("base_etag is needed with markdown: which version was edited?".to_owned()));
    };
    if base == hex(&hash) {
        return Ok(());
    }
    let current = seen.current()?.map(|current| (current.text, hex(&current.hash)));
    Err(ApiError::StaleProposal {
        what: "the entry has changed since: merge, and approve with `markdown` and the `base_etag` of now".to_owned(),
        current,
    })
}
