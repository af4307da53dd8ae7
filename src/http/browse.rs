//! `POST /v1/browse`: entries as hits without a question: by id (favourites, what follows, who takes over), by category, by trigger.

use super::at::AtParams;
use super::entries::is_below;
use super::error::ApiError;
use super::extract::{ApiJson, ApiQuery};
use super::json::{HitJson, MatchedJson, Piece, ReplyJson, conditions};
use super::search::{ContextJson, step_back};
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, blocking, page_limit};
use crate::access::Right;
use crate::answer::{marks, rank_replies};
use crate::entry::Entry;
use crate::ranking::Context;
use crate::snapshot::{Bitset, Ordinal, Snapshot};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which entries: by id, or else all that fulfil what is given.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct BrowseRequest {
    /// At most 200, compared case-folded; stand before everything else.
    pub ids: Vec<String>,
    /// A path: entries in it or below it.
    pub category: Option<String>,
    /// The moment of a proactive script.
    pub trigger: Option<String>,
    /// What is known of the chat: orders replies, fills the shop's values.
    pub context: ContextJson,
    /// At most 200; 50 where absent.
    pub limit: Option<usize>,
    /// Entries to skip.
    pub offset: usize,
}

/// Entries as hits.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BrowseResponse {
    /// In the order of the ids, else most used first, then in that of their paths.
    pub hits: Vec<HitJson>,
    /// Of the ids, those that are not in force now: unknown, expired, replaced, drafts.
    pub gone: Vec<String>,
    /// How many there are on all pages.
    pub total: usize,
}

/// Gives entries that are in force now as hits, without a question.
#[utoipa::path(post, path = "/v1/browse", operation_id = "browse", tag = "search", request_body = BrowseRequest,
    params(AtParams), responses((status = 200, body = BrowseResponse)))]
pub(super) async fn post_browse(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(at): ApiQuery<AtParams>,
    ApiJson(request): ApiJson<BrowseRequest>,
) -> Result<Json<BrowseResponse>, ApiError> {
    who.require(Right::Use)?;
    let limit = page_limit(request.limit.unwrap_or(DEFAULT_PAGE))?;
    page_limit(request.ids.len())?;
    let snapshot = state.snapshot_at(&who, &at).await?;
    let place = state.take_place().await?;
    let response = blocking(move || {
        let _place = place;
        let mut context = request.context.clone().read(&snapshot.library.lexicon)?;
        who.bind(&mut context);
        step_back(&state, &who.identity, &mut context);
        let visible = snapshot.visible(&who.scope);
        let served = visible.served(&snapshot);
        let (found, gone) = if request.ids.is_empty() {
            (fulfilling(&snapshot, &served, &request), Vec::new())
        } else {
            named(&snapshot, &served, request.ids)
        };
        let page = found.iter().skip(request.offset).take(limit);
        let mut hits: Vec<HitJson> = page.map(|ordinal| hit(&snapshot, *ordinal, &context)).collect();
        hits.iter_mut().for_each(|hit| visible.retain_ids(&snapshot, &mut hit.next));
        Ok(BrowseResponse { hits, gone, total: found.len() })
    });
    Ok(Json(response.await?))
}

/// Entries in force, and the ids of the others.
fn named(snapshot: &Snapshot, served: &Bitset, ids: Vec<String>) -> (Vec<Ordinal>, Vec<String>) {
    let in_force = |id: &String| snapshot.ordinal(id).filter(|ordinal| served.contains(*ordinal));
    let found = ids.iter().filter_map(in_force).collect();
    (found, ids.into_iter().filter(|id| in_force(id).is_none()).collect())
}

fn fulfilling(snapshot: &Snapshot, served: &Bitset, request: &BrowseRequest) -> Vec<Ordinal> {
    let category = request.category.as_deref().map(|category| category.trim_matches('/')).filter(|category| !category.is_empty());
    let is_wanted = |entry: &Entry| {
        category.is_none_or(|category| is_below(entry, category)) && (request.trigger.is_none() || entry.trigger == request.trigger)
    };
    let served = (0..).take(snapshot.len()).filter(|ordinal| served.contains(*ordinal));
    let mut found: Vec<Ordinal> = served.filter(|ordinal| is_wanted(snapshot.entry(*ordinal))).collect();
    found.sort_by_key(|ordinal| std::cmp::Reverse(snapshot.picks(*ordinal)));
    found
}

fn hit(snapshot: &Snapshot, ordinal: Ordinal, context: &Context) -> HitJson {
    let entry = snapshot.entry(ordinal);
    let replies = rank_replies(snapshot, entry, context);
    HitJson {
        id: entry.id.to_string(),
        kind: entry.kind.as_str().to_owned(),
        title: entry.title.clone(),
        title_pieces: vec![Piece { text: entry.title.clone(), hit: false }],
        score: 0.0,
        confidence: 0.0,
        matched: MatchedJson { by: "none".to_owned(), slug: None, text_pieces: Vec::new() },
        snippet_pieces: Vec::new(),
        category: entry.category.clone(),
        replies: replies.iter().filter_map(|ranked| Some(ReplyJson::new(entry.replies.get(ranked.index)?, ranked))).collect(),
        advice: entry.advice.clone(),
        authority: entry.authority.as_str().to_owned(),
        marks: marks(snapshot, entry, context).into_iter().map(|mark| mark.as_str().to_owned()).collect(),
        picks: snapshot.picks(ordinal),
        facets: conditions(&entry.facets),
        hours: entry.hours.clone(),
        valid_until: entry.valid.until.map(|at| at.to_string()),
        path: entry.path.clone(),
        shortcut: entry.shortcut.clone(),
        trigger: entry.trigger.clone(),
        next: entry.next.clone(),
        why: None,
    }
}
