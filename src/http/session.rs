//! `/v1/session`: who is signed in here; signing in and out.

use super::AppState;
use super::error::ApiError;
use super::extract::ApiJson;
use super::users::check_password;
use super::who::{SESSION_COOKIE, Who, session_cookie};
use super::wire::Peer;
use crate::access::{Proof, Right};
use crate::journal::now_ms;
use crate::register::{Register, SESSION_SECONDS};
use crate::secret;
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::ToSchema;

/// Who asks, and what they may.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SessionResponse {
    /// Whether this server has accounts: where it has, nobody may anything without one.
    pub accounts: bool,
    /// The user's name; `local` by the local token; absent: nobody.
    pub name: Option<String>,
    /// The name for people.
    pub display: String,
    /// agent, qa, trainer, lead or admin; absent: nobody, where there are accounts.
    pub role: Option<String>,
    /// use, propose, comment, report, edit, notify, administer.
    pub rights: Vec<String>,
    /// 一线, 组长 or 主管, what was lent included; absent: as each request says.
    pub authority: Option<String>,
    /// Shops that exist for the caller; absent: all.
    pub shops: Option<Vec<String>>,
    /// Categories that exist for the caller, each with all below it; absent: all.
    pub categories: Option<Vec<String>>,
    /// Whether one can sign in by OpenID Connect: `/v1/oidc/login`.
    pub oidc: bool,
}

impl SessionResponse {
    fn new(state: &AppState, who: &Who) -> SessionResponse {
        let people = state.register.as_ref().map(Register::people).unwrap_or_default();
        let is_known = !matches!(who.by, Proof::Nobody | Proof::Stranger);
        let display = match people.user(&who.identity).filter(|_| is_known) {
            Some(user) => user.display.clone(),
            None if who.by == Proof::LocalToken => "本机".to_owned(),
            None => String::new(),
        };
        SessionResponse {
            accounts: !people.is_empty(),
            name: is_known.then(|| who.identity.to_string()),
            display,
            role: (who.by != Proof::Stranger).then(|| who.role.as_str().to_owned()),
            rights: Right::ALL.into_iter().filter(|right| who.may(*right)).map(|right| right.as_str().to_owned()).collect(),
            authority: who.authority.clone(),
            shops: who.scope.shops.clone(),
            categories: who.scope.categories.clone(),
            oidc: state.has_oidc(),
        }
    }
}

/// Says who asks, and what they may. Open: a page asks it before it shows a way to sign in.
#[utoipa::path(get, path = "/v1/session", operation_id = "get_session", tag = "accounts",
    responses((status = 200, body = SessionResponse)))]
pub(super) async fn get_session(State(state): State<AppState>, who: Who) -> Json<SessionResponse> {
    Json(SessionResponse::new(&state, &who))
}

/// Name and password.
#[derive(Clone, Deserialize, ToSchema)]
pub struct SignInRequest {
    /// The user's name.
    pub name: String,
    /// The password.
    pub password: String,
}

/// Signs in by name and password: the answer sets the cookie `huashu_session`.
#[utoipa::path(post, path = "/v1/session", operation_id = "sign_in", tag = "accounts", request_body = SignInRequest,
    responses((status = 200, body = SessionResponse, headers(("Set-Cookie" = String)))))]
pub(super) async fn sign_in(
    State(state): State<AppState>,
    extensions: Extensions,
    ApiJson(request): ApiJson<SignInRequest>,
) -> Result<Response, ApiError> {
    let register = state.register()?;
    let user = register.people().user(&request.name).filter(|user| user.is_active()).cloned();
    if request.password.len() > secret::MAX_PASSWORD_BYTES {
        return Err(ApiError::WrongCredentials);
    }
    let hash = user.as_ref().and_then(|user| user.password.clone());
    state.login.try_password(&request.name, address(&extensions), request.password, hash).await?;
    let name = user.ok_or(ApiError::WrongCredentials)?.name.clone();
    let value = register.begin_session(&name).await?;
    let who = Who::of(register.people().by_session(&value, now_ms()).ok_or(ApiError::WrongCredentials)?);
    state.note(&who, "session.begin", &name, "").await;
    let cookie = cookie(&value, SESSION_SECONDS, state.secure);
    Ok(([(header::SET_COOKIE, cookie)], Json(SessionResponse::new(&state, &who))).into_response())
}

/// Signs out: the session ends and the cookie goes.
#[utoipa::path(delete, path = "/v1/session", operation_id = "sign_out", tag = "accounts", responses((status = 204)))]
pub(super) async fn sign_out(State(state): State<AppState>, who: Who, headers: HeaderMap) -> Result<Response, ApiError> {
    if let Some(value) = session_cookie(&headers).filter(|_| who.by == Proof::User) {
        state.register()?.end_session(value).await?;
        state.note(&who, "session.end", &who.identity, "").await;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie("", 0, state.secure))]).into_response())
}

/// The old password and the new one.
#[derive(Clone, Deserialize, ToSchema)]
pub struct PasswordChange {
    /// As it was.
    pub old: String,
    /// As it shall be: at least 8 characters.
    pub new: String,
}

/// Changes one's own password; all sessions end but this one. By a session alone: a token may not take an account over.
#[utoipa::path(put, path = "/v1/session/password", operation_id = "change_password", tag = "accounts", request_body = PasswordChange,
    responses((status = 204)), security(("bearer" = [])))]
pub(super) async fn change_password(
    State(state): State<AppState>,
    who: Who,
    extensions: Extensions,
    ApiJson(request): ApiJson<PasswordChange>,
) -> Result<Response, ApiError> {
    who.require(Right::Use)?;
    who.require_session()?;
    check_password(&request.new)?;
    let register = state.register()?;
    let hash = register.people().user(&who.identity).and_then(|user| user.password.clone());
    state.login.try_password(&who.identity, address(&extensions), request.old, hash).await?;
    let hash = state.login.hash(move || secret::hash_password(&request.new)).await?.map_err(ApiError::Internal)?;
    register.change_user(&who.identity, |user| user.password = Some(hash)).await?;
    let value = register.begin_session(&who.identity).await?;
    state.note(&who, "user.password", &who.identity, "").await;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&value, SESSION_SECONDS, state.secure))]).into_response())
}

/// The cookie: no script reads it, no other site's page makes the browser send it.
pub(super) fn cookie(value: &str, seconds: i64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{SESSION_COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Where a request comes from; absent in tests without sockets.
pub(super) fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<Peer>>().map(|peer| peer.0.0.ip().to_canonical())
}
