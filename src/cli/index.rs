//! `index`: brings the index on disk up to date, so that the next start need not.

use super::Verdict;
use super::place::Place;
use super::screen::{Paint, Screen, spinner};
use crate::analysis::Analyzer;
use crate::index::{Indexes, clear};
use crate::learning::Learned;
use crate::library::{KEPT_FILE, keep, load};
use clap::Args;
use std::time::Instant;

/// 更新索引
#[derive(Debug, Args)]
#[command(override_usage = "huashu index [选项]", next_help_heading = "选项")]
#[command(after_help = "serve 运行时自己更新索引，不需要这个命令。\n\n例子：\n  huashu index --rebuild")]
pub(super) struct Options {
    /// 丢掉原来的索引，全部重建
    #[arg(long)]
    rebuild: bool,
}

pub(super) fn run(options: &Options, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let begin = Instant::now();
    let library = load(&place.kb, None)?;
    if options.rebuild {
        clear(&place.index)?;
    }
    let working = spinner("建索引");
    let hash = library.lexicon.analysis_hash;
    let (mut indexes, warnings) = Indexes::open(&place.index, hash)?;
    let touched = indexes.update(&library.entries, &Learned::default(), &Analyzer::new(&library.lexicon), hash)?;
    if let Some(commit) = indexes.commit() {
        keep(&library, &commit, &place.index.join(KEPT_FILE))?;
    }
    working.finish_and_clear();
    for rebuilt in warnings {
        eprintln!("警告：索引 {} 坏了，或者是按别的版本、别的词库建的，已经重建", rebuilt.source.as_str());
    }
    let (entries, took) = (library.entries.len(), begin.elapsed());
    if screen.json {
        screen.json(&serde_json::json!({ "entries": entries, "touched": touched, "took_ms": took.as_secs_f64() * 1000.0 }))?;
    } else {
        let line = format!("{entries} 个条目，其中 {touched} 个写入索引 {}，用时 {:.1} 秒", place.index.display(), took.as_secs_f64());
        screen.line(screen.paint(Paint::Good, &line))?;
    }
    Ok(Verdict::Done)
}
