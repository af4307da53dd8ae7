//! Huashu (话术): a reply-script knowledge base with search.
//!
//! The modules stand in the order of the way of the data; see ARCHITECTURE.md.

pub mod analysis;
pub mod entry;
pub mod facet;
pub mod index;
pub mod lexicon;
pub mod library;
pub mod markdown;
pub mod problem;
pub mod slots;
