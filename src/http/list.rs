//! `GET /v1/entries`: the library as a table, whatever the entries' state, narrowed and sorted.

use super::at::AtParams;
use super::entries::is_below;
use super::entry_json::EntrySummary;
use super::error::ApiError;
use super::extract::ApiQuery;
use super::search::read_kind;
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, blocking, page_limit};
use crate::access::Right;
use crate::analysis::fold;
use crate::entry::{Entry, State as EntryState};
use crate::facet::Facet;
use crate::snapshot::{Ordinal, Snapshot};
use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Longest text that is looked for, in characters: a title.
const MAX_Q_CHARS: usize = 200;

/// Which entries.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct EntriesParams {
    /// Part of a title, an id, a shortcut, a path or a question, folded.
    pub q: Option<String>,
    /// answer, policy or case.
    pub kind: Option<String>,
    /// A path: entries in it or below it.
    pub category: Option<String>,
    /// A folder of the library: files in it or below it.
    pub folder: Option<String>,
    /// The moment of a proactive script.
    pub trigger: Option<String>,
    /// draft, approved or retired.
    pub state: Option<String>,
    /// Only those that are found now, or only those that are not.
    pub served: Option<bool>,
    /// Id or alias of a shop: entries for it, those for all included. The same for the other facets.
    pub shop: Option<String>,
    /// As `shop`.
    pub channel: Option<String>,
    /// As `shop`.
    pub stage: Option<String>,
    /// As `shop`.
    pub product: Option<String>,
    /// As `shop`.
    pub customer: Option<String>,
    /// As `shop`.
    pub emotion: Option<String>,
    /// 一线, 组长 or 主管: who may promise it.
    pub authority: Option<String>,
    /// A time of the day of the library.
    pub hours: Option<String>,
    /// Who changed it last.
    pub owner: Option<String>,
    /// `true`: those with problems; or the code of one.
    pub problem: Option<String>,
    /// A date, such as 2026-12-31: those that are found now and will not be after it.
    pub expiring_before: Option<String>,
    /// never, or some.
    pub used: Option<String>,
    /// path (where absent), title, updated (latest first) or uses (most first); with `-` before it the other way round.
    pub sort: Option<String>,
    /// At most 200; 50 where absent.
    pub limit: Option<usize>,
    /// Entries to skip.
    pub offset: usize,
}

/// One page of entries.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntriesResponse {
    /// In the order that was asked for.
    pub entries: Vec<EntryLine>,
    /// How many there are on all pages.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
}

/// An entry in the table.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntryLine {
    /// What it is.
    #[serde(flatten)]
    pub summary: EntrySummary,
    /// How many problems its file has.
    pub problems: usize,
    /// How often it was used for what was asked.
    pub uses: u32,
    /// When it was changed last, in milliseconds since 1970; for those who may read histories.
    pub updated_at: Option<i64>,
    /// By whom, likewise.
    pub updated_by: Option<String>,
}

/// Lists entries, whatever their state. With `at` as they were, or will be, at that moment.
#[utoipa::path(get, path = "/v1/entries", operation_id = "list_entries", tag = "content", params(EntriesParams, AtParams),
    responses((status = 200, body = EntriesResponse)))]
pub(super) async fn list_entries(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<EntriesParams>,
    ApiQuery(at): ApiQuery<AtParams>,
) -> Result<Json<EntriesResponse>, ApiError> {
    who.require(Right::Use)?;
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    let wanted = Wanted::read(&params)?;
    let snapshot = state.snapshot_at(&who, &at).await?;
    let by_change = params.owner.is_some() || wanted.sort == Sort::Updated;
    let may_know = who.may(Right::Report);
    let changes = match state.register.as_ref().filter(|_| may_know) {
        Some(register) if by_change => register.last_versions(None).await?,
        _ => Vec::new(),
    };
    let changes: HashMap<String, (i64, String)> =
        changes.into_iter().map(|version| (version.path, (version.at_us / 1000, version.who))).collect();
    let scope = who.scope.clone();
    let page = blocking(move || Ok(page(&snapshot, &scope, &params, &wanted, &changes, limit)));
    let mut page = page.await?;
    if let Some(register) = state.register.as_ref().filter(|_| may_know && !by_change) {
        for line in &mut page.entries {
            let last = register.last_version(&line.summary.path, false).await?;
            (line.updated_at, line.updated_by) = last.map(|last| (last.at_us / 1000, last.who)).unzip();
        }
    }
    Ok(Json(page))
}

/// The parameters, read.
struct Wanted {
    q: Option<String>,
    kind: Option<crate::entry::Kind>,
    state: Option<EntryState>,
    before: Option<Date>,
    never_used: Option<bool>,
    sort: Sort,
    reversed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Path,
    Title,
    Updated,
    Uses,
}

impl Wanted {
    fn read(params: &EntriesParams) -> Result<Wanted, ApiError> {
        let bad = |what: &str, found: &str| ApiError::BadQuery(format!("{what}; found {found:?}"));
        let q = params.q.as_deref().map(str::trim).filter(|q| !q.is_empty());
        if q.is_some_and(|q| q.chars().count() > MAX_Q_CHARS) {
            return Err(ApiError::BadQuery(format!("q has at most {MAX_Q_CHARS} characters")));
        }
        let before = |date: &str| date.parse::<Date>().map_err(|_| bad("expiring_before is a date such as 2026-12-31", date));
        let sort = params.sort.as_deref().unwrap_or("path");
        let (name, reversed) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
        Ok(Wanted {
            q: q.map(|q| fold(q).text),
            kind: params.kind.as_deref().map(read_kind).transpose()?,
            state: params.state.as_deref().map(read_state).transpose()?,
            before: params.expiring_before.as_deref().map(before).transpose()?,
            never_used: match params.used.as_deref() {
                None => None,
                Some("never") => Some(true),
                Some("some") => Some(false),
                Some(other) => return Err(bad("used is never or some", other)),
            },
            sort: match name {
                "path" => Sort::Path,
                "title" => Sort::Title,
                "updated" => Sort::Updated,
                "uses" => Sort::Uses,
                _ => return Err(bad("sort is one of path, title, updated, uses", sort)),
            },
            reversed,
        })
    }
}

