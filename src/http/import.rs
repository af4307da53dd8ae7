//! `POST /v1/import`: a table into the library, row by row; `GET /v1/export`: the library as a table.

use super::error::ApiError;
use super::extract::ApiQuery;
use super::reports::file;
use super::who::Who;
use super::{AppState, blocking};
use crate::access::Right;
use crate::editing::{Change, EditingError, Way};
use crate::facet::Facet;
use crate::library::write::WriteError;
use crate::sheets::columns::{Column, Columns};
use crate::sheets::import::{self, ImportError, Options, Outcome, Plan, RowOutcome};
use crate::sheets::platform::Platform;
use crate::sheets::source::{self, By, Reading, Source};
use crate::sheets::{Format, export, platform};
use crate::snapshot::Snapshot;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::path::Path;
use utoipa::{IntoParams, ToSchema};

/// Largest table of a request: what a browser sends while somebody waits; larger ones go by `huashu import`.
pub const MAX_IMPORT_BYTES: usize = 20 << 20;

/// Most rows likewise: their files are written within the time of a request.
pub const MAX_IMPORT_ROWS: usize = 10_000;

/// How to import.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportParams {
    /// Only say what would become of each row.
    pub dry_run: bool,
    /// The table wins over what was edited here; else that is kept and told of.
    pub overwrite: bool,
    /// Folder of the library for new entries; absent: the library itself.
    pub into: Option<String>,
    /// auto (by the header), huashu (ours), qianniu, lanren, maxkb, zammad, briskine or qa.
    pub format: Option<String>,
    /// Names of the columns in order, parted by commas, in place of those in the file; `-` leaves one out.
    pub columns: Option<String>,
    /// With columns: false where the file has no row of names.
    pub header: Option<bool>,
    /// The file's name: its ending tells what it is.
    pub name: Option<String>,
    /// The shop whose set the table is: codes are unique per shop, and new entries are for it alone.
    pub shop: Option<String>,
}

/// What became of a table, or would.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportResponse {
    /// huashu (ours), or the program that the table comes from.
    pub format: String,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The columns in the order of the table; those at the end may have been made of others.
    pub columns: Vec<ImportColumn>,
    /// What a column can be.
    pub fields: Vec<ImportField>,
    /// Sheets of the workbook that were not read.
    pub other_sheets: Vec<String>,
    /// A row each, in order.
    pub rows: Vec<ImportRow>,
    /// How many rows came to what.
    pub counts: ImportCounts,
}

/// A column of the table.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportColumn {
    /// From 0.
    pub index: usize,
    /// As the file names it.
    pub heading: String,
    /// What it is read as; absent: not read.
    pub field: Option<String>,
    /// The first cells, so that somebody can tell what the column is.
    pub samples: Vec<String>,
}

/// What a column can be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportField {
    /// Its name in `columns`.
    pub field: String,
    /// Its name for people.
    pub zh: String,
}

/// A row and what became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportRow {
    /// As a spreadsheet program counts, from 1.
    pub row: usize,
    /// created, updated, unchanged, conflict (the file says something else and is kept) or refused.
    pub outcome: String,
    /// Of its entry, where it came so far.
    pub id: Option<String>,
    /// Of its entry's file.
    pub path: Option<String>,
    /// With conflict and refused: why, in Chinese.
    pub why: Option<String>,
    /// The same in English.
    pub why_en: Option<String>,
}

/// How many rows came to what.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct ImportCounts {
    /// New files.
    pub created: usize,
    /// Changed files.
    pub updated: usize,
    /// Files that say it already.
    pub unchanged: usize,
    /// Files that say something else and are kept.
    pub conflict: usize,
    /// Rows that cannot be used.
    pub refused: usize,
}

impl ImportCounts {
    /// Counts rows.
    pub fn of(rows: &[RowOutcome]) -> ImportCounts {
        let mut counts = ImportCounts::default();
        for row in rows {
            *match row.outcome {
                Outcome::Created => &mut counts.created,
                Outcome::Updated => &mut counts.updated,
                Outcome::Unchanged => &mut counts.unchanged,
                Outcome::Conflict(_) => &mut counts.conflict,
                Outcome::Refused(_) => &mut counts.refused,
            } += 1;
        }
        counts
    }
}

/// Samples of a column, and their longest, in characters: what fits a select's label.
const SAMPLES: (usize, usize) = (3, 40);

/// Imports a table: CSV, TSV, XLSX or JSON lines, ours or that of another program. Nothing is ever deleted, and twice is as once.
#[utoipa::path(post, path = "/v1/import", operation_id = "import_table", tag = "content", params(ImportParams),
    request_body(content = Vec<u8>, description = "The file, at most 20 MB", content_type = "application/octet-stream"),
    responses((status = 200, body = ImportResponse)), security(("bearer" = [])))]
