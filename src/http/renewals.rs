//! `/v1/renewals`: what expires soon or waits for its review, and the dates of many entries set at once.

use super::error::ApiError;
use super::extract::{ApiJson, ApiQuery};
use super::notices::NoticeJson;
use super::who::Who;
use super::{AppState, MAX_PAGE, blocking};
use crate::access::Right;
use crate::editing::{Change, EditingError, Way};
use crate::entry::{Entry, State as EntryState};
use crate::hex::hex;
use crate::journal::now_ms;
use crate::library::write::{Expected, WriteError, read};
use crate::markdown::Key;
use crate::markdown::edit::{Value, set_fields};
use crate::snapshot::Snapshot;
use axum::Json;
use axum::extract::State;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// How far ahead is looked where the request says nothing, in days.
const DEFAULT_WITHIN_DAYS: u32 = 30;

/// How far ahead may be looked, in days: ten years.
const MAX_WITHIN_DAYS: u32 = 3_650;

/// Most entries of a list or a batch: what one sitting renews.
const MAX_RENEWED: usize = 1_000;

/// How far ahead.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct RenewalsParams {
    /// In days, at most 3650; 30 where absent.
    pub within_days: Option<u32>,
}

/// What is due.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RenewalsResponse {
    /// Entries that expire or are to be reviewed within the days, or should have been; the most urgent first, at most 1,000.
    pub entries: Vec<RenewalJson>,
    /// Notices that are over, or a day old, and that nobody has reviewed.
    pub notices: Vec<NoticeJson>,
}

/// An entry that is due.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RenewalJson {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its file.
    pub path: String,
    /// The last day or moment of its period, in the library's time zone: `2026-11-30` or `2026-11-30 20:00`.
    pub valid_until: Option<String>,
    /// The day by which it is to be reviewed.
    pub review_by: Option<String>,
    /// Whether one of the two is over.
    pub overdue: bool,
    /// Whether it is found now.
    pub served: bool,
}

/// New dates for entries; at least one of the two.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct RenewRequest {
    /// Ids, at most 1,000.
    pub ids: Vec<String>,
    /// `2026-11-30` (that day included) or `2026-11-30 20:00`.
    pub valid_until: Option<String>,
    /// `2026-11-30`.
    pub review_by: Option<String>,
    /// For the history.
    pub why: Option<String>,
}

/// What became of each.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RenewResponse {
    /// In the order of the ids.
    pub outcomes: Vec<RenewOutcome>,
}

/// What became of one entry.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RenewOutcome {
    /// Its id.
    pub id: String,
    /// `renewed`, `unchanged`, `changed` (somebody edited it meanwhile: try again), `refused` or `unknown`.
    pub outcome: String,
    /// Its `content_hash` now.
    pub etag: Option<String>,
    /// Why it was refused.
    pub why: Option<String>,
}

/// An end as people write it: the midnight after a day is that day.
fn until_text(until: DateTime) -> String {
    if until.time() == Time::midnight() {
        return until.date().yesterday().unwrap_or(until.date()).to_string();
    }
    moment_text(until)
}

fn moment_text(at: DateTime) -> String {
    if at.time() == Time::midnight() { at.date().to_string() } else { at.strftime("%Y-%m-%d %H:%M").to_string() }
}

fn renewal(entry: &Entry, snapshot: &Snapshot, horizon: DateTime) -> Option<(DateTime, RenewalJson)> {
    let review = entry.review_by.map(|day| day.tomorrow().unwrap_or(day).to_datetime(Time::midnight()));
    let due = [entry.valid.until, review].into_iter().flatten().min()?;
    if entry.state != EntryState::Approved || due > horizon {
        return None;
    }
    let served = snapshot.ordinal(&entry.id).is_some_and(|ordinal| snapshot.served().contains(ordinal));
    let shown = RenewalJson {
        id: entry.id.to_string(),
        title: entry.title.clone(),
        path: entry.path.clone(),
        valid_until: entry.valid.until.map(until_text),
        review_by: entry.review_by.map(|day| day.to_string()),
        overdue: due <= snapshot.at,
        served,
    };
    Some((due, shown))
}

/// Lists what expires or is to be reviewed, the most urgent first.
#[utoipa::path(get, path = "/v1/renewals", operation_id = "list_renewals", tag = "review", params(RenewalsParams),
    responses((status = 200, body = RenewalsResponse)), security(("bearer" = [])))]
pub(super) async fn list_renewals(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<RenewalsParams>,
) -> Result<Json<RenewalsResponse>, ApiError> {
    who.require(Right::Report)?;
    let days = params.within_days.unwrap_or(DEFAULT_WITHIN_DAYS);
    if days > MAX_WITHIN_DAYS {
        return Err(ApiError::BadQuery(format!("within_days is at most {MAX_WITHIN_DAYS}, found {days}")));
    }
    let snapshot = state.live.snapshot();
    let horizon = snapshot.at.checked_add(i64::from(days).days()).unwrap_or(DateTime::MAX);
    let seen = snapshot.library.entries.iter().filter(|entry| who.scope.sees(entry));
    let mut due: Vec<(DateTime, RenewalJson)> = seen.filter_map(|entry| renewal(entry, &snapshot, horizon)).collect();
    due.sort_by(|one, other| one.0.cmp(&other.0).then_with(|| one.1.path.cmp(&other.1.path)));
    let entries = due.into_iter().take(MAX_RENEWED).map(|(_, shown)| shown).collect();
    let now = now_ms();
    let notices = match state.register() {
        Ok(register) => register.notices(MAX_PAGE).await?,
        Err(_) => Vec::new(),
    };
    let wanted = notices.into_iter().filter(|(notice, _)| notice.needs_review(now) && notice.concerns(&who.scope, None));
    Ok(Json(RenewalsResponse { entries, notices: wanted.map(|(notice, count)| NoticeJson::new(notice, count, now)).collect() }))
}

