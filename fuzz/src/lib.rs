//! What the targets call.

pub mod checks;
