//! The trainers' desks: entries that are nearly the same, what customers ask and the library lacks, what else they wrote, and a phrasing
//! that belongs elsewhere.

use super::error::ApiError;
use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::learning::{accept, find_phrasing};
use super::reports::{NearestJson, ReportParams, SampleJson, nearest, samples_json, scene};
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, blocking, entries, page_limit};
use crate::access::Right;
use crate::entry::State as EntryState;
use crate::learning::{Decision, phrasing_text};
use crate::library::write;
use crate::markdown::Key;
use crate::markdown::edit::{self, Value};
use crate::reports::{NoHit, Seen, no_hits};
use crate::twins::{MergeError, merged, twins};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// From this likeness on where the request does not say.
const DEFAULT_ABOVE: f64 = 0.7;

/// Below it everything is like everything, and comparing takes the square of the library.
const LEAST_ABOVE: f64 = 0.4;

/// Days of wishes and of what customers also wrote, where the request does not say.
const DESK_DAYS: i32 = 30;

/// Entries that come near to a wish.
const NEAREST: usize = 3;

/// Messages of one entry that are told.
const MAX_ASKED: usize = 100;

/// Longest proposed title, in characters: a line of a list.
const MAX_TITLE_CHARS: usize = 40;

/// What to write where the answer goes.
const DRAFT_BODY: &str = "什么时候用、什么时候不用，写在这里。\n\n> 亲，（在这里写答案）\n";

/// How alike.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct SimilarParams {
    /// From this share of pairs of characters in common on, 0.4 to 1; 0.7 where absent.
    pub above: Option<f64>,
    /// At most 200; 50 where absent.
    pub limit: Option<usize>,
    /// Pairs to skip.
    pub offset: usize,
}

/// Entries that are nearly the same.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SimilarResponse {
    /// The most alike first.
    pub pairs: Vec<SimilarPair>,
    /// How many there are on all pages, 500 at most.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
}

/// Two entries.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SimilarPair {
    /// The earlier by its path.
    pub a: SimilarEntry,
    /// The later.
    pub b: SimilarEntry,
    /// Share of pairs of characters in common, 0 to 1.
    pub likeness: f64,
    /// Of what: reply or phrasing.
    pub what: String,
}

/// One of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SimilarEntry {
    /// Of the entry.
    pub id: String,
    /// Of the entry.
    pub title: String,
    /// Of the entry's file.
    pub path: String,
}

/// Lists entries with nearly the same wording or question.
#[utoipa::path(get, path = "/v1/similar", operation_id = "list_similar", tag = "content", params(SimilarParams),
    responses((status = 200, body = SimilarResponse)), security(("bearer" = [])))]
pub(super) async fn list_similar(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<SimilarParams>,
) -> Result<Json<SimilarResponse>, ApiError> {
    who.require(Right::Edit)?;
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    let above = params.above.unwrap_or(DEFAULT_ABOVE);
    if !(LEAST_ABOVE..=1.0).contains(&above) {
        return Err(ApiError::BadQuery(format!("above is {LEAST_ABOVE} to 1; found {above}")));
    }
    let (snapshot, scope) = (state.live.snapshot(), who.scope.clone());
    // Comparing a large library takes as long as a report.
    let place = Arc::clone(&state.reports).try_acquire_owned().map_err(|_| ApiError::Busy)?;
    let response = blocking(move || {
        let _place = place;
        let pairs = twins(snapshot.library.entries.iter().filter(|entry| scope.sees(entry)), above);
        let entry = |id: &str| {
            let entry = &snapshot.get(id)?.entry;
            Some(SimilarEntry { id: entry.id.to_string(), title: entry.title.clone(), path: entry.path.clone() })
        };
        let (total, end) = (pairs.len(), params.offset.saturating_add(limit));
        let page = pairs.iter().skip(params.offset).take(limit);
        let pairs = page.filter_map(|twins| {
            let (likeness, what) = (twins.likeness, twins.what.as_str().to_owned());
            Some(SimilarPair { a: entry(&twins.a)?, b: entry(&twins.b)?, likeness, what })
        });
        Ok(SimilarResponse { pairs: pairs.collect(), total, next_offset: (end < total).then_some(end) })
    });
    Ok(Json(response.await?))
}

