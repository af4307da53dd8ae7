//! `/v1/limits`: how much money each role may promise, and the check of a reply against it.
//!
//! What was promised is what was used: the amount of a reply that was made ready counts once its use is told by an event. Until then it is
//! remembered here, in memory; a restart in between loses it.

use super::AppState;
use super::check::{FindingJson, rule_severity_name};
use super::error::ApiError;
use super::extract::ApiJson;
use super::who::Who;
use crate::access::{Right, Role};
use crate::allowance::{self, Excess, Limit, Promised, yuan};
use crate::journal::now_ms;
use crate::lexicon::banned::RuleSeverity;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use utoipa::ToSchema;

/// Most limits: five roles in some hundred shops.
const MAX_LIMITS: usize = 1_000;

/// Most names of slots that hold money.
const MAX_SLOTS: usize = 100;

/// Largest limit, in yuan.
const MAX_YUAN: f64 = 10_000_000.0;

/// How long a reply that was made ready may wait for its use to be told.
const READY_MS: i64 = 60 * 60 * 1000;

/// Replies that wait for it: two hundred agents with several chats each.
const MAX_READY: usize = 20_000;

/// How much a role may promise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LimitJson {
    /// agent, qa, trainer, lead or admin.
    pub role: String,
    /// Id of a shop; absent: all shops without a limit of their own, together.
    pub shop: Option<String>,
    /// In one reply, in yuan; absent: any amount.
    pub per_reply: Option<f64>,
    /// By one person on one day, in yuan; absent: any amount.
    pub per_day: Option<f64>,
}

/// All limits.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct LimitsJson {
    /// A role without one may promise any amount.
    pub limits: Vec<LimitJson>,
    /// Names of the slots that hold money; absent in a request: as they are.
    #[serde(default)]
    pub slots: Option<Vec<String>>,
}

#[expect(clippy::cast_precision_loss, reason = "amounts are far below 2^53")]
fn in_yuan(fen: i64) -> f64 {
    fen as f64 / 100.0
}

#[expect(clippy::cast_possible_truncation, reason = "checked against the largest amount")]
fn in_fen(yuan: f64) -> Result<i64, ApiError> {
    if (0.0..=MAX_YUAN).contains(&yuan) { Ok((yuan * 100.0).round() as i64) } else { Err(bad_amount()) }
}

fn bad_amount() -> ApiError {
    ApiError::BadValue(format!("an amount is from 0 to {MAX_YUAN} yuan"))
}

/// Says how much each role may promise.
#[utoipa::path(get, path = "/v1/limits", operation_id = "get_limits", tag = "accounts", responses((status = 200, body = LimitsJson)))]
pub(super) async fn get_limits(State(state): State<AppState>, who: Who) -> Result<Json<LimitsJson>, ApiError> {
    who.require(Right::Use)?;
    let Some(register) = &state.register else { return Ok(Json(LimitsJson::default())) };
    let (limits, slots) = register.limits().await?;
    let visible = limits.into_iter().filter(|limit| limit.shop.as_deref().is_none_or(|shop| who.scope.sees_shop(shop)));
    let json = |limit: Limit| LimitJson {
        role: limit.role.as_str().to_owned(),
        shop: limit.shop,
        per_reply: limit.per_reply.map(in_yuan),
        per_day: limit.per_day.map(in_yuan),
    };
    Ok(Json(LimitsJson { limits: visible.map(json).collect(), slots: Some(slots) }))
}

/// Sets all limits.
#[utoipa::path(put, path = "/v1/limits", operation_id = "set_limits", tag = "accounts", request_body = LimitsJson,
    responses((status = 200, body = LimitsJson)), security(("bearer" = [])))]
pub(super) async fn set_limits(
    State(state): State<AppState>,
    who: Who,
    ApiJson(request): ApiJson<LimitsJson>,
) -> Result<Json<LimitsJson>, ApiError> {
    who.require_unscoped(Right::Administer)?;
    let register = state.register()?;
    let read = |limit: &LimitJson| {
        let role = Role::parse(&limit.role).ok_or_else(|| ApiError::BadValue(format!("no role is called {:?}", limit.role)))?;
        let (per_reply, per_day) = (limit.per_reply.map(in_fen).transpose()?, limit.per_day.map(in_fen).transpose()?);
        Ok::<_, ApiError>(Limit { role, shop: limit.shop.clone(), per_reply, per_day })
    };
    let limits: Vec<Limit> = request.limits.iter().map(read).collect::<Result<_, _>>()?;
    let twice = limits.iter().enumerate().any(|(at, a)| limits[..at].iter().any(|b| (a.role, &a.shop) == (b.role, &b.shop)));
    let slots = match request.slots {
        Some(slots) => slots.iter().map(|slot| slot.trim().to_owned()).filter(|slot| !slot.is_empty()).collect(),
        None => register.limits().await?.1,
    };
    if twice || limits.len() > MAX_LIMITS || slots.len() > MAX_SLOTS {
        let what = format!("at most {MAX_LIMITS} limits, one for a role and shop, and {MAX_SLOTS} slots");
        return Err(ApiError::BadValue(what));
    }
    register.set_limits(&limits, &slots).await?;
    state.note(&who, "limits.set", "", &format!("{} limits", limits.len())).await;
    get_limits(State(state), who).await
}

