//! What the library is and how the service does: `/v1/library`, `/v1/problems`, `/healthz`, `/readyz`, `/metrics`.

use super::error::ApiError;
use super::extract::ApiQuery;
use super::json::{ProblemJson, severity_name};
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, page_limit};
use crate::access::{Proof, Right, Scope};
use crate::entry::{Entry, Kind};
use crate::facet::Facet;
use crate::feedback::Verdict;
use crate::health::Fault;
use crate::problem::{Problem, Severity};
use crate::snapshot::{Bitset, Snapshot};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
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
    /// What does not work now, in a sentence for people; absent where all is well.
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

/// How often each value stands among these entries.
fn counts<'s>(snapshot: &'s Snapshot, served: &Bitset, value: impl Fn(&'s Entry) -> Option<&'s str>) -> BTreeMap<&'s str, usize> {
    let mut counts = BTreeMap::new();
    for ordinal in (0..).take(snapshot.len()).filter(|ordinal| served.contains(*ordinal)) {
        if let Some(value) = value(snapshot.entry(ordinal)) {
            *counts.entry(value).or_default() += 1;
        }
    }
    counts
}

fn escalation(snapshot: &Snapshot, served: &Bitset) -> EscalationJson {
    let known = &snapshot.library.settings.escalation;
    let served = known.entries.iter().filter_map(|id| snapshot.ordinal(id)).filter(|ordinal| served.contains(*ordinal));
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
    let visible = snapshot.visible(&who.scope);
    let served = visible.served(&snapshot);
    let mut kinds: BTreeMap<String, usize> = [Kind::Answer, Kind::Policy, Kind::Case].map(|kind| (kind.as_str().to_owned(), 0)).into();
    kinds.extend(counts(&snapshot, &served, |entry| Some(entry.kind.as_str())).into_iter().map(|(kind, count)| (kind.to_owned(), count)));
    let count_json = |(value, count): (&str, usize)| CountJson { value: value.to_owned(), count };
    let categories = counts(&snapshot, &served, |entry| Some(&entry.category)).into_iter().filter(|(category, _)| !category.is_empty());
    let triggers = counts(&snapshot, &served, |entry| entry.trigger.as_deref());
    let order = library.lexicon.facets.values(Facet::Trigger);
    let mut triggers: Vec<CountJson> = triggers.into_iter().map(count_json).collect();
    triggers.sort_by_key(|trigger| order.iter().position(|known| *known == trigger.value).unwrap_or(usize::MAX));
    let now = snapshot.at.time();
    let (errors, warnings) = count(problems(&snapshot, &who.scope));
    let mut facets = Facet::ALL.map(|facet| (facet.as_str().to_owned(), library.lexicon.facets.values(facet).to_vec()));
    let shops = facets.iter_mut().filter(|(facet, _)| facet == Facet::Shop.as_str());
    shops.for_each(|(_, shops)| shops.retain(|shop| who.scope.sees_shop(shop)));
    let mut hold: Vec<String> = library.settings.hold.iter().cloned().collect();
    visible.retain_ids(&snapshot, &mut hold);
    Ok(Json(LibraryResponse {
        name: library.settings.name.clone(),
        time_zone: library.settings.time_zone.iana_name().unwrap_or_default().to_owned(),
        entries: visible.ordinals(&snapshot).count(),
        served: served.count(),
        kinds,
        shops: library
            .shops
            .values()
            .filter(|shop| who.scope.sees_shop(&shop.id))
            .map(|shop| ShopJson {
                id: shop.id.clone(),
                name: shop.name.clone(),
                channels: shop.channels.clone(),
                aliases: shop.aliases.clone(),
                values: shop.values.clone(),
            })
            .collect(),
        facets: facets.into(),
        categories: categories.map(count_json).collect(),
        triggers,
        hours: library.settings.hours.keys().filter(|name| library.in_hours(name, now)).cloned().collect(),
        hold: hold.pop(),
        escalation: escalation(&snapshot, &served),
        verdicts: Verdict::ALL.map(VerdictJson::new).to_vec(),
        errors,
        warnings,
        degraded: degraded_zh(&state.live.health().faults()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }))
}

/// The problems that a caller may see: with a scope, those of entries within it alone; a file that cannot be read may be anybody's.
pub(super) fn problems<'s>(snapshot: &'s Snapshot, scope: &Scope) -> impl Iterator<Item = &'s Problem> {
    let paths: Option<HashSet<&str>> = (!scope.is_everything()).then(|| {
        let visible = snapshot.visible(scope);
        visible.ordinals(snapshot).map(|ordinal| snapshot.entry(ordinal).path.as_str()).collect()
    });
    let is_visible = move |problem: &&Problem| paths.as_ref().is_none_or(|paths| paths.contains(problem.path.as_str()));
    snapshot.library.problems.iter().filter(is_visible)
}

