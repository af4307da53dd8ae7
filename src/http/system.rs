//! What the library is and how the service does: `/v1/library`, `/v1/problems`, `/healthz`, `/readyz`, `/metrics`.

use super::error::ApiError;
use super::extract::ApiQuery;
use super::json::{ProblemJson, severity_name};
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, page_limit};
use crate::access::Right;
use crate::entry::{Entry, Kind};
use crate::facet::Facet;
use crate::feedback::Verdict;
use crate::problem::{Problem, Severity};
use crate::snapshot::Snapshot;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use utoipa::{IntoParams, ToSchema};

/// Upper bounds of the duration histograms, in seconds: a search takes about one millisecond, a person waits for a tenth of a second.
const SECONDS: [f64; 9] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 1.0];

/// The library as a whole: what a page needs to build its choosers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LibraryResponse {
    /// For people.
    pub name: String,
    /// IANA name: dates and times without offset are in it.
    pub time_zone: String,
    /// Entries, whatever their state.
    pub entries: usize,
    /// Entries that are found now.
    pub served: usize,
    /// Entries found now by kind.
    pub kinds: BTreeMap<String, usize>,
    /// Shops.
    pub shops: Vec<ShopJson>,
    /// Known values of each facet.
    pub facets: BTreeMap<String, Vec<String>>,
    /// Categories of entries found now, in the order of their paths.
    pub categories: Vec<CountJson>,
    /// Moments of proactive scripts found now, in the order of the facet.
    pub triggers: Vec<CountJson>,
    /// Times of the day that hold now.
    pub hours: Vec<String>,
    /// Id of the entry that asks a customer to wait.
    pub hold: Option<String>,
    /// Who takes over from an agent.
    pub escalation: EscalationJson,
    /// What agents can say of a hit, each verdict with reasons to choose from.
    pub verdicts: Vec<VerdictJson>,
    /// Problems that must be mended.
    pub errors: usize,
    /// Problems to look at.
    pub warnings: usize,
    /// Why what is served is older than the folder; absent where all is well.
    pub degraded: Option<String>,
    /// Of the program.
    pub version: String,
}

/// A shop.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShopJson {
    /// Stands in contexts.
    pub id: String,
    /// For people.
    pub name: String,
    /// Where it sells; empty: anywhere.
    pub channels: Vec<String>,
    /// Other names.
    pub aliases: Vec<String>,
    /// What fills its slots.
    pub values: BTreeMap<String, String>,
}

/// A value and how many entries found now have it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountJson {
    /// A category, a trigger.
    pub value: String,
    /// Entries.
    pub count: usize,
}

/// Who takes over from an agent (升级).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EscalationJson {
    /// Ids of the entries that say how, those of these hours first.
    pub entries: Vec<String>,
    /// Authority → name of the shop's value that says how much it may offer at once.
    pub limits: BTreeMap<String, String>,
}

/// A word on a hit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VerdictJson {
    /// good, bad or outdated: stands in events.
    pub verdict: String,
    /// For people.
    pub text: String,
    /// Why.
    pub reasons: Vec<ReasonJson>,
}

/// A reason to choose.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReasonJson {
    /// Stands in events.
    pub reason: String,
    /// For people.
    pub text: String,
}

impl VerdictJson {
    fn new(verdict: Verdict) -> VerdictJson {
        let reason = |(reason, text): &(&str, &str)| ReasonJson { reason: (*reason).to_owned(), text: (*text).to_owned() };
        let reasons = verdict.reasons().iter().map(reason).collect();
        VerdictJson { verdict: verdict.as_str().to_owned(), text: verdict.zh().to_owned(), reasons }
    }
}

/// How often each value stands among the entries found now.
fn counts<'s>(snapshot: &'s Snapshot, value: impl Fn(&'s Entry) -> Option<&'s str>) -> BTreeMap<&'s str, usize> {
    let mut counts = BTreeMap::new();
    for ordinal in (0..).take(snapshot.len()).filter(|ordinal| snapshot.served().contains(*ordinal)) {
        if let Some(value) = value(snapshot.entry(ordinal)) {
            *counts.entry(value).or_default() += 1;
        }
    }
    counts
}

