//! The values of the front matter to the fields of an entry; each wrong value is a problem at its place and leaves the field absent. Pure.

use super::dates::{self, Moment};
use super::findings::Findings;
use super::front_matter::{Node, Spot, full_width_colon};
use super::keys::Key;
use crate::entry::{Act, Authority, Kind, MAX_ID_CHARS, Period, State};
use crate::facet::{Facet, Facets};
use crate::problem::Code;
use jiff::civil::Date;
use std::collections::HashMap;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// Most items of any list; 200 phrasings of one question exhaust it.
pub(super) const MAX_ITEMS: usize = 200;

/// Longest title or question, in characters: longer ones are no phrasing that a customer types.
pub(super) const MAX_PHRASING_CHARS: usize = 500;

/// Longest shortcut, in characters: it is typed.
pub(super) const MAX_SHORTCUT_CHARS: usize = 40;

/// How many known values a sentence lists.
const LISTED_VALUES: usize = 12;

/// Keys that people write for known ones and that resemble them too little to be guessed.
const GUESSES: [(&str, &str); 14] = [
    ("问题", "问法"),
    ("相似问法", "问法"),
    ("关键词", "标签"),
    ("keywords", "tags"),
    ("平台", "渠道"),
    ("商品", "品类"),
    ("品类/商品", "品类"),
    ("目录", "分类"),
    ("来源", "依据"),
    ("name", "title"),
    ("from", "valid"),
    ("until", "valid"),
    ("status", "state"),
    ("platform", "channels"),
];

/// The front matter by key.
pub(super) struct Fields<'a, 'f, 's> {
    given: HashMap<Key, (&'a Spot, &'a Spot)>,
    facets: &'a Facets,
    findings: &'f mut Findings<'s>,
}

