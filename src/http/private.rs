//! `/v1/private`: words that somebody keeps for themselves.

use super::AppState;
use super::error::ApiError;
use super::extract::{ApiJson, ApiPath};
use super::who::Who;
use crate::access::Right;
use crate::register::{MAX_PRIVATE, MAX_PRIVATE_TEXT_CHARS, MAX_PRIVATE_TITLE_CHARS, PrivateEntry};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Words of one's own.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PrivateJson {
    /// Stable.
    pub id: String,
    /// What it is for.
    pub title: String,
    /// 快捷码.
    pub shortcut: Option<String>,
    /// The words.
    pub text: String,
}

impl From<PrivateEntry> for PrivateJson {
    fn from(entry: PrivateEntry) -> PrivateJson {
        PrivateJson { id: entry.id, title: entry.title, shortcut: entry.shortcut, text: entry.text }
    }
}

/// All that one keeps; at most 200, so that there is one page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PrivateResponse {
    /// By title.
    pub entries: Vec<PrivateJson>,
    /// How many there are.
    pub total: usize,
}

/// What to keep.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct PrivateRequest {
    /// What it is for, at most 60 characters.
    pub title: String,
    /// 快捷码.
    pub shortcut: Option<String>,
    /// The words, at most 2,000 characters.
    pub text: String,
}

impl PrivateRequest {
    fn read(&self) -> Result<PrivateEntry, ApiError> {
        PrivateEntry::new(&self.title, self.shortcut.as_deref(), &self.text).ok_or_else(|| {
            let (title, text) = (MAX_PRIVATE_TITLE_CHARS, MAX_PRIVATE_TEXT_CHARS);
            ApiError::BadValue(format!("title has 1 to {title} characters, shortcut at most as many, text 1 to {text}"))
        })
    }
}

/// Lists what one keeps for oneself.
#[utoipa::path(get, path = "/v1/private", operation_id = "list_private", tag = "content",
    responses((status = 200, body = PrivateResponse)), security(("bearer" = [])))]
pub(super) async fn list_private(State(state): State<AppState>, who: Who) -> Result<Json<PrivateResponse>, ApiError> {
    who.require_known(Right::Use)?;
    let entries = state.register()?.private_entries(&who.identity).await?;
    Ok(Json(PrivateResponse { total: entries.len(), entries: entries.into_iter().map(PrivateJson::from).collect() }))
}

/// Keeps words for oneself.
#[utoipa::path(post, path = "/v1/private", operation_id = "create_private", tag = "content", request_body = PrivateRequest,
    responses((status = 201, body = PrivateJson)), security(("bearer" = [])))]
pub(super) async fn create_private(
    State(state): State<AppState>,
    who: Who,
    ApiJson(request): ApiJson<PrivateRequest>,
) -> Result<(StatusCode, Json<PrivateJson>), ApiError> {
    who.require_known(Right::Use)?;
    let mut entry = request.read()?;
    let register = state.register()?;
    if register.private_entries(&who.identity).await?.len() >= MAX_PRIVATE {
        return Err(ApiError::BadValue(format!("at most {MAX_PRIVATE} are kept: drop one that is not used")));
    }
    entry.id = register.add_private(&who.identity, &entry.title, entry.shortcut.as_deref(), &entry.text).await?;
    state.note(&who, "private.create", &entry.id, "").await;
    Ok((StatusCode::CREATED, Json(entry.into())))
}

/// Changes words of one's own.
#[utoipa::path(put, path = "/v1/private/{id}", operation_id = "change_private", tag = "content", request_body = PrivateRequest,
    params(("id" = String, Path, description = "Of the words")), responses((status = 200, body = PrivateJson)), security(("bearer" = [])))]
pub(super) async fn change_private(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    ApiJson(request): ApiJson<PrivateRequest>,
) -> Result<Json<PrivateJson>, ApiError> {
    who.require_known(Right::Use)?;
    let entry = PrivateEntry { id, ..request.read()? };
    if !state.register()?.change_private(&who.identity, &entry).await? {
        return Err(ApiError::NoPrivate(entry.id));
    }
    state.note(&who, "private.change", &entry.id, "").await;
    Ok(Json(entry.into()))
}

/// Drops words of one's own.
#[utoipa::path(delete, path = "/v1/private/{id}", operation_id = "drop_private", tag = "content",
    params(("id" = String, Path, description = "Of the words")), responses((status = 204)), security(("bearer" = [])))]
pub(super) async fn drop_private(State(state): State<AppState>, who: Who, ApiPath(id): ApiPath<String>) -> Result<StatusCode, ApiError> {
    who.require_known(Right::Use)?;
    if !state.register()?.drop_private(&who.identity, &id).await? {
        return Err(ApiError::NoPrivate(id));
    }
    state.note(&who, "private.drop", &id, "").await;
    Ok(StatusCode::NO_CONTENT)
}
