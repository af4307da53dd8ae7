//! The front matter: where it stands in a file, and its YAML as a tree in which every key and value knows its bytes. Pure.
//!
//! Scalars are texts as they were written: `title: 007` is the text `007`, and `yes` is no truth value. The tree is built from the
//! parser's events and not through serde, because editing a file needs the bytes of every value. Aliases are refused, so that no
//! YAML bomb can grow.

use super::keys::Key;
use super::source::{BOM, Source};
use crate::problem::Code;
use serde_saphyr::granit_parser::{self as yaml, ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle};
use std::ops::Range;

/// Longest front matter: room for 200 questions of 100 Chinese characters, and no more than the parser reads in a millisecond or two.
pub(super) const MAX_FRONT_MATTER_BYTES: usize = 64 * 1024;

/// Most keys and values: several times what 26 keys with their longest lists need.
const MAX_NODES: usize = 4_000;

/// Deepest nesting: the format itself needs three levels.
const MAX_DEPTH: usize = 8;

/// Where the parts of a file stand, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// The YAML between the fences, its last line end included; `None` where a file has no front matter.
    pub(super) yaml: Option<Range<usize>>,
    /// Where the body begins.
    pub(super) body: usize,
}

/// Front matter that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) code: Code,
    pub(super) zh: String,
    pub(super) en: String,
}

/// A value, or a key, and its bytes in the file.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) node: Node,
    /// Of a block collection: from its first to its last item.
    pub(super) span: Range<usize>,
}

/// What YAML is made of.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// `null`, `~` or nothing at all.
    Empty,
    /// A text; `block` where it is written below its key with `|` or `>`.
    Text { text: String, block: bool },
    /// A list; `flow` where it stands in brackets.
    List { items: Vec<Spot>, flow: bool },
    /// A map in the order of the file; `flow` where it stands in braces.
    Map { pairs: Vec<(Spot, Spot)>, flow: bool },
}

