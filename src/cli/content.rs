//! Changes of content by commands: with the same intents and versions as those of the service, which may be running.

use super::place::Place;
use crate::editing::{Author, Change, Done, Editing, EditingError, Way};
use crate::register::Register;

/// Who `who` is where a command changes something.
const AUTHOR: &str = "local";

/// Makes a change.
///
/// # Errors
/// As [`Editing::apply`].
pub(super) fn change(place: &Place, change: Change) -> anyhow::Result<Done> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let editing = Editing::new(&place.kb, Register::open(&place.data).await?);
        editing.apply(change, &Author::new(AUTHOR, Way::Cli, "")).await
    });
    // As itself, so that its Chinese sentence is found.
    done.map_err(|error| match error {
        EditingError::Write(error) => error.into(),
        EditingError::Register(error) => error.into(),
        error => error.into(),
    })
}
