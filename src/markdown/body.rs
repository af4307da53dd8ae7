//! The body: replies, passages, the advice and the links of an entry, read off the Markdown's events. Pure.
//!
//! Quotes are what is said to the customer; all other text is for the agent. Nothing is rendered: replies are texts to send.

use super::advice::first_sentence;
use super::findings::Findings;
use super::plain::Plain;
use super::source::Source;
use crate::entry::{Link, Passage, Picture, Reply, Segment};
use crate::facet::{Facet, Facets};
use crate::hex::hex;
use crate::problem::Code;
use crate::slots;
use percent_encoding::percent_decode_str;
use pulldown_cmark::{Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::ops::Range;

/// Most replies of an entry: more wordings than that nobody chooses from.
pub(super) const MAX_REPLIES: usize = 100;

/// Most messages of one reply: what a customer would still read.
pub(super) const MAX_SEGMENTS: usize = 20;

/// Most sections of an entry; longer texts are several entries.
pub(super) const MAX_PASSAGES: usize = 200;

/// Longest message, in characters; the chat windows of the platforms take between 500 and a few thousand.
pub(super) const MAX_SEGMENT_CHARS: usize = 2_000;

/// Deepest list that is shown indented; without a limit, nested markers would make a text of the square of their number.
const MAX_INDENTS: usize = 8;

/// Headings that begin so stand above quotes that are no replies.
const NOT_SAID: [&str; 4] = ["反面", "顾客", "客户", "对话"];

/// What a body holds.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// The first `#` heading.
    pub(super) title: Option<String>,
    pub(super) advice: String,
    pub(super) replies: Vec<Reply>,
    pub(super) passages: Vec<Passage>,
    pub(super) links: Vec<Link>,
}

/// Reads the body that begins at byte `base` of the file.
pub(super) fn read(source: &Source, base: usize, facets: &Facets, findings: &mut Findings) -> Body {
    let mut walk = Walk {
        source,
        facets,
        findings,
        body: Body::default(),
        headings: Vec::new(),
        label: String::new(),
        heading: None,
        section: Section::default(),
        slugs: HashSet::new(),
        quotes: 0,
        reply: None,
        too_many_replies: false,
        too_many_sections: false,
        advice: String::new(),
        advice_ended: false,
        links: Vec::new(),
        pictures: Vec::new(),
        lists: 0,
        cells: 0,
        in_code: false,
        in_comment: false,
        single_tildes: Vec::new(),
    };
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for (event, span) in Parser::new_ext(&source.text()[base..], options).into_offset_iter() {
        walk.take(event, base + span.start..base + span.end);
    }
    walk.finish()
}

/// The id of a reply: the first 12 hex digits of SHA-256 of label, line feed, text.
pub fn reply_id(label: &str, text: &str) -> String {
    let hash = Sha256::new().chain_update(label).chain_update("\n").chain_update(text).finalize();
    hex(&hash[..6])
}

/// The state between two events.
struct Walk<'a, 'f, 's> {
    source: &'a Source<'a>,
    facets: &'a Facets,
    findings: &'f mut Findings<'s>,
    body: Body,
    /// The headings that enclose this place, outermost first.
    headings: Vec<(HeadingLevel, String)>,
    /// The heading above, unless it is the title.
    label: String,
    /// The heading being read.
    heading: Option<(Plain, usize)>,
    section: Section,
    slugs: HashSet<String>,
    /// How many quotes enclose this place.
    quotes: usize,
    /// The reply being read; `None` also in quotes that are no replies.
    reply: Option<Draft>,
    too_many_replies: bool,
    too_many_sections: bool,
    advice: String,
    advice_ended: bool,
    links: Vec<OpenLink>,
    pictures: Vec<OpenPicture>,
    lists: usize,
    /// Cells of the table's row so far.
    cells: usize,
    in_code: bool,
    in_comment: bool,
    /// For each open strikethrough whether it is a single tilde.
    single_tildes: Vec<bool>,
}

/// The passage being read.
#[derive(Default)]
struct Section {
    slug: String,
    heading: String,
    text: Plain,
    line: Option<u32>,
}

