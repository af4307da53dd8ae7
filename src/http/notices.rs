//! `/v1/notices`: a lead's word of the hour, sent to every open panel as server-sent events, and who has read it.

use super::error::ApiError;
use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::who::Who;
use super::{AppState, MAX_PAGE};
use crate::access::{Caller, Proof, Right};
use crate::facet::Facet;
use crate::journal::{MAX_ID_BYTES, now_ms};
use crate::notices::{MAX_IN_FORCE, MAX_NOTICE_CHARS, Notice};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};

/// Longest life of a notice: what holds longer belongs in an entry.
const MAX_LIFE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How soon a panel comes back after the line was lost, in milliseconds: with it a notice is late by less than five seconds.
const RETRY: Duration = Duration::from_secs(1);

/// Silence after which a comment is sent, so that proxies keep the line and a dead one is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

// A stream with nothing to tell must not be taken for an idle connection.
const _: () = assert!(2 * KEEP_ALIVE.as_secs() < super::Patience::DEFAULT.idle.as_secs());

/// A stream ends after this and the panel comes back, so that who was shut out hears nothing more.
const MAX_LISTENING: Duration = Duration::from_secs(10 * 60);

/// Longest sleep of a stream: a clock that was set is noticed within it.
const MAX_SLEEP: Duration = Duration::from_secs(5);

/// Longest note of a review, in characters.
const MAX_REVIEW_CHARS: usize = 1_000;

/// Whose notices.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct ListenParams {
    /// Id or alias of a shop: those for other shops are left out.
    pub shop: Option<String>,
    /// Install id of the client, where it cannot send the header: what it has acknowledged is left out.
    pub install: Option<String>,
}

/// One event of the stream. A notice that is over comes as its id with `gone`, under the event name `gone`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoticeEvent {
    /// Stable.
    pub id: String,
    /// What the lead says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The entry that it is tied to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_id: Option<String>,
    /// One of its replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_id: Option<String>,
    /// Names of the shops that it concerns; absent: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shops: Vec<String>,
    /// Until when, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Whether it is over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

/// A notice to publish.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct NewNotice {
    /// At most 500 characters.
    pub text: String,
    /// The entry that it is tied to.
    #[serde(default)]
    pub entry_id: Option<String>,
    /// One of its replies.
    #[serde(default)]
    pub reply_id: Option<String>,
    /// Ids or aliases of shops; empty: all that the caller sees.
    #[serde(default)]
    pub shops: Vec<String>,
    /// Until when, in milliseconds since 1970; at most 30 days from now.
    pub until: i64,
}

/// A notice.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoticeJson {
    /// Stable.
    pub id: String,
    /// What the lead says.
    pub text: String,
    /// Who published it.
    pub by: String,
    /// Since when, in milliseconds since 1970.
    pub from: i64,
    /// Until when.
    pub until: i64,
    /// Ids of shops; empty: all.
    pub shops: Vec<String>,
    /// The entry that it is tied to.
    pub entry_id: Option<String>,
    /// One of its replies.
    pub reply_id: Option<String>,
    /// `in_force`, `ended` or `withdrawn`.
    pub state: String,
    /// How many have read it.
    pub acknowledged: usize,
    /// Whether somebody looked at what follows from it.
    pub reviewed: bool,
    /// Whether somebody should: it is over, or a day old.
    pub review_due: bool,
    /// Who did.
    pub reviewed_by: Option<String>,
    /// With which result.
    pub review: Option<String>,
}

impl NoticeJson {
    /// Shapes a notice at a moment.
    pub(super) fn new(notice: Notice, acknowledged: usize, now: i64) -> NoticeJson {
        NoticeJson {
            state: notice.state(now).to_owned(),
            review_due: notice.needs_review(now),
            reviewed: notice.reviewed_ms.is_some(),
            id: notice.id,
            text: notice.text,
            by: notice.author,
            from: notice.from_ms,
            until: notice.until_ms,
            shops: notice.shops,
            entry_id: notice.entry_id,
            reply_id: notice.reply_id,
            acknowledged,
            reviewed_by: notice.reviewed_by,
            review: notice.review,
        }
    }
}

/// The latest notices.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoticesResponse {
    /// Latest first, at most 200.
    pub notices: Vec<NoticeJson>,
}

/// Who has read a notice.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AcknowledgementsResponse {
    /// First first.
    pub people: Vec<AcknowledgementJson>,
}

