//! `/v1/entries`: what the library holds, and replies made ready to send.

use super::check::{FindingJson, check_text, rule_severity_name};
use super::error::ApiError;
use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::json::{EntryJson, EntrySummary, ProblemJson, SegmentJson};
use super::search::{ContextJson, read_kind, step_back};
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, blocking, page_limit};
use crate::access::Right;
use crate::answer::{marks, rank_replies};
use crate::entry::{Entry, Kind, State as EntryState};
use crate::lexicon::banned::RuleSeverity;
use crate::library::write::{self, WriteError};
use crate::slots;
use crate::snapshot::{Snapshot, Visible};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Most slots of one request: a reply has a handful.
const MAX_SLOT_VALUES: usize = 100;

/// Longest value of a slot, in characters: an address is the longest thing that is filled in.
const MAX_SLOT_VALUE_CHARS: usize = 500;

/// Which entries.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct EntriesParams {
    /// answer, policy or case.
    pub kind: Option<String>,
    /// A path: entries in it or below it.
    pub category: Option<String>,
    /// The moment of a proactive script.
    pub trigger: Option<String>,
    /// draft, approved or retired.
    pub state: Option<String>,
    /// Only those that are found now, or only those that are not.
    pub served: Option<bool>,
    /// At most 200; 50 where absent.
    pub limit: Option<usize>,
    /// Entries to skip.
    pub offset: usize,
}

/// One page of entries.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntriesResponse {
    /// In the order of their paths.
    pub entries: Vec<EntrySummary>,
    /// How many there are on all pages.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
}

/// Lists entries in the order of their paths, whatever their state.
#[utoipa::path(get, path = "/v1/entries", operation_id = "list_entries", tag = "content", params(EntriesParams),
    responses((status = 200, body = EntriesResponse)))]
pub(super) async fn list_entries(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<EntriesParams>,
) -> Result<Json<EntriesResponse>, ApiError> {
    who.require(Right::Use)?;
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    let kind: Option<Kind> = params.kind.as_deref().map(read_kind).transpose()?;
    let in_state = params.state.as_deref().map(read_state).transpose()?;
    let category = params.category.as_deref().map(|category| category.trim_matches('/')).filter(|category| !category.is_empty());
    let snapshot = state.live.snapshot();
    let wanted: Vec<&Arc<Entry>> = snapshot
        .visible(&who.scope)
        .ordinals(&snapshot)
        .filter(|ordinal| params.served.is_none_or(|served| snapshot.served().contains(*ordinal) == served))
        .map(|ordinal| snapshot.entry(ordinal))
        .filter(|entry| kind.is_none_or(|kind| entry.kind == kind) && in_state.is_none_or(|state| entry.state == state))
        .filter(|entry| category.is_none_or(|category| is_below(entry, category)))
        .filter(|entry| params.trigger.is_none() || entry.trigger == params.trigger)
        .collect();
    let entries = wanted.iter().skip(params.offset).take(limit).map(|entry| EntrySummary::new(entry, &snapshot)).collect();
    let end = params.offset.saturating_add(limit);
    Ok(Json(EntriesResponse { entries, total: wanted.len(), next_offset: (end < wanted.len()).then_some(end) }))
}

/// Whether an entry stands in a category or below it.
pub(super) fn is_below(entry: &Entry, category: &str) -> bool {
    entry.category.strip_prefix(category).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn read_state(name: &str) -> Result<EntryState, ApiError> {
    EntryState::parse(name).ok_or_else(|| ApiError::BadQuery(format!("state is one of draft, approved, retired; found {name:?}")))
}

/// An entry, whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntryResponse {
    /// The file as it stands on disk.
    pub markdown: String,
    /// SHA-256 of the file, in hex.
    pub content_hash: String,
    /// Whether `entry` is of an earlier version of the file: it has just been saved, or what was saved cannot be read.
    pub stale: bool,
    /// The same as parsed.
    pub entry: EntryJson,
    /// What is wrong in the file.
    pub problems: Vec<ProblemJson>,
}

/// Reads an entry. The ETag begins with the file's hash; it also changes with what else the answer says, such as problems.
#[utoipa::path(get, path = "/v1/entries/{id}", operation_id = "get_entry", tag = "content",
    params(("id" = String, Path, description = "Of the entry, compared case-folded"), ("If-None-Match" = Option<String>, Header, description = "An ETag")),
    responses((status = 200, body = EntryResponse, headers(("ETag" = String))), (status = 304, description = "Unchanged")))]
pub(super) async fn get_entry(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    who.require(Right::Use)?;
    let entry = blocking(move || read_entry(&state.live.snapshot(), &who, &id)).await?;
    let body = serde_json::to_vec(&entry).map_err(|error| ApiError::Internal(error.into()))?;
    let etag = format!("\"{}-{}\"", entry.content_hash, hex(&Sha256::digest(&body)[..4]));
    Ok(with_etag(&etag, &headers, || ([(header::CONTENT_TYPE, "application/json")], body).into_response()))
}

