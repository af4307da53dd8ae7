//! What the columns of a table mean, by the names that shops and platforms give them. Pure.

use super::rows::{MAX_COLUMNS, Row, TableError};
use crate::analysis::fold;
use crate::markdown::Key;
use std::collections::HashMap;

/// The meaning of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// A key of the front matter.
    Field(Key),
    /// One more way to ask, where another column is the title.
    Question,
    /// The answer as plain text: it becomes the reply.
    Reply,
    /// A further wording of the answer, from 2.
    OtherReply(usize),
    /// Begin of the validity.
    ValidFrom,
    /// End of the validity.
    ValidUntil,
    /// Where the file stands.
    Folder,
    /// The file's name.
    File,
    /// The whole file, in parts from 0 where a cell of Excel is too short for it.
    Markdown(usize),
}

impl Column {
    /// The name by which it can be asked for.
    pub fn name(self) -> String {
        match self {
            Column::Field(key) => key.as_str().to_owned(),
            Column::Question => "question".to_owned(),
            Column::Reply => "reply".to_owned(),
            Column::OtherReply(number) => format!("reply_{number}"),
            Column::ValidFrom => "valid_from".to_owned(),
            Column::ValidUntil => "valid_until".to_owned(),
            Column::Folder => "folder".to_owned(),
            Column::File => "file".to_owned(),
            Column::Markdown(0) => "markdown".to_owned(),
            Column::Markdown(part) => format!("markdown_{}", part + 1),
        }
    }

    /// The columns to choose from, with their names for people.
    pub fn choices() -> impl Iterator<Item = (Column, &'static str)> {
        let fields = Key::ALL.into_iter().map(|(key, ..)| key).filter(|key| *key != Key::Valid).map(|key| (Column::Field(key), key.zh()));
        fields.chain([
            (Column::Reply, "答案"),
            (Column::OtherReply(2), "答案2"),
            (Column::OtherReply(3), "答案3"),
            (Column::ValidFrom, "有效期从"),
            (Column::ValidUntil, "有效期至"),
            (Column::Folder, "文件夹"),
            (Column::File, "文件名"),
            (Column::Markdown(0), "整个文件"),
        ])
    }
}

/// Names beside those of the front matter's keys, folded; the first title of a row of names is the better one.
const ALIASES: [(Column, &[&str]); 17] = [
    (Column::Field(Key::Category), &["分组", "快捷短语分组", "类目", "group"]),
    (Column::Field(Key::Title), &["标题", "title", "问题", "标准问法", "标准问题", "标准问", "question"]),
    (Column::Field(Key::Questions), &["相似问法", "相似问", "相似问题"]),
    (Column::Reply, &["答案", "内容", "话术", "话术内容", "快捷短语", "回复", "回复内容", "answer", "reply", "content"]),
    (Column::Field(Key::Tags), &["tag"]),
    (Column::Field(Key::Channels), &["平台", "channel"]),
    (Column::Field(Key::Products), &["product"]),
    (Column::Field(Key::Customers), &["customer"]),
    (Column::Field(Key::Emotions), &["emotion"]),
    (Column::Field(Key::Shops), &["shop"]),
    (Column::Field(Key::Shortcut), &["快捷短语编码", "快捷编码", "快捷键", "code"]),
    (Column::Field(Key::State), &["启用", "是否启用", "启用状态", "status", "enabled"]),
    (Column::ValidFrom, &["有效期从", "生效时间", "生效日期", "开始时间", "valid_from"]),
    (Column::ValidUntil, &["有效期至", "失效时间", "失效日期", "结束时间", "valid_until"]),
    (Column::Field(Key::Note), &["适用场景", "备注/适用场景", "remark"]),
    (Column::Field(Key::Source), &["来源"]),
    (Column::Folder, &["folder", "文件夹"]),
];

/// Titles better than the others: with both, the other is one more way to ask.
const BEST_TITLES: [&str; 2] = ["标题", "title"];

/// A column that is not used, and is told of rather than dropped in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused {
    /// From 1.
    pub column: usize,
    /// As written.
    pub name: String,
    /// Whether an earlier column means the same; else nobody knows what it means.
    pub is_double: bool,
}

/// The columns of one table.
#[derive(Debug, Default)]
pub struct Columns {
    places: HashMap<Column, usize>,
    /// Columns with a name that is not used.
    pub unused: Vec<Unused>,
}

