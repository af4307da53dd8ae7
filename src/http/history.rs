//! `/v1/entries/{id}/history`, `diff`, `restore` and `/v1/merge`: what an entry said, and how to say it again.

use super::edit::{SavedResponse, author, if_match, read_text};
use super::error::ApiError;
use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, blocking, page_limit};
use crate::access::Right;
use crate::analysis::fold;
use crate::diff::{Fate, diff, merge};
use crate::editing::{Change, Version};
use crate::hex::hex;
use crate::library::write::{self, Expected};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which part of a history.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryParams {
    /// At most 200; 50 where absent.
    pub limit: Option<usize>,
    /// Versions to skip.
    pub offset: usize,
}

/// One page of a history.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HistoryResponse {
    /// Latest first.
    pub versions: Vec<VersionJson>,
    /// How many there are on all pages.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
}

/// One version.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionJson {
    /// Its id.
    pub version: String,
    /// In milliseconds since 1970.
    pub at: i64,
    /// Who made it; `file`: whoever wrote the file.
    pub who: String,
    /// What they said about it.
    pub why: String,
    /// api, studio, import, file, review or cli.
    pub way: String,
    /// create, save, move, delete or restore.
    pub action: String,
    /// Where the file is since then, or was.
    pub path: String,
    /// SHA-256 of the content; absent: the file went.
    pub etag: Option<String>,
}

impl VersionJson {
    /// Shapes a version.
    pub fn new(version: Version) -> VersionJson {
        VersionJson {
            version: version.id,
            at: version.at_us / 1000,
            who: version.who,
            why: version.why,
            way: version.way.as_str().to_owned(),
            action: version.action.as_str().to_owned(),
            path: version.path,
            etag: version.hash.map(|hash| hex(&hash)),
        }
    }
}

/// A version with its content.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionResponse {
    /// What is known of it.
    #[serde(flatten)]
    pub version: VersionJson,
    /// The file as it was; empty where it went.
    pub markdown: String,
}

/// Lists what an entry said, latest first; also of one that is gone.
#[utoipa::path(get, path = "/v1/entries/{id}/history", operation_id = "list_history", tag = "content",
    params(("id" = String, Path, description = "Of the entry, compared case-folded"), HistoryParams),
    responses((status = 200, body = HistoryResponse)), security(("bearer" = [])))]
pub(super) async fn list_history(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    ApiQuery(params): ApiQuery<HistoryParams>,
) -> Result<Json<HistoryResponse>, ApiError> {
    require_history(&who)?;
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    may_know(&state, &who, &id)?;
    let found = state.live.snapshot().get(&id).is_some();
    let (versions, total) = state.register()?.versions_of_entry(&id, limit, params.offset).await?;
    if total == 0 && !found {
        return Err(ApiError::NoEntry(id));
    }
    Ok(Json(HistoryResponse::new(versions, total, params.offset)))
}

impl HistoryResponse {
    /// Shapes a page.
    pub fn new(versions: Vec<Version>, total: usize, offset: usize) -> HistoryResponse {
        let end = offset.saturating_add(versions.len());
        let versions: Vec<VersionJson> = versions.into_iter().map(VersionJson::new).collect();
        HistoryResponse { next_offset: (end < total && !versions.is_empty()).then_some(end), versions, total }
    }
}

/// Gives one version of an entry, its content included.
#[utoipa::path(get, path = "/v1/entries/{id}/history/{version}", operation_id = "get_version", tag = "content",
    params(("id" = String, Path, description = "Of the entry, compared case-folded"), ("version" = String, Path, description = "Of the history")),
    responses((status = 200, body = VersionResponse)), security(("bearer" = [])))]
pub(super) async fn get_version(
    State(state): State<AppState>,
    who: Who,
    ApiPath((id, version)): ApiPath<(String, String)>,
) -> Result<Json<VersionResponse>, ApiError> {
    require_history(&who)?;
    may_know(&state, &who, &id)?;
    let (version, markdown) = find(&state, &id, &version).await?;
    Ok(Json(VersionResponse { version: VersionJson::new(version), markdown }))
}

/// Which versions.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DiffParams {
    /// A version.
    pub from: String,
    /// A later one; absent or `now`: what the file says.
    pub to: Option<String>,
}

/// What changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiffResponse {
    /// In the order of the text: what is not added makes up the earlier one, what is not removed the later one.
    pub pieces: Vec<DiffPiece>,
}

/// A part of two texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DiffPiece {
    /// What stands there.
    pub text: String,
    /// same, added or removed.
    pub change: String,
}

/// The pieces of two texts.
pub fn diff_pieces(from: &str, to: &str, analyzer: &crate::analysis::Analyzer) -> Vec<DiffPiece> {
    let name = |fate| match fate {
        Fate::Same => "same",
        Fate::Added => "added",
        Fate::Removed => "removed",
    };
    diff(from, to, analyzer).into_iter().map(|(fate, text)| DiffPiece { text, change: name(fate).to_owned() }).collect()
}

/// Says by word what changed between two versions of an entry.
#[utoipa::path(get, path = "/v1/entries/{id}/diff", operation_id = "diff_entry", tag = "content",
    params(("id" = String, Path, description = "Of the entry, compared case-folded"), DiffParams),
    responses((status = 200, body = DiffResponse)), security(("bearer" = [])))]
