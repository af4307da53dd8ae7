//! What was imported into a folder, one line an entry, in a dotfile of that folder (so it is no entry).
//!
//! Without it nobody could tell a file that a trainer has edited from one that is as the last import left it: the first must be
//! kept, the second may follow the table. It holds hashes only, and can be lost: then every file that differs from its row counts as
//! edited. It belongs in version control beside the files.

use crate::hex::hex;
use crate::library::temporary;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

/// The dotfile's name.
const FILE_NAME: &str = ".huashu-import.jsonl";

/// One imported entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) id: String,
    /// Where it was written, relative to the library.
    pub(super) path: String,
    /// Hash of the row's contents.
    pub(super) row: String,
    /// SHA-256 of the file as the import wrote it.
    pub(super) file: String,
}

/// All of them by id.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Records(BTreeMap<String, Record>);

impl Records {
    /// Reads the dotfile; a line that cannot be read is one entry about which nothing is known.
    pub(super) fn read(dir: &Path) -> io::Result<Records> {
        let text = match std::fs::read(dir.join(FILE_NAME)) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let records = text.lines().filter_map(|line| serde_json::from_str::<Record>(line).ok());
        Ok(Records(records.map(|record| (record.id.clone(), record)).collect()))
    }

    pub(super) fn get(&self, id: &str) -> Option<&Record> {
        self.0.get(id)
    }

    pub(super) fn set(&mut self, record: Record) {
        self.0.insert(record.id.clone(), record);
    }

    /// Puts the dotfile in place, whole or not at all.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        let mut file = temporary(dir)?;
        let mut lines = Vec::new();
        for record in self.0.values() {
            serde_json::to_writer(&mut lines, record)?;
            lines.push(b'\n');
        }
        file.write_all(&lines)?;
        file.as_file().sync_all()?;
        file.persist(dir.join(FILE_NAME)).map_err(|error| error.error)?;
        Ok(())
    }
}

/// The hash of what a row says.
pub(super) fn hash_row(contents: &[(String, &str)]) -> String {
    let mut hash = Sha256::new();
    for part in contents.iter().flat_map(|(name, cell)| [name.as_str(), cell]) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}