impl<'a, 'f, 's> Fields<'a, 'f, 's> {
    /// Sorts the pairs by key; the first of two counts.
    pub(super) fn new(pairs: &'a [(Spot, Spot)], facets: &'a Facets, findings: &'f mut Findings<'s>) -> Fields<'a, 'f, 's> {
        let mut given: HashMap<Key, (&Spot, &Spot)> = HashMap::new();
        for (name, value) in pairs {
            let text = name.text().unwrap_or_default();
            let Some(key) = Key::parse(text) else {
                unknown_key(name, &Key::ALL.map(|(_, en, zh)| [en, zh]).concat(), findings);
                continue;
            };
            if let Some((first, _)) = given.get(&key) {
                duplicate_key(name, first, findings);
            } else {
                given.insert(key, (name, value));
            }
        }
        Fields { given, facets, findings }
    }

    /// Bytes of the value of a key.
    pub(super) fn span(&self, key: Key) -> Option<Range<usize>> {
        self.given.get(&key).map(|(_, value)| value.span.clone())
    }

    pub(super) fn report(&mut self, span: Range<usize>, code: Code, zh: String, en: String) {
        self.findings.report(span, code, zh, en);
    }

    /// A text, trimmed; an empty one is absent.
    pub(super) fn text(&mut self, key: Key) -> Option<String> {
        let (_, value) = *self.given.get(&key)?;
        match &value.node {
            Node::Empty => None,
            Node::Text { text, .. } => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Node::List { .. } | Node::Map { .. } => {
                self.wrong_shape(key, value, "一个值", "one text");
                None
            }
        }
    }

    /// A title or another text of limited length.
    pub(super) fn phrasing(&mut self, key: Key) -> Option<String> {
        let text = self.text(key)?;
        if let Some(span) = self.span(key) {
            self.check_phrasing(&text, span);
        }
        Some(text)
    }

    /// The questions.
    pub(super) fn questions(&mut self) -> Vec<String> {
        let questions = self.list(Key::Questions);
        for (question, span) in &questions {
            self.check_phrasing(question, span.clone());
        }
        unique(questions)
    }

    fn check_phrasing(&mut self, text: &str, span: Range<usize>) {
        let length = text.chars().count();
        if length > MAX_PHRASING_CHARS {
            self.report(
                span,
                Code::BadValue,
                format!("这里有 {length} 个字，最多 {MAX_PHRASING_CHARS}；标题和问法应是顾客会问的一句话，长的内容请写在正文里"),
                format!("{length} characters, at most {MAX_PHRASING_CHARS}: a title or question is one thing that customers ask; put long text into the body"),
            );
        }
    }

    /// The items of a list without those that are empty; one value may stand for a list.
    fn list(&mut self, key: Key) -> Vec<(String, Range<usize>)> {
        let Some((_, value)) = self.given.get(&key).copied() else { return Vec::new() };
        let items = match &value.node {
            Node::List { items, .. } => items.as_slice(),
            _ => std::slice::from_ref(value),
        };
        if let Some(beyond) = items.get(MAX_ITEMS) {
            self.findings.too_many(beyond.span.start, "这一项的值", "values", MAX_ITEMS);
        }
        let mut texts = Vec::new();
        for item in items.iter().take(MAX_ITEMS) {
            match &item.node {
                Node::Empty => {}
                Node::Text { text, .. } if text.trim().is_empty() => {}
                Node::Text { text, .. } => texts.push((text.trim().to_owned(), item.span.clone())),
                Node::List { .. } | Node::Map { .. } => {
                    self.wrong_shape(
                        key,
                        item,
                        "一列文字（含「: 」或花括号的要加引号）",
                        "a list of texts (quote those with `: ` or braces)",
                    );
                }
            }
        }
        texts
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: Key) -> Vec<String> {
        unique(self.list(key))
    }

    /// Values of a facet, each by its proper name; unknown ones are kept as written.
    pub(super) fn facet(&mut self, key: Key, facet: Facet) -> Vec<(Facet, String)> {
        let given = self.list(key);
        let mut values: Vec<(Facet, String)> = Vec::new();
        for (text, span) in given {
            let value = self.resolve(facet, text, span);
            if !values.iter().any(|(_, known)| *known == value) {
                values.push((facet, value));
            }
        }
        values
    }

    /// The one value of a facet, likewise.
    pub(super) fn facet_value(&mut self, key: Key, facet: Facet) -> Option<String> {
        let text = self.text(key)?;
        let span = self.span(key)?;
        Some(self.resolve(facet, text, span))
    }

    fn resolve(&mut self, facet: Facet, text: String, span: Range<usize>) -> String {
        if let Some(value) = self.facets.resolve(facet, &text) {
            return value.to_owned();
        }
        let known = self.facets.values(facet);
        let nearest = nearest(&text, known.iter().map(String::as_str));
        let (hint_zh, hint_en) = match nearest {
            Some(value) => (format!("是不是「{value}」？"), format!("is it `{value}`?")),
            None if known.is_empty() => ("目前一个也没有".to_owned(), "none are known at present".to_owned()),
            None => {
                let some: Vec<&str> = known.iter().take(LISTED_VALUES).map(String::as_str).collect();
                (format!("已有的是：{}", some.join("、")), format!("known are: {}", some.join(", ")))
            }
        };
        let (code, zh, en) = match facet {
            Facet::Shop => (
                Code::UnknownShop,
                format!("没有店铺「{text}」；{hint_zh}；新店铺请先在 shops/ 里建文件"),
                format!("there is no shop `{text}`; {hint_en}; a new shop needs a file in shops/"),
            ),
            Facet::Hours => (
                Code::UnknownFacetValue,
                format!("没有时段「{text}」；{hint_zh}；新时段请写进 library.toml 的 [hours]"),
                format!("there are no hours `{text}`; {hint_en}; new ones belong into [hours] of library.toml"),
            ),
            _ => (
                Code::UnknownFacetValue,
                format!("{}里没有「{text}」；{hint_zh}；新的值请写进 lexicon/facets.yaml", facet.zh()),
                format!("`{text}` is no known {}; {hint_en}; new values belong into lexicon/facets.yaml", facet.as_str()),
            ),
        };
        self.report(span, code, zh, en);
        text
    }

    pub(super) fn kind(&mut self) -> Kind {
        self.one_of(Key::Kind, Kind::parse, "answer、policy、case（标准答案、政策、案例）").unwrap_or(Kind::Answer)
    }

    pub(super) fn state(&mut self) -> State {
        self.one_of(Key::State, State::parse, "draft、approved、retired（草稿、启用、停用）").unwrap_or(State::Approved)
    }

    pub(super) fn act(&mut self) -> Option<Act> {
        self.one_of(Key::Act, Act::parse, "致谢、确认、稍等、放弃")
    }

    /// A level that cannot be read is the highest: better to ask a 主管 once too often than to let anybody promise.
    pub(super) fn authority(&mut self) -> Authority {
        if self.text(Key::Authority).is_none() {
            return Authority::default();
        }
        let facets = self.facets;
        let parse = |text: &str| Authority::parse(facets.resolve(Facet::Authority, text).unwrap_or(text));
        self.one_of(Key::Authority, parse, "一线、组长、主管").unwrap_or(Authority::Manager)
    }

    fn one_of<T>(&mut self, key: Key, parse: impl Fn(&str) -> Option<T>, expected: &str) -> Option<T> {
        let text = self.text(key)?;
        let value = parse(&text);
        if value.is_none()
            && let Some(span) = self.span(key)
        {
            self.report(
                span,
                Code::BadValue,
                format!("「{text}」不能用；应是 {expected} 之一"),
                format!("`{text}` cannot stand here; expected one of {expected}"),
            );
        }
        value
    }

    /// The id, or the file's name; `None` where it breaks the rules, which keeps the entry from being served.
    pub(super) fn id(&mut self, path: &str) -> Option<String> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.strip_suffix(".md").unwrap_or(name);
        let given = self.text(Key::Id);
        let span = given.as_ref().and_then(|_| self.span(Key::Id)).unwrap_or(0..0);
        let (found_zh, found_en) = if given.is_some() {
            ("编号", "the id")
        } else {
            ("文件名（没有 id 时作编号）", "the file's name, which is the id,")
        };
        let id: String = given.as_deref().unwrap_or(stem).nfc().collect();
        let (zh, en) = match id_fault(&id) {
            None => return Some(id),
            Some(fault) => fault,
        };
        self.report(
            span,
            Code::BadId,
            format!("{found_zh}「{id}」{zh}；编号最多 {MAX_ID_CHARS} 个字，不含空白、斜杠和控制字符，不以点开头"),
            format!("{found_en} `{id}` {en}; an id has at most {MAX_ID_CHARS} characters, no white space, slash or control character, no leading dot"),
        );
        None
    }

    pub(super) fn shortcut(&mut self) -> Option<String> {
        let text = self.text(Key::Shortcut)?;
        if (text.chars().count() > MAX_SHORTCUT_CHARS || !text.chars().all(char::is_alphanumeric))
            && let Some(span) = self.span(Key::Shortcut)
        {
            self.report(
                span,
                Code::BadValue,
                format!("快捷码「{text}」只能由字母、数字和汉字组成，最多 {MAX_SHORTCUT_CHARS} 个字"),
                format!("the shortcut `{text}` may have letters, digits and Chinese only, at most {MAX_SHORTCUT_CHARS} characters"),
            );
        }
        Some(text)
    }

    pub(super) fn date(&mut self, key: Key) -> Option<Date> {
        let text = self.text(key)?;
        let date = dates::parse_date(&text);
        if date.is_none() {
            let span = self.span(key)?;
            self.report(
                span,
                Code::BadDate,
                format!("「{text}」不是日期；请写成 2026-11-10"),
                format!("`{text}` is no date; write it as 2026-11-10"),
            );
        }
        date
    }

    pub(super) fn valid(&mut self) -> Period {
        let Some((_, value)) = self.given.get(&Key::Valid).copied() else { return Period::default() };
        let pairs = match &value.node {
            Node::Empty => return Period::default(),
            Node::Map { pairs, .. } => pairs,
            Node::Text { .. } | Node::List { .. } => {
                self.wrong_shape(
                    Key::Valid,
                    value,
                    "{from: 2026-11-10 20:00, until: 2026-11-12}",
                    "{from: 2026-11-10 20:00, until: 2026-11-12}",
                );
                return Period::default();
            }
        };
        let mut ends: [Option<(&Spot, &Spot)>; 2] = [None, None];
        for (name, value) in pairs {
            let which = match name.text().unwrap_or_default() {
                "from" | "从" => 0,
                "until" | "至" => 1,
                _ => {
                    unknown_key(name, &["from", "从", "until", "至"], self.findings);
                    continue;
                }
            };
            if let Some((first, _)) = ends[which] {
                duplicate_key(name, first, self.findings);
            } else {
                ends[which] = Some((name, value));
            }
        }
        let [from, until] = ends.map(|end| end.and_then(|(_, value)| self.moment(value)));
        let period = Period { from: from.map(Moment::begin), until: until.map(Moment::end) };
        if let (Some(from), Some(until), Some((_, end))) = (period.from, period.until, ends[1])
            && until <= from
        {
            self.report(
                end.span.clone(),
                Code::EmptyPeriod,
                "有效期在开始之前就结束了，这一条永远不会启用；请检查两个时间".into(),
                "this period ends before it begins, so the entry is never served; check both times".into(),
            );
        }
        period
    }

    fn moment(&mut self, value: &Spot) -> Option<Moment> {
        if matches!(value.node, Node::Empty) {
            return None;
        }
        let text = value.text().unwrap_or_default().trim();
        let moment = dates::parse(text);
        if moment.is_none() {
            self.report(
                value.span.clone(),
                Code::BadDate,
                format!("「{text}」不是时间；请写成 2026-11-10 或 2026-11-10 20:00（按知识库的时区）"),
                format!("`{text}` is no time; write 2026-11-10 or 2026-11-10 20:00, in the library's time zone"),
            );
        }
        moment
    }

    fn wrong_shape(&mut self, key: Key, value: &Spot, zh: &str, en: &str) {
        if let Some((before, _)) = value.text().and_then(|text| text.split_once('：')).filter(|_| key == Key::Valid) {
            self.findings.fault(full_width_colon(before.trim(), value.span.clone()));
            return;
        }
        let (found_zh, found_en) = match value.node {
            Node::List { .. } => ("一列值", "a list"),
            Node::Map { .. } => ("一组「键: 值」", "a map of keys and values"),
            Node::Empty | Node::Text { .. } => ("一个值", "one text"),
        };
        self.report(
            value.span.clone(),
            Code::BadValue,
            format!("{} 应是{zh}，这里是{found_zh}", key.as_str()),
            format!("`{}` must be {en}, here is {found_en}", key.as_str()),
        );
    }
}

