//! Changing one field of a file touches only its lines; a new file is written in one shape.

use super::front_matter::{self, Fault, Layout, Node, Spot};
use super::keys::Key;
use super::source::{BOM, Source};
use super::yaml_text::{self, Place};
use std::ops::Range;

/// What a field is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// One text.
    Text(String),
    /// A list, one item a line.
    List(Vec<String>),
    /// `{from: …, until: …}`, either may be absent.
    Period(Option<String>, Option<String>),
}

/// Why a file cannot be edited by field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The front matter cannot be read, so nothing in it can be found.
    #[error("the front matter cannot be read: {en}")]
    FrontMatter {
        /// What is wrong, in Chinese.
        zh: String,
        /// The same in English.
        en: String,
    },
}

/// Sets (or, with `None`, removes) fields of the front matter. All other bytes stay as they are, a field that has its value already
/// too; a key keeps its language, a file without front matter gains one.
///
/// # Errors
/// [`EditError::FrontMatter`] where the front matter cannot be read.
pub fn set_fields(text: &str, changes: &[(Key, Option<Value>)]) -> Result<String, EditError> {
    let mut edited = text.to_owned();
    for (key, value) in changes {
        edited = set_field(&edited, *key, value.as_ref())?;
    }
    Ok(edited)
}

/// The body, that is all after the front matter and the empty lines below it.
///
/// # Errors
/// [`EditError::FrontMatter`] where the front matter has no end.
pub fn body(text: &str) -> Result<&str, EditError> {
    let after = &text[locate(text)?.body..];
    Ok(&after[empty_lines(after)..])
}

/// Replaces the body. Its line ends become the file's own; what [`body`] gives changes nothing.
///
/// # Errors
/// [`EditError::FrontMatter`] where the front matter has no end.
pub fn set_body(text: &str, body: &str) -> Result<String, EditError> {
    let layout = locate(text)?;
    let after = &text[layout.body..];
    let (gap, old) = after.split_at(empty_lines(after));
    let new = &body[empty_lines(body)..];
    if new == old {
        return Ok(text.to_owned());
    }
    let line_end = line_end(text);
    let mut edited = text[..layout.body].to_owned();
    if layout.yaml.is_none() && new.starts_with("---") {
        // Else the body's first rule would be read as front matter.
        edited.push_str(&format!("---{line_end}---{line_end}{line_end}"));
    }
    if !edited.is_empty() && !edited.ends_with(['\n', BOM]) {
        edited.push_str(line_end);
    }
    edited.push_str(if gap.is_empty() && old.is_empty() && layout.yaml.is_some() { line_end } else { gap });
    edited.push_str(&new.replace("\r\n", "\n").replace('\n', line_end));
    if !new.is_empty() && !new.ends_with('\n') {
        edited.push_str(line_end);
    }
    Ok(edited)
}

/// A new file: front matter in the order of [`Key::ALL`], an empty line, the body.
pub fn new_file(fields: &[(Key, Value)], body: &str) -> String {
    let mut file = String::from("---\n");
    for (key, name, _) in Key::ALL {
        for (_, value) in fields.iter().filter(|(of, _)| *of == key) {
            file.push_str(name);
            file.push(':');
            file.push_str(&render(name, key, value, "\n", "  "));
            file.push('\n');
        }
    }
    file.push_str("---\n");
    if !body.trim().is_empty() {
        file.push('\n');
        file.push_str(body.trim_end_matches(['\n', '\r']));
        file.push('\n');
    }
    file
}

/// A text as a blockquote, one reply: what `import` makes of a plain answer. Markdown in it is escaped so that it is sent as it was
/// written: lines stay lines and empty lines stay, several of them as one; white space at both ends of a line goes.
pub fn quote(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.trim_matches(['\n', ' ', '\t']).split('\n').fold(String::new(), |mut quote, line| {
        let line = escape_line(line.trim_matches([' ', '\t']));
        quote.push_str(if line.is_empty() { ">" } else { "> " });
        quote.push_str(&line);
        quote.push('\n');
        quote
    })
}

