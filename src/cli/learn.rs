//! `learn`: old chats teach phrasings, and show which scripts the library lacks.

use super::place::Place;
use super::screen::{Paint, Screen, spinner};
use super::{Verdict, sentences};
use crate::analysis::Analyzer;
use crate::journal::{Journal, LessonRow, now_ms};
use crate::learning::Provenance;
use crate::learning::replies::{Taught, learn_from, read_turns};
use crate::library::load;
use crate::query;
use anyhow::Context;
use clap::Args;
use std::path::PathBuf;

/// Rows shown of each table; `--json` has them all.
const SHOWN: usize = 30;

/// Turns in which a reply must recur to be listed as a missing script.
const DEFAULT_RECUR: usize = 3;

/// 从以往的聊天里学习问法
#[derive(Debug, Args)]
#[command(override_usage = "huashu learn [选项] <FILE>", next_help_heading = "选项")]
#[command(after_help = "文件是 TSV，UTF-8，没有表头：会话、顾客的话、客服的回复。
回复与知识库里的话术几乎相同的，前面那句话就学作该条目的问法，先隐去电话、地址等；反复出现而知识库里没有的回复另外列出。
同一个文件学两次等于学一次。有看不懂的行时退出码是 1。

例子：
  huashu learn 聊天.tsv --dry-run
  huashu learn 聊天.tsv --recur 10")]
pub(super) struct Options {
    /// 聊天文件
    #[arg(value_name = "FILE", help_heading = "参数")]
    file: PathBuf,
    /// 只说会学到什么，什么都不写
    #[arg(long)]
    dry_run: bool,
    /// 回复至少出现几次才算缺少的话术（默认 3）
    #[arg(long, value_name = "N", value_parser = recur, default_value_t = DEFAULT_RECUR, hide_default_value = true)]
    recur: usize,
}

fn recur(text: &str) -> Result<usize, String> {
    super::whole_number(text, 2, 1_000_000)
}

pub(super) fn run(options: &Options, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let bytes = std::fs::read(&options.file).with_context(|| format!("{} 读不出来", options.file.display()))?;
    let text = String::from_utf8(bytes).with_context(|| format!("{} 不是 UTF-8", options.file.display()))?;
    let turns = read_turns(&text);
    let library = load(&place.kb, None)?;
    let reading = spinner("比对话术");
    let analyzer = Analyzer::new(&library.lexicon);
    let is_question = |message: &str| {
        let query = query::read(&[message.to_owned()], &library.lexicon, &analyzer);
        query.act.is_none() && !query.is_empty()
    };
    let taught = learn_from(&turns.turns, &library.entries, is_question, options.recur);
    reading.finish_and_clear();
    let written = if options.dry_run { None } else { Some(write(&taught, place)?) };
    if screen.json {
        screen.json(&json(&taught, written, &turns.bad_lines))?;
    } else {
        show(&taught, written, screen)?;
        if let Some(first) = turns.bad_lines.first() {
            let line = format!("{} 行没有三列，没有读，第一处在第 {first} 行", turns.bad_lines.len());
            screen.line(screen.paint(Paint::Warn, &line))?;
        }
    }
    Ok(Verdict::of(!turns.bad_lines.is_empty()))
}

fn write(taught: &Taught, place: &Place) -> anyhow::Result<u64> {
    let (journal, warnings) = Journal::open(&place.data)?;
    warnings.iter().for_each(sentences::warn_of_set_aside);
    let at_ms = now_ms();
    let lessons = taught.phrasings.iter().flat_map(|phrasing| {
        phrasing.conversations.iter().map(move |conversation| LessonRow {
            text: phrasing.text.clone(),
            entry_id: std::sync::Arc::clone(&phrasing.entry_id),
            provenance: Provenance::Chats,
            conversation: conversation.clone(),
            at_ms,
        })
    });
    Ok(journal.teach(lessons.collect())?)
}

fn show(taught: &Taught, written: Option<u64>, screen: &mut Screen) -> std::io::Result<()> {
    if !taught.phrasings.is_empty() {
        let mut table = screen.table(&["会话", "相似", "条目", "学到的问法"]);
        for phrasing in taught.phrasings.iter().take(SHOWN) {
            table.add_row([
                phrasing.conversations.len().to_string(),
                format!("{:.2}", phrasing.similarity),
                screen.paint(Paint::Strong, &phrasing.entry_id),
                screen.paint(Paint::Met, &phrasing.text),
            ]);
        }
        screen.line(table.trim_fmt())?;
        more(taught.phrasings.len(), screen)?;
    }
    if !taught.missing.is_empty() {
        screen.line("")?;
        let mut table = screen.table(&["次数", "会话", "知识库里没有的话术", "顾客的话"]);
        for missing in taught.missing.iter().take(SHOWN) {
            let example = missing.examples.first().map_or("", String::as_str);
            let counts = [missing.times.to_string(), missing.conversations.to_string()];
            let [times, conversations] = counts;
            table.add_row([times, conversations, screen.paint(Paint::Strong, &missing.text), screen.paint(Paint::Quiet, example)]);
        }
        screen.line(table.trim_fmt())?;
        more(taught.missing.len(), screen)?;
    }
    let Taught { turns, matched, unlearnable, phrasings, missing } = taught;
    let begin = if written.is_none() { "试一试，什么都没有写：" } else { "" };
    let new = written.map_or_else(String::new, |new| format!("，新写入 {new} 条"));
    screen.line(format!(
        "{begin}{turns} 轮对话，{matched} 轮用了知识库的话术（{unlearnable} 轮的话学不了），学到 {} 种问法{new}；缺少的话术 {} 条",
        phrasings.len(),
        missing.len()
    ))
}

fn more(all: usize, screen: &mut Screen) -> std::io::Result<()> {
    if all <= SHOWN {
        return Ok(());
    }
    screen.line(screen.paint(Paint::Quiet, &format!("还有 {} 行，用 --json 看全部", all - SHOWN)))
}

fn json(taught: &Taught, written: Option<u64>, bad_lines: &[usize]) -> serde_json::Value {
    let phrasings = taught.phrasings.iter().map(|phrasing| {
        serde_json::json!({
            "text": phrasing.text, "entry_id": &*phrasing.entry_id, "reply_id": phrasing.reply_id, "similarity": phrasing.similarity,
            "conversations": phrasing.conversations.len(),
        })
    });
    let missing = taught.missing.iter().map(|missing| {
        serde_json::json!({
            "text": missing.text, "times": missing.times, "conversations": missing.conversations, "examples": missing.examples,
        })
    });
    serde_json::json!({
        "dry_run": written.is_none(), "turns": taught.turns, "matched": taught.matched, "unlearnable": taught.unlearnable, "written": written,
        "bad_lines": bad_lines, "phrasings": phrasings.collect::<Vec<_>>(), "missing": missing.collect::<Vec<_>>(),
    })
}
