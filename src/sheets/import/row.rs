//! One row to what it wants of its entry, and that onto a file, new or old. Pure.

use super::names;
use crate::entry::{Entry, Kind, State};
use crate::facet::Facets;
use crate::markdown::edit::{self, EditError, Value};
use crate::markdown::{self, Key};
use crate::sheets::columns::{Column, Columns};
use crate::sheets::rows::Row;
use crate::sheets::{Fault, Reason};
use jiff::civil::{Date, DateTime, Time};

/// What one row says, checked.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// From the id column, the markdown, or group and code.
    pub(super) id: Option<String>,
    pub(super) title: Option<String>,
    pub(super) category: Option<String>,
    /// All other fields; `None` removes one (for all channels, all shops).
    changes: Vec<(Key, Option<Value>)>,
    valid: (Option<String>, Option<String>),
    pub(super) reply: Option<String>,
    /// Further wordings.
    other_replies: Vec<String>,
    /// The shop of a new entry, where the row names none.
    shop: Option<String>,
    /// The shortcut that gave the id, where the row has no id of its own.
    pub(super) code: Option<String>,
    /// A whole file, which wins over all the others.
    pub(super) markdown: Option<String>,
    pub(super) folder: Option<String>,
    /// The file's name with its ending.
    pub(super) file: Option<String>,
}

/// Keys whose cell holds several values.
const LISTS: [Key; 8] = [Key::Stage, Key::Tags, Key::Channels, Key::Products, Key::Customers, Key::Emotions, Key::Shops, Key::Replaces];
/// What people write for "no restriction".
const ALL_VALUES: [&str; 8] = ["全部", "所有", "不限", "通用", "全平台", "全渠道", "全部店铺", "all"];

impl Wanted {
    /// Reads a row, of a table that is one shop's set where there is a shop.
    pub(super) fn of(row: &Row, columns: &Columns, shop: Option<&str>) -> Result<Wanted, Fault> {
        if let Some(fault) = &row.fault {
            return Err(fault.clone());
        }
        let cell = |column| columns.cell(row, column);
        let at = |column, reason: Reason| Fault { column: columns.number(column), reason };
        let mut wanted = Wanted { markdown: columns.markdown(row), ..Wanted::default() };
        if let Some(id) = cell(Column::Field(Key::Id)) {
            wanted.id = Some(names::given_id(id).map_err(|reason| at(Column::Field(Key::Id), reason))?);
        }
        for (column, place) in [(Column::Folder, &mut wanted.folder), (Column::File, &mut wanted.file)] {
            if let Some(path) = cell(column) {
                let path = path.trim_matches('/');
                names::given_path(path).map_err(|reason| at(column, reason))?;
                *place = (!path.is_empty()).then(|| path.to_owned());
            }
        }
        if let Some(file) = &wanted.file
            && (file.contains('/') || !file.ends_with(".md") || file.eq_ignore_ascii_case("README.md"))
        {
            let reason = Reason::new(
                format!("文件名「{file}」应是 名称.md，不能是 README.md"),
                format!("the file `{file}` should be name.md and not README.md"),
            );
            return Err(at(Column::File, reason));
        }
        if wanted.markdown.is_some() {
            return wanted.with_id_of_markdown(columns);
        }
        wanted.title = cell(Column::Field(Key::Title)).map(one_line);
        wanted.category =
            cell(Column::Field(Key::Category)).map(|text| names::category_path(text).join("/")).filter(|path| !path.is_empty());
        wanted.reply = cell(Column::Reply).map(str::to_owned);
        wanted.other_replies = columns.other_replies(row).into_iter().map(str::to_owned).collect();
        for (column, end) in [(Column::ValidFrom, 0), (Column::ValidUntil, 1)] {
            if let Some(text) = cell(column) {
                let moment = moment(text).ok_or_else(|| at(column, bad_date(text)))?;
                *(if end == 0 { &mut wanted.valid.0 } else { &mut wanted.valid.1 }) = Some(moment);
            }
        }
        for key in columns.keys() {
            if let Some(text) = cell(Column::Field(key))
                && let Some(change) = wanted.change(key, text).map_err(|reason| at(Column::Field(key), reason))?
            {
                wanted.changes.push((key, change));
            }
        }
        wanted.shop = shop.filter(|_| cell(Column::Field(Key::Shops)).is_none()).map(str::to_owned);
        wanted.add_question(cell(Column::Question));
        if wanted.id.is_none()
            && let Some(code) = cell(Column::Field(Key::Shortcut))
        {
            let group: Vec<&str> = shop.into_iter().chain(wanted.category.as_deref()).collect();
            wanted.id = Some(names::id_of_code((!group.is_empty()).then(|| group.join("-")).as_deref(), code));
            wanted.code = Some(code.to_owned());
        }
        Ok(wanted)
    }

