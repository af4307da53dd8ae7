//! Cells on their way out: made harmless, put into a CSV file or a workbook; and the way back. Pure.

use rust_xlsxwriter::{Workbook, XlsxError};
use std::borrow::Cow;
use std::io;

/// What makes a spreadsheet program run a cell of a CSV file as a formula (OWASP, "CSV Injection").
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

fn looks_like_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA_STARTS)
}

/// Makes a cell of a CSV file harmless with a `'` before it. A cell that has such marks already gains one more, so that
/// [`unguard`] gives back exactly what was there.
pub(crate) fn guard(cell: &str) -> Cow<'_, str> {
    if looks_like_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Takes one mark off. In the CSV of other programs too a `'` before `=`, `+`, `-` or `@` means "this is text" and is no part of it.
pub(super) fn unguard(cell: &str) -> Cow<'_, str> {
    match cell.strip_prefix('\'') {
        Some(rest) if looks_like_formula(rest) => Cow::Borrowed(rest),
        _ => Cow::Borrowed(cell),
    }
}

/// Rows as CSV that Excel opens with a double click: with a byte order mark, without which it takes the file for GBK, and with CRLF.
///
/// # Errors
/// Where the memory ends.
pub(crate) fn csv_for_excel(rows: impl IntoIterator<Item = Vec<String>>) -> io::Result<Vec<u8>> {
    csv(rows, true)
}

/// Rows as CSV.
pub(super) fn csv(rows: impl IntoIterator<Item = Vec<String>>, mark: bool) -> io::Result<Vec<u8>> {
    let begin = if mark { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(begin);
    for row in rows {
        writer.write_record(row.iter().map(|cell| guard(cell).into_owned())).map_err(io::Error::other)?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// Rows as a workbook of one sheet. All cells are texts, so that `007` stays and `=1` is no formula.
pub(super) fn workbook(rows: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (number, row) in (0u32..).zip(rows) {
        for (column, cell) in (0u16..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(number, column, cell)?;
        }
    }
    workbook.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_guarded_cell_is_harmless_and_comes_back(cell in "['=+@\t\r-]{0,4}\\PC{0,5}") {
            let guarded = guard(&cell);
            prop_assert!(!guarded.starts_with(FORMULA_STARTS));
            prop_assert_eq!(unguard(&guarded), cell.as_str());
        }
    }
}
