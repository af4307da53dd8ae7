//! What the library could not answer: messages without a good answer, and what agents said of it. Pure.

use super::grouping::{Group, group};
use super::{Deed, Facts, Seen, Wording};
use crate::entry::EntryId;
use crate::feedback::Verdict;
use crate::learning::{EventKind, identity_hash};
use std::collections::{BTreeMap, HashSet};

/// Messages that ask the same and got no good answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoHit {
    /// Stable while its commonest message is.
    pub id: String,
    /// Masked, the commonest first, with how often each was asked.
    pub samples: Vec<(String, usize)>,
    /// Searches.
    pub count: usize,
    /// Conversations, or agents where the conversation is unknown.
    pub people: usize,
    /// The latest, in milliseconds.
    pub last_at: i64,
}

/// Messages without a good answer, grouped; most asked first.
pub fn no_hits(facts: &Facts, read: impl Fn(&str) -> Option<Wording>) -> Vec<NoHit> {
    let searches: Vec<&Seen> = facts.searches.iter().filter(|search| search.is_unanswered()).collect();
    let groups = group(searches.iter().map(|search| search.text.as_str()), read);
    groups.into_iter().map(|group| NoHit::new(group, &searches)).collect()
}

impl NoHit {
    fn new(group: Group, searches: &[&Seen]) -> NoHit {
        let members = || group.members.iter().map(|member| searches[*member]);
        NoHit {
            id: format!("{:016x}", identity_hash(group.samples.first().map_or("", |(text, _)| text))),
            count: group.members.len(),
            people: members().map(Seen::asker).collect::<HashSet<_>>().len(),
            last_at: members().map(|search| search.at_ms).max().unwrap_or_default(),
            samples: group.samples,
        }
    }
}

/// What agents reported: that nothing fits, or that a hit is bad or outdated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// `Gap`, or `Feedback`.
    pub kind: EventKind,
    /// With feedback.
    pub verdict: Option<Verdict>,
    /// With feedback: one of [`Verdict::reasons`].
    pub reason: Option<String>,
    /// About which entry.
    pub entry_id: Option<EntryId>,
    /// Masked messages, latest first, at most five.
    pub samples: Vec<String>,
    /// Reports.
    pub count: usize,
    /// People who reported.
    pub people: usize,
    /// The latest, in milliseconds.
    pub last_at: i64,
}

/// Samples of one row.
const MAX_GAP_SAMPLES: usize = 5;

/// Gaps that agents reported: those about an entry together by what was said of it, those without one by message. Latest first.
pub fn gaps(facts: &Facts) -> Vec<Gap> {
    type Key<'f> = (&'static str, Option<&'static str>, Option<&'f str>, Option<&'f str>, &'f str);
    let is_report = |deed: &Deed| match deed.kind {
        EventKind::Gap => true,
        EventKind::Feedback => deed.verdict != Some(Verdict::Good),
        _ => false,
    };
    let mut rows: BTreeMap<Key<'_>, Vec<(Option<&Seen>, &Deed)>> = BTreeMap::new();
    for (search, deed) in facts.deeds().filter(|(_, deed)| is_report(deed)) {
        let text = search.filter(|_| deed.entry_id.is_none()).map_or("", |search| search.text.trim());
        let key = (deed.kind.as_str(), deed.verdict.map(Verdict::as_str), deed.reason.as_deref(), deed.entry_id.as_deref(), text);
        rows.entry(key).or_default().push((search, deed));
    }
    let mut gaps: Vec<Gap> = rows.into_values().filter_map(|reports| gap(&reports)).collect();
    gaps.sort_by(|a, b| b.last_at.cmp(&a.last_at).then_with(|| a.samples.cmp(&b.samples)));
    gaps
}

fn gap(reports: &[(Option<&Seen>, &Deed)]) -> Option<Gap> {
    let (_, first) = reports.first()?;
    let mut samples: Vec<String> = Vec::new();
    for (search, _) in reports.iter().rev() {
        if let Some(search) = search
            && samples.len() < MAX_GAP_SAMPLES
            && !samples.contains(&search.text)
        {
            samples.push(search.text.clone());
        }
    }
    Some(Gap {
        kind: first.kind,
        verdict: first.verdict,
        reason: first.reason.clone(),
        entry_id: first.entry_id.clone(),
        samples,
        count: reports.len(),
        people: reports.iter().map(|(_, deed)| deed.identity.as_str()).collect::<HashSet<_>>().len(),
        last_at: reports.iter().map(|(_, deed)| deed.at_ms).max().unwrap_or_default(),
    })
}