pub(super) async fn diff_entry(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    ApiQuery(params): ApiQuery<DiffParams>,
) -> Result<Json<DiffResponse>, ApiError> {
    require_history(&who)?;
    may_know(&state, &who, &id)?;
    let (_, from) = find(&state, &id, &params.from).await?;
    let to = match params.to.as_deref().filter(|to| *to != "now") {
        Some(version) => Some(find(&state, &id, version).await?.1),
        None => None,
    };
    let pieces = blocking(move || {
        let snapshot = state.live.snapshot();
        let now = || {
            let path = &snapshot.get(&id)?.entry.path;
            Some(String::from_utf8_lossy(&write::read(&snapshot.library.dir, path).ok()?.0).into_owned())
        };
        let to = to.or_else(now).unwrap_or_default();
        Ok(diff_pieces(&from, &to, &snapshot.analyzer))
    });
    Ok(Json(DiffResponse { pieces: pieces.await? }))
}

/// What to bring back.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RestoreRequest {
    /// Of the entry's history.
    pub version: String,
    /// What to say about it in the history, at most 500 characters.
    pub why: Option<String>,
}

/// Brings the content of an earlier version back, as a new one; of an entry that is gone, its file too.
#[utoipa::path(post, path = "/v1/entries/{id}/restore", operation_id = "restore_entry", tag = "content", request_body = RestoreRequest,
    params(("id" = String, Path, description = "Of the entry, compared case-folded"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read; absent: whatever is there now")),
    responses((status = 200, body = SavedResponse, headers(("ETag" = String)))), security(("bearer" = [])))]
pub(super) async fn restore_entry(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    headers: HeaderMap,
    ApiJson(request): ApiJson<RestoreRequest>,
) -> Result<Response, ApiError> {
    who.require(Right::Edit)?;
    may_know(&state, &who, &id)?;
    let by = author(&who, &headers, request.why.as_deref())?;
    let (version, markdown) = find(&state, &id, &request.version).await?;
    if version.hash.is_none() {
        return Err(ApiError::BadValue("that version says that the file went: choose an earlier one".to_owned()));
    }
    let snapshot = state.live.snapshot();
    let present = snapshot.get(&id).map(|text| text.entry.path.clone());
    let path = present.clone().unwrap_or_else(|| version.path.clone());
    read_text(&snapshot, &path, &markdown)?;
    let asked = if_match(&headers)?;
    let (dir, at) = (state.live.dir().to_owned(), path.clone());
    let found = blocking(move || Ok(write::read(&dir, &at).ok().map(|(_, hash)| hash))).await?;
    let expected = match (asked, found.filter(|_| present.is_some())) {
        (Some(hash), _) | (None, Some(hash)) => Expected::Version(hash),
        (None, None) => Expected::Absent,
    };
    let change = Change::write(&path, markdown.into_bytes(), expected).restoring();
    let done = state.editing()?.apply(change, &by).await;
    let done = state.told(&path, done).await?;
    state.note(&who, "entry.restore", &id, &request.version).await;
    let (etag, saved) = state.saved(done).await;
    Ok((etag, Json(saved)).into_response())
}

/// Three texts.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct MergeRequest {
    /// What both began with.
    pub base: String,
    /// What one made of it.
    pub mine: String,
    /// What the other made of it.
    pub theirs: String,
}

/// One text of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MergeResponse {
    /// With markers `<<<<<<< mine`, `=======`, `>>>>>>> theirs` around what both changed.
    pub markdown: String,
    /// How many such places.
    pub conflicts: usize,
}

/// Makes one text of two that were changed at once.
#[utoipa::path(post, path = "/v1/merge", operation_id = "merge_texts", tag = "content", request_body = MergeRequest,
    responses((status = 200, body = MergeResponse)), security(("bearer" = [])))]
pub(super) async fn merge_texts(who: Who, ApiJson(request): ApiJson<MergeRequest>) -> Result<Json<MergeResponse>, ApiError> {
    who.require(Right::Edit)?;
    let merged = blocking(move || Ok(merge(&request.base, &request.mine, &request.theirs))).await?;
    Ok(Json(MergeResponse { markdown: merged.text, conflicts: merged.conflicts }))
}

/// A history is for those who report on content and for those who write it.
fn require_history(who: &Who) -> Result<(), ApiError> {
    who.require(Right::Report)
}

/// What the caller may not see has no history; what is gone can be known only by who sees everything.
fn may_know(state: &AppState, who: &Who, id: &str) -> Result<(), ApiError> {
    if who.scope.is_everything() { Ok(()) } else { state.editable(who, id).map(|_| ()) }
}

/// A version of an entry and its content.
async fn find(state: &AppState, id: &str, version: &str) -> Result<(Version, String), ApiError> {
    let register = state.register()?;
    let unknown = || ApiError::NoVersion(version.to_owned());
    let found = register.version(version).await?.ok_or_else(unknown)?;
    if found.entry_id.as_deref().map(|of| fold(of).text) != Some(fold(id).text) {
        return Err(unknown());
    }
    let bytes = match found.hash {
        Some(hash) => register.text(hash).await?.ok_or_else(unknown)?,
        None => Vec::new(),
    };
    Ok((found, String::from_utf8_lossy(&bytes).into_owned()))
}
