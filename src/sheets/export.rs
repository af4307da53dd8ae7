//! Entries to a table for people who work in tables. The column `markdown` holds the whole file, so that the way back gives the same
//! bytes; the others are for reading and filtering, and for those who take that column away and edit the rest.

use super::Format;
use super::cells::{self, guard};
use super::import::{write_begin, write_end};
use super::platform::{self, Platform};
use crate::entry::Entry;
use crate::facet::Facet;
use crate::library::Library;
use crate::library::write;
use rust_xlsxwriter::{Workbook, XlsxError};
use std::io::{self, Write};

/// Longest cell of Excel, in UTF-16 units (Microsoft, "Excel specifications and limits").
const MAX_EXCEL_CELL_UNITS: usize = 32_767;
/// Widths of the columns of a workbook in characters: what is read in whole sentences is wide.
const WIDTHS: (f64, f64) = (12.0, 48.0);

/// One cell of a row.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Cell {
    Text(String),
    List(Vec<String>),
}

/// A column before `markdown`: its name in JSON, its name for people, its cell.
type Field = (&'static str, &'static str, fn(&Entry) -> Cell);

/// The columns of the import, then where the file stands. Values are written as people choose them in a table.
const FIELDS: [Field; 18] = [
    ("id", "编号", |entry| Cell::Text(entry.id.to_string())),
    ("category", "分类", |entry| Cell::Text(entry.category.clone())),
    ("title", "标题", |entry| Cell::Text(entry.title.clone())),
    ("questions", "问法", |entry| Cell::List(entry.questions.clone())),
    ("reply", "答案", |entry| Cell::Text(entry.replies.first().map(crate::entry::Reply::text).unwrap_or_default())),
    ("tags", "标签", |entry| Cell::List(entry.tags.clone())),
    ("channels", "渠道", |entry| facet(entry, Facet::Channel)),
    ("shops", "店铺", |entry| facet(entry, Facet::Shop)),
    ("stage", "阶段", |entry| facet(entry, Facet::Stage)),
    ("shortcut", "快捷码", |entry| Cell::Text(entry.shortcut.clone().unwrap_or_default())),
    ("state", "状态", |entry| Cell::Text(entry.state.zh().to_owned())),
    ("valid_from", "有效期从", |entry| Cell::Text(entry.valid.from.map(write_begin).unwrap_or_default())),
    ("valid_until", "有效期至", |entry| Cell::Text(entry.valid.until.map(write_end).unwrap_or_default())),
    ("note", "备注", |entry| Cell::Text(entry.note.clone().unwrap_or_default())),
    ("source", "来源", |entry| Cell::Text(entry.source.clone().unwrap_or_default())),
    ("kind", "kind", |entry| Cell::Text(entry.kind.as_str().to_owned())),
    ("folder", "folder", |entry| Cell::Text(entry.path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned())),
    // Links between entries and the ids of files without one go by the file's name.
    ("file", "file", |entry| Cell::Text(entry.path.rsplit('/').next().unwrap_or_default().to_owned())),
];

fn facet(entry: &Entry, facet: Facet) -> Cell {
    Cell::List(entry.facet(facet).map(str::to_owned).collect())
}

impl Cell {
    /// A list one item a line.
    fn into_text(self) -> String {
        match self {
            Cell::Text(text) => text,
            Cell::List(items) => items.join("\n"),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Cell::Text(text) => text.is_empty(),
            Cell::List(items) => items.is_empty(),
        }
    }
}

/// An entry and its file.
#[derive(Debug)]
pub struct Exported<'e> {
    /// As it was parsed.
    pub entry: &'e Entry,
    /// The whole file.
    pub markdown: String,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The receiver of the bytes failed.
    #[error("the export could not be written: {0}")]
    Io(#[from] io::Error),
    /// The workbook could not be made.
    #[error("the workbook could not be made: {0}")]
    Workbook(#[from] XlsxError),
}

/// What an export is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// People, and the way back: every column and the whole file.
    Whole(Format),
    /// Another program, as CSV or as a workbook.
    Program(Platform, Format),
}

impl Target {
    /// Reads the name of a format or a program, and for a program in what file.
    pub fn parse(name: &str, container: Option<&str>) -> Option<Target> {
        if let Some(format) = Format::parse(name) {
            return Some(Target::Whole(format));
        }
        let platform = Platform::parse(name)?;
        let own = if platform.takes_workbook() { Format::Xlsx } else { Format::Csv };
        let format = match container.filter(|container| !container.is_empty()) {
            None => own,
            Some(name) => Format::parse(name).filter(|format| matches!(format, Format::Csv | Format::Xlsx))?,
        };
        Some(Target::Program(platform, format))
    }

    /// All names.
    pub fn names() -> Vec<&'static str> {
        Format::ALL.map(Format::as_str).into_iter().chain(Platform::ALL.map(Platform::as_str)).collect()
    }

    /// The ending of the file.
    pub fn ending(self) -> &'static str {
        match self {
            Target::Whole(format) | Target::Program(_, format) => format.as_str(),
        }
    }
}

/// Writes entries for people or for a program.
///
/// # Errors
/// [`ExportError`].
pub fn export_as(entries: &[Exported], target: Target, to: &mut dyn Write) -> Result<(), ExportError> {
    let (platform, format) = match target {
        Target::Whole(format) => return export(entries, format, to),
        Target::Program(platform, format) => (platform, format),
    };
    let rows = platform::rows(entries.iter().map(|exported| exported.entry), platform);
    let bytes = if format == Format::Xlsx { cells::workbook(rows)? } else { cells::csv(rows, platform.is_for_excel())? };
    to.write_all(&bytes)?;
    Ok(to.flush()?)
}

