//! The weekly pain-point report (每周痛点): figures, the largest pains, what was added for them and whether it helped; as Markdown and as one
//! page of HTML. Pure.

use super::{Facts, HotWord, Pain, Span, Success, percentile};
use crate::learning::EventKind;
use std::collections::HashSet;
use std::fmt::Write;

/// Samples of one pain: ten pains are to fit a page.
const SHOWN_SAMPLES: usize = 4;

/// Figures of a period.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
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
    /// Half of the searches were as fast, in milliseconds.
    pub p50_ms: f64,
    /// All but one of a hundred.
    pub p99_ms: f64,
}

impl Figures {
    /// Those of a period.
    pub fn of(facts: &Facts) -> Figures {
        let mut took: Vec<i64> = facts.searches.iter().filter_map(|search| search.took_us).collect();
        took.sort_unstable();
        let is_report = |kind: EventKind, is_good: bool| kind == EventKind::Gap || (kind == EventKind::Feedback && !is_good);
        Figures {
            searches: facts.searches.len(),
            agents: facts.searches.iter().map(|search| search.identity.as_str()).collect::<HashSet<_>>().len(),
            used: facts.searches.iter().filter(|search| search.was_used()).count(),
            unanswered: facts.searches.iter().filter(|search| search.is_unanswered()).count(),
            reported: facts.deeds().filter(|(_, deed)| is_report(deed.kind, deed.verdict == Some(crate::feedback::Verdict::Good))).count(),
            p50_ms: percentile(&took, 50),
            p99_ms: percentile(&took, 99),
        }
    }
}

/// A pain with the titles that people read.
#[derive(Debug, Clone, PartialEq)]
pub struct TitledPain {
    /// The pain.
    pub pain: Pain,
    /// Of the entry that answers it.
    pub title: Option<String>,
}

/// All that the report says.
#[derive(Debug, Clone, PartialEq)]
pub struct Weekly {
    /// Of the library.
    pub name: String,
    /// Its days.
    pub span: Span,
    /// Of these days.
    pub figures: Figures,
    /// Of as many days before.
    pub before: Figures,
    /// Largest first.
    pub pains: Vec<TitledPain>,
    /// Words that rose most.
    pub rising: Vec<HotWord>,
}

/// Rows of the table of figures: name, now, before.
fn figures(weekly: &Weekly) -> [(&'static str, String, String); 7] {
    let (now, before) = (&weekly.figures, &weekly.before);
    let both = |of: fn(&Figures) -> String| (of(now), of(before));
    let row = |name, (now, before)| (name, now, before);
    [
        row("搜索次数", both(|figures| figures.searches.to_string())),
        row("用到答案的搜索", both(|figures| format!("{}（{}）", figures.used, percent(share(figures.used, figures.searches))))),
        row(
            "没有好答案的搜索",
            both(|figures| format!("{}（{}）", figures.unanswered, percent(share(figures.unanswered, figures.searches)))),
        ),
        row("坐席反馈（缺口、不好、过时）", both(|figures| figures.reported.to_string())),
        row("搜索的坐席", both(|figures| figures.agents.to_string())),
        row("搜索速度 p50（毫秒）", both(|figures| format!("{:.2}", figures.p50_ms))),
        row("搜索速度 p99（毫秒）", both(|figures| format!("{:.2}", figures.p99_ms))),
    ]
}

fn share(part: usize, all: usize) -> Option<f64> {
    Success { asked: all, used: part }.share()
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "—".to_owned(), |share| format!("{:.0}%", share * 100.0))
}

/// What was done about a pain, and what came of it, in a sentence each.
fn outcome(titled: &TitledPain) -> (String, String) {
    let Pain { answer, before, after, .. } = &titled.pain;
    let title = titled.title.as_deref().unwrap_or_default();
    let done = match answer {
        Some(answer) if answer.added_at.is_some() => format!("新增或修改了「{title}」"),
        Some(_) => format!("现在的答案是「{title}」"),
        None => "还没有答案".to_owned(),
    };
    let helped = match (before.share(), after.share()) {
        (_, None) => "之后还没有人问".to_owned(),
        (before, Some(after_share)) => {
            format!("用到答案：之前 {}，之后 {}（{} 次）", percent(before), percent(Some(after_share)), after.asked)
        }
    };
    (done, helped)
}

