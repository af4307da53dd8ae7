//! Tables of other programs: known by their header, read into our columns, written as those programs read them. Pure.
//!
//! A table keeps its rows' numbers and the places of its columns, so that what is said about a cell can be found in the file that was given.

use super::columns::plain;
use super::html;
use super::rows::Row;
use super::table::Table;
use crate::entry::{Entry, Reply, State};
use crate::facet::Facet;
use std::collections::HashSet;

/// A program whose tables are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    /// 千牛: short phrases of a shop.
    Qianniu,
    /// 懒人客服: keywords and answers.
    Lanren,
    /// MaxKB: sections of a knowledge base.
    Maxkb,
    /// Zammad: text modules.
    Zammad,
    /// Briskine: templates.
    Briskine,
    /// A question and an answer, in whatever program.
    Qa,
}

/// Header as the program writes it, then our column for each; `-`: read by nobody.
type Head = &'static [(&'static str, &'static str)];

const QIANNIU: Head = &[("快捷短语编码", "快捷码"), ("快捷短语", "答案"), ("快捷短语分组", "分类")];
const LANREN: Head = &[("匹配关键词", "标题"), ("回复内容", "答案"), ("平台", "渠道")];
const MAXKB: Head = &[
    ("分段标题（选填）", "标题"),
    ("分段内容（必填，问题答案，最长不超过4096个字符）", "答案"),
    ("问题（选填，单元格内一行一个）", "问法"),
];
const ZAMMAD: Head = &[("id", "编号"), ("name", "标题"), ("keywords", "标签"), ("content", "答案"), ("note", "备注"), ("active", "状态")];
const BRISKINE: Head = &[
    ("id", "编号"),
    ("title", "标题"),
    ("shortcut", "快捷码"),
    ("subject", "-"),
    ("to", "-"),
    ("cc", "-"),
    ("bcc", "-"),
    ("tags", "标签"),
    ("body", "答案"),
];
const QA: Head = &[("问题", "标题"), ("答案", "答案")];

/// Names of a generic pair.
const QUESTIONS: [&str; 6] = ["问题", "问", "提问", "question", "q", "prompt"];
const ANSWERS: [&str; 6] = ["答案", "答", "回答", "answer", "a", "completion"];

/// Rows among which a header is looked for: 懒人客服 has a notice above or below it.
const HEADER_WITHIN: usize = 3;

/// Row of the sheet from which 懒人客服 reads.
const LANREN_BEGIN: usize = 3;

/// What 懒人客服 says in its second row.
const LANREN_NOTICE: [&str; 3] = ["多个关键词用 | 分开", "多个回复用 | 分开，随机发一个", "不填为全部平台"];

/// What parts alternatives in a cell of 懒人客服.
const ALTERNATIVE: char = '|';

/// Ids of Zammad are numbers, which say nothing of where they come from.
const ZAMMAD_PREFIX: &str = "zammad-";

impl Platform {
    /// All.
    pub const ALL: [Platform; 6] =
        [Platform::Qianniu, Platform::Lanren, Platform::Maxkb, Platform::Zammad, Platform::Briskine, Platform::Qa];

    /// The name in addresses and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Platform::Qianniu => "qianniu",
            Platform::Lanren => "lanren",
            Platform::Maxkb => "maxkb",
            Platform::Zammad => "zammad",
            Platform::Briskine => "briskine",
            Platform::Qa => "qa",
        }
    }

    /// The name for people.
    pub fn zh(self) -> &'static str {
        match self {
            Platform::Qianniu => "千牛",
            Platform::Lanren => "懒人客服",
            Platform::Maxkb => "MaxKB",
            Platform::Zammad => "Zammad",
            Platform::Briskine => "Briskine",
            Platform::Qa => "问答对",
        }
    }

    /// Reads either name.
    pub fn parse(name: &str) -> Option<Platform> {
        Platform::ALL.into_iter().find(|platform| platform.as_str() == name || platform.zh() == name)
    }

    /// Whether the program takes a workbook; else CSV.
    pub fn takes_workbook(self) -> bool {
        matches!(self, Platform::Lanren | Platform::Maxkb)
    }

    /// Whether people open the CSV in Excel, which needs a byte order mark that other programs take for a part of the first name.
    pub(super) fn is_for_excel(self) -> bool {
        matches!(self, Platform::Qianniu | Platform::Qa)
    }

    fn head(self) -> Head {
        match self {
            Platform::Qianniu => QIANNIU,
            Platform::Lanren => LANREN,
            Platform::Maxkb => MAXKB,
            Platform::Zammad => ZAMMAD,
            Platform::Briskine => BRISKINE,
            Platform::Qa => QA,
        }
    }

    fn is_html(self) -> bool {
        matches!(self, Platform::Zammad | Platform::Briskine)
    }

    /// Whether a row of names is this program's header.
    fn knows(self, names: &[String]) -> bool {
        let names: Vec<String> = names.iter().map(|name| plain(name)).filter(|name| !name.is_empty()).collect();
        let has = |wanted: &[&str]| wanted.iter().all(|wanted| names.iter().any(|name| name == wanted));
        match self {
            Platform::Qianniu => has(&["快捷短语编码", "快捷短语"]),
            Platform::Lanren => has(&["匹配关键词", "回复内容"]),
            Platform::Maxkb => has(&["分段内容"]),
            Platform::Zammad => has(&["name", "keywords", "content", "active"]),
            Platform::Briskine => has(&["title", "shortcut", "subject", "body"]),
            Platform::Qa => {
                let is = |at: usize, known: &[&str]| names.get(at).is_some_and(|name| known.contains(&name.as_str()));
                names.len() == 2 && is(0, &QUESTIONS) && is(1, &ANSWERS)
            }
        }
    }
}

