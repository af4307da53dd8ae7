//! The integration tests, one binary so that they link once: a module a subject.
mod library;
mod sheets;
