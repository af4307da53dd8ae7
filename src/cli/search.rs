//! `search`: one message in the shell, answered as everywhere else.

use super::place::Place;
use super::screen::{Paint, Screen, plain};
use super::{Verdict, sentences, whole_number};
use crate::analysis::tokens::INTENT_MARK;
use crate::answer::{self, Answer, Hit, MAX_HITS, Request};
use crate::entry::{Act, Kind};
use crate::facet::Facet;
use crate::highlight::Highlighted;
use crate::http::json::SearchResponse;
use crate::journal::read_learned;
use crate::learning::Learned;
use crate::lexicon::{Emotion, EmotionReading, Risk};
use crate::library::Library;
use crate::live::open_once;
use crate::query::{Origin, TermKind};
use crate::ranking::{Component, ComponentName, Matched};
use anyhow::{Context, bail};
use clap::Args;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes read from standard input: of a longer message only the end counts, and 2,000 characters of it.
const MAX_INPUT_BYTES: u64 = 1 << 20;

/// Messages taken from standard input, the last ones.
const MAX_MESSAGES: usize = 50;

/// 搜一句顾客的话
#[derive(Debug, Args)]
#[command(override_usage = "huashu search [选项] <文字>...", next_help_heading = "选项")]
#[command(after_help = "例子：
  huashu search 怎么还没发货
  huashu search --channel 抖音 --stage 售后 东西坏了
  huashu search '\"招商基金\" -公司'          引号里的原样出现，减号后的不出现
  huashu search - < 聊天.txt                  从标准输入读，一行一条消息，最早的在前")]
pub(super) struct Options {
    /// 顾客的话；几段用空格相连；- 从标准输入读
    #[arg(value_name = "TEXT", required = true, help_heading = "参数")]
    text: Vec<String>,
    /// 店铺（编号或别名）
    #[arg(long, value_name = "SHOP")]
    shop: Option<String>,
    /// 渠道，例如 千牛、抖音
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// 阶段：售前、售中或售后
    #[arg(long, value_name = "STAGE")]
    stage: Option<String>,
    /// 只要这一类：answer（标准答案）、policy（政策）、case（案例）；可以给几次
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Vec<Kind>,
    /// 最多几条（1 到 100，默认 10）
    #[arg(long, value_name = "N", default_value_t = answer::DEFAULT_LIMIT, hide_default_value = true, value_parser = |text: &str| whole_number(text, 1, MAX_HITS))]
    limit: usize,
    /// 说明每条的分数从哪里来
    #[arg(long)]
    explain: bool,
}

/// Reads a kind by either name.
pub(super) fn kind(text: &str) -> Result<Kind, String> {
    Kind::parse(text).ok_or_else(|| "应是 answer、policy、case 或 标准答案、政策、案例".to_owned())
}

pub(super) fn run(options: &Options, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let messages = messages(&options.text)?;
    let snapshot = open_once(&place.kb, &place.index, Arc::new(learned(place)))?;
    let request = request(options, messages, &snapshot.library)?;
    let begin = Instant::now();
    let answer = answer::answer(&snapshot, &request)?;
    let took = begin.elapsed();
    if screen.json {
        screen.json(&SearchResponse::new(&answer, &snapshot.library.lexicon.emotions.risks, took, options.explain))?;
    } else {
        show_risks(&answer.emotion, &snapshot.library.lexicon.emotions.risks, screen)?;
        show(&answer, took, screen)?;
    }
    Ok(Verdict::Done)
}

/// What the journal has learned. Without it is searched all the same.
fn learned(place: &Place) -> Learned {
    read_learned(&place.data).unwrap_or_else(|error| {
        eprintln!("警告：没有用学到的问法：{}", sentences::chain(&error.into()));
        Learned::default()
    })
}

fn messages(text: &[String]) -> anyhow::Result<Vec<String>> {
    if text != ["-"] {
        return Ok(vec![text.join(" ")]);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(MAX_INPUT_BYTES).read_to_end(&mut bytes).context("标准输入读不出来")?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    Ok(lines[lines.len().saturating_sub(MAX_MESSAGES)..].to_vec())
}

fn request(options: &Options, messages: Vec<String>, library: &Library) -> anyhow::Result<Request> {
    let mut request = Request { messages, limit: options.limit, explain: options.explain, ..Request::new("") };
    request.filter.kinds.clone_from(&options.kind);
    request.context.shop = known(library, Facet::Shop, options.shop.as_deref())?;
    request.context.channel = known(library, Facet::Channel, options.channel.as_deref())?;
    request.context.stage = known(library, Facet::Stage, options.stage.as_deref())?;
    Ok(request)
}

/// The facet's value that a text names.
fn known(library: &Library, facet: Facet, text: Option<&str>) -> anyhow::Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    let facets = &library.lexicon.facets;
    match facets.resolve(facet, text) {
        Some(value) => Ok(Some(value.to_owned())),
        None => bail!("没有 {text:?} 这个{}，可以是：{}", facet.zh(), facets.values(facet).join("、")),
    }
}

/// What stops routine replies, by which words, and who takes over.
fn show_risks(reading: &EmotionReading, risks: &[Risk], screen: &mut Screen) -> std::io::Result<()> {
    for risk in reading.risks.iter().filter_map(|risk| risks.get(*risk)) {
        let words = reading.words.iter().map(|(word, _)| plain(word)).filter(|word| risk.words.contains(word));
        let words = words.collect::<Vec<_>>().join("、");
        let line = format!("注意：{}（{words}）。先停用常规话术，按「{}」处理", risk.name, risk.entry);
        screen.line(screen.paint(Paint::Bad, &line))?;
    }
    Ok(())
}

