//! `export`: the library as a table.

use super::Verdict;
use super::own::{self, Set};
use super::place::Place;
use super::screen::Screen;
use crate::library::load;
use crate::sheets::Format;
use crate::sheets::export::{self, Target};
use crate::sheets::personal;
use anyhow::{Context, bail};
use clap::Args;
use std::fs;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// 导出知识库为表格（CSV、TSV、XLSX、JSONL）
#[derive(Debug, Args)]
#[command(override_usage = "huashu export [选项] --format <FORMAT>", next_help_heading = "选项")]
#[command(after_help = "markdown 一列是整个文件，导回时以它为准；只想改别的列，就先删掉它。

例子：
  huashu export --output 话术.xlsx
  huashu export --format jsonl > 话术.jsonl
  huashu export --format qianniu --output 千牛.csv
  huashu export --format qianniu --set personal --user 小李 --output 我的千牛.csv")]
pub(super) struct Options {
    /// csv、tsv、xlsx、jsonl，或 qianniu、lanren、maxkb、zammad、briskine、qa；有 --output 时可以由文件名决定
    #[arg(long, value_name = "FORMAT", value_parser = format, required_unless_present = "output")]
    format: Option<&'static str>,
    /// 写到这个文件，否则写到标准输出
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// 导出哪一套：team（知识库，默认）或 personal（--user 自己留的话术；csv、xlsx、qianniu、qa）
    #[arg(long, value_name = "SET", value_parser = own::set, default_value = "team", hide_default_value = true)]
    set: Set,
    /// 个人短语是哪个账号的
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// 只要这个店铺的和所有店铺通用的
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    shop: Option<String>,
}

fn format(text: &str) -> Result<&'static str, String> {
    let known = Target::names().into_iter().find(|name| *name == text);
    known.ok_or_else(|| format!("应是 {} 之一", Target::names().join("、")))
}

pub(super) fn run(options: &Options, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let of_path = options.output.as_deref().and_then(Format::of_path);
    let target = match (options.format, options.output.as_deref()) {
        // The file's name says in what file a program shall have it.
        (Some(name), _) => Target::parse(name, of_path.map(Format::as_str)).with_context(|| format!("{name} 只能写成 csv 或 xlsx"))?,
        (None, Some(path)) => Target::Whole(of_path.with_context(|| format!("从 {} 看不出格式，请用 --format", path.display()))?),
        (None, None) => bail!("缺少 --format"),
    };
    if options.output.is_none() && target.ending() == Format::Xlsx.as_str() && std::io::stdout().is_terminal() {
        bail!("xlsx 不是文字，不能写到终端；请用 --output 给一个文件名");
    }
    match (options.set, &options.user) {
        (Set::Personal, Some(user)) => {
            if !personal::is_target(target) {
                bail!("个人短语只能写成 {}", personal::TARGETS.join("、"));
            }
            let bytes = personal::export(&own::entries(place, user)?, target)?;
            match &options.output {
                None => screen.raw().write_all(&bytes)?,
                Some(path) => put(path, &bytes).with_context(|| format!("{} 写不了", path.display()))?,
            }
            return Ok(Verdict::Done);
        }
        (Set::Personal, None) => bail!("个人短语是谁的？请用 --user 给账号名"),
        (Set::Team, Some(_)) => bail!("--user 只用在 --set personal"),
        (Set::Team, None) => {}
    }
    let library = load(&place.kb, None)?;
    let (mut entries, missing) = export::read(&library);
    if let Some(shop) = &options.shop {
        export::keep_shop(&mut entries, shop, &library);
    }
    match &options.output {
        None => export::export_as(&entries, target, screen.raw())?,
        Some(path) => {
            let mut bytes = Vec::new();
            export::export_as(&entries, target, &mut bytes)?;
            put(path, &bytes).with_context(|| format!("{} 写不了", path.display()))?;
            eprintln!("{} 个条目写到 {}", entries.len(), path.display());
        }
    }
    for (path, why) in &missing {
        eprintln!("警告：{path} 没有导出：{why}");
    }
    Ok(Verdict::of(!missing.is_empty()))
}

/// Writes a file whole or not at all; what is no file (a device, a pipe) as it comes.
pub(super) fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let mut file = BufWriter::new(fs::File::options().write(true).open(path)?);
        file.write_all(bytes)?;
        return file.flush();
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".huashu-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
