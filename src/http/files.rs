//! `/v1/lexicon`, `/v1/shops`, `/v1/settings`: the files beside the entries, read and written as these are, and their versions.

use super::edit::{SavedResponse, author, if_match};
use super::error::ApiError;
use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::history::{HistoryParams, HistoryResponse, VersionJson, VersionResponse};
use super::json::ProblemJson;
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, blocking, page_limit};
use crate::access::Right;
use crate::editing::Change;
use crate::hex::hex;
use crate::lexicon::file_names;
use crate::library::write::{self, Expected, WriteError};
use crate::snapshot::Snapshot;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use utoipa::{IntoParams, ToSchema};

/// Largest body with a file of the lexicon: as large as one is read, and its escapes.
pub(super) const MAX_FILE_BODY_BYTES: usize = 6 << 20;

/// Path of the settings.
const SETTINGS: &str = "library.toml";

/// Files of one kind.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FilesResponse {
    /// In the order of their names.
    pub files: Vec<FileSummary>,
}

/// A file, without its text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FileSummary {
    /// Without folder.
    pub name: String,
    /// SHA-256; absent: there is no such file yet.
    pub etag: Option<String>,
    /// Its size.
    pub bytes: usize,
    /// How many problems it has.
    pub problems: usize,
}

/// A file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FileResponse {
    /// Without folder.
    pub name: String,
    /// Relative to the library.
    pub path: String,
    /// As it stands; empty where there is none yet.
    pub text: String,
    /// SHA-256, for `If-Match`; absent: there is no such file yet.
    pub etag: Option<String>,
    /// What is wrong in it.
    pub problems: Vec<ProblemJson>,
}

/// Another text for a file.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct SaveFileRequest {
    /// The file, whole.
    pub text: String,
    /// What to say about it in the history, at most 500 characters.
    pub why: Option<String>,
}

/// Lists the files of the lexicon, those that are not there yet included.
#[utoipa::path(get, path = "/v1/lexicon", operation_id = "list_lexicon", tag = "content",
    responses((status = 200, body = FilesResponse)), security(("bearer" = [])))]
pub(super) async fn list_lexicon(State(state): State<AppState>, who: Who) -> Result<Json<FilesResponse>, ApiError> {
    who.require(Right::Edit)?;
    let mut names: Vec<String> = file_names().map(str::to_owned).collect();
    let snapshot = state.live.snapshot();
    let present = snapshot.library.hashes().filter_map(|(path, _)| path.strip_prefix("lexicon/").map(str::to_owned));
    names.extend(present);
    names.sort_unstable();
    names.dedup();
    Ok(Json(list(&state, "lexicon/", names).await?))
}

/// Lists the files of the shops that the caller may see.
#[utoipa::path(get, path = "/v1/shops", operation_id = "list_shops", tag = "content",
    responses((status = 200, body = FilesResponse)), security(("bearer" = [])))]
pub(super) async fn list_shops(State(state): State<AppState>, who: Who) -> Result<Json<FilesResponse>, ApiError> {
    who.require(Right::Edit)?;
    let snapshot = state.live.snapshot();
    let names = snapshot.library.hashes().filter_map(|(path, _)| path.strip_prefix("shops/").map(str::to_owned));
    let mut names: Vec<String> = names.filter(|name| who.scope.sees_shop(shop_of(name))).collect();
    names.sort_unstable();
    Ok(Json(list(&state, "shops/", names).await?))
}

/// Reads a file of the lexicon.
#[utoipa::path(get, path = "/v1/lexicon/{file}", operation_id = "get_lexicon_file", tag = "content",
    params(("file" = String, Path, description = "Such as words.txt")),
    responses((status = 200, body = FileResponse, headers(("ETag" = String)))), security(("bearer" = [])))]
pub(super) async fn get_lexicon_file(
    State(state): State<AppState>,
    who: Who,
    ApiPath(file): ApiPath<String>,
) -> Result<Response, ApiError> {
    who.require(Right::Edit)?;
    read(&state, lexicon_path(&file)?, true).await
}

/// Reads the file of a shop.
#[utoipa::path(get, path = "/v1/shops/{file}", operation_id = "get_shop_file", tag = "content",
    params(("file" = String, Path, description = "Such as 旗舰店.yaml")),
    responses((status = 200, body = FileResponse, headers(("ETag" = String)))), security(("bearer" = [])))]
pub(super) async fn get_shop_file(State(state): State<AppState>, who: Who, ApiPath(file): ApiPath<String>) -> Result<Response, ApiError> {
    who.require(Right::Edit)?;
    read(&state, shop_path(&who, &file)?, false).await
}

