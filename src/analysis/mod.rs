//! Text to tokens, the same for documents and questions.
pub mod fold;
