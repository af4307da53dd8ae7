//! A table into a folder of Markdown: first a plan, then the files.
//!
//! The plan says of each row what would become of it, and writes nothing; applying it writes what it says, except where somebody has
//! changed a file in between. Nothing is ever deleted, an empty cell changes nothing, and twice is as once. A file that was edited
//! here since the last import is kept, and told of as a conflict, unless the caller overwrites.

mod names;
mod outcome;
mod place;
mod record;
mod row;

pub(super) use names::first_clause;
pub use outcome::{Conflict, Outcome, RowOutcome};
pub(super) use row::{write_begin, write_end};

use super::columns::{Columns, Unused};
use super::rows::{Row, TableError};
use super::table::Table;
use super::{Fault, Reason};
use crate::analysis::fold::fold;
use crate::entry::Entry;
use crate::facet::Facet;
use crate::hex::hex;
use crate::library::write::{self, Expected, New, WriteError};
use crate::library::{self, LibraryError};
use crate::markdown::MAX_FILE_BYTES;
use place::Place;
use record::{Record, Records, hash_row};
use row::Wanted;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// What makes a folder the root of a library.
const LIBRARY_FILE: &str = "library.toml";
/// What a folder made by an import says of itself.
const NEW_LIBRARY: &str = "format = 1\n";

/// How to import.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'o> {
    /// The library that the caller works with: a folder in it is one of its folders, with or without a `library.toml` above.
    pub library: Option<&'o Path>,
    /// Whether a row wins over a file that was edited here. Only what the row says is changed, then too.
    pub overwrite: bool,
    /// Whether a row without an id is of the entry with its shortcut or its title, where there is one: tables of other programs know no ids
    /// of ours.
    pub by_name: bool,
    /// The shop whose set the table is. Codes are unique per shop: rows are of its entries, else of those for all shops, and new entries are for
    /// it alone.
    pub shop: Option<&'o str>,
}

/// What an import would do.
#[derive(Debug)]
pub struct Plan {
    /// The library's folder: the caller's, the nearest above with a `library.toml`, or the given one.
    pub library: PathBuf,
    /// A row each, in order.
    pub rows: Vec<RowOutcome>,
    /// Columns that nobody knows or that are there twice.
    pub unused: Vec<Unused>,
    /// Sheets of the workbook that were not read.
    pub other_sheets: Vec<String>,
    dir: PathBuf,
    makes_library: bool,
    /// By place in `rows`.
    writes: Vec<(usize, Write)>,
    records: Records,
    old_records: Records,
}

#[derive(Debug)]
struct Write {
    path: String,
    text: String,
    expected: Expected,
    record: Record,
}

/// Why nothing, or not everything, was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is no table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The library cannot be read.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The folder cannot be made or looked into.
    #[error("{}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder is no library and has one in it: files beside that would belong to nobody.
    #[error("{} is no library and holds one, {library}: import into a folder of that", path.display())]
    Nested {
        /// The folder.
        path: PathBuf,
        /// The library, relative to it.
        library: String,
    },
    /// Stopped in the middle: what was written is whole and remembered, so that the same import once more does the rest.
    #[error("stopped after {written} files, the same import once more does the rest: {source}")]
    Stopped {
        /// Files written before.
        written: usize,
        /// What the system said.
        source: WriteError,
    },
}

/// Plans the import of a table into a folder, which need not be there yet. `progress` is given rows done and rows in all.
///
/// # Errors
/// [`ImportError`]; nothing is ever written.
pub fn plan(table: &Table, dir: &Path, options: Options<'_>, mut progress: impl FnMut(usize, usize)) -> Result<Plan, ImportError> {
    let columns = Columns::of(&table.columns)?;
    let mut planner = Planner::of(dir, options)?;
    let mut rows = Vec::with_capacity(table.rows.len());
    let mut writes = Vec::new();
    for (done, row) in table.rows.iter().enumerate() {
        let (outcome, write) = planner.plan_row(row, &columns);
        writes.extend(write.map(|write| (rows.len(), write)));
        rows.push(outcome);
        progress(done + 1, table.rows.len());
    }
    Ok(Plan {
        library: planner.place.library,
        rows,
        unused: columns.unused,
        other_sheets: table.other_sheets.clone(),
        dir: dir.to_owned(),
        makes_library: planner.place.makes_library,
        writes,
        old_records: planner.old_records,
        records: planner.records,
    })
}

