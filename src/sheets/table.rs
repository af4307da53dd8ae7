//! A file to rows: CSV with whatever separator, TSV, XLSX, JSON lines. Rows keep the number that a spreadsheet program shows, so that
//! everything said about them can be found. Knows no meaning of columns.

use super::cells::unguard;
pub use super::rows::{MAX_CELL_BYTES, MAX_COLUMNS, MAX_ROWS, MAX_TABLE_BYTES, Row, TableError};
use super::{Fault, Format, text, workbook};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A file as rows of cells.
#[derive(Debug, Default)]
pub struct Table {
    /// Names of the columns, as written or as given.
    pub columns: Vec<String>,
    /// The rows below the header that have a cell, in order.
    pub rows: Vec<Row>,
    /// Sheets of a workbook that were not read: only the first with cells is.
    pub other_sheets: Vec<String>,
}

/// Reads a file.
///
/// # Errors
/// [`TableError`].
pub fn read_file(path: &Path, columns: Option<&[String]>) -> Result<Table, TableError> {
    read(&read_bytes(path)?, Format::of_path(path), columns)
}

/// The bytes of a file, one more than [`MAX_TABLE_BYTES`] at most.
///
/// # Errors
/// [`TableError::Io`].
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, TableError> {
    let io = |source| TableError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(io)?.take(MAX_TABLE_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

/// Reads the bytes of a file: `format` as its name says, where it says one, `columns` the names where the file has no header. A
/// workbook is recognised by itself, whatever it is called.
///
/// # Errors
/// [`TableError`].
pub fn read(bytes: &[u8], format: Option<Format>, columns: Option<&[String]>) -> Result<Table, TableError> {
    if bytes.len() as u64 > MAX_TABLE_BYTES {
        return Err(TableError::TooLarge);
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(TableError::OldExcel);
    }
    let mut table = if bytes.starts_with(b"PK\x03\x04") || format == Some(Format::Xlsx) {
        let workbook = workbook::read(bytes)?;
        with_header(workbook.rows, workbook.other_sheets, columns)?
    } else {
        let text = text::decode(bytes)?;
        match format {
            Some(Format::Jsonl) => read_jsonl(&text)?,
            None if text.trim_start().starts_with('{') => read_jsonl(&text)?,
            _ => {
                let separator = if format == Some(Format::Tsv) { b'\t' } else { sniff_separator(&text, columns.map(<[_]>::len)) };
                with_header(read_separated(&text, separator)?, Vec::new(), columns)?
            }
        }
    };
    for row in &mut table.rows {
        check_row(row, table.columns.len());
    }
    Ok(table)
}

/// Parts the header from the rows. With names given, the first row is one of the rows, unless it is plainly a header.
fn with_header(mut rows: Vec<Row>, other_sheets: Vec<String>, columns: Option<&[String]>) -> Result<Table, TableError> {
    let first = rows.first().ok_or(TableError::Empty)?;
    let columns = match columns {
        None => rows.remove(0).cells,
        Some(names) => {
            if super::columns::is_header(&first.cells) {
                rows.remove(0);
            }
            names.to_vec()
        }
    };
    Ok(Table { columns, rows, other_sheets })
}

fn check_row(row: &mut Row, columns: usize) {
    if row.fault.is_some() {
        return;
    }
    let too_long = row.cells.iter().position(|cell| cell.len() > MAX_CELL_BYTES);
    let nameless = row.cells.iter().skip(columns).position(|cell| !cell.trim().is_empty()).map(|beyond| columns + beyond);
    row.fault = match (too_long, nameless) {
        (Some(column), _) => {
            let length = row.cells[column].len();
            Some(Fault::cell(
                column + 1,
                format!("单元格有 {length} 字节，最多 {MAX_CELL_BYTES}"),
                format!("the cell has {length} bytes, at most {MAX_CELL_BYTES} are read"),
            ))
        }
        (None, Some(column)) => Some(Fault::cell(
            column + 1,
            format!("比表头的 {columns} 列多；内容里的分隔符或引号可能没有加引号"),
            format!("more cells than the header's {columns}: a separator or quotation mark in a text may be unquoted"),
        )),
        (None, None) => None,
    };
}

/// The separator that parts the first record: into as many cells as there are names, else into most.
fn sniff_separator(text: &str, names: Option<usize>) -> u8 {
    const SEPARATORS: [u8; 3] = [b',', b'\t', b';'];
    let counts = SEPARATORS.map(|separator| {
        let mut reader = reader(text, separator);
        let mut record = csv::StringRecord::new();
        let cells = reader.read_record(&mut record).ok().map_or(0, |_| record.len());
        (separator, cells)
    });
    let exact = names.and_then(|names| counts.into_iter().find(|(_, cells)| *cells == names));
    let most = counts.into_iter().rev().max_by_key(|(_, cells)| *cells);
    exact.or(most).map_or(b',', |(separator, _)| separator)
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes())
}

fn read_separated(text: &str, separator: u8) -> Result<Vec<Row>, TableError> {
    let mut reader = reader(text, separator);
    let mut record = csv::StringRecord::new();
    let (mut rows, mut number, mut begin) = (Vec::new(), 0, 0);
    // The reader takes text and any number of cells, so that nothing is left that it could refuse.
    while reader.read_record(&mut record).is_ok_and(|more| more) {
        let end = usize::try_from(reader.position().byte()).unwrap_or(text.len()).min(text.len());
        let source = &text[begin..end];
        number += empty_rows_before(text, begin, source) + 1;
        begin = end;
        if record.len() > MAX_COLUMNS {
            return Err(TableError::TooManyColumns { row: number, columns: record.len() });
        }
        let swallowed = record.iter().next_back().is_some_and(|cell| cell.contains('\n'));
        if end == text.len() && swallowed && source.matches('"').count() % 2 == 1 {
            return Err(TableError::UnclosedQuote { row: number });
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() > MAX_ROWS {
            return Err(TableError::TooManyRows { row: number });
        }
        rows.push(Row { number, cells: record.iter().map(|cell| unguard(cell).into_owned()).collect(), fault: None });
    }
    Ok(rows)
}

/// The reader skips empty lines; a spreadsheet program counts them.
fn empty_rows_before(text: &str, begin: usize, source: &str) -> usize {
    let half_a_line_end = text[..begin].ends_with('\r') && source.starts_with('\n');
    let source = &source[usize::from(half_a_line_end)..];
    let blank = &source[..source.len() - source.trim_start_matches(['\r', '\n']).len()];
    let pairs = blank.matches("\r\n").count();
    blank.len() - pairs
}

fn read_jsonl(text: &str) -> Result<Table, TableError> {
    let mut table = Table::default();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (line, source) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = line + 1;
        if table.rows.len() >= MAX_ROWS {
            return Err(TableError::TooManyRows { row: number });
        }
        let mut row = Row { number, ..Row::default() };
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(source) {
            Err(error) => {
                row.fault = Some(Fault::row(
                    format!("不是一个 JSON 对象，第 {} 个字节处读不懂", error.column()),
                    format!("not one JSON object: {error}"),
                ));
            }
            Ok(object) => {
                for (name, value) in object {
                    let column = *places.entry(name).or_insert_with_key(|name| {
                        table.columns.push(name.clone());
                        table.columns.len() - 1
                    });
                    if column >= MAX_COLUMNS {
                        return Err(TableError::TooManyColumns { row: number, columns: column + 1 });
                    }
                    if row.cells.len() <= column {
                        row.cells.resize(column + 1, String::new());
                    }
                    match json_cell(&value) {
                        Some(cell) => row.cells[column] = cell,
                        None => {
                            row.fault = Some(Fault::cell(
                                column + 1,
                                format!("「{}」应是文字、数字或它们的列表", table.columns[column]),
                                format!("`{}` should be a text, a number or a list of them", table.columns[column]),
                            ));
                        }
                    }
                }
            }
        }
        table.rows.push(row);
    }
    if table.rows.is_empty() { Err(TableError::Empty) } else { Ok(table) }
}

/// A value as a cell: a list one item a line; an object is none.
fn json_cell(value: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(|item| if item.is_array() { None } else { json_cell(item) }).collect();
            items.map(|items| items.join("\n"))
        }
        Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rows as `number: cell·cell`, the header first without a number.
    fn check(name: &str, text: &str, expect: &[&str]) {
        let table = read(text.as_bytes(), Format::of_path(Path::new(name)), None).unwrap();
        let rows = table.rows.iter().map(|row| match &row.fault {
            None => format!("{}: {}", row.number, row.cells.join("·")),
            Some(fault) => format!("{}: !{:?}", row.number, fault.column),
        });
        let found: Vec<String> = std::iter::once(table.columns.join("·")).chain(rows).collect();
        assert_eq!(found, expect, "{text:?}");
    }

    #[test]
    fn separators_follow_the_name_or_the_header() {
        check("a.csv", "编号,问题\n1,a;b", &["编号·问题", "2: 1·a;b"]);
        check("a.csv", "编号;问题\n1;a,b", &["编号·问题", "2: 1·a,b"]);
        check("a.txt", "编号\t问题\n1\ta,b", &["编号·问题", "2: 1·a,b"]);
        check("a.tsv", "编号,x\t问题\n1\ta", &["编号,x·问题", "2: 1·a"]);
        check("a.csv", "问题\n怎么退货", &["问题", "2: 怎么退货"]);
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_program_does() {
        check("a.csv", "a,b\r\n\r\n1,2\r\n,\r\n\"x\r\ny\",\"say \"\"hi\"\"\"\r\n3,4", &["a·b", "3: 1·2", "5: x\r\ny·say \"hi\"", "6: 3·4"]);
        check("a.csv", "\n\na,b\n1,2\n", &["a·b", "4: 1·2"]);
        check("a.jsonl", "{\"a\":1}\n\n{\"a\":2}", &["a", "1: 1", "3: 2"]);
    }

    #[test]
    fn faulty_rows_do_not_stop_the_others() {
        check("a.csv", "a,b\n1,2,3\n4,5,\n6", &["a·b", "2: !Some(3)", "3: 4·5·", "4: 6"]);
        check(
            "a.jsonl",
            "{\"a\":\"x\",\"b\":[\"y\",1,null]}\nnonsense\n[1]\n{\"a\":{}}\n{\"b\":true,\"c\":12345678901234567890}",
            &["a·b·c", "1: x·y\n1\n", "2: !None", "3: !None", "4: !Some(1)", "5: ·true·12345678901234567890"],
        );
        let long = format!("a,b\n{},x\n1,2", "长".repeat(MAX_CELL_BYTES / 3 + 1));
        check("a.csv", &long, &["a·b", "2: !Some(1)", "3: 1·2"]);
    }

    #[test]
    fn what_is_no_table_is_told_why() {
        let check = |bytes: &[u8], name: &str, expect: &str| {
            let error = read(bytes, Format::of_path(Path::new(name)), None).unwrap_err();
            assert!(error.to_string().contains(expect), "{error}");
        };
        check(b"", "a.csv", "empty");
        check(b"\n,,\n", "a.csv", "empty");
        check(b"a,b\n1,\"x\n2,y\n3,z\n", "a.csv", "row 2 has a quotation mark");
        check(b"\xD0\xCF\x11\xE0\xA1\xB1", "a.csv", "old or encrypted");
        check(b"PK\x03\x04rubbish", "a.csv", "cannot be read");
        check(b"a,b", "a.xlsx", "cannot be read");
        check(",".repeat(MAX_COLUMNS + 1).as_bytes(), "a.csv", "row 1 has 258 columns");
        check("a\n".repeat(MAX_ROWS + 2).as_bytes(), "a.csv", "row 100002: at most 100000 rows");
        check(&vec![b'a'; 1 + MAX_TABLE_BYTES as usize], "a.csv", "more than 64 MB");
        assert!(read("a\n".repeat(MAX_ROWS + 1).as_bytes(), None, None).is_ok());
    }

    #[test]
    fn names_stand_in_for_a_header_and_a_header_is_no_row() {
        let names = ["id".to_owned(), "question".to_owned()];
        for text in ["1;a,b,c\n2;d", "编号;问题\n1;a,b,c\n2;d"] {
            let table = read(text.as_bytes(), Some(Format::Csv), Some(&names)).unwrap();
            assert_eq!(table.columns, names);
            assert_eq!(table.rows.iter().map(|row| row.cells.join("·")).collect::<Vec<_>>(), ["1·a,b,c", "2·d"]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_table_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for format in [None, Some(Format::Csv), Some(Format::Tsv), Some(Format::Xlsx), Some(Format::Jsonl)] {
                let _ = read(&bytes, format, None);
            }
        }
    }
}
