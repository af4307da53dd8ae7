//! `POST /v1/private/import`, `GET /v1/private/export`: tables into and out of what somebody keeps for themselves. The team's set is never touched.

use super::AppState;
use super::blocking;
use super::error::ApiError;
use super::extract::ApiQuery;
use super::import::{
    ExportParams, ImportCounts, ImportParams, ImportResponse, ImportRow, MAX_IMPORT_BYTES, bad_table, describe, reading, sheet,
};
use super::who::Who;
use crate::access::Right;
use crate::sheets::export::Target;
use crate::sheets::{personal, source};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;

/// Imports a table, such as one's own short phrases of 千牛, into what one keeps for oneself: title, shortcut and words. `into` and `shop` mean
/// nothing here. Nothing is dropped, and twice is as once.
#[utoipa::path(post, path = "/v1/private/import", operation_id = "import_private", tag = "content", params(ImportParams),
    request_body(content = Vec<u8>, description = "The file, at most 20 MB", content_type = "application/octet-stream"),
    responses((status = 200, body = ImportResponse)), security(("bearer" = [])))]
pub(super) async fn import_private(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ImportParams>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Json<ImportResponse>, ApiError> {
    who.require_known(Right::Use)?;
    let body = body.map_err(|_| ApiError::TooLarge(format!("the file has more than {} MB", MAX_IMPORT_BYTES >> 20)))?;
    let reading = reading(&params)?;
    let register = state.register()?;
    let own = register.private_entries(&who.identity).await?;
    let (dry_run, overwrite) = (params.dry_run, params.overwrite);
    let (mut response, plan) = blocking(move || {
        let source = source::read(&body, &reading).map_err(|error| bad_table(&error))?;
        let plan = personal::plan(&source.table, &own, overwrite).map_err(|error| bad_table(&error))?;
        Ok((describe(&source, dry_run, personal::takes)?, plan))
    })
    .await?;
    if !dry_run && !plan.kept.is_empty() {
        register.keep_private(&who.identity, &plan.kept).await?;
        let name = params.name.as_deref().unwrap_or_default();
        state.note(&who, "private.import", name, &format!("{} entries", plan.kept.len())).await;
    }
    response.counts = ImportCounts::of(&plan.rows);
    response.rows = plan.rows.into_iter().map(ImportRow::from).collect();
    Ok(Json(response))
}

/// Exports what one keeps for oneself: csv, xlsx, qianniu or qa. `shop` means nothing here.
#[utoipa::path(get, path = "/v1/private/export", operation_id = "export_private", tag = "content", params(ExportParams),
    responses((status = 200, content((Vec<u8> = "application/octet-stream"), (String = "text/csv")))), security(("bearer" = [])))]
pub(super) async fn export_private(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ExportParams>,
) -> Result<Response, ApiError> {
    who.require_known(Right::Use)?;
    let name = params.format.as_deref().filter(|name| !name.is_empty()).unwrap_or("csv");
    let target = Target::parse(name, params.container.as_deref()).filter(|target| personal::is_target(*target)).ok_or_else(|| {
        ApiError::BadQuery(format!("format is one of {}, and as is csv or xlsx; found {name:?}", personal::TARGETS.join(", ")))
    })?;
    let own = state.register()?.private_entries(&who.identity).await?;
    let bytes = blocking(move || personal::export(&own, target).map_err(|error| ApiError::Internal(error.into()))).await?;
    state.note(&who, "private.export", name, "").await;
    Ok(sheet("huashu-own", target, bytes))
}