/// Reads `library.toml`.
#[utoipa::path(get, path = "/v1/settings", operation_id = "get_settings", tag = "content",
    responses((status = 200, body = FileResponse, headers(("ETag" = String)))), security(("bearer" = [])))]
pub(super) async fn get_settings(State(state): State<AppState>, who: Who) -> Result<Response, ApiError> {
    who.require(Right::Edit)?;
    read(&state, SETTINGS.to_owned(), true).await
}

/// Publishes a file of the lexicon: what it says counts when this answers, or two seconds after.
#[utoipa::path(put, path = "/v1/lexicon/{file}", operation_id = "save_lexicon_file", tag = "content", request_body = SaveFileRequest,
    params(("file" = String, Path, description = "Such as words.txt"), ("If-Match" = Option<String>, Header, description = "The ETag that was read"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: there is none yet")),
    responses((status = 200, body = SavedResponse, headers(("ETag" = String)))), security(("bearer" = [])))]
pub(super) async fn save_lexicon_file(
    State(state): State<AppState>,
    who: Who,
    ApiPath(file): ApiPath<String>,
    headers: HeaderMap,
    ApiJson(request): ApiJson<SaveFileRequest>,
) -> Result<Response, ApiError> {
    who.require(Right::Edit)?;
    save(&state, &who, lexicon_path(&file)?, &headers, request).await
}

/// Publishes the file of a shop.
#[utoipa::path(put, path = "/v1/shops/{file}", operation_id = "save_shop_file", tag = "content", request_body = SaveFileRequest,
    params(("file" = String, Path, description = "Such as 旗舰店.yaml"), ("If-Match" = Option<String>, Header, description = "The ETag that was read"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: there is none yet")),
    responses((status = 200, body = SavedResponse, headers(("ETag" = String)))), security(("bearer" = [])))]
pub(super) async fn save_shop_file(
    State(state): State<AppState>,
    who: Who,
    ApiPath(file): ApiPath<String>,
    headers: HeaderMap,
    ApiJson(request): ApiJson<SaveFileRequest>,
) -> Result<Response, ApiError> {
    who.require(Right::Edit)?;
    save(&state, &who, shop_path(&who, &file)?, &headers, request).await
}

/// Publishes `library.toml`.
#[utoipa::path(put, path = "/v1/settings", operation_id = "save_settings", tag = "content", request_body = SaveFileRequest,
    params(("If-Match" = Option<String>, Header, description = "The ETag that was read"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: there is none yet")),
    responses((status = 200, body = SavedResponse, headers(("ETag" = String)))), security(("bearer" = [])))]
pub(super) async fn save_settings(
    State(state): State<AppState>,
    who: Who,
    headers: HeaderMap,
    ApiJson(request): ApiJson<SaveFileRequest>,
) -> Result<Response, ApiError> {
    who.require(Right::Administer)?;
    save(&state, &who, SETTINGS.to_owned(), &headers, request).await
}

/// Which file's history.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FileParams {
    /// Relative to the library, such as `lexicon/words.txt`.
    pub path: String,
}

/// Lists what a file of the lexicon, a shop or the settings said, latest first.
#[utoipa::path(get, path = "/v1/file-history", operation_id = "list_file_history", tag = "content", params(FileParams, HistoryParams),
    responses((status = 200, body = HistoryResponse)), security(("bearer" = [])))]
pub(super) async fn list_file_history(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(file): ApiQuery<FileParams>,
    ApiQuery(params): ApiQuery<HistoryParams>,
) -> Result<Json<HistoryResponse>, ApiError> {
    who.require(Right::Edit)?;
    may_read(&who, &file.path)?;
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    let (versions, total) = state.register()?.versions_of_path(&file.path, limit, params.offset).await?;
    Ok(Json(HistoryResponse::new(versions, total, params.offset)))
}

/// Gives one version of such a file, its text included.
#[utoipa::path(get, path = "/v1/file-history/{version}", operation_id = "get_file_version", tag = "content",
    params(("version" = String, Path, description = "Of the history")),
    responses((status = 200, body = VersionResponse)), security(("bearer" = [])))]
pub(super) async fn get_file_version(
    State(state): State<AppState>,
    who: Who,
    ApiPath(version): ApiPath<String>,
) -> Result<Json<VersionResponse>, ApiError> {
    who.require(Right::Edit)?;
    let register = state.register()?;
    let unknown = || ApiError::NoVersion(version.clone());
    let found = register.version(&version).await?.ok_or_else(unknown)?;
    may_read(&who, &found.path).map_err(|_| unknown())?;
    let bytes = match found.hash {
        Some(hash) => register.text(hash).await?.ok_or_else(unknown)?,
        None => Vec::new(),
    };
    Ok(Json(VersionResponse { version: VersionJson::new(found), markdown: String::from_utf8_lossy(&bytes).into_owned() }))
}