/// Who has read a notice, and when.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AcknowledgementJson {
    /// A user's name or an install id; empty: unknown.
    pub who: String,
    /// In milliseconds since 1970.
    pub at: i64,
}

/// That a notice was read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AcknowledgedResponse {
    /// Of the notice.
    pub id: String,
}

/// What follows from a notice.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct ReviewNoticeRequest {
    /// Such as "in the entry now" or "was for today only"; at most 1,000 characters.
    pub note: String,
}

impl AppState {
    /// Puts what is in force on the board.
    pub(super) async fn refresh_notices(&self) -> Result<(), ApiError> {
        self.notices.put(self.register()?.notices_in_force(now_ms(), MAX_IN_FORCE).await?);
        Ok(())
    }

    /// Id of a shop by its id or alias, where the library has it.
    pub(super) fn shop_id(&self, name: &str) -> Option<String> {
        self.live.snapshot().library.lexicon.facets.resolve(Facet::Shop, name).map(str::to_owned)
    }
}

/// Sends the notices in force, then each new one, as server-sent events; a notice that is over is told by an event `gone`. What the caller has
/// acknowledged is left out.
#[utoipa::path(get, path = "/v1/notices", operation_id = "listen_to_notices", tag = "review", params(ListenParams),
    responses((status = 200, content_type = "text/event-stream", body = NoticeEvent)))]
pub(super) async fn listen_to_notices(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ListenParams>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    who.require(Right::Use)?;
    let place = state.notices.take_place().ok_or(ApiError::Busy)?;
    if params.install.as_ref().is_some_and(|install| install.len() > MAX_ID_BYTES) {
        return Err(ApiError::BadQuery(format!("install has at most {MAX_ID_BYTES} bytes")));
    }
    let is_nobody = who.by == Proof::Nobody && who.identity.is_empty();
    let read = match params.install.as_deref().filter(|_| is_nobody).unwrap_or(&*who.identity) {
        "" => Vec::new(),
        identity => state.register()?.acknowledged_by(identity).await?,
    };
    // Listening begins before what is in force is read: nothing falls between.
    let shop = params.shop.map(|shop| state.shop_id(&shop).unwrap_or(shop));
    let shops = &state.live.snapshot().library.shops;
    let names = shops.iter().filter(|(_, shop)| !shop.name.is_empty()).map(|(id, shop)| (id.clone(), shop.name.clone())).collect();
    let hello = Event::default().retry(RETRY).comment("huashu");
    let listening = Listening {
        caller: (*who).clone(),
        shop,
        current: state.notices.listen(),
        closed: state.notices.closed(),
        names,
        read: read.into_iter().collect(),
        told: BTreeMap::new(),
        waiting: VecDeque::from([hello]),
        ends: Instant::now() + MAX_LISTENING,
        _place: place,
    };
    state.refresh_notices().await?;
    Ok(Sse::new(unfold(listening, Listening::next)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// One open stream.
struct Listening {
    caller: Caller,
    shop: Option<String>,
    current: watch::Receiver<Arc<[Notice]>>,
    closed: watch::Receiver<bool>,
    /// Names of shops.
    names: HashMap<String, String>,
    /// Ids that the caller has acknowledged before.
    read: HashSet<String>,
    /// What was told and is in force, with its end.
    told: BTreeMap<String, i64>,
    waiting: VecDeque<Event>,
    ends: Instant,
    _place: OwnedSemaphorePermit,
}

impl Listening {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Listening)> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some((Ok(event), self));
            }
            let now = now_ms();
            self.look(now);
            if !self.waiting.is_empty() {
                continue;
            }
            let until_end =
                self.told.values().min().map_or(MAX_SLEEP, |until| Duration::from_millis(u64::try_from(until - now).unwrap_or(0)));
            let wake = (Instant::now() + until_end.min(MAX_SLEEP)).min(self.ends);
            tokio::select! {
                changed = self.current.changed() => changed.ok()?,
                closed = self.closed.wait_for(|closed| *closed) => { let _ = closed; return None }
                () = tokio::time::sleep_until(wake) => if wake == self.ends { return None },
            }
        }
    }

    /// Compares what was told with what holds.
    fn look(&mut self, now: i64) {
        let current = Arc::clone(&self.current.borrow_and_update());
        let wanted = |notice: &&Notice| {
            notice.is_in_force(now) && notice.concerns(&self.caller.scope, self.shop.as_deref()) && !self.read.contains(&notice.id)
        };
        let holding: Vec<&Notice> = current.iter().filter(wanted).collect();
        let gone: Vec<String> = self.told.keys().filter(|id| !holding.iter().any(|notice| notice.id == **id)).cloned().collect();
        for id in gone {
            self.told.remove(&id);
            let event = NoticeEvent { id, text: None, entry_id: None, reply_id: None, shops: Vec::new(), until: None, gone: true };
            self.waiting.extend(Event::default().event("gone").json_data(&event));
        }
        for notice in holding {
            if self.told.insert(notice.id.clone(), notice.until_ms).is_none() {
                let event = NoticeEvent {
                    id: notice.id.clone(),
                    text: Some(notice.text.clone()),
                    entry_id: notice.entry_id.clone(),
                    reply_id: notice.reply_id.clone(),
                    shops: notice.shops.iter().map(|id| self.names.get(id).unwrap_or(id).clone()).collect(),
                    until: Some(notice.until_ms),
                    gone: false,
                };
                self.waiting.extend(Event::default().id(&notice.id).json_data(&event));
            }
        }
    }
}

