//! What several benches need.

pub(crate) mod generate;
