//! `/v1/privacy`: the masks on samples, how long what is kept, and the records of one person given out or erased.

use super::error::ApiError;
use super::extract::ApiPath;
use super::who::Who;
use super::{AppState, blocking};
use crate::access::{Right, Role};
use crate::journal::{JournalRecords, MAX_ID_BYTES, now_ms};
use crate::mask::{PrivateKind, mask};
use crate::register::User;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What customers write, for each kind of private data. Made up: the numbers are reserved or belong to nobody.
const SAMPLES: [(PrivateKind, &str); 9] = [
    (PrivateKind::Phone, "打我电话13800138000，下午在"),
    (PrivateKind::IdCard, "清关要身份证是吗，11010519491231002X"),
    (PrivateKind::BankCard, "退到这张卡 6222 0212 3456 7894"),
    (PrivateKind::Order, "订单号2938471029384756什么时候发"),
    (PrivateKind::Tracking, "SF1234567890123到哪了"),
    (PrivateKind::Email, "发票发到zhang.san@example.com"),
    (PrivateKind::Address, "改成浙江省杭州市西湖区文三路100号3幢502室"),
    (PrivateKind::Name, "收件人：王小明"),
    (PrivateKind::Number, "编码是 83746512093"),
];

/// How private data is treated.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PrivacyResponse {
    /// A sample of each kind of private data, and what is kept of it.
    pub masks: Vec<MaskSample>,
    /// How long each kind of record is kept.
    pub retention: Vec<RetentionLine>,
}

/// A sample and what is kept of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MaskSample {
    /// phone, id_card, bank_card, order, tracking, email, address, name or number.
    pub kind: String,
    /// The kind in Chinese.
    pub zh: String,
    /// What a customer might write.
    pub sample: String,
    /// What is kept.
    pub masked: String,
}

/// How long one kind of record is kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RetentionLine {
    /// searches, events, audit, submissions, notices or points.
    pub kind: String,
    /// Days, as `library.toml` says.
    pub days: u32,
    /// When the oldest was made, in milliseconds since 1970.
    pub oldest_at: Option<i64>,
    /// How many there are.
    pub rows: i64,
}

/// All that is kept of one person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonResponse {
    /// The name.
    pub name: String,
    /// When it was put together, in milliseconds since 1970.
    pub at: i64,
    /// Of the journal: `searches`, `events`, `decisions`.
    #[schema(value_type = Object)]
    pub journal: JournalRecords,
    /// Of the register: rows by `table.column`.
    #[schema(value_type = Object)]
    pub register: BTreeMap<String, Vec<Value>>,
}

/// What was erased.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErasedResponse {
    /// Rows that went or lost the name, by kind.
    pub erased: BTreeMap<String, u64>,
}

/// Shows the masks on samples, and how long what is kept.
#[utoipa::path(get, path = "/v1/privacy", operation_id = "get_privacy", tag = "operations", responses((status = 200, body = PrivacyResponse)),
    security(("bearer" = [])))]
pub(super) async fn get_privacy(State(state): State<AppState>, who: Who) -> Result<Json<PrivacyResponse>, ApiError> {
    who.require_unscoped(Right::Administer)?;
    let sample = |(kind, text): (PrivateKind, &str)| MaskSample {
        kind: kind.as_str().to_owned(),
        zh: kind.zh().to_owned(),
        sample: text.to_owned(),
        masked: mask(text),
    };
    let mut kept: BTreeMap<&str, (i64, Option<i64>)> = BTreeMap::new();
    for (kind, rows, oldest) in state.register()?.kept().await? {
        kept.insert(kind, (rows, oldest));
    }
    if let Ok(journal) = state.journal() {
        for of in journal.kept().await? {
            kept.insert(of.kind, (of.rows, of.oldest_ms));
        }
    }
    let retention = state.live.snapshot().library.settings.retention.kinds().map(|(kind, days)| {
        let (rows, oldest_at) = kept.get(kind).copied().unwrap_or_default();
        RetentionLine { kind: kind.to_owned(), days, oldest_at, rows }
    });
    Ok(Json(PrivacyResponse { masks: SAMPLES.into_iter().map(sample).collect(), retention: retention.into() }))
}

/// A user's name as it is written, else the id of a machine.
fn read_name(state: &AppState, name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    if let Some(user) = state.register()?.people().user(name) {
        return Ok(user.name.clone());
    }
    if name.is_empty() || name.len() > MAX_ID_BYTES || name == crate::register::ERASED {
        return Err(ApiError::BadValue("the name of a user, or an install id".to_owned()));
    }
    Ok(name.to_owned())
}

/// Gives everything that is kept of one person: a user by name, or a machine by its install id.
#[utoipa::path(get, path = "/v1/privacy/people/{name}", operation_id = "export_person", tag = "operations",
    params(("name" = String, Path, description = "A user's name, or an install id")), responses((status = 200, body = PersonResponse)),
    security(("bearer" = [])))]
pub(super) async fn export_person(
    State(state): State<AppState>,
    who: Who,
    ApiPath(name): ApiPath<String>,
) -> Result<Json<PersonResponse>, ApiError> {
    who.require_unscoped(Right::Administer)?;
    let name = read_name(&state, &name)?;
    let register = state.register()?.records_of(&name).await?;
    let journal = match state.journal() {
        Ok(journal) => journal.records_of(&name).await?,
        Err(_) => JournalRecords::default(),
    };
    state.note(&who, "person.export", &name, "").await;
    Ok(Json(PersonResponse { name, at: now_ms(), journal, register }))
}

/// Erases one person: account, sessions, tokens, points and acknowledgements go, in all else a placeholder takes the place of the name. What
/// they wrote stays. Not oneself, and not the last administrator.
#[utoipa::path(delete, path = "/v1/privacy/people/{name}", operation_id = "erase_person", tag = "operations",
    params(("name" = String, Path, description = "A user's name, or an install id")), responses((status = 200, body = ErasedResponse)),
    security(("bearer" = [])))]
pub(super) async fn erase_person(
    State(state): State<AppState>,
    who: Who,
    ApiPath(name): ApiPath<String>,
) -> Result<Json<ErasedResponse>, ApiError> {
    who.require_unscoped(Right::Administer)?;
    let name = read_name(&state, &name)?;
    if name == *who.identity {
        return Err(ApiError::BadValue("nobody erases themselves: another administrator does".to_owned()));
    }
    let people = state.register()?.people();
    let is_admin = |user: &User| user.role == Role::Admin && user.is_active() && user.scope.is_everything();
    if people.user(&name).is_some_and(|user| is_admin(user)) && people.users().into_iter().filter(|user| is_admin(user)).count() == 1 {
        return Err(ApiError::LastAdmin);
    }
    let mut erased = state.register()?.erase(&name).await?;
    if let Ok(journal) = state.journal() {
        let gone = name.clone();
        let rows = blocking(move || journal.erase(&gone).map_err(ApiError::from)).await?;
        for (kind, count) in [("searches", rows.searches), ("events", rows.events), ("decisions", rows.decisions)] {
            if count > 0 {
                erased.insert(kind.to_owned(), count);
            }
        }
    }
    // The name is gone: the line says that somebody was erased, not who.
    state.note(&who, "person.erase", crate::register::ERASED, &erased.values().sum::<u64>().to_string()).await;
    Ok(Json(ErasedResponse { erased }))
}
