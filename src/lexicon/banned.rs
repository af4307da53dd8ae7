//! Banned phrases: what must not be said to a customer, why, and what to say instead.

use std::ops::Range;

/// The compiled rules; matching is linear in the text.
#[derive(Debug, Default)]
pub struct Banned {
    /// The rules, in the order of the files.
    pub rules: Vec<Rule>,
}

/// One rule of `banned.yaml`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Stable id.
    pub id: String,
    /// 引流, 极限词, …
    pub class: String,
    /// Why it is banned.
    pub why: String,
    /// Whether it stops the message.
    pub severity: RuleSeverity,
    /// What to say instead.
    pub better: Vec<String>,
    /// Channels it holds for; empty: all.
    pub channels: Vec<String>,
}

/// What a finding does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleSeverity {
    /// Must not be sent.
    Block,
    /// Think again.
    Warn,
}

/// A place in a text that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Index into [`Banned::rules`].
    pub rule: usize,
    /// Bytes in the original text.
    pub span: Range<usize>,
}

impl Banned {
    /// All findings in a text for a channel (absent: any channel's rules), ascending, without overlaps of one rule.
    pub fn find(&self, _text: &str, _channel: Option<&str>) -> Vec<Finding> {
        Vec::new()
    }
}
