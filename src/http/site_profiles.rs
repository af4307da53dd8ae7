//! `GET /v1/site-profiles`: where things stand on the chat pages that the browser extension knows.

use super::AppState;
use super::entries::with_etag;
use super::error::ApiError;
use super::who::Who;
use crate::access::Right;
use crate::hex::hex;
use crate::site_profiles::SiteProfiles;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// Lists the known sites: those of the library's `site-profiles.json` first, then the built-in ones that it does not name.
#[utoipa::path(get, path = "/v1/site-profiles", operation_id = "get_site_profiles", tag = "operations",
    params(("If-None-Match" = Option<String>, Header, description = "An ETag")),
    responses((status = 200, body = SiteProfiles, headers(("ETag" = String))), (status = 304, description = "Unchanged")))]
pub(super) async fn get_site_profiles(State(state): State<AppState>, who: Who, headers: HeaderMap) -> Result<Response, ApiError> {
    who.require(Right::Use)?;
    let snapshot = state.live.snapshot();
    let body = serde_json::to_vec(&*snapshot.library.site_profiles).map_err(|error| ApiError::Internal(error.into()))?;
    let etag = format!("\"{}\"", hex(&Sha256::digest(&body)[..8]));
    Ok(with_etag(&etag, &headers, || ([(header::CONTENT_TYPE, "application/json")], body).into_response()))
}
