//! `POST /v1/events`, `/v1/phrasings`: what was used comes in, what was learned goes out, trainers decide.

use super::error::ApiError;
use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::limits::note_use;
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, blocking, page_limit};
use crate::access::Right;
use crate::editing::{Change, Way};
use crate::facet::Facet;
use crate::feedback::Verdict;
use crate::journal::{Decided, Event, Journal, MAX_EVENTS, MAX_ID_BYTES, now_ms};
use crate::lately::Sent;
use crate::learning::{Decision, EventKind, LearnedPhrasing, Provenance, phrasing_key};
use crate::library::question::with_question;
use crate::library::write::{Expected, read};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// How long the answer to a batch of events waits for the disk: a healthy one takes milliseconds, and a panel has other things to tell.
const EVENTS_WAIT: Duration = Duration::from_secs(1);

/// What happened to searches.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventsRequest {
    /// At most 500. An event that was sent before changes nothing.
    pub events: Vec<EventJson>,
}

/// One event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventJson {
    /// Made by the client, best a UUIDv7; the same id is the same event.
    pub event_id: String,
    /// Of the search's answer. The event may come before the search is known.
    pub query_id: String,
    /// shown (the answer stood unchanged for a second), picked, copied, inserted, edited, unused, feedback, gap (nothing fits: trainers read it).
    #[serde(rename = "type")]
    #[schema(example = "picked")]
    pub type_: String,
    /// Of the hit; needed for all but shown, unused and gap.
    #[serde(default)]
    pub entry_id: Option<String>,
    /// Of the reply.
    #[serde(default)]
    pub reply_id: Option<String>,
    /// At which place the hit stood, from 0.
    #[serde(default)]
    pub position: Option<u32>,
    /// When, in milliseconds since 1970; absent or to come: now.
    #[serde(default)]
    pub at: Option<i64>,
    /// Id or alias of the shop in which a reply was used: there it steps back for half an hour.
    #[serde(default)]
    pub shop: Option<String>,
    /// With feedback: good, bad or outdated.
    #[serde(default)]
    pub verdict: Option<String>,
    /// With feedback: one of the reasons that `GET /v1/library` lists for the verdict.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What became of a batch.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventsResponse {
    /// Events that were taken; they are learned within seconds.
    pub accepted: usize,
    /// Whether they are on the disk, so that no failure of the program loses them. Where not they follow once the journal can be written; nothing
    /// needs to be sent again.
    pub written: bool,
}

fn read_event(event: EventJson, identity: &str) -> Result<Event, ApiError> {
    let bad = |what: String| Err(ApiError::BadValue(what));
    let Some(kind) = EventKind::parse(&event.type_) else {
        let known = EventKind::ALL.map(EventKind::as_str).join(", ");
        return bad(format!("type is one of {known}; found {:?}", event.type_));
    };
    for (name, id) in [("event_id", Some(&event.event_id)), ("query_id", Some(&event.query_id)), ("reply_id", event.reply_id.as_ref())] {
        if id.is_some_and(|id| id.is_empty() || id.len() > MAX_ID_BYTES) {
            return bad(format!("{name} has 1 to {MAX_ID_BYTES} bytes"));
        }
    }
    // Four bytes a character.
    if event.entry_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > 4 * crate::entry::MAX_ID_CHARS) {
        return bad("entry_id has 1 to 80 characters".to_owned());
    }
    if (kind.is_pick() || kind == EventKind::Feedback) && event.entry_id.is_none() {
        return bad(format!("an event of type {} needs an entry_id", kind.as_str()));
    }
    let verdict = match event.verdict.as_deref() {
        None => None,
        Some(name) => match Verdict::parse(name) {
            Some(verdict) => Some(verdict),
            None => return bad(format!("verdict is one of {}; found {name:?}", Verdict::ALL.map(Verdict::as_str).join(", "))),
        },
    };
    if let Some(reason) = event.reason.as_deref().filter(|reason| !verdict.is_some_and(|verdict| verdict.has_reason(reason))) {
        return bad(format!("reason is one that GET /v1/library lists for the verdict; found {reason:?}"));
    }
    let now = now_ms();
    Ok(Event {
        event_id: event.event_id,
        query_id: event.query_id,
        kind,
        entry_id: event.entry_id.map(Arc::from),
        reply_id: event.reply_id,
        position: event.position.map(i64::from),
        at_ms: event.at.filter(|at| (0..=now).contains(at)).unwrap_or(now),
        identity: identity.to_owned(),
        verdict,
        reason: event.reason,
    })
}

/// Takes a batch of events: all or none.
#[utoipa::path(post, path = "/v1/events", operation_id = "post_events", tag = "learning", request_body = EventsRequest,
    params(("huashu-install" = Option<String>, Header, description = "Install id of the client, at most 128 bytes")),
    responses((status = 202, body = EventsResponse)))]
