//! YAML as a tree with places, so that one wrong value costs no more than itself and is shown where it stands.
//!
//! Scalars stay the text that was written (`0571`, `1.50`, `no`). Aliases are refused: a list of words needs none, and without
//! them a small file cannot unfold into a large one.

use super::source::{Place, Source, narrow};
use crate::problem::Code;
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

/// Deepest nesting; the formats need five.
const MAX_DEPTH: usize = 16;

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What stands there.
#[derive(Debug)]
pub(super) enum Value {
    Empty,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Field>),
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Node,
}

/// The fields of a map whose keys are known.
pub(super) struct Fields(Vec<Field>);

impl Fields {
    /// The value of a key, unless it is absent or empty. A second call gives nothing.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        let field = self.0.iter_mut().find(|field| field.key == key)?;
        let value = std::mem::replace(&mut field.value.value, Value::Empty);
        (!matches!(value, Value::Empty)).then_some(Node { place: field.value.place, value })
    }

    /// Whether a key says `true`.
    pub(super) fn says_true(&mut self, key: &str) -> bool {
        self.take(key).is_some_and(|node| matches!(node.value, Value::Text(text) if text == "true"))
    }
}

/// Why building the tree stopped.
struct Stop {
    place: Place,
    zh: String,
    en: String,
}

/// Reads the file; `None` if it is empty or, with a problem, cannot be read.
pub(super) fn parse(source: &mut Source<'_>) -> Option<Node> {
    let mut parser = Parser::new_from_str(source.text);
    match document(&mut parser) {
        Ok(node) => node.filter(|node| !matches!(node.value, Value::Empty)),
        Err(stop) => {
            if let Some(place) = full_width_colon(source.text) {
                source.report(
                    place,
                    Code::FullWidthColon,
                    "键后面是全角冒号「：」，YAML 需要半角冒号加空格「: 」",
                    "a full-width colon after a key; YAML wants a half-width one and a space",
                );
            } else {
                source.report(
                    stop.place,
                    Code::BadLexicon,
                    format!("YAML 读不懂，整个文件未生效：{}", stop.zh),
                    format!("not readable as YAML, the file has no effect: {}", stop.en),
                );
            }
            None
        }
    }
}

type Events<'a> = Parser<'a, serde_saphyr::granit_parser::StrInput<'a>>;

fn next<'a>(parser: &mut Events<'a>) -> Result<Option<(Event<'a>, Span)>, Stop> {
    loop {
        match parser.next() {
            None => return Ok(None),
            Some(Ok((Event::Comment(..) | Event::Anchor(..), _))) => {}
            Some(Ok(event)) => return Ok(Some(event)),
            Some(Err(error)) => {
                let marker = error.marker();
                let place = Place { line: narrow(marker.line()), column: narrow(marker.col() + 1), width: 0 };
                return Err(Stop { place, zh: "请检查这一行的缩进、括号和引号".to_owned(), en: error.info() });
            }
        }
    }
}

fn document(parser: &mut Events<'_>) -> Result<Option<Node>, Stop> {
    let mut root = None;
    while let Some((event, span)) = next(parser)? {
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd => {}
            _ if root.is_some() => {
                let (zh, en) = ("文件里有第二个 YAML 文档".to_owned(), "the file holds a second document".to_owned());
                return Err(Stop { place: place(&span), zh, en });
            }
            event => root = Some(node(parser, event, &span, 0)?),
        }
    }
    Ok(root)
}

fn node(parser: &mut Events<'_>, event: Event<'_>, span: &Span, depth: usize) -> Result<Node, Stop> {
    let place = place(span);
    if depth > MAX_DEPTH {
        let (zh, en) = (format!("嵌套超过 {MAX_DEPTH} 层"), format!("nested deeper than {MAX_DEPTH}"));
        return Err(Stop { place, zh, en });
    }
    let value = match event {
        Event::Scalar(text, ScalarStyle::Plain, ..) if matches!(text.as_ref(), "" | "~" | "null") => Value::Empty,
        Event::Scalar(text, ..) => Value::Text(text.into_owned()),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            while let Some((event, span)) = next(parser)?.filter(|(event, _)| !matches!(event, Event::SequenceEnd)) {
                items.push(node(parser, event, &span, depth + 1)?);
            }
            Value::List(items)
        }
        Event::MappingStart(..) => {
            let mut fields = Vec::new();
            while let Some((event, span)) = next(parser)?.filter(|(event, _)| !matches!(event, Event::MappingEnd)) {
                let key = node(parser, event, &span, depth + 1)?;
                let Value::Text(text) = key.value else {
                    return Err(Stop { place: key.place, zh: "键必须是文本".to_owned(), en: "a key must be text".to_owned() });
                };
                let Some((event, span)) = next(parser)? else { break };
                fields.push(Field { key: text, place: key.place, value: node(parser, event, &span, depth + 1)? });
            }
            Value::Map(fields)
        }
        _ => {
            let (zh, en) = ("不支持引用（*名称）".to_owned(), "aliases (*name) are not supported".to_owned());
            return Err(Stop { place, zh, en });
        }
    };
    Ok(Node { place, value })
}

