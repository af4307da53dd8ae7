//! What went wrong, in Chinese for people: one sentence for each error of the core. The core's own sentences are English, for logs and programs.

use crate::backup::{BackupError, MAX_BYTES, MAX_FILES};
use crate::eval::LineError;
use crate::index::IndexError;
use crate::journal::{JournalError, SetAside};
use crate::library::LibraryError;
use crate::library::question::QuestionError;
use crate::library::write::WriteError;
use crate::live::LiveError;
use crate::markdown::edit::EditError;
use crate::problem::io_zh;
use crate::register::RegisterError;
use crate::sheets::export::ExportError;
use crate::sheets::import::ImportError;
use crate::sheets::table::{MAX_COLUMNS, MAX_ROWS, MAX_TABLE_BYTES, TableError};
use crate::sqlite;
use std::error::Error;
use std::io;
use std::string::FromUtf8Error;
use tantivy::TantivyError;
use tantivy::directory::error::{OpenDirectoryError, OpenReadError, OpenWriteError};

/// `SQLite`: the disk is full, another process writes, the file cannot be opened, it may only be read.
const DATABASE_CODES: [(i64, &str); 4] =
    [(13, "磁盘满了"), (5, "另一个进程正在写，请稍后再试"), (14, "文件打不开"), (8, "文件只能读，不能写")];

/// An error with its causes as one Chinese sentence; causes are left out that the sentence before has told already. What other people's code
/// says in English stands below it, a line each.
pub fn chain(error: &anyhow::Error) -> String {
    let (mut told, mut details) = (Vec::<String>::new(), Vec::<String>::new());
    for cause in error.chain() {
        let sentence = sentence(cause).unwrap_or_else(|| cause.to_string());
        let list = if is_chinese(&sentence) { &mut told } else { &mut details };
        if !list.iter().any(|before| before.contains(&sentence)) {
            list.push(sentence);
        }
        if is_told_whole(cause) {
            break;
        }
    }
    let told = if told.is_empty() { "没能运行".to_owned() } else { told.join("：") };
    std::iter::once(told).chain(details).collect::<Vec<_>>().join("\n  ")
}

/// Tells on standard error that what was learned is lost.
pub(super) fn warn_of_set_aside(found: &SetAside) {
    eprintln!("警告：{} 坏了，已改名为 {}；学到的问法没有了，知识库没有受影响", found.path.display(), found.aside.display());
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character))
}

