//! `/v1/audit`: who saw and changed what.

use super::error::ApiError;
use super::extract::ApiQuery;
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, page_limit};
use crate::access::Right;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which lines.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditParams {
    /// Of this person.
    pub who: Option<String>,
    /// Of this entry, user, file, ….
    pub what: Option<String>,
    /// At most 200; 50 where absent.
    pub limit: Option<usize>,
    /// Lines to skip.
    pub offset: usize,
}

/// One page of the audit list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditResponse {
    /// Latest first.
    pub lines: Vec<AuditLine>,
    /// How many there are on all pages.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
}

/// Who did what.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditLine {
    /// Stable.
    pub id: String,
    /// In milliseconds since 1970.
    pub at: i64,
    /// A user's name, or `local`.
    pub who: String,
    /// `noun.verb`, such as `phrasing.ban`.
    pub action: String,
    /// Of what.
    pub what: String,
    /// More, for people.
    pub detail: String,
}

impl AppState {
    /// Notes who did what. What was done stays done where the note cannot be written; the log says so.
    pub(super) async fn note(&self, who: &Who, action: &str, what: &str, detail: &str) {
        let Some(register) = &self.register else { return };
        if let Err(error) = register.audit(&who.identity, action, what, detail).await {
            metrics::counter!("huashu_audit_lost_total").increment(1);
            tracing::error!(action, %error, "the audit list lacks a line");
        }
    }
}

/// Lists who saw and changed what, latest first.
#[utoipa::path(get, path = "/v1/audit", operation_id = "list_audit", tag = "operations", params(AuditParams),
    responses((status = 200, body = AuditResponse)), security(("bearer" = [])))]
pub(super) async fn list_audit(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<AuditParams>,
) -> Result<Json<AuditResponse>, ApiError> {
    who.require(Right::Administer)?;
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    let (rows, total) = state.register()?.audit_list(params.who.as_deref(), params.what.as_deref(), limit, params.offset).await?;
    let end = params.offset.saturating_add(rows.len());
    let lines = rows.into_iter().map(|row| AuditLine {
        id: row.id,
        at: row.at_ms,
        who: row.who,
        action: row.action,
        what: row.what,
        detail: row.detail,
    });
    Ok(Json(AuditResponse { lines: lines.collect(), total, next_offset: (end < total).then_some(end) }))
}
