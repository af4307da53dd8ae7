//! What is wrong in a file of the library: data that is collected, shown and counted, never thrown.
//!
//! Made by `markdown`, `lexicon` and `library`; shown by `cli` (as a compiler does) and `http` (`/v1/problems`).

use std::fmt;
use std::io::{self, ErrorKind};

/// How bad a problem is. Only the CLI's exit code depends on it: serving an entry does not, except where
/// [`Code::withholds`] says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Should be looked at.
    Warning,
    /// Must be mended: `huashu check` exits with 1.
    Error,
}

/// One thing wrong at one place of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path relative to the library's folder, with `/`.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// How many characters from the column are meant; 0 where only the place is known.
    pub width: u32,
    /// What kind of problem.
    pub code: Code,
    /// The sentence in Chinese: what was found, what was expected, what to do.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Problem {
    /// Severity, which follows from the code.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {} [{}]", self.path, self.line, self.column, self.zh, self.code)
    }
}

/// Defines the codes with their stable names and severities in one table.
macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal, $severity:ident;)*) => {
        /// The stable code of a problem. Programs may depend on [`Code::as_str`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[doc = $doc])* $variant,)* }

        impl Code {
            /// Every code, in the order of the table; each has a fixture that raises it.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable name, kebab-case.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// How bad it is.
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The file could not be read (permission, I/O).
    UnreadableFile = "unreadable-file", Error;
    /// The file is larger than the limit.
    FileTooLarge = "file-too-large", Error;
    /// The file is not UTF-8 text.
    NotUtf8 = "not-utf8", Error;
    /// A symbolic link that leads out of the library.
    LinkOutside = "link-outside", Error;
    /// A folder that cannot be read.
    UnreadableFolder = "unreadable-folder", Error;
    /// More entries than the limit.
    TooManyEntries = "too-many-entries", Error;
    /// Front matter that is not YAML, has no end, or goes beyond the YAML budget.
    FrontMatter = "front-matter", Error;
    /// A full-width colon after a key of the front matter.
    FullWidthColon = "full-width-colon", Error;
    /// Two entries with one id (compared case-folded).
    DuplicateId = "duplicate-id", Error;
    /// An id that breaks the rules for ids.
    BadId = "bad-id", Error;
    /// A key of the front matter or of a settings file that is not known.
    UnknownKey = "unknown-key", Warning;
    /// A key given twice, perhaps in two languages.
    DuplicateKey = "duplicate-key", Error;
    /// A value of the wrong shape or out of its range.
    BadValue = "bad-value", Error;
    /// A date or time that cannot be read.
    BadDate = "bad-date", Error;
    /// A period that ends before it begins.
    EmptyPeriod = "empty-period", Error;
    /// A facet value that the lexicon does not know.
    UnknownFacetValue = "unknown-facet-value", Warning;
    /// A shop that has no file in `shops/`.
    UnknownShop = "unknown-shop", Error;
    /// A campaign that the lexicon does not know.
    UnknownCampaign = "unknown-campaign", Error;
    /// Two entries with one shortcut.
    DuplicateShortcut = "duplicate-shortcut", Error;
    /// An id in `next` or `replaces` that no entry has.
    UnknownEntry = "unknown-entry", Warning;
    /// A slot without closing braces.
    UnclosedSlot = "unclosed-slot", Error;
    /// A slot whose name is empty or too long.
    BadSlot = "bad-slot", Error;
    /// A shop slot for which a shop has no value.
    MissingShopValue = "missing-shop-value", Warning;
    /// A banned phrase in a reply, severity `block`.
    BannedPhrase = "banned-phrase", Error;
    /// A phrase in a reply that should be thought about, severity `warn`.
    RiskyPhrase = "risky-phrase", Warning;
    /// An answer without a reply.
    NoReply = "no-reply", Error;
    /// An asked-for answer without a question.
    NoQuestion = "no-question", Warning;
    /// Questions beside a trigger.
    QuestionsAndTrigger = "questions-and-trigger", Warning;
    /// HTML in a reply.
    HtmlInReply = "html-in-reply", Warning;
    /// A reply longer than a chat message may be.
    ReplyTooLong = "reply-too-long", Warning;
    /// A relative link or picture whose target does not exist.
    BrokenLink = "broken-link", Error;
    /// An address in a reply on a domain that no shop allows.
    ForeignLink = "foreign-link", Warning;
    /// More questions, replies or other items than the limit.
    TooMany = "too-many", Warning;
    /// A policy or other entry past its `review_by`.
    ReviewDue = "review-due", Warning;
    /// A policy with a source but no `checked_on` or `review_by`.
    NoReview = "no-review", Warning;
    /// A file of the library's settings, shops or lexicon that cannot be read.
    BadSettings = "bad-settings", Error;
    /// A lexicon line that cannot be read.
    BadLexicon = "bad-lexicon", Error;
    /// Two replies of the library that are nearly the same text.
    SimilarReplies = "similar-replies", Warning;
}

impl Code {
    /// Whether an entry with this problem is kept from being served; every other entry is served with its mark.
    pub fn withholds(self) -> bool {
        matches!(
            self,
            Code::UnreadableFile
                | Code::FileTooLarge
                | Code::NotUtf8
                | Code::LinkOutside
                | Code::TooManyEntries
                | Code::FrontMatter
                | Code::FullWidthColon
                | Code::DuplicateId
                | Code::BadId
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the system said, in Chinese: it has English sentences alone, and a Chinese one must not end in them.
pub fn io_zh(error: &io::Error) -> String {
    let sentence = match error.kind() {
        ErrorKind::NotFound => "没有这个文件或文件夹",
        ErrorKind::PermissionDenied => "没有权限",
        ErrorKind::AlreadyExists => "已经有了",
        ErrorKind::StorageFull => "磁盘满了",
        ErrorKind::QuotaExceeded => "磁盘配额用完了",
        ErrorKind::ReadOnlyFilesystem => "磁盘是只读的",
        ErrorKind::NotADirectory => "它不是文件夹",
        ErrorKind::IsADirectory => "它是文件夹，不是文件",
        ErrorKind::FileTooLarge => "文件太大，系统不让写",
        ErrorKind::InvalidFilename => "文件名太长，或有系统不允许的字符",
        ErrorKind::InvalidData => "内容不是 UTF-8 文字",
        ErrorKind::AddrInUse => "端口被占用",
        ErrorKind::AddrNotAvailable => "这台机器没有这个地址",
        ErrorKind::TimedOut => "等得太久",
        _ => return error.raw_os_error().map_or_else(|| "系统读写出错".to_owned(), |code| format!("系统读写出错（错误号 {code}）")),
    };
    sentence.to_owned()
}
