//! Entries that need a look: never used, about to end, overdue for review. Pure.

use super::Facts;
use crate::entry::{Entry, EntryId, State};
use crate::snapshot::Snapshot;
use jiff::civil::{Date, DateTime};
use std::collections::HashSet;
use std::sync::Arc;

/// An entry that nobody used in the period.
#[derive(Debug, Clone)]
pub struct NeverUsed {
    /// The entry.
    pub entry: Arc<Entry>,
    /// Searches of the period that showed it among their first hits.
    pub shown: usize,
}

/// Served entries that nobody used, those that were found most first. Proactive scripts are sent without a search and do not count.
pub fn never_used(facts: &Facts, snapshot: &Snapshot) -> Vec<NeverUsed> {
    let used: HashSet<&str> =
        facts.deeds().filter(|(_, deed)| deed.kind.is_pick()).filter_map(|(_, deed)| deed.entry_id.as_deref()).collect();
    let mut shown: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
    for hit in facts.searches.iter().flat_map(|search| &search.hits) {
        *shown.entry(hit).or_default() += 1;
    }
    let served = (0..).take(snapshot.len()).filter(|ordinal| snapshot.served().contains(*ordinal)).map(|ordinal| snapshot.entry(ordinal));
    let mut unused: Vec<NeverUsed> = served
        .filter(|entry| entry.trigger.is_none() && !used.contains(&*entry.id))
        .map(|entry| NeverUsed { entry: Arc::clone(entry), shown: shown.get(&*entry.id).copied().unwrap_or(0) })
        .collect();
    unused.sort_by(|a, b| b.shown.cmp(&a.shown).then_with(|| a.entry.path.cmp(&b.entry.path)));
    unused
}

/// An entry whose validity or review ends soon, or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    /// The entry.
    pub entry_id: EntryId,
    /// Its last day, where it has one.
    pub valid_until: Option<DateTime>,
    /// When it must be looked at.
    pub review_by: Option<Date>,
    /// Whether that is past.
    pub overdue: bool,
    /// Days until then; fewer than none: since then.
    pub days_left: i32,
}

/// Approved entries that end or must be looked at by a day, those due first first.
pub fn expiring(snapshot: &Snapshot, by: Date) -> Vec<Expiring> {
    let (now, today) = (snapshot.at, snapshot.at.date());
    let mut due: Vec<(Date, Expiring)> = Vec::new();
    for entry in (0..).take(snapshot.len()).map(|ordinal| snapshot.entry(ordinal)).filter(|entry| entry.state == State::Approved) {
        let until = entry.valid.until.filter(|until| until.date() <= by);
        let review = entry.review_by.filter(|review| *review <= by);
        let Some(first) = until.map(DateTime::date).into_iter().chain(review).min() else { continue };
        let overdue = until.is_some_and(|until| until <= now) || review.is_some_and(|review| review < today);
        let days_left = today.until(first).map_or(0, |length| length.get_days());
        due.push((
            first,
            Expiring { entry_id: Arc::clone(&entry.id), valid_until: entry.valid.until, review_by: entry.review_by, overdue, days_left },
        ));
    }
    due.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.entry_id.cmp(&b.1.entry_id)));
    due.into_iter().map(|(_, expiring)| expiring).collect()
}