/// The report as Markdown.
pub fn markdown(weekly: &Weekly) -> String {
    let mut text = String::new();
    let Span { from, to } = weekly.span;
    let _ = writeln!(text, "# {} 痛点报告：{from} 至 {to}\n", escape_markdown(&weekly.name));
    let _ = writeln!(text, "## 数字\n\n| | 本期 | 上期 |\n|---|---:|---:|");
    for (name, now, before) in figures(weekly) {
        let _ = writeln!(text, "| {name} | {now} | {before} |");
    }
    let _ = writeln!(text, "\n## 最大的痛点\n");
    if weekly.pains.is_empty() {
        let _ = writeln!(text, "这段时间每个问题都有答案。");
    }
    for (number, titled) in (1..).zip(&weekly.pains) {
        let asked = &titled.pain.asked;
        let first = asked.samples.first().map_or("", |(text, _)| text);
        let (done, helped) = outcome(titled);
        let _ = writeln!(text, "{number}. **{}**：{} 位顾客问了 {} 次", escape_markdown(first), asked.people, asked.count);
        for (sample, count) in asked.samples.iter().take(SHOWN_SAMPLES).skip(1) {
            let _ = writeln!(text, "   - {}（{count}）", escape_markdown(sample));
        }
        let _ = writeln!(text, "   - {}；{helped}", escape_markdown(&done));
    }
    if !weekly.rising.is_empty() {
        let _ = writeln!(text, "\n## 上升的热词\n\n| 词 | 本期 | 上期 |\n|---|---:|---:|");
        for word in &weekly.rising {
            let _ = writeln!(text, "| {} | {} | {} |", escape_markdown(&word.word), word.count, word.before);
        }
    }
    text
}

/// The look of the page: it stands alone, so that it can be sent by mail and printed on a sheet.
pub const STYLE: &str = "body{font:15px/1.6 'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif;color:#222;max-width:52em;margin:2em auto;padding:0 1em}\
h1{font-size:1.5em}h2{font-size:1.15em;margin:1.4em 0 .4em}table{border-collapse:collapse;width:100%}\
th,td{padding:.25em .6em;border-bottom:1px solid #ddd;text-align:left}td.n,th.n{text-align:right}\
ol{padding-left:1.6em}li{margin:.5em 0}.s{color:#555}.d{color:#14603a}.o{color:#9a2a1a}@media print{body{margin:0;font-size:12px}}";

/// The report as one page.
pub fn html(weekly: &Weekly) -> String {
    let Span { from, to } = weekly.span;
    let title = format!("{} 痛点报告：{from} 至 {to}", escape_html(&weekly.name));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
    );
    page.push_str("<h2>数字</h2>\n<table><tr><th></th><th class=\"n\">本期</th><th class=\"n\">上期</th></tr>\n");
    for (name, now, before) in figures(weekly) {
        let _ = writeln!(page, "<tr><td>{name}</td><td class=\"n\">{now}</td><td class=\"n\">{before}</td></tr>");
    }
    page.push_str("</table>\n<h2>最大的痛点</h2>\n");
    if weekly.pains.is_empty() {
        page.push_str("<p>这段时间每个问题都有答案。</p>\n");
    }
    page.push_str("<ol>\n");
    for titled in &weekly.pains {
        let asked = &titled.pain.asked;
        let first = asked.samples.first().map_or("", |(text, _)| text);
        let (done, helped) = outcome(titled);
        let samples: Vec<String> =
            asked.samples.iter().take(SHOWN_SAMPLES).skip(1).map(|(text, count)| format!("{}（{count}）", escape_html(text))).collect();
        let _ = write!(page, "<li><b>{}</b>：{} 位顾客问了 {} 次", escape_html(first), asked.people, asked.count);
        if !samples.is_empty() {
            let _ = write!(page, "<br><span class=\"s\">{}</span>", samples.join("；"));
        }
        let _ = writeln!(
            page,
            "<br><span class=\"{}\">{}；{helped}</span></li>",
            if titled.pain.answer.is_some() { "d" } else { "o" },
            escape_html(&done)
        );
    }
    page.push_str("</ol>\n");
    if !weekly.rising.is_empty() {
        page.push_str("<h2>上升的热词</h2>\n<table><tr><th>词</th><th class=\"n\">本期</th><th class=\"n\">上期</th></tr>\n");
        for HotWord { word, count, before, .. } in &weekly.rising {
            let _ = writeln!(page, "<tr><td>{}</td><td class=\"n\">{count}</td><td class=\"n\">{before}</td></tr>", escape_html(word));
        }
        page.push_str("</table>\n");
    }
    page.push_str("</body></html>\n");
    page
}

/// What a customer wrote is text, on one line.
fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => escaped.push(' '),
            character if character.is_ascii_punctuation() => escaped.extend(['\\', character]),
            character => escaped.push(character),
        }
    }
    escaped
}

/// The same in HTML.
pub fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
