//! Changes of content by commands: with the same intents and versions as those of the service, which may be running.

use super::place::Place;
use crate::editing::{Author, Change, Done, Editing, EditingError, Way};
use crate::library::write::WriteError;
use crate::register::Register;

/// Who `who` is where a command changes something.
const AUTHOR: &str = "local";

/// Makes a change.
///
/// # Errors
/// As [`Editing::apply`].
pub(super) fn change(place: &Place, change: Change) -> anyhow::Result<Done> {
    let runtime = super::runtime()?;
    let done = runtime.block_on(async {
        let editing = Editing::new(&place.kb, Register::open(&place.data).await?);
        editing.apply(change, &Author::new(AUTHOR, Way::Cli, "")).await
    });
    done.map_err(as_itself)
}

/// Makes the changes of an import; each answers for itself.
///
/// # Errors
/// As [`Editing::apply_all`].
pub(super) fn import(place: &Place, changes: Vec<Change>, why: &str) -> anyhow::Result<Vec<Result<(), WriteError>>> {
    let runtime = super::runtime()?;
    let done = runtime.block_on(async {
        let editing = Editing::new(&place.kb, Register::open(&place.data).await?);
        editing.apply_all(changes, &Author::new(AUTHOR, Way::Import, why)).await
    });
    let results = done.map_err(as_itself)?.into_iter().map(|result| match result {
        Ok(_) => Ok(Ok(())),
        Err(EditingError::Write(error)) => Ok(Err(error)),
        Err(error) => Err(as_itself(error)),
    });
    results.collect()
}

/// So that its Chinese sentence is found.
fn as_itself(error: EditingError) -> anyhow::Error {
    match error {
        EditingError::Write(error) => error.into(),
        EditingError::Register(error) => error.into(),
        error => error.into(),
    }
}
