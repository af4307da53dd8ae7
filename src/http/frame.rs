//! What surrounds every request: its id, the check of its host and sender, one log line, its measures, its headers, and the problem document of
//! whatever failed on the way.

use super::AppState;
use super::error::{ApiError, Down, Failure};
use super::origin::{self, Sender};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument;

/// What a page may do: its own files and its own API, nothing inline, in nobody's frame.
pub(super) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The same for the API's documentation, and the one style that its program brings along inline, by its hash: where another version of it has
/// another, a browser says so, and `tests/web/attacks` fails.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What JSON may do if somebody takes it for a page.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Header with the id of a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A search that fails may have met a damaged index.
const SEARCH_ROUTE: &str = "/v1/search";

/// Longest id of a caller's own: a UUID has 36, tracing systems have up to 64.
const MAX_REQUEST_ID_CHARS: usize = 128;

/// Longest address: a question of 2,000 characters in it takes 18,000 bytes; what is longer goes by `POST`.
const MAX_URI_BYTES: usize = 32 * 1024;

/// Most headers: browsers send twenty, proxies add some.
const MAX_HEADERS: usize = 64;

/// Most bytes of all headers: as much as proxies let through.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// Refuses what no client of ours sends, before anything is done with it.
fn check_head(uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let address = uri.path_and_query().map_or(0, |path| path.as_str().len());
    if address > MAX_URI_BYTES {
        return Err(ApiError::UriTooLong(format!(
            "an address has at most {MAX_URI_BYTES} bytes, found {address}: send the question by POST"
        )));
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        let found = headers.len();
        let detail = format!("at most {MAX_HEADERS} headers and {MAX_HEADER_BYTES} bytes of them are read, found {found} and {bytes}");
        return Err(ApiError::HeadersTooLarge(detail));
    }
    Ok(())
}

/// Under which names the server answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Hosts {
    /// Any: it listens to the world, and accounts keep strangers out.
    #[default]
    Any,
    /// localhost, 127.0.0.1 and [::1] with this port: a name that somebody else's DNS points at this machine is turned away.
    Loopback(u16),
    /// These and those of [`Hosts::Loopback`], whatever the port: a proxy may stand before it.
    Named(Arc<[String]>),
}

impl Hosts {
    /// The rule for an address that is listened to.
    pub fn of(address: SocketAddr) -> Hosts {
        if address.ip().is_loopback() { Hosts::Loopback(address.port()) } else { Hosts::Any }
    }

    fn allow(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        // RFC 9112, 3.2: of two hosts one may be what a proxy looked at and the other what is looked at here.
        if headers.get_all(header::HOST).iter().nth(1).is_some() {
            return false;
        }
        let header = headers.get(header::HOST).and_then(|value| value.to_str().ok());
        let host = || uri.authority().map(axum::http::uri::Authority::as_str).or(header).map(str::to_ascii_lowercase);
        match self {
            Hosts::Any => true,
            Hosts::Loopback(port) => host().is_some_and(|host| {
                LOOPBACK.iter().any(|name| {
                    let rest = host.strip_prefix(name);
                    rest.is_some_and(|rest| rest.strip_prefix(':') == Some(port.to_string().as_str()) || (rest.is_empty() && *port == 80))
                })
            }),
            Hosts::Named(names) => host().is_some_and(|host| {
                let port = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
                let name = port.map_or(host.as_str(), |(name, _)| name);
                LOOPBACK.contains(&name) || names.iter().any(|known| known.eq_ignore_ascii_case(name))
            }),
        }
    }
}

/// Names of this machine for itself.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Surrounds a request.
pub(super) async fn frame(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    // The template, not the path: somebody may have typed a customer's words into it.
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    // A proxy that goes by another length would take what follows for another request; where nothing follows there is no such doubt. Who
    // looks in the headers for both lengths is too late: the parser has dropped one. Browsers and our own clients say a length.
    let is_in_chunks = request.headers().contains_key(header::TRANSFER_ENCODING);
    let span = tracing::info_span!("request", id);
    let sender = Sender::of(request.uri(), request.headers());
    let response = if let Err(error) = check_head(request.uri(), request.headers()) {
        error.into_response()
    } else if !state.hosts.allow(request.uri(), request.headers()) {
        ApiError::WrongHost.into_response()
    } else if let Some(allowed) = origin::preflight(sender, &method, request.headers()) {
        allowed
    } else if !sender.may(&method) {
        ApiError::WrongOrigin.into_response()
    } else {
        next.run(request).instrument(span.clone()).await
    };
    if let Some(Down(part, why)) = response.extensions().get() {
        state.live.health().fails(*part, why);
    }
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR && route == SEARCH_ROUTE {
        state.live.suspect_index();
    }
    let mut response = span.in_scope(|| with_problem(response, &id));
    if is_in_chunks {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if response.status() != StatusCode::NOT_MODIFIED {
        // The headers of a 304 replace those that the browser kept with the page.
        let policy = if route.starts_with("/docs") { DOCS_POLICY } else { DATA_POLICY };
        response.headers_mut().entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    }
    add_headers(response.headers_mut(), &id);
    origin::allow(sender, response.headers_mut());
    let (status, took) = (response.status(), began.elapsed());
    tracing::info!(parent: &span, %method, route, status = status.as_u16(), took_ms = super::json::millis(took), "answered");
    let labels = [("route", route), ("method", known_method(&method).to_owned()), ("status", status.as_str().to_owned())];
    metrics::counter!("huashu_http_requests_total", &labels).increment(1);
    metrics::histogram!("huashu_http_request_seconds", &labels[..1]).record(took.as_secs_f64());
    response
}

/// The caller's id where it is one, else a new UUIDv7.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let is_id = |id: &&str| {
        (1..=MAX_REQUEST_ID_CHARS).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    given.filter(is_id).map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}

/// Gives every failure its document, with the request's id; headers such as `Allow` stay.
fn with_problem(mut response: Response, id: &str) -> Response {
    let status = response.status();
    if status.is_success() || status.is_redirection() || status.is_informational() {
        return response;
    }
    let mut problem = match response.extensions_mut().remove::<Failure>() {
        Some(Failure(problem)) => problem,
        None => ApiError::of_status(status).problem(id),
    };
    id.clone_into(&mut problem.instance);
    let mut document = problem.into_response();
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH && name != header::CONTENT_ENCODING {
            document.headers_mut().append(name, value.clone());
        }
    }
    document
}

fn add_headers(headers: &mut HeaderMap, id: &str) {
    let own = [
        // Answers hold customers' words.
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in own {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// Methods as labels: a caller can make up any number of names.
fn known_method(method: &axum::http::Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"].into_iter().find(|known| method == known).unwrap_or("other")
}

/// A handler that panicked; what it said may hold a customer's words, so that only the fact is told.
pub(super) fn after_panic(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    ApiError::Internal(anyhow::anyhow!("a handler panicked")).into_response()
}

/// The failure behind a bare status that a layer outside of the handlers gave.
pub(super) const TIMEOUT_STATUS: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
