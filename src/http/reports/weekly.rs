//! `GET /v1/reports/pain-points` and `/weekly`: what hurts most, as JSON, Markdown or one page.

use super::rows::samples_json;
use super::scene::{self, Scene};
use super::{ReportParams, SampleJson, file};
use crate::access::Right;
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::extract::ApiQuery;
use crate::http::who::Who;
use crate::reports::weekly::{Figures, STYLE, TitledPain, Weekly, html, markdown};
use crate::reports::{Answered, Facts, NoHit, Span, hot_words, pains, week_of};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

/// Rising words of the page.
const MAX_RISING: usize = 8;

/// A word of fewer messages rises by chance.
const MIN_RISING_COUNT: usize = 3;

/// Which week.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct WeeklyParams {
    /// Such as 2026-W47; absent: the last that is over.
    pub week: Option<String>,
    /// Searches of this shop alone.
    pub shop: Option<String>,
    /// json, markdown or html; absent: json.
    pub format: Option<String>,
}

/// Figures of a period.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FiguresJson {
    /// Searches that were seen.
    pub searches: usize,
    /// Agents who searched.
    pub agents: usize,
    /// Searches of which something was used.
    pub used: usize,
    /// Searches without a good answer.
    pub unanswered: usize,
    /// Gaps and bad or outdated hits that agents reported.
    pub reported: usize,
    /// Half of the searches were as fast.
    pub p50_ms: f64,
    /// All but one of a hundred.
    pub p99_ms: f64,
}

impl From<&Figures> for FiguresJson {
    fn from(figures: &Figures) -> FiguresJson {
        let Figures { searches, agents, used, unanswered, reported, p50_ms, p99_ms } = *figures;
        FiguresJson { searches, agents, used, unanswered, reported, p50_ms, p99_ms }
    }
}

/// How messages fared.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuccessJson {
    /// Searches.
    pub asked: usize,
    /// Of which an answer was used.
    pub used: usize,
    /// The share, 0 to 1; absent where nobody asked.
    pub share: Option<f64>,
}

/// What people asked in vain, and what came of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PainJson {
    /// Of the group of messages; also that of the wish.
    pub id: String,
    /// Masked, the commonest first.
    pub samples: Vec<SampleJson>,
    /// Searches.
    pub count: usize,
    /// Conversations, or agents where the conversation is unknown.
    pub people: usize,
    /// The latest, in milliseconds since 1970.
    pub last_at: i64,
    /// What the library answers today, where it can be relied on.
    pub answer: Option<PainAnswerJson>,
    /// How messages alike fared before that was added, or in the period.
    pub before: SuccessJson,
    /// How they fared since, until today.
    pub after: SuccessJson,
}

/// An entry that answers a pain.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PainAnswerJson {
    /// Of the entry.
    pub entry_id: String,
    /// Of the entry.
    pub title: String,
    /// When it was made or changed, in milliseconds since 1970, where that lies in the period or after it.
    pub added_at: Option<i64>,
}

/// A report of what hurts most.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PainsResponse {
    /// First day.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// In which the days are counted.
    pub time_zone: String,
    /// Whether all searches of the period were read; else the latest 200,000.
    pub complete: bool,
    /// Of these days.
    pub figures: FiguresJson,
    /// Of as many days before.
    pub figures_before: FiguresJson,
    /// Largest first, at most ten.
    pub rows: Vec<PainJson>,
    /// How many rows.
    pub total: usize,
    /// Words that rose most.
    pub rising: Vec<super::HotWordRow>,
}

/// What most people asked in vain, what was added for it since and whether it helped.
#[utoipa::path(get, path = "/v1/reports/pain-points", operation_id = "report_pain_points", tag = "reports", params(ReportParams),
    responses((status = 200, content((PainsResponse = "application/json"), (String = "text/markdown"), (String = "text/html")))),
    security(("bearer" = [])))]
pub(in crate::http) async fn report_pain_points(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<ReportParams>,
) -> Result<Response, ApiError> {
    who.require(Right::Report)?;
    let form = params.format.clone();
    respond(&state, &who, form.as_deref(), scene::read(&state, who.scope.clone(), &params, make)).await
}

/// The pain points of one week.
#[utoipa::path(get, path = "/v1/reports/weekly", operation_id = "report_weekly", tag = "reports", params(WeeklyParams),
    responses((status = 200, content((PainsResponse = "application/json"), (String = "text/markdown"), (String = "text/html")))),
    security(("bearer" = [])))]
pub(in crate::http) async fn report_weekly(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<WeeklyParams>,
) -> Result<Response, ApiError> {
    who.require(Right::Report)?;
    let snapshot = state.live.snapshot();
    let start = snapshot.library.settings.week_start;
    let span = match params.week.as_deref().filter(|week| !week.is_empty()) {
        Some(name) => week_of(name, start)
            .ok_or_else(|| ApiError::BadQuery(format!("week is the name of a week such as 2026-W47; found {name:?}")))?,
        None => last_week(snapshot.at.date(), start),
    };
    drop(snapshot);
    let made = scene::read_span(&state, who.scope.clone(), params.shop.as_deref(), span, make);
    respond(&state, &who, params.format.as_deref(), made).await
}

