//! Who sent a request. Every handler takes a [`Who`] and says first what right it needs.

use super::AppState;
use super::error::ApiError;
use super::origin::Sender;
use crate::access::{Caller, Proof, Right};
use crate::entry::Authority;
use crate::journal::{MAX_ID_BYTES, now_ms};
use crate::ranking::Context;
use crate::register::Register;
use crate::secret::digest;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use std::ops::Deref;

/// Header with the install id of a client: who learns, where there are no accounts.
pub(super) const INSTALL_ID: &str = "huashu-install";

/// The cookie of a session.
pub(super) const SESSION_COOKIE: &str = "huashu_session";

/// The caller of a request.
#[derive(Debug, Clone)]
pub(super) struct Who(Caller);

impl Deref for Who {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl Who {
    /// Goes on where the caller may.
    ///
    /// # Errors
    /// [`ApiError::Unauthorized`] where they should first say who they are, [`ApiError::Forbidden`] where that would not help.
    pub(super) fn require(&self, right: Right) -> Result<(), ApiError> {
        match self.0.by {
            _ if self.0.may(right) => Ok(()),
            Proof::Nobody | Proof::Stranger => Err(ApiError::Unauthorized),
            _ => Err(ApiError::Forbidden(right)),
        }
    }

    /// A caller who is known otherwise than by their request.
    pub(super) fn of(caller: Caller) -> Who {
        Who(caller)
    }

    /// Goes on where the caller may, and is somebody.
    ///
    /// # Errors
    /// As [`Who::require`].
    pub(super) fn require_known(&self, right: Right) -> Result<(), ApiError> {
        if self.0.by == Proof::Nobody { Err(ApiError::Unauthorized) } else { self.require(right) }
    }

    /// Goes on where the caller may, and nothing is kept from them: who decides about people could otherwise give what they have not.
    ///
    /// # Errors
    /// As [`Who::require`], and [`ApiError::NotYours`].
    pub(super) fn require_unscoped(&self, right: Right) -> Result<(), ApiError> {
        self.require(right)?;
        let scoped = || ApiError::NotYours("do this with an account or a token that sees only a part".to_owned());
        if self.0.scope.is_everything() { Ok(()) } else { Err(scoped()) }
    }

    /// Goes on where a person is signed in.
    ///
    /// # Errors
    /// [`ApiError::NeedsSession`].
    pub(super) fn require_session(&self) -> Result<(), ApiError> {
        if self.0.by == Proof::User { Ok(()) } else { Err(ApiError::NeedsSession) }
    }

    /// Whether it is somebody with an account.
    pub(super) fn is_user(&self) -> bool {
        matches!(self.0.by, Proof::User | Proof::Token)
    }

    /// Whether it is the local token.
    pub(super) fn is_local(&self) -> bool {
        self.0.by == Proof::LocalToken
    }

    /// What is known of the chat, as far as the caller may say: their authority is their own, and a shop outside their scope is none.
    pub(super) fn bind(&self, context: &mut Context) {
        if let Some(authority) = self.0.authority.as_deref().and_then(Authority::parse) {
            context.authority = authority;
        }
        context.shop = context.shop.take().filter(|shop| self.0.scope.sees_shop(shop));
    }
}

impl FromRequestParts<AppState> for Who {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Who, ApiError> {
        let caller = caller(parts, state)?;
        state.rates.take(&caller)?;
        Ok(Who(caller))
    }
}

/// Who it is, by what the request shows.
fn caller(parts: &Parts, state: &AppState) -> Result<Caller, ApiError> {
    let people = state.register.as_ref().map(Register::people);
    if let Some(given) = bearer(&parts.headers) {
        // Digests are compared, so that the time taken says nothing of the token.
        let is_local = state.token.as_deref().is_some_and(|token| digest(given) == digest(token));
        let user = || people.as_ref().and_then(|people| people.by_token(given, now_ms()));
        return if is_local { Ok(Caller::local()) } else { user().ok_or(ApiError::Unauthorized) };
    }
    // A browser sends cookies with what pages elsewhere and the extension ask for; theirs do not count.
    let is_own = Sender::of(&parts.uri, &parts.headers) == Sender::Own;
    let session = session_cookie(&parts.headers).filter(|_| is_own);
    if let Some(caller) = people.as_ref().and_then(|people| people.by_session(session?, now_ms())) {
        return Ok(caller);
    }
    let has_accounts = people.is_some_and(|people| !people.is_empty());
    if has_accounts { Ok(Caller::stranger()) } else { Ok(Caller::nobody(&install_id(&parts.headers)?)) }
}

/// The value of the session's cookie.
pub(super) fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, SESSION_COOKIE)
}

/// The value of a cookie.
pub(super) fn cookie_named<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    let mut named = cookies.filter_map(|cookie| cookie.trim().split_once('='));
    named.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// The bearer token of a request.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The install id of a request; empty where it has none.
fn install_id(headers: &HeaderMap) -> Result<String, ApiError> {
    match headers.get(INSTALL_ID) {
        None => Ok(String::new()),
        Some(value) => match value.to_str() {
            Ok(id) if id.len() <= MAX_ID_BYTES => Ok(id.trim().to_owned()),
            _ => Err(ApiError::BadValue(format!("the header {INSTALL_ID} is ASCII of at most {MAX_ID_BYTES} bytes"))),
        },
    }
}
