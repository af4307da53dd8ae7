//! `/v1/submissions`: proposals come in, are read, talked about, sent back or taken back. `decide` approves them.

use super::error::ApiError;
use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::json::ProblemJson;
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, blocking, page_limit};
use crate::access::Right;
use crate::diff::{Fate, diff};
use crate::entry::Entry;
use crate::hex::hex;
use crate::journal::MAX_ID_BYTES;
use crate::library::write;
use crate::mask::mask;
use crate::register::{Comment, Decision, NewSubmission, Submission, Wanted};
use crate::review::{
    Kind, MAX_COMMENT_CHARS, MAX_MARKDOWN_BYTES, MAX_OPEN_OF_ONE, MAX_TEXT_CHARS, Outcome, Proposed, State as Stands, outcome, title_of,
};
use crate::snapshot::Snapshot;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Most proposals that a list looks at: thousands of open ones nobody reviews.
const MAX_LISTED: usize = 10_000;

/// Most comments of one proposal that are shown.
const MAX_COMMENTS: usize = 500;

/// A proposal.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct SubmissionRequest {
    /// new, case, edit, phrasing, correction or outdated.
    pub kind: String,
    /// Of the entry that it is about; not with new and case.
    #[serde(default)]
    pub entry_id: Option<String>,
    /// `content_hash` of the entry that its author looked at; needed with `markdown` about an entry.
    #[serde(default)]
    pub base_etag: Option<String>,
    /// The whole file as proposed.
    #[serde(default)]
    pub markdown: Option<String>,
    /// In plain words: the phrasing, what to say, what happened, what is wrong.
    #[serde(default)]
    pub text: Option<String>,
    /// What a new entry is called; absent: from the file or the text.
    #[serde(default)]
    pub title: Option<String>,
    /// Why.
    #[serde(default)]
    pub note: Option<String>,
    /// The search from which it came.
    #[serde(default)]
    pub query_id: Option<String>,
}

/// A proposal in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubmissionJson {
    /// Stable.
    pub id: String,
    /// new, case, edit, phrasing, correction or outdated.
    pub kind: String,
    /// Of the entry that it is about, or that it became.
    pub entry_id: Option<String>,
    /// One line.
    pub title: String,
    /// Who proposes.
    pub by: String,
    /// In milliseconds since 1970.
    pub at: i64,
    /// open, approved, returned or withdrawn.
    pub state: String,
    /// Why it is proposed; masked.
    pub note: String,
    /// What who decided said.
    pub reason: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<i64>,
    /// Whether the entry has changed since its author looked at it.
    pub stale: bool,
}

/// One page of proposals.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubmissionsResponse {
    /// Open ones oldest first, others latest first.
    pub submissions: Vec<SubmissionJson>,
    /// How many there are on all pages.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
}

/// A proposal with all that its decision needs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubmissionResponse {
    /// As in the list.
    #[serde(flatten)]
    pub submission: SubmissionJson,
    /// Its plain words; masked.
    pub text: Option<String>,
    /// The search from which it came.
    pub query_id: Option<String>,
    /// The file as it would be; absent where somebody has to write it first.
    pub markdown: Option<String>,
    /// Why there is none.
    pub refused: Option<String>,
    /// Where a new file would be.
    pub path: Option<String>,
    /// The file as it is now.
    pub current_markdown: Option<String>,
    /// Its `content_hash`: what an approval with `markdown` names as its base.
    pub current_etag: Option<String>,
    /// The way from the one to the other, by word.
    pub pieces: Vec<ChangeJson>,
    /// What the customer wrote from whom it came; masked.
    pub asked: Option<String>,
    /// What would be wrong with the file.
    pub problems: Vec<ProblemJson>,
    /// First words first.
    pub comments: Vec<CommentJson>,
}

/// A piece of a text that changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChangeJson {
    /// The piece.
    pub text: String,
    /// same, added or removed.
    pub change: String,
}

/// A word about a proposal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CommentJson {
    /// In milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub who: String,
    /// What.
    pub text: String,
}

impl CommentJson {
    fn new(comment: Comment) -> CommentJson {
        CommentJson { at: comment.at_ms, who: comment.author, text: comment.text }
    }
}

