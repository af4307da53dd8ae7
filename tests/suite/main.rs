//! The integration tests, one binary so that they link once: a module a subject.
mod cli;
mod http;
mod index;
mod lexicon;
mod library;
mod search;
mod sheets;
