//! `phrasings`: what was learned, for trainers to accept, ban or forget. A running server notices within seconds.

use super::golden::read_questions;
use super::place::Place;
use super::screen::{Paint, Screen, plain};
use super::{Verdict, content, sentences};
use crate::editing::Change;
use crate::golden::{Golden, propose};
use crate::http::{PhrasingJson, find_phrasing};
use crate::journal::Journal;
use crate::learning::{Decision, LearnedPhrasing, phrasing_key};
use crate::library::load;
use crate::library::question::with_question;
use crate::library::write::{Expected, read};
use anyhow::bail;
use clap::{Args, Subcommand};

/// Phrasings shown where nothing says how many.
const DEFAULT_LIMIT: usize = 50;

/// 查看和处理学来的问法
#[derive(Debug, Args)]
#[command(override_usage = "huashu phrasings <命令>", subcommand_help_heading = "命令", disable_help_subcommand = true)]
#[command(after_help = "例子：
  huashu phrasings list --entry 催发货
  huashu phrasings accept 3f2a90c1d2e4b567
  huashu phrasings accept 3f2a90c1d2e4b567 --question 帮我改一下收货地址
  huashu phrasings ban 3f2a90c1d2e4b567
  huashu phrasings golden >> kb/golden.tsv")]
pub(super) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// 列出学来的问法，用得多的在前
    #[command(override_usage = "huashu phrasings list [选项]")]
    List(ListOptions),
    /// 写进条目的问法
    #[command(override_usage = "huashu phrasings accept [选项] <ID>")]
    Accept(AcceptOptions),
    /// 提议新的标准问题：几个人都用同一条目回答的问法，按 golden.tsv 的格式列出
    #[command(override_usage = "huashu phrasings golden")]
    Golden,
    /// 再也不学
    #[command(override_usage = "huashu phrasings ban <ID>...")]
    Ban(DecideOptions),
    /// 忘掉到现在为止学到的，以后可以再学；也用来解除 ban
    #[command(override_usage = "huashu phrasings forget <ID>...")]
    Forget(DecideOptions),
}

#[derive(Debug, Args)]
#[command(next_help_heading = "选项")]
struct ListOptions {
    /// 只看这个条目的
    #[arg(long, value_name = "ID")]
    entry: Option<String>,
    /// 看已经处理过的
    #[arg(long)]
    decided: bool,
    /// 最多几条（默认 50）
    #[arg(long, value_name = "N", value_parser = limit, default_value_t = DEFAULT_LIMIT, hide_default_value = true)]
    limit: usize,
}

fn limit(text: &str) -> Result<usize, String> {
    super::whole_number(text, 1, 1_000_000)
}

#[derive(Debug, Args)]
#[command(next_help_heading = "选项")]
struct AcceptOptions {
    /// 问法的编号，见 list
    #[arg(value_name = "ID", required = true, help_heading = "参数")]
    id: String,
    /// 换一种写法；问法里有 <手机> 之类的占位符时必须给
    #[arg(long, value_name = "TEXT")]
    question: Option<String>,
}

#[derive(Debug, Args)]
struct DecideOptions {
    /// 问法的编号，见 list；可以给几个
    #[arg(value_name = "ID", required = true, help_heading = "参数")]
    ids: Vec<String>,
}

pub(super) fn run(options: &Options, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let (journal, warnings) = Journal::open(&place.data)?;
    warnings.iter().for_each(sentences::warn_of_set_aside);
    match &options.action {
        Action::List(options) if options.decided => list_decided(options, &journal, screen),
        Action::List(options) => list(options, &journal, screen),
        Action::Accept(options) => accept(options, place, &journal, screen),
        Action::Golden => propose_golden(place, &journal, screen),
        Action::Ban(options) => decide(&options.ids, Decision::Ban, &journal, screen),
        Action::Forget(options) => decide(&options.ids, Decision::Forget, &journal, screen),
    }
}

fn list(options: &ListOptions, journal: &Journal, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let learned = journal.learned();
    let is_wanted = |phrasing: &&LearnedPhrasing| options.entry.as_deref().is_none_or(|entry| *phrasing.entry_id == *entry);
    let mut wanted: Vec<&LearnedPhrasing> = learned.phrasings.iter().filter(is_wanted).collect();
    wanted.sort_by_key(|phrasing| std::cmp::Reverse(phrasing.picks));
    let shown = &wanted[..wanted.len().min(options.limit)];
    if screen.json {
        let phrasings: Vec<PhrasingJson> = shown.iter().map(|phrasing| PhrasingJson::new(phrasing)).collect();
        screen.json(&serde_json::json!({ "total": wanted.len(), "phrasings": phrasings }))?;
        return Ok(Verdict::Done);
    }
    if !shown.is_empty() {
        let mut table = screen.table(&["编号", "用过", "略过", "人", "会话", "条目", "问法"]);
        for phrasing in shown {
            table.add_row([
                phrasing.id(),
                phrasing.picks.to_string(),
                phrasing.passed_over.to_string(),
                phrasing.identities.len().to_string(),
                phrasing.conversations.to_string(),
                screen.paint(Paint::Strong, &phrasing.entry_id),
                screen.paint(Paint::Met, &phrasing.text),
            ]);
        }
        screen.line(table.trim_fmt())?;
    }
    screen.line(format!("{} 种学来的问法，列出 {} 种", wanted.len(), shown.len()))?;
    Ok(Verdict::Done)
}

