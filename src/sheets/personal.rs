//! The personal set (个人短语): words that one person keeps for themselves, out of a table and into one. Pure; the register holds them.
//!
//! A team's set and everybody's own are apart: a code of one says nothing of the same code in another.

use super::columns::{Column, Columns};
use super::export::{ExportError, Target};
use super::import::{Conflict, Outcome, RowOutcome, first_clause};
use super::platform::Platform;
use super::rows::{Row, TableError};
use super::table::Table;
use super::{Fault, Format, cells};
use crate::analysis::fold::fold;
use crate::markdown::Key;
use crate::register::{MAX_PRIVATE, MAX_PRIVATE_TEXT_CHARS, MAX_PRIVATE_TITLE_CHARS, PrivateEntry};

/// What an import into the personal set would do.
#[derive(Debug)]
pub struct Plan {
    /// A row each, in order; the id is what one calls the words by: their code, else their title.
    pub rows: Vec<RowOutcome>,
    /// New words, without an id, and changed ones.
    pub kept: Vec<PrivateEntry>,
}

/// Whether a column means something in a personal set: title, code and words.
pub fn takes(column: Column) -> bool {
    matches!(column, Column::Field(Key::Title | Key::Shortcut) | Column::Question | Column::Reply)
}

/// Plans the import of a table into what somebody keeps. Nothing is dropped, twice is as once, and words that say something else than their row stay,
/// unless the table is to win.
///
/// # Errors
/// [`TableError`] where the table has no column of use.
pub fn plan(table: &Table, own: &[PrivateEntry], overwrite: bool) -> Result<Plan, TableError> {
    let columns = Columns::of(&table.columns)?;
    if columns.number(Column::Reply).is_none() {
        return Err(TableError::NoKnownColumn { found: table.columns.join(", ").chars().take(200).collect() });
    }
    let mut planner = Planner { own, overwrite, seen: Vec::new(), kept: Vec::new(), count: own.len() };
    let rows = table.rows.iter().map(|row| planner.plan_row(row, &columns)).collect();
    Ok(Plan { rows, kept: planner.kept })
}

struct Planner<'o> {
    own: &'o [PrivateEntry],
    overwrite: bool,
    /// What rows so far are, with their numbers.
    seen: Vec<(Name, usize)>,
    kept: Vec<PrivateEntry>,
    /// How many there would be.
    count: usize,
}

/// By what words are known again: the code, else the title that was given, else what they say.
#[derive(Debug, PartialEq, Eq)]
enum Name {
    Code(String),
    Title(String),
    Text(String),
}

impl Planner<'_> {
    fn plan_row(&mut self, row: &Row, columns: &Columns) -> RowOutcome {
        let mut planned = RowOutcome { row: row.number, id: None, path: None, outcome: Outcome::Unchanged };
        planned.outcome = self.plan_outcome(row, columns, &mut planned.id).unwrap_or_else(Outcome::Refused);
        planned
    }

    fn plan_outcome(&mut self, row: &Row, columns: &Columns, called: &mut Option<String>) -> Result<Outcome, Fault> {
        if let Some(fault) = &row.fault {
            return Err(fault.clone());
        }
        let cell = |column| columns.cell(row, column);
        let text = cell(Column::Reply).ok_or_else(|| Fault::row("没有话，留不下来", "there are no words to keep"))?;
        let code = cell(Column::Field(Key::Shortcut));
        let given =
            cell(Column::Field(Key::Title)).or(cell(Column::Question)).map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "));
        let title = given.clone().unwrap_or_else(|| title_of(text));
        let words = PrivateEntry::new(&title, code, &text.replace("\r\n", "\n")).ok_or_else(beyond)?;
        *called = Some(words.shortcut.clone().unwrap_or_else(|| words.title.clone()));
        let name = match (code, &given) {
            (Some(code), _) => Name::Code(fold(code).text),
            (None, Some(title)) => Name::Title(fold(title).text),
            (None, None) => Name::Text(words.text.clone()),
        };
        if let Some((_, other)) = self.seen.iter().find(|(seen, _)| *seen == name) {
            return Err(Fault::row(format!("和第 {other} 行是同一条"), format!("row {other} is the same already")));
        }
        let own = self.own.iter().find(|own| name.is_of(own));
        self.seen.push((name, row.number));
        let Some(own) = own else {
            if self.count >= MAX_PRIVATE {
                return Err(Fault::row(format!("每人最多留 {MAX_PRIVATE} 条"), format!("at most {MAX_PRIVATE} are kept")));
            }
            self.count += 1;
            self.kept.push(words);
            return Ok(Outcome::Created);
        };
        // A title that was made of the words is no reason to change one that somebody gave.
        let title = given.map_or_else(|| own.title.clone(), |_| words.title.clone());
        let changed =
            PrivateEntry { id: own.id.clone(), title, shortcut: words.shortcut.or_else(|| own.shortcut.clone()), text: words.text };
        if changed == *own {
            return Ok(Outcome::Unchanged);
        }
        if !self.overwrite {
            return Ok(Outcome::Conflict(Conflict::Own));
        }
        self.kept.push(changed);
        Ok(Outcome::Updated)
    }
}

impl Name {
    fn is_of(&self, own: &PrivateEntry) -> bool {
        match self {
            Name::Code(code) => own.shortcut.as_ref().is_some_and(|own| fold(own).text == *code),
            Name::Title(title) => fold(&own.title).text == *title,
            Name::Text(text) => own.text == *text,
        }
    }
}

/// What words without a title are called: their first clause.
fn title_of(text: &str) -> String {
    let clause = first_clause(text);
    let clause = if clause.is_empty() { text } else { &clause };
    clause.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_PRIVATE_TITLE_CHARS).collect()
}

fn beyond() -> Fault {
    let (title, text) = (MAX_PRIVATE_TITLE_CHARS, MAX_PRIVATE_TEXT_CHARS);
    Fault::row(
        format!("标题和快捷码最多 {title} 个字，话最多 {text} 个字"),
        format!("title and code have at most {title} characters, the words at most {text}"),
    )
}

/// What a personal set goes out as.
pub const TARGETS: [&str; 4] = ["csv", "xlsx", "qianniu", "qa"];

/// Whether a personal set goes out as this.
pub fn is_target(target: Target) -> bool {
    matches!(target, Target::Whole(Format::Csv | Format::Xlsx) | Target::Program(Platform::Qianniu | Platform::Qa, _))
}

/// Writes what somebody keeps.
///
/// # Errors
/// [`ExportError`].
pub fn export(own: &[PrivateEntry], target: Target) -> Result<Vec<u8>, ExportError> {
    let (platform, format) = match target {
        Target::Whole(format) => (None, format),
        Target::Program(platform, format) => (Some(platform), format),
    };
    let header: &[&str] = match platform {
        Some(Platform::Qianniu) => &["快捷短语编码", "快捷短语", "快捷短语分组"],
        Some(_) => &["问题", "答案"],
        None => &["标题", "快捷码", "答案"],
    };
    let row = |words: &PrivateEntry| {
        let (title, text, code) = (words.title.clone(), words.text.clone(), words.shortcut.clone().unwrap_or_default());
        match platform {
            Some(Platform::Qianniu) => vec![code, text, String::new()],
            Some(_) => vec![title, text],
            None => vec![title, code, text],
        }
    };
    let rows = std::iter::once(header.iter().map(|name| (*name).to_owned()).collect()).chain(own.iter().map(row));
    Ok(if format == Format::Xlsx { cells::workbook(rows)? } else { cells::csv_for_excel(rows)? })
}
