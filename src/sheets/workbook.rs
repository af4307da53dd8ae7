//! The first sheet of an XLSX workbook to rows. A workbook is a zip of XML, so it is looked at before it is believed.

use super::Fault;
use super::rows::{MAX_COLUMNS, MAX_ROWS, Row, TableError};
use calamine::{DataRef, ExcelDateTime, Reader, SheetVisible, Xlsx};
use std::io::{Cursor, Read};

/// Most bytes that a workbook may unpack to: 100,000 rows of a thousand characters with their markup; a zip of 64 MiB could hold a
/// thousand times more.
const MAX_UNPACKED_BYTES: u64 = 512 << 20;

/// Where a number with decimals begins to be inexact: up to here a float holds every integer.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// The rows of a workbook and what was left out.
pub(super) struct Workbook {
    pub(super) rows: Vec<Row>,
    /// Names of sheets that were not read.
    pub(super) other_sheets: Vec<String>,
}

/// Reads the first visible sheet that has cells.
///
/// # Errors
/// [`TableError`] where it is no workbook or too big.
pub(super) fn read(bytes: &[u8]) -> Result<Workbook, TableError> {
    guard(bytes, MAX_UNPACKED_BYTES)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let sheets: Vec<(String, bool)> =
        workbook.sheets_metadata().iter().map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible)).collect();
    for (name, _) in sheets.iter().filter(|(_, visible)| *visible) {
        let rows = read_sheet(&mut workbook, name)?;
        if !rows.is_empty() {
            let other_sheets = sheets.iter().map(|(other, _)| other.clone()).filter(|other| other != name).collect();
            return Ok(Workbook { rows, other_sheets });
        }
    }
    Err(TableError::Empty)
}

/// Unpacks everything once and throws it away: the sizes that a zip declares need not be true. Also looks at the count by which the
/// reader reserves memory before it has read one string.
fn guard(bytes: &[u8], limit: u64) -> Result<(), TableError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let mut left = limit;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(broken)?;
        let is_strings = part.name().map_err(broken)?.to_ascii_lowercase().ends_with("sharedstrings.xml");
        let mut part = part.take(left + 1);
        let mut unpacked = 0;
        if is_strings {
            let mut head = Vec::new();
            unpacked += part.by_ref().take(4096).read_to_end(&mut head).map_err(broken)? as u64;
            if declared_strings(&head) > (MAX_ROWS * MAX_COLUMNS) as u64 {
                return Err(TableError::Unpacked { limit });
            }
        }
        unpacked += std::io::copy(&mut part, &mut std::io::sink()).map_err(broken)?;
        left = left.checked_sub(unpacked).ok_or(TableError::Unpacked { limit })?;
    }
    Ok(())
}

/// `uniqueCount` at the head of the shared strings; one that cannot be read counts as none.
fn declared_strings(head: &[u8]) -> u64 {
    let head = String::from_utf8_lossy(head);
    let Some((_, after)) = head.split_once("uniqueCount") else { return 0 };
    let digits: String = after.chars().skip_while(|character| !character.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u64::MAX) }
}

/// Cell by cell: the size that a sheet declares, or one cell in the last row, would fill the memory with nothing.
fn read_sheet(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<Vec<Row>, TableError> {
    let Ok(mut cells) = workbook.worksheet_cells_reader(name) else {
        // A chart or a macro sheet.
        return Ok(Vec::new());
    };
    let mut rows: Vec<Row> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        let (row, column) = cell.get_position();
        let (number, column) = (row as usize + 1, column as usize);
        let text = match as_text(cell.get_value()) {
            Ok(text) if text.is_empty() => continue,
            other => other,
        };
        if column >= MAX_COLUMNS {
            return Err(TableError::TooManyColumns { row: number, columns: column + 1 });
        }
        if rows.last().is_none_or(|last| last.number < number) {
            rows.push(Row { number, ..Row::default() });
        }
        if rows.len() > MAX_ROWS + 1 {
            return Err(TableError::TooManyRows { row: number });
        }
        // Cells come in the order of the file, which is that of the sheet in every workbook that a program wrote.
        let Some(last) = rows.last_mut().filter(|last| last.number == number) else {
            return Err(TableError::Workbook("rows are not in order".into()));
        };
        if last.cells.len() <= column {
            last.cells.resize(column + 1, String::new());
        }
        match text {
            Ok(text) => last.cells[column] = text,
            Err(error) => {
                last.fault.get_or_insert_with(|| {
                    Fault::cell(column + 1, format!("公式出错：{error}"), format!("the formula has an error: {error}"))
                });
            }
        }
    }
    Ok(rows)
}

