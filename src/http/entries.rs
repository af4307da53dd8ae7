//! `/v1/entries`: what the library holds, and replies made ready to send.

use super::check::{FindingJson, check_text, rule_severity_name};
use super::entry_json::EntryJson;
use super::error::ApiError;
use super::extract::{ApiJson, ApiPath};
use super::json::{ProblemJson, SegmentJson};
use super::limits::Allowance;
use super::search::{ContextJson, step_back};
use super::who::Who;
use super::{AppState, blocking};
use crate::access::Right;
use crate::answer::{marks, rank_replies};
use crate::entry::Entry;
use crate::hex::hex;
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
use utoipa::ToSchema;

/// Most slots of one request: a reply has a handful.
const MAX_SLOT_VALUES: usize = 100;

/// Longest value of a slot, in characters: an address is the longest thing that is filled in.
const MAX_SLOT_VALUE_CHARS: usize = 500;

/// Whether an entry stands in a category or below it.
pub(super) fn is_below(entry: &Entry, category: &str) -> bool {
    entry.category.strip_prefix(category).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
    let allowance = Allowance::of(&state, &who).await?;
    let place = state.take_place().await?;
    let rendered = blocking(move || {
        let _place = place;
        render(&state, &who, &allowance, &id, request)
    });
    Ok(Json(rendered.await?))
}

fn render(state: &AppState, who: &Who, allowance: &Allowance, id: &str, request: RenderRequest) -> Result<RenderResponse, ApiError> {
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
    let mut amounts: BTreeMap<&str, String> = BTreeMap::new();
    for segment in &reply.segments {
        let money = slots::find(&segment.text).slots.into_iter().filter(|slot| allowance.counts(slot.name));
        amounts.extend(money.filter_map(|slot| Some((slot.name, value(&slot).or(slot.fallback)?.to_owned()))));
        let filled = slots::fill(&segment.text, value);
        missing.extend(filled.missing.into_iter().filter(|name| !missing.contains(name)).collect::<Vec<_>>());
        segments.push(SegmentJson::new(&filled.text, &segment.pictures));
    }
    let text = segments.iter().map(|segment| segment.text.as_str()).collect::<Vec<_>>().join("\n***\n");
    let mut findings = check_text(&text, context.channel.as_deref(), shop, lexicon);
    let amounts: Vec<String> = amounts.into_values().collect();
    findings.extend(allowance.check(state, who, (&reply.id, context.shop.as_deref()), &amounts, &text));
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
