//! Every failure of the API: one enum, one match for status and code, one way to the wire (RFC 9457).

use super::golden_trial::GoldenTrial;
use crate::access::Right;
use crate::editing::EditingError;
use crate::health::Part;
use crate::journal::JournalError;
use crate::library::write::WriteError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Media type of problem documents (RFC 9457).
pub const PROBLEM_TYPE: &str = "application/problem+json";

/// Seconds after which a refused search is worth another try: searches take milliseconds.
pub(super) const RETRY_AFTER_SECONDS: u32 = 1;

/// Seconds after which what cannot be used now is worth another try: it is looked at as often.
const DOWN_RETRY_SECONDS: u32 = 5;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No such address.
    #[error("there is nothing at this address; /openapi.json lists what there is")]
    NoRoute,
    /// No such entry.
    #[error("no entry has the id {0:?}; GET /v1/entries lists them")]
    NoEntry(String),
    /// The entry has no such reply.
    #[error("entry {entry:?} has no reply {reply:?}; it may have been edited: read the entry again")]
    NoReply {
        /// Its id.
        entry: String,
        /// What was asked for.
        reply: String,
    },
    /// The entry has no reply at all.
    #[error("entry {0:?} has no reply to send")]
    NothingToSay(String),
    /// No such picture.
    #[error("the library has no picture {0:?}; a path is relative to its folder and ends with png, jpg, jpeg, gif or webp")]
    NoPicture(String),
    /// No such learned phrasing.
    #[error("no learned phrasing has the id {0:?}; GET /v1/phrasings lists them")]
    NoPhrasing(String),
    /// No such wish in these days.
    #[error("no wish of these days has the id {0:?}; GET /v1/wishes lists them")]
    NoWish(String),
    /// Nothing of a kind has this id.
    #[error("there is no {0} {1:?}")]
    NoSuch(&'static str, String),
    /// The journal cannot be used.
    #[error("this server keeps no journal; its log says why")]
    NoJournal,
    /// The register cannot be used now.
    #[error("accounts, history and proposals cannot be used now ({0}); searching goes on, GET /readyz tells when this does")]
    RegisterDown(String),
    /// Files of the library cannot be written now.
    #[error("nothing was changed: {0}; searching goes on, GET /readyz tells when writing does")]
    LibraryDown(String),
    /// The journal cannot be used now.
    #[error("what was searched and learned cannot be used now ({0}); searching goes on, GET /readyz tells when this does")]
    JournalDown(String),
    /// The register is not open.
    #[error("this server keeps no register")]
    NoRegister,
    /// Who asks did not say who they are.
    #[error(
        "expected a session (POST /v1/session) or Authorization: Bearer with a token: a user's, or the local one, which serve prints as a link"
    )]
    Unauthorized,
    /// A caller whose role has not the right.
    #[error("your role has not the right to {}; docs/permissions.md says which role has", .0.as_str())]
    Forbidden(Right),
    /// More than the caller has to give.
    #[error("you may not {0}")]
    NotYours(String),
    /// Only a person who is signed in may.
    #[error("only who is signed in by name may do this: POST /v1/session")]
    NeedsSession,
    /// Name and password do not belong together, or nobody has the name.
    #[error("name and password do not belong together")]
    WrongCredentials,
    /// Too many failures of late.
    #[error("too many tries to sign in; try again in {0} s")]
    Throttled(u32),
    /// No such user.
    #[error("nobody has the name {0:?}; GET /v1/users lists who there is")]
    NoUser(String),
    /// No such token.
    #[error("no token has the id {0:?}; GET /v1/tokens lists them")]
    NoToken(String),
    /// No such words of one's own.
    #[error("you keep nothing with the id {0:?}; GET /v1/private lists what you keep")]
    NoPrivate(String),
    /// The name belongs to somebody, who may be disabled.
    #[error("somebody has the name {0:?}, or had it; choose another")]
    NameTaken(String),
    /// Nobody would be left to administer.
    #[error("this is the last admin: make another one first")]
    LastAdmin,
    /// Somebody else was first.
    #[error("{0}")]
    Changed(String),
    /// A proposal that was written against another version of the entry; with text and ETag of now.
    #[error("{what}")]
    StaleProposal {
        /// What to do.
        what: String,
        /// The entry as it is, where it is.
        current: Option<(String, String)>,
    },
    /// An approval that takes entries away from golden questions.
    #[error("golden questions would no more find their entry: look at them, and approve with accept_broken where that is meant")]
    GoldenBroken(Box<GoldenTrial>),
    /// Who proposed must not approve.
    #[error("somebody other than the author has to approve this: library.toml says four_eyes")]
    FourEyes,
    /// Somebody else was first: what is there now.
    #[error("somebody else has saved it meanwhile: merge with what is there now (POST /v1/merge) and save again")]
    Stale {
        /// The file and its SHA-256, unless it is gone.
        current: Option<(String, String)>,
    },
    /// A file is there already.
    #[error("{0} is there already: choose another id or folder, or change that one")]
    Exists(String),
    /// Writing without saying over what.
    #[error("expected If-Match with the ETag that was read, so that nobody's change is overwritten")]
    PreconditionRequired,
    /// A text that no entry can be read from.
    #[error("the text cannot be read as an entry, so that it would not be served: {0}; POST /v1/preview tells where")]
    Unreadable(String),
    /// No such version.
    #[error("the history has no version {0:?} of this; GET …/history lists them")]
    NoVersion(String),
    /// No such file.
    #[error("the library has no file {0:?} for this; GET /v1/lexicon and /v1/shops list what there is")]
    NoFile(String),
    /// No such message.
    #[error("you have no message {0:?}; GET /v1/messages lists them")]
    NoMessage(String),
    /// The address knows other methods.
    #[error("this address knows other methods: see Allow")]
    Method,
    /// Not JSON at all.
    #[error("the body is not JSON: {0}")]
    BadJson(String),
    /// JSON of the wrong shape, or a value out of its range.
    #[error("{0}")]
    BadValue(String),
    /// A query string or a path that cannot be read.
    #[error("{0}")]
    BadQuery(String),
    /// Not declared as JSON.
    #[error("expected Content-Type: application/json")]
    MediaType,
    /// More than is read.
    #[error("{0}")]
    TooLarge(String),
    /// A name under which this server does not run.
    #[error("this server answers to localhost, 127.0.0.1 and [::1] only, and to the names given by --host-name")]
    WrongHost,
    /// A page of somebody else that writes in the name of whoever looks at it.
    #[error("pages of other origins may not write here; use a client that is no page, or the extension")]
    WrongOrigin,
    /// More searches at once than the limit.
    #[error("too many searches at once; try again in {RETRY_AFTER_SECONDS} s")]
    Busy,
    /// More connections than the limit.
    #[error("too many connections at once; try again in {RETRY_AFTER_SECONDS} s")]
    Crowded,
    /// One caller asks too often.
    #[error("more requests than one caller may make; try again in {0} s")]
    TooOften(u32),
    /// An address that is too long.
    #[error("{0}")]
    UriTooLong(String),
    /// Headers that are too many or too long.
    #[error("{0}")]
    HeadersTooLarge(String),
    /// It took too long.
    #[error("the answer took too long")]
    Timeout,
    /// Another failure of the request that a layer below found.
    #[error("{}", .0.canonical_reason().unwrap_or("the request failed"))]
    Other(StatusCode),
    /// Ours. The chain is logged, the caller gets one plain sentence.
    #[error("something went wrong here; the log knows more under this request id")]
    Internal(#[source] anyhow::Error),
}