/// Which proposals.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct SubmissionsParams {
    /// open, approved, returned or withdrawn.
    pub state: Option<String>,
    /// The caller's own.
    pub mine: Option<bool>,
    /// new, case, edit, phrasing, correction or outdated.
    pub kind: Option<String>,
    /// About this entry.
    pub entry: Option<String>,
    /// At most 200; 50 where absent.
    pub limit: Option<usize>,
    /// Proposals to skip.
    pub offset: usize,
}

/// Why a proposal goes back.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct ReturnRequest {
    /// 1 to 1,000 characters: its author reads them.
    pub reason: String,
}

/// What somebody says.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct CommentRequest {
    /// 1 to 1,000 characters.
    pub text: String,
}

/// A proposal and the entry that it is about.
pub(super) struct Seen {
    pub(super) submission: Submission,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) entry: Option<Arc<Entry>>,
    /// What the customer wrote; masked.
    pub(super) asked: Option<String>,
}

impl Seen {
    fn json(&self) -> SubmissionJson {
        to_json(&self.submission, self.entry.as_deref())
    }
}

fn is_stale(submission: &Submission, entry: Option<&Entry>) -> bool {
    let new = &submission.new;
    if submission.state != Stands::Open || new.kind.is_new() {
        return false;
    }
    entry.is_none_or(|entry| new.base_etag.as_ref().is_some_and(|base| *base != hex(&entry.content_hash)))
}

fn to_json(submission: &Submission, entry: Option<&Entry>) -> SubmissionJson {
    let stale = is_stale(submission, entry);
    let Submission { id, new, at_ms, state, decided_by, decided_at_ms, reason, .. } = submission.clone();
    SubmissionJson {
        id,
        kind: new.kind.as_str().to_owned(),
        entry_id: new.entry_id,
        title: new.title,
        by: new.author,
        at: at_ms,
        state: state.as_str().to_owned(),
        note: new.note,
        reason,
        decided_by,
        decided_at: decided_at_ms,
        stale,
    }
}

/// A text of a request: trimmed, `None` where empty.
fn some_text(name: &str, text: Option<String>, most: usize) -> Result<Option<String>, ApiError> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    match &text {
        Some(text) if text.chars().count() > most => Err(ApiError::BadValue(format!("{name} has at most {most} characters"))),
        _ => Ok(text),
    }
}

fn needed(name: &str, text: &str, most: usize) -> Result<String, ApiError> {
    some_text(name, Some(text.to_owned()), most)?.ok_or_else(|| ApiError::BadValue(format!("{name} has 1 to {most} characters")))
}

fn read_kind(name: &str) -> Result<Kind, String> {
    let known = || Kind::ALL.map(Kind::as_str).join(", ");
    Kind::parse(name).ok_or_else(|| format!("kind is one of {}; found {name:?}", known()))
}

impl AppState {
    /// An entry that the caller may see.
    pub(super) fn entry_for(&self, who: &Who, snapshot: &Snapshot, id: &str) -> Option<Arc<Entry>> {
        let entry = snapshot.get(id).map(|text| Arc::clone(&text.entry));
        let _ = self;
        entry.filter(|entry| who.scope.sees(entry))
    }

    /// A proposal that the caller may see: one's own, or anybody's with the right to comment; about an entry, where that exists for them.
    pub(super) async fn seen_submission(&self, who: &Who, id: &str) -> Result<Seen, ApiError> {
        let none = || ApiError::NoSuch("proposal", id.to_owned());
        if !who.may(Right::Comment) {
            who.require(Right::Propose)?;
        }
        let submission = self.register()?.submission(id).await?.ok_or_else(none)?;
        let is_own = submission.new.author == *who.identity;
        let snapshot = self.live.snapshot();
        let exists = submission.new.entry_id.as_deref().and_then(|id| snapshot.get(id)).map(|text| Arc::clone(&text.entry));
        let entry = exists.clone().filter(|entry| who.scope.sees(entry));
        if !(is_own || who.may(Right::Comment)) || exists.is_some() && entry.is_none() {
            return Err(none());
        }
        let asked = match (&submission.new.query_id, &self.journal) {
            (Some(query_id), Some(journal)) => journal.text_of(query_id).await.ok().flatten(),
            _ => None,
        };
        Ok(Seen { submission, snapshot, entry, asked })
    }
}

/// Takes a proposal. Nothing changes until it is approved; its words are masked before they are kept.
#[utoipa::path(post, path = "/v1/submissions", operation_id = "propose", tag = "review", request_body = SubmissionRequest,
    responses((status = 201, body = SubmissionJson)), security(("bearer" = [])))]
