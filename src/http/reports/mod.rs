//! `GET /v1/reports/…`: what customers asked, what was used, what is missing; as JSON, CSV or a picture.
//!
//! The core of each report is in [`crate::reports`]; here its period is read, its facts are brought to what the caller may see, and its rows
//! are shaped. Reports are read off the async threads, a few at once.

mod handlers;
mod rows;
pub(super) mod scene;
mod weekly;

pub(super) use handlers::*;
pub use rows::*;
pub(super) use rows::{nearest, samples_json};
pub(super) use weekly::{__path_report_pain_points, __path_report_weekly, report_pain_points, report_weekly};
pub use weekly::{FiguresJson, PainAnswerJson, PainJson, PainsResponse, SuccessJson};

use super::AppState;
use super::error::ApiError;
use super::who::Who;
use crate::access::Right;
use crate::reports::chart;
use crate::sheets::cells::csv_for_excel;
use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use scene::Scene;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Reports at once: each reads up to some hundred megabytes of journal, and a trainer waits for one. The editor asks for what
/// customers also wrote in the same way.
pub(super) const MAX_REPORTS: usize = 4;

/// Days of a report where the request does not say.
const DEFAULT_DAYS: i32 = 7;

/// Most rows of one JSON answer; CSV has all.
const MAX_ROWS: usize = 1_000;

/// Rows of one JSON answer where the request does not say.
const DEFAULT_ROWS: usize = 200;

/// Which days, and in what form.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportParams {
    /// First day, such as 2026-11-16, in the library's time zone; absent: six days before the last.
    pub from: Option<String>,
    /// Last day, included; absent: today.
    pub to: Option<String>,
    /// Searches of this shop alone, by its id or alias.
    pub shop: Option<String>,
    /// json, csv (for Excel) or svg; absent: json.
    pub format: Option<String>,
    /// With usage: entry, category, agent or channel.
    pub by: Option<String>,
    /// With hot words: `rise` puts those first that rose most.
    pub sort: Option<String>,
    /// Rows to give as JSON, at most 1,000; 200 where absent.
    pub limit: Option<usize>,
    /// Rows to skip.
    pub offset: usize,
}

/// A report.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportJson<R> {
    /// First day.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// In which the days are counted.
    pub time_zone: String,
    /// Whether all searches of the period were read; else the latest 200,000.
    pub complete: bool,
    /// The rows of this page.
    pub rows: Vec<R>,
    /// How many rows there are on all pages.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
}

/// A row of a report, beside its JSON.
pub(super) trait ReportRow: Serialize + Send + 'static {
    /// Name of the report for people.
    const TITLE: &'static str;
    /// Headings of the columns of the CSV.
    const HEADINGS: &'static [&'static str];
    /// Its cells.
    fn cells(&self) -> Vec<String>;
    /// Its label and value in the picture.
    fn bar(&self) -> (String, f64);
    /// The picture.
    fn picture(title: &str, rows: &[Self]) -> Result<String, chart::ChartError>
    where
        Self: Sized,
    {
        chart::bars(title, &rows.iter().map(Self::bar).collect::<Vec<_>>())
    }
}

/// In what form a report goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Csv,
    Svg,
}

impl Form {
    fn read(name: Option<&str>) -> Result<Form, ApiError> {
        match name {
            None | Some("" | "json") => Ok(Form::Json),
            Some("csv") => Ok(Form::Csv),
            Some("svg") => Ok(Form::Svg),
            Some(other) => Err(ApiError::BadQuery(format!("format is one of json, csv, svg; found {other:?}"))),
        }
    }
}

/// One report: its rows are made off the async threads, and the audit list says who read it.
async fn report<R: ReportRow>(
    state: AppState,
    who: Who,
    params: ReportParams,
    name: &'static str,
    make: impl FnOnce(&Scene) -> Result<Vec<R>, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    who.require(Right::Report)?;
    let form = Form::read(params.format.as_deref())?;
    let limit = params.limit.unwrap_or(DEFAULT_ROWS);
    if limit > MAX_ROWS {
        return Err(ApiError::BadQuery(format!("limit is at most {MAX_ROWS}, found {limit}")));
    }
    let offset = params.offset;
    let scope = who.scope.clone();
    let (response, days) = scene::read(&state, scope, &params, move |scene| {
        let rows = make(scene)?;
        let days = format!("{} – {}", scene.span.from, scene.span.to);
        Ok((shape(scene, rows, form, (offset, limit), name)?, days))
    })
    .await?;
    state.note(&who, "report.read", name, &days).await;
    Ok(response)
}

fn shape<R: ReportRow>(scene: &Scene, rows: Vec<R>, form: Form, page: (usize, usize), name: &str) -> Result<Response, ApiError> {
    let days = format!("{}-{}", scene.span.from, scene.span.to);
    Ok(match form {
        Form::Json => {
            let (total, end) = (rows.len(), page.0.saturating_add(page.1));
            let rows: Vec<R> = rows.into_iter().skip(page.0).take(page.1).collect();
            Json(ReportJson {
                from: scene.span.from.to_string(),
                to: scene.span.to.to_string(),
                time_zone: scene.time_zone(),
                complete: scene.complete(),
                rows,
                total,
                next_offset: (end < total).then_some(end),
            })
            .into_response()
        }
        Form::Csv => {
            let head = R::HEADINGS.iter().map(|heading| (*heading).to_owned()).collect();
            let bytes = csv_for_excel(std::iter::once(head).chain(rows.iter().map(R::cells)));
            let bytes = bytes.map_err(|error| ApiError::Internal(error.into()))?;
            file(&format!("huashu-{name}-{days}.csv"), "text/csv; charset=utf-8", bytes)
        }
        Form::Svg => {
            let title = format!("{}（{} 至 {}）", R::TITLE, scene.span.from, scene.span.to);
            let svg = R::picture(&title, &rows).map_err(|error| ApiError::Internal(error.into()))?;
            ([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response()
        }
    })
}

/// Bytes to be saved under a name of ASCII.
pub(super) fn file(name: &str, media_type: &'static str, bytes: impl Into<axum::body::Body>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes.into()).into_response()
}