impl ApiError {
    /// Status, stable code and title.
    pub fn parts(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            ApiError::NoRoute => (StatusCode::NOT_FOUND, "no_route", "No such address"),
            ApiError::NoEntry(_) => (StatusCode::NOT_FOUND, "no_entry", "No such entry"),
            ApiError::NoReply { .. } => (StatusCode::NOT_FOUND, "no_reply", "No such reply"),
            ApiError::NothingToSay(_) => (StatusCode::UNPROCESSABLE_ENTITY, "nothing_to_say", "Entry without a reply"),
            ApiError::NoPicture(_) => (StatusCode::NOT_FOUND, "no_picture", "No such picture"),
            ApiError::NoWish(_) => (StatusCode::NOT_FOUND, "no_wish", "No such wish"),
            ApiError::NoPhrasing(_) => (StatusCode::NOT_FOUND, "no_phrasing", "No such learned phrasing"),
            ApiError::NoSuch(..) => (StatusCode::NOT_FOUND, "not_found", "Not found"),
            ApiError::NoJournal => (StatusCode::SERVICE_UNAVAILABLE, "no_journal", "No journal"),
            ApiError::NoRegister => (StatusCode::SERVICE_UNAVAILABLE, "no_register", "No register"),
            ApiError::RegisterDown(_) => (StatusCode::SERVICE_UNAVAILABLE, "register_down", "Register cannot be used"),
            ApiError::LibraryDown(_) => (StatusCode::SERVICE_UNAVAILABLE, "library_down", "Library cannot be written"),
            ApiError::JournalDown(_) => (StatusCode::SERVICE_UNAVAILABLE, "journal_down", "Journal cannot be used"),
            ApiError::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", "Token needed"),
            ApiError::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            ApiError::NotYours(_) => (StatusCode::FORBIDDEN, "not_yours", "Not yours to give"),
            ApiError::NeedsSession => (StatusCode::FORBIDDEN, "needs_session", "Sign in by name"),
            ApiError::WrongCredentials => (StatusCode::UNAUTHORIZED, "wrong_credentials", "Wrong name or password"),
            ApiError::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, "throttled", "Too many tries"),
            ApiError::NoUser(_) => (StatusCode::NOT_FOUND, "no_user", "No such user"),
            ApiError::NoToken(_) => (StatusCode::NOT_FOUND, "no_token", "No such token"),
            ApiError::NoPrivate(_) => (StatusCode::NOT_FOUND, "no_private", "No such words"),
            ApiError::NameTaken(_) => (StatusCode::CONFLICT, "name_taken", "Name taken"),
            ApiError::LastAdmin => (StatusCode::CONFLICT, "last_admin", "Last admin"),
            ApiError::Changed(_) => (StatusCode::CONFLICT, "changed", "Changed meanwhile"),
            ApiError::StaleProposal { .. } => (StatusCode::CONFLICT, "stale", "Entry changed since"),
            ApiError::GoldenBroken(_) => (StatusCode::CONFLICT, "golden_broken", "Golden questions would break"),
            ApiError::FourEyes => (StatusCode::FORBIDDEN, "four_eyes", "Another has to approve"),
            ApiError::Stale { .. } => (StatusCode::PRECONDITION_FAILED, "stale", "Changed meanwhile"),
            ApiError::Exists(_) => (StatusCode::CONFLICT, "exists", "There already"),
            ApiError::PreconditionRequired => (StatusCode::PRECONDITION_REQUIRED, "precondition_required", "If-Match needed"),
            ApiError::Unreadable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unreadable", "No entry"),
            ApiError::NoVersion(_) => (StatusCode::NOT_FOUND, "no_version", "No such version"),
            ApiError::NoFile(_) => (StatusCode::NOT_FOUND, "no_file", "No such file"),
            ApiError::NoMessage(_) => (StatusCode::NOT_FOUND, "no_message", "No such message"),
            ApiError::Method => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed"),
            ApiError::BadJson(_) => (StatusCode::BAD_REQUEST, "bad_json", "Not JSON"),
            ApiError::BadValue(_) => (StatusCode::BAD_REQUEST, "bad_value", "Value not understood"),
            ApiError::BadQuery(_) => (StatusCode::BAD_REQUEST, "bad_query", "Address not understood"),
            ApiError::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", "Not declared as JSON"),
            ApiError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Too large"),
            ApiError::WrongHost => (StatusCode::MISDIRECTED_REQUEST, "wrong_host", "Wrong host"),
            ApiError::WrongOrigin => (StatusCode::FORBIDDEN, "wrong_origin", "Wrong origin"),
            ApiError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy"),
            ApiError::Crowded => (StatusCode::SERVICE_UNAVAILABLE, "crowded", "Too many connections"),
            ApiError::TooOften(_) => (StatusCode::TOO_MANY_REQUESTS, "too_often", "Too many requests"),
            ApiError::UriTooLong(_) => (StatusCode::URI_TOO_LONG, "uri_too_long", "Address too long"),
            ApiError::HeadersTooLarge(_) => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", "Headers too large"),
            ApiError::Timeout => (StatusCode::SERVICE_UNAVAILABLE, "timeout", "Took too long"),
            ApiError::Other(status) => (*status, "request_failed", "Request failed"),
            ApiError::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        }
    }

    /// The failure behind a bare status of a layer that knows nothing of problem documents.
    pub fn of_status(status: StatusCode) -> ApiError {
        match status {
            StatusCode::NOT_FOUND => ApiError::NoRoute,
            StatusCode::METHOD_NOT_ALLOWED => ApiError::Method,
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge("the body is too large".to_owned()),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::MediaType,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT => ApiError::Timeout,
            status if status.is_server_error() => ApiError::Internal(anyhow::anyhow!("a layer answered {status}")),
            status => ApiError::Other(status),
        }
    }

    /// The document for one request.
    pub fn problem(&self, instance: &str) -> ProblemDocument {
        let (status, code, title) = self.parts();
        ProblemDocument {
            type_: format!("urn:huashu:problem:{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.to_string(),
            code: code.to_owned(),
            instance: instance.to_owned(),
            more: self.more(),
        }
    }

    /// What a client needs to go on, beside the sentence.
    fn more(&self) -> BTreeMap<String, Value> {
        match self {
            ApiError::Stale { current: Some((markdown, etag)) } | ApiError::StaleProposal { current: Some((markdown, etag)), .. } => {
                BTreeMap::from([
                    ("current_markdown".to_owned(), markdown.as_str().into()),
                    ("current_etag".to_owned(), etag.as_str().into()),
                ])
            }
            ApiError::GoldenBroken(golden) => {
                serde_json::to_value(golden).ok().map(|golden| ("golden".to_owned(), golden)).into_iter().collect()
            }
            _ => BTreeMap::new(),
        }
    }
}