/// A file that a plan writes.
#[derive(Debug, Clone)]
pub struct PlannedFile {
    /// Relative to the library.
    pub path: String,
    /// All of it.
    pub bytes: Vec<u8>,
    /// What must be there for it to be written.
    pub expected: Expected,
}

impl Plan {
    /// The files of the plan, for whoever writes them in their own way and tells [`Plan::finish`].
    pub fn files(&self) -> impl Iterator<Item = PlannedFile> {
        self.writes.iter().map(|(_, write)| PlannedFile {
            path: write.path.clone(),
            bytes: write.text.clone().into_bytes(),
            expected: write.expected,
        })
    }

    /// Remembers what was written: a result for each of [`Plan::files`], in their order.
    ///
    /// # Errors
    /// As [`apply`].
    pub fn finish(self, results: impl IntoIterator<Item = Result<(), WriteError>>) -> Result<Vec<RowOutcome>, ImportError> {
        let Plan { mut rows, dir, writes, mut records, old_records, .. } = self;
        let (mut written, mut end) = (0, Ok(()));
        for ((row, write), result) in writes.iter().zip(results) {
            match result {
                Ok(()) => {
                    written += 1;
                    records.set(write.record.clone());
                }
                Err(error) => {
                    if let Err(error) = told(error, &mut rows[*row]) {
                        end = Err(error);
                    }
                }
            }
        }
        remember(&records, &old_records, &dir, end.is_ok())?;
        end.map(|()| rows).map_err(|source| ImportError::Stopped { written, source })
    }
}

/// What a write that failed says of its row; an error that is no fault of the row is given back.
fn told(error: WriteError, row: &mut RowOutcome) -> Result<(), WriteError> {
    row.outcome = match error {
        WriteError::Conflict { .. } => Outcome::Conflict(Conflict::Meanwhile),
        WriteError::BadPath { path, why } => {
            let (zh, en) = (format!("不能写到 {path}：{}", why.zh()), format!("cannot be written to {path}: {why}"));
            Outcome::Refused(Fault::row(zh, en))
        }
        error => return Err(error),
    };
    Ok(())
}

/// Writes the dotfile where it changed. What went wrong before is more worth telling than that it could not be written.
fn remember(records: &Records, old: &Records, dir: &Path, is_first: bool) -> Result<(), ImportError> {
    if records == old {
        return Ok(());
    }
    let folder = |source| ImportError::Folder { path: dir.to_owned(), source };
    let written = std::fs::create_dir_all(dir).and_then(|()| records.write(dir)).map_err(folder);
    if is_first { written } else { Ok(()) }
}

/// Does what a plan says. `progress` is given files written and files in all.
///
/// # Errors
/// [`ImportError::Stopped`] and [`ImportError::Folder`]; what was written by then stays and is remembered.
pub fn apply(plan: Plan, mut progress: impl FnMut(usize, usize)) -> Result<Vec<RowOutcome>, ImportError> {
    let Plan { library, mut rows, dir, makes_library, writes, mut records, old_records, .. } = plan;
    let folder = |source| ImportError::Folder { path: dir.clone(), source };
    std::fs::create_dir_all(&dir).map_err(folder)?;
    let stopped = |written| move |source| ImportError::Stopped { written, source };
    if makes_library {
        match write::write(&library, LIBRARY_FILE, NEW_LIBRARY.as_bytes(), Expected::Absent) {
            Ok(_) | Err(WriteError::Conflict { .. }) => {}
            Err(error) => return Err(stopped(0)(error)),
        }
    }
    let (mut written, mut end) = (0, Ok(()));
    let all = writes.len();
    write_all(&library, &writes, |place, result| {
        let (row, write) = &writes[place];
        match result {
            Ok(_) => {
                written += 1;
                records.set(write.record.clone());
            }
            Err(error) => {
                if let Err(error) = told(error, &mut rows[*row]) {
                    end = Err(error);
                    return false;
                }
            }
        }
        progress(written, all);
        true
    });
    remember(&records, &old_records, &dir, end.is_ok())?;
    end.map(|()| rows).map_err(stopped(written))
}