pub(super) async fn propose(
    State(state): State<AppState>,
    who: Who,
    ApiJson(request): ApiJson<SubmissionRequest>,
) -> Result<(StatusCode, Json<SubmissionJson>), ApiError> {
    who.require(Right::Propose)?;
    let snapshot = state.live.snapshot();
    let (new, entry) = read_submission(&state, &who, &snapshot, request)?;
    let register = state.register()?;
    if register.open_submissions_of(&who.identity).await? >= MAX_OPEN_OF_ONE {
        return Err(ApiError::BadValue(format!("{MAX_OPEN_OF_ONE} proposals of yours are open: wait until some are decided")));
    }
    let submission = register.add_submission(new).await?;
    state.note(&who, "submission.create", &submission.id, submission.new.kind.as_str()).await;
    Ok((StatusCode::CREATED, Json(to_json(&submission, entry.as_deref()))))
}

fn read_submission(
    state: &AppState,
    who: &Who,
    snapshot: &Snapshot,
    request: SubmissionRequest,
) -> Result<(NewSubmission, Option<Arc<Entry>>), ApiError> {
    let bad = |what: &str| Err(ApiError::BadValue(what.to_owned()));
    let kind = read_kind(&request.kind).map_err(ApiError::BadValue)?;
    let text = some_text("text", request.text, MAX_TEXT_CHARS)?.map(|text| mask(&text));
    let note = some_text("note", request.note, MAX_TEXT_CHARS)?.map(|note| mask(&note)).unwrap_or_default();
    let title = some_text("title", request.title, MAX_COMMENT_CHARS)?.map(|title| mask(&title));
    let markdown = request.markdown.filter(|markdown| !markdown.trim().is_empty());
    if markdown.as_ref().is_some_and(|markdown| markdown.len() > MAX_MARKDOWN_BYTES) {
        return Err(ApiError::TooLarge(format!("markdown has at most {MAX_MARKDOWN_BYTES} bytes")));
    }
    if request.query_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > MAX_ID_BYTES) {
        return bad("query_id has 1 to 128 bytes");
    }
    let base_etag = request.base_etag.map(|etag| etag.trim_matches('"').to_owned());
    if base_etag.as_ref().is_some_and(|etag| etag.len() != 64 || !etag.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return bad("base_etag is the content_hash of the entry");
    }
    let entry = match &request.entry_id {
        Some(_) if kind.is_new() => return bad("a new entry or case has no entry_id"),
        None if !kind.is_new() => return bad("entry_id is needed: which entry is it about?"),
        None => None,
        Some(id) => Some(state.entry_for(who, snapshot, id).ok_or_else(|| ApiError::NoEntry(id.clone()))?),
    };
    match kind {
        Kind::New | Kind::Case if markdown.is_none() && text.is_none() => return bad("markdown or text is needed"),
        Kind::Edit if markdown.is_none() => return bad("markdown is needed: the file as it should be"),
        Kind::Phrasing if text.is_none() => return bad("text is needed: the phrasing"),
        Kind::Correction if markdown.is_none() && text.is_none() && note.is_empty() => {
            return bad("say what is wrong: markdown, text or note");
        }
        _ => {}
    }
    if !kind.is_new() && markdown.is_some() && base_etag.is_none() {
        return bad("base_etag is needed with markdown: which version was edited?");
    }
    let facets = &snapshot.library.lexicon.facets;
    let parsed = markdown.as_ref().and_then(|markdown| crate::markdown::parse("x.md", markdown.as_bytes(), facets).entry);
    let of_file = match &entry {
        Some(entry) if kind != Kind::Phrasing => Some(entry.title.as_str()),
        _ => parsed.as_ref().map(|entry| entry.title.as_str()),
    };
    let new = NewSubmission {
        kind,
        entry_id: entry.as_ref().map(|entry| entry.id.to_string()),
        title: title_of(title.as_deref(), of_file, text.as_deref(), &note),
        base_etag,
        markdown,
        text,
        note,
        query_id: request.query_id,
        author: who.identity.to_string(),
    };
    Ok((new, entry))
}

/// Lists proposals: all for who may comment, else one's own.
#[utoipa::path(get, path = "/v1/submissions", operation_id = "list_submissions", tag = "review", params(SubmissionsParams),
    responses((status = 200, body = SubmissionsResponse)), security(("bearer" = [])))]