fn locate(text: &str) -> Result<Layout, EditError> {
    front_matter::locate(text).map_err(unreadable)
}

fn unreadable(fault: Fault) -> EditError {
    refused(fault.zh, fault.en)
}

fn refused(zh: impl Into<String>, en: impl Into<String>) -> EditError {
    EditError::FrontMatter { zh: zh.into(), en: en.into() }
}

/// Bytes of the empty lines at the beginning of a text.
fn empty_lines(text: &str) -> usize {
    text.split_inclusive('\n').take_while(|line| line.ends_with('\n') && line.trim().is_empty()).map(str::len).sum()
}

/// How the lines of a file end: as its first one does.
fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// The keys and values of a file, and where their YAML stands.
fn read(text: &str) -> Result<(Layout, Vec<(Spot, Spot)>), EditError> {
    let layout = locate(text)?;
    let Some(yaml) = layout.yaml.clone() else { return Ok((layout, Vec::new())) };
    let tree = front_matter::read(&Source::new(text), &yaml)
        .map_err(|faults| faults.into_iter().next().map_or_else(|| refused("", ""), unreadable))?;
    match tree.node {
        Node::Map { pairs, flow: false } => Ok((layout, pairs)),
        _ => Err(refused("它整个写在花括号里；请改成一行一个「键: 值」", "it is one map in braces; write one `key: value` a line")),
    }
}

fn set_field(text: &str, key: Key, value: Option<&Value>) -> Result<String, EditError> {
    let (layout, pairs) = read(text)?;
    let found = pairs.iter().filter(|(name, _)| name.text().and_then(Key::parse) == Some(key)).collect::<Vec<_>>();
    let edits = match (found.first(), value) {
        (None, None) => return Ok(text.to_owned()),
        (Some((_, old)), Some(value)) if holds(old, value) => return Ok(text.to_owned()),
        (Some(_), None) => found.iter().map(|(name, old)| (whole_lines(text, name, old), String::new())).collect(),
        (Some((name, old)), Some(value)) => vec![replacement(text, key, name, old, value)?],
        (None, Some(value)) => vec![insertion(text, &layout, &pairs, key, value)],
    };
    let mut edited = text.to_owned();
    for (range, new) in edits.into_iter().rev() {
        edited.replace_range(range, &new);
    }
    // What was written is read again: YAML has more corners than this module knows. What cannot be read then is no fault of the file's.
    let again = read(&edited);
    let pairs = again.as_ref().map_or(&[][..], |(_, pairs)| pairs);
    let now = pairs.iter().find(|(name, _)| name.text().and_then(Key::parse) == Some(key)).map(|(_, value)| value);
    let as_meant = match (now, value) {
        (None, None) => true,
        (Some(now), Some(value)) => holds(now, value),
        _ => false,
    };
    if again.is_ok() && as_meant {
        Ok(edited)
    } else {
        let key = key.as_str();
        Err(refused(
            format!("「{key}」的写法在这里改不了；请用编辑器改"),
            format!("`{key}` is written in a way that cannot be edited here"),
        ))
    }
}

/// Whether a field has a value already; one text may stand for a list of one.
fn holds(spot: &Spot, value: &Value) -> bool {
    let texts = |spot: &Spot| match &spot.node {
        Node::Empty => Some(Vec::new()),
        Node::Text { text, .. } => Some(vec![text.clone()]),
        Node::List { items, .. } => items.iter().map(|item| item.text().map(str::to_owned)).collect(),
        Node::Map { .. } => None,
    };
    match value {
        Value::Text(text) => matches!(&spot.node, Node::Text { text: old, .. } if old == text),
        Value::List(list) => texts(spot).is_some_and(|old| old == *list),
        Value::Period(from, until) => {
            let Node::Map { pairs, .. } = &spot.node else { return false };
            let end = |names: [&str; 2]| {
                let found = pairs.iter().find(|(name, _)| name.text().is_some_and(|name| names.contains(&name)));
                found.and_then(|(_, value)| value.text())
            };
            end(["from", "从"]) == from.as_deref() && end(["until", "至"]) == until.as_deref()
        }
    }
}