/// Writes files, group by group, and gives each result; after a group with a `false` no other is begun.
fn write_all(library: &Path, writes: &[(usize, Write)], mut done: impl FnMut(usize, Result<[u8; 32], WriteError>) -> bool) {
    let mut place = 0;
    for group in writes.chunks(write::GROUP) {
        let new: Vec<New> =
            group.iter().map(|(_, write)| New { path: &write.path, bytes: write.text.as_bytes(), expected: write.expected }).collect();
        let mut goes_on = true;
        for result in write::write_many(library, &new) {
            goes_on &= done(place, result);
            place += 1;
        }
        if !goes_on {
            return;
        }
    }
}

/// An entry that may be meant by a name.
struct Named {
    category: String,
    id: String,
    /// Whether it is for some shops and not for all.
    is_of_shop: bool,
}

/// What is there, and what the rows so far add to it.
struct Planner<'o> {
    place: Place,
    options: Options<'o>,
    /// Path and content of each entry by the key of its id.
    entries: HashMap<String, (String, [u8; 32])>,
    /// The shop of [`Options::shop`], by its id.
    shop: Option<String>,
    /// Those that a folded shortcut or title may mean, where rows go by name.
    named: HashMap<String, Vec<Named>>,
    /// Rows by the key of their id.
    seen: HashMap<String, usize>,
    /// Rows without an id by the hash of all their text.
    seen_texts: HashMap<String, usize>,
    /// Paths that are taken, as a file system without case sees them.
    taken: HashSet<String>,
    /// Files that are there and are served as no entry.
    withheld: HashSet<String>,
    old_records: Records,
    records: Records,
}

impl<'o> Planner<'o> {
    fn of(dir: &Path, options: Options<'o>) -> Result<Planner<'o>, ImportError> {
        let place = Place::of(dir, options.library)?;
        let mut planner = Planner {
            options,
            entries: HashMap::new(),
            shop: options.shop.map(str::to_owned),
            named: HashMap::new(),
            seen: HashMap::new(),
            seen_texts: HashMap::new(),
            taken: HashSet::new(),
            withheld: HashSet::new(),
            old_records: Records::default(),
            records: Records::default(),
            place,
        };
        if planner.place.library.exists() {
            let library = library::load(&planner.place.library, None)?;
            planner.entries = library.entries.iter().map(|entry| (key(&entry.id), (entry.path.clone(), entry.content_hash))).collect();
            planner.shop = options.shop.map(|shop| library.lexicon.facets.resolve(Facet::Shop, shop).unwrap_or(shop).to_owned());
            if options.by_name {
                planner.name(&library.entries);
            }
            planner.withheld =
                library.problems.iter().filter(|problem| problem.code.withholds()).map(|problem| problem.path.clone()).collect();
            planner.taken = library.entries.iter().map(|entry| &entry.path).chain(&planner.withheld).map(|path| key(path)).collect();
        }
        if !planner.place.is_new {
            planner.old_records = Records::read(dir).map_err(|source| ImportError::Folder { path: dir.to_owned(), source })?;
            planner.records = planner.old_records.clone();
        }
        Ok(planner)
    }

    /// Which entries may be meant by a name: all, or those of the shop and those for all shops.
    fn name<'e>(&mut self, entries: impl IntoIterator<Item = &'e Arc<Entry>>) {
        for entry in entries {
            let shops: Vec<&str> = entry.facet(Facet::Shop).collect();
            if self.shop.as_deref().is_some_and(|shop| !shops.is_empty() && !shops.contains(&shop)) {
                continue;
            }
            for name in entry.shortcut.iter().chain([&entry.title]) {
                let of_name = self.named.entry(fold(name).text).or_default();
                of_name.push(Named { category: entry.category.clone(), id: entry.id.to_string(), is_of_shop: !shops.is_empty() });
            }
        }
    }

    fn plan_row(&mut self, row: &Row, columns: &Columns) -> (RowOutcome, Option<Write>) {
        let mut planned = RowOutcome { row: row.number, id: None, path: None, outcome: Outcome::Unchanged };
        let mut write = None;
        planned.outcome = self.plan_outcome(row, columns, &mut planned, &mut write).unwrap_or_else(Outcome::Refused);
        (planned, write)
    }