/// Which two.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct MergeTwinsRequest {
    /// Id of the entry that stays.
    pub keep: String,
    /// Id of the entry whose questions and wordings it takes over.
    pub drop: String,
}

/// A file that is proposed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DraftResponse {
    /// All of it; nothing is written.
    pub markdown: String,
    /// Folder in which it would stand.
    pub folder: String,
}

/// Proposes the file of one entry with the questions and wordings of another. Nothing is written.
#[utoipa::path(post, path = "/v1/similar/merge", operation_id = "merge_similar", tag = "content", request_body = MergeTwinsRequest,
    responses((status = 200, body = DraftResponse)), security(("bearer" = [])))]
pub(super) async fn merge_similar(
    State(state): State<AppState>,
    who: Who,
    ApiJson(request): ApiJson<MergeTwinsRequest>,
) -> Result<Json<DraftResponse>, ApiError> {
    who.require(Right::Edit)?;
    let (snapshot, scope) = (state.live.snapshot(), who.scope.clone());
    let response = blocking(move || {
        let visible = snapshot.visible(&scope);
        let read = |id: &str| {
            let entry = entries::find(&snapshot, &visible, id)?;
            let (bytes, _) = write::read(&snapshot.library.dir, &entry.path).map_err(|error| ApiError::Internal(error.into()))?;
            Ok::<_, ApiError>((entry, String::from_utf8_lossy(&bytes).into_owned()))
        };
        let ((kept, keep), (dropped, drop)) = (read(&request.keep)?, read(&request.drop)?);
        if kept.id == dropped.id {
            return Err(ApiError::BadValue("keep and drop are the same entry".to_owned()));
        }
        let markdown = merged((&kept.path, &keep), (&dropped.path, &drop), &snapshot.library.lexicon.facets);
        let markdown = markdown.map_err(|error: MergeError| ApiError::BadValue(error.to_string()))?;
        Ok(DraftResponse { markdown, folder: folder_of(&kept.path) })
    });
    Ok(Json(response.await?))
}

/// What customers ask and the library lacks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WishesResponse {
    /// First day.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// Most asked first.
    pub wishes: Vec<WishJson>,
    /// How many there are on all pages.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
}

/// One thing that customers ask.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WishJson {
    /// Stable while its commonest message is.
    pub id: String,
    /// A title for an entry of it.
    pub title: String,
    /// Masked, the commonest first, at most five.
    pub samples: Vec<SampleJson>,
    /// Searches.
    pub count: usize,
    /// Conversations, or agents where the conversation is unknown.
    pub people: usize,
    /// Entries that come near.
    pub nearest: Vec<NearestJson>,
}

/// Lists what customers ask and the library lacks, in the last thirty days where nothing else is said.
#[utoipa::path(get, path = "/v1/wishes", operation_id = "list_wishes", tag = "reports", params(ReportParams),
    responses((status = 200, body = WishesResponse)), security(("bearer" = [])))]
pub(super) async fn list_wishes(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ReportParams>,
) -> Result<Json<WishesResponse>, ApiError> {
    who.require(Right::Report)?;
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    let offset = params.offset;
    let made = scene::read_last(&state, who.scope.clone(), &params, DESK_DAYS, move |scene| {
        let groups = no_hits(&scene.facts()?, |text| scene.wording(text));
        let (total, end) = (groups.len(), offset.saturating_add(limit));
        let wish = |group: NoHit| {
            let title = title_of(&group);
            let nearest = nearest(scene, &title, NEAREST)?;
            Ok(WishJson { samples: samples_json(&group.samples), title, id: group.id, count: group.count, people: group.people, nearest })
        };
        Ok(WishesResponse {
            from: scene.span.from.to_string(),
            to: scene.span.to.to_string(),
            wishes: groups.into_iter().skip(offset).take(limit).map(wish).collect::<Result<_, ApiError>>()?,
            total,
            next_offset: (end < total).then_some(end),
        })
    });
    let response = made.await?;
    state.note(&who, "report.read", "wishes", &format!("{} – {}", response.from, response.to)).await;
    Ok(Json(response))
}

