//! `POST`, `PUT` and `DELETE /v1/entries`: trainers write. Who was first wins; the other is told what is there now.

use super::entries::find;
use super::error::ApiError;
use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::json::ProblemJson;
use super::who::Who;
use super::{AppState, blocking};
use crate::access::Right;
use crate::analysis::fold;
use crate::editing::{Author, Change, Done, EditingError, MAX_WHY_CHARS, Way};
use crate::entry::{Entry, MAX_ID_CHARS};
use crate::hex::{hex, read_hash};
use crate::library::write::{self, Expected, WriteError};
use crate::markdown;
use crate::snapshot::Snapshot;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;
use utoipa::{IntoParams, ToSchema};

/// Header by which the studio says that it is it; what others write is told as by the API.
const CLIENT: &str = "huashu-client";

/// A new entry.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewEntryRequest {
    /// Also the file's name; absent: as the front matter says, else made of the title.
    pub id: Option<String>,
    /// Where in the library, such as `物流/发货`; absent: at its root.
    pub folder: Option<String>,
    /// The file.
    #[schema(example = "---\ntitle: 催发货\nquestions: [怎么还没发货]\n---\n\n> 亲，今天发出。\n")]
    pub markdown: String,
    /// What to say about it in the history, at most 500 characters.
    pub why: Option<String>,
}

/// Another content for an entry, another folder, or both.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct SaveEntryRequest {
    /// The file, whole. Its id stays.
    pub markdown: String,
    /// Where it moves to; absent: it stays. Empty: the root.
    pub folder: Option<String>,
    /// What to say about it in the history, at most 500 characters.
    pub why: Option<String>,
}

/// Why an entry is removed.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct WhyParams {
    /// What to say about it in the history, at most 500 characters.
    pub why: Option<String>,
}

/// A change that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SavedResponse {
    /// Of the entry; absent for a file that holds none.
    pub id: Option<String>,
    /// The file, relative to the library.
    pub path: String,
    /// SHA-256 of the file, for the next `If-Match`; absent where it is gone.
    pub etag: Option<String>,
    /// Of the history.
    pub version: String,
    /// What is wrong in the file.
    pub problems: Vec<ProblemJson>,
    /// What became of it meanwhile.
    pub warnings: Vec<WarningJson>,
}

/// What a writer should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WarningJson {
    /// replaced: somebody has written the file again already; both versions are in the history.
    pub code: String,
    /// For people.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Makes an entry. What it says is searched when this answers, or two seconds after.
#[utoipa::path(post, path = "/v1/entries", operation_id = "create_entry", tag = "content", request_body = NewEntryRequest,
    responses((status = 201, body = SavedResponse, headers(("ETag" = String)))), security(("bearer" = [])))]
pub(super) async fn create_entry(
    State(state): State<AppState>,
    who: Who,
    headers: HeaderMap,
    ApiJson(request): ApiJson<NewEntryRequest>,
) -> Result<Response, ApiError> {
    who.require(Right::Edit)?;
    let by = author(&who, &headers, request.why.as_deref())?;
    let snapshot = state.live.snapshot();
    let (id, path) = place(&snapshot, &request)?;
    within_scope(&who, &read_text(&snapshot, &path, &request.markdown)?)?;
    if let Some(other) = snapshot.get(&id) {
        // Of what the caller may not see, not even the place is told.
        let seen = snapshot.visible(&who.scope).has(&snapshot, &id);
        return Err(ApiError::Exists(if seen { other.entry.path.clone() } else { path }));
    }
    let change = Change::write(&path, request.markdown.into_bytes(), Expected::Absent);
    let done = state.editing()?.apply(change, &by).await.map_err(|error| match error {
        EditingError::Write(WriteError::Conflict { path, .. }) => ApiError::Exists(path),
        error => error.into(),
    })?;
    state.note(&who, "entry.create", &id, &done.path).await;
    let (etag, saved) = state.saved(done).await;
    Ok((StatusCode::CREATED, etag, Json(saved)).into_response())
}

/// Saves an entry, moves it, or both. `If-Match` has the ETag that was read.
#[utoipa::path(put, path = "/v1/entries/{id}", operation_id = "save_entry", tag = "content", request_body = SaveEntryRequest,
    params(("id" = String, Path, description = "Of the entry, compared case-folded"), ("If-Match" = String, Header, description = "The ETag that was read")),
    responses((status = 200, body = SavedResponse, headers(("ETag" = String)))), security(("bearer" = [])))]