pub(super) async fn import_table(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ImportParams>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Json<ImportResponse>, ApiError> {
    who.require(Right::Edit)?;
    require_all(&who)?;
    let body = body.map_err(|_| ApiError::TooLarge(format!("the file has more than {} MB: use huashu import", MAX_IMPORT_BYTES >> 20)))?;
    let reading = reading(&params)?;
    let into = params.into.as_deref().unwrap_or_default().trim_matches('/').to_owned();
    check_folder(&into)?;
    let (dry_run, overwrite) = (params.dry_run, params.overwrite);
    let snapshot = state.live.snapshot();
    let shop = params.shop.as_deref().filter(|shop| !shop.is_empty()).map(|shop| known_shop(&snapshot, shop)).transpose()?;
    let planned = blocking(move || {
        let source = source::read(&body, &reading).map_err(|error| bad_table(&error))?;
        if source.table.rows.len() > MAX_IMPORT_ROWS {
            let rows = source.table.rows.len();
            return Err(ApiError::TooLarge(format!(
                "at most {MAX_IMPORT_ROWS} rows are imported at once, found {rows}: use huashu import"
            )));
        }
        let dir = &snapshot.library.dir;
        let options = Options { library: Some(dir), overwrite, by_name: source.platform.is_some(), shop: shop.as_deref() };
        let plan = import::plan(&source.table, &dir.join(&into), options, |_, _| {}).map_err(failed)?;
        Ok((describe(&source, dry_run, |_| true)?, plan))
    });
    let (mut response, plan) = planned.await?;
    let rows = if dry_run { plan.rows } else { write(&state, &who, plan, &params).await? };
    response.counts = ImportCounts::of(&rows);
    response.rows = rows.into_iter().map(ImportRow::from).collect();
    Ok(Json(response))
}

/// Who sees only a part of the library cannot be told what stands in the way in the rest.
fn require_all(who: &Who) -> Result<(), ApiError> {
    if who.scope.is_everything() { Ok(()) } else { Err(ApiError::Forbidden(Right::Edit)) }
}

/// The id of a shop of the library.
fn known_shop(snapshot: &Snapshot, shop: &str) -> Result<String, ApiError> {
    let id = snapshot.library.lexicon.facets.resolve(Facet::Shop, shop);
    id.map(str::to_owned).ok_or_else(|| ApiError::BadQuery(format!("shop is one of the library, see GET /v1/library; found {shop:?}")))
}

pub(super) fn reading(params: &ImportParams) -> Result<Reading, ApiError> {
    let name = params.format.as_deref().unwrap_or_default();
    let by = By::parse(name).ok_or_else(|| {
        let known = Platform::ALL.map(Platform::as_str).join(", ");
        ApiError::BadQuery(format!("format is one of auto, huashu, {known}; found {name:?}"))
    })?;
    let columns = params.columns.as_deref().filter(|columns| !columns.trim().is_empty());
    let columns = columns.map(|columns| columns.split([',', '，']).map(|name| name.trim().to_owned()).collect());
    let format = params.name.as_deref().and_then(|name| Format::of_path(Path::new(name)));
    Ok(Reading { format, by, columns, has_header: params.header.unwrap_or(true) })
}

/// A folder in the library and nowhere else.
fn check_folder(folder: &str) -> Result<(), ApiError> {
    let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0']) && part.len() <= 255;
    if folder.is_empty() || folder.split('/').all(is_plain) {
        return Ok(());
    }
    Err(ApiError::BadQuery(format!("into is a folder of the library, such as 导入/千牛; found {folder:?}")))
}

pub(super) fn bad_table(error: &crate::sheets::table::TableError) -> ApiError {
    ApiError::BadValue(error.to_string())
}

fn failed(error: ImportError) -> ApiError {
    match error {
        ImportError::Table(error) => bad_table(&error),
        ImportError::Nested { .. } => ApiError::BadQuery(error.to_string()),
        error @ (ImportError::Stopped { .. } | ImportError::Folder { .. }) => ApiError::LibraryDown(error.to_string()),
        error => ApiError::Internal(error.into()),
    }
}

/// What was read, as far as it `means` something where it goes.
pub(super) fn describe(source: &Source, dry_run: bool, means: impl Fn(Column) -> bool) -> Result<ImportResponse, ApiError> {
    let columns = Columns::of(&source.table.columns).map_err(|error| bad_table(&error))?;
    let samples = |place: usize| {
        let cells = source.table.rows.iter().filter_map(|row| row.cells.get(place)).filter(|cell| !cell.trim().is_empty());
        cells.take(SAMPLES.0).map(|cell| cell.chars().take(SAMPLES.1).collect()).collect()
    };
    let column = |(index, name): (usize, &String)| ImportColumn {
        index,
        heading: source.headings.get(index).unwrap_or(name).clone(),
        field: columns.at(index).filter(|column| means(*column)).map(Column::name),
        samples: samples(index),
    };
    Ok(ImportResponse {
        format: source.platform.map_or("huashu", Platform::as_str).to_owned(),
        dry_run,
        columns: source.table.columns.iter().enumerate().map(column).collect(),
        fields: Column::choices()
            .filter(|(column, _)| means(*column))
            .map(|(column, zh)| ImportField { field: column.name(), zh: zh.to_owned() })
            .collect(),
        other_sheets: source.table.other_sheets.clone(),
        rows: Vec::new(),
        counts: ImportCounts::default(),
    })
}

/// Writes the files of a plan in the one way in which content changes, and waits until they are found.
async fn write(state: &AppState, who: &Who, plan: Plan, params: &ImportParams) -> Result<Vec<RowOutcome>, ApiError> {
    let why = params.name.as_deref().map(|name| format!("导入 {name}"));
    let author = state.author(who, Way::Import, why.as_deref());
    let changes: Vec<Change> = plan.files().map(|file| Change::write(&file.path, file.bytes, file.expected)).collect();
    let written = changes.len();
    let results = state.editing()?.apply_all(changes, &author).await?;
    let results: Vec<Result<(), WriteError>> = results
        .into_iter()
        .map(|result| match result {
            Ok(_) => Ok(()),
            Err(EditingError::Write(error)) => Err(error),
            Err(error) => Err(WriteError::Io { path: String::new(), source: std::io::Error::other(error) }),
        })
        .collect();
    let rows = blocking(move || plan.finish(results).map_err(failed)).await?;
    state.publish().await;
    state.note(who, "library.import", params.name.as_deref().unwrap_or_default(), &format!("{written} files")).await;
    Ok(rows)
}

impl From<RowOutcome> for ImportRow {
    fn from(row: RowOutcome) -> ImportRow {
        let reason = row.outcome.reason();
        ImportRow {
            row: row.row,
            outcome: row.outcome.as_str().to_owned(),
            id: row.id,
            path: row.path,
            why: reason.as_ref().map(|reason| reason.zh.clone()),
            why_en: reason.map(|reason| reason.en),
        }
    }
}

/// In what form.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportParams {
    /// csv, tsv, xlsx or jsonl (whole, and back again without loss); qianniu, lanren, maxkb, zammad, briskine or qa.
    pub format: Option<String>,
    /// With the form of another program: csv or xlsx; absent: what it takes.
    #[param(rename = "as")]
    #[serde(rename = "as")]
    pub container: Option<String>,
    /// Only entries for this shop, or for all.
    pub shop: Option<String>,
}

