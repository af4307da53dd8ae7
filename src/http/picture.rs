//! `GET /v1/pictures`: pictures of replies, as files of the library.

use super::entries::with_etag;
use super::error::ApiError;
use super::extract::ApiQuery;
use super::who::Who;
use super::{AppState, blocking};
use crate::access::{Right, Scope};
use crate::entry::Entry;
use crate::hex::hex;
use crate::library::check::resolve;
use crate::library::picture::{self, MAX_PICTURE_BYTES};
use crate::snapshot::Snapshot;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use utoipa::IntoParams;

/// Which picture.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct PictureParams {
    /// Relative to the library: the target of a picture, resolved against the path of its entry.
    pub path: String,
}

/// Reads a picture: PNG, JPEG, GIF or WebP.
#[utoipa::path(get, path = "/v1/pictures", operation_id = "get_picture", tag = "content",
    params(PictureParams, ("If-None-Match" = Option<String>, Header, description = "An ETag")),
    responses((status = 200, body = Vec<u8>, content_type = "image/*", headers(("ETag" = String))), (status = 304, description = "Unchanged")))]
pub(super) async fn get_picture(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<PictureParams>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    who.require(Right::Use)?;
    let read = blocking(move || {
        let snapshot = state.live.snapshot();
        if !is_visible(&snapshot, &who.scope, &params.path) {
            return Err(ApiError::NoPicture(params.path));
        }
        picture::read(&snapshot.library.dir, &params.path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => ApiError::NoPicture(params.path),
            ErrorKind::FileTooLarge => ApiError::TooLarge(format!("a picture has at most {MAX_PICTURE_BYTES} bytes")),
            _ => ApiError::Internal(error.into()),
        })
    });
    let (bytes, media_type) = read.await?;
    let etag = format!("\"{}\"", hex(&Sha256::digest(&bytes)));
    Ok(with_etag(&etag, &headers, || ([(header::CONTENT_TYPE, media_type)], bytes).into_response()))
}

/// With a scope, whether an entry within it shows the picture.
fn is_visible(snapshot: &Snapshot, scope: &Scope, path: &str) -> bool {
    let visible = snapshot.visible(scope);
    let shows = |entry: &Entry| {
        let folder = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        entry.links.iter().any(|link| resolve(folder, &link.target).is_some_and(|target| target == path))
    };
    visible.is_everything() || visible.ordinals(snapshot).any(|ordinal| shows(snapshot.entry(ordinal)))
}