/// The last week that is over.
fn last_week(today: jiff::civil::Date, start: jiff::civil::Weekday) -> Span {
    let since = i64::from(today.weekday().since(start));
    let begin = today.saturating_sub(jiff::Span::new().days(since + 7));
    Span { from: begin, to: begin.saturating_add(jiff::Span::new().days(6)) }
}

async fn respond(
    state: &AppState,
    who: &Who,
    form: Option<&str>,
    made: impl Future<Output = Result<(Weekly, String, bool), ApiError>>,
) -> Result<Response, ApiError> {
    let form = form.unwrap_or("json");
    if !["json", "markdown", "html", ""].contains(&form) {
        return Err(ApiError::BadQuery(format!("format is one of json, markdown, html; found {form:?}")));
    }
    let (weekly, time_zone, complete) = made.await?;
    let days = format!("{} – {}", weekly.span.from, weekly.span.to);
    state.note(who, "report.read", "pain-points", &days).await;
    let name = format!("huashu-pain-points-{}-{}", weekly.span.from, weekly.span.to);
    Ok(match form {
        "markdown" => file(&format!("{name}.md"), "text/markdown; charset=utf-8", markdown(&weekly)),
        "html" => {
            // The one style of the page is known by its hash, so that nothing else inline is let in.
            let policy = format!(
                "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                base64(&Sha256::digest(STYLE))
            );
            let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()), (header::CONTENT_SECURITY_POLICY, policy)];
            (headers, html(&weekly)).into_response()
        }
        _ => Json(shape(&weekly, time_zone, complete)).into_response(),
    })
}

fn make(scene: &Scene) -> Result<(Weekly, String, bool), ApiError> {
    let facts = scene.facts()?;
    let before = scene.facts_of(scene.span.before())?;
    let later = match scene.span.after(scene.snapshot.at.date()) {
        Some(span) => scene.facts_of(span)?,
        None => Facts::default(),
    };
    let pains = pains(&facts, &later, |text| scene.wording(text), |asked| answered(scene, asked));
    let titled = |pain: crate::reports::Pain| TitledPain { title: pain.answer.as_ref().map(|answer| scene.title(&answer.entry_id)), pain };
    let mut rising = hot_words(&facts, &before, |text| scene.wording(text));
    rising.retain(|word| word.rise > 0.0 && word.count >= MIN_RISING_COUNT);
    rising.sort_by(|a, b| b.rise.total_cmp(&a.rise).then_with(|| b.count.cmp(&a.count)));
    rising.truncate(MAX_RISING);
    let weekly = Weekly {
        name: scene.snapshot.library.settings.name.clone(),
        span: scene.span,
        figures: Figures::of(&facts),
        before: Figures::of(&before),
        pains: pains.into_iter().map(titled).collect(),
        rising,
    };
    Ok((weekly, scene.time_zone(), scene.complete()))
}

/// The entry on which the library relies today for a group of messages.
fn answered(scene: &Scene, asked: &NoHit) -> Option<Answered> {
    let found = scene.answer(asked.samples.first()?.0.as_str()).ok()?;
    let first = found.hits.first().filter(|_| found.confident)?;
    let entry_id = std::sync::Arc::clone(&first.entry.id);
    Some(Answered { added_at: scene.changed_since(&entry_id), entry_id })
}

fn shape(weekly: &Weekly, time_zone: String, complete: bool) -> PainsResponse {
    let success = |success: crate::reports::Success| SuccessJson { asked: success.asked, used: success.used, share: success.share() };
    let row = |TitledPain { pain, title }: &TitledPain| PainJson {
        id: pain.asked.id.clone(),
        samples: samples_json(&pain.asked.samples),
        count: pain.asked.count,
        people: pain.asked.people,
        last_at: pain.asked.last_at,
        answer: pain.answer.as_ref().map(|answer| PainAnswerJson {
            entry_id: answer.entry_id.to_string(),
            title: title.clone().unwrap_or_default(),
            added_at: answer.added_at,
        }),
        before: success(pain.before),
        after: success(pain.after),
    };
    PainsResponse {
        from: weekly.span.from.to_string(),
        to: weekly.span.to.to_string(),
        time_zone,
        complete,
        figures: FiguresJson::from(&weekly.figures),
        figures_before: FiguresJson::from(&weekly.before),
        rows: weekly.pains.iter().map(row).collect(),
        total: weekly.pains.len(),
        rising: weekly.rising.iter().cloned().map(super::HotWordRow::from).collect(),
    }
}

/// Bytes as RFC 4648 has them, which is how a policy names a hash.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{Weekday, date};

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn the_last_week_is_one_that_is_over() {
        let check = |day: i8, start, from: &str, to: &str| {
            let span = last_week(date(2026, 11, day), start);
            assert_eq!((span.from.to_string().as_str(), span.to.to_string().as_str()), (from, to), "{day}");
        };
        check(22, Weekday::Monday, "2026-11-09", "2026-11-15");
        check(23, Weekday::Monday, "2026-11-16", "2026-11-22");
        check(22, Weekday::Sunday, "2026-11-15", "2026-11-21");
    }
}