/// The commonest message without a placeholder, on one line.
fn title_of(group: &NoHit) -> String {
    let plain = group.samples.iter().find(|(text, _)| !text.contains('<')).or(group.samples.first());
    let line: String = plain.map_or("", |(text, _)| text).split_whitespace().collect::<Vec<_>>().join(" ");
    line.trim_end_matches(['?', '？', '。', '!', '！']).chars().take(MAX_TITLE_CHARS).collect()
}

/// A draft of an entry for a wish: its messages as questions, the answer to be written. Nothing is kept.
#[utoipa::path(get, path = "/v1/wishes/{id}/draft", operation_id = "draft_wish", tag = "reports",
    params(("id" = String, Path, description = "Of the wish"), ReportParams),
    responses((status = 200, body = DraftResponse)), security(("bearer" = [])))]
pub(super) async fn draft_wish(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    ApiQuery(params): ApiQuery<ReportParams>,
) -> Result<Json<DraftResponse>, ApiError> {
    who.require(Right::Edit)?;
    let wanted = id.clone();
    let made = scene::read_last(&state, who.scope.clone(), &params, DESK_DAYS, move |scene| {
        let groups = no_hits(&scene.facts()?, |text| scene.wording(text));
        let group = groups.into_iter().find(|group| group.id == wanted).ok_or_else(|| ApiError::NoWish(wanted.clone()))?;
        let title = title_of(&group);
        let near = nearest(scene, &title, 1)?.into_iter().next();
        let near = near.and_then(|near| scene.entry(&near.id));
        let category = near.map(|entry| entry.category.clone()).unwrap_or_default();
        let folder = near.map(|entry| folder_of(&entry.path)).unwrap_or_default();
        Ok(DraftResponse { markdown: draft(&group, &title, &category), folder })
    });
    let response = made.await?;
    state.note(&who, "wish.draft", &id, "").await;
    Ok(Json(response))
}

/// The folder of a file.
fn folder_of(path: &str) -> String {
    path.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned())
}

fn draft(group: &NoHit, title: &str, category: &str) -> String {
    let one_line = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    // A placeholder is nothing that a customer writes.
    let asked = group.samples.iter().map(|(text, _)| one_line(text)).filter(|text| !text.contains('<') && text != title);
    let mut fields = vec![(Key::Title, Value::Text(title.to_owned()))];
    let questions: Vec<String> = asked.collect();
    if !questions.is_empty() {
        fields.push((Key::Questions, Value::List(questions)));
    }
    if !category.is_empty() {
        fields.push((Key::Category, Value::Text(category.to_owned())));
    }
    fields.push((Key::State, Value::Text(EntryState::Draft.as_str().to_owned())));
    edit::new_file(&fields, DRAFT_BODY)
}

/// What customers wrote where an entry answered.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AskedResponse {
    /// Most often first, at most a hundred; what the entry has among its questions is left out.
    pub texts: Vec<AskedJson>,
}

/// One wording.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AskedJson {
    /// Masked and folded.
    pub text: String,
    /// How often the entry was used for it, or stood first where nothing else was.
    pub count: usize,
    /// Of the learned phrasing, which can be accepted, banned, forgotten or moved.
    pub phrasing_id: Option<String>,
}

/// Lists what customers also wrote where an entry answered: learned phrasings, and messages of the last thirty days.
#[utoipa::path(get, path = "/v1/entries/{id}/asked", operation_id = "list_asked", tag = "content",
    params(("id" = String, Path, description = "Of the entry, compared case-folded")),
    responses((status = 200, body = AskedResponse)), security(("bearer" = [])))]