impl Spot {
    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.node {
            Node::Text { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// Finds the front matter: from a first line `---` to the next line `---`.
///
/// # Errors
/// A fault where it has no end.
pub(super) fn locate(text: &str) -> Result<Layout, Fault> {
    let begin = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
    let mut lines = text[begin..].split_inclusive('\n').scan(begin, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    let Some((_, first)) = lines.next().filter(|(_, line)| is_fence(line)) else {
        return Ok(Layout { yaml: None, body: begin });
    };
    let from = begin + first.len();
    match lines.find(|(_, line)| is_fence(line)) {
        Some((start, line)) => Ok(Layout { yaml: Some(from..start), body: start + line.len() }),
        None => Err(Fault {
            span: begin..begin + 3,
            code: Code::FrontMatter,
            zh: "文件头以 --- 开始，却没有结束；请在最后一个键之后另起一行写 ---".into(),
            en: "the front matter begins with --- and has no end; write a line --- after the last key".into(),
        }),
    }
}

fn is_fence(line: &str) -> bool {
    line.trim_end() == "---"
}

/// Reads the YAML of a file into its keys and values; nothing at all is an empty map.
///
/// # Errors
/// The first thing for which it cannot be read, full-width colons before all others.
pub(super) fn read(source: &Source, range: &Range<usize>) -> Result<Spot, Vec<Fault>> {
    let text = &source.text()[range.clone()];
    if text.len() > MAX_FRONT_MATTER_BYTES {
        return Err(vec![Fault {
            span: range.start..range.start,
            code: Code::FrontMatter,
            zh: format!("文件头有 {} 字节，最多 {MAX_FRONT_MATTER_BYTES}；长的内容请写在正文里", text.len()),
            en: format!(
                "the front matter has {} bytes, at most {MAX_FRONT_MATTER_BYTES} are read; put long text into the body",
                text.len()
            ),
        }]);
    }
    let read = Tree::read(text, range.start).and_then(|tree| match tree {
        None => Ok(Spot { node: Node::Map { pairs: Vec::new(), flow: false }, span: range.start..range.start }),
        Some(spot) if matches!(spot.node, Node::Empty) => Ok(Spot { node: Node::Map { pairs: Vec::new(), flow: false }, span: spot.span }),
        Some(spot) if matches!(spot.node, Node::Map { .. }) => Ok(spot),
        Some(spot) => Err(Fault {
            span: spot.span,
            code: Code::FrontMatter,
            zh: "文件头应是一行一个「键: 值」，这里不是；请写成例如 title: 催发货".into(),
            en: "the front matter must be one `key: value` a line; write for example `title: 催发货`".into(),
        }),
    });
    read.map_err(|fault| {
        let colons = full_width_colons(text, range.start);
        if colons.is_empty() { vec![fault] } else { colons }
    })
}

/// Keys that a full-width colon follows: the commonest slip of a Chinese keyboard, and YAML's own message for it helps nobody.
fn full_width_colons(text: &str, base: usize) -> Vec<Fault> {
    let nested = ["from", "until", "从", "至"];
    let mut at = base;
    let mut faults = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some((before, _)) = line.split_once('：') else { continue };
        let key = before.trim();
        let top = !line.starts_with([' ', '\t']);
        let plain = !key.is_empty() && !key.contains([':', '#', '"', '\'', '[', '{', '-', ' ']);
        if (top && plain) || Key::parse(key).is_some() || nested.contains(&key) {
            let colon = start + before.len();
            faults.push(full_width_colon(key, colon..colon + '：'.len_utf8()));
        }
    }
    faults
}

/// The fault of one full-width colon after a key.
pub(super) fn full_width_colon(key: &str, span: Range<usize>) -> Fault {
    Fault {
        span,
        code: Code::FullWidthColon,
        zh: format!("「{key}」后面是全角冒号「：」；请改成半角冒号加一个空格「{key}: 」"),
        en: format!("a full-width colon follows `{key}`; write a half-width colon and a space, `{key}: `"),
    }
}

/// The tree under construction.
struct Tree {
    base: usize,
    nodes: usize,
    open: Vec<Open>,
    root: Option<Spot>,
}

/// A list or map that has not ended yet.
struct Open {
    start: usize,
    flow: bool,
    /// A map's key that waits for its value.
    key: Option<Spot>,
    content: Content,
}

enum Content {
    List(Vec<Spot>),
    Map(Vec<(Spot, Spot)>),
}

impl Tree {
    fn read(text: &str, base: usize) -> Result<Option<Spot>, Fault> {
        let options = yaml::options! { emit_comments: false, disallow_directives: true, flow_nesting_limit: 64, block_nesting_limit: 64 };
        let mut tree = Tree { base, nodes: 0, open: Vec::new(), root: None };
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error| tree.syntax(text, &error))?;
            let span = span.byte_range().unwrap_or(0..0);
            tree.take(event, base + span.start..base + span.end)?;
        }
        Ok(tree.root)
    }

    fn take(&mut self, event: Event, span: Range<usize>) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, ..) => {
                let empty = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let node = if empty { Node::Empty } else { Node::Text { text: text.into_owned(), block } };
                self.put(Spot { node, span })
            }
            Event::SequenceStart(style, ..) => self.begin(span.start, style, Content::List(Vec::new())),
            Event::MappingStart(style, ..) => self.begin(span.start, style, Content::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => self.end(&span),
            Event::Alias(_) | Event::UnresolvedAlias(_) => Err(fault(
                span,
                "这里用了 YAML 别名（*名字）；文件头不支持锚点和别名，请把值写全".into(),
                "a YAML alias (`*name`) stands here; front matter has no anchors and aliases, write the value in full".into(),
            )),
            Event::DocumentStart(..) if self.root.is_some() => Err(fault(
                span,
                "文件头里有第二个 YAML 文档；请删去多余的 ... 或 ---".into(),
                "a second YAML document stands in the front matter; remove the `...` or `---` before it".into(),
            )),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, start: usize, style: StructureStyle, content: Content) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH {
            return Err(fault(
                start..start,
                format!("文件头嵌套超过 {MAX_DEPTH} 层；这里的键最多两层，请检查缩进和括号"),
                format!("the front matter is nested deeper than {MAX_DEPTH} levels; check indentation and brackets"),
            ));
        }
        self.open.push(Open { start, flow: style == StructureStyle::Flow, key: None, content });
        Ok(())
    }

    fn end(&mut self, span: &Range<usize>) -> Result<(), Fault> {
        let Some(Open { start, flow, content, .. }) = self.open.pop() else { return Ok(()) };
        let (last, node) = match content {
            Content::List(items) => (items.last().map(|item| item.span.end), Node::List { items, flow }),
            Content::Map(pairs) => (pairs.last().map(|(key, value)| value.span.end.max(key.span.end)), Node::Map { pairs, flow }),
        };
        let end = if flow { span.end } else { last.unwrap_or(start) };
        self.put(Spot { node, span: start..end.max(start) })
    }

    fn put(&mut self, spot: Spot) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(fault(
                spot.span,
                format!("文件头的键和值超过 {MAX_NODES} 个；请拆成几个条目"),
                format!("the front matter has more than {MAX_NODES} keys and values; split the entry"),
            ));
        }
        match self.open.last_mut() {
            None => self.root = Some(spot),
            Some(Open { content: Content::List(items), .. }) => items.push(spot),
            Some(Open { content: Content::Map(pairs), key, .. }) => match key.take() {
                None => *key = Some(spot),
                Some(key) => pairs.push((key, spot)),
            },
        }
        Ok(())
    }

    /// What the parser found wrong, in a sentence that helps.
    fn syntax(&self, text: &str, error: &ScanError) -> Fault {
        let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
        let (zh, en) = match error.kind() {
            ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => {
                ("引号没有配对；请补上结束的引号".to_owned(), "a quotation mark is not closed; close it".to_owned())
            }
            ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => {
                ("缩进用了制表符；请改用空格".to_owned(), "a tab indents this line; use spaces".to_owned())
            }
            ErrorKind::UnclosedFlowCollection { open } | ErrorKind::MismatchedFlowCollectionEnd { open, .. } => {
                (format!("「{open}」没有配对的结束括号；请补上"), format!("`{open}` is not closed; close it"))
            }
            ErrorKind::UnknownAnchor => (
                "值以 * 开头，YAML 会把它当作别名；请给值加上引号".to_owned(),
                "the value begins with `*`, which YAML takes for an alias; put it in quotation marks".to_owned(),
            ),
            ErrorKind::UnexpectedCharacter { character } => (
                format!("值不能以「{character}」开头；请给值加上引号"),
                format!("a value cannot begin with `{character}`; put it in quotation marks"),
            ),
            ErrorKind::MappingValueNotAllowed => (
                "这里不该有冒号；含有「: 」的值请加引号，并检查上一行的缩进".to_owned(),
                "no colon is expected here; put a value that contains `: ` in quotation marks, and check the line above".to_owned(),
            ),
            _ => (
                "文件头不是合法的 YAML；请检查这一行的缩进、括号和引号".to_owned(),
                format!("the front matter is not YAML ({}); check indentation, brackets and quotation marks of this line", error.info()),
            ),
        };
        fault(self.base + at..self.base + at, zh, en)
    }
}

fn fault(span: Range<usize>, zh: String, en: String) -> Fault {
    Fault { span, code: Code::FrontMatter, zh, en }
}
