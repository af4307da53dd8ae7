//! Huashu (话术): a reply-script knowledge base with search.
//!
//! The modules stand in the order of the way of the data; see ARCHITECTURE.md.

pub mod access;
pub mod allowance;
pub mod analysis;
pub mod answer;
pub mod backup;
pub mod cli;
pub mod confidence;
pub mod diff;
pub mod editing;
pub mod entry;
pub mod eval;
pub mod facet;
pub mod feedback;
pub mod golden;
pub mod highlight;
pub mod http;
pub mod index;
pub mod journal;
pub mod labels;
pub mod lately;
pub mod learning;
pub mod lexicon;
pub mod library;
pub mod link;
pub mod live;
pub mod markdown;
pub mod mask;
pub mod matters;
pub mod notices;
pub mod problem;
pub mod query;
pub mod ranking;
pub mod register;
pub mod reports;
pub mod review;
pub mod search;
pub mod secret;
pub mod sheets;
pub mod site_profiles;
pub mod slots;
pub mod snapshot;
pub mod suggest;
pub mod twins;
pub mod urgency;