pub(super) async fn list_submissions(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<SubmissionsParams>,
) -> Result<Json<SubmissionsResponse>, ApiError> {
    let sees_all = who.may(Right::Comment);
    if !sees_all {
        who.require(Right::Propose)?;
    }
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    let stands = |name: &str| {
        let known = Stands::ALL.map(Stands::as_str).join(", ");
        Stands::parse(name).ok_or_else(|| ApiError::BadQuery(format!("state is one of {known}; found {name:?}")))
    };
    let wanted = Wanted {
        state: params.state.as_deref().map(stands).transpose()?,
        kind: params.kind.as_deref().map(read_kind).transpose().map_err(ApiError::BadQuery)?,
        author: (params.mine == Some(true) || !sees_all).then(|| who.identity.to_string()),
        entry_id: params.entry,
    };
    let snapshot = state.live.snapshot();
    let all = state.register()?.submissions(&wanted, MAX_LISTED).await?;
    let shaped = all.iter().filter_map(|submission| {
        let entry = submission.new.entry_id.as_deref().and_then(|id| snapshot.get(id)).map(|text| &text.entry);
        let exists = entry.is_none_or(|entry| who.scope.sees(entry));
        exists.then(|| to_json(submission, entry.map(Arc::as_ref)))
    });
    let shaped: Vec<SubmissionJson> = shaped.collect();
    let (total, end) = (shaped.len(), params.offset.saturating_add(limit));
    let submissions = shaped.into_iter().skip(params.offset).take(limit).collect();
    Ok(Json(SubmissionsResponse { submissions, total, next_offset: (end < total).then_some(end) }))
}

/// Gives a proposal with the file that it would make and the file as it is.
#[utoipa::path(get, path = "/v1/submissions/{id}", operation_id = "get_submission", tag = "review",
    params(("id" = String, Path, description = "Of the proposal")), responses((status = 200, body = SubmissionResponse)), security(("bearer" = [])))]
pub(super) async fn get_submission(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<SubmissionResponse>, ApiError> {
    let seen = state.seen_submission(&who, &id).await?;
    let comments = state.register()?.comments(&id, MAX_COMMENTS).await?;
    let response = blocking(move || {
        let json = seen.json();
        let current = seen.current()?;
        let made = seen.made(None, None, current.as_ref());
        let (markdown, path, refused) = match made {
            Ok(Outcome::Create { markdown, path, .. }) => (Some(markdown), Some(path), None),
            Ok(Outcome::Save { markdown }) => (Some(markdown), None, None),
            Ok(Outcome::Nothing) => (current.as_ref().map(|current| current.text.clone()), None, None),
            Err(refusal) => (None, None, Some(refusal.to_string())),
        };
        let path_of = path.clone().or_else(|| seen.entry.as_ref().map(|entry| entry.path.clone())).unwrap_or_else(|| "x.md".to_owned());
        let before = current.as_ref().map_or("", |current| current.text.as_str());
        let pieces = markdown.as_deref().map(|after| diff(before, after, &seen.snapshot.analyzer)).unwrap_or_default();
        let pieces = pieces.into_iter().map(|(fate, text)| ChangeJson { text, change: change_of(fate).to_owned() }).collect();
        let facets = &seen.snapshot.library.lexicon.facets;
        let problems = markdown.as_ref().map(|markdown| crate::markdown::parse(&path_of, markdown.as_bytes(), facets).problems);
        Ok(SubmissionResponse {
            submission: json,
            text: seen.submission.new.text.clone(),
            query_id: seen.submission.new.query_id.clone(),
            markdown,
            refused,
            path,
            current_etag: current.as_ref().map(|current| hex(&current.hash)),
            pieces,
            asked: seen.asked.clone(),
            current_markdown: current.map(|current| current.text),
            problems: problems.unwrap_or_default().iter().map(ProblemJson::new).collect(),
            comments: comments.into_iter().map(CommentJson::new).collect(),
        })
    });
    Ok(Json(response.await?))
}

fn change_of(fate: Fate) -> &'static str {
    match fate {
        Fate::Same => "same",
        Fate::Added => "added",
        Fate::Removed => "removed",
    }
}

/// The file of an entry as it stands.
pub(super) struct Current {
    pub(super) text: String,
    pub(super) hash: [u8; 32],
}

