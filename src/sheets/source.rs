//! A file to a table in our columns, whatever program wrote it: what `cli` and `http` call first.

use super::Format;
use super::platform::{Platform, recognise, translate};
use super::table::{self, Table, TableError};

/// How a file is to be read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// As the file's name says, where it says something.
    pub format: Option<Format>,
    /// Which program wrote it.
    pub by: By,
    /// Names of the columns, instead of those in the file; `-` leaves one out.
    pub columns: Option<Vec<String>>,
    /// Whether the names given are instead of a first row of names; else the file has no such row, unless it plainly has.
    pub has_header: bool,
}

/// Which program wrote a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum By {
    /// To be seen from its header.
    #[default]
    Anyone,
    /// Ours: names as they are.
    Us,
    /// One of those that are known.
    Program(Platform),
}

impl By {
    /// Reads `auto`, `huashu` (or the kind of file, for ours), or the name of a platform.
    pub fn parse(name: &str) -> Option<By> {
        match name {
            "" | "auto" => Some(By::Anyone),
            "huashu" | "sheet" | "csv" | "xlsx" | "jsonl" | "tsv" => Some(By::Us),
            other => Platform::parse(other).map(By::Program),
        }
    }
}

/// A table in our columns.
#[derive(Debug)]
pub struct Source {
    /// The table.
    pub table: Table,
    /// The program that wrote it, where it is not ours.
    pub platform: Option<Platform>,
    /// The names in the file; empty where it has none.
    pub headings: Vec<String>,
}

/// Reads a file.
///
/// # Errors
/// [`TableError`].
pub fn read(bytes: &[u8], reading: &Reading) -> Result<Source, TableError> {
    let Reading { format, by, columns, has_header } = reading;
    if let Some(columns) = columns.as_ref().filter(|_| !has_header) {
        let table = table::read(bytes, *format, Some(columns))?;
        return Ok(Source { table, platform: None, headings: Vec::new() });
    }
    let mut table = table::read(bytes, *format, None)?;
    let seen = if *by == By::Us { None } else { recognise(&mut table) };
    let platform = match by {
        By::Program(platform) => Some(*platform),
        By::Anyone | By::Us => seen,
    };
    let headings = table.columns.clone();
    if let Some(platform) = platform {
        table = translate(table, platform);
    }
    for (name, given) in table.columns.iter_mut().zip(columns.iter().flatten()) {
        name.clone_from(given);
    }
    Ok(Source { table, platform, headings })
}