/// Entries have a history of their own, under their id.
fn may_read(who: &Who, path: &str) -> Result<(), ApiError> {
    let is_file = path == SETTINGS
        || path.starts_with("lexicon/")
        || path.strip_prefix("shops/").is_some_and(|name| who.scope.sees_shop(shop_of(name)));
    if is_file { Ok(()) } else { Err(ApiError::NoFile(path.to_owned())) }
}

pub(super) fn lexicon_path(file: &str) -> Result<String, ApiError> {
    if file.contains('/') || file.starts_with('.') { Err(ApiError::NoFile(file.to_owned())) } else { Ok(format!("lexicon/{file}")) }
}

fn shop_path(who: &Who, file: &str) -> Result<String, ApiError> {
    let is_shop = [".yaml", ".yml"].iter().any(|ending| file.ends_with(ending)) && !file.contains('/') && !file.starts_with('.');
    if is_shop && who.scope.sees_shop(shop_of(file)) { Ok(format!("shops/{file}")) } else { Err(ApiError::NoFile(file.to_owned())) }
}

fn shop_of(file: &str) -> &str {
    file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or(file)
}

async fn list(state: &AppState, folder: &'static str, names: Vec<String>) -> Result<FilesResponse, ApiError> {
    let snapshot = state.live.snapshot();
    let files = blocking(move || {
        let summary = |name: String| {
            let path = format!("{folder}{name}");
            let found = present(&snapshot, &path)?;
            let problems = snapshot.library.problems.iter().filter(|problem| problem.path == path).count();
            let bytes = found.as_ref().map_or(0, |(bytes, _)| bytes.len());
            Ok(FileSummary { name, etag: found.map(|(_, hash)| hex(&hash)), bytes, problems })
        };
        names.into_iter().map(summary).collect::<Result<Vec<_>, ApiError>>()
    });
    Ok(FilesResponse { files: files.await? })
}

/// Bytes and hash of a file; `None` where there is none.
fn present(snapshot: &Snapshot, path: &str) -> Result<Option<write::Content>, ApiError> {
    match write::read(&snapshot.library.dir, path) {
        Ok(found) => Ok(Some(found)),
        Err(WriteError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(WriteError::BadPath { .. }) => Err(ApiError::NoFile(path.to_owned())),
        Err(error) => Err(ApiError::Internal(error.into())),
    }
}

async fn read(state: &AppState, path: String, may_be_absent: bool) -> Result<Response, ApiError> {
    let snapshot = state.live.snapshot();
    let file = blocking(move || {
        let found = present(&snapshot, &path)?;
        if found.is_none() && !may_be_absent {
            return Err(ApiError::NoFile(path));
        }
        let problems = snapshot.library.problems.iter().filter(|problem| problem.path == path).map(ProblemJson::new).collect();
        let (bytes, hash) = found.unzip();
        Ok(FileResponse {
            name: path.rsplit('/').next().unwrap_or(&path).to_owned(),
            text: String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned(),
            etag: hash.map(|hash| hex(&hash)),
            problems,
            path,
        })
    });
    let file = file.await?;
    let tag = file.etag.as_deref().and_then(|etag| HeaderValue::from_str(&format!("\"{etag}\"")).ok());
    let mut response = Json(file).into_response();
    if let Some(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

async fn save(state: &AppState, who: &Who, path: String, headers: &HeaderMap, request: SaveFileRequest) -> Result<Response, ApiError> {
    let by = author(who, headers, request.why.as_deref())?;
    let is_new = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value == "*");
    let expected = match if_match(headers)? {
        Some(hash) => Expected::Version(hash),
        None if is_new => Expected::Absent,
        None => return Err(ApiError::PreconditionRequired),
    };
    if path == SETTINGS {
        let (dir, text) = (state.live.dir().to_owned(), request.text.clone());
        let read = blocking(move || Ok(crate::library::check_settings(&text, &dir))).await?;
        read.map_err(|why| ApiError::BadValue(format!("library.toml cannot be used so: {why}")))?;
    }
    let done = state.editing()?.apply(Change::write(&path, request.text.into_bytes(), expected), &by).await;
    let done = state.told(&path, done).await?;
    state.note(who, "file.save", &path, "").await;
    let (etag, saved) = state.saved(done).await;
    Ok((etag, Json(saved)).into_response())
}