/// The response, or 304 where the caller has it.
pub(super) fn with_etag(etag: &str, headers: &HeaderMap, response: impl FnOnce() -> Response) -> Response {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = known.flat_map(|value| value.split(',')).map(str::trim);
    let is_known = tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag);
    let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { response() };
    if let Ok(value) = HeaderValue::from_str(etag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn read_entry(snapshot: &Snapshot, who: &Who, id: &str) -> Result<EntryResponse, ApiError> {
    let visible = snapshot.visible(&who.scope);
    let entry = find(snapshot, &visible, id)?;
    let (bytes, hash) = write::read(&snapshot.library.dir, &entry.path).map_err(|error| match error {
        // Gone since the snapshot was made.
        WriteError::Io { ref source, .. } if source.kind() == ErrorKind::NotFound => ApiError::NoEntry(id.to_owned()),
        error => ApiError::Internal(error.into()),
    })?;
    let problems = snapshot.library.problems.iter().filter(|problem| problem.path == entry.path);
    let mut json = EntryJson::new(entry, snapshot);
    visible.retain_ids(snapshot, &mut json.next);
    visible.retain_ids(snapshot, &mut json.replaces);
    Ok(EntryResponse {
        markdown: String::from_utf8_lossy(&bytes).into_owned(),
        content_hash: hex(&hash),
        stale: hash != entry.content_hash,
        entry: json,
        problems: problems.map(ProblemJson::new).collect(),
    })
}

/// An entry that exists for the caller.
pub(super) fn find<'s>(snapshot: &'s Snapshot, visible: &Visible, id: &str) -> Result<&'s Arc<Entry>, ApiError> {
    visible.get(snapshot, id).map(|text| &text.entry).ok_or_else(|| ApiError::NoEntry(id.to_owned()))
}

/// Bytes in lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Which reply, and what to fill in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RenderRequest {
    /// Absent: the one that fits the context best, one that was not used lately first.
    pub reply_id: Option<String>,
    /// Name of the slot → value; an empty value is none.
    pub slots: BTreeMap<String, String>,
    /// What is known of the chat.
    pub context: ContextJson,
}

/// A reply made ready.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RenderResponse {
    /// Of the entry.
    pub entry_id: String,
    /// Of the reply that was taken.
    pub reply_id: String,
    /// The heading above it.
    pub label: String,
    /// The whole text, segments parted by a line `***`.
    pub text: String,
    /// Sent one after another.
    pub segments: Vec<SegmentJson>,
    /// Slots that still stand in the text, by name.
    pub missing: Vec<String>,
    /// What the check of the text found; places refer to `text`.
    pub findings: Vec<FindingJson>,
    /// Whether one of them forbids sending.
    pub blocked: bool,
    /// Whether the entry is in force now: approved, valid, not replaced. What is not must not be sent.
    pub served: bool,
    /// As in a hit: above_authority, expiring, …
    pub marks: Vec<String>,
}

/// Fills a reply: what the request says, then what the shop says, then the fallbacks.
#[utoipa::path(post, path = "/v1/entries/{id}/render", operation_id = "render_reply", tag = "content",
    params(("id" = String, Path, description = "Of the entry, compared case-folded")), request_body = RenderRequest,
    responses((status = 200, body = RenderResponse)))]
pub(super) async fn render_reply(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    ApiJson(request): ApiJson<RenderRequest>,
) -> Result<Json<RenderResponse>, ApiError> {
    who.require(Right::Use)?;
    if request.slots.len() > MAX_SLOT_VALUES {
        return Err(ApiError::BadValue(format!("at most {MAX_SLOT_VALUES} slots are read, found {}", request.slots.len())));
    }
    if let Some((name, _)) = request.slots.iter().find(|(_, value)| value.chars().count() > MAX_SLOT_VALUE_CHARS) {
        return Err(ApiError::BadValue(format!("the value of slot {name:?} is longer than {MAX_SLOT_VALUE_CHARS} characters")));
    }
    let place = state.take_place()?;
    let rendered = blocking(move || {
        let _place = place;
        render(&state, &who, &id, request)
    });
    Ok(Json(rendered.await?))
}

fn render(state: &AppState, who: &Who, id: &str, request: RenderRequest) -> Result<RenderResponse, ApiError> {
    let snapshot = &*state.live.snapshot();
    let entry = find(snapshot, &snapshot.visible(&who.scope), id)?;
    let lexicon = &snapshot.library.lexicon;
    let mut context = request.context.read(lexicon)?;
    who.bind(&mut context);
    step_back(state, &who.identity, &mut context);
    let reply = match &request.reply_id {
        Some(wanted) => entry
            .replies
            .iter()
            .find(|reply| reply.id == *wanted)
            .ok_or_else(|| ApiError::NoReply { entry: entry.id.to_string(), reply: wanted.clone() })?,
        None => rank_replies(snapshot, entry, &context)
            .first()
            .and_then(|best| entry.replies.get(best.index))
            .ok_or_else(|| ApiError::NothingToSay(entry.id.to_string()))?,
    };
    let shop = context.shop.as_ref().and_then(|shop| snapshot.library.shops.get(shop));
    let value = |slot: &slots::Slot| {
        let given = request.slots.get(slot.name).map(String::as_str).filter(|value| !value.trim().is_empty());
        given.or_else(|| shop?.values.get(slot.shop_value()?).map(String::as_str))
    };
    let mut missing: Vec<String> = Vec::new();
    let mut segments = Vec::new();
    for segment in &reply.segments {
        let filled = slots::fill(&segment.text, value);
        missing.extend(filled.missing.into_iter().filter(|name| !missing.contains(name)).collect::<Vec<_>>());
        segments.push(SegmentJson::new(&filled.text, &segment.pictures));
    }
    let text = segments.iter().map(|segment| segment.text.as_str()).collect::<Vec<_>>().join("\n***\n");
    let findings = check_text(&text, context.channel.as_deref(), shop, lexicon);
    Ok(RenderResponse {
        entry_id: entry.id.to_string(),
        reply_id: reply.id.clone(),
        label: reply.label.clone(),
        text,
        segments,
        missing,
        blocked: findings.iter().any(|finding| finding.severity == rule_severity_name(RuleSeverity::Block)),
        findings,
        served: snapshot.ordinal(&entry.id).is_some_and(|ordinal| snapshot.served().contains(ordinal)),
        marks: marks(snapshot, entry, &context).into_iter().map(|mark| mark.as_str().to_owned()).collect(),
    })
}