/// The lines of a field, from its key to the end of the line on which its value ends.
fn whole_lines(text: &str, name: &Spot, value: &Spot) -> Range<usize> {
    let start = line_start(text, name.span.start);
    let end = text[value_end(text, name, value)..].find('\n').map_or(text.len(), |found| value_end(text, name, value) + found + 1);
    start..end
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |found| found + 1)
}

/// The byte after a value; a block's trailing empty lines belong to nobody.
fn value_end(text: &str, name: &Spot, value: &Spot) -> usize {
    let end = value.span.end.max(name.span.end);
    name.span.end + text[name.span.end..end].trim_end().len()
}

/// The bytes to replace so that a field has a new value, and what stands there then.
fn replacement(text: &str, key: Key, name: &Spot, old: &Spot, value: &Value) -> Result<(Range<usize>, String), EditError> {
    let colon = text[name.span.end..]
        .find(':')
        .map(|found| name.span.end + found + 1)
        .ok_or_else(|| refused(format!("「{}」后面没有冒号", key.as_str()), format!("no colon follows `{}`", key.as_str())))?;
    let line_end = line_end(text);
    let key_indent = &text[line_start(text, name.span.start)..name.span.start];
    if let (Node::List { items, flow: false }, Value::List(new)) = (&old.node, value)
        && !new.is_empty()
        && let Some(edit) = replace_items(text, items, new, line_end)
    {
        return Ok(edit);
    }
    let rendered = render(name.text().unwrap_or_default(), key, value, line_end, &format!("{key_indent}  "));
    let in_line =
        !matches!(old.node, Node::Empty | Node::Text { block: true, .. } | Node::List { flow: false, .. } | Node::Map { flow: false, .. });
    if in_line && !text[old.span.clone()].contains('\n') && !rendered.contains('\n') {
        return Ok((old.span.clone(), rendered.trim_start().to_owned()));
    }
    let end = if matches!(old.node, Node::Empty) && old.span.is_empty() { colon } else { value_end(text, name, old).max(colon) };
    Ok((colon..end, rendered))
}

/// The lines of a block list with new items: those that stay keep their lines, comments included.
fn replace_items(text: &str, items: &[Spot], new: &[String], line_end: &str) -> Option<(Range<usize>, String)> {
    let first = items.first()?;
    let begin = line_start(text, first.span.start);
    let indent = &text[begin..begin + text[begin..].find('-')?];
    if !indent.trim().is_empty() {
        return None;
    }
    let mut at = begin;
    let mut chunks = Vec::new();
    for item in items {
        let content_end = at + text[at..item.span.end.max(at)].trim_end().len();
        let end = text[content_end..].find('\n').map_or(text.len(), |found| content_end + found + 1);
        chunks.push((item.text()?, &text[at..end]));
        at = end;
    }
    let mut lines = String::new();
    for item in new {
        match chunks.iter().position(|(old, _)| old == item) {
            Some(kept) => lines.push_str(chunks.remove(kept).1),
            None => lines.push_str(&format!("{indent}- {}{line_end}", yaml_text::write(item, Place::Block))),
        }
    }
    Some((begin..at, lines))
}

