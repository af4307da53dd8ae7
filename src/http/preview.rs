//! `POST /v1/preview`: a draft of an entry as it would be, and what is wrong with it. Nothing is written.

use super::check::{FindingJson, rule_severity_name};
use super::entry_json::EntryJson;
use super::error::ApiError;
use super::extract::ApiJson;
use super::json::ProblemJson;
use super::who::Who;
use super::{AppState, blocking};
use crate::access::Right;
use crate::entry::Entry;
use crate::facet::Facet;
use crate::library::{examine, similar_to};
use crate::snapshot::{Snapshot, Visible};
use crate::{http::check::check_text, slots};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most entries named as similar: who writes looks at two or three.
const MAX_SIMILAR: usize = 5;

/// From this likeness on a reply is named as similar; `huashu check` complains from .7 on.
const SIMILAR: f64 = 0.5;

/// A draft.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PreviewRequest {
    /// The file as it would be.
    pub markdown: String,
    /// Of the entry that it will be; absent: a new one.
    pub id: Option<String>,
    /// Id or alias of the shop in whose name it is looked at.
    pub shop: Option<String>,
}

/// The draft as it would be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PreviewResponse {
    /// As parsed; absent where it cannot be read.
    pub entry: Option<EntryJson>,
    /// What is wrong, in the order of the file.
    pub problems: Vec<ProblemJson>,
    /// What the check of its replies found, reply by reply.
    pub findings: Vec<ReplyFinding>,
    /// Names of the blanks in its replies, each once.
    pub slots: Vec<String>,
    /// Other entries with a reply like one of this.
    pub similar: Vec<SimilarJson>,
}

/// A finding in a reply.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReplyFinding {
    /// Of the reply; places of the finding refer to its text.
    pub reply_id: String,
    /// Line of the reply in the file, from 1.
    pub line: u32,
    /// What was found.
    #[serde(flatten)]
    pub finding: FindingJson,
}

/// An entry with a similar reply.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SimilarJson {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// 0..1: bigrams that both replies have, of those that either has.
    pub likeness: f64,
}

/// Shows a draft as it would be.
#[utoipa::path(post, path = "/v1/preview", operation_id = "preview", tag = "content", request_body = PreviewRequest,
    responses((status = 200, body = PreviewResponse)))]
pub(super) async fn post_preview(
    State(state): State<AppState>,
    who: Who,
    ApiJson(request): ApiJson<PreviewRequest>,
) -> Result<Json<PreviewResponse>, ApiError> {
    who.require(Right::Use)?;
    let place = state.take_place().await?;
    let preview = blocking(move || {
        let _place = place;
        let snapshot = state.live.snapshot();
        Ok(preview(&snapshot, &snapshot.visible(&who.scope), &request))
    });
    Ok(Json(preview.await?))
}

fn preview(snapshot: &Snapshot, visible: &Visible, request: &PreviewRequest) -> PreviewResponse {
    let library = &snapshot.library;
    let known = request.id.as_deref().and_then(|id| visible.get(snapshot, id));
    // Of a new entry the name says nothing yet.
    let path = known.map_or_else(
        || request.id.as_deref().filter(|id| !id.contains('/')).map_or_else(|| "新条目.md".to_owned(), |id| format!("{id}.md")),
        |text| text.entry.path.clone(),
    );
    let (entry, problems) = examine(library, &path, request.markdown.as_bytes());
    let lexicon = &library.lexicon;
    let shop = request.shop.as_deref().map(|shop| lexicon.facets.resolve(Facet::Shop, shop).unwrap_or(shop));
    let shop = shop.and_then(|shop| library.shops.get(shop));
    let (mut findings, mut blanks) = (Vec::new(), Vec::new());
    for reply in entry.iter().flat_map(|entry| &entry.replies) {
        let text = reply.text();
        for slot in slots::find(&text).slots {
            if !blanks.iter().any(|known| known == slot.name) {
                blanks.push(slot.name.to_owned());
            }
        }
        // Blanks are filled when it is sent.
        let found = check_text(&text, None, shop, lexicon).into_iter().filter(|finding| finding.code != "unfilled-slot");
        findings.extend(found.map(|finding| ReplyFinding { reply_id: reply.id.clone(), line: reply.line, finding }));
    }
    findings.sort_by_key(|found| (found.line, found.finding.severity != rule_severity_name(crate::lexicon::banned::RuleSeverity::Block)));
    PreviewResponse {
        similar: entry.as_ref().map(|entry| similar(snapshot, visible, entry)).unwrap_or_default(),
        entry: entry.map(|entry| EntryJson::new(&entry, snapshot)),
        problems: problems.iter().map(ProblemJson::new).collect(),
        findings,
        slots: blanks,
    }
}

fn similar(snapshot: &Snapshot, visible: &Visible, entry: &Entry) -> Vec<SimilarJson> {
    let mut found = similar_to(entry, &snapshot.library.entries, SIMILAR);
    found.retain(|(other, _)| visible.has(snapshot, &other.id));
    found.truncate(MAX_SIMILAR);
    let shaped = found.into_iter().map(|(other, likeness)| SimilarJson { id: other.id.to_string(), title: other.title.clone(), likeness });
    shaped.collect()
}
