//! What becomes of a row, and the sentences for it. Values only.

use crate::sheets::{Fault, Reason};

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A new file.
    Created,
    /// What the row says is new in its file.
    Updated,
    /// The file says it already.
    Unchanged,
    /// The file says something else and is kept.
    Conflict(Conflict),
    /// The row cannot be used.
    Refused(Fault),
}

impl Outcome {
    /// The name in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Outcome::Created => "created",
            Outcome::Updated => "updated",
            Outcome::Unchanged => "unchanged",
            Outcome::Conflict(_) => "conflict",
            Outcome::Refused(_) => "refused",
        }
    }

    /// Why the row was not written, where it should have been.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Outcome::Conflict(conflict) => Some(conflict.reason()),
            Outcome::Refused(fault) => {
                let place = |format: fn(usize) -> String| fault.column.map_or_else(String::new, format);
                let (zh, en) = (place(|column| format!("第 {column} 列：")), place(|column| format!("column {column}: ")));
                Some(Reason { zh: zh + &fault.reason.zh, en: en + &fault.reason.en })
            }
            _ => None,
        }
    }
}

/// Why a file is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// It was edited since the last import; `row_changed` tells whether the row was too.
    Edited {
        /// Whether the table says something new.
        row_changed: bool,
    },
    /// It did not come from an import.
    NotImported,
    /// It was written while the import ran.
    Meanwhile,
    /// Words of one's own that say something else.
    Own,
}

impl Conflict {
    /// The sentence for it.
    pub fn reason(self) -> Reason {
        match self {
            Conflict::Edited { row_changed: true } => Reason::new(
                "文件和表格都改过，保留文件；用 --overwrite 以表格为准",
                "the file and the row have both changed; the file is kept, --overwrite takes the row",
            ),
            Conflict::Edited { row_changed: false } => Reason::new(
                "文件在上次导入后改过，表格没有变，保留文件；用 --overwrite 以表格为准",
                "the file was edited since the last import, the row is as it was; the file is kept, --overwrite takes the row",
            ),
            Conflict::NotImported => Reason::new(
                "已有这个编号的文件，内容不同且不是导入的，保留文件；用 --overwrite 以表格为准",
                "a file that was not imported has this id and says something else; it is kept, --overwrite takes the row",
            ),
            Conflict::Own => Reason::new(
                "您已经留着这一条，话不一样，保留原来的；用 --overwrite 以表格为准",
                "you keep this one already with other words; they are kept, --overwrite takes the row",
            ),
            Conflict::Meanwhile => {
                Reason::new("导入时文件被别人改了，请再导入一次", "the file was changed while the import ran: import once more")
            }
        }
    }
}

/// A row and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowOutcome {
    /// As the table counts, see [`crate::sheets::table::Row::number`].
    pub row: usize,
    /// The id of its entry, where it came so far.
    pub id: Option<String>,
    /// The file, relative to the library's folder.
    pub path: Option<String>,
    /// What becomes of it.
    pub outcome: Outcome,
}