impl Seen {
    /// The file of the entry that it is about.
    pub(super) fn current(&self) -> Result<Option<Current>, ApiError> {
        let Some(entry) = &self.entry else { return Ok(None) };
        let (bytes, hash) = match write::read(&self.snapshot.library.dir, &entry.path) {
            Ok(read) => read,
            Err(write::WriteError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ApiError::Internal(error.into())),
        };
        Ok(Some(Current { text: String::from_utf8_lossy(&bytes).into_owned(), hash }))
    }

    /// What approving it makes, in a trainer's wording where there is one.
    pub(super) fn made(
        &self,
        edited: Option<&str>,
        folder: Option<&str>,
        current: Option<&Current>,
    ) -> Result<Outcome, crate::review::Refusal> {
        let new = &self.submission.new;
        let proposed = Proposed {
            kind: new.kind,
            title: &new.title,
            markdown: edited.or(new.markdown.as_deref()),
            text: new.text.as_deref(),
            asked: self.asked.as_deref(),
        };
        let current = self.entry.as_deref().zip(current.map(|current| current.text.as_str()));
        outcome(&proposed, folder, current, &self.snapshot.library)
    }
}

/// Sends a proposal back to its author with a reason.
#[utoipa::path(post, path = "/v1/submissions/{id}/return", operation_id = "return_submission", tag = "review",
    params(("id" = String, Path, description = "Of the proposal")), request_body = ReturnRequest,
    responses((status = 200, body = SubmissionJson)), security(("bearer" = [])))]
pub(super) async fn return_submission(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    ApiJson(request): ApiJson<ReturnRequest>,
) -> Result<Json<SubmissionJson>, ApiError> {
    who.require(Right::Edit)?;
    let reason = needed("reason", &request.reason, MAX_COMMENT_CHARS)?;
    state.seen_submission(&who, &id).await?;
    let decision = Decision { state: Stands::Returned, by: &who.identity, reason: Some(&reason), result: None };
    state.decide(&id, &decision).await?;
    state.note(&who, "submission.return", &id, "").await;
    Ok(Json(state.seen_submission(&who, &id).await?.json()))
}

/// Takes one's own open proposal back.
#[utoipa::path(delete, path = "/v1/submissions/{id}", operation_id = "withdraw_submission", tag = "review",
    params(("id" = String, Path, description = "Of the proposal")), responses((status = 204)), security(("bearer" = [])))]
pub(super) async fn withdraw_submission(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
) -> Result<StatusCode, ApiError> {
    who.require(Right::Propose)?;
    let seen = state.seen_submission(&who, &id).await?;
    if seen.submission.new.author != *who.identity {
        return Err(ApiError::Forbidden(Right::Propose));
    }
    state.decide(&id, &Decision { state: Stands::Withdrawn, by: &who.identity, reason: None, result: None }).await?;
    state.note(&who, "submission.withdraw", &id, "").await;
    Ok(StatusCode::NO_CONTENT)
}

/// Says something about a proposal; its author reads it.
#[utoipa::path(post, path = "/v1/submissions/{id}/comments", operation_id = "comment_submission", tag = "review",
    params(("id" = String, Path, description = "Of the proposal")), request_body = CommentRequest,
    responses((status = 201, body = CommentJson)), security(("bearer" = [])))]
pub(super) async fn comment_submission(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    ApiJson(request): ApiJson<CommentRequest>,
) -> Result<(StatusCode, Json<CommentJson>), ApiError> {
    // Who may not comment on others' may answer on their own.
    if !who.may(Right::Comment) {
        who.require(Right::Propose)?;
    }
    let text = mask(&needed("text", &request.text, MAX_COMMENT_CHARS)?);
    let seen = state.seen_submission(&who, &id).await?;
    let register = state.register()?;
    if register.comments(&id, MAX_COMMENTS).await?.len() >= MAX_COMMENTS {
        return Err(ApiError::BadValue(format!("a proposal has at most {MAX_COMMENTS} comments")));
    }
    let comment = register.add_comment(&seen.submission.id, &who.identity, &text).await?;
    state.note(&who, "submission.comment", &id, "").await;
    Ok((StatusCode::CREATED, Json(CommentJson::new(comment))))
}

impl AppState {
    /// Writes a decision.
    ///
    /// # Errors
    /// [`ApiError::Changed`] where it was decided before.
    pub(super) async fn decide(&self, id: &str, decision: &Decision<'_>) -> Result<(), ApiError> {
        if self.register()?.decide_submission(id, decision).await? {
            return Ok(());
        }
        Err(ApiError::Changed("this proposal is decided already: read it again".to_owned()))
    }
}