impl Columns {
    /// Finds the meaning of each name; a name that is empty or `-` asks for the column to be left out.
    ///
    /// # Errors
    /// [`TableError::NoKnownColumn`] where there would be nothing to read.
    pub fn of(names: &[String]) -> Result<Columns, TableError> {
        let mut columns = Columns::default();
        let meanings: Vec<Option<Column>> = names.iter().map(|name| meaning(name)).collect();
        let best_title = names.iter().position(|name| BEST_TITLES.contains(&plain(name).as_str()));
        for (place, name) in names.iter().enumerate().filter(|(_, name)| !matches!(name.trim(), "" | "-")) {
            let meaning = match (meanings[place], best_title) {
                (Some(Column::Field(Key::Title)), Some(best)) if best != place => Some(Column::Question),
                (meaning, _) => meaning,
            };
            match meaning {
                Some(meaning) if !columns.places.contains_key(&meaning) => {
                    columns.places.insert(meaning, place);
                }
                other => columns.unused.push(Unused { column: place + 1, name: name.clone(), is_double: other.is_some() }),
            }
        }
        if columns.places.is_empty() {
            return Err(TableError::NoKnownColumn { found: names.join(", ").chars().take(200).collect() });
        }
        Ok(columns)
    }

    /// The text of a cell, trimmed; `None` where it is empty, which is to change nothing.
    pub fn cell<'r>(&self, row: &'r Row, column: Column) -> Option<&'r str> {
        let cell =
            row.cells.get(*self.places.get(&column)?)?.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
        (!cell.is_empty()).then_some(cell)
    }

    /// What the column at a place, from 0, means, where it is used.
    pub fn at(&self, place: usize) -> Option<Column> {
        self.places.iter().find(|(_, at)| **at == place).map(|(column, _)| *column)
    }

    /// The number of a column from 1, where the table has it.
    pub fn number(&self, column: Column) -> Option<usize> {
        self.places.get(&column).map(|place| place + 1)
    }

    /// The whole file, all its parts; exactly as written.
    pub fn markdown(&self, row: &Row) -> Option<String> {
        let parts = (0..).map_while(|part| self.places.get(&Column::Markdown(part))).filter_map(|place| row.cells.get(*place));
        let whole: String = parts.map(String::as_str).collect();
        (!whole.trim().is_empty()).then_some(whole)
    }

    /// The further wordings of the answer, in order.
    pub fn other_replies<'r>(&self, row: &'r Row) -> Vec<&'r str> {
        let mut numbers: Vec<usize> =
            self.places.keys().filter_map(|column| if let Column::OtherReply(number) = column { Some(*number) } else { None }).collect();
        numbers.sort_unstable();
        numbers.into_iter().filter_map(|number| self.cell(row, Column::OtherReply(number))).collect()
    }

    /// Keys of the front matter that have a column, in the order of [`Key::ALL`].
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        Key::ALL.into_iter().map(|(key, ..)| key).filter(|key| self.places.contains_key(&Column::Field(*key)))
    }

    /// Everything that the table says in a row, by name and not by place: the same row hashes the same after columns were moved.
    pub(super) fn contents<'r>(&self, row: &'r Row) -> Vec<(String, &'r str)> {
        let cells = self.places.iter().filter_map(|(column, place)| Some((format!("{column:?}"), row.cells.get(*place)?.as_str())));
        let mut cells: Vec<_> = cells.filter(|(_, cell)| !cell.trim().is_empty()).collect();
        cells.sort_unstable();
        cells
    }
}

/// Whether a row of cells is plainly a header: every name in it is known.
pub(super) fn is_header(cells: &[String]) -> bool {
    let mut names = cells.iter().filter(|cell| !cell.trim().is_empty()).peekable();
    names.peek().is_some() && names.all(|name| meaning(name).is_some())
}

fn meaning(name: &str) -> Option<Column> {
    let name = plain(name);
    if let Some(part) = name.strip_prefix("markdown") {
        return match part.strip_prefix('_').map(str::parse::<usize>) {
            None if part.is_empty() => Some(Column::Markdown(0)),
            Some(Ok(part)) if part >= 2 => Some(Column::Markdown(part - 1)),
            _ => None,
        };
    }
    if matches!(name.as_str(), "file" | "文件" | "文件名") {
        return Some(Column::File);
    }
    let by_alias = |name: &str| ALIASES.into_iter().find(|(_, names)| names.contains(&name)).map(|(column, _)| column);
    let bare = name.trim_end_matches(|character: char| character.is_ascii_digit());
    let number = name[bare.len()..].parse().ok().filter(|number| (2..MAX_COLUMNS).contains(number));
    if let (Some(number), Some(Column::Reply)) = (number, by_alias(bare.trim_end_matches('_'))) {
        return Some(Column::OtherReply(number));
    }
    let alias = by_alias(&name);
    // A period is two columns in a table.
    alias.or_else(|| Key::parse(&name).filter(|key| *key != Key::Valid).map(Column::Field))
}

