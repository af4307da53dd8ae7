//! The rows of the reports in JSON, in CSV and as bars.

use super::ReportRow;
use super::scene::Scene;
use crate::http::error::ApiError;
use crate::reports::{By, Expiring, Gap, HotWord, NeverUsed, NoHit, Passed, Speed, Usage, chart};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Samples of one row: enough to see what is meant.
pub(super) const SHOWN_SAMPLES: usize = 5;

/// A word of what customers wrote.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HotWordRow {
    /// Folded.
    #[schema(example = "运费")]
    pub word: String,
    /// Messages that have it.
    pub count: usize,
    /// Messages of as many days before.
    pub before: usize,
    /// How much more, as a share of before: 1 is twice as often.
    pub rise: f64,
}

impl From<HotWord> for HotWordRow {
    fn from(HotWord { word, count, before, rise }: HotWord) -> HotWordRow {
        HotWordRow { word, count, before, rise }
    }
}

impl ReportRow for HotWordRow {
    const TITLE: &'static str = "热词";
    const HEADINGS: &'static [&'static str] = &["词", "消息", "上期消息", "升幅"];

    fn cells(&self) -> Vec<String> {
        vec![self.word.clone(), self.count.to_string(), self.before.to_string(), format!("{:.2}", self.rise)]
    }

    fn bar(&self) -> (String, f64) {
        (self.word.clone(), figure(self.count))
    }
}

/// A message and how often it was asked so.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SampleJson {
    /// Masked.
    pub text: String,
    /// Searches.
    pub count: usize,
}

/// An entry that comes near.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NearestJson {
    /// Of the entry.
    pub id: String,
    /// Of the entry.
    pub title: String,
    /// As in a hit, 0 to 1.
    pub score: f32,
}

/// Messages that ask the same and got no good answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoHitRow {
    /// Of the group; also that of the wish.
    pub id: String,
    /// Masked, the commonest first, at most five.
    pub samples: Vec<SampleJson>,
    /// Searches.
    pub count: usize,
    /// Conversations, or agents where the conversation is unknown.
    pub people: usize,
    /// The latest, in milliseconds since 1970.
    pub last_at: i64,
    /// What the library finds today.
    pub nearest: Option<NearestJson>,
}

impl NoHitRow {
    pub(super) fn new(group: NoHit, nearest: Option<NearestJson>) -> NoHitRow {
        let NoHit { id, samples, count, people, last_at } = group;
        NoHitRow { id, samples: samples_json(&samples), count, people, last_at, nearest }
    }
}

/// The first samples of a group.
pub(in crate::http) fn samples_json(samples: &[(String, usize)]) -> Vec<SampleJson> {
    samples.iter().take(SHOWN_SAMPLES).map(|(text, count)| SampleJson { text: text.clone(), count: *count }).collect()
}

impl ReportRow for NoHitRow {
    const TITLE: &'static str = "没有好答案的消息";
    const HEADINGS: &'static [&'static str] = &["消息", "次数", "会话", "最近一次", "最接近的词条", "说法相近的消息"];

    fn cells(&self) -> Vec<String> {
        let mut texts = self.samples.iter().map(|sample| sample.text.clone());
        let first = texts.next().unwrap_or_default();
        let nearest = self.nearest.as_ref().map(|nearest| nearest.title.clone()).unwrap_or_default();
        let others = texts.collect::<Vec<_>>().join("\n");
        vec![first, self.count.to_string(), self.people.to_string(), moment(self.last_at), nearest, others]
    }

    fn bar(&self) -> (String, f64) {
        (self.samples.first().map(|sample| sample.text.clone()).unwrap_or_default(), figure(self.count))
    }
}

/// An entry that stood among the first hits and was hardly used.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnusedRow {
    /// Of the entry.
    pub entry_id: String,
    /// Of the entry; empty where the library has it no more.
    pub title: String,
    /// Searches that showed it among the first three.
    pub shown: usize,
    /// Those in which it was used.
    pub used: usize,
}

impl UnusedRow {
    pub(super) fn new(passed: &Passed, scene: &Scene) -> UnusedRow {
        let Passed { entry_id, shown, used } = passed;
        UnusedRow { entry_id: entry_id.to_string(), title: scene.title(entry_id), shown: *shown, used: *used }
    }
}

impl ReportRow for UnusedRow {
    const TITLE: &'static str = "找到了没有用的词条";
    const HEADINGS: &'static [&'static str] = &["词条", "标题", "出现在前三", "用过"];

    fn cells(&self) -> Vec<String> {
        vec![self.entry_id.clone(), self.title.clone(), self.shown.to_string(), self.used.to_string()]
    }

    fn bar(&self) -> (String, f64) {
        (named(&self.title, &self.entry_id), figure(self.shown - self.used))
    }
}