/// The program that a table comes from, by its header, with the header in its place.
pub fn recognise(table: &mut Table) -> Option<Platform> {
    if let Some(platform) = Platform::ALL.into_iter().find(|platform| platform.knows(&table.columns)) {
        return Some(platform);
    }
    let found = table.rows.iter().take(HEADER_WITHIN).enumerate().find_map(|(at, row)| {
        let platform = Platform::ALL.into_iter().find(|platform| *platform != Platform::Qa && platform.knows(&row.cells))?;
        Some((at, platform))
    });
    let (at, platform) = found?;
    let header = table.rows.drain(..=at).next_back()?;
    table.columns = header.cells;
    // What was too wide for a notice may fit the header.
    for row in &mut table.rows {
        if row.cells.len() <= table.columns.len() {
            row.fault = None;
        }
    }
    Some(platform)
}

/// The table of a program with our names above its columns and our way of writing in its cells.
pub fn translate(mut table: Table, platform: Platform) -> Table {
    let names: Vec<Option<&str>> = table.columns.iter().map(|name| ours(platform, &plain(name))).collect();
    for (name, ours) in table.columns.iter_mut().zip(&names) {
        if let Some(ours) = ours.filter(|ours| *ours != "-") {
            ours.clone_into(name);
        }
    }
    let place = |wanted: &str| names.iter().position(|name| *name == Some(wanted));
    let (id, reply) = (place("编号"), place("答案"));
    if platform == Platform::Lanren {
        table.rows.retain(|row| row.number >= LANREN_BEGIN);
        return with_alternatives(table, place("标题"), reply);
    }
    for row in &mut table.rows {
        if let Some(cell) = reply.filter(|_| platform.is_html()).and_then(|at| row.cells.get_mut(at)) {
            *cell = html::to_text(cell);
        }
        if let Some(cell) = id.filter(|_| platform == Platform::Zammad).and_then(|at| row.cells.get_mut(at))
            && !cell.trim().is_empty()
        {
            *cell = format!("{ZAMMAD_PREFIX}{}", cell.trim());
        }
    }
    table
}

/// Our column for one of a program, both as they are compared.
fn ours(platform: Platform, name: &str) -> Option<&'static str> {
    if platform == Platform::Qa {
        return match name {
            name if QUESTIONS.contains(&name) => Some("标题"),
            name if ANSWERS.contains(&name) => Some("答案"),
            _ => None,
        };
    }
    platform.head().iter().find(|(theirs, _)| plain(theirs) == name).map(|(_, ours)| *ours)
}