    /// The id in the text wins; where the text has none, that of the id column or the file's name is the entry's.
    fn with_id_of_markdown(mut self, columns: &Columns) -> Result<Wanted, Fault> {
        let text = self.markdown.as_deref().unwrap_or_default();
        let parsed = |stem: &str| markdown::parse(&format!("{stem}.md"), text.as_bytes(), &Facets::default());
        let stem = self.file.as_deref().and_then(|file| file.strip_suffix(".md"));
        let name = self.id.as_deref().or(stem);
        let first = parsed(name.unwrap_or("a"));
        let Some(entry) = first.entry else {
            let problem = first.problems.into_iter().find(|problem| problem.code.withholds());
            let (line, zh, en) = problem.map(|problem| (problem.line, problem.zh, problem.en)).unwrap_or_default();
            let reason = Reason::new(format!("markdown 第 {line} 行：{zh}"), format!("markdown, line {line}: {en}"));
            return Err(Fault { column: columns.number(Column::Markdown(0)), reason });
        };
        // Two names tell whether the text or the name gave the id.
        let is_of_text = name.is_some() || parsed("b").entry.is_some_and(|other| other.id == entry.id);
        self.title = Some(entry.title.clone());
        self.id = is_of_text.then(|| entry.id.to_string());
        Ok(self)
    }

    /// What a cell changes; `None` where it changes nothing.
    fn change(&self, key: Key, text: &str) -> Result<Option<Option<Value>>, Reason> {
        let value = match key {
            // These have places of their own.
            Key::Id | Key::Title | Key::Category | Key::Valid => return Ok(None),
            Key::Questions => {
                let items = split(text, &['\n', '|', '｜']);
                let others: Vec<String> = items.into_iter().filter(|item| self.title.as_ref() != Some(item)).collect();
                return Ok((!others.is_empty()).then_some(Some(Value::List(others))));
            }
            Key::State => Value::Text(state(text).ok_or_else(|| bad_state(text))?.as_str().to_owned()),
            Key::Kind => Value::Text(Kind::parse(text).ok_or_else(|| bad_kind(text))?.as_str().to_owned()),
            Key::CheckedOn | Key::ReviewBy => {
                let moment = moment(text).ok_or_else(|| bad_date(text))?;
                Value::Text(moment.chars().take(10).collect())
            }
            Key::Note | Key::Source => Value::Text(text.replace("\r\n", "\n")),
            key if ALL_VALUES.contains(&text) && LISTS.contains(&key) && key != Key::Tags => return Ok(Some(None)),
            Key::Tags | Key::Next | Key::Replaces => Value::List(split(text, &['\n', '|', '｜', ',', '，', '、', ';', '；'])),
            key if LISTS.contains(&key) => Value::List(split(text, &['\n', '|', '｜', ',', '，', '、', ';', '；', '/'])),
            _ => Value::Text(one_line(text)),
        };
        Ok(Some(Some(value)))
    }

    fn add_question(&mut self, question: Option<&str>) {
        let Some(question) = question.map(one_line).filter(|question| self.title.as_ref() != Some(question)) else { return };
        match self.changes.iter_mut().find(|(key, _)| *key == Key::Questions) {
            Some((_, Some(Value::List(items)))) if !items.contains(&question) => items.insert(0, question),
            Some(_) => {}
            None => self.changes.push((Key::Questions, Some(Value::List(vec![question])))),
        }
    }

    fn first_question(&self) -> Option<&str> {
        self.changes.iter().find_map(|(key, value)| match value {
            Some(Value::List(items)) if *key == Key::Questions => items.first().map(String::as_str),
            _ => None,
        })
    }

    /// What tells this row from others, where it has no id: what is asked, or else what is said.
    pub(super) fn subject(&self) -> Option<&str> {
        self.title.as_deref().or(self.first_question()).or(self.reply.as_deref())
    }

    /// The title of a new file.
    pub(super) fn new_title(&self) -> Option<String> {
        self.title.clone().or_else(|| {
            let clause = names::first_clause(self.first_question().or(self.reply.as_deref())?);
            (!clause.is_empty()).then_some(clause)
        })
    }