/// Whether the sentence of an error has its causes in it.
fn is_told_whole(error: &(dyn Error + 'static)) -> bool {
    error.is::<WriteError>() || error.is::<QuestionError>() || error.is::<TableError>()
}

/// The Chinese sentence of an error of the core; `None`: it is somebody else's.
fn sentence(error: &(dyn Error + 'static)) -> Option<String> {
    None.or_else(|| error.downcast_ref().map(library))
        .or_else(|| error.downcast_ref().map(write))
        .or_else(|| error.downcast_ref().map(question))
        .or_else(|| error.downcast_ref().map(edit))
        .or_else(|| error.downcast_ref().map(index))
        .or_else(|| error.downcast_ref().map(live))
        .or_else(|| error.downcast_ref().map(journal))
        .or_else(|| error.downcast_ref().map(register))
        .or_else(|| error.downcast_ref().map(backup))
        .or_else(|| error.downcast_ref().map(table))
        .or_else(|| error.downcast_ref().map(import))
        .or_else(|| error.downcast_ref().map(export))
        .or_else(|| error.downcast_ref().map(line))
        .or_else(|| error.downcast_ref().and_then(storage))
        .or_else(|| error.downcast_ref().map(io_zh))
        .or_else(|| error.downcast_ref().map(not_utf8))
}

fn register(error: &RegisterError) -> String {
    match error {
        RegisterError::Folder { path, source } => format!("数据文件夹 {path} 用不了：{}", io_zh(source)),
        RegisterError::Newer { path, found, known } => {
            format!("{path} 是新版的 huashu 写的（格式 {found}，这个程序认识 {known}）：请更新，或用 --data 另选文件夹")
        }
        RegisterError::Damaged { path, .. } => {
            format!("台账 {path} 坏了：用 huashu restore 恢复，或者移走它，重新开始（账号、提议和历史就没有了）")
        }
        RegisterError::Gone { path } => format!("台账 {path} 在服务运行时被移走或替换了：放回去，或者停下服务，用 huashu restore 恢复"),
        RegisterError::Value(what) => format!("台账里有这一版不认识的内容：{what}"),
        RegisterError::Database(error) => database("台账", error),
    }
}

fn library(error: &LibraryError) -> String {
    match error {
        LibraryError::Unreadable { path, source } => {
            format!("知识库 {} 读不了：{}；请看路径对不对（--kb DIR），有没有权限", path.display(), io_zh(source))
        }
        LibraryError::NewerFormat { found, known, path } => {
            format!("{} 写着 format = {found}，这个程序最多认识 {known}：请安装新版的 huashu", path.display())
        }
    }
}

fn write(error: &WriteError) -> String {
    match error {
        WriteError::BadPath { path, why } => format!("{path} 不能是知识库里的文件：{}", why.zh()),
        WriteError::Conflict { path, .. } => format!("{path} 刚被别人改过：请重新读一遍，再改一次"),
        WriteError::Io { path, source } => format!("{path} 写不了，原来的内容没有动：{}", io_zh(source)),
    }
}

fn question(error: &QuestionError) -> String {
    match error {
        QuestionError::Edit { path, source } => format!("{path}：{}", edit(source)),
        QuestionError::Unreadable(path) => format!("{path} 读不成条目：请先改好（huashu check）"),
        QuestionError::Proactive(path) => format!("{path} 是主动话术：它有时机，没有问法"),
    }
}

fn edit(error: &EditError) -> String {
    let EditError::FrontMatter { zh, .. } = error;
    format!("文件头改不了：{zh}")
}

fn index(error: &IndexError) -> String {
    match error {
        IndexError::Locked(dir) => format!("另一个进程正在写索引 {dir}；请先停下它，或者用 --index 另选一个文件夹"),
        IndexError::Folder { path, source } => format!("索引文件夹 {path} 不能用：{}", io_zh(source)),
        IndexError::Tantivy(error) => storage(error).unwrap_or_else(|| "索引不能用；可以删掉索引文件夹再试".to_owned()),
    }
}

fn live(error: &LiveError) -> String {
    match error {
        LiveError::Library(error) => library(error),
        LiveError::Index(error) => index(error),
        LiveError::Tantivy(error) => storage(error).unwrap_or_else(|| "索引读不出来；可以删掉索引文件夹再试".to_owned()),
    }
}

/// An error of the index that is one of the system.
fn storage(error: &TantivyError) -> Option<String> {
    let cause: &io::Error = match error {
        TantivyError::IoError(error) => error,
        TantivyError::OpenWriteError(OpenWriteError::IoError { io_error, .. })
        | TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. })
        | TantivyError::OpenDirectoryError(OpenDirectoryError::IoError { io_error, .. }) => io_error,
        _ => return None,
    };
    Some(format!("索引读写不了：{}", io_zh(cause)))
}

/// What a database says, of the journal or the register.
fn database(whose: &str, error: &sqlx::Error) -> String {
    let code = sqlite::code(error);
    let known = DATABASE_CODES.iter().find(|(known, _)| Some(*known) == code);
    known.map_or_else(|| format!("{whose}读写不了"), |(_, why)| format!("{whose}读写不了：{why}"))
}

fn journal(error: &JournalError) -> String {
    match error {
        JournalError::Folder { path, source } => format!("数据文件夹 {path} 不能用：{}", io_zh(source)),
        JournalError::Newer { path, found, known } => {
            format!("{path} 是新版的 huashu 写的（格式 {found}，这个程序写 {known}）；请更新，或者用 --data 另选一个文件夹")
        }
        JournalError::Database(error) => database("流水", error),
        JournalError::Closed => "流水已经关闭".to_owned(),
        JournalError::Unusable => "流水现在用不了".to_owned(),
    }
}

fn backup(error: &BackupError) -> String {
    match error {
        BackupError::Io { path, source } => format!("{}：{}", path.display(), io_zh(source)),
        BackupError::Name(path) => format!("{}：名字不是 UTF-8，请改名", path.display()),
        BackupError::TooLarge => format!("超过 {MAX_FILES} 个文件或 {} GB", MAX_BYTES >> 30),
        BackupError::NoBackup { path, .. } => format!("{} 不是完整的备份", path.display()),
        BackupError::Newer(_) => "备份是新版的 huashu 写的，请先更新".to_owned(),
        BackupError::Index(error) => index(error),
        BackupError::Register(error) => register(error),
        BackupError::Journal(error) => journal(error),
    }
}

