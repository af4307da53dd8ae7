//! Adds a question to an entry's file: how a learned phrasing becomes an authored one.

use super::write::{Expected, WriteError, read, write};
use crate::analysis::fold;
use crate::facet::Facets;
use crate::markdown::Key;
use crate::markdown::edit::{EditError, Value, set_fields};
use crate::markdown::parse;
use std::path::Path;

/// Why a question was not added.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// The file.
    #[error(transparent)]
    Write(#[from] WriteError),
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

/// Adds a question to the entry at a path, unless it has it. Returns whether the file changed.
///
/// # Errors
/// [`QuestionError`]; the file is as it was.
pub fn add_question(dir: &Path, path: &str, facets: &Facets, question: &str) -> Result<bool, QuestionError> {
    let (bytes, hash) = read(dir, path)?;
    let (Some(entry), Ok(text)) = (parse(path, &bytes, facets).entry, std::str::from_utf8(&bytes)) else {
        return Err(QuestionError::Unreadable(path.to_owned()));
    };
    if entry.trigger.is_some() {
        return Err(QuestionError::Proactive(path.to_owned()));
    }
    let folded = fold(question).text;
    if std::iter::once(&entry.title).chain(&entry.questions).any(|known| fold(known).text == folded) {
        return Ok(false);
    }
    let mut questions = entry.questions;
    questions.push(question.to_owned());
    let edited = set_fields(text, &[(Key::Questions, Some(Value::List(questions)))])
        .map_err(|source| QuestionError::Edit { path: path.to_owned(), source })?;
    write(dir, path, edited.as_bytes(), Expected::Version(hash))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_added_once_and_nothing_else_changes() {
        let dir = tempfile::tempdir().unwrap();
        let add = |name: &str, text: &str, question: &str| {
            std::fs::write(dir.path().join(name), text).unwrap();
            let changed = add_question(dir.path(), name, &Facets::default(), question);
            (changed, std::fs::read_to_string(dir.path().join(name)).unwrap())
        };
        let (changed, text) = add("a.md", "---\n标题: 催发货\n问法: [怎么还没发货]\n---\n> 亲\n", "什么时候发");
        assert!(changed.unwrap());
        assert!(text.contains("怎么还没发货") && text.contains("什么时候发") && text.ends_with("---\n> 亲\n"), "{text}");
        let (changed, same) = add("a.md", &text, "什麼時候發");
        assert_eq!((changed.unwrap(), same), (false, text));
        let (changed, _) = add("b.md", "---\ntitle: 派送提醒\ntrigger: 派送中\n---\n> 亲\n", "到哪了");
        assert!(matches!(changed, Err(QuestionError::Proactive(_))), "{changed:?}");
        let (changed, _) = add("c.md", "---\ntitle: [\n---\n> 亲\n", "到哪了");
        assert!(matches!(changed, Err(QuestionError::Unreadable(_))), "{changed:?}");
    }
}
