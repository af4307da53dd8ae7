//! The bytes of one file, or the problem in their place.

use super::Place;
use crate::problem::{Code, Problem, io_zh};
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// Why a file's bytes could not be had.
pub(super) enum Unread {
    TooLarge,
    Io(io::Error),
}

impl Unread {
    /// As a problem; a file that has vanished is none.
    pub(super) fn problem(self, path: &str, limit: u64) -> Option<Problem> {
        match self {
            Unread::Io(error) if error.kind() == io::ErrorKind::NotFound => None,
            Unread::Io(error) => {
                let zh = format!("文件读不了：{}。请检查文件的权限", io_zh(&error));
                Some(Place::START.problem(path, Code::UnreadableFile, zh, format!("this file cannot be read: {error}; check its rights")))
            }
            Unread::TooLarge => {
                let kib = limit >> 10;
                let zh = format!("文件超过 {kib} KiB，没有读取。请拆成几个文件");
                Some(Place::START.problem(path, Code::FileTooLarge, zh, format!("larger than {kib} KiB and so not read: split it")))
            }
        }
    }
}

pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Unread> {
    let file = fs::File::open(path).map_err(Unread::Io)?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(Unread::Io)?;
    if bytes.len() as u64 > limit { Err(Unread::TooLarge) } else { Ok(bytes) }
}

pub(super) fn not_utf8(path: &str) -> Problem {
    Place::START.problem(path, Code::NotUtf8, "不是 UTF-8 文本：请另存为 UTF-8", "not UTF-8 text: save it as UTF-8")
}