fn table(error: &TableError) -> String {
    match error {
        TableError::Io { path, source } => format!("{} 读不出来：{}", path.display(), io_zh(source)),
        TableError::TooLarge => format!("文件超过 {} MB，请分成几份", MAX_TABLE_BYTES >> 20),
        TableError::TooManyRows { row } => format!("第 {row} 行：最多 {MAX_ROWS} 行，请分成几份"),
        TableError::TooManyColumns { row, columns } => format!("第 {row} 行有 {columns} 列，最多 {MAX_COLUMNS} 列"),
        TableError::Undecodable { encoding, line, byte } => {
            format!("第 {line} 行（第 {byte} 字节）不是 {encoding} 文字，请另存为 UTF-8")
        }
        TableError::OldExcel => "旧版或加密的 Excel 文件，请另存为不加密的 .xlsx 或 .csv".to_owned(),
        TableError::Workbook(_) => "Excel 文件读不出来；请重新另存为 .xlsx".to_owned(),
        TableError::Unpacked { limit } => format!("Excel 文件解压后超过 {} MB，不读取", limit >> 20),
        TableError::UnclosedQuote { row } => format!("第 {row} 行有一个引号没有配对，后面的内容都被吞进去了"),
        TableError::Empty => "表里没有内容".to_owned(),
        TableError::NoKnownColumn { found } => {
            format!("表头里没有认识的列：{found}；请写上表头（如 编号、问题、答案），或用 --columns 指定")
        }
    }
}

fn import(error: &ImportError) -> String {
    match error {
        ImportError::Table(error) => table(error),
        ImportError::Library(error) => library(error),
        ImportError::Folder { path, source } => format!("{} 不能用：{}", path.display(), io_zh(source)),
        ImportError::Nested { path, library } => {
            let (path, inside) = (path.display(), path.join(library));
            format!("{path} 不是知识库，里面却有一个：{0}；请导入到它里面，例如 --into {0}/导入", inside.display())
        }
        ImportError::Stopped { written, source } => {
            format!("已写 {written} 个文件后停下，解决后再导入一次会接着做：{}", write(source))
        }
    }
}

fn export(error: &ExportError) -> String {
    match error {
        ExportError::Io(error) => format!("导出写不了：{}", io_zh(error)),
        ExportError::Workbook(_) => "工作簿做不出来".to_owned(),
    }
}

fn line(error: &LineError) -> String {
    format!("第 {} 行应写成「{}」，现在是 {:?}", error.line, error.expected, error.found)
}

fn not_utf8(error: &FromUtf8Error) -> String {
    format!("第 {} 个字节起不是 UTF-8 文字", error.utf8_error().valid_up_to() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, anyhow};
    use std::sync::Arc;

    #[test]
    fn a_cause_is_told_once_and_english_stands_on_lines_of_its_own() {
        let check = |error: anyhow::Error, expect: &str| assert_eq!(chain(&error), expect);
        check(anyhow!("no space").context("写不了"), "写不了\n  no space");
        check(anyhow!("no space").context("kb: no space"), "没能运行\n  kb: no space");
        check(anyhow!("磁盘满了").context("a.md 写不了：磁盘满了").context("停下"), "停下：a.md 写不了：磁盘满了");
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        check(anyhow::Error::from(full()).context("出口.csv 写不了"), "出口.csv 写不了：磁盘满了");
        let write = WriteError::Io { path: "a.md".to_owned(), source: full() };
        check(
            ImportError::Stopped { written: 3, source: write }.into(),
            "已写 3 个文件后停下，解决后再导入一次会接着做：a.md 写不了，原来的内容没有动：磁盘满了",
        );
        let index = || IndexError::Tantivy(TantivyError::IoError(Arc::new(full())));
        check(index().into(), "索引读写不了：磁盘满了");
        check(LiveError::Index(index()).into(), "索引读写不了：磁盘满了");
        let odd = IndexError::Tantivy(TantivyError::InvalidArgument("x".to_owned()));
        check(odd.into(), "索引不能用；可以删掉索引文件夹再试\n  An invalid argument was passed: 'x'");
        let table = || TableError::Io { path: "表.csv".into(), source: io::Error::from(io::ErrorKind::NotFound) };
        let expect = "表.csv 读不出来：没有这个文件或文件夹";
        check(table().into(), expect);
        check(ImportError::Table(table()).into(), expect);
        let bytes = String::from_utf8(b"ab\xff".to_vec()).with_context(|| "聊天.tsv 读不懂");
        check(bytes.unwrap_err(), "聊天.tsv 读不懂：第 3 个字节起不是 UTF-8 文字");
    }
}