pub(super) async fn post_events(
    State(state): State<AppState>,
    who: Who,
    ApiJson(request): ApiJson<EventsRequest>,
) -> Result<(StatusCode, Json<EventsResponse>), ApiError> {
    who.require(Right::Use)?;
    let journal = state.journal()?;
    let accepted = request.events.len();
    if accepted > MAX_EVENTS {
        return Err(ApiError::BadValue(format!("at most {MAX_EVENTS} events are taken at once, found {accepted}")));
    }
    let shops: Vec<Option<String>> = request.events.iter().map(|event| event.shop.clone()).collect();
    let events = request.events.into_iter().map(|event| read_event(event, &who.identity)).collect::<Result<Vec<_>, _>>()?;
    for event in events.iter().filter(|event| event.kind.is_pick()) {
        if let (Some(entry), Some(reply)) = (&event.entry_id, &event.reply_id) {
            note_use(&state, &who, &event.event_id, entry, reply).await;
        }
    }
    let snapshot = state.live.snapshot();
    let sent = events.iter().zip(&shops).filter(|(event, _)| event.kind.is_pick());
    let sent = sent.filter_map(|(event, shop)| {
        let shop = shop.as_deref().map(|shop| snapshot.library.lexicon.facets.resolve(Facet::Shop, shop).unwrap_or(shop));
        Some(Sent { reply_id: event.reply_id.as_deref()?, shop, at_ms: event.at_ms })
    });
    state.lately.record(&who.identity, &sent.collect::<Vec<_>>(), now_ms());
    let receipt = journal.record(events).ok_or(ApiError::Busy)?;
    let written = receipt.written(EVENTS_WAIT).await;
    Ok((StatusCode::ACCEPTED, Json(EventsResponse { accepted, written })))
}

/// Which phrasings.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct PhrasingsParams {
    /// Of this entry.
    pub entry: Option<String>,
    /// picks, chats or eval.
    pub provenance: Option<String>,
    /// Those that others may see, or those that not.
    pub shareable: Option<bool>,
    /// At most 200; 50 where absent.
    pub limit: Option<usize>,
    /// Phrasings to skip.
    pub offset: usize,
}

/// One page of learned phrasings, and the decisions about others.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhrasingsResponse {
    /// Most used first.
    pub phrasings: Vec<PhrasingJson>,
    /// How many there are on all pages.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
}

/// A learned phrasing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhrasingJson {
    /// Stable.
    pub id: String,
    /// Masked: <手机>, <订单号>, … stand for what customers wrote.
    pub text: String,
    /// What was used for it.
    pub entry_id: String,
    /// What it is worth now, 0 to 1.
    pub weight: f32,
    /// Searches in which the entry was used.
    pub picks: u32,
    /// People who used it, 8 at most.
    pub identities: usize,
    /// Conversations that contained it.
    pub conversations: usize,
    /// Searches that showed the entry for it.
    pub shown: u32,
    /// Searches that passed it over.
    pub passed_over: u32,
    /// The latest use, in milliseconds since 1970.
    pub last_at: i64,
    /// Whether all that was learned for the entry comes from one person.
    pub single_identity: bool,
    /// Whether others may see it.
    pub shareable: bool,
    /// picks, chats or eval.
    pub provenance: String,
}

impl PhrasingJson {
    /// Shapes a phrasing.
    pub fn new(phrasing: &LearnedPhrasing) -> PhrasingJson {
        PhrasingJson {
            id: phrasing.id(),
            text: phrasing.text.to_string(),
            entry_id: phrasing.entry_id.to_string(),
            weight: phrasing.weight,
            picks: phrasing.picks,
            identities: phrasing.identities.len(),
            conversations: phrasing.conversations,
            shown: phrasing.shown,
            passed_over: phrasing.passed_over,
            last_at: phrasing.last_at,
            single_identity: phrasing.single_identity,
            shareable: phrasing.shareable,
            provenance: phrasing.provenance.as_str().to_owned(),
        }
    }
}

/// Lists what was learned, for trainers.
#[utoipa::path(get, path = "/v1/phrasings", operation_id = "list_phrasings", tag = "learning", params(PhrasingsParams),
    responses((status = 200, body = PhrasingsResponse)), security(("bearer" = [])))]
pub(super) async fn list_phrasings(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<PhrasingsParams>,
) -> Result<Json<PhrasingsResponse>, ApiError> {
    who.require(Right::Report)?;
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    let provenance = params.provenance.as_deref().map(|name| {
        Provenance::parse(name).ok_or_else(|| ApiError::BadQuery(format!("provenance is one of picks, chats, eval; found {name:?}")))
    });
    let provenance = provenance.transpose()?;
    let learned = state.journal()?.learned();
    let snapshot = state.live.snapshot();
    let visible = snapshot.visible(&who.scope);
    let is_wanted = |phrasing: &&LearnedPhrasing| {
        (visible.is_everything() || visible.has(&snapshot, &phrasing.entry_id))
            && params.entry.as_deref().is_none_or(|entry| *phrasing.entry_id == *entry)
            && provenance.is_none_or(|provenance| phrasing.provenance == provenance)
            && params.shareable.is_none_or(|shareable| phrasing.shareable == shareable)
    };
    let mut wanted: Vec<&LearnedPhrasing> = learned.phrasings.iter().filter(is_wanted).collect();
    wanted.sort_by_key(|phrasing| std::cmp::Reverse(phrasing.picks));
    let end = params.offset.saturating_add(limit);
    Ok(Json(PhrasingsResponse {
        phrasings: wanted.iter().skip(params.offset).take(limit).map(|phrasing| PhrasingJson::new(phrasing)).collect(),
        total: wanted.len(),
        next_offset: (end < wanted.len()).then_some(end),
    }))
}