    fn plan_outcome(
        &mut self,
        row: &Row,
        columns: &Columns,
        planned: &mut RowOutcome,
        write: &mut Option<Write>,
    ) -> Result<Outcome, Fault> {
        let wanted = Wanted::of(row, columns, self.shop.as_deref())?;
        let id = self.id_of(&wanted, row.number)?;
        planned.id = Some(id.clone());
        if let Some(other) = self.seen.insert(key(&id), row.number) {
            self.seen.insert(key(&id), other);
            return Err(Fault::row(
                format!("编号「{id}」和第 {other} 行重复；请在编号列给它另一个编号"),
                format!("row {other} has the id `{id}` already: give this row another in the id column"),
            ));
        }
        let row_hash = hash_row(&columns.contents(row));
        let Some((path, hash)) = self.entries.get(&key(&id)).cloned() else {
            let path = self.new_path(&wanted, &id)?;
            planned.path = Some(path.clone());
            let text = within_limit(wanted.new_text(&id, &path).map_err(whole_row)?)?;
            self.taken.insert(key(&path));
            *write = Some(self.write(id, path, text, row_hash, Expected::Absent));
            return Ok(Outcome::Created);
        };
        planned.path = Some(path.clone());
        if !path.starts_with(&self.place.prefix) {
            return Err(Fault::row(
                format!("编号「{id}」是别的文件夹里的 {path}；请导入到那个文件夹，或换一个编号"),
                format!("the id `{id}` is that of {path} in another folder: import into that folder, or give another id"),
            ));
        }
        let record = self.old_records.get(&id);
        let is_as_imported = record.is_some_and(|record| record.file == hex(&hash));
        if is_as_imported && record.is_some_and(|record| record.row == row_hash) {
            return Ok(Outcome::Unchanged);
        }
        let row_changed = record.is_none_or(|record| record.row != row_hash);
        let is_known = record.is_some();
        let old = self.read(&path)?;
        let text = within_limit(wanted.merged(&id, &path, &old).map_err(whole_row)?)?;
        if text == old {
            // Only a file that is wholly the row's is remembered as imported: one that says more was written by somebody.
            if is_as_imported || wanted.new_text(&id, &path).is_ok_and(|new| new == old) {
                let record = Record { id, path, row: row_hash, file: hex(&hash) };
                self.records.set(record);
            }
            return Ok(Outcome::Unchanged);
        }
        if !is_as_imported && !self.options.overwrite {
            return Ok(Outcome::Conflict(if is_known { Conflict::Edited { row_changed } } else { Conflict::NotImported }));
        }
        *write = Some(self.write(id, path, text, row_hash, Expected::Version(hash)));
        Ok(Outcome::Updated)
    }

    fn write(&self, id: String, path: String, text: String, row: String, expected: Expected) -> Write {
        use sha2::Digest;
        let file = hex(&sha2::Sha256::digest(text.as_bytes()));
        Write { record: Record { id, path: path.clone(), row, file }, path, text, expected }
    }

    fn read(&self, path: &str) -> Result<String, Fault> {
        let bytes = write::read(&self.place.library, path)
            .map(|(bytes, _)| bytes)
            .map_err(|error| Fault::row(format!("{path} 读不出来"), error.to_string()))?;
        String::from_utf8(bytes).map_err(|_| Fault::row(format!("{path} 不是 UTF-8"), format!("{path} is not UTF-8")))
    }

    /// The id of a row: its own, or one of its text. A second row that asks the same is told apart by its answer.
    fn id_of(&mut self, wanted: &Wanted, row: usize) -> Result<String, Fault> {
        if let Some(id) = self.id_by_name(wanted) {
            return Ok(id);
        }
        if let Some(id) = &wanted.id {
            return Ok(id.clone());
        }
        if let Some(markdown) = &wanted.markdown {
            return Ok(names::id_of_text(&[markdown]));
        }
        let subject = wanted
            .subject()
            .ok_or_else(|| Fault::row("既没有编号，也没有问题和答案", "there is neither an id nor a question nor an answer"))?;
        let category = wanted.category.as_deref().unwrap_or_default();
        // Without a shop as ever, so that a table of before is known again.
        let of = |parts: &[&str]| names::id_of_text(&self.shop.as_deref().into_iter().chain(parts.iter().copied()).collect::<Vec<_>>());
        let id_of_all = of(&[category, subject, wanted.reply.as_deref().unwrap_or_default()]);
        if let Some(other) = self.seen_texts.get(&id_of_all) {
            return Err(Fault::row(format!("和第 {other} 行相同"), format!("row {other} says the same")));
        }
        let id = of(&[category, subject]);
        let id = if self.seen.contains_key(&key(&id)) { id_of_all.clone() } else { id };
        self.seen_texts.insert(id_of_all, row);
        Ok(id)
    }

