//! Entries that are nearly the same (近似词条), and what one of two would be. Pure.

use crate::analysis::fold;
use crate::entry::{Entry, EntryId, State};
use crate::facet::Facets;
use crate::library::similar_earlier;
use crate::markdown::edit::{self, EditError, Value};
use crate::markdown::{self, Key};
use std::collections::HashMap;
use std::sync::Arc;

/// Most pairs that are told of: an afternoon's work.
pub const MAX_PAIRS: usize = 500;

/// What of two entries is alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alike {
    /// A wording.
    Reply,
    /// A title or a question.
    Phrasing,
}

impl Alike {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Alike::Reply => "reply",
            Alike::Phrasing => "phrasing",
        }
    }
}

/// Two entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Twins {
    /// The earlier by its path.
    pub a: EntryId,
    /// The later.
    pub b: EntryId,
    /// Share of pairs of characters in common, 0..1.
    pub likeness: f64,
    /// Of what.
    pub what: Alike,
}

/// Pairs of entries, retired ones left out, with a wording or a way to ask in common; the most alike first. Of a text that is like several
/// earlier ones one is named.
pub fn twins<'e>(entries: impl IntoIterator<Item = &'e Arc<Entry>>, above: f64) -> Vec<Twins> {
    let entries: Vec<&Arc<Entry>> = entries.into_iter().filter(|entry| entry.state != State::Retired).collect();
    let mut pairs: HashMap<(usize, usize), (f64, Alike)> = HashMap::new();
    for what in [Alike::Reply, Alike::Phrasing] {
        let texts: Vec<(usize, String)> =
            entries.iter().enumerate().flat_map(|(at, entry)| texts_of(entry, what).map(move |text| (at, text))).collect();
        let plain: Vec<String> = texts.iter().map(|(_, text)| text.clone()).collect();
        for (later, earlier, likeness) in similar_earlier(&plain, above) {
            let (a, b) = (texts[earlier].0, texts[later].0);
            if a != b {
                let pair = pairs.entry((a.min(b), a.max(b))).or_insert((likeness, what));
                if likeness > pair.0 {
                    *pair = (likeness, what);
                }
            }
        }
    }
    let twin = |((a, b), (likeness, what)): ((usize, usize), (f64, Alike))| Twins {
        a: Arc::clone(&entries[a].id),
        b: Arc::clone(&entries[b].id),
        likeness,
        what,
    };
    let mut twins: Vec<Twins> = pairs.into_iter().map(twin).collect();
    twins.sort_by(|x, y| y.likeness.total_cmp(&x.likeness).then_with(|| x.a.cmp(&y.a)).then_with(|| x.b.cmp(&y.b)));
    twins.truncate(MAX_PAIRS);
    twins
}

fn texts_of(entry: &Entry, what: Alike) -> Box<dyn Iterator<Item = String> + '_> {
    match what {
        Alike::Reply => Box::new(entry.replies.iter().map(crate::entry::Reply::text)),
        Alike::Phrasing => Box::new(std::iter::once(&entry.title).chain(&entry.questions).cloned()),
    }
}

/// Why two files cannot be made one.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A file is no entry.
    #[error("{0} cannot be read as an entry: mend it first")]
    Unreadable(String),
    /// Front matter that cannot be edited.
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// The file of one entry with the ways to ask and the wordings of another beside its own; all other bytes are as they were. Wordings of the
/// other stand as they were written, below what introduced them, at the end.
///
/// # Errors
/// [`MergeError`].
pub fn merged(keep: (&str, &str), drop: (&str, &str), facets: &Facets) -> Result<String, MergeError> {
    let parse = |(path, text): (&str, &str)| {
        let entry = markdown::parse(path, text.as_bytes(), facets).entry;
        entry.ok_or_else(|| MergeError::Unreadable(path.to_owned()))
    };
    let (kept, dropped) = (parse(keep)?, parse(drop)?);
    let mut text = keep.1.to_owned();
    let mut questions = kept.questions.clone();
    for asked in std::iter::once(&dropped.title).chain(&dropped.questions) {
        let folded = fold(asked).text;
        if std::iter::once(&kept.title).chain(&questions).all(|known| fold(known).text != folded) {
            questions.push(asked.clone());
        }
    }
    if questions != kept.questions && kept.trigger.is_none() {
        text = edit::set_fields(&text, &[(Key::Questions, Some(Value::List(questions)))])?;
    }
    let known: Vec<String> = kept.replies.iter().map(|reply| fold(&reply.text()).text).collect();
    let mut body = edit::body(&text)?.trim_end().to_owned();
    let mut label = String::new();
    for reply in dropped.replies.iter().filter(|reply| !known.contains(&fold(&reply.text()).text)) {
        if reply.label != label {
            label.clone_from(&reply.label);
            body.push_str(&format!("\n\n## {label}"));
        }
        body.push_str(&format!("\n\n{}", quoted(drop.1, reply.line)));
    }
    if body == edit::body(&text)?.trim_end() { Ok(text) } else { Ok(edit::set_body(&text, &format!("{body}\n"))?) }
}

/// The lines of the quote that begins at a line of a file.
fn quoted(text: &str, line: u32) -> String {
    let from = text.lines().skip((line as usize).saturating_sub(1));
    from.take_while(|line| line.trim_start().starts_with('>')).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: &str = "---\ntitle: 怎么退货\nquestions: [想退]\n---\n退货时用。\n\n> 亲，七天内能退\n";
    const DROP: &str =
        "---\ntitle: 退货流程\nquestions: [想退, 怎么退]\n---\n\n> 亲，七天内能退\n\n## 抖音\n\n> 在**订单**里点退货\n> 填好单号\n";

    #[test]
    fn one_of_two_has_the_questions_and_wordings_of_both() {
        let text = merged(("a.md", KEEP), ("b.md", DROP), &Facets::default()).unwrap();
        let entry = markdown::parse("a.md", text.as_bytes(), &Facets::default()).entry.unwrap();
        assert_eq!((entry.title.as_str(), entry.questions.join(" ")), ("怎么退货", "想退 退货流程 怎么退".to_owned()));
        let replies: Vec<(&str, String)> = entry.replies.iter().map(|reply| (reply.label.as_str(), reply.text())).collect();
        assert_eq!(replies, [("", "亲，七天内能退".to_owned()), ("抖音", "在订单里点退货\n填好单号".to_owned())], "{text}");
        assert!(text.contains("退货时用。") && text.contains("**订单**"), "{text}");
        assert_eq!(merged(("a.md", &text), ("b.md", DROP), &Facets::default()).unwrap(), text, "once more changes nothing");
        assert!(matches!(merged(("a.md", KEEP), ("b.md", "---\ntitle: [\n---\n"), &Facets::default()), Err(MergeError::Unreadable(_))));
    }

    #[test]
    fn alike_entries_are_named_once_with_what_is_most_alike() {
        let entry = |path: &str, text: &str| Arc::new(markdown::parse(path, text.as_bytes(), &Facets::default()).entry.unwrap());
        let other = entry("c.md", "---\ntitle: 发票怎么开\n---\n> 下单时选电子发票\n");
        let retired = entry("d.md", "---\ntitle: 怎么退货\nstate: retired\n---\n> 亲，七天内能退\n");
        let found = twins(&[entry("a.md", KEEP), entry("b.md", DROP), other, retired], 0.6);
        let found: Vec<_> = found.iter().map(|twins| (&*twins.a, &*twins.b, twins.likeness, twins.what)).collect();
        assert_eq!(found, [("a", "b", 1.0, Alike::Reply)]);
    }
}
