//! The routes of the reports, one each, so that the description says what rows each has.

use super::rows::*;
use super::{ReportJson, ReportParams, report};
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::extract::ApiQuery;
use crate::http::who::Who;
use crate::reports::{By, expiring, gaps, hot_words, never_used, no_hits, passed_over, speed, usage};
use axum::extract::State;
use axum::response::Response;

/// Groups for which the nearest entry is looked up: a search each.
const MAX_NEAREST: usize = 200;

/// Days ahead in which what ends is told of, counted from the last day of the report.
const EXPIRING_WITHIN_DAYS: i32 = 30;

/// Words that customers used, and how much more than before.
#[utoipa::path(get, path = "/v1/reports/hot-words", operation_id = "report_hot_words", tag = "reports", params(ReportParams),
    responses((status = 200, content((ReportJson<HotWordRow> = "application/json"), (String = "text/csv"), (String = "image/svg+xml")))),
    security(("bearer" = [])))]
pub(in crate::http) async fn report_hot_words(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ReportParams>,
) -> Result<Response, ApiError> {
    let by_rise = match params.sort.as_deref() {
        None | Some("" | "count") => false,
        Some("rise") => true,
        Some(other) => return Err(ApiError::BadQuery(format!("sort is count or rise; found {other:?}"))),
    };
    report(state, who, params, "hot-words", move |scene| {
        let (now, before) = (scene.facts()?, scene.facts_of(scene.span.before())?);
        let mut words = hot_words(&now, &before, |text| scene.wording(text));
        if by_rise {
            words.sort_by(|a, b| b.rise.total_cmp(&a.rise));
        }
        Ok(words.into_iter().map(HotWordRow::from).collect())
    })
    .await
}

/// Messages without a good answer, those that ask the same together.
#[utoipa::path(get, path = "/v1/reports/no-hits", operation_id = "report_no_hits", tag = "reports", params(ReportParams),
    responses((status = 200, content((ReportJson<NoHitRow> = "application/json"), (String = "text/csv"), (String = "image/svg+xml")))),
    security(("bearer" = [])))]
pub(in crate::http) async fn report_no_hits(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ReportParams>,
) -> Result<Response, ApiError> {
    report(state, who, params, "no-hits", |scene| {
        let groups = no_hits(&scene.facts()?, |text| scene.wording(text));
        let row = |(number, group): (usize, crate::reports::NoHit)| {
            let first = group.samples.first().map(|(text, _)| text.clone()).filter(|_| number < MAX_NEAREST);
            let nearest = first.map(|text| nearest(scene, &text, 1)).transpose()?.and_then(|hits| hits.into_iter().next());
            Ok(NoHitRow::new(group, nearest))
        };
        groups.into_iter().enumerate().map(row).collect()
    })
    .await
}

/// Entries that were found and not used.
#[utoipa::path(get, path = "/v1/reports/unused", operation_id = "report_unused", tag = "reports", params(ReportParams),
    responses((status = 200, content((ReportJson<UnusedRow> = "application/json"), (String = "text/csv"), (String = "image/svg+xml")))),
    security(("bearer" = [])))]
pub(in crate::http) async fn report_unused(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ReportParams>,
) -> Result<Response, ApiError> {
    report(state, who, params, "unused", |scene| {
        Ok(passed_over(&scene.facts()?).iter().map(|passed| UnusedRow::new(passed, scene)).collect())
    })
    .await
}

/// What agents reported: nothing fits, or a hit is bad or outdated.
#[utoipa::path(get, path = "/v1/reports/gaps", operation_id = "report_gaps", tag = "reports", params(ReportParams),
    responses((status = 200, content((ReportJson<GapRow> = "application/json"), (String = "text/csv"), (String = "image/svg+xml")))),
    security(("bearer" = [])))]
pub(in crate::http) async fn report_gaps(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ReportParams>,
) -> Result<Response, ApiError> {
    report(state, who, params, "gaps", |scene| Ok(gaps(&scene.facts()?).into_iter().map(|gap| GapRow::new(gap, scene)).collect())).await
}

/// Use per entry, category, agent or channel.
#[utoipa::path(get, path = "/v1/reports/usage", operation_id = "report_usage", tag = "reports", params(ReportParams),
    responses((status = 200, content((ReportJson<UsageRow> = "application/json"), (String = "text/csv"), (String = "image/svg+xml")))),
    security(("bearer" = [])))]
pub(in crate::http) async fn report_usage(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ReportParams>,
) -> Result<Response, ApiError> {
    let by = match params.by.as_deref().filter(|by| !by.is_empty()) {
        None => By::default(),
        Some(name) => By::parse(name)
            .ok_or_else(|| ApiError::BadQuery(format!("by is one of {}; found {name:?}", By::ALL.map(By::as_str).join(", "))))?,
    };
    report(state, who, params, "usage", move |scene| {
        let rows = usage(&scene.facts()?, by, |id| scene.entry(id).map(|entry| entry.category.clone()));
        Ok(rows.into_iter().map(|row| UsageRow::new(row, by, scene)).collect())
    })
    .await
}

/// Entries in force that nobody used.
#[utoipa::path(get, path = "/v1/reports/never-used", operation_id = "report_never_used", tag = "reports", params(ReportParams),
    responses((status = 200, content((ReportJson<NeverUsedRow> = "application/json"), (String = "text/csv"), (String = "image/svg+xml")))),
    security(("bearer" = [])))]
pub(in crate::http) async fn report_never_used(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ReportParams>,
) -> Result<Response, ApiError> {
    report(state, who, params, "never-used", |scene| {
        let unused = never_used(&scene.facts()?, &scene.snapshot);
        Ok(unused.into_iter().filter(|unused| scene.sees(&unused.entry)).map(NeverUsedRow::from).collect())
    })
    .await
}

/// Entries that end or must be looked at within thirty days of the last day, and those overdue.
#[utoipa::path(get, path = "/v1/reports/expiring", operation_id = "report_expiring", tag = "reports", params(ReportParams),
    responses((status = 200, content((ReportJson<ExpiringRow> = "application/json"), (String = "text/csv"), (String = "image/svg+xml")))),
    security(("bearer" = [])))]
pub(in crate::http) async fn report_expiring(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ReportParams>,
) -> Result<Response, ApiError> {
    report(state, who, params, "expiring", |scene| {
        let by = scene.span.to.saturating_add(jiff::Span::new().days(EXPIRING_WITHIN_DAYS));
        Ok(expiring(&scene.snapshot, by).iter().filter_map(|row| ExpiringRow::new(row, scene)).collect())
    })
    .await
}

/// How fast searches were, hour by hour.
#[utoipa::path(get, path = "/v1/reports/speed", operation_id = "report_speed", tag = "reports", params(ReportParams),
    responses((status = 200, content((ReportJson<SpeedRow> = "application/json"), (String = "text/csv"), (String = "image/svg+xml")))),
    security(("bearer" = [])))]
pub(in crate::http) async fn report_speed(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ReportParams>,
) -> Result<Response, ApiError> {
    report(state, who, params, "speed", |scene| {
        Ok(speed(&scene.facts()?, &scene.snapshot.library.settings.time_zone).into_iter().map(SpeedRow::from).collect())
    })
    .await
}
