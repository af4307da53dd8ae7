//! Adds a question to an entry's text: how a learned phrasing becomes an authored one. Pure.

use crate::analysis::fold;
use crate::facet::Facets;
use crate::markdown::Key;
use crate::markdown::edit::{EditError, Value, set_fields};
use crate::markdown::parse;

/// Why a question was not added.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// Its front matter.
    #[error("{path}: {source}")]
    Edit {
        /// The file.
        path: String,
        /// What is wrong.
        source: EditError,
    },
    /// The file as it stands is no entry.
    #[error("{0} cannot be read as an entry: mend it first")]
    Unreadable(String),
    /// A proactive script that nobody asks for.
    #[error("{0} is a proactive script: it has a moment in place of questions")]
    Proactive(String),
}

/// The file of an entry with one question more; `None` where it has it already. Pure: who calls it writes the file.
///
/// # Errors
/// [`QuestionError`].
pub fn with_question(path: &str, bytes: &[u8], facets: &Facets, question: &str) -> Result<Option<String>, QuestionError> {
    let (Some(entry), Ok(text)) = (parse(path, bytes, facets).entry, std::str::from_utf8(bytes)) else {
        return Err(QuestionError::Unreadable(path.to_owned()));
    };
    if entry.trigger.is_some() {
        return Err(QuestionError::Proactive(path.to_owned()));
    }
    let folded = fold(question).text;
    if std::iter::once(&entry.title).chain(&entry.questions).any(|known| fold(known).text == folded) {
        return Ok(None);
    }
    let mut questions = entry.questions;
    questions.push(question.to_owned());
    let edited = set_fields(text, &[(Key::Questions, Some(Value::List(questions)))])
        .map_err(|source| QuestionError::Edit { path: path.to_owned(), source })?;
    Ok(Some(edited))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_added_once_and_nothing_else_changes() {
        let add = |text: &str, question: &str| with_question("a.md", text.as_bytes(), &Facets::default(), question);
        let text = add("---\n标题: 催发货\n问法: [怎么还没发货]\n---\n> 亲\n", "什么时候发").unwrap().unwrap();
        assert!(text.contains("怎么还没发货") && text.contains("什么时候发") && text.ends_with("---\n> 亲\n"), "{text}");
        assert_eq!(add(&text, "什麼時候發").unwrap(), None);
        let changed = add("---\ntitle: 派送提醒\ntrigger: 派送中\n---\n> 亲\n", "到哪了");
        assert!(matches!(changed, Err(QuestionError::Proactive(_))), "{changed:?}");
        let changed = add("---\ntitle: [\n---\n> 亲\n", "到哪了");
        assert!(matches!(changed, Err(QuestionError::Unreadable(_))), "{changed:?}");
    }
}
