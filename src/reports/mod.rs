//! Reports (报表): what customers asked, what was found and used, what is missing. Pure: facts of the journal and a snapshot in, rows out.
//!
//! `journal` reads the [`Facts`] of a period, `http` chooses the period and shapes the rows. One file a report. What a customer wrote is
//! masked before it comes here.

pub mod chart;
pub mod grouping;
mod hot_words;
mod pains;
mod period;
mod questions;
mod speed;
mod upkeep;
mod usage;
pub mod weekly;
mod wording;

pub use hot_words::{HotWord, hot_words};
pub use pains::{Answered, MAX_PAINS, Pain, Success, pains};
pub use period::{MAX_DAYS, Span, week_of};
pub use questions::{Gap, NoHit, gaps, no_hits};
pub use speed::{Speed, percentile, speed};
pub use upkeep::{Expiring, NeverUsed, expiring, never_used};
pub use usage::{By, Passed, Usage, passed_over, usage};
pub use wording::{Wording, wording};

use crate::entry::EntryId;
use crate::feedback::Verdict;
use crate::learning::EventKind;

/// What happened in a period.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Searches that were seen, in the order of time.
    pub searches: Vec<Seen>,
    /// What happened to answers of which no search is known in the period: browsed entries, searches of the day before.
    pub loose: Vec<Deed>,
    /// Whether this is all; else the latest of it.
    pub complete: bool,
}

/// A search that somebody saw answered.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// When, in milliseconds.
    pub at_ms: i64,
    /// What the customer wrote, masked.
    pub text: String,
    /// Who searched.
    pub identity: String,
    /// In which conversation, as a hash; empty: unknown.
    pub conversation: String,
    /// On which channel, as the client said it.
    pub channel: Option<String>,
    /// For which shop likewise.
    pub shop: Option<String>,
    /// The first hits.
    pub hits: Vec<EntryId>,
    /// How long it took, in microseconds; `None` of searches before format 3 of the journal.
    pub took_us: Option<i64>,
    /// Whether the answer was one to rely on; `None` where the message asked nothing, or before format 3.
    pub confident: Option<bool>,
    /// What was done with the answer.
    pub deeds: Vec<Deed>,
}

/// What somebody did with an answer.
#[derive(Debug, Clone)]
pub struct Deed {
    /// What.
    pub kind: EventKind,
    /// With which entry.
    pub entry_id: Option<EntryId>,
    /// When, in milliseconds.
    pub at_ms: i64,
    /// Who.
    pub identity: String,
    /// With feedback.
    pub verdict: Option<Verdict>,
    /// With feedback.
    pub reason: Option<String>,
}

impl Facts {
    /// All that was done, with the search where it is known.
    pub fn deeds(&self) -> impl Iterator<Item = (Option<&Seen>, &Deed)> {
        let known = self.searches.iter().flat_map(|search| search.deeds.iter().map(move |deed| (Some(search), deed)));
        known.chain(self.loose.iter().map(|deed| (None, deed)))
    }
}

impl Seen {
    /// Whether something of the answer was used.
    pub fn was_used(&self) -> bool {
        self.deeds.iter().any(|deed| deed.kind.is_pick())
    }

    /// Whether the library had no good answer: nothing to rely on was found and nothing was used, or somebody said that nothing fits.
    pub fn is_unanswered(&self) -> bool {
        let has = |kind: EventKind| self.deeds.iter().any(|deed| deed.kind == kind);
        let is_poor = match self.confident {
            Some(confident) => !confident,
            // Written before that was kept; a message that asks nothing has no hits either, but was not shown to fail.
            None => self.took_us.is_none() && (self.hits.is_empty() || has(EventKind::Unused)),
        };
        has(EventKind::Gap) || (is_poor && !self.was_used())
    }

    /// Who or what conversation stands behind it: without a conversation all searches of one person may be one.
    pub fn asker(&self) -> &str {
        if self.conversation.is_empty() { &self.identity } else { &self.conversation }
    }
}

#[cfg(test)]
mod tests;