fn place(span: &Span) -> Place {
    let one_line = span.start.line() == span.end.line();
    let width = if one_line { span.end.col().saturating_sub(span.start.col()) } else { 0 };
    Place { line: narrow(span.start.line()), column: narrow(span.start.col() + 1), width: narrow(width) }
}

/// The first `key：` at the beginning of a line, which the parser's own message would not name.
fn full_width_colon(text: &str) -> Option<Place> {
    (1..).zip(text.lines()).find_map(|(line, whole)| {
        let key = whole.trim_start().trim_start_matches("- ").trim_start();
        let end = key.find(|character: char| !character.is_alphanumeric() && character != '_')?;
        let before = whole.len() - key.len() + end;
        let after = key.get(end..)?;
        (end > 0 && after.starts_with('：')).then(|| {
            let column = whole.get(..before).unwrap_or_default().chars().count() + 1;
            Place { line, column: narrow(column), width: 1 }
        })
    })
}

/// The items of a list; a single value is a list of one, an absent or empty one of none.
pub(super) fn items(node: Option<Node>) -> Vec<Node> {
    match node {
        None | Some(Node { value: Value::Empty, .. }) => Vec::new(),
        Some(Node { value: Value::List(items), .. }) => items,
        Some(single) => vec![single],
    }
}

impl Source<'_> {
    /// The fields of a map. Not a map: `None` and a problem; keys not among the known, and those given twice, are problems.
    pub(super) fn fields(&mut self, node: Node, known: &[&str]) -> Option<Fields> {
        let fields = self.map(node)?;
        for field in &fields {
            if !known.contains(&field.key.as_str()) {
                let known = known.join(" ");
                self.report(
                    field.place,
                    Code::UnknownKey,
                    format!("不认识的键「{}」；这里可以用：{known}", field.key),
                    format!("unknown key `{}`; known here: {known}", field.key),
                );
            }
        }
        Some(Fields(fields))
    }

    /// The keys of a map, whatever their names; a key given twice is a problem and its first value holds.
    pub(super) fn map(&mut self, node: Node) -> Option<Vec<Field>> {
        match node.value {
            Value::Map(fields) => {
                let mut once: Vec<Field> = Vec::with_capacity(fields.len());
                let mut seen = std::collections::HashSet::new();
                for field in fields {
                    if seen.insert(field.key.clone()) {
                        once.push(field);
                    } else {
                        let (zh, en) = (
                            format!("键「{}」重复，以第一个为准", field.key),
                            format!("key `{}` is given twice; the first holds", field.key),
                        );
                        self.report(field.place, Code::DuplicateKey, zh, en);
                    }
                }
                Some(once)
            }
            Value::Empty => Some(Vec::new()),
            _ => {
                self.report(node.place, Code::BadValue, "这里应是「键: 值」的映射", "a map of `key: value` is expected here");
                None
            }
        }
    }

    /// A text with its place; anything else is a problem.
    pub(super) fn text_of(&mut self, node: Node) -> Option<(Place, String)> {
        match node.value {
            Value::Text(text) => Some((node.place, text.trim().to_owned())),
            _ => {
                self.report(node.place, Code::BadValue, "这里应是一段文本", "a text is expected here");
                None
            }
        }
    }

    /// The texts of a list or single value, as written, with their places.
    pub(super) fn texts(&mut self, node: Option<Node>) -> Vec<(Place, String)> {
        items(node).into_iter().filter_map(|item| self.text_of(item)).collect()
    }

    /// The same, folded.
    pub(super) fn terms(&mut self, node: Option<Node>) -> Vec<String> {
        self.texts(node).into_iter().filter_map(|(place, text)| self.term(place, &text)).collect()
    }
}