/// What agents reported.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GapRow {
    /// gap (nothing fits) or feedback.
    pub kind: String,
    /// With feedback: bad or outdated.
    pub verdict: Option<String>,
    /// With feedback: why, as sent.
    pub reason: Option<String>,
    /// The same in Chinese.
    pub reason_zh: Option<String>,
    /// About which entry.
    pub entry_id: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Masked messages, latest first, at most five.
    pub samples: Vec<String>,
    /// Reports.
    pub count: usize,
    /// People who reported.
    pub people: usize,
    /// The latest, in milliseconds since 1970.
    pub last_at: i64,
}

impl GapRow {
    pub(super) fn new(gap: Gap, scene: &Scene) -> GapRow {
        let reason_zh = gap
            .verdict
            .zip(gap.reason.as_deref())
            .and_then(|(verdict, reason)| verdict.reasons().iter().find(|(key, _)| *key == reason).map(|(_, zh)| (*zh).to_owned()));
        GapRow {
            kind: gap.kind.as_str().to_owned(),
            verdict: gap.verdict.map(|verdict| verdict.as_str().to_owned()),
            reason: gap.reason,
            reason_zh,
            title: gap.entry_id.as_deref().map(|entry| scene.title(entry)),
            entry_id: gap.entry_id.map(|entry| entry.to_string()),
            samples: gap.samples,
            count: gap.count,
            people: gap.people,
            last_at: gap.last_at,
        }
    }

    fn what(&self) -> String {
        let verdict = self.verdict.as_deref().and_then(crate::feedback::Verdict::parse);
        let what = verdict.map_or("没有合适的答案", crate::feedback::Verdict::zh);
        self.reason_zh.as_ref().map_or_else(|| what.to_owned(), |reason| format!("{what}：{reason}"))
    }
}

impl ReportRow for GapRow {
    const TITLE: &'static str = "坐席反馈的缺口";
    const HEADINGS: &'static [&'static str] = &["反馈", "词条", "标题", "次数", "坐席", "最近一次", "消息"];

    fn cells(&self) -> Vec<String> {
        let entry = self.entry_id.clone().unwrap_or_default();
        let title = self.title.clone().unwrap_or_default();
        let (count, people) = (self.count.to_string(), self.people.to_string());
        vec![self.what(), entry, title, count, people, moment(self.last_at), self.samples.join("\n")]
    }

    fn bar(&self) -> (String, f64) {
        let about = self.title.as_deref().filter(|title| !title.is_empty()).or(self.samples.first().map(String::as_str));
        (format!("{} {}", self.what(), about.unwrap_or_default()), figure(self.count))
    }
}

/// How often something was used.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsageRow {
    /// entry, category, agent or channel.
    pub by: String,
    /// Id of the entry, path of the category, name of the agent or channel; empty: unknown.
    pub key: String,
    /// Title of the entry, else the key.
    pub title: String,
    /// Searches of which it was used.
    pub count: usize,
    /// People who used it.
    pub people: usize,
}

impl UsageRow {
    pub(super) fn new(usage: Usage, by: By, scene: &Scene) -> UsageRow {
        let title = if by == By::Entry { scene.title(&usage.key) } else { usage.key.clone() };
        UsageRow { by: by.as_str().to_owned(), title, key: usage.key, count: usage.count, people: usage.people }
    }
}

impl ReportRow for UsageRow {
    const TITLE: &'static str = "用量";
    const HEADINGS: &'static [&'static str] = &["按", "键", "名称", "次数", "坐席"];

    fn cells(&self) -> Vec<String> {
        let by = By::parse(&self.by).map_or("", By::zh).to_owned();
        vec![by, self.key.clone(), self.title.clone(), self.count.to_string(), self.people.to_string()]
    }

    fn bar(&self) -> (String, f64) {
        (named(&self.title, &self.key), figure(self.count))
    }
}

/// An entry that nobody used.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NeverUsedRow {
    /// Of the entry.
    pub entry_id: String,
    /// Of the entry.
    pub title: String,
    /// Of the entry.
    pub category: String,
    /// Of the entry's file.
    pub path: String,
    /// Searches that showed it among their first hits.
    pub shown: usize,
}

impl From<NeverUsed> for NeverUsedRow {
    fn from(NeverUsed { entry, shown }: NeverUsed) -> NeverUsedRow {
        let (title, category, path) = (entry.title.clone(), entry.category.clone(), entry.path.clone());
        NeverUsedRow { entry_id: entry.id.to_string(), title, category, path, shown }
    }
}