/// Reads the files of a library's entries; those that cannot be read any more are given apart, with the reason.
pub fn read(library: &Library) -> (Vec<Exported<'_>>, Vec<(String, String)>) {
    let (mut exported, mut missing) = (Vec::new(), Vec::new());
    for entry in &library.entries {
        let text = write::read(&library.dir, &entry.path)
            .map_err(|error| error.to_string())
            .and_then(|(bytes, _)| String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned()));
        match text {
            Ok(markdown) => exported.push(Exported { entry, markdown }),
            Err(why) => missing.push((entry.path.clone(), why)),
        }
    }
    (exported, missing)
}

/// Leaves what is for a shop, by its id or another of its names, or for all.
pub fn keep_shop(entries: &mut Vec<Exported>, shop: &str, library: &Library) {
    let id = library.lexicon.facets.resolve(Facet::Shop, shop).unwrap_or(shop);
    entries.retain(|exported| {
        let mut shops = exported.entry.facet(Facet::Shop).peekable();
        shops.peek().is_none() || shops.any(|of| of == id)
    });
}

/// Writes entries as a table.
///
/// # Errors
/// [`ExportError`].
pub fn export(entries: &[Exported], format: Format, to: &mut dyn Write) -> Result<(), ExportError> {
    match format {
        Format::Csv => write_separated(entries, b',', to)?,
        Format::Tsv => write_separated(entries, b'\t', to)?,
        Format::Jsonl => write_jsonl(entries, to)?,
        Format::Xlsx => to.write_all(&workbook(entries)?)?,
    }
    Ok(to.flush()?)
}

/// With a byte order mark and CRLF: without the mark Excel takes the file for GBK.
fn write_separated(entries: &[Exported], separator: u8, to: &mut dyn Write) -> io::Result<()> {
    to.write_all("\u{feff}".as_bytes())?;
    let mut rows = csv::WriterBuilder::new().delimiter(separator).terminator(csv::Terminator::CRLF).from_writer(to);
    rows.write_record(FIELDS.iter().map(|(_, name, _)| *name).chain(["markdown"])).map_err(io_error)?;
    for exported in entries {
        let cells = FIELDS.iter().map(|(.., cell)| cell(exported.entry).into_text()).chain([exported.markdown.clone()]);
        rows.write_record(cells.map(|cell| guard(&cell).into_owned())).map_err(io_error)?;
    }
    rows.flush()
}

/// The error of the receiver itself, with its kind: a closed pipe must be known for one.
fn io_error(error: csv::Error) -> io::Error {
    let told = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::Error::other(told),
    }
}

fn write_jsonl(entries: &[Exported], to: &mut dyn Write) -> io::Result<()> {
    for exported in entries {
        let mut object = serde_json::Map::new();
        for (name, _, cell) in FIELDS {
            let cell = match name {
                "state" => Cell::Text(exported.entry.state.as_str().to_owned()),
                _ => cell(exported.entry),
            };
            if !cell.is_empty() {
                object.insert(name.to_owned(), serde_json::to_value(cell)?);
            }
        }
        object.insert("markdown".to_owned(), exported.markdown.clone().into());
        serde_json::to_writer(&mut *to, &object)?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

/// All cells are texts, so that `007` stays and `=1` is no formula. What is too long for a cell goes on in `markdown_2` and so on;
/// any other such cell stays empty, which on the way back changes nothing.
fn workbook(entries: &[Exported]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("话术")?;
    let header = rust_xlsxwriter::Format::new().set_bold();
    let body = rust_xlsxwriter::Format::new().set_num_format("@").set_text_wrap().set_align(rust_xlsxwriter::FormatAlign::Top);
    let parts: Vec<Vec<&str>> = entries.iter().map(|exported| excel_parts(&exported.markdown)).collect();
    let most_parts = parts.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let names = FIELDS.iter().map(|(_, name, _)| (*name).to_owned());
    let names = names.chain((1..=most_parts).map(|part| if part == 1 { "markdown".to_owned() } else { format!("markdown_{part}") }));
    for (column, name) in (0u16..).zip(names) {
        let is_wide = ["标题", "问法", "答案"].contains(&name.as_str()) || name.starts_with("markdown");
        sheet.set_column_width(column, if is_wide { WIDTHS.1 } else { WIDTHS.0 })?;
        sheet.write_string_with_format(0, column, name, &header)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for ((row, exported), parts) in (1u32..).zip(entries).zip(&parts) {
        // Else the height of each row follows its longest file.
        sheet.set_row_height(row, 60)?;
        let cells = FIELDS.iter().map(|(.., cell)| cell(exported.entry).into_text());
        let cells = cells.map(|cell| if units(&cell) > MAX_EXCEL_CELL_UNITS { String::new() } else { cell });
        for (column, cell) in (0u16..).zip(cells.chain(parts.iter().map(|part| (*part).to_owned()))) {
            if !cell.is_empty() {
                sheet.write_string_with_format(row, column, cell, &body)?;
            }
        }
    }
    workbook.save_to_buffer()
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// A text in parts that fit a cell each.
fn excel_parts(text: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut length) = (Vec::new(), 0, 0);
    for (at, character) in text.char_indices() {
        if length + character.len_utf16() > MAX_EXCEL_CELL_UNITS {
            parts.push(&text[begin..at]);
            (begin, length) = (at, 0);
        }
        length += character.len_utf16();
    }
    parts.push(&text[begin..]);
    parts
}
