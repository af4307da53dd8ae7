//! `/v1/tokens`: how programs and the extension act for a user.

use super::error::ApiError;
use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::users::read_scope;
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, page_limit};
use crate::access::Right;
use crate::journal::now_ms;
use crate::register::{People, Token, fold};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Longest label, in characters.
const MAX_LABEL_CHARS: usize = 60;

/// Tokens of one user: one for each program and machine.
const MAX_TOKENS: usize = 100;

/// Whose tokens.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct TokensParams {
    /// Of this user, for admins; one's own where absent, everybody's by the local token.
    pub user: Option<String>,
    /// At most 200; 50 where absent.
    pub limit: Option<usize>,
    /// Tokens to skip.
    pub offset: usize,
}

/// One page of tokens.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TokensResponse {
    /// Latest first.
    pub tokens: Vec<TokenJson>,
    /// How many there are on all pages.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
}

/// A token, without its value.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TokenJson {
    /// Stable.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// Whose.
    pub user: String,
    /// In milliseconds since 1970.
    pub created_at: i64,
    /// In milliseconds since 1970; absent: never.
    pub expires_at: Option<i64>,
    /// In milliseconds since 1970, to the minute; absent: never.
    pub last_used_at: Option<i64>,
    /// Shops that it may see, of those of its user; absent: all of them.
    pub shops: Option<Vec<String>>,
    /// Categories likewise.
    pub categories: Option<Vec<String>>,
}

impl TokenJson {
    /// Shapes a token.
    pub fn new(token: &Token, people: &People) -> TokenJson {
        TokenJson {
            id: token.id.clone(),
            label: token.label.clone(),
            user: token.user.clone(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: people.last_seen(&token.id).or(token.last_used_at),
            shops: token.scope.shops.clone(),
            categories: token.scope.categories.clone(),
        }
    }
}

/// Lists tokens: one's own, or for admins those of somebody.
#[utoipa::path(get, path = "/v1/tokens", operation_id = "list_tokens", tag = "accounts", params(TokensParams),
    responses((status = 200, body = TokensResponse)), security(("bearer" = [])))]
pub(super) async fn list_tokens(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<TokensParams>,
) -> Result<Json<TokensResponse>, ApiError> {
    who.require_known(Right::Use)?;
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    let is_own = params.user.as_deref().is_some_and(|user| fold(user) == fold(&who.identity));
    if params.user.is_some() && !is_own {
        who.require_unscoped(Right::Administer)?;
    }
    let own = (!who.is_local()).then_some(&*who.identity);
    let register = state.register()?;
    let tokens = register.tokens(params.user.as_deref().or(own)).await?;
    let people = register.people();
    let end = params.offset.saturating_add(limit);
    Ok(Json(TokensResponse {
        tokens: tokens.iter().skip(params.offset).take(limit).map(|token| TokenJson::new(token, &people)).collect(),
        total: tokens.len(),
        next_offset: (end < tokens.len()).then_some(end),
    }))
}

/// A new token.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewToken {
    /// What it is for, at most 60 characters.
    #[schema(example = "浏览器扩展")]
    pub label: String,
    /// For this user, for admins; for oneself where absent.
    pub user: Option<String>,
    /// In milliseconds since 1970; absent: never.
    pub expires_at: Option<i64>,
    /// Shops that it may see, of those of its user; absent: all of them.
    pub shops: Option<Vec<String>>,
    /// Categories likewise.
    pub categories: Option<Vec<String>>,
}

/// A token that was made.
#[derive(Clone, Serialize, ToSchema)]
pub struct NewTokenResponse {
    /// Stable.
    pub id: String,
    /// The value for `Authorization: Bearer`; told this once.
    pub token: String,
}

/// Makes a token. Not by a token: it could outlive itself, or see more than it may.
#[utoipa::path(post, path = "/v1/tokens", operation_id = "create_token", tag = "accounts", request_body = NewToken,
    responses((status = 201, body = NewTokenResponse)), security(("bearer" = [])))]
pub(super) async fn create_token(
    State(state): State<AppState>,
    who: Who,
    ApiJson(request): ApiJson<NewToken>,
) -> Result<(StatusCode, Json<NewTokenResponse>), ApiError> {
    who.require_known(Right::Use)?;
    if !who.is_local() {
        who.require_session()?;
    }
    let is_own = request.user.as_deref().is_none_or(|user| fold(user) == fold(&who.identity));
    if !is_own {
        who.require_unscoped(Right::Administer)?;
    }
    let name = request.user.as_deref().unwrap_or(&who.identity);
    let label = request.label.trim();
    if label.is_empty() || label.chars().count() > MAX_LABEL_CHARS || label.contains(char::is_control) {
        return Err(ApiError::BadValue(format!("label has 1 to {MAX_LABEL_CHARS} characters")));
    }
    if request.expires_at.is_some_and(|end| end <= now_ms()) {
        return Err(ApiError::BadValue("expires_at is a moment to come, in milliseconds".to_owned()));
    }
    let scope = read_scope(request.shops, request.categories)?;
    let register = state.register()?;
    let user = register.people().user(name).cloned().ok_or_else(|| ApiError::NoUser(name.to_owned()))?;
    if register.tokens(Some(&user.name)).await?.len() >= MAX_TOKENS {
        return Err(ApiError::BadValue(format!("a user has at most {MAX_TOKENS} tokens: revoke one that is not used")));
    }
    let (id, token) = register.add_token(&user.name, label, request.expires_at, &scope).await?;
    state.note(&who, "token.create", &id, &user.name).await;
    Ok((StatusCode::CREATED, Json(NewTokenResponse { id, token })))
}

/// Revokes a token; it is refused from then on.
#[utoipa::path(delete, path = "/v1/tokens/{id}", operation_id = "revoke_token", tag = "accounts",
    params(("id" = String, Path, description = "Of the token")), responses((status = 204)), security(("bearer" = [])))]
pub(super) async fn revoke_token(State(state): State<AppState>, who: Who, ApiPath(id): ApiPath<String>) -> Result<StatusCode, ApiError> {
    who.require_known(Right::Use)?;
    let register = state.register()?;
    let may = |token: &Token| token.user == *who.identity || (who.may(Right::Administer) && who.scope.is_everything());
    // Somebody else's does not exist for who may not.
    let token = register.token(&id).await?.filter(may).ok_or_else(|| ApiError::NoToken(id.clone()))?;
    register.revoke_token(&id).await?;
    state.note(&who, "token.revoke", &id, &token.user).await;
    Ok(StatusCode::NO_CONTENT)
}
