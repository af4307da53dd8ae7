//! Spreadsheets in and out: what a shop has of scripts comes as a table, and goes to people and programs that work with tables.
//!
//! The way in is [`table`] (bytes to rows), [`columns`] (names to meanings, those of other programs by [`platform`]), [`import`] (a plan, then the files); the way out is
//! [`export`]. Called by `cli` and `http`. Content files are read and written through `library` alone; nothing here prints.

pub(crate) mod cells;
pub mod columns;
pub mod export;
mod html;
pub mod import;
pub mod personal;
pub mod platform;
mod rows;
pub mod source;
pub mod table;
mod text;
mod workbook;

use std::path::Path;

/// A kind of file that holds a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Comma-separated values; read with whatever separator they have.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// A workbook of Excel 2007 and later.
    Xlsx,
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    /// By the ending of the file's name.
    pub fn of_path(path: &Path) -> Option<Format> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Format::Csv),
            "tsv" | "tab" => Some(Format::Tsv),
            "xlsx" | "xlsm" => Some(Format::Xlsx),
            "jsonl" | "ndjson" => Some(Format::Jsonl),
            _ => None,
        }
    }

    /// All.
    pub const ALL: [Format; 4] = [Format::Csv, Format::Tsv, Format::Xlsx, Format::Jsonl];

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// The name on the command line, and the ending of a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Xlsx => "xlsx",
            Format::Jsonl => "jsonl",
        }
    }
}

/// Why something of a table cannot be used, in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Reason {
    fn new(zh: impl Into<String>, en: impl Into<String>) -> Reason {
        Reason { zh: zh.into(), en: en.into() }
    }
}

/// Something wrong in one row: refused, while the others go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The cell's column from 1, where it is one cell.
    pub column: Option<usize>,
    /// Why.
    pub reason: Reason,
}

impl Fault {
    fn row(zh: impl Into<String>, en: impl Into<String>) -> Fault {
        Fault { column: None, reason: Reason::new(zh, en) }
    }

    fn cell(column: usize, zh: impl Into<String>, en: impl Into<String>) -> Fault {
        Fault { column: Some(column), reason: Reason::new(zh, en) }
    }
}