fn escalation(snapshot: &Snapshot) -> EscalationJson {
    let known = &snapshot.library.settings.escalation;
    let served = known.entries.iter().filter_map(|id| snapshot.ordinal(id)).filter(|ordinal| snapshot.served().contains(*ordinal));
    let mut entries: Vec<&Entry> = served.map(|ordinal| &**snapshot.entry(ordinal)).collect();
    let fits = |entry: &Entry| entry.hours.as_ref().map(|hours| snapshot.library.in_hours(hours, snapshot.at.time()));
    // Made for these hours, then for any, then for others.
    entries.sort_by_key(|entry| match fits(entry) {
        Some(true) => 0,
        None => 1,
        Some(false) => 2,
    });
    EscalationJson { entries: entries.into_iter().map(|entry| entry.id.to_string()).collect(), limits: known.limits.clone() }
}

/// Describes the library.
#[utoipa::path(get, path = "/v1/library", operation_id = "get_library", tag = "content", responses((status = 200, body = LibraryResponse)))]
pub(super) async fn get_library(State(state): State<AppState>, who: Who) -> Result<Json<LibraryResponse>, ApiError> {
    who.require(Right::Use)?;
    let snapshot = state.live.snapshot();
    let library = &snapshot.library;
    let mut kinds: BTreeMap<String, usize> = [Kind::Answer, Kind::Policy, Kind::Case].map(|kind| (kind.as_str().to_owned(), 0)).into();
    kinds.extend(counts(&snapshot, |entry| Some(entry.kind.as_str())).into_iter().map(|(kind, count)| (kind.to_owned(), count)));
    let count_json = |(value, count): (&str, usize)| CountJson { value: value.to_owned(), count };
    let categories = counts(&snapshot, |entry| Some(&entry.category)).into_iter().filter(|(category, _)| !category.is_empty());
    let triggers = counts(&snapshot, |entry| entry.trigger.as_deref());
    let order = library.lexicon.facets.values(Facet::Trigger);
    let mut triggers: Vec<CountJson> = triggers.into_iter().map(count_json).collect();
    triggers.sort_by_key(|trigger| order.iter().position(|known| *known == trigger.value).unwrap_or(usize::MAX));
    let now = snapshot.at.time();
    let (errors, warnings) = count(&library.problems);
    Ok(Json(LibraryResponse {
        name: library.settings.name.clone(),
        time_zone: library.settings.time_zone.iana_name().unwrap_or_default().to_owned(),
        entries: snapshot.len(),
        served: snapshot.served().count(),
        kinds,
        shops: library
            .shops
            .values()
            .map(|shop| ShopJson {
                id: shop.id.clone(),
                name: shop.name.clone(),
                channels: shop.channels.clone(),
                aliases: shop.aliases.clone(),
                values: shop.values.clone(),
            })
            .collect(),
        facets: Facet::ALL.map(|facet| (facet.as_str().to_owned(), library.lexicon.facets.values(facet).to_vec())).into(),
        categories: categories.map(count_json).collect(),
        triggers,
        hours: library.settings.hours.keys().filter(|name| library.in_hours(name, now)).cloned().collect(),
        hold: library.settings.hold.clone(),
        escalation: escalation(&snapshot),
        verdicts: Verdict::ALL.map(VerdictJson::new).to_vec(),
        errors,
        warnings,
        degraded: state.live.degraded().map(|reason| reason.to_string()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }))
}

fn count(problems: &[Problem]) -> (usize, usize) {
    let errors = problems.iter().filter(|problem| problem.severity() == Severity::Error).count();
    (errors, problems.len() - errors)
}

/// Which problems.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct ProblemsParams {
    /// error or warning.
    pub severity: Option<String>,
    /// Of this file only.
    pub path: Option<String>,
    /// At most 200; 50 where absent.
    pub limit: Option<usize>,
    /// Problems to skip.
    pub offset: usize,
}

