//! `/v1/points`: the board of contribution points and its ledger; and the job that counts what others have used by now.

use super::AppState;
use super::error::ApiError;
use super::extract::ApiQuery;
use super::who::Who;
use crate::access::Right;
use crate::journal::UsesBy;
use crate::register::PointsRow;
use crate::sheets::cells::csv_for_excel;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

/// Lines that are looked at each time: more than a team proposes in a year.
const MAX_PENDING: usize = 5_000;

/// Most lines of a ledger in one answer.
const MAX_LEDGER: usize = 10_000;

/// Most places of the board.
const MAX_BOARD: usize = 1_000;

/// Which points.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct PointsParams {
    /// The first day, `2026-11-01`, on which they were earned; absent: since ever.
    pub from: Option<String>,
    /// The last day; absent: until now.
    pub to: Option<String>,
    /// json or csv; json where absent.
    pub format: Option<String>,
}

/// Who earned what.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PointsResponse {
    /// Counted points, most first.
    pub board: Vec<BoardLine>,
    /// Latest first, at most 10,000: everybody's for who may read reports, else one's own.
    pub ledger: Vec<LedgerLine>,
}

/// One place of the board.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BoardLine {
    /// A user's name.
    pub who: String,
    /// Counted points.
    pub points: i64,
}

/// One line of the ledger.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LedgerLine {
    /// When they were earned, in milliseconds since 1970.
    pub at: i64,
    /// For whom.
    pub who: String,
    /// How many.
    pub points: u32,
    /// The kind of the proposal, or gap.
    pub reason: String,
    /// The entry that others have to use.
    pub entry_id: String,
    /// pending or counted.
    pub state: String,
    /// How often others have used it until now; absent once the points count.
    pub uses: Option<u32>,
    /// How often they have to.
    pub needed: u32,
}

impl AppState {
    /// Lets points count whose entry others have used often enough; gives the uses of those that do not yet, by line.
    pub(super) async fn count_points(&self) -> Result<HashMap<String, u32>, ApiError> {
        let register = self.register()?;
        let pending = register.pending_points(MAX_PENDING).await?;
        let Ok(journal) = self.journal() else { return Ok(HashMap::new()) };
        let asked: Vec<UsesBy> = pending
            .iter()
            .map(|PointsRow { earned, at_ms, .. }| UsesBy { entry_id: earned.entry_id.clone(), but: earned.who.clone(), since_ms: *at_ms })
            .collect();
        let uses = journal.uses(&asked).await?;
        let (mut counted, mut waiting) = (Vec::new(), HashMap::new());
        for (row, uses) in pending.into_iter().zip(uses) {
            if uses >= row.earned.needed {
                counted.push(row.id);
            } else {
                waiting.insert(row.id, uses);
            }
        }
        register.count_points(&counted).await?;
        Ok(waiting)
    }

    /// Begin or end of a day of the library, in milliseconds.
    fn day_ms(&self, name: &str, day: Option<&str>, after: bool) -> Result<Option<i64>, ApiError> {
        let Some(text) = day else { return Ok(None) };
        let bad = || ApiError::BadQuery(format!("{name} is a day such as 2026-11-01, found {text:?}"));
        let day: Date = text.parse().map_err(|_| bad())?;
        let day = if after { day.tomorrow().map_err(|_| bad())? } else { day };
        let zone = self.live.snapshot().library.settings.time_zone.clone();
        Ok(Some(day.to_zoned(zone).map_err(|_| bad())?.timestamp().as_millisecond()))
    }
}

/// Gives the board and the ledger.
#[utoipa::path(get, path = "/v1/points", operation_id = "list_points", tag = "review", params(PointsParams),
    responses((status = 200, description = "As JSON, or with `format=csv` the ledger as CSV", content(
        (PointsResponse = "application/json"), (String = "text/csv")))), security(("bearer" = [])))]
pub(super) async fn list_points(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<PointsParams>,
) -> Result<Response, ApiError> {
    who.require(Right::Use)?;
    let is_csv = match params.format.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(other) => return Err(ApiError::BadQuery(format!("format is json or csv; found {other:?}"))),
    };
    let from = state.day_ms("from", params.from.as_deref(), false)?.unwrap_or(0);
    let until = state.day_ms("to", params.to.as_deref(), true)?.unwrap_or(i64::MAX);
    let uses = state.count_points().await?;
    let register = state.register()?;
    let own = (!who.may(Right::Report)).then_some(&*who.identity);
    let ledger = register.points(from, until, own, MAX_LEDGER).await?;
    if is_csv {
        state.note(&who, "points.export", "", "").await;
        let zone = state.live.snapshot().library.settings.time_zone.clone();
        return csv(&ledger, &zone);
    }
    let board = register.points_board(from, until, MAX_BOARD).await?;
    let response = PointsResponse {
        board: board.into_iter().map(|(who, points)| BoardLine { who, points }).collect(),
        ledger: ledger.into_iter().map(|row| line(row, &uses)).collect(),
    };
    Ok(Json(response).into_response())
}

fn state_of(row: &PointsRow) -> &'static str {
    if row.counted_ms.is_some() { "counted" } else { "pending" }
}

fn line(row: PointsRow, uses: &HashMap<String, u32>) -> LedgerLine {
    LedgerLine {
        at: row.at_ms,
        state: state_of(&row).to_owned(),
        uses: uses.get(&row.id).copied(),
        who: row.earned.who,
        points: row.earned.points,
        reason: row.earned.reason,
        entry_id: row.earned.entry_id,
        needed: row.earned.needed,
    }
}

fn csv(ledger: &[PointsRow], zone: &jiff::tz::TimeZone) -> Result<Response, ApiError> {
    let day = |at_ms: i64| {
        let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default().to_zoned(zone.clone());
        at.strftime("%Y-%m-%d %H:%M").to_string()
    };
    let heading = ["时间", "谁", "积分", "原因", "条目", "状态"].map(str::to_owned).to_vec();
    let rows = ledger.iter().map(|row| {
        let reason = match row.earned.reason.as_str() {
            "new" => "新词条",
            "case" => "案例",
            "edit" => "修改",
            "phrasing" => "问法",
            "correction" => "纠错",
            "outdated" => "过时",
            _ => "反馈的缺口",
        };
        let state = if row.counted_ms.is_some() { "已计" } else { "待计" };
        vec![
            day(row.at_ms),
            row.earned.who.clone(),
            row.earned.points.to_string(),
            reason.to_owned(),
            row.earned.entry_id.clone(),
            state.to_owned(),
        ]
    });
    let bytes = csv_for_excel(std::iter::once(heading).chain(rows)).map_err(|error| ApiError::Internal(error.into()))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"points.csv\"")),
    ];
    Ok((headers, bytes).into_response())
}
