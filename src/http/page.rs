//! The page, the studio and their assets: files of `web/`, embedded, served as written; without those that only the browser extension needs.

use super::entries::with_etag;
use super::{AppState, frame};
use crate::hex::hex;
use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::get;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "web/"]
struct Assets;

/// A route for each file; the page itself at `/`, the studio at `/studio`.
pub(super) fn routes() -> Router<AppState> {
    Assets::iter().filter(|name| !is_of_extension(name)).fold(Router::new(), |router, name| {
        let path = match &*name {
            "index.html" => "/".to_owned(),
            "studio/index.html" => "/studio".to_owned(),
            _ => format!("/{name}"),
        };
        router.route(&path, get(move |headers: HeaderMap| get_asset(name.to_string(), headers)))
    })
}

/// `web/` is the page and, loaded unpacked, the extension.
fn is_of_extension(name: &str) -> bool {
    name.starts_with("extension/") || ["manifest.json", "site-profiles.json"].contains(&name)
}

async fn get_asset(name: String, headers: HeaderMap) -> axum::response::Response {
    let Some(file) = Assets::get(&name) else { return super::error::ApiError::NoRoute.into_response() };
    let media_type = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let etag = format!("\"{}\"", hex(&file.metadata.sha256_hash()));
    with_etag(&etag, &headers, || {
        let headers = [(header::CONTENT_TYPE, media_type), (header::CONTENT_SECURITY_POLICY, frame::PAGE_POLICY)];
        (headers, file.data.into_owned()).into_response()
    })
}
