//! The entry: one Markdown file of the library, as the rest of the program knows it. Values only, no I/O.

use crate::facet::Facet;
use jiff::civil::{Date, DateTime};
use std::ops::Range;
use std::sync::Arc;

/// The id of an entry: NFC, at most [`MAX_ID_CHARS`] characters; stable over renames of title and folder.
pub type EntryId = Arc<str>;

/// Longest id, in characters: it stands in URLs, file names and on the screen.
pub const MAX_ID_CHARS: usize = 80;

/// One entry (条目).
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// `id`, or the file's name without `.md`.
    pub id: EntryId,
    /// Path of the file relative to the library, with `/`.
    pub path: String,
    /// SHA-256 of the file's bytes: what decides whether it is indexed anew, and the ETag.
    pub content_hash: [u8; 32],
    /// What agents see and the first phrasing.
    pub title: String,
    /// Answer, policy or case.
    pub kind: Kind,
    /// How customers ask for it.
    pub questions: Vec<String>,
    /// The moment of a proactive script.
    pub trigger: Option<String>,
    /// The act that it answers.
    pub act: Option<Act>,
    /// A path such as `物流/发货`.
    pub category: String,
    /// Facet values, canonical; an absent facet means all. Stage, channel, product, customer, emotion, shop.
    pub facets: Vec<(Facet, String)>,
    /// Free words.
    pub tags: Vec<String>,
    /// 快捷码.
    pub shortcut: Option<String>,
    /// A name of the library's `[hours]`.
    pub hours: Option<String>,
    /// Least level that may promise it.
    pub authority: Authority,
    /// When it is served.
    pub valid: Period,
    /// `双11` or `双11/尾款`.
    pub campaign: Option<String>,
    /// Ids hidden while this entry is valid.
    pub replaces: Vec<String>,
    /// Draft, approved or retired.
    pub state: State,
    /// Law or platform rule that it quotes.
    pub source: Option<String>,
    /// When the source was last read.
    pub checked_on: Option<Date>,
    /// When it must be looked at again.
    pub review_by: Option<Date>,
    /// Ids of what usually follows.
    pub next: Vec<String>,
    /// For trainers.
    pub note: Option<String>,
    /// First sentence for the agent: when to use it and when not.
    pub advice: String,
    /// Words to send, in the order of the file.
    pub replies: Vec<Reply>,
    /// Sections of the body in the order of the file.
    pub passages: Vec<Passage>,
    /// Relative links and pictures, and addresses in replies.
    pub links: Vec<Link>,
}

impl Entry {
    /// The values of one facet; empty means all.
    pub fn facet(&self, facet: Facet) -> impl Iterator<Item = &str> {
        self.facets.iter().filter(move |(of, _)| *of == facet).map(|(_, value)| value.as_str())
    }

    /// A phrasing by its number: 0 the title, then the questions.
    pub fn phrasing(&self, part: u16) -> &str {
        part.checked_sub(1).and_then(|question| self.questions.get(question as usize)).unwrap_or(&self.title)
    }
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// 标准答案
    Answer,
    /// 政策
    Policy,
    /// 案例
    Case,
}

impl Kind {
    /// The name in Markdown and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Answer => "answer",
            Kind::Policy => "policy",
            Kind::Case => "case",
        }
    }

    /// The name for people.
    pub fn zh(self) -> &'static str {
        match self {
            Kind::Answer => "标准答案",
            Kind::Policy => "政策",
            Kind::Case => "案例",
        }
    }

    /// Reads either name.
    pub fn parse(text: &str) -> Option<Kind> {
        [Kind::Answer, Kind::Policy, Kind::Case].into_iter().find(|kind| kind.as_str() == text || kind.zh() == text)
    }
}

/// Where an entry stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// 草稿: not served.
    Draft,
    /// 启用
    Approved,
    /// 停用: not served.
    Retired,
}

