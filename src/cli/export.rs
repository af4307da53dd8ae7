//! `export`: the library as a table.

use super::Verdict;
use super::place::Place;
use super::screen::Screen;
use crate::library::load;
use crate::sheets::{Format, export};
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
  huashu export --format jsonl > 话术.jsonl")]
pub(super) struct Options {
    /// csv、tsv、xlsx 或 jsonl；有 --output 时可以由文件名决定
    #[arg(long, value_name = "FORMAT", value_parser = format, required_unless_present = "output")]
    format: Option<Format>,
    /// 写到这个文件，否则写到标准输出
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn format(text: &str) -> Result<Format, String> {
    let formats = [Format::Csv, Format::Tsv, Format::Xlsx, Format::Jsonl];
    formats.into_iter().find(|format| format.as_str() == text).ok_or_else(|| "应是 csv、tsv、xlsx 或 jsonl".to_owned())
}

pub(super) fn run(options: &Options, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let format = match (options.format, options.output.as_deref()) {
        (Some(format), _) => format,
        (None, Some(path)) => Format::of_path(path).with_context(|| format!("从 {} 看不出格式，请用 --format", path.display()))?,
        (None, None) => bail!("缺少 --format"),
    };
    if options.output.is_none() && format == Format::Xlsx && std::io::stdout().is_terminal() {
        bail!("xlsx 不是文字，不能写到终端；请用 --output 给一个文件名");
    }
    let library = load(&place.kb, None)?;
    let (entries, missing) = export::read(&library);
    match &options.output {
        None => export::export(&entries, format, screen.raw())?,
        Some(path) => {
            let mut bytes = Vec::new();
            export::export(&entries, format, &mut bytes)?;
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