/// A value as a person reads it; an error of a formula is none.
fn as_text(value: &DataRef) -> Result<String, String> {
    Ok(match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < EXACT_INTEGERS => format!("{number:.0}"),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(moment) => as_date(moment),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => return Err(error.to_string()),
    })
}

/// `2026-11-10`, with a time where there is one; a time alone has no date.
fn as_date(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let time = match (hour, minute, second) {
        (0, 0, 0) => String::new(),
        (hour, minute, 0) => format!("{hour:02}:{minute:02}"),
        (hour, minute, second) => format!("{hour:02}:{minute:02}:{second:02}"),
    };
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (moment.as_f64() < 1.0, time.is_empty()) {
        (true, _) => time,
        (false, true) => date,
        (false, false) => format!("{date} {time}"),
    }
}

fn broken(error: impl std::fmt::Display) -> TableError {
    TableError::Workbook(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_xlsxwriter::{ExcelDateTime as Moment, Format, Formula};
    use std::io::Write;

    fn workbook(fill: impl FnOnce(&mut rust_xlsxwriter::Workbook)) -> Vec<u8> {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        fill(&mut workbook);
        workbook.save_to_buffer().unwrap()
    }

    #[test]
    fn values_are_what_a_person_reads() {
        let day = Format::new().set_num_format("yyyy-mm-dd");
        let bytes = workbook(|workbook| {
            workbook.add_worksheet().set_name("空").unwrap();
            let sheet = workbook.add_worksheet().set_name("话术").unwrap();
            sheet.write(1, 0, 10023).unwrap();
            sheet.write(1, 1, 9.5).unwrap();
            sheet.write(1, 2, true).unwrap();
            sheet.write(1, 4, "第一行\n第二行").unwrap();
            sheet.write_with_format(3, 0, Moment::from_ymd(2026, 11, 10).unwrap(), &day).unwrap();
            sheet.write_with_format(3, 1, Moment::from_ymd(2026, 11, 10).unwrap().and_hms(20, 0, 0).unwrap(), &day).unwrap();
            sheet.write(4, 0, 202_611_101_234_567_f64).unwrap();
            workbook.add_worksheet().set_name("说明").unwrap();
        });
        let read = read(&bytes).unwrap();
        let rows: Vec<_> = read.rows.iter().map(|row| (row.number, row.cells.join("·"))).collect();
        assert_eq!(
            rows,
            [
                (2, "10023·9.5·true··第一行\n第二行".to_owned()),
                (4, "2026-11-10·2026-11-10 20:00".to_owned()),
                (5, "202611101234567".to_owned())
            ]
        );
        assert_eq!(read.other_sheets, ["空", "说明"]);
    }

    #[test]
    fn an_error_of_a_formula_is_a_fault_of_its_row() {
        let bytes = workbook(|workbook| {
            let sheet = workbook.add_worksheet();
            sheet.write(0, 0, "x").unwrap();
            sheet.write(1, 1, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
        });
        let rows = read(&bytes).unwrap().rows;
        assert_eq!(rows[1].fault.as_ref().unwrap().column, Some(2));
    }

    #[test]
    fn what_unpacks_too_big_or_lies_about_its_size_is_refused() {
        let zip_of = |name: &str, content: &[u8]| {
            let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
            zip.finish().unwrap().into_inner()
        };
        let bomb = zip_of("xl/worksheets/sheet1.xml", &vec![b' '; 1 << 20]);
        assert!(bomb.len() < 1 << 16);
        assert!(matches!(guard(&bomb, 1 << 19), Err(TableError::Unpacked { .. })));
        assert!(guard(&bomb, 1 << 20).is_ok());
        let liar = zip_of("xl/sharedStrings.xml", br#"<?xml version="1.0"?><sst count="1" uniqueCount="99999999999999999999">"#);
        assert!(matches!(read(&liar), Err(TableError::Unpacked { .. })));
    }

    #[test]
    fn a_cell_far_away_takes_no_memory() {
        let bytes = workbook(|workbook| {
            let sheet = workbook.add_worksheet();
            sheet.write(0, 0, "x").unwrap();
            sheet.write(1_048_575, 0, "y").unwrap();
        });
        assert_eq!(read(&bytes).unwrap().rows.len(), 2);
        let bytes = workbook(|workbook| {
            workbook.add_worksheet().write(0, 16_383, "x").unwrap();
        });
        assert!(matches!(read(&bytes), Err(TableError::TooManyColumns { row: 1, columns: 16_384 })));
    }
}
