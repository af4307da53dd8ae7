//! Who sent a request. Every handler takes a [`Who`] and says first what right it needs.

use super::AppState;
use super::error::ApiError;
use crate::access::{Caller, Right};
use crate::journal::MAX_ID_BYTES;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use std::ops::Deref;

/// Header with the install id of a client: who learns, where there are no accounts.
pub(super) const INSTALL_ID: &str = "huashu-install";

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
            crate::access::Proof::Nobody => Err(ApiError::Unauthorized),
            _ => Err(ApiError::Forbidden(right)),
        }
    }
}

impl FromRequestParts<AppState> for Who {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Who, ApiError> {
        let install = install_id(&parts.headers)?;
        let Some(given) = bearer(&parts.headers) else { return Ok(Who(Caller::nobody(&install))) };
        // Digests are compared, so that the time taken says nothing of the token.
        let is_local = state.token.as_deref().is_some_and(|token| Sha256::digest(given) == Sha256::digest(token));
        if is_local { Ok(Who(Caller::local())) } else { Err(ApiError::Unauthorized) }
    }
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