/// Replies that were made ready, by who did it and which reply: what they promise.
#[derive(Debug, Default)]
pub(super) struct Ready(Mutex<HashMap<(String, String), ReadyReply>>);

#[derive(Debug)]
struct ReadyReply {
    promised: Promised,
    at_ms: i64,
}

impl Ready {
    fn put(&self, identity: &str, reply: &str, promised: Promised, now: i64) {
        let mut ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ready.len() >= MAX_READY {
            ready.retain(|_, of| now - of.at_ms < READY_MS);
        }
        if promised.fen == 0 {
            ready.remove(&(identity.to_owned(), reply.to_owned()));
        } else if ready.len() < MAX_READY {
            ready.insert((identity.to_owned(), reply.to_owned()), ReadyReply { promised, at_ms: now });
        }
    }

    fn take(&self, identity: &str, reply: &str, now: i64) -> Option<Promised> {
        let mut ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = ready.remove(&(identity.to_owned(), reply.to_owned()))?;
        (now - taken.at_ms < READY_MS).then_some(taken.promised)
    }
}

/// What a caller may still promise today.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    limits: Vec<Limit>,
    slots: Vec<String>,
    promised: Vec<Promised>,
}

impl Allowance {
    /// Of the caller, now. Who is nobody, or this machine, has no limit.
    pub(super) async fn of(state: &AppState, who: &Who) -> Result<Allowance, ApiError> {
        let Some(register) = state.register.as_ref().filter(|_| who.is_user()) else { return Ok(Allowance::default()) };
        let (limits, slots) = register.limits().await?;
        if !limits.iter().any(|limit| limit.role == who.role) {
            return Ok(Allowance::default());
        }
        let promised = register.promised(&who.identity, &today(state)).await?;
        Ok(Allowance { limits, slots, promised })
    }

    /// Whether a slot holds money that counts.
    pub(super) fn counts(&self, slot: &str) -> bool {
        self.slots.iter().any(|name| name == slot)
    }

    /// What stands against sending a reply with these amounts; where nothing does, it is remembered until its use is told.
    pub(super) fn check(
        &self,
        state: &AppState,
        who: &Who,
        (reply, shop): (&str, Option<&str>),
        amounts: &[String],
        text: &str,
    ) -> Option<FindingJson> {
        let amounts: Vec<&str> = amounts.iter().map(String::as_str).collect();
        let excess = match allowance::check(&self.limits, who.role, shop, &self.promised, &amounts) {
            Ok(fen) => {
                if !self.limits.is_empty() {
                    state.ready.put(&who.identity, reply, Promised { shop: shop.map(str::to_owned), fen }, now_ms());
                }
                return None;
            }
            Err(excess) => excess,
        };
        let place = amounts.iter().find_map(|amount| Some((text.find(amount)?, *amount)));
        let (at, amount) = place.unwrap_or((0, ""));
        let start = text[..at].chars().count();
        Some(FindingJson {
            type_: "limit".to_owned(),
            code: code(&excess).to_owned(),
            class: "额度".to_owned(),
            severity: rule_severity_name(RuleSeverity::Block).to_owned(),
            why: self.why(&excess, shop, &amounts),
            better: Vec::new(),
            start,
            end: start + amount.chars().count(),
            text: amount.to_owned(),
        })
    }

    fn why(&self, excess: &Excess, shop: Option<&str>, amounts: &[&str]) -> String {
        let fen: i64 = amounts.iter().filter_map(|amount| allowance::read_fen(amount)).sum();
        let may: Vec<&str> = allowance::who_may(&self.limits, shop, fen).filter(|role| role.has(Right::Propose)).map(Role::zh).collect();
        let may = if may.is_empty() { "没有角色可以".to_owned() } else { format!("可以找{}", may.join("、")) };
        match excess {
            Excess::Unreadable => "金额要写成数字，例如 20 或 20.5，才能核对额度".to_owned(),
            Excess::Reply { limit } => format!("{} 元超过单次额度 {} 元，{may}", yuan(fen), yuan(*limit)),
            Excess::Day { limit, promised } => {
                format!("今天已经用了 {} 元，再加 {} 元超过每日额度 {} 元，{may}", yuan(*promised), yuan(fen), yuan(*limit))
            }
        }
    }
}

fn code(excess: &Excess) -> &'static str {
    match excess {
        Excess::Unreadable => "amount_unreadable",
        Excess::Reply { .. } => "above_reply_limit",
        Excess::Day { .. } => "above_day_limit",
    }
}

/// Counts what a use promises, where the reply was made ready before.
pub(super) async fn note_use(state: &AppState, who: &Who, event: &str, entry: &str, reply: &str) {
    let Some(register) = state.register.as_ref().filter(|_| who.is_user()) else { return };
    let Some(promised) = state.ready.take(&who.identity, reply, now_ms()) else { return };
    if let Err(error) = register.note_promise(event, &who.identity, &today(state), entry, &promised).await {
        tracing::error!(%error, "an amount that was promised is not counted");
    }
}

/// The day in the library's time zone.
fn today(state: &AppState) -> String {
    let library = &state.live.snapshot().library;
    library.local(jiff::Timestamp::now()).date().to_string()
}