/// One page of problems.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemsResponse {
    /// In the order of path and line.
    pub problems: Vec<ProblemJson>,
    /// How many there are on all pages.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
    /// Of the whole library: problems that must be mended.
    pub errors: usize,
    /// Of the whole library: problems to look at.
    pub warnings: usize,
}

/// Lists what is wrong in the library's files.
#[utoipa::path(get, path = "/v1/problems", operation_id = "list_problems", tag = "content", params(ProblemsParams),
    responses((status = 200, body = ProblemsResponse)))]
pub(super) async fn list_problems(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ProblemsParams>,
) -> Result<Json<ProblemsResponse>, ApiError> {
    who.require(Right::Use)?;
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    let severity = match params.severity.as_deref() {
        None => None,
        Some(name) => Some(
            [Severity::Warning, Severity::Error]
                .into_iter()
                .find(|severity| severity_name(*severity) == name)
                .ok_or_else(|| ApiError::BadQuery(format!("severity is error or warning; found {name:?}")))?,
        ),
    };
    let snapshot = state.live.snapshot();
    let problems = &snapshot.library.problems;
    let wanted: Vec<&Problem> = problems
        .iter()
        .filter(|problem| severity.is_none_or(|severity| problem.severity() == severity))
        .filter(|problem| params.path.as_ref().is_none_or(|path| problem.path == *path))
        .collect();
    let (errors, warnings) = count(problems);
    let end = params.offset.saturating_add(limit);
    Ok(Json(ProblemsResponse {
        problems: wanted.iter().skip(params.offset).take(limit).map(|problem| ProblemJson::new(problem)).collect(),
        total: wanted.len(),
        next_offset: (end < wanted.len()).then_some(end),
        errors,
        warnings,
    }))
}

/// How the service does.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HealthResponse {
    /// ok, or degraded: what is served is older than the folder.
    pub status: String,
    /// Why it is degraded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Says that the process answers.
#[utoipa::path(get, path = "/healthz", operation_id = "health", tag = "operations", responses((status = 200, body = HealthResponse)))]
pub(super) async fn health() -> Json<HealthResponse> {
    Json(HealthResponse { status: "ok".to_owned(), reason: None })
}

/// Says whether requests should come here. A degraded service is ready: it answers from the last good version, and so would no better
/// one take its place.
#[utoipa::path(get, path = "/readyz", operation_id = "ready", tag = "operations", responses((status = 200, body = HealthResponse)))]
pub(super) async fn ready(State(state): State<AppState>) -> Json<HealthResponse> {
    let reason = state.live.degraded().map(|reason| reason.to_string());
    let status = if reason.is_some() { "degraded" } else { "ok" };
    Json(HealthResponse { status: status.to_owned(), reason })
}

/// Counts and durations in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn get_metrics(State(state): State<AppState>) -> Response {
    let snapshot = state.live.snapshot();
    let (errors, warnings) = count(&snapshot.library.problems);
    gauge("huashu_entries", snapshot.len());
    gauge("huashu_entries_served", snapshot.served().count());
    metrics::gauge!("huashu_problems", "severity" => "error").set(as_f64(errors));
    metrics::gauge!("huashu_problems", "severity" => "warning").set(as_f64(warnings));
    gauge("huashu_degraded", usize::from(state.live.degraded().is_some()));
    let text = recorder().map(|recorder| {
        recorder.run_upkeep();
        recorder.render()
    });
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text.unwrap_or_default()).into_response()
}

fn gauge(name: &'static str, value: usize) {
    metrics::gauge!(name).set(as_f64(value));
}

fn as_f64(count: usize) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}

/// The one recorder of the process; absent where something else records already.
pub(super) fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    RECORDER.get_or_init(|| PrometheusBuilder::new().set_buckets(&SECONDS).ok()?.install_recorder().ok()).as_ref()
}