    /// A new file with this id at this path.
    pub(super) fn new_text(&self, id: &str, path: &str) -> Result<String, Reason> {
        if let Some(text) = &self.markdown {
            return with_id(text, id, path);
        }
        let mut fields = vec![(Key::Id, Value::Text(id.to_owned()))];
        fields.extend(self.new_title().map(|title| (Key::Title, Value::Text(title))));
        fields.extend(self.category.clone().map(|category| (Key::Category, Value::Text(category))));
        let is_default = |key: &Key, value: &Value| {
            matches!((key, value), (Key::State, Value::Text(state)) if state == State::Approved.as_str())
                || matches!((key, value), (Key::Kind, Value::Text(kind)) if kind == Kind::Answer.as_str())
        };
        let given = self.changes.iter().filter_map(|(key, value)| value.clone().map(|value| (*key, value)));
        fields.extend(given.filter(|(key, value)| !is_default(key, value)));
        fields.extend(self.shop.clone().map(|shop| (Key::Shops, Value::List(vec![shop]))));
        if self.valid.0.is_some() || self.valid.1.is_some() {
            fields.push((Key::Valid, Value::Period(self.valid.0.clone(), self.valid.1.clone())));
        }
        let quotes: Vec<String> = self.reply.iter().chain(&self.other_replies).map(|reply| quote(reply)).collect();
        Ok(edit::new_file(&fields, &quotes.join("\n")))
    }

    /// An old file with what the row says changed, and nothing else.
    pub(super) fn merged(&self, id: &str, path: &str, old: &str) -> Result<String, Reason> {
        if let Some(text) = &self.markdown {
            return with_id(text, id, path);
        }
        let entry = markdown::parse(path, old.as_bytes(), &Facets::default()).entry.ok_or_else(unreadable)?;
        let mut changes = Vec::new();
        changes.extend(self.title.clone().filter(|title| *title != entry.title).map(|title| (Key::Title, Some(Value::Text(title)))));
        let category = self.category.clone().filter(|category| *category != entry.category);
        changes.extend(category.map(|category| (Key::Category, Some(Value::Text(category)))));
        changes.extend(self.changes.iter().filter(|(key, value)| !is_so_already(&entry, *key, value.as_ref())).cloned());
        changes.extend(self.period(&entry).map(|period| (Key::Valid, Some(period))));
        let text = edit::set_fields(old, &changes).map_err(not_editable)?;
        let text = match self.reply.as_deref() {
            Some(reply) => with_reply(&text, path, reply)?,
            None => text,
        };
        self.other_replies.iter().try_fold(text, |text, reply| with_other_reply(&text, path, reply))
    }

    /// The period with the end that the row leaves open as it is; `None` where it is the same already.
    fn period(&self, entry: &Entry) -> Option<Value> {
        let (from, until) = &self.valid;
        if from.is_none() && until.is_none() {
            return None;
        }
        let period = Value::Period(
            from.clone().or_else(|| entry.valid.from.map(write_begin)),
            until.clone().or_else(|| entry.valid.until.map(write_end)),
        );
        let written = edit::new_file(&[(Key::Valid, period.clone())], "");
        let same = markdown::parse("a.md", written.as_bytes(), &Facets::default()).entry.is_some_and(|new| new.valid == entry.valid);
        (!same).then_some(period)
    }
}

/// Whether a default that need not be written, or one that is written otherwise, says the same.
fn is_so_already(entry: &Entry, key: Key, value: Option<&Value>) -> bool {
    match (key, value) {
        (Key::State, Some(Value::Text(state))) => entry.state.as_str() == state,
        (Key::Kind, Some(Value::Text(kind))) => entry.kind.as_str() == kind,
        _ => false,
    }
}

/// A whole file as it is, unless neither it nor its name would give the id.
fn with_id(text: &str, id: &str, path: &str) -> Result<String, Reason> {
    let found = markdown::parse(path, text.as_bytes(), &Facets::default()).entry.ok_or_else(unreadable)?;
    if *found.id == *id {
        return Ok(text.to_owned());
    }
    edit::set_fields(text, &[(Key::Id, Some(Value::Text(id.to_owned())))]).map_err(not_editable)
}