impl From<crate::register::RegisterError> for ApiError {
    fn from(error: crate::register::RegisterError) -> ApiError {
        match error.unusable() {
            Some(why) => ApiError::RegisterDown(why),
            None => ApiError::Internal(error.into()),
        }
    }
}

impl From<JournalError> for ApiError {
    fn from(error: JournalError) -> ApiError {
        match error.unusable() {
            Some(why) => ApiError::JournalDown(why),
            None => ApiError::Internal(error.into()),
        }
    }
}

impl From<EditingError> for ApiError {
    fn from(error: EditingError) -> ApiError {
        match error {
            EditingError::Write(error @ WriteError::Conflict { .. }) => ApiError::Changed(error.to_string()),
            EditingError::Write(error @ WriteError::BadPath { .. }) => ApiError::BadValue(error.to_string()),
            EditingError::Write(error @ WriteError::Io { .. }) => ApiError::LibraryDown(error.to_string()),
            EditingError::Register(error) => error.into(),
            error => ApiError::Internal(error.into()),
        }
    }
}

impl From<tantivy::TantivyError> for ApiError {
    fn from(error: tantivy::TantivyError) -> ApiError {
        ApiError::Internal(error.into())
    }
}

/// A failure, as RFC 9457 has it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// `urn:huashu:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:huashu:problem:bad_value")]
    pub type_: String,
    /// What kind of failure, the same for each of its kind.
    pub title: String,
    /// The HTTP status.
    #[schema(example = 400)]
    pub status: u16,
    /// What was expected, what was found, the way out.
    pub detail: String,
    /// Stable: programs may depend on it.
    #[schema(example = "bad_value")]
    pub code: String,
    /// The id of the request, as in `x-request-id`.
    pub instance: String,
    /// What some failures add: `current_markdown` and `current_etag` where somebody else was first, `golden` where golden questions would break.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

