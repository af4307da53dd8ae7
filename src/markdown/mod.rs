//! One Markdown file to one entry, and back. Pure: text in, values and problems out. Called by `library` and `sheets`.

mod advice;
mod body;
mod dates;
pub mod edit;
mod fields;
mod findings;
mod front_matter;
pub mod keys;
mod plain;
pub mod source;
mod yaml_text;

pub use body::reply_id;
pub use keys::Key;

use crate::entry::{Entry, Kind};
use crate::facet::{Facet, Facets};
use crate::problem::{Code, Problem};
use body::Body;
use fields::Fields;
use findings::Findings;
use front_matter::{Layout, Node, Spot};
use sha2::{Digest, Sha256};
use source::Source;
use std::ops::Range;

/// Largest file: thirty times the longest rule page of a platform, and still parsed in a blink.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// What a file turned out to be.
#[derive(Debug)]
pub struct Parsed {
    /// The entry, unless a problem withholds it.
    pub entry: Option<Entry>,
    /// Everything wrong in the file by itself; what concerns other files is found by `library`.
    pub problems: Vec<Problem>,
}

/// Whether a text is a date, or a date with a time, as front matter has them.
pub fn is_moment(text: &str) -> bool {
    dates::parse(text).is_some()
}

/// Reads a file. `path` is relative to the library.
pub fn parse(path: &str, bytes: &[u8], facets: &Facets) -> Parsed {
    if bytes.len() > MAX_FILE_BYTES {
        let (zh, en) = (
            format!("文件有 {} 字节，最多 {MAX_FILE_BYTES}；请拆成几个条目", bytes.len()),
            format!("the file has {} bytes, at most {MAX_FILE_BYTES} are read; split it into several entries", bytes.len()),
        );
        return withheld(path, (1, 1), Code::FileTooLarge, zh, en);
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            // All before the first wrong byte is text.
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let (zh, en) = not_utf8(bytes);
            return withheld(path, Source::new(&before).position(before.len()), Code::NotUtf8, zh.into(), en.into());
        }
    };
    let source = Source::new(text);
    let mut findings = Findings::new(path, &source);
    let Some((layout, tree)) = read_front_matter(&source, &mut findings) else {
        return Parsed { entry: None, problems: findings.finish() };
    };
    let body = body::read(&source, layout.body, facets, &mut findings);
    let pairs = match &tree.node {
        Node::Map { pairs, .. } => pairs.as_slice(),
        _ => &[],
    };
    let entry = assemble(path, bytes, &layout, body, Fields::new(pairs, facets, &mut findings));
    let problems = findings.finish();
    let entry = entry.filter(|_| !problems.iter().any(|problem| problem.code.withholds()));
    Parsed { entry, problems }
}

fn withheld(path: &str, (line, column): (u32, u32), code: Code, zh: String, en: String) -> Parsed {
    Parsed { entry: None, problems: vec![Problem { path: path.to_owned(), line, column, width: 0, code, zh, en }] }
}

/// What the bytes are instead, as far as one can tell.
fn not_utf8(bytes: &[u8]) -> (&'static str, &'static str) {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        ("文件是 UTF-16 编码，应是 UTF-8；请在编辑器里另存为 UTF-8", "the file is UTF-16, not UTF-8; save it as UTF-8")
    } else if bytes.contains(&0) {
        ("这不是文本文件；知识库里的 .md 应是 UTF-8 文本", "this is no text file; a .md file of the library must be UTF-8 text")
    } else {
        ("文件不是 UTF-8 编码（可能是 GBK）；请在编辑器里另存为 UTF-8", "the file is not UTF-8 (perhaps GBK); save it as UTF-8")
    }
}

fn read_front_matter(source: &Source, findings: &mut Findings) -> Option<(Layout, Spot)> {
    let read = front_matter::locate(source.text()).map_err(|fault| vec![fault]).and_then(|layout| {
        let tree = front_matter::read(source, layout.yaml.as_ref().unwrap_or(&(layout.body..layout.body)))?;
        Ok((layout, tree))
    });
    read.map_err(|faults| faults.into_iter().for_each(|fault| findings.fault(fault))).ok()
}