/// A plain answer as a reply; a line `***` parts it into messages, as in [`crate::entry::Reply::text`].
fn quote(answer: &str) -> String {
    let answer = answer.replace("\r\n", "\n").replace('\r', "\n");
    let mut segments = vec![String::new()];
    for line in answer.split('\n') {
        match segments.last_mut() {
            _ if line.trim() == "***" => segments.push(String::new()),
            Some(segment) => {
                segment.push_str(line);
                segment.push('\n');
            }
            None => {}
        }
    }
    let quotes: Vec<String> = segments.iter().filter(|segment| !segment.trim().is_empty()).map(|segment| edit::quote(segment)).collect();
    quotes.join(">\n> ***\n>\n")
}

/// The file with this reply as its first, unless one of its replies is it already. The other wordings, the advice and everything
/// else stay: a table with one answer a row knows nothing of them.
fn with_reply(text: &str, path: &str, reply: &str) -> Result<String, Reason> {
    let replies = |text: &str| {
        let entry = markdown::parse(path, text.as_bytes(), &Facets::default()).entry;
        entry.map(|entry| entry.replies.into_iter().map(|reply| (reply.line, reply.text())).collect::<Vec<_>>()).unwrap_or_default()
    };
    let quote = quote(reply);
    let Some((_, wanted)) = replies(&edit::new_file(&[], &quote)).into_iter().next() else { return Ok(text.to_owned()) };
    let old = replies(text);
    if old.iter().any(|(_, old)| *old == wanted) {
        return Ok(text.to_owned());
    }
    let new = match old.first() {
        Some((line, _)) => replace_quote(text, *line, &quote),
        None => {
            let body = edit::body(text).map_err(not_editable)?.trim_end();
            let body = if body.is_empty() { quote } else { format!("{body}\n\n{quote}") };
            edit::set_body(text, &body).map_err(not_editable)?
        }
    };
    let now = replies(&new);
    let is_as_meant = now.first().is_some_and(|(_, now)| *now == wanted) && now.len() == old.len().max(1);
    is_as_meant.then_some(new).ok_or_else(|| {
        Reason::new(
            "文件里的话术写法特殊，表格改不了，请在文件里改",
            "the reply is written in a way that a table cannot change: change it in the file",
        )
    })
}

/// The file with this reply after all others, unless one of its replies is it already.
fn with_other_reply(text: &str, path: &str, reply: &str) -> Result<String, Reason> {
    let entry = |text: &str| markdown::parse(path, text.as_bytes(), &Facets::default()).entry;
    let quote = quote(reply);
    let wanted = entry(&edit::new_file(&[], &quote)).and_then(|entry| entry.replies.into_iter().next()).map(|reply| reply.text());
    let known = entry(text).is_some_and(|entry| entry.replies.iter().any(|known| Some(known.text()) == wanted));
    if known || wanted.is_none() {
        return Ok(text.to_owned());
    }
    let body = edit::body(text).map_err(not_editable)?.trim_end();
    edit::set_body(text, &format!("{body}\n\n{quote}")).map_err(not_editable)
}

/// Replaces the lines of the quote that begins at a line.
fn replace_quote(text: &str, line: u32, quote: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let begin = (line as usize).saturating_sub(1).min(lines.len());
    let length = lines[begin..].iter().take_while(|line| line.trim_start_matches(' ').starts_with('>')).count();
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut new: String = lines[..begin].concat();
    new.push_str(&quote.replace('\n', line_end));
    new.push_str(&lines[begin + length..].concat());
    new
}

/// Lines to one line.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The items of a cell, each once.
fn split(text: &str, separators: &[char]) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for item in text.split(separators).map(str::trim).filter(|item| !item.is_empty()) {
        if !items.iter().any(|known| known == item) {
            items.push(item.to_owned());
        }
    }
    items
}

fn state(text: &str) -> Option<State> {
    match text.to_lowercase().as_str() {
        "停用" | "禁用" | "下架" | "关闭" | "已停用" | "失效" | "0" | "否" | "false" | "no" | "n" | "off" | "disabled" | "inactive" => {
            Some(State::Retired)
        }
        "启用" | "已启用" | "上架" | "开启" | "正常" | "有效" | "1" | "是" | "true" | "yes" | "y" | "on" | "enabled" | "active" => {
            Some(State::Approved)
        }
        other => State::parse(other),
    }
}