/// A failure on its way out; the outermost layer knows the request's id and writes the document anew with it.
#[derive(Debug, Clone)]
pub(super) struct Failure(pub(super) ProblemDocument);

/// What a request found not to work, for the service's health.
#[derive(Debug, Clone)]
pub(super) struct Down(pub(super) Part, pub(super) String);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let ApiError::Internal(error) = &self {
            tracing::error!(error = format!("{error:#}"), "a request failed");
        }
        let retry_after = match self {
            ApiError::Busy => Some(RETRY_AFTER_SECONDS),
            ApiError::RegisterDown(_) | ApiError::LibraryDown(_) | ApiError::JournalDown(_) => Some(DOWN_RETRY_SECONDS),
            ApiError::Throttled(seconds) | ApiError::TooOften(seconds) => Some(seconds),
            _ => None,
        };
        let unauthorized = matches!(self, ApiError::Unauthorized);
        let mut response = self.problem("").into_response();
        match self {
            ApiError::RegisterDown(why) => drop(response.extensions_mut().insert(Down(Part::Register, why))),
            ApiError::LibraryDown(why) => drop(response.extensions_mut().insert(Down(Part::Editing, why))),
            _ => {}
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if unauthorized {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for ProblemDocument {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_TYPE));
        response.extensions_mut().insert(Failure(self));
        response
    }
}