fn show(answer: &Answer, took: Duration, screen: &mut Screen) -> std::io::Result<()> {
    if answer.emotion.emotion != Emotion::Calm {
        let line = format!("顾客情绪：{}", answer.emotion.emotion.as_str());
        screen.line(screen.paint(Paint::Warn, &line))?;
    }
    if answer.truncated {
        screen.line(screen.paint(Paint::Warn, "话太长，只看了最后一段"))?;
    }
    match (answer.act, answer.hits.is_empty()) {
        (Some(act), _) => screen.line(format!("顾客没有提问，是在{}：{}", act.as_str(), advice_for(act)))?,
        (None, true) => screen.line("没有找到；换一种说法试试")?,
        (None, false) if !answer.confident => screen.line(screen.paint(Paint::Warn, "没有十分合适的，下面是最接近的"))?,
        (None, false) => {}
    }
    for (rank, hit) in (1..).zip(&answer.hits) {
        show_hit(rank, hit, screen)?;
    }
    let milliseconds = took.as_secs_f64() * 1000.0;
    screen.line(screen.paint(Paint::Quiet, &format!("共 {} 条，用时 {milliseconds:.1} 毫秒", answer.total)))
}

fn advice_for(act: Act) -> &'static str {
    match act {
        Act::Thanks => "可以道别",
        Act::Confirm => "接着办就好",
        Act::Wait => "请他慢慢来",
        Act::GiveUp => "挽留",
    }
}

fn show_hit(rank: usize, hit: &Hit, screen: &mut Screen) -> std::io::Result<()> {
    let score = screen.paint(Paint::Quiet, &format!("{:.2}", hit.score));
    let (kind, id) = (screen.paint(Paint::Quiet, hit.entry.kind.zh()), screen.paint(Paint::Quiet, &hit.entry.id));
    screen.line(format!("{rank:>2}  {}  {kind}  {id}  {score}", marked(&hit.title, screen)))?;
    if hit.matched_text.text != hit.title.text {
        field(screen, matched_zh(hit.matched), &marked(&hit.matched_text, screen))?;
    }
    match hit.replies.first() {
        Some(reply) => field(screen, "话术", &plain(&reply.text))?,
        None => field(screen, "段落", &marked(&hit.snippet, screen))?,
    }
    let missing = hit.replies.first().map_or(&[][..], |reply| &reply.missing).join("、");
    if !missing.is_empty() {
        field(screen, "待填", &screen.paint(Paint::Warn, &missing))?;
    }
    if !hit.marks.is_empty() {
        let marks: Vec<&str> = hit.marks.iter().map(|mark| mark.zh()).collect();
        field(screen, "注意", &screen.paint(Paint::Warn, &marks.join("、")))?;
    }
    if let Some(why) = &hit.why {
        field(screen, "得分", &screen.paint(Paint::Quiet, &sum(why)))?;
    }
    Ok(())
}

/// A line under a hit; further lines of a text stand below its beginning.
fn field(screen: &mut Screen, name: &str, text: &str) -> std::io::Result<()> {
    screen.line(format!("    {}  {}", screen.paint(Paint::Quiet, name), text.replace('\n', "\n          ")))
}

fn marked(text: &Highlighted, screen: &Screen) -> String {
    text.pieces().map(|(piece, met)| if met { screen.paint(Paint::Met, piece) } else { plain(piece) }).collect()
}

fn matched_zh(matched: Matched) -> &'static str {
    match matched {
        Matched::Shortcut => "快捷",
        Matched::Phrasing(_) => "问法",
        Matched::Sound(_) => "拼音",
        Matched::Passage(_) => "章节",
        Matched::Learned(_) => "学来的问法",
        Matched::Category => "分类",
        Matched::Act => "话轮",
        Matched::Risk => "风险",
        Matched::Comfort => "安抚",
    }
}

/// The summands as people add them up.
fn sum(components: &[Component]) -> String {
    let total: f32 = components.iter().map(|component| component.value).sum();
    let summands = components.iter().map(|component| format!("{} {:+.3}", component_zh(&component.name), component.value));
    format!("{} = {total:.3}", summands.collect::<Vec<_>>().join("  "))
}

fn component_zh(name: &ComponentName) -> String {
    match name {
        ComponentName::Exact => "原样".to_owned(),
        ComponentName::Sound => "拼音".to_owned(),
        ComponentName::Term(term) => {
            let kind = match term.kind {
                TermKind::Word => "词",
                TermKind::Gram => "双字",
                TermKind::Intent => "意图",
            };
            match &term.origin {
                Origin::Written | Origin::Intent => format!("{kind}「{}」", plain(term.text.trim_start_matches(INTENT_MARK))),
                Origin::Synonym(written) | Origin::Confusion(written) => format!("{kind}「{}」代「{}」", plain(&term.text), plain(written)),
            }
        }
        ComponentName::Phrasing(_) => "问法".to_owned(),
        ComponentName::Likeness => "字面相近".to_owned(),
        ComponentName::SecondPhrasing => "次佳问法".to_owned(),
        ComponentName::Passage => "段落".to_owned(),
        ComponentName::Learned => "学来的问法".to_owned(),
        ComponentName::Classifier => "历来采用".to_owned(),
        ComponentName::Use => "常用".to_owned(),
        ComponentName::Category => "分类".to_owned(),
        ComponentName::Context => "情境".to_owned(),
        ComponentName::Act => "话轮".to_owned(),
        ComponentName::Risk => "风险".to_owned(),
        ComponentName::Comfort => "安抚".to_owned(),
    }
}