pub(super) async fn save_entry(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    headers: HeaderMap,
    ApiJson(request): ApiJson<SaveEntryRequest>,
) -> Result<Response, ApiError> {
    who.require(Right::Edit)?;
    let by = author(&who, &headers, request.why.as_deref())?;
    let entry = state.editable(&who, &id)?;
    let expected = if_match(&headers)?.ok_or(ApiError::PreconditionRequired)?;
    let name = entry.path.rsplit('/').next().unwrap_or(&entry.path);
    let to = match request.folder.as_deref().map(|folder| folder.trim_matches('/')) {
        None => entry.path.clone(),
        Some("") => name.to_owned(),
        Some(folder) => format!("{folder}/{name}"),
    };
    let written = read_text(&state.live.snapshot(), &to, &request.markdown)?;
    if fold(&written.id).text != fold(&entry.id).text {
        let (kept, found) = (&entry.id, &written.id);
        return Err(ApiError::BadValue(format!("the id of an entry stays: expected {kept:?}, found {found:?}; add `id: {kept}`")));
    }
    within_scope(&who, &written)?;
    let change = Change::relocate(&entry.path, &to, request.markdown.into_bytes(), expected);
    let done = state.editing()?.apply(change, &by).await;
    let done = state.told(&entry.path, done).await?;
    state.note(&who, if to == entry.path { "entry.save" } else { "entry.move" }, &entry.id, &done.path).await;
    let (etag, saved) = state.saved(done).await;
    Ok((etag, Json(saved)).into_response())
}

/// Removes an entry's file. Its history stays, and any version can be restored.
#[utoipa::path(delete, path = "/v1/entries/{id}", operation_id = "delete_entry", tag = "content",
    params(("id" = String, Path, description = "Of the entry, compared case-folded"), WhyParams,
        ("If-Match" = String, Header, description = "The ETag that was read")),
    responses((status = 200, body = SavedResponse)), security(("bearer" = [])))]
pub(super) async fn delete_entry(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    ApiQuery(params): ApiQuery<WhyParams>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    who.require(Right::Edit)?;
    let by = author(&who, &headers, params.why.as_deref())?;
    let entry = state.editable(&who, &id)?;
    let expected = if_match(&headers)?.ok_or(ApiError::PreconditionRequired)?;
    let done = state.editing()?.apply(Change::remove(&entry.path, expected), &by).await;
    let done = state.told(&entry.path, done).await?;
    state.note(&who, "entry.delete", &entry.id, &done.path).await;
    let (_, saved) = state.saved(done).await;
    Ok(Json(saved).into_response())
}

impl AppState {
    /// An entry that the caller may see.
    pub(super) fn editable(&self, who: &Who, id: &str) -> Result<Arc<Entry>, ApiError> {
        let snapshot = self.live.snapshot();
        find(&snapshot, &snapshot.visible(&who.scope), id).cloned()
    }

    /// What was done, or, where somebody else was first, what is there now.
    pub(super) async fn told(&self, path: &str, done: Result<Done, EditingError>) -> Result<Done, ApiError> {
        match done {
            Err(EditingError::Write(WriteError::Conflict { path: found, .. })) if found == path => {
                let (dir, path) = (self.live.dir().to_owned(), path.to_owned());
                let current = blocking(move || match write::read(&dir, &path) {
                    Ok((bytes, hash)) => Ok(Some((String::from_utf8_lossy(&bytes).into_owned(), hex(&hash)))),
                    Err(WriteError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(ApiError::Internal(error.into())),
                });
                Err(ApiError::Stale { current: current.await? })
            }
            // Of a move, the place that it leads to.
            Err(EditingError::Write(WriteError::Conflict { path, .. })) => Err(ApiError::Exists(path)),
            done => Ok(done?),
        }
    }

    /// Waits until a change is served and shapes it, with the header for the next one.
    pub(super) async fn saved(&self, done: Done) -> ([(header::HeaderName, HeaderValue); 1], SavedResponse) {
        self.publish_file(&done.path).await;
        let snapshot = self.live.snapshot();
        let problems = snapshot.library.problems.iter().filter(|problem| problem.path == done.path);
        let (dir, path) = (self.live.dir().to_owned(), done.path.clone());
        let found = blocking(move || Ok(write::read(&dir, &path).ok().map(|(_, hash)| hash))).await.unwrap_or(done.hash);
        let warnings = if found == done.hash { Vec::new() } else { vec![WarningJson::replaced()] };
        let etag = done.hash.map(|hash| hex(&hash));
        let tag = format!("\"{}\"", etag.as_deref().unwrap_or_default());
        let header = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
        let problems = problems.map(ProblemJson::new).collect();
        let saved = SavedResponse { id: done.entry_id, path: done.path, etag, version: done.version, problems, warnings };
        ([(header::ETAG, header)], saved)
    }
}

impl WarningJson {
    fn replaced() -> WarningJson {
        WarningJson {
            code: "replaced".to_owned(),
            zh: "刚保存，文件就被别人改写了；两个版本都在历史里".to_owned(),
            en: "somebody has written the file again already; both versions are in the history".to_owned(),
        }
    }
}

/// The caller as author of what the request changes.
///
/// # Errors
/// Where the reason is too long.
pub(super) fn author(who: &Who, headers: &HeaderMap, why: Option<&str>) -> Result<Author, ApiError> {
    let why = why.unwrap_or_default();
    if why.chars().count() > MAX_WHY_CHARS {
        return Err(ApiError::BadValue(format!("why has at most {MAX_WHY_CHARS} characters")));
    }
    let way = if headers.get(CLIENT).is_some_and(|client| client == "studio") { Way::Studio } else { Way::Api };
    Ok(Author::new(&who.identity, way, why))
}

/// The version that a request expects to be there: an ETag begins with it.
///
/// # Errors
/// Where it is none.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<[u8; 32]>, ApiError> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let tag = value.to_str().unwrap_or_default().trim().trim_start_matches("W/").trim_matches('"');
    let hash = tag.get(..64).filter(|_| tag.len() == 64 || tag.as_bytes()[64] == b'-').and_then(read_hash);
    hash.map(Some).ok_or_else(|| ApiError::BadValue("If-Match is one ETag, as it was read".to_owned()))
}