/// The dates of a request, checked.
struct Dates {
    until: Option<String>,
    review_by: Option<String>,
}

impl Dates {
    fn read(request: &RenewRequest) -> Result<Dates, ApiError> {
        let bad = |name: &str, found: &str| Err(ApiError::BadValue(format!("{name} is a date such as 2026-11-30, found {found:?}")));
        let until = match request.valid_until.as_deref().map(str::trim) {
            None => None,
            Some(text) if crate::markdown::is_moment(text) => Some(text.to_owned()),
            Some(text) => return bad("valid_until", text),
        };
        let review_by = match request.review_by.as_deref().map(str::trim) {
            None => None,
            Some(text) if text.parse::<Date>().is_ok() => Some(text.to_owned()),
            Some(text) => return bad("review_by", text),
        };
        if until.is_none() && review_by.is_none() {
            return Err(ApiError::BadValue("valid_until or review_by is needed".to_owned()));
        }
        Ok(Dates { until, review_by })
    }

    /// The file with the dates set, and nothing else changed.
    fn set(&self, entry: &Entry, text: &str) -> Result<String, String> {
        let mut changes = Vec::new();
        if let Some(until) = &self.until {
            changes.push((Key::Valid, Some(Value::Period(entry.valid.from.map(moment_text), Some(until.clone())))));
        }
        if let Some(day) = &self.review_by {
            changes.push((Key::ReviewBy, Some(Value::Text(day.clone()))));
        }
        set_fields(text, &changes).map_err(|error| error.to_string())
    }
}

fn outcome(id: &str, outcome: &str, etag: Option<String>, why: Option<String>) -> RenewOutcome {
    RenewOutcome { id: id.to_owned(), outcome: outcome.to_owned(), etag, why }
}

/// What is to be done about one entry: a change, or an outcome already.
fn plan(snapshot: &Snapshot, entry: &Entry, dates: &Dates) -> Result<Change, RenewOutcome> {
    let (bytes, hash) = match read(&snapshot.library.dir, &entry.path) {
        Ok(read) => read,
        Err(error) => return Err(outcome(&entry.id, "refused", None, Some(error.to_string()))),
    };
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Err(outcome(&entry.id, "refused", None, Some("the file is not UTF-8".to_owned())));
    };
    let edited = dates.set(entry, text).map_err(|why| outcome(&entry.id, "refused", None, Some(why)))?;
    if edited == text {
        return Err(outcome(&entry.id, "unchanged", Some(hex(&hash)), None));
    }
    Ok(Change::write(&entry.path, edited.into_bytes(), Expected::Version(hash)))
}

/// Sets the dates of many entries: one field of each file, all other bytes stay.
#[utoipa::path(post, path = "/v1/renewals", operation_id = "renew", tag = "review", request_body = RenewRequest,
    responses((status = 200, body = RenewResponse)), security(("bearer" = [])))]
pub(super) async fn renew(
    State(state): State<AppState>,
    who: Who,
    ApiJson(request): ApiJson<RenewRequest>,
) -> Result<Json<RenewResponse>, ApiError> {
    who.require(Right::Edit)?;
    if request.ids.is_empty() || request.ids.len() > MAX_RENEWED {
        return Err(ApiError::BadValue(format!("ids has 1 to {MAX_RENEWED} ids")));
    }
    let dates = Dates::read(&request)?;
    let snapshot = state.live.snapshot();
    let mut ids: Vec<(String, Option<Arc<Entry>>)> = Vec::new();
    for id in request.ids {
        let entry = state.entry_for(&who, &snapshot, &id);
        let is_known =
            |known: &(String, Option<Arc<Entry>>)| known.0 == id || known.1.as_ref().zip(entry.as_ref()).is_some_and(|(a, b)| a.id == b.id);
        if !ids.iter().any(is_known) {
            ids.push((id, entry));
        }
    }
    let planned = blocking(move || {
        let one = |(id, entry): (String, Option<Arc<Entry>>)| match entry {
            None => (id.clone(), Err(outcome(&id, "unknown", None, None))),
            Some(entry) => (id, plan(&snapshot, &entry, &dates)),
        };
        Ok(ids.into_iter().map(one).collect::<Vec<_>>())
    })
    .await?;
    let changes: Vec<Change> = planned.iter().filter_map(|(_, plan)| plan.as_ref().ok().cloned()).collect();
    let author = state.author(&who, Way::Review, request.why.as_deref());
    let mut done = state.editing()?.apply_all(changes, &author).await?.into_iter();
    let mut renewed = 0;
    let mut outcomes = Vec::with_capacity(planned.len());
    for (id, plan) in planned {
        outcomes.push(match plan {
            Err(known) => RenewOutcome { id, ..known },
            Ok(_) => match done.next() {
                Some(Ok(done)) => {
                    renewed += 1;
                    outcome(&id, "renewed", done.hash.map(|hash| hex(&hash)), None)
                }
                Some(Err(EditingError::Write(WriteError::Conflict { .. }))) => outcome(&id, "changed", None, None),
                Some(Err(error)) => outcome(&id, "refused", None, Some(error.to_string())),
                None => outcome(&id, "refused", None, None),
            },
        });
    }
    state
        .note(
            &who,
            "entry.renew",
            &renewed.to_string(),
            request.valid_until.as_deref().or(request.review_by.as_deref()).unwrap_or_default(),
        )
        .await;
    state.publish().await;
    Ok(Json(RenewResponse { outcomes }))
}
