//! The integration tests, one binary so that they link once: a module a subject.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accounts;
mod attacks;
mod bad_input;
mod cli;
mod clients;
#[cfg(target_os = "linux")]
mod clock;
mod degraded;
mod dependencies;
mod editing;
mod extension;
mod faults;
mod fuzzed;
mod guide;
mod http;
mod index;
mod judge;
mod kills;
mod learning;
mod lexicon;
mod library;
mod line;
mod listening;
mod load;
mod panel;
mod permissions;
mod platforms;
mod privacy;
#[cfg(feature = "oidc")]
mod provider;
mod reports;
mod review;
mod search;
mod secrets;
mod service;
mod sheets;
mod soak;
mod start;
mod stopping;
mod system;
mod team;
mod wire;