    /// The entry of a row's shortcut or title, where there is one, in its category where it names one.
    fn id_by_name(&self, wanted: &Wanted) -> Option<String> {
        let name = match (&wanted.id, &wanted.code) {
            (Some(_), None) => return None,
            (_, Some(code)) => code,
            (None, None) => wanted.title.as_ref()?,
        };
        let of_name = self.named.get(&fold(name).text)?;
        let fitting = of_name.iter().filter(|named| wanted.category.as_ref().is_none_or(|wanted| *wanted == named.category));
        let (own, for_all): (Vec<&Named>, Vec<&Named>) = fitting.partition(|named| self.shop.is_some() && named.is_of_shop);
        match if own.is_empty() { for_all } else { own }.as_slice() {
            [one] => Some(one.id.clone()),
            _ => None,
        }
    }

    /// Where a new entry goes: the folder of its row or of its category, named for its title.
    fn new_path(&self, wanted: &Wanted, id: &str) -> Result<String, Fault> {
        if let Some(record) = self.old_records.get(id)
            && self.withheld.contains(&record.path)
        {
            return Err(Fault::row(
                format!("这个编号的文件 {} 读不出来，请先用 huashu check 查看并修好", record.path),
                format!("the file of this id, {}, cannot be read: run huashu check and mend it first", record.path),
            ));
        }
        if wanted.markdown.is_none() && wanted.new_title().is_none() {
            return Err(Fault::row("没有问题也没有答案，建不了新条目", "there is neither a question nor an answer to make an entry of"));
        }
        let folder = wanted.folder.clone().unwrap_or_else(|| wanted.category.as_deref().map(names::folder_of).unwrap_or_default());
        let folder = if folder.is_empty() { self.place.prefix.clone() } else { format!("{}{folder}/", self.place.prefix) };
        if !self.place.is_new && self.is_blocked(&folder) {
            return Err(Fault::row(format!("{folder} 应是文件夹，现在是文件"), format!("{folder} should be a folder and is a file")));
        }
        let title = wanted.new_title().unwrap_or_default();
        let made = names::file_names(&title, id).map(|name| format!("{name}.md"));
        // A whole file may have its id from its name alone.
        let by_id = [format!("{id}.md")];
        let names = match (&wanted.file, &wanted.markdown) {
            (Some(file), _) => std::slice::from_ref(file),
            (None, Some(_)) if names::given_path(&by_id[0]).is_ok() => &by_id,
            _ => &made,
        };
        let free = names.iter().map(|name| format!("{folder}{name}")).find(|path| self.is_free(path));
        free.ok_or_else(|| {
            let path = format!("{folder}{}", names[0]);
            Fault::row(format!("文件 {path} 已经有了，编号不同"), format!("the file {path} is there already, with another id"))
        })
    }

    /// Whether a file stands where a folder is needed.
    fn is_blocked(&self, folder: &str) -> bool {
        match std::fs::metadata(self.place.library.join(folder.trim_end_matches('/'))) {
            Ok(there) => !there.is_dir(),
            Err(error) => error.kind() == std::io::ErrorKind::NotADirectory,
        }
    }

    fn is_free(&self, path: &str) -> bool {
        !self.taken.contains(&key(path)) && std::fs::symlink_metadata(self.place.library.join(path)).is_err()
    }
}

/// Ids and paths are compared as the library does: NFC, without case.
fn key(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase()
}

fn whole_row(reason: Reason) -> Fault {
    Fault { column: None, reason }
}

fn within_limit(text: String) -> Result<String, Fault> {
    if text.len() <= MAX_FILE_BYTES {
        return Ok(text);
    }
    Err(Fault::row(
        format!("文件会有 {} 字节，最多 {MAX_FILE_BYTES}；请拆成几个条目", text.len()),
        format!("the file would have {} bytes, at most {MAX_FILE_BYTES} are read: split it into several entries", text.len()),
    ))
}