/// A name without what people put around it: `*问题（必填）：` is 问题.
pub(super) fn plain(name: &str) -> String {
    let folded = fold::fold(name).text;
    let inner = folded.trim().trim_start_matches('*');
    let inner = inner.split(['(', '[', '【', '\n']).next().unwrap_or_default();
    inner.trim().trim_end_matches([':', '*']).trim().replace(' ', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &str) -> Columns {
        Columns::of(&names.split(',').map(str::to_owned).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn every_alias_of_the_trade_is_known() {
        let check = |names: &str, expect: Column| {
            for name in names.split(' ') {
                assert_eq!(meaning(name), Some(expect), "{name}");
            }
        };
        check("编号 id ID", Column::Field(Key::Id));
        check("分类 分组 快捷短语分组 category", Column::Field(Key::Category));
        check("问题 标题 标准问法 question title *问题（必填） Question:", Column::Field(Key::Title));
        check("相似问法 问法 questions 相似问法(多个用|分隔)", Column::Field(Key::Questions));
        check("答案 内容 话术 快捷短语 回复 answer reply", Column::Reply);
        check("标签 tags", Column::Field(Key::Tags));
        check("渠道 平台 channels", Column::Field(Key::Channels));
        check("店铺 shops", Column::Field(Key::Shops));
        check("阶段 stage", Column::Field(Key::Stage));
        check("快捷短语编码 快捷编码 快捷码 shortcut", Column::Field(Key::Shortcut));
        check("状态 启用 state", Column::Field(Key::State));
        check("有效期从 valid_from", Column::ValidFrom);
        check("有效期至 valid_until", Column::ValidUntil);
        check("备注 适用场景 备注/适用场景 note", Column::Field(Key::Note));
        check("来源 依据 source", Column::Field(Key::Source));
        check("kind 类型", Column::Field(Key::Kind));
        check("folder", Column::Folder);
        check("答案2 reply_2 话术内容2", Column::OtherReply(2));
        check("file", Column::File);
        check("markdown Markdown", Column::Markdown(0));
        check("markdown_2", Column::Markdown(1));
        check("review_by 复审", Column::Field(Key::ReviewBy));
        for name in ["有效期", "客服", "markdown_1", "markdown_x", "markdown2", "答案1", "答案0", "标题2"] {
            assert_eq!(meaning(name), None, "{name}");
        }
    }

    #[test]
    fn every_choice_is_understood_by_its_name() {
        for (column, zh) in Column::choices() {
            assert_eq!(meaning(&column.name()), Some(column), "{zh}");
        }
    }

    #[test]
    fn every_alias_is_written_as_names_are_compared() {
        for (column, names) in ALIASES {
            for name in names {
                assert_eq!(meaning(name), Some(column), "{name}");
            }
        }
    }

    #[test]
    fn what_is_not_used_is_told() {
        let unused =
            |names| columns(names).unused.into_iter().map(|unused| (unused.column, unused.name, unused.is_double)).collect::<Vec<_>>();
        assert_eq!(unused("编号,客服,答案,,-,话术"), [(2, "客服".to_owned(), false), (6, "话术".to_owned(), true)]);
        assert!(Columns::of(&["甲".to_owned(), "乙".to_owned()]).is_err());
    }

    #[test]
    fn a_question_beside_a_title_is_one_more_way_to_ask() {
        let with_both = columns("问题,标题,标准问法");
        assert_eq!((with_both.number(Column::Field(Key::Title)), with_both.number(Column::Question)), (Some(2), Some(1)));
        assert_eq!(with_both.unused.len(), 1);
        assert_eq!(columns("问题").number(Column::Field(Key::Title)), Some(1));
    }

    #[test]
    fn cells_are_trimmed_and_markdown_is_not() {
        let columns = columns("标题,markdown_2,markdown");
        let row = |cells: [&str; 3]| Row { number: 1, cells: cells.map(str::to_owned).to_vec(), fault: None };
        let full = row(["　退货 \n", "后\n", " 前"]);
        assert_eq!(columns.cell(&full, Column::Field(Key::Title)), Some("退货"));
        assert_eq!(columns.markdown(&full).as_deref(), Some(" 前后\n"));
        let empty = row([" 　", "", ""]);
        assert_eq!((columns.cell(&empty, Column::Field(Key::Title)), columns.markdown(&empty)), (None, None));
    }
}