fn propose_golden(place: &Place, journal: &Journal, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let proposed = propose(&journal.learned(), &read_questions(&place.kb)?.unwrap_or_default());
    if screen.json {
        let row = |golden: &Golden| serde_json::json!({ "question": golden.question, "entry": golden.entry, "within": golden.within });
        screen.json(&serde_json::json!({ "proposed": proposed.iter().map(row).collect::<Vec<_>>() }))?;
        return Ok(Verdict::Done);
    }
    for golden in &proposed {
        screen.line(format!("{}\t{}\t{}", plain(&golden.question), plain(&golden.entry), golden.within))?;
    }
    Ok(Verdict::Done)
}

fn list_decided(options: &ListOptions, journal: &Journal, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let mut decided = journal.decisions()?;
    decided.retain(|decided| options.entry.as_deref().is_none_or(|entry| *decided.entry_id == *entry));
    let total = decided.len();
    decided.truncate(options.limit);
    let id = |decided: &crate::journal::Decided| format!("{:016x}", phrasing_key(&decided.text, &decided.entry_id));
    if screen.json {
        let rows: Vec<_> = decided
            .iter()
            .map(|decided| {
                serde_json::json!({
                    "id": id(decided), "text": &*decided.text, "entry_id": &*decided.entry_id, "decision": decided.decision.as_str(),
                    "at": decided.at_ms,
                })
            })
            .collect();
        screen.json(&serde_json::json!({ "total": total, "decided": rows }))?;
        return Ok(Verdict::Done);
    }
    if !decided.is_empty() {
        let mut table = screen.table(&["编号", "处理", "条目", "问法"]);
        for row in &decided {
            let (entry, text) = (screen.paint(Paint::Strong, &row.entry_id), screen.paint(Paint::Met, &row.text));
            table.add_row([id(row), row.decision.as_str().to_owned(), entry, text]);
        }
        screen.line(table.trim_fmt())?;
    }
    screen.line(format!("处理过 {total} 种问法"))?;
    Ok(Verdict::Done)
}

fn accept(options: &AcceptOptions, place: &Place, journal: &Journal, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let Some((text, entry_id)) = find_phrasing(journal, &options.id)? else { return unknown(&options.id) };
    let question = options.question.as_deref().map_or(&*text, str::trim);
    if question.is_empty() || question.contains(['<', '>', '\n']) {
        bail!("问法里有占位符：{text}；请用 --question 给一种写法");
    }
    let library = load(&place.kb, None)?;
    let Some(entry) = library.entries.iter().find(|entry| entry.id == entry_id) else { bail!("知识库里没有条目 {entry_id}") };
    let (bytes, hash) = read(&place.kb, &entry.path)?;
    let edited = with_question(&entry.path, &bytes, &library.lexicon.facets, question)?;
    let changed = edited.is_some();
    if let Some(text) = edited {
        content::change(place, Change::write(&entry.path, text.into_bytes(), Expected::Version(hash)))?;
    }
    journal.decide(&text, &entry_id, Decision::Accept, "local")?;
    if screen.json {
        screen.json(&serde_json::json!({ "id": options.id, "decision": "accept", "entry_changed": changed }))?;
    } else {
        let what = if changed { "写进了" } else { "已经在" };
        screen.line(format!("{} {what} {}", screen.paint(Paint::Met, question), screen.paint(Paint::Strong, &entry.path)))?;
    }
    Ok(Verdict::Done)
}

fn decide(ids: &[String], decision: Decision, journal: &Journal, screen: &mut Screen) -> anyhow::Result<Verdict> {
    for id in ids {
        let Some((text, entry_id)) = find_phrasing(journal, id)? else { return unknown(id) };
        journal.decide(&text, &entry_id, decision, "local")?;
        if screen.json {
            screen.json(&serde_json::json!({ "id": id, "decision": decision.as_str(), "entry_changed": false }))?;
        } else {
            let what = if decision == Decision::Ban { "不再学" } else { "忘掉了" };
            screen.line(format!("{what}：{} → {}", screen.paint(Paint::Met, &text), screen.paint(Paint::Strong, &entry_id)))?;
        }
    }
    Ok(Verdict::Done)
}

fn unknown(id: &str) -> anyhow::Result<Verdict> {
    bail!("没有编号是 {id} 的问法；huashu phrasings list 列出所有编号")
}