/// What is wrong with an id, in Chinese and English.
fn id_fault(id: &str) -> Option<(&'static str, &'static str)> {
    if id.is_empty() {
        Some(("是空的", "is empty"))
    } else if id.chars().count() > MAX_ID_CHARS {
        Some(("太长", "is too long"))
    } else if id.contains(char::is_whitespace) {
        Some(("含有空白", "contains white space"))
    } else if id.contains('/') {
        Some(("含有斜杠", "contains a slash"))
    } else if id.contains(char::is_control) {
        Some(("含有控制字符", "contains a control character"))
    } else if id.starts_with('.') {
        Some(("以点开头", "begins with a dot"))
    } else {
        None
    }
}

fn unknown_key(name: &Spot, known: &[&'static str], findings: &mut Findings) {
    let text = name.text().unwrap_or_default();
    if let Some((before, _)) = text.split_once('：') {
        findings.fault(full_width_colon(before.trim(), name.span.clone()));
        return;
    }
    let guessed = GUESSES.iter().find(|(guess, key)| guess.eq_ignore_ascii_case(text) && known.contains(key)).map(|(_, key)| *key);
    let (hint_zh, hint_en) = match guessed.or_else(|| nearest(text, known.iter().copied())) {
        Some(key) => (format!("是不是「{key}」？"), format!("is it `{key}`?")),
        None => ("请删去，或对照 docs/format.md 里的键".to_owned(), "remove it, or see the keys in docs/format.md".to_owned()),
    };
    findings.report(
        name.span.clone(),
        Code::UnknownKey,
        format!("不认识的键「{text}」，它的值不起作用；{hint_zh}"),
        format!("unknown key `{text}`, its value has no effect; {hint_en}"),
    );
}

fn duplicate_key(name: &Spot, first: &Spot, findings: &mut Findings) {
    let (text, other) = (name.text().unwrap_or_default(), first.text().unwrap_or_default());
    findings.report(
        name.span.clone(),
        Code::DuplicateKey,
        format!("「{text}」写了两次（前面是「{other}」），只用前一个；请合并或删去一个"),
        format!("`{text}` is given twice (`{other}` above); the first counts, merge them or remove one"),
    );
}

/// Each text once, in order.
fn unique(items: Vec<(String, Range<usize>)>) -> Vec<String> {
    let mut texts: Vec<String> = Vec::with_capacity(items.len());
    for (text, _) in items {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// The known name that differs from a text in least characters, at most in a third of them, or in one of two.
fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = text.chars().count();
    let most = (length / 3).max(1);
    known
        .map(|name| (distance(&text.to_lowercase(), name), name))
        .filter(|(distance, name)| *distance <= most && *distance < name.chars().count() && length > 1)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Levenshtein's distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