/// A decision.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct DecideRequest {
    /// With `accept`: the wording for the entry, where it should differ; needed where the text holds placeholders.
    pub question: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DecideResponse {
    /// Of the phrasing.
    pub id: String,
    /// accept, ban or forget.
    pub decision: String,
    /// Whether the entry's file gained the question.
    pub entry_changed: bool,
}

/// Accepts a phrasing into its entry's questions, bans it, or forgets what was learned of it until now.
#[utoipa::path(post, path = "/v1/phrasings/{id}/{decision}", operation_id = "decide_phrasing", tag = "learning",
    params(("id" = String, Path, description = "Of the phrasing"), ("decision" = String, Path, description = "accept, ban or forget")),
    request_body = DecideRequest, responses((status = 200, body = DecideResponse)), security(("bearer" = [])))]
pub(super) async fn decide_phrasing(
    State(state): State<AppState>,
    who: Who,
    ApiPath((id, decision)): ApiPath<(String, String)>,
    ApiJson(request): ApiJson<DecideRequest>,
) -> Result<Json<DecideResponse>, ApiError> {
    who.require(Right::Edit)?;
    let decision = Decision::parse(&decision).ok_or(ApiError::NoRoute)?;
    let journal = state.journal()?;
    let (asked, wanted) = (Arc::clone(&journal), id.clone());
    let found = blocking(move || find_phrasing(&asked, &wanted).map_err(ApiError::from)).await?;
    let (text, entry_id) = found.ok_or_else(|| ApiError::NoPhrasing(id.clone()))?;
    {
        let snapshot = state.live.snapshot();
        let visible = snapshot.visible(&who.scope);
        if !visible.is_everything() && !visible.has(&snapshot, &entry_id) {
            return Err(ApiError::NoPhrasing(id));
        }
    }
    let entry_changed = decision == Decision::Accept && {
        let question = request.question.as_deref().map_or(&*text, str::trim).to_owned();
        accept(&state, &who, &entry_id, question).await?
    };
    let decider = who.identity.to_string();
    let response = blocking(move || {
        journal.decide(&text, &entry_id, decision, &decider)?;
        Ok(DecideResponse { id, decision: decision.as_str().to_owned(), entry_changed })
    });
    let response: DecideResponse = response.await?;
    state.note(&who, &format!("phrasing.{}", response.decision), &response.id, "").await;
    Ok(Json(response))
}

/// Adds a question to an entry. Returns whether its file changed.
pub(super) async fn accept(state: &AppState, who: &Who, entry_id: &str, question: String) -> Result<bool, ApiError> {
    if question.is_empty() || question.contains(['<', '>', '\n']) {
        let what = "the text holds a placeholder or is empty: send the wording for the entry as `question`";
        return Err(ApiError::BadValue(what.to_owned()));
    }
    let snapshot = state.live.snapshot();
    let path = snapshot.get(entry_id).ok_or_else(|| ApiError::NoEntry(entry_id.to_owned()))?.entry.path.clone();
    let change = blocking(move || {
        let (bytes, hash) = read(&snapshot.library.dir, &path).map_err(|error| ApiError::Internal(error.into()))?;
        let edited = with_question(&path, &bytes, &snapshot.library.lexicon.facets, &question);
        let edited = edited.map_err(|error| ApiError::BadValue(error.to_string()))?;
        Ok(edited.map(|text| Change::write(&path, text.into_bytes(), Expected::Version(hash))))
    });
    let Some(change) = change.await? else { return Ok(false) };
    state.editing()?.apply(change, &state.author(who, Way::Review, None)).await?;
    state.publish().await;
    Ok(true)
}

/// Text and entry of a phrasing by its id: learned, or decided about before.
///
/// # Errors
/// Where the journal is closed.
pub fn find_phrasing(journal: &Journal, id: &str) -> Result<Option<(Arc<str>, crate::entry::EntryId)>, crate::journal::JournalError> {
    let Ok(key) = u64::from_str_radix(id, 16) else { return Ok(None) };
    if let Some(phrasing) = journal.learned().get(key) {
        return Ok(Some((Arc::clone(&phrasing.text), Arc::clone(&phrasing.entry_id))));
    }
    let mut decided = journal.decisions()?.into_iter();
    let found = decided.find(|decided: &Decided| phrasing_key(&decided.text, &decided.entry_id) == key);
    Ok(found.map(|decided| (decided.text, decided.entry_id)))
}
