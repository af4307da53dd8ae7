//! `backup` and `restore`: everything in one file, and back.

use super::Verdict;
use super::place::Place;
use super::screen::Screen;
use crate::backup::{backup, restore};
use anyhow::Context;
use clap::Args;
use std::path::PathBuf;

/// 备份知识库、台账和流水为一个 zip 文件（服务开着也能备份）
#[derive(Debug, Args)]
#[command(override_usage = "huashu backup [选项] <FILE>", next_help_heading = "选项", next_display_order = 1)]
#[command(after_help = "里面有知识库的全部文件（git 自己的除外）、账号和历史、学到的问法；没有索引，它会自动重建。
请妥善保管：里面有账号和打过码的顾客消息。

例子：
  huashu backup 话术-2026-11-22.zip")]
pub(super) struct BackupOptions {
    /// 写到这个文件；已有的会被替换
    #[arg(value_name = "FILE", help_heading = "参数")]
    file: PathBuf,
}

/// 从备份恢复；现有的文件夹会改名保留
#[derive(Debug, Args)]
#[command(override_usage = "huashu restore [选项] <FILE>", next_help_heading = "选项", next_display_order = 1)]
#[command(after_help = "恢复到 --kb 和 --data 所指的文件夹；先停下在用它们的服务。备份不完整时什么都不会动。

例子：
  huashu restore 话术-2026-11-22.zip
  huashu --kb /srv/话术 --data /srv/data restore 话术.zip")]
pub(super) struct RestoreOptions {
    /// huashu backup 写的文件
    #[arg(value_name = "FILE", help_heading = "参数")]
    file: PathBuf,
}

pub(super) fn run_backup(options: &BackupOptions, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let manifest = super::runtime()?.block_on(backup(&place.kb, &place.data, &options.file)).context("没有备份成")?;
    if screen.json {
        screen.json(&serde_json::json!({ "file": options.file, "manifest": manifest }))?;
    } else {
        let had = |there: bool| if there { "有" } else { "没有" };
        let (register, journal) = (had(manifest.register), had(manifest.journal));
        screen.line(format!("{} 个文件，{register}台账，{journal}流水，写到 {}", manifest.files, options.file.display()))?;
    }
    Ok(Verdict::Done)
}

pub(super) fn run_restore(options: &RestoreOptions, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let restored =
        super::runtime()?.block_on(restore(&options.file, &place.kb, &place.data, &place.index)).context("没有恢复，现有的没有动")?;
    if screen.json {
        screen.json(&serde_json::json!({ "manifest": restored.manifest, "aside": restored.aside }))?;
    } else {
        screen.line(format!("恢复了 {} 的备份：{} 个文件在 {}", restored.manifest.at, restored.manifest.files, place.kb.display()))?;
        for aside in &restored.aside {
            screen.line(format!("原来的改名为 {}", aside.display()))?;
        }
    }
    Ok(Verdict::Done)
}