/// Keywords become a title and further ways to ask, alternatives of the answer replies of their own, in columns at the end.
fn with_alternatives(mut table: Table, keywords: Option<usize>, reply: Option<usize>) -> Table {
    let split = |row: &Row, at: Option<usize>| -> Vec<String> {
        let cell = at.and_then(|at| row.cells.get(at)).map_or("", String::as_str);
        cell.split([ALTERNATIVE, '｜']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let width = table.columns.len();
    let most = table.rows.iter().map(|row| split(row, reply).len()).max().unwrap_or(0);
    table.columns.push("问法".to_owned());
    table.columns.extend((2..=most).map(|number| format!("答案{number}")));
    for row in &mut table.rows {
        let (mut asked, mut said) = (split(row, keywords).into_iter(), split(row, reply).into_iter());
        let beyond = row.cells.len() > width;
        row.cells.resize(row.cells.len().max(width), String::new());
        for (at, first) in [(keywords, asked.next()), (reply, said.next())] {
            if let Some((at, first)) = at.zip(first) {
                row.cells[at] = first;
            }
        }
        if !beyond {
            row.cells.push(asked.collect::<Vec<_>>().join("\n"));
            row.cells.extend(said);
        }
    }
    table
}

/// Entries as the rows of a program's table, the header first.
pub fn rows<'e>(entries: impl IntoIterator<Item = &'e Entry>, platform: Platform) -> Vec<Vec<String>> {
    let mut rows = vec![platform.head().iter().map(|(name, _)| (*name).to_owned()).collect()];
    if platform == Platform::Lanren {
        rows.push(LANREN_NOTICE.map(str::to_owned).to_vec());
    }
    let mut codes: HashSet<String> = HashSet::new();
    for entry in entries.into_iter().filter(|entry| !entry.replies.is_empty() && is_taken(entry, platform)) {
        let said = first_reply(entry);
        let code = || entry.shortcut.clone().unwrap_or_default();
        rows.push(match platform {
            // A code stands for one phrase of a shop: the second of two has none.
            Platform::Qianniu => {
                vec![Some(code()).filter(|code| codes.insert(code.clone())).unwrap_or_default(), said, entry.category.clone()]
            }
            Platform::Lanren => {
                let part = |text: &str| text.replace(ALTERNATIVE, "｜");
                let asked: Vec<String> = std::iter::once(&entry.title).chain(&entry.questions).map(|text| part(text)).collect();
                let said: Vec<String> = entry.replies.iter().map(|reply| part(&plain_text(reply))).collect();
                let channels: Vec<&str> = entry.facet(Facet::Channel).collect();
                vec![asked.join("|"), said.join("|"), channels.join("、")]
            }
            Platform::Maxkb => vec![entry.title.clone(), said, entry.questions.join("\n")],
            Platform::Zammad => vec![
                entry.id.strip_prefix(ZAMMAD_PREFIX).unwrap_or_default().to_owned(),
                entry.title.clone(),
                entry.tags.join(", "),
                html::from_text(&said),
                entry.note.clone().unwrap_or_default(),
                (entry.state == State::Approved).to_string(),
            ],
            Platform::Briskine => {
                let blank = String::new;
                let (id, title, tags) = (entry.id.to_string(), entry.title.clone(), entry.tags.join(", "));
                vec![id, title, code(), blank(), blank(), blank(), blank(), tags, html::from_text(&said)]
            }
            Platform::Qa => vec![entry.title.clone(), said],
        });
    }
    rows
}

/// Where a program has no word for it, only what is in force goes out.
fn is_taken(entry: &Entry, platform: Platform) -> bool {
    platform == Platform::Zammad || entry.state == State::Approved
}

fn first_reply(entry: &Entry) -> String {
    entry.replies.first().map(plain_text).unwrap_or_default()
}

/// Other programs know no messages one after another: they become lines of one.
fn plain_text(reply: &Reply) -> String {
    reply.segments.iter().map(|segment| segment.text.as_str()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheets::Format;
    use crate::sheets::table::read;

    fn table(text: &str) -> Table {
        read(text.as_bytes(), Some(Format::Csv), None).unwrap()
    }

    #[test]
    fn a_program_is_known_by_its_header() {
        let check = |header: &str, expect: Option<&str>| {
            let found = recognise(&mut table(&format!("{header}\n1,2,3\n")));
            assert_eq!(found.map(Platform::as_str), expect, "{header}");
        };
        check("快捷短语编码,快捷短语,快捷短语分组", Some("qianniu"));
        check("*快捷短语,快捷短语编码（选填）", Some("qianniu"));
        check("匹配关键词,回复内容,平台", Some("lanren"));
        check("分段标题（选填）,分段内容（必填，问题答案，最长不超过4096个字符）,问题（选填，单元格内一行一个）", Some("maxkb"));
        check("id,name,keywords,content,note,active", Some("zammad"));
        check("id,title,shortcut,subject,to,cc,bcc,tags,body", Some("briskine"));
        check("question,answer", Some("qa"));
        check("答,问", None);
        check("编号,问题,答案", None);
        check("请从第三行开始填写\n匹配关键词,回复内容,平台", Some("lanren"));
    }

    #[test]
    fn every_program_knows_the_header_that_is_written_for_it() {
        for platform in Platform::ALL {
            let header: Vec<String> = platform.head().iter().map(|(name, _)| (*name).to_owned()).collect();
            let known: Vec<Platform> = Platform::ALL.into_iter().filter(|other| other.knows(&header)).collect();
            assert_eq!(known, [platform]);
        }
    }

    #[test]
    fn alternatives_are_ways_to_ask_and_replies_of_their_own() {
        let mut given = table("匹配关键词,回复内容,平台\n说明,说明,说明\n退货|怎么退,可以退的|亲，七天内能退,千牛\n");
        let platform = recognise(&mut given).unwrap();
        let table = translate(given, platform);
        assert_eq!(table.columns, ["标题", "答案", "渠道", "问法", "答案2"]);
        let rows: Vec<(usize, &[String])> = table.rows.iter().map(|row| (row.number, row.cells.as_slice())).collect();
        assert_eq!(rows, [(3, &["退货", "可以退的", "千牛", "怎么退", "亲，七天内能退"].map(str::to_owned)[..])]);
    }
}