/// A date as people write it, in the way of the format: `2026/11/10`, `2026年11月10日`, `2026.11.10`, with a time or without.
fn moment(text: &str) -> Option<String> {
    let plain = text.trim().replace(['年', '月', '/', '.'], "-").replace('日', " ").replace('：', ":").replace('T', " ");
    let (day, time) = plain.trim().split_once(' ').map_or((plain.trim(), ""), |(day, time)| (day, time.trim()));
    let mut parts = day.split('-').map(|part| part.parse::<i16>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || year < 1000 {
        return None;
    }
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    if time.is_empty() {
        return Some(date.to_string());
    }
    let mut parts = time.split(':').map(|part| part.parse::<i8>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    if parts.next().is_some() {
        return None;
    }
    let time = Time::new(hour, minute, second, 0).ok()?;
    Some(if second == 0 { format!("{date} {hour:02}:{minute:02}") } else { format!("{date} {time}") })
}

/// The begin of a period as a cell or a file has it.
pub(in crate::sheets) fn write_begin(from: DateTime) -> String {
    if from.time() == Time::midnight() { from.date().to_string() } else { write_time(from) }
}

/// The end: the midnight after a day is that day.
pub(in crate::sheets) fn write_end(until: DateTime) -> String {
    match until.date().yesterday() {
        Ok(day) if until.time() == Time::midnight() => day.to_string(),
        _ => write_time(until),
    }
}

fn write_time(moment: DateTime) -> String {
    let (hour, minute, second) = (moment.hour(), moment.minute(), moment.second());
    let seconds = if second == 0 { String::new() } else { format!(":{second:02}") };
    format!("{} {hour:02}:{minute:02}{seconds}", moment.date())
}

fn bad_date(text: &str) -> Reason {
    Reason::new(
        format!("「{text}」不是日期；请写成 2026-11-10 或 2026-11-10 20:00"),
        format!("`{text}` is no date; write 2026-11-10 or 2026-11-10 20:00"),
    )
}

fn bad_state(text: &str) -> Reason {
    Reason::new(format!("状态「{text}」应是 启用、停用 或 草稿"), format!("the state `{text}` should be approved, retired or draft"))
}

fn bad_kind(text: &str) -> Reason {
    Reason::new(format!("类型「{text}」应是 标准答案、政策 或 案例"), format!("the kind `{text}` should be answer, policy or case"))
}

fn unreadable() -> Reason {
    Reason::new(
        "这个编号的文件读不出来，请先用 huashu check 查看并修好",
        "the file of this id cannot be read: run huashu check and mend it first",
    )
}

fn not_editable(error: EditError) -> Reason {
    let EditError::FrontMatter { zh, en } = error;
    Reason::new(format!("文件头改不了：{zh}"), format!("the front matter cannot be edited: {en}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_understood_as_people_write_them() {
        let check = |text, expect: Option<&str>| assert_eq!(moment(text).as_deref(), expect, "{text}");
        check("2026-11-10", Some("2026-11-10"));
        check("2026/1/5", Some("2026-01-05"));
        check("2026年11月10日", Some("2026-11-10"));
        check("2026.11.10 8:05", Some("2026-11-10 08:05"));
        check("2026-11-10T20:00:30", Some("2026-11-10 20:00:30"));
        check("2026年11月10日 20：00", Some("2026-11-10 20:00"));
        for text in ["明天", "2026-13-01", "26-11-10", "2026-11-10 25:00", "2026-11", "11/10/2026"] {
            check(text, None);
        }
    }

    #[test]
    fn states_have_many_names() {
        for text in ["停用", "禁用", "0", "否", "FALSE", "retired"] {
            assert_eq!(state(text), Some(State::Retired), "{text}");
        }
        for text in ["启用", "1", "是", "True", "approved"] {
            assert_eq!(state(text), Some(State::Approved), "{text}");
        }
        assert_eq!(state("草稿"), Some(State::Draft));
        assert_eq!(state("大概"), None);
    }

    #[test]
    fn only_the_first_reply_changes_and_only_where_the_file_has_not_the_answer_already() {
        let file = "---\r\nid: a\r\n---\r\n发货时用。\r\n\r\n> 一\r\n> 二\r\n\r\n## 抖音\r\n> 三\r\n";
        assert_eq!(with_reply(file, "a.md", "三").unwrap(), file);
        assert_eq!(with_reply(file, "a.md", "一\n二").unwrap(), file);
        assert_eq!(
            with_reply(file, "a.md", "四\n***\n五").unwrap(),
            file.replace("> 一\r\n> 二\r\n", "> 四\r\n>\r\n> ***\r\n>\r\n> 五\r\n")
        );
        let bare = "---\nid: a\n---\n\n政策原文。\n";
        assert_eq!(with_reply(bare, "a.md", "四").unwrap(), format!("{bare}\n> 四\n"));
    }
}