/// Lists the latest notices, in force or over.
#[utoipa::path(get, path = "/v1/notices/list", operation_id = "list_notices", tag = "review",
    responses((status = 200, body = NoticesResponse)), security(("bearer" = [])))]
pub(super) async fn list_notices(State(state): State<AppState>, who: Who) -> Result<Json<NoticesResponse>, ApiError> {
    who.require(Right::Notify)?;
    let (now, notices) = (now_ms(), state.register()?.notices(MAX_PAGE).await?);
    let seen = notices.into_iter().filter(|(notice, _)| notice.concerns(&who.scope, None));
    Ok(Json(NoticesResponse { notices: seen.map(|(notice, count)| NoticeJson::new(notice, count, now)).collect() }))
}

/// Publishes a notice: every open panel that it concerns shows it within seconds.
#[utoipa::path(post, path = "/v1/notices", operation_id = "publish_notice", tag = "review", request_body = NewNotice,
    responses((status = 201, body = NoticeJson)), security(("bearer" = [])))]
pub(super) async fn publish_notice(
    State(state): State<AppState>,
    who: Who,
    ApiJson(new): ApiJson<NewNotice>,
) -> Result<(StatusCode, Json<NoticeJson>), ApiError> {
    who.require(Right::Notify)?;
    let now = now_ms();
    let notice = read_notice(&state, &who, new, now)?;
    let register = state.register()?;
    if register.notices_in_force(now, MAX_IN_FORCE).await?.len() >= MAX_IN_FORCE {
        return Err(ApiError::BadValue(format!("{MAX_IN_FORCE} notices are in force: withdraw one first")));
    }
    register.add_notice(&notice).await?;
    state.refresh_notices().await?;
    state.note(&who, "notice.publish", &notice.id, &notice.text).await;
    Ok((StatusCode::CREATED, Json(NoticeJson::new(notice, 0, now))))
}

fn read_notice(state: &AppState, who: &Who, new: NewNotice, now: i64) -> Result<Notice, ApiError> {
    let bad = |what: String| Err(ApiError::BadValue(what));
    let text = new.text.trim();
    if text.is_empty() || text.chars().count() > MAX_NOTICE_CHARS || text.contains('\0') {
        return bad(format!("text has 1 to {MAX_NOTICE_CHARS} characters"));
    }
    if new.until <= now || new.until > now + MAX_LIFE_MS {
        return bad("until is a time to come, at most 30 days from now, in milliseconds since 1970".to_owned());
    }
    let mut shops = Vec::new();
    for name in &new.shops {
        match state.shop_id(name).filter(|id| who.scope.shops.as_ref().is_none_or(|own| own.contains(id))) {
            Some(id) if !shops.contains(&id) => shops.push(id),
            Some(_) => {}
            None => return bad(format!("there is no shop {name:?}; GET /v1/library lists them")),
        }
    }
    if shops.is_empty() {
        shops = who.scope.shops.clone().unwrap_or_default();
    }
    let entry = match &new.entry_id {
        None if new.reply_id.is_some() => return bad("a reply needs its entry_id".to_owned()),
        None => None,
        Some(id) => Some(state.live.snapshot().get(id).map(|text| Arc::clone(&text.entry)).ok_or_else(|| ApiError::NoEntry(id.clone()))?),
    };
    if let (Some(entry), Some(reply)) = (&entry, &new.reply_id)
        && !entry.replies.iter().any(|known| known.id == *reply)
    {
        return Err(ApiError::NoReply { entry: entry.id.to_string(), reply: reply.clone() });
    }
    Ok(Notice {
        id: uuid::Uuid::now_v7().to_string(),
        text: text.to_owned(),
        entry_id: entry.map(|entry| entry.id.to_string()),
        reply_id: new.reply_id,
        shops,
        author: who.identity.to_string(),
        from_ms: now,
        until_ms: new.until,
        withdrawn_ms: None,
        reviewed_ms: None,
        reviewed_by: None,
        review: None,
    })
}