/// A text as the entry that it will be.
///
/// # Errors
/// [`ApiError::Unreadable`]: such a file would not be served, so that saving it would take the entry from everybody.
pub(super) fn read_text(snapshot: &Snapshot, path: &str, text: &str) -> Result<Entry, ApiError> {
    let parsed = markdown::parse(path, text.as_bytes(), &snapshot.library.lexicon.facets);
    let why = || parsed.problems.iter().find(|problem| problem.code.withholds()).map_or_else(String::new, |problem| problem.en.clone());
    if text.trim().is_empty() {
        return Err(ApiError::Unreadable("it is empty".to_owned()));
    }
    parsed.entry.ok_or_else(|| ApiError::Unreadable(why()))
}

/// Who may see a part of the library writes no entry that they would not see.
fn within_scope(who: &Who, entry: &Entry) -> Result<(), ApiError> {
    let outside = || ApiError::BadValue("the entry would be of a shop or a category that you may not see".to_owned());
    if who.scope.sees(entry) { Ok(()) } else { Err(outside()) }
}

/// Id and path of a new entry.
fn place(snapshot: &Snapshot, request: &NewEntryRequest) -> Result<(String, String), ApiError> {
    let facets = &snapshot.library.lexicon.facets;
    let read = |path: &str| markdown::parse(path, request.markdown.as_bytes(), facets).entry;
    // An id that the file's name does not change is written in the file.
    let (one, other) = (read("a.md"), read("b.md"));
    let written = one.as_ref().zip(other.as_ref()).filter(|(one, other)| one.id == other.id).map(|(one, _)| one.id.to_string());
    let given = request.id.as_deref().map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned);
    let id = match (given, written) {
        (Some(given), Some(written)) if fold(&given).text != fold(&written).text => {
            return Err(ApiError::BadValue(format!("id is {given:?}, and the front matter says {written:?}: leave one of them out")));
        }
        (Some(id), _) | (None, Some(id)) => id,
        (None, None) => one.map(|entry| id_of(&entry.title)).unwrap_or_default(),
    };
    if id.is_empty() || id.chars().count() > MAX_ID_CHARS {
        return Err(ApiError::BadValue(format!("expected an id of 1 to {MAX_ID_CHARS} characters, as `id` or in the front matter")));
    }
    let folder = request.folder.as_deref().unwrap_or_default().trim_matches('/');
    let path = if folder.is_empty() { format!("{id}.md") } else { format!("{folder}/{id}.md") };
    Ok((id, path))
}

/// A title as an id: what an id may not have becomes a hyphen.
pub fn id_of(title: &str) -> String {
    let is_allowed = |character: char| !(character.is_whitespace() || character.is_control() || "/\\:*?\"<>|".contains(character));
    let id: String = title.nfc().map(|character| if is_allowed(character) { character } else { '-' }).take(MAX_ID_CHARS).collect();
    id.trim_start_matches(['.', '-']).trim_end_matches(['.', '-', '？']).to_owned()
}
