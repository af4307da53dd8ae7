//! Rows and their limits: what every reader of tables gives, and why it may give nothing. Values only.

use super::Fault;
use crate::markdown::MAX_FILE_BYTES;
use std::path::PathBuf;

/// Largest file: 100,000 rows of 600 bytes; larger ones are not tables that people keep.
pub const MAX_TABLE_BYTES: u64 = 64 << 20;
/// Most rows: a library has been measured with as many entries.
pub const MAX_ROWS: usize = 100_000;
/// Most columns: the longest form of a platform has 60, and a markdown of a million characters fills 32 cells of Excel.
pub const MAX_COLUMNS: usize = 256;
/// Longest cell, in bytes: what one entry may have, for a cell may be a whole file.
pub const MAX_CELL_BYTES: usize = MAX_FILE_BYTES;

/// One row.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Row {
    /// As a spreadsheet program counts, from 1, header and empty rows included; in JSON lines the line.
    pub number: usize,
    /// One for each column, fewer where the rest is empty.
    pub cells: Vec<String>,
    /// Why the row cannot be used.
    pub fault: Option<Fault>,
}

/// Why a file is no table.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the sentences name")]
pub enum TableError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// Beyond [`MAX_TABLE_BYTES`].
    #[error("the file has more than {} MB: split it", MAX_TABLE_BYTES >> 20)]
    TooLarge,
    /// Beyond [`MAX_ROWS`].
    #[error("row {row}: at most {MAX_ROWS} rows are read: split the file")]
    TooManyRows { row: usize },
    /// Beyond [`MAX_COLUMNS`].
    #[error("row {row} has {columns} columns, at most {MAX_COLUMNS} are read")]
    TooManyColumns { row: usize, columns: usize },
    /// Bytes that are no text.
    #[error("line {line} (byte {byte}) is no {encoding} text: save the file as UTF-8")]
    Undecodable { encoding: &'static str, line: usize, byte: usize },
    /// The binary format before 2007, or an encrypted workbook.
    #[error("an old or encrypted Excel file: save it as plain .xlsx or .csv")]
    OldExcel,
    /// No workbook, or a damaged one.
    #[error("the workbook cannot be read: {0}; save it again as .xlsx")]
    Workbook(String),
    /// A workbook that would fill the memory.
    #[error("the workbook unpacks to more than {} MB and is not read", limit >> 20)]
    Unpacked { limit: u64 },
    /// A quoted cell without an end swallows all that follows.
    #[error("row {row} has a quotation mark without a partner, which swallows all that follows")]
    UnclosedQuote { row: usize },
    /// No cell anywhere.
    #[error("the table is empty")]
    Empty,
    /// No column has a known name.
    #[error(
        "no column of the header is known: {found}; \
         name them in the first row (such as id, question, answer) or with --columns"
    )]
    NoKnownColumn { found: String },
}