/// A notice that the caller may see.
async fn seen_notice(state: &AppState, who: &Who, id: &str) -> Result<Notice, ApiError> {
    let notice = state.register()?.notice(id).await?.filter(|notice| notice.concerns(&who.scope, None));
    notice.ok_or_else(|| ApiError::NoSuch("notice", id.to_owned()))
}

/// Takes a notice back: open panels drop it.
#[utoipa::path(delete, path = "/v1/notices/{id}", operation_id = "withdraw_notice", tag = "review",
    params(("id" = String, Path, description = "Of the notice")), responses((status = 204)), security(("bearer" = [])))]
pub(super) async fn withdraw_notice(State(state): State<AppState>, who: Who, ApiPath(id): ApiPath<String>) -> Result<StatusCode, ApiError> {
    who.require(Right::Notify)?;
    seen_notice(&state, &who, &id).await?;
    if state.register()?.withdraw_notice(&id).await? {
        state.refresh_notices().await?;
        state.note(&who, "notice.withdraw", &id, "").await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Says that the caller has read a notice.
#[utoipa::path(post, path = "/v1/notices/{id}/acknowledge", operation_id = "acknowledge_notice", tag = "review",
    params(("id" = String, Path, description = "Of the notice")), responses((status = 200, body = AcknowledgedResponse)))]
pub(super) async fn acknowledge_notice(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<AcknowledgedResponse>, ApiError> {
    who.require(Right::Use)?;
    seen_notice(&state, &who, &id).await?;
    state.register()?.acknowledge(&id, &who.identity).await?;
    Ok(Json(AcknowledgedResponse { id }))
}

/// Lists who has read a notice.
#[utoipa::path(get, path = "/v1/notices/{id}/acknowledgements", operation_id = "list_acknowledgements", tag = "review",
    params(("id" = String, Path, description = "Of the notice")),
    responses((status = 200, body = AcknowledgementsResponse)), security(("bearer" = [])))]
pub(super) async fn list_acknowledgements(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<AcknowledgementsResponse>, ApiError> {
    who.require(Right::Notify)?;
    seen_notice(&state, &who, &id).await?;
    let people = state.register()?.acknowledgements(&id, crate::notices::MAX_LISTENERS).await?;
    state.note(&who, "notice.readers", &id, "").await;
    Ok(Json(AcknowledgementsResponse { people: people.into_iter().map(|(who, at)| AcknowledgementJson { who, at }).collect() }))
}

/// Says what follows from a notice: it is due for nobody's review any more.
#[utoipa::path(post, path = "/v1/notices/{id}/review", operation_id = "review_notice", tag = "review",
    params(("id" = String, Path, description = "Of the notice")), request_body = ReviewNoticeRequest,
    responses((status = 200, body = AcknowledgedResponse)), security(("bearer" = [])))]
pub(super) async fn review_notice(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    ApiJson(request): ApiJson<ReviewNoticeRequest>,
) -> Result<Json<AcknowledgedResponse>, ApiError> {
    who.require(Right::Edit)?;
    let note = request.note.trim();
    if note.chars().count() > MAX_REVIEW_CHARS {
        return Err(ApiError::BadValue(format!("note has at most {MAX_REVIEW_CHARS} characters")));
    }
    seen_notice(&state, &who, &id).await?;
    state.register()?.review_notice(&id, &who.identity, note).await?;
    state.note(&who, "notice.review", &id, note).await;
    Ok(Json(AcknowledgedResponse { id }))
}
