//! `POST /v1/check`: what must be mended in a draft before it is sent.

use super::error::ApiError;
use super::extract::ApiJson;
use super::who::Who;
use super::{AppState, blocking};
use crate::access::Right;
use crate::facet::Facet;
use crate::lexicon::Lexicon;
use crate::lexicon::banned::RuleSeverity;
use crate::library::Shop;
use crate::{link, mask, slots};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use utoipa::ToSchema;

/// Longest draft, in characters: a hundred times a chat message.
pub const MAX_DRAFT_CHARS: usize = 20_000;

/// A draft.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CheckRequest {
    /// At most 20,000 characters.
    #[schema(example = "亲，加我微信{{微信号}}，好评返现")]
    pub text: String,
    /// Rules of other channels do not count; absent: all count.
    pub channel: Option<String>,
    /// Id or alias of the shop: links to other than its domains are findings.
    #[serde(default)]
    pub shop: Option<String>,
}

/// What is wrong with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CheckResponse {
    /// In the order of the text.
    pub findings: Vec<FindingJson>,
    /// Whether one of them forbids sending.
    pub blocked: bool,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingJson {
    /// banned, slot, link, private or limit.
    #[serde(rename = "type")]
    pub type_: String,
    /// Id of the rule; `unfilled-slot`, `unclosed-slot`; `foreign-link`; phone, id_card, bank_card, email; above_reply_limit, above_day_limit, amount_unreadable.
    pub code: String,
    /// 引流, 极限词, …; 变量; 链接; 隐私; 额度.
    pub class: String,
    /// block: must not be sent; warn: think again.
    pub severity: String,
    /// Why, for people.
    pub why: String,
    /// What to say instead.
    pub better: Vec<String>,
    /// First character, counted in Unicode code points from 0.
    pub start: usize,
    /// First character after it, likewise.
    pub end: usize,
    /// What stands there.
    pub text: String,
}

/// All findings in a text, in its order; in a shop's name where there is one.
pub fn check_text(text: &str, channel: Option<&str>, shop: Option<&Shop>, lexicon: &Lexicon) -> Vec<FindingJson> {
    let mut found: Vec<(Range<usize>, FindingJson)> = Vec::new();
    let mut add = |span: Range<usize>, (type_, code, class): (&str, &str, &str), severity: RuleSeverity, why: &str, better: &[String]| {
        let finding = FindingJson {
            type_: type_.to_owned(),
            code: code.to_owned(),
            class: class.to_owned(),
            severity: rule_severity_name(severity).to_owned(),
            why: why.to_owned(),
            better: better.to_vec(),
            start: text[..span.start].chars().count(),
            end: text[..span.end].chars().count(),
            text: text[span.clone()].to_owned(),
        };
        found.push((span, finding));
    };
    for finding in lexicon.banned.find(text, channel) {
        if let Some(rule) = lexicon.banned.rules.get(finding.rule) {
            add(finding.span, ("banned", &rule.id, &rule.class), rule.severity, &rule.why, &rule.better);
        }
    }
    let blanks = slots::find(text);
    for slot in blanks.slots.into_iter().filter(|slot| slot.fallback.is_none()) {
        add(slot.span, ("slot", "unfilled-slot", "变量"), RuleSeverity::Block, &format!("变量「{}」还没有填", slot.name), &[]);
    }
    for open in blanks.unclosed {
        add(open..open + 2, ("slot", "unclosed-slot", "变量"), RuleSeverity::Block, "变量缺少右括号 }}", &[]);
    }
    for range in shop.map(|shop| foreign_links(text, shop)).unwrap_or_default() {
        let why = "链接不在店铺允许的域名里（link_domains），可能被平台判为引流";
        add(range, ("link", "foreign-link", "链接"), RuleSeverity::Block, why, &[]);
    }
    for private in mask::find(text).into_iter().filter(|private| private.kind.is_secret()) {
        let why = format!("含有{}，确认是否应当发出", private.kind.zh());
        add(private.span, ("private", private.kind.as_str(), "隐私"), RuleSeverity::Warn, &why, &[]);
    }
    found.sort_by_key(|(span, _)| (span.start, span.end));
    found.into_iter().map(|(_, finding)| finding).collect()
}

fn foreign_links(text: &str, shop: &Shop) -> Vec<Range<usize>> {
    let is_foreign =
        |range: &Range<usize>| link::host(&text[range.clone()]).is_some_and(|host| !link::is_allowed(&host, &shop.link_domains));
    link::find(text).filter(is_foreign).collect()
}

/// The name in JSON.
pub(super) fn rule_severity_name(severity: RuleSeverity) -> &'static str {
    match severity {
        RuleSeverity::Block => "block",
        RuleSeverity::Warn => "warn",
    }
}

/// Checks a draft.
#[utoipa::path(post, path = "/v1/check", operation_id = "check", tag = "content", request_body = CheckRequest,
    responses((status = 200, body = CheckResponse)))]
pub(super) async fn post_check(
    State(state): State<AppState>,
    who: Who,
    ApiJson(request): ApiJson<CheckRequest>,
) -> Result<Json<CheckResponse>, ApiError> {
    who.require(Right::Use)?;
    let length = request.text.chars().count();
    if length > MAX_DRAFT_CHARS {
        return Err(ApiError::TooLarge(format!("a draft has at most {MAX_DRAFT_CHARS} characters, found {length}")));
    }
    let place = state.take_place().await?;
    let findings = blocking(move || {
        let _place = place;
        let snapshot = state.live.snapshot();
        let lexicon = &snapshot.library.lexicon;
        let channel = request.channel.as_deref().map(|channel| lexicon.facets.resolve(Facet::Channel, channel).unwrap_or(channel));
        let shop = request.shop.as_deref().map(|shop| lexicon.facets.resolve(Facet::Shop, shop).unwrap_or(shop));
        let shop = shop.filter(|shop| who.scope.sees_shop(shop));
        Ok(check_text(&request.text, channel, shop.and_then(|shop| snapshot.library.shops.get(shop)), lexicon))
    });
    let findings = findings.await?;
    let blocked = findings.iter().any(|finding| finding.severity == rule_severity_name(RuleSeverity::Block));
    Ok(Json(CheckResponse { findings, blocked }))
}