/// Errors and warnings.
fn count<'p>(problems: impl Iterator<Item = &'p Problem>) -> (usize, usize) {
    problems.fold((0, 0), |(errors, warnings), problem| match problem.severity() {
        Severity::Error => (errors + 1, warnings),
        Severity::Warning => (errors, warnings + 1),
    })
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
    /// Of all that the caller may see: problems that must be mended.
    pub errors: usize,
    /// Of all that the caller may see: problems to look at.
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
    let wanted: Vec<&Problem> = problems(&snapshot, &who.scope)
        .filter(|problem| severity.is_none_or(|severity| problem.severity() == severity))
        .filter(|problem| params.path.as_ref().is_none_or(|path| problem.path == *path))
        .collect();
    let (errors, warnings) = count(problems(&snapshot, &who.scope));
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
    /// ok; verifying: answers come from the last commit of an earlier run while the folder is looked through; or degraded: something does not work, and
    /// all that can goes on.
    pub status: String,
    /// Why it is degraded: the first of the faults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What does not work; absent where all is well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultJson>,
}

/// A part that does not work.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FaultJson {
    /// library (to be read), editing (its files, to be written), index, journal or register.
    pub part: String,
    /// Since when, in milliseconds since 1970.
    pub since: i64,
    /// What was found.
    pub why: String,
    /// What whoever runs the service can do.
    pub remedy: String,
    /// What people notice of it, in Chinese.
    pub zh: String,
}

impl From<Fault> for FaultJson {
    fn from(fault: Fault) -> FaultJson {
        FaultJson {
            part: fault.part.as_str().to_owned(),
            since: fault.since.as_millisecond(),
            why: fault.why,
            remedy: fault.part.remedy().to_owned(),
            zh: fault.part.zh().to_owned(),
        }
    }
}

/// The faults as a sentence for the page.
fn degraded_zh(faults: &[Fault]) -> Option<String> {
    let sentences: Vec<&str> = faults.iter().map(|fault| fault.part.zh()).collect();
    (!sentences.is_empty()).then(|| sentences.join("；"))
}

/// Says that the process answers.
#[utoipa::path(get, path = "/healthz", operation_id = "health", tag = "operations", responses((status = 200, body = HealthResponse)))]
pub(super) async fn health() -> Json<HealthResponse> {
    Json(HealthResponse { status: "ok".to_owned(), reason: None, faults: Vec::new() })
}

/// Says whether requests should come here, and what does not work. A degraded service is ready: it answers from the last good version, and so
/// would no better one take its place; and so is one that is verifying.
#[utoipa::path(get, path = "/readyz", operation_id = "ready", tag = "operations", responses((status = 200, body = HealthResponse)))]
pub(super) async fn ready(State(state): State<AppState>) -> Json<HealthResponse> {
    let faults = state.live.health().faults();
    let status = match faults.as_slice() {
        [_, ..] => "degraded",
        [] if state.live.is_verifying() => "verifying",
        [] => "ok",
    };
    let reason = faults.first().map(|fault| fault.why.clone());
    Json(HealthResponse { status: status.to_owned(), reason, faults: faults.into_iter().map(FaultJson::from).collect() })
}

/// Counts and durations in Prometheus' text format. Open where there are no accounts, else for admins: they tell how much a team works.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain")), security(("bearer" = [])))]
pub(super) async fn get_metrics(State(state): State<AppState>, who: Who) -> Result<Response, ApiError> {
    if who.by != Proof::Nobody {
        who.require(Right::Administer)?;
    }
    let snapshot = state.live.snapshot();
    let (errors, warnings) = count(snapshot.library.problems.iter());
    gauge("huashu_entries", snapshot.len());
    gauge("huashu_entries_served", snapshot.served().count());
    metrics::gauge!("huashu_problems", "severity" => "error").set(as_f64(errors));
    metrics::gauge!("huashu_problems", "severity" => "warning").set(as_f64(warnings));
    gauge("huashu_degraded", state.live.health().faults().len());
    let text = recorder().map(|recorder| {
        recorder.run_upkeep();
        recorder.render()
    });
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text.unwrap_or_default()).into_response())
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