/// Exports the library as a file. Cells that a spreadsheet program would run are made harmless.
#[utoipa::path(get, path = "/v1/export", operation_id = "export_table", tag = "content", params(ExportParams),
    responses((status = 200, content((Vec<u8> = "application/octet-stream"), (String = "text/csv"), (String = "application/jsonl")))),
    security(("bearer" = [])))]
pub(super) async fn export_table(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ExportParams>,
) -> Result<Response, ApiError> {
    who.require(Right::Edit)?;
    let name = params.format.as_deref().filter(|name| !name.is_empty()).unwrap_or("csv");
    let target = export::Target::parse(name, params.container.as_deref()).ok_or_else(|| {
        ApiError::BadQuery(format!("format is one of {}, and as is csv or xlsx; found {name:?}", export::Target::names().join(", ")))
    })?;
    let (snapshot, scope) = (state.live.snapshot(), who.scope.clone());
    let shop = params.shop.clone().filter(|shop| !shop.is_empty());
    let (bytes, missing) = blocking(move || {
        let (mut entries, missing) = export::read(&snapshot.library);
        entries.retain(|exported| scope.sees(exported.entry));
        if let Some(shop) = shop {
            export::keep_shop(&mut entries, &shop, &snapshot.library);
        }
        let mut bytes = Vec::new();
        export::export_as(&entries, target, &mut bytes).map_err(|error| ApiError::Internal(error.into()))?;
        Ok((bytes, missing.len()))
    })
    .await?;
    if missing > 0 {
        tracing::warn!(missing, "entries whose files cannot be read are not in the export");
    }
    state.note(&who, "library.export", name, "").await;
    let stem = if platform::Platform::parse(name).is_some() { format!("huashu-{name}") } else { "huashu".to_owned() };
    Ok(sheet(&stem, target, bytes))
}

/// A table as a file to keep.
pub(super) fn sheet(stem: &str, target: export::Target, bytes: Vec<u8>) -> Response {
    let media_type = match target.ending() {
        "csv" => "text/csv; charset=utf-8",
        "tsv" => "text/tab-separated-values; charset=utf-8",
        "jsonl" => "application/jsonl",
        _ => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    };
    file(&format!("{stem}.{}", target.ending()), media_type, bytes)
}
