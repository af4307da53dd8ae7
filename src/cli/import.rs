//! `import`: a table into a folder of Markdown, and what became of each row.

use super::own::Set;
use super::place::Place;
use super::screen::{Paint, Screen, bar};
use super::{Verdict, content, own};
use crate::editing::Change;
use crate::http::ImportCounts;
use crate::sheets::Format;
use crate::sheets::import::{self, Outcome, Plan, RowOutcome};
use crate::sheets::platform::Platform;
use crate::sheets::source::{self, By, Reading, Source};
use crate::sheets::table::{Table, read_bytes};
use anyhow::{Context, bail};
use clap::Args;
use std::path::{Path, PathBuf};

/// Rows shown that were written: enough to see that the columns were understood.
const SHOWN_WRITTEN: usize = 10;

/// Rows shown that were not written; `--json` has them all.
const SHOWN_KEPT: usize = 100;

/// 导入表格（CSV、TSV、XLSX、JSONL）
#[derive(Debug, Args)]
#[command(override_usage = "huashu import [选项] <FILE> --into <DIR>", next_help_heading = "选项")]
#[command(
    after_help = "一行一个文件。认识的列：编号、分类、问题、相似问法、答案、标签、渠道、店铺、阶段、快捷码、状态、有效期从、有效期至、备注等。
千牛、懒人客服、MaxKB、Zammad、Briskine 的表格和两列的问答对也认得。千牛的团队短语和个人短语是两套，快捷码各管各的：个人短语用 --set personal。空格子不改任何东西；什么都不会被删除；同一张表导两次等于导一次。在这里改过的文件会保留，除非 --overwrite。
有行没有写入时退出码是 1。

例子：
  huashu import 话术.xlsx --into kb/导入 --dry-run
  huashu import 无表头.csv --into kb/导入 --columns 分组,快捷码,话术
  huashu import 千牛旗舰店.csv --into kb/导入/旗舰店 --shop 旗舰店
  huashu import 我的千牛.csv --set personal --user 小李"
)]
pub(super) struct Options {
    /// 表格文件
    #[arg(value_name = "FILE", help_heading = "参数")]
    file: PathBuf,
    /// 写到这个文件夹，没有就新建
    #[arg(long, value_name = "DIR", required_unless_present_any = ["user", "set"], conflicts_with = "user")]
    into: Option<PathBuf>,
    /// 导到哪一套：team（知识库，默认）或 personal（--user 自己留的话术）
    #[arg(long, value_name = "SET", value_parser = own::set, default_value = "team", hide_default_value = true)]
    set: Set,
    /// 个人短语是哪个账号的
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// 团队短语是哪个店铺的：快捷码每店一套，新条目只给这个店铺
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    shop: Option<String>,
    /// 只说会怎样，什么都不写
    #[arg(long)]
    dry_run: bool,
    /// 没有表头时各列的名称，用逗号分开，- 跳过一列
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// 谁的表格：auto（看表头）、huashu（自己的）、qianniu、lanren、maxkb、zammad、briskine、qa
    #[arg(long, value_name = "FORMAT", value_parser = by)]
    format: Option<By>,
    /// 以表格为准，覆盖在这里改过的内容
    #[arg(long)]
    overwrite: bool,
}

fn by(text: &str) -> Result<By, String> {
    By::parse(text).ok_or_else(|| "应是 auto、huashu、qianniu、lanren、maxkb、zammad、briskine 或 qa".to_owned())
}

pub(super) fn run(options: &Options, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let how = Reading {
        format: Format::of_path(&options.file),
        by: options.format.unwrap_or_default(),
        columns: options.columns.clone(),
        has_header: false,
    };
    let source = read_bytes(&options.file).and_then(|bytes| source::read(&bytes, &how));
    let Source { table, platform, .. } = source.with_context(|| format!("{} 不能导入", options.file.display()))?;
    if let Some(platform) = platform {
        eprintln!("按{}的表格读", platform.zh());
    }
    let rows = match (options.set, &options.user, &options.into) {
        (Set::Personal, Some(user), _) => own::import(place, user, &table, options.overwrite, options.dry_run)?,
        (Set::Personal, None, _) => bail!("个人短语是谁的？请用 --user 给账号名"),
        (Set::Team, Some(_), _) => bail!("--user 只用在 --set personal"),
        (Set::Team, None, into) => {
            let into = into.as_deref().context("缺少 --into")?;
            if platform == Some(Platform::Qianniu) {
                eprintln!("导到团队这一套；个人短语用 --set personal --user 账号");
            }
            plan_team(&table, into, platform.is_some(), options, place)?
        }
    };
    let counts = ImportCounts::of(&rows);
    if screen.json {
        let rows: Vec<RowJson> = rows.iter().map(RowJson::new).collect();
        screen.json(&serde_json::json!({ "dry_run": options.dry_run, "counts": counts, "rows": rows }))?;
    } else {
        show(&rows, &counts, options.dry_run, screen)?;
    }
    Ok(Verdict::of(counts.conflict + counts.refused > 0))
}

