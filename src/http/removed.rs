//! `GET /v1/removed`: entries that are gone and can be brought back. The history has them.

use super::error::ApiError;
use super::extract::ApiQuery;
use super::history::HistoryParams;
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, blocking, page_limit};
use crate::access::Right;
use crate::editing::Version;
use crate::markdown;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// Entries that are looked through: who removed more looks in the history of each.
const MAX_REMOVED: usize = 1_000;

/// One page of what is gone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RemovedResponse {
    /// Those that went last first.
    pub entries: Vec<RemovedJson>,
    /// How many there are on all pages, at most 1,000.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
}

/// An entry that is gone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RemovedJson {
    /// Its id.
    pub id: String,
    /// Its title in the last text that it had.
    pub title: String,
    /// Where its file was.
    pub path: String,
    /// When it went, in milliseconds since 1970.
    pub at: i64,
    /// Who removed it; `file`: whoever removed the file.
    pub who: String,
    /// What they said about it.
    pub why: String,
    /// api, studio, import, file, review or cli.
    pub way: String,
    /// The last version with a text, for `POST /v1/entries/{id}/restore`.
    pub version: String,
}

/// Lists entries that are gone, those that went last first.
#[utoipa::path(get, path = "/v1/removed", operation_id = "list_removed", tag = "content", params(HistoryParams),
    responses((status = 200, body = RemovedResponse)), security(("bearer" = [])))]
pub(super) async fn list_removed(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<HistoryParams>,
) -> Result<Json<RemovedResponse>, ApiError> {
    // What is gone has no shop and no category any more.
    who.require_unscoped(Right::Report)?;
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    let register = state.register()?;
    let snapshot = state.live.snapshot();
    let mut gone = register.removals(MAX_REMOVED).await?;
    gone.retain(|(version, _)| version.entry_id.as_deref().is_some_and(|id| snapshot.get(id).is_none()));
    let total = gone.len();
    let page: Vec<(Version, Version)> = gone.into_iter().skip(params.offset).take(limit).collect();
    let mut texts = Vec::with_capacity(page.len());
    for (_, last) in &page {
        texts.push(match last.hash {
            Some(hash) => register.text(hash).await?.unwrap_or_default(),
            None => Vec::new(),
        });
    }
    let entries = blocking(move || {
        let facets = &snapshot.library.lexicon.facets;
        let shaped = page.into_iter().zip(texts).map(|((removal, last), text)| {
            let entry = markdown::parse(&last.path, &text, facets).entry;
            let id = removal.entry_id.unwrap_or_default();
            RemovedJson {
                title: entry.map_or_else(|| id.clone(), |entry| entry.title),
                id,
                path: last.path,
                at: removal.at_us / 1000,
                who: removal.who,
                why: removal.why,
                way: removal.way.as_str().to_owned(),
                version: last.id,
            }
        });
        Ok(shaped.collect::<Vec<_>>())
    })
    .await?;
    let end = params.offset.saturating_add(entries.len());
    let next_offset = (end < total && !entries.is_empty()).then_some(end);
    Ok(Json(RemovedResponse { entries, total, next_offset }))
}