pub(super) async fn list_asked(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<AskedResponse>, ApiError> {
    who.require(Right::Report)?;
    let entry = {
        let snapshot = state.live.snapshot();
        Arc::clone(entries::find(&snapshot, &snapshot.visible(&who.scope), &id)?)
    };
    let learned = state.journal()?.learned();
    let entry_id = entry.id.to_string();
    let lately = ReportParams::default();
    let made = scene::read_last(&state, who.scope.clone(), &lately, DESK_DAYS, move |scene| {
        let mut texts: HashMap<String, AskedJson> = HashMap::new();
        for phrasing in learned.of_entry(&entry.id) {
            let text = phrasing.text.to_string();
            let asked = AskedJson { text: text.clone(), count: phrasing.picks as usize, phrasing_id: Some(phrasing.id()) };
            texts.insert(text, asked);
        }
        for search in scene.facts()?.searches.iter().filter(|search| answers(search, &entry.id)) {
            let Some(text) = phrasing_text(&search.text) else { continue };
            let asked = texts.entry(text).or_insert_with_key(|text| AskedJson { text: text.clone(), count: 0, phrasing_id: None });
            asked.count += usize::from(asked.phrasing_id.is_none());
        }
        let known: Vec<Option<String>> =
            std::iter::once(&entry.title).chain(&entry.questions).map(|question| phrasing_text(question)).collect();
        let mut texts: Vec<AskedJson> = texts.into_values().filter(|asked| !known.contains(&Some(asked.text.clone()))).collect();
        texts.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
        texts.truncate(MAX_ASKED);
        Ok(AskedResponse { texts })
    });
    let response = made.await?;
    state.note(&who, "entry.asked", &entry_id, "").await;
    Ok(Json(response))
}

/// Whether an entry was used for a search, or stood first, to be relied on, where nothing was.
fn answers(search: &Seen, id: &str) -> bool {
    let used = |deed: &crate::reports::Deed| deed.kind.is_pick() && deed.entry_id.as_deref() == Some(id);
    let stood_first = search.confident == Some(true) && search.hits.first().is_some_and(|first| **first == *id);
    search.deeds.iter().any(used) || (stood_first && !search.was_used())
}

/// Where a phrasing belongs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct MoveRequest {
    /// The entry that answers it.
    pub entry_id: String,
    /// The wording for the entry, where it should differ; needed where the text holds placeholders.
    #[serde(default)]
    pub question: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MoveResponse {
    /// Of the phrasing.
    pub id: String,
    /// The entry that has it among its questions now.
    pub entry_id: String,
    /// Whether that file gained the question.
    pub entry_changed: bool,
}

/// Moves a learned phrasing to the entry that answers it: a question there, and never learned again of the other.
#[utoipa::path(post, path = "/v1/phrasings/{id}/move", operation_id = "move_phrasing", tag = "learning",
    params(("id" = String, Path, description = "Of the phrasing")), request_body = MoveRequest,
    responses((status = 200, body = MoveResponse)), security(("bearer" = [])))]
pub(super) async fn move_phrasing(
    State(state): State<AppState>,
    who: Who,
    ApiPath(id): ApiPath<String>,
    ApiJson(request): ApiJson<MoveRequest>,
) -> Result<Json<MoveResponse>, ApiError> {
    who.require(Right::Edit)?;
    let journal = state.journal()?;
    let (asked, wanted) = (Arc::clone(&journal), id.clone());
    let found = blocking(move || find_phrasing(&asked, &wanted).map_err(ApiError::from)).await?;
    let (text, from) = found.ok_or_else(|| ApiError::NoPhrasing(id.clone()))?;
    let to = {
        let snapshot = state.live.snapshot();
        let visible = snapshot.visible(&who.scope);
        if !visible.is_everything() && !visible.has(&snapshot, &from) {
            return Err(ApiError::NoPhrasing(id));
        }
        Arc::clone(&entries::find(&snapshot, &visible, &request.entry_id)?.id)
    };
    if to == from {
        return Err(ApiError::BadValue("the phrasing is that entry's already: accept it there".to_owned()));
    }
    let question = request.question.as_deref().map_or(&*text, str::trim).to_owned();
    let entry_changed = accept(&state, &who, &to, question).await?;
    let decider = who.identity.to_string();
    blocking(move || journal.decide(&text, &from, Decision::Ban, &decider).map_err(ApiError::from)).await?;
    state.note(&who, "phrasing.move", &id, &to).await;
    Ok(Json(MoveResponse { id, entry_id: to.to_string(), entry_changed }))
}