impl ReportRow for NeverUsedRow {
    const TITLE: &'static str = "没有用过的词条";
    const HEADINGS: &'static [&'static str] = &["词条", "标题", "分类", "文件", "出现次数"];

    fn cells(&self) -> Vec<String> {
        vec![self.entry_id.clone(), self.title.clone(), self.category.clone(), self.path.clone(), self.shown.to_string()]
    }

    fn bar(&self) -> (String, f64) {
        (named(&self.title, &self.entry_id), figure(self.shown))
    }
}

/// An entry that ends or must be looked at.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExpiringRow {
    /// Of the entry.
    pub entry_id: String,
    /// Of the entry.
    pub title: String,
    /// Of the entry's file.
    pub path: String,
    /// First moment at which it is served no more, in the library's time zone.
    pub valid_until: Option<String>,
    /// Day of the next review.
    pub review_by: Option<String>,
    /// Whether either is past.
    pub overdue: bool,
    /// Days until the first of them; fewer than none: since then.
    pub days_left: i32,
}

impl ExpiringRow {
    pub(super) fn new(expiring: &Expiring, scene: &Scene) -> Option<ExpiringRow> {
        let entry = scene.entry(&expiring.entry_id)?;
        Some(ExpiringRow {
            entry_id: entry.id.to_string(),
            title: entry.title.clone(),
            path: entry.path.clone(),
            valid_until: expiring.valid_until.map(|until| until.to_string()),
            review_by: expiring.review_by.map(|review| review.to_string()),
            overdue: expiring.overdue,
            days_left: expiring.days_left,
        })
    }
}

impl ReportRow for ExpiringRow {
    const TITLE: &'static str = "到期和待复审的词条，剩余天数";
    const HEADINGS: &'static [&'static str] = &["词条", "标题", "文件", "有效期至", "复审", "已过", "剩余天数"];

    fn cells(&self) -> Vec<String> {
        let either = |date: &Option<String>| date.clone().unwrap_or_default();
        let overdue = if self.overdue { "是" } else { "" }.to_owned();
        let (until, review) = (either(&self.valid_until).replace('T', " "), either(&self.review_by));
        vec![self.entry_id.clone(), self.title.clone(), self.path.clone(), until, review, overdue, self.days_left.to_string()]
    }

    fn bar(&self) -> (String, f64) {
        (named(&self.title, &self.entry_id), f64::from(self.days_left))
    }
}

/// An hour of searches.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SpeedRow {
    /// Its beginning in the library's time zone.
    #[schema(example = "2026-11-22 14:00")]
    pub hour: String,
    /// Half of the searches were as fast.
    pub p50_ms: f64,
    /// All but one of a hundred.
    pub p99_ms: f64,
    /// Searches that were seen.
    pub searches: usize,
}

impl From<Speed> for SpeedRow {
    fn from(Speed { hour, p50_ms, p99_ms, searches }: Speed) -> SpeedRow {
        SpeedRow { hour: format!("{} {:02}:00", hour.date(), hour.hour()), p50_ms, p99_ms, searches }
    }
}

impl ReportRow for SpeedRow {
    const TITLE: &'static str = "搜索速度（毫秒）";
    const HEADINGS: &'static [&'static str] = &["时间", "p50 毫秒", "p99 毫秒", "搜索"];

    fn cells(&self) -> Vec<String> {
        vec![self.hour.clone(), format!("{:.3}", self.p50_ms), format!("{:.3}", self.p99_ms), self.searches.to_string()]
    }

    fn bar(&self) -> (String, f64) {
        (self.hour.clone(), self.p99_ms)
    }

    fn picture(title: &str, rows: &[SpeedRow]) -> Result<String, chart::ChartError> {
        let labels: Vec<String> = rows.iter().map(|row| row.hour.clone()).collect();
        let values = |of: fn(&SpeedRow) -> f64| rows.iter().map(of).collect();
        chart::lines(title, &labels, &[("p50", values(|row| row.p50_ms)), ("p99", values(|row| row.p99_ms))])
    }
}

/// The best entries that the library finds for a message today.
pub(in crate::http) fn nearest(scene: &Scene, message: &str, most: usize) -> Result<Vec<NearestJson>, ApiError> {
    let found = scene.answer(message)?;
    let hits = found.hits.iter().take(most);
    Ok(hits.map(|hit| NearestJson { id: hit.entry.id.to_string(), title: hit.entry.title.clone(), score: hit.score }).collect())
}

fn named(title: &str, key: &str) -> String {
    let name = if title.is_empty() { key } else { title };
    if name.is_empty() { "（未知）".to_owned() } else { name.to_owned() }
}

#[expect(clippy::cast_precision_loss, reason = "counts of searches")]
fn figure(count: usize) -> f64 {
    count as f64
}

/// A moment for a table: UTC, since a cell has no time zone.
fn moment(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
