//! Extractors whose rejections are problem documents like all others.

use super::error::ApiError;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// A JSON body. Fields that nobody knows are passed over: a newer client may talk to an older server.
#[derive(Debug)]
pub(super) struct ApiJson<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        // Also what keeps pages of other sites out: they cannot send this type without asking first.
        if !is_json(request.headers()) {
            return Err(ApiError::MediaType);
        }
        let body = Bytes::from_request(request, state).await.map_err(|rejection| body_error(&rejection))?;
        serde_json::from_slice(&body).map(ApiJson).map_err(|error| json_error(&error))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn body_error(rejection: &BytesRejection) -> ApiError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge(format!("the body is larger than {} bytes", super::MAX_BODY_BYTES)),
        _ => ApiError::BadJson("it ended before its end".to_owned()),
    }
}

fn json_error(error: &serde_json::Error) -> ApiError {
    // Its text ends with "at line 1 column 5".
    match error.classify() {
        Category::Data => ApiError::BadValue(format!("the body is not as expected: {error}")),
        Category::Syntax | Category::Eof | Category::Io => ApiError::BadJson(error.to_string()),
    }
}

/// A query string.
#[derive(Debug)]
pub(super) struct ApiQuery<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(query) = Query::from_request_parts(parts, state).await.map_err(|rejection| ApiError::BadQuery(rejection.body_text()))?;
        Ok(ApiQuery(query))
    }
}

/// A part of the path.
#[derive(Debug)]
pub(super) struct ApiPath<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(path) = Path::from_request_parts(parts, state).await.map_err(|rejection| ApiError::BadQuery(rejection.body_text()))?;
        Ok(ApiPath(path))
    }
}