/// The rows of a table for the library, written unless it is only tried.
fn plan_team(table: &Table, into: &Path, by_name: bool, options: &Options, place: &Place) -> anyhow::Result<Vec<RowOutcome>> {
    let reading = bar(table.rows.len(), "读表");
    let settings = import::Options { library: Some(&place.kb), overwrite: options.overwrite, by_name, shop: options.shop.as_deref() };
    let plan = import::plan(table, into, settings, |done, _| reading.set_position(done as u64))?;
    reading.finish_and_clear();
    tell_unused(&plan);
    if options.dry_run { Ok(plan.rows) } else { apply(plan, options, place) }
}

/// Into the library of the other commands with the history that they keep; a folder elsewhere has none.
fn apply(plan: Plan, options: &Options, place: &Place) -> anyhow::Result<Vec<RowOutcome>> {
    if place.kb.canonicalize().is_ok_and(|kb| plan.library.canonicalize().is_ok_and(|library| library == kb)) {
        let changes: Vec<Change> = plan.files().map(|file| Change::write(&file.path, file.bytes, file.expected)).collect();
        let name = options.file.file_name().unwrap_or_default().to_string_lossy();
        let results = if changes.is_empty() { Vec::new() } else { content::import(place, changes, &format!("导入 {name}"))? };
        return Ok(plan.finish(results)?);
    }
    let writing = bar(plan.rows.len(), "写入");
    let rows = import::apply(plan, |done, all| {
        writing.set_length(all as u64);
        writing.set_position(done as u64);
    })?;
    writing.finish_and_clear();
    Ok(rows)
}

/// What of the table nobody reads, on standard error: the result is the rows.
fn tell_unused(plan: &Plan) {
    for unused in &plan.unused {
        let why = if unused.is_double { "和前面的列是一个意思" } else { "不认识这个列名" };
        eprintln!("警告：第 {} 列「{}」没有读：{why}", unused.column, unused.name);
    }
    if !plan.other_sheets.is_empty() {
        eprintln!("警告：只读了第一张工作表，没有读：{}", plan.other_sheets.join("、"));
    }
}

fn show(rows: &[RowOutcome], counts: &ImportCounts, dry_run: bool, screen: &mut Screen) -> std::io::Result<()> {
    let is_written = |row: &&RowOutcome| matches!(row.outcome, Outcome::Created | Outcome::Updated);
    let is_kept = |row: &&RowOutcome| row.outcome.reason().is_some();
    let written = rows.iter().filter(is_written).take(SHOWN_WRITTEN);
    let kept = rows.iter().filter(is_kept).take(SHOWN_KEPT);
    let mut table = screen.table(&["行", "结果", "编号", "文件或原因"]);
    for row in written.chain(kept) {
        let (paint, result) = outcome_zh(&row.outcome);
        let last = row.outcome.reason().map_or_else(|| row.path.clone().unwrap_or_default(), |reason| reason.zh);
        let id = row.id.as_deref().unwrap_or_default();
        table.add_row([row.row.to_string(), screen.paint(paint, result), screen.paint(Paint::Strong, id), screen.paint(paint, &last)]);
    }
    let shown = table.row_count();
    if shown > 0 {
        screen.line(table.trim_fmt())?;
    }
    let more = rows.iter().filter(|row| is_written(row) || is_kept(row)).count() - shown;
    if more > 0 {
        screen.line(screen.paint(Paint::Quiet, &format!("还有 {more} 行，用 --json 看全部")))?;
    }
    let ImportCounts { created, updated, unchanged, conflict, refused } = counts;
    let begin = if dry_run { "试一试，什么都没有写：" } else { "" };
    let line = format!("{begin}新建 {created}，更新 {updated}，未变 {unchanged}，保留 {conflict}，拒绝 {refused}；共 {} 行", rows.len());
    screen.line(screen.paint(if conflict + refused > 0 { Paint::Warn } else { Paint::Good }, &line))
}

/// A row as programs read it.
#[derive(Debug, serde::Serialize)]
struct RowJson<'r> {
    row: usize,
    outcome: &'static str,
    id: Option<&'r str>,
    path: Option<&'r str>,
    /// Why it was not written, in Chinese and English.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_en: Option<String>,
}

impl RowJson<'_> {
    fn new(row: &RowOutcome) -> RowJson<'_> {
        let outcome = row.outcome.as_str();
        let (message, message_en) = row.outcome.reason().map(|reason| (reason.zh, reason.en)).unzip();
        RowJson { row: row.row, outcome, id: row.id.as_deref(), path: row.path.as_deref(), message, message_en }
    }
}

fn outcome_zh(outcome: &Outcome) -> (Paint, &'static str) {
    match outcome {
        Outcome::Created => (Paint::Good, "新建"),
        Outcome::Updated => (Paint::Good, "更新"),
        Outcome::Unchanged => (Paint::Quiet, "未变"),
        Outcome::Conflict(_) => (Paint::Warn, "保留"),
        Outcome::Refused(_) => (Paint::Bad, "拒绝"),
    }
}