impl State {
    /// The name in Markdown and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Approved => "approved",
            State::Retired => "retired",
        }
    }

    /// The name for people.
    pub fn zh(self) -> &'static str {
        match self {
            State::Draft => "草稿",
            State::Approved => "启用",
            State::Retired => "停用",
        }
    }

    /// Reads either name.
    pub fn parse(text: &str) -> Option<State> {
        [State::Draft, State::Approved, State::Retired].into_iter().find(|state| state.as_str() == text || state.zh() == text)
    }
}

/// What a message without a question does (话轮).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// 致谢
    Thanks,
    /// 确认
    Confirm,
    /// 稍等
    Wait,
    /// 放弃
    GiveUp,
}

impl Act {
    /// All acts.
    pub const ALL: [Act; 4] = [Act::Thanks, Act::Confirm, Act::Wait, Act::GiveUp];

    /// The name in Markdown, JSON and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Act::Thanks => "致谢",
            Act::Confirm => "确认",
            Act::Wait => "稍等",
            Act::GiveUp => "放弃",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Act> {
        Act::ALL.into_iter().find(|act| act.as_str() == text)
    }
}

/// Who may promise something, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Authority {
    /// 一线
    #[default]
    Agent,
    /// 组长
    Lead,
    /// 主管
    Manager,
}

impl Authority {
    /// The name in Markdown, JSON and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Authority::Agent => "一线",
            Authority::Lead => "组长",
            Authority::Manager => "主管",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Authority> {
        [Authority::Agent, Authority::Lead, Authority::Manager].into_iter().find(|level| level.as_str() == text)
    }
}

/// A half-open period in the library's local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// From this moment, inclusive.
    pub from: Option<DateTime>,
    /// Until this moment, exclusive; a date in the file means the midnight after it.
    pub until: Option<DateTime>,
}

impl Period {
    /// Whether the moment lies within.
    pub fn contains(&self, at: DateTime) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// Words to send (话术): one wording with its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// First 12 hex digits of SHA-256 of label, line feed, text.
    pub id: String,
    /// The heading above, empty where none.
    pub label: String,
    /// Parts of the label that are facet values.
    pub conditions: Vec<(Facet, String)>,
    /// Sent one after another; at least one.
    pub segments: Vec<Segment>,
    /// Line of the quote's beginning in the file, from 1.
    pub line: u32,
}

impl Reply {
    /// The whole text, segments joined by a line `***`.
    pub fn text(&self) -> String {
        self.segments.iter().map(|segment| segment.text.as_str()).collect::<Vec<_>>().join("\n***\n")
    }
}

/// One message of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// As it will be sent, slots unfilled.
    pub text: String,
    /// Pictures to send with it.
    pub pictures: Vec<Picture>,
    /// Where runs of `text` stand in the file: `(byte in text, byte in file)`, ascending; for problems inside a reply.
    pub origins: Vec<(usize, usize)>,
}

impl Segment {
    /// The byte in the file from which a byte of the text comes; what Huashu put there itself (a line end) leads to the run before it.
    pub fn file_offset(&self, byte: usize) -> usize {
        file_offset(&self.origins, byte)
    }
}

/// The byte in the file of a byte of a text with these origins.
pub(crate) fn file_offset(origins: &[(usize, usize)], byte: usize) -> usize {
    let run = origins.partition_point(|(text, _)| *text <= byte);
    origins.get(run.saturating_sub(1)).map_or(0, |(text, file)| file + byte.saturating_sub(*text))
}

/// A picture in a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What it shows.
    pub alt: String,
    /// Path or address as written.
    pub target: String,
}

/// One section of the body (段落).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Part of the link `id#slug`; empty for the text before the first heading.
    pub slug: String,
    /// The section's heading, empty likewise.
    pub heading: String,
    /// All its text as plain text, replies included, quotes of customers included.
    pub text: String,
    /// Line of the heading or of the first text, from 1.
    pub line: u32,
}

/// A link or picture and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// As written, percent-decoded, without a fragment; addresses are kept whole.
    pub target: String,
    /// Whether it stands in a reply.
    pub in_reply: bool,
    /// Bytes in the file.
    pub span: Range<usize>,
}
