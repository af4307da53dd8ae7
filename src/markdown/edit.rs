//! Changing one field of a file touches only its lines; a new file is written in one shape.

use super::keys::Key;

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
    #[error("the front matter cannot be read: {0}")]
    FrontMatter(String),
}

/// Sets (or, with `None`, removes) fields of the front matter. All other bytes stay as they are; a file without front matter gains one.
///
/// # Errors
/// [`EditError::FrontMatter`] where the front matter cannot be read.
pub fn set_fields(_text: &str, _changes: &[(Key, Option<Value>)]) -> Result<String, EditError> {
    Err(EditError::FrontMatter("not written yet".into()))
}

/// Replaces the body, that is all after the front matter.
///
/// # Errors
/// [`EditError::FrontMatter`] where the front matter has no end.
pub fn set_body(_text: &str, _body: &str) -> Result<String, EditError> {
    Err(EditError::FrontMatter("not written yet".into()))
}

/// A new file: front matter in the order of [`Key::ALL`], an empty line, the body.
pub fn new_file(_fields: &[(Key, Value)], _body: &str) -> String {
    String::new()
}

/// A text as a blockquote, one reply: what `import` makes of a plain answer. Markdown in it is escaped so that it is sent as it was written.
pub fn quote(_text: &str) -> String {
    String::new()
}