/// Puts the fields and the body together and looks at what only both can tell.
fn assemble(path: &str, bytes: &[u8], layout: &Layout, body: Body, mut fields: Fields) -> Option<Entry> {
    let id = fields.id(path);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let category = fields.text(Key::Category).map(|path| tidy_path(&path)).filter(|path| !path.is_empty());
    let mut facets = Vec::new();
    for (key, facet) in [
        (Key::Stage, Facet::Stage),
        (Key::Channels, Facet::Channel),
        (Key::Products, Facet::Product),
        (Key::Customers, Facet::Customer),
        (Key::Emotions, Facet::Emotion),
        (Key::Shops, Facet::Shop),
    ] {
        facets.extend(fields.facet(key, facet));
    }
    let title = fields.phrasing(Key::Title).or(body.title).filter(|title| !title.is_empty());
    let id_or_nothing = id.clone().unwrap_or_default();
    let entry = Entry {
        title: title.unwrap_or_else(|| id_or_nothing.clone()),
        id: id_or_nothing.into(),
        path: path.to_owned(),
        content_hash: Sha256::digest(bytes).into(),
        kind: fields.kind(),
        questions: fields.questions(),
        trigger: fields.facet_value(Key::Trigger, Facet::Trigger),
        act: fields.act(),
        category: category.unwrap_or_else(|| folder.to_owned()),
        facets,
        tags: fields.texts(Key::Tags),
        shortcut: fields.shortcut(),
        hours: fields.facet_value(Key::Hours, Facet::Hours),
        authority: fields.authority(),
        valid: fields.valid(),
        campaign: fields.text(Key::Campaign),
        replaces: fields.texts(Key::Replaces),
        state: fields.state(),
        source: fields.text(Key::Source),
        checked_on: fields.date(Key::CheckedOn),
        review_by: fields.date(Key::ReviewBy),
        next: fields.texts(Key::Next),
        note: fields.text(Key::Note),
        advice: body.advice,
        replies: body.replies,
        passages: body.passages,
        links: body.links,
    };
    check_whole(&entry, layout, &mut fields);
    id.map(|_| entry)
}

/// A category without empty parts and white space around its slashes.
fn tidy_path(path: &str) -> String {
    path.split('/').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// What is missing from an entry, told at its title.
fn check_whole(entry: &Entry, layout: &Layout, fields: &mut Fields) {
    let title: Range<usize> = fields.span(Key::Title).unwrap_or_else(|| {
        let begin = layout.yaml.as_ref().map_or(layout.body, |yaml| yaml.start);
        begin..begin
    });
    if entry.kind == Kind::Answer && entry.replies.is_empty() {
        fields.report(
            title.clone(),
            Code::NoReply,
            "标准答案里没有话术；请在正文里把对顾客说的话写成引用（每行以 > 开头）".into(),
            "an answer without a reply; write what is said to the customer as a quote (lines that begin with `>`)".into(),
        );
    }
    if entry.kind == Kind::Answer && entry.questions.is_empty() && entry.trigger.is_none() && entry.act.is_none() {
        fields.report(
            title,
            Code::NoQuestion,
            "没有问法，只能凭标题找到；请在 questions 里写几句顾客的原话，主动发送的话术请写 trigger（时机）".into(),
            "no questions, so only the title finds it; add some of the customers' own words, or a trigger if nobody asks for it".into(),
        );
    }
    if let Some(span) = fields.span(Key::Trigger).filter(|_| entry.trigger.is_some() && !entry.questions.is_empty()) {
        fields.report(
            span,
            Code::QuestionsAndTrigger,
            "既有问法又有时机；顾客会问的请删去 trigger，主动发送的请删去 questions".into(),
            "questions beside a trigger; remove the trigger if customers ask for it, the questions if nobody does".into(),
        );
    }
    if let Some(span) = fields
        .span(Key::Source)
        .filter(|_| entry.kind == Kind::Policy && entry.source.is_some() && (entry.checked_on.is_none() || entry.review_by.is_none()))
    {
        fields.report(
            span,
            Code::NoReview,
            "政策写了依据，却没有核对日或复审日；请补上 checked_on 和 review_by".into(),
            "a policy with a source needs `checked_on` and `review_by`; add them".into(),
        );
    }
}

#[cfg(test)]
mod tests;