/// Where a new field goes: after the last one that stands before it in [`Key::ALL`], in the language of the others.
fn insertion(text: &str, layout: &Layout, pairs: &[(Spot, Spot)], key: Key, value: &Value) -> (Range<usize>, String) {
    let line_end = line_end(text);
    let order = |key: Key| Key::ALL.iter().position(|(of, ..)| *of == key).unwrap_or(usize::MAX);
    let names: Vec<&str> = pairs.iter().filter_map(|(name, _)| name.text().filter(|name| Key::parse(name).is_some())).collect();
    let chinese = !names.is_empty() && names.iter().all(|name| !name.is_ascii());
    let name = if chinese { key.zh() } else { key.as_str() };
    let line = format!("{name}:{}{line_end}", render(name, key, value, line_end, "  "));
    let Some(yaml) = &layout.yaml else {
        let gap = if text[layout.body..].is_empty() { "" } else { line_end };
        return (layout.body..layout.body, format!("---{line_end}{line}---{line_end}{gap}"));
    };
    let before = pairs
        .iter()
        .filter(|(name, _)| name.text().and_then(Key::parse).is_some_and(|before| order(before) < order(key)))
        .max_by_key(|(name, _)| name.text().and_then(Key::parse).map(order));
    let at = before.map_or(yaml.start, |(name, value)| whole_lines(text, name, value).end);
    (at..at, line)
}

/// A value as it follows the colon of its key: in its line, or as a block list below it. What it holds itself is in the language of `name`.
fn render(name: &str, key: Key, value: &Value, line_end: &str, indent: &str) -> String {
    let place = if matches!(key, Key::CheckedOn | Key::ReviewBy) { Place::Date } else { Place::Block };
    match value {
        Value::Text(text) => format!(" {}", yaml_text::write(text, place)),
        Value::List(items) if key == Key::Questions && !items.is_empty() => {
            items.iter().map(|item| format!("{line_end}{indent}- {}", yaml_text::write(item, Place::Block))).collect()
        }
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| yaml_text::write(item, Place::Flow)).collect();
            format!(" [{}]", items.join(", "))
        }
        Value::Period(from, until) => {
            let names = if name.is_ascii() { ["from", "until"] } else { ["从", "至"] };
            let ends: Vec<String> = names
                .into_iter()
                .zip([from, until])
                .filter_map(|(name, end)| end.as_ref().map(|end| format!("{name}: {}", yaml_text::write(end, Place::Date))))
                .collect();
            format!(" {{{}}}", ends.join(", "))
        }
    }
}

/// A line of text with a backslash before all that Markdown would take for itself.
fn escape_line(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len() + 8);
    let marker = marker_at(line);
    let characters: Vec<(usize, char)> = line.char_indices().collect();
    for (index, (at, character)) in characters.iter().copied().enumerate() {
        let before = index.checked_sub(1).map(|index| characters[index].1);
        let after = characters.get(index + 1).map(|(_, next)| *next);
        let rest = &line[at + character.len_utf8()..];
        let special = match character {
            '\\' => after.is_none_or(|next| next.is_ascii_punctuation()),
            '`' | '*' | '[' => true,
            // Within a word, as in an address, it is only a character.
            '_' => !(before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)),
            '<' => after.is_some_and(|next| next.is_ascii_alphabetic() || "/!?".contains(next)),
            '&' => is_entity(rest),
            '~' => before == Some('~') || after == Some('~'),
            _ => Some(at) == marker,
        };
        if special {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// The byte of the character that makes a line a heading, a quote, an item, a rule, an underline or a table, where one does.
fn marker_at(line: &str) -> Option<usize> {
    let only = |allowed: &str| !line.is_empty() && line.chars().all(|character| allowed.contains(character));
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let ends_marker = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t']);
    let first = line.chars().next()?;
    let starts = match first {
        '#' | '>' => true,
        '+' | '-' => ends_marker(&line[1..]) || only("- \t"),
        '=' => only("= \t"),
        _ => false,
    };
    if starts || only("-:| \t") {
        Some(0)
    } else if (1..=9).contains(&digits) && line[digits..].starts_with(['.', ')']) && ends_marker(&line[digits + 1..]) {
        Some(digits)
    } else {
        None
    }
}

/// Whether what follows an ampersand makes it an entity.
fn is_entity(rest: &str) -> bool {
    let name = rest.split(';').next().unwrap_or_default();
    name.len() < rest.len()
        && !name.is_empty()
        && name.strip_prefix('#').unwrap_or(name).chars().all(|character| character.is_ascii_alphanumeric())
}