fn read_state(name: &str) -> Result<EntryState, ApiError> {
    EntryState::parse(name).ok_or_else(|| ApiError::BadQuery(format!("state is one of draft, approved, retired; found {name:?}")))
}

fn page(
    snapshot: &Snapshot,
    scope: &crate::access::Scope,
    params: &EntriesParams,
    wanted: &Wanted,
    changes: &HashMap<String, (i64, String)>,
    limit: usize,
) -> EntriesResponse {
    let mut problems: HashMap<&str, Vec<&str>> = HashMap::new();
    for problem in &snapshot.library.problems {
        problems.entry(&problem.path).or_default().push(problem.code.as_str());
    }
    let trimmed = |path: &Option<String>| path.as_deref().map(|path| path.trim_matches('/').to_owned()).filter(|path| !path.is_empty());
    let (category, folder) = (trimmed(&params.category), trimmed(&params.folder));
    let facets = facets(snapshot, params);
    // The day itself counts as before: it expires at its midnight.
    let before = wanted
        .before
        .and_then(|date| date.tomorrow().ok())
        .and_then(|date| Some(date.to_zoned(snapshot.library.settings.time_zone.clone()).ok()?.timestamp()));
    let is_wanted = |ordinal: Ordinal| {
        let entry = snapshot.entry(ordinal);
        let has_problem = |code: &str| problems.get(entry.path.as_str()).is_some_and(|codes| code == "true" || codes.contains(&code));
        params.served.is_none_or(|served| snapshot.served().contains(ordinal) == served)
            && wanted.kind.is_none_or(|kind| entry.kind == kind)
            && wanted.state.is_none_or(|state| entry.state == state)
            && category.as_deref().is_none_or(|category| is_below(entry, category))
            && folder.as_deref().is_none_or(|folder| entry.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
            && (params.trigger.is_none() || entry.trigger == params.trigger)
            && (params.hours.is_none() || entry.hours == params.hours)
            && params.authority.as_deref().is_none_or(|authority| entry.authority.as_str() == authority)
            && facets.iter().all(|(facet, value)| entry.facet(*facet).next().is_none() || entry.facet(*facet).any(|has| has == value))
            && params.problem.as_deref().is_none_or(has_problem)
            && params.owner.as_deref().is_none_or(|owner| changes.get(&entry.path).is_some_and(|(_, who)| who == owner))
            && wanted.never_used.is_none_or(|never| (snapshot.picks(ordinal) == 0) == never)
            && before.is_none_or(|before| snapshot.library.ends_at(entry, snapshot.now).is_some_and(|end| end <= before))
            && wanted.q.as_deref().is_none_or(|q| mentions(entry, q))
    };
    let mut found: Vec<Ordinal> = snapshot.visible(scope).ordinals(snapshot).filter(|ordinal| is_wanted(*ordinal)).collect();
    match wanted.sort {
        Sort::Path => {}
        Sort::Title => found.sort_by_cached_key(|ordinal| fold(&snapshot.entry(*ordinal).title).text),
        Sort::Updated => found.sort_by_key(|ordinal| Reverse(changes.get(&snapshot.entry(*ordinal).path).map(|(at, _)| *at))),
        Sort::Uses => found.sort_by_key(|ordinal| Reverse(snapshot.picks(*ordinal))),
    }
    if wanted.reversed {
        found.reverse();
    }
    let line = |ordinal: &Ordinal| {
        let entry: &Arc<Entry> = snapshot.entry(*ordinal);
        let (updated_at, updated_by) = changes.get(&entry.path).cloned().unzip();
        EntryLine {
            summary: EntrySummary::new(entry, snapshot),
            problems: problems.get(entry.path.as_str()).map_or(0, Vec::len),
            uses: snapshot.picks(*ordinal),
            updated_at,
            updated_by,
        }
    };
    let entries = found.iter().skip(params.offset).take(limit).map(line).collect();
    let end = params.offset.saturating_add(limit);
    EntriesResponse { entries, total: found.len(), next_offset: (end < found.len()).then_some(end) }
}

/// The facets that are asked for, each in the library's own value.
fn facets(snapshot: &Snapshot, params: &EntriesParams) -> Vec<(Facet, String)> {
    let asked = [
        (Facet::Shop, &params.shop),
        (Facet::Channel, &params.channel),
        (Facet::Stage, &params.stage),
        (Facet::Product, &params.product),
        (Facet::Customer, &params.customer),
        (Facet::Emotion, &params.emotion),
    ];
    let known = |facet: Facet, value: &str| snapshot.library.lexicon.facets.resolve(facet, value).unwrap_or(value).to_owned();
    asked.into_iter().filter_map(|(facet, value)| Some((facet, known(facet, value.as_deref()?)))).collect()
}

/// Whether a folded text is part of what names an entry or asks for it.
fn mentions(entry: &Entry, q: &str) -> bool {
    let texts = [&*entry.id, &entry.title, &entry.path].into_iter().chain(entry.shortcut.as_deref());
    texts.chain(entry.questions.iter().map(String::as_str)).any(|text| fold(text).text.contains(q))
}