/// The reply being read.
struct Draft {
    start: usize,
    segments: Vec<Segment>,
    text: Plain,
    pictures: Vec<Picture>,
}

struct OpenLink {
    target: String,
    span: Range<usize>,
    email: bool,
    /// Length of the reply's text before the link.
    before: usize,
}

struct OpenPicture {
    target: String,
    span: Range<usize>,
    alt: String,
}

impl Walk<'_, '_, '_> {
    fn take(&mut self, event: Event, span: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, span),
            Event::End(tag) => self.end(tag, span),
            Event::Text(text) if self.in_code => {
                self.put(text.trim_end_matches(['\n', '\r']), span.start, span.len(), true);
                self.end_line();
            }
            Event::Text(text) => self.put(&text, span.start, span.len(), false),
            Event::Code(text) => {
                let inside = self.source.text()[span.clone()].find(&*text).unwrap_or(0);
                self.put(&text, span.start + inside, text.len(), false);
            }
            Event::Html(html) | Event::InlineHtml(html) => self.html(&html, span.start),
            Event::SoftBreak | Event::HardBreak => self.end_line(),
            Event::Rule if self.reply.is_some() => self.end_segment(),
            Event::Rule => self.begin_block(),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag, span: Range<usize>) {
        match tag {
            Tag::Heading { .. } if self.quotes == 0 => self.heading = Some((Plain::default(), span.start)),
            Tag::BlockQuote(_) => {
                self.begin_block();
                self.quotes += 1;
                if self.quotes == 1 && self.is_said() {
                    self.reply = Some(Draft { start: span.start, segments: Vec::new(), text: Plain::default(), pictures: Vec::new() });
                }
            }
            Tag::CodeBlock(_) => {
                self.begin_block();
                self.in_code = true;
            }
            Tag::List(_) => self.lists += 1,
            Tag::Item => self.marker(&span),
            Tag::TableRow => {
                self.end_line();
                self.cells = 0;
            }
            Tag::TableCell => {
                self.cells += 1;
                if self.cells > 1 {
                    self.put(" | ", span.start, 0, true);
                }
            }
            Tag::Table(_) => {
                self.begin_block();
                self.cells = 0;
            }
            Tag::Paragraph | Tag::Heading { .. } | Tag::HtmlBlock => self.begin_block(),
            // A single tilde is how people here end a friendly word (亲~), not a deletion.
            Tag::Strikethrough => {
                let single = !self.source.text()[span.clone()].starts_with("~~");
                self.single_tildes.push(single);
                if single {
                    self.put("~", span.start, 1, false);
                }
            }
            Tag::Link { link_type, dest_url, .. } => {
                let before = self.reply.as_ref().map_or(0, |reply| reply.text.len());
                self.links.push(OpenLink { target: dest_url.into_string(), span, email: link_type == LinkType::Email, before });
            }
            Tag::Image { dest_url, .. } => {
                self.pictures.push(OpenPicture { target: dest_url.into_string(), span, alt: String::new() });
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, span: Range<usize>) {
        match tag {
            TagEnd::Heading(level) if self.quotes == 0 => self.end_heading(level),
            TagEnd::BlockQuote(_) => {
                self.quotes -= 1;
                if self.quotes == 0 {
                    self.end_reply();
                }
                self.begin_block();
            }
            TagEnd::CodeBlock => self.in_code = false,
            TagEnd::HtmlBlock => self.in_comment = false,
            TagEnd::List(_) => self.lists -= 1,
            TagEnd::Strikethrough => self.end_strikethrough(span.end),
            TagEnd::Link => self.end_link(),
            TagEnd::Image => self.end_picture(),
            _ => {}
        }
    }

    /// Text for wherever it belongs: a picture's description, a heading, the passage and the reply or the advice.
    fn put(&mut self, piece: &str, at: usize, width: usize, as_is: bool) {
        let push = |plain: &mut Plain| {
            if as_is { plain.push_as_is(self.source, piece, at, width) } else { plain.push(self.source, piece, at, width) }
        };
        if let Some((heading, _)) = &mut self.heading {
            return push(heading);
        }
        push(&mut self.section.text);
        self.section.line.get_or_insert_with(|| self.source.line(at));
        if let Some(picture) = self.pictures.last_mut() {
            picture.alt.push_str(piece);
        } else if let Some(reply) = &mut self.reply {
            push(&mut reply.text);
        } else if self.quotes == 0 && !self.advice_ended {
            self.advice.push_str(piece);
        }
    }

    fn end_line(&mut self) {
        if let Some((heading, _)) = &mut self.heading {
            return heading.end_line();
        }
        self.section.text.end_line();
        if let Some(reply) = &mut self.reply {
            reply.text.end_line();
        }
        self.advice_ended |= !self.advice.trim().is_empty();
    }

    fn begin_block(&mut self) {
        self.section.text.begin_block();
        if let Some(reply) = &mut self.reply {
            reply.text.begin_block();
        }
        self.advice_ended |= !self.advice.trim().is_empty();
    }

    /// The marker of a list's item, as it is written.
    fn marker(&mut self, span: &Range<usize>) {
        self.begin_block();
        let item = &self.source.text()[span.clone()];
        let written = item.trim_start();
        let at = span.start + item.len() - written.len();
        let digits = written.bytes().take_while(u8::is_ascii_digit).count();
        let marker = written.get(..=digits).unwrap_or("-");
        let indent = "  ".repeat(self.lists.saturating_sub(1).min(MAX_INDENTS));
        let piece = format!("{indent}{marker} ");
        // The indentation stands before the marker, as far as the line reaches.
        let from = at.saturating_sub(indent.len()).max(self.source.line_start(at));
        self.section.text.push_as_is(self.source, &piece, from, at - from + marker.len());
        self.section.line.get_or_insert_with(|| self.source.line(at));
        if let Some(reply) = &mut self.reply {
            reply.text.push_as_is(self.source, &piece, from, at - from + marker.len());
        }
    }

    /// HTML stays as written, comments vanish: they are notes of those who write.
    fn html(&mut self, html: &str, start: usize) {
        let mut at = 0;
        while at < html.len() {
            let rest = &html[at..];
            if self.in_comment {
                let Some(end) = rest.find("-->") else { break };
                self.in_comment = false;
                at += end + 3;
                continue;
            }
            let length = rest.find("<!--").unwrap_or(rest.len());
            let visible = rest[..length].trim_end_matches(['\n', '\r']);
            if !visible.trim().is_empty() {
                if self.reply.is_some() {
                    self.findings.report(
                        start + at..start + at + visible.len(),
                        Code::HtmlInReply,
                        format!("话术里有 HTML「{}」，会原样发给顾客；请删去，要发尖括号请写 \\<", shorten(visible)),
                        format!(
                            "HTML `{}` in a reply is sent to the customer as it is; remove it, or write `\\<` for the sign",
                            shorten(visible)
                        ),
                    );
                }
                self.put(visible, start + at, visible.len(), false);
            }
            at += length;
            if at < html.len() {
                self.in_comment = true;
                at += 4;
            }
        }
        if html.ends_with('\n') {
            self.end_line();
        } else {
            // A comment within a line has its end in the same event.
            self.in_comment = false;
        }
    }

    fn end_heading(&mut self, level: HeadingLevel) {
        let Some((text, start)) = self.heading.take() else { return };
        let text = text.finish(self.source).0.replace('\n', " ");
        self.headings.retain(|(above, _)| *above < level);
        self.headings.push((level, text.clone()));
        self.advice_ended |= !self.advice.trim().is_empty();
        if level == HeadingLevel::H1 && self.body.title.is_none() {
            self.label = String::new();
            self.body.title = Some(text);
            self.section.text.begin_block();
            return;
        }
        self.label.clone_from(&text);
        if self.slugs.len() >= MAX_PASSAGES {
            if !self.too_many_sections {
                self.findings.too_many(start, "小节", "sections", MAX_PASSAGES);
            }
            self.too_many_sections = true;
            return self.section.text.begin_block();
        }
        self.end_section();
        let slug = self.unique_slug(&text);
        self.section = Section { slug, heading: text, text: Plain::default(), line: Some(self.source.line(start)) };
    }

    fn end_section(&mut self) {
        let section = std::mem::take(&mut self.section);
        let text = section.text.finish(self.source).0;
        if !(section.heading.is_empty() && section.slug.is_empty() && text.is_empty()) {
            let line = section.line.unwrap_or(1);
            self.body.passages.push(Passage { slug: section.slug, heading: section.heading, text, line });
        }
    }

    fn unique_slug(&mut self, heading: &str) -> String {
        let base = slug(heading);
        let mut unique = base.clone();
        let mut number = 2;
        while !self.slugs.insert(unique.clone()) {
            unique = format!("{base}-{number}");
            number += 1;
        }
        unique
    }

    fn is_said(&self) -> bool {
        !self.headings.iter().any(|(_, text)| NOT_SAID.iter().any(|word| text.trim_start().starts_with(word)))
    }

    fn end_segment(&mut self) {
        let Some(draft) = &mut self.reply else { return };
        let (text, origins) = std::mem::take(&mut draft.text).finish(self.source);
        let pictures = std::mem::take(&mut draft.pictures);
        if !text.is_empty() || !pictures.is_empty() {
            draft.segments.push(Segment { text, pictures, origins });
        }
        self.section.text.begin_block();
    }

    fn end_reply(&mut self) {
        self.end_segment();
        let Some(Draft { start, mut segments, .. }) = self.reply.take() else { return };
        if segments.is_empty() {
            return;
        }
        if self.body.replies.len() >= MAX_REPLIES {
            if !self.too_many_replies {
                self.findings.too_many(start, "话术", "replies", MAX_REPLIES);
            }
            self.too_many_replies = true;
            return;
        }
        if segments.len() > MAX_SEGMENTS {
            self.findings.too_many(start, "条消息（一条话术内）", "messages in one reply", MAX_SEGMENTS);
            segments.truncate(MAX_SEGMENTS);
        }
        for segment in &segments {
            self.check_segment(segment, start);
        }
        let conditions = conditions(&self.label, self.facets);
        let mut reply = Reply { id: String::new(), label: self.label.clone(), conditions, segments, line: self.source.line(start) };
        reply.id = reply_id(&reply.label, &reply.text());
        self.body.replies.push(reply);
    }

    fn check_segment(&mut self, segment: &Segment, start: usize) {
        let length = segment.text.chars().count();
        if length > MAX_SEGMENT_CHARS {
            self.findings.report(
                start..start,
                Code::ReplyTooLong,
                format!("这条消息有 {length} 个字，最多 {MAX_SEGMENT_CHARS}；请精简，或用一行 > *** 分成几条"),
                format!("this message has {length} characters, at most {MAX_SEGMENT_CHARS}; shorten it, or part it with a line `> ***`"),
            );
        }
        let file = |span: Range<usize>| segment.file_offset(span.start)..segment.file_offset(span.end - 1) + 1;
        let found = slots::find(&segment.text);
        for open in found.unclosed {
            self.findings.report(
                file(open..open + 2),
                Code::UnclosedSlot,
                "变量只有 {{ 没有 }}；请在同一行补上 }}".into(),
                "a slot has `{{` and no `}}`; close it on the same line".into(),
            );
        }
        for slot in found.slots {
            if !slot.is_well_named() || slot.shop_value().is_some_and(|name| name.trim().is_empty()) {
                self.findings.report(
                    file(slot.span.clone()),
                    Code::BadSlot,
                    format!("变量名「{}」不能用：应有 1 到 {} 个字，不含花括号", shorten(slot.name), slots::MAX_SLOT_NAME_CHARS),
                    format!("`{}` cannot name a slot: 1 to {} characters without braces", shorten(slot.name), slots::MAX_SLOT_NAME_CHARS),
                );
            }
        }
        for address in addresses(&segment.text) {
            let target = segment.text[address.clone()].to_owned();
            self.body.links.push(Link { target, in_reply: true, span: file(address) });
        }
    }

    /// One tilde strikes nothing through: it is put back.
    fn end_strikethrough(&mut self, end: usize) {
        if self.single_tildes.pop() == Some(true) {
            self.put("~", end - 1, 1, false);
        }
    }

    /// A link becomes its text and, where a customer could follow it, its address.
    fn end_link(&mut self) {
        let Some(OpenLink { target, span, email, before }) = self.links.pop() else { return };
        if email {
            return;
        }
        let address = is_address(&target);
        match &mut self.reply {
            Some(reply) if address => {
                if !reply.text.as_str().get(before..).is_some_and(|text| text.contains(&target)) {
                    let at = self.source.text()[span.clone()].rfind(&target).map_or(span.start, |inside| span.start + inside);
                    if reply.text.len() > before {
                        reply.text.push_as_is(self.source, " ", at.saturating_sub(1), 1);
                    }
                    reply.text.push(self.source, &target, at, target.len());
                }
                // Those of the web are found in the text.
                if addresses(&target).is_empty() {
                    self.body.links.push(Link { target, in_reply: true, span });
                }
            }
            reply => {
                let in_reply = reply.is_some();
                self.link(&target, in_reply, span);
            }
        }
    }

    fn end_picture(&mut self) {
        let Some(OpenPicture { target, span, alt }) = self.pictures.pop() else { return };
        let in_reply = self.reply.is_some();
        self.link(&target, in_reply, span);
        if let Some(reply) = &mut self.reply {
            reply.pictures.push(Picture { alt, target });
        }
    }

    /// Keeps relative links and pictures, and addresses in replies.
    fn link(&mut self, target: &str, in_reply: bool, span: Range<usize>) {
        let target = if is_address(target) {
            if !in_reply {
                return;
            }
            target.to_owned()
        } else {
            let file = target.split(['#', '?']).next().unwrap_or_default();
            percent_decode_str(file).decode_utf8_lossy().into_owned()
        };
        if !target.is_empty() {
            self.body.links.push(Link { target, in_reply, span });
        }
    }

    fn finish(mut self) -> Body {
        self.end_section();
        self.body.advice = first_sentence(&self.advice);
        // Addresses are found at the end of their reply, all others as they come.
        self.body.links.sort_by_key(|link| link.span.start);
        self.body
    }
}

/// Whether a target names something outside the library: it has a scheme or a host.
fn is_address(target: &str) -> bool {
    let scheme = target.split(':').next().unwrap_or_default();
    target.starts_with("//")
        || (scheme.len() < target.len()
            && scheme.len() > 1
            && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+.-".contains(character)))
}

/// The web addresses that stand in a text, as bytes of it.
fn addresses(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let begins = |at: usize| {
        let begins_with = |begin: &str| bytes[at..].get(..begin.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(begin.as_bytes()));
        let within_word = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
        !within_word && ["http://", "https://", "www."].into_iter().any(begins_with)
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if !begins(at) {
            at += 1;
            continue;
        }
        let rest = &text[at..];
        let length = rest.find(|character: char| !character.is_ascii_graphic() || "<>\"".contains(character)).unwrap_or(rest.len());
        let address = rest[..length].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '\'', '*']);
        found.push(at..at + address.len());
        at += length;
    }
    found
}

/// The parts of a label that are facet values.
fn conditions(label: &str, facets: &Facets) -> Vec<(Facet, String)> {
    let separators = ['·', '・', '•', '/', '|', '｜', '、', '，', ','];
    let parts = label.split(|character: char| separators.contains(&character) || character.is_whitespace());
    let mut conditions: Vec<(Facet, String)> = Vec::new();
    for (facet, value) in parts.filter_map(|part| facets.condition(part)) {
        if !conditions.iter().any(|(of, known)| *of == facet && known == value) {
            conditions.push((facet, value.to_owned()));
        }
    }
    conditions
}

/// Letters, digits and Chinese of a heading; all else becomes one hyphen.
fn slug(heading: &str) -> String {
    let mut slug = String::new();
    for character in heading.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() || character == '_' {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "section".to_owned() } else { slug.to_owned() }
}

/// A piece of text for a sentence: one line, 30 characters.
fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(30) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}
