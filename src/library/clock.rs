//! What time alone changes: validity, campaigns, hours and reviews come and go without a file changing. Pure: the time is given.

use super::Library;
use crate::entry::{Entry, State};
use crate::facet::Facet;
use crate::lexicon::{Lexicon, Window};
use jiff::Timestamp;
use jiff::civil::{DateTime, Time};

/// The windows of a campaign as an entry names it, `双11` or `双11/尾款`; `None` where the lexicon knows no such campaign or phase.
pub(super) fn windows_of<'l>(lexicon: &'l Lexicon, campaign: &str) -> Option<Vec<&'l Window>> {
    if let Some(windows) = lexicon.campaigns.get(campaign) {
        return Some(windows.iter().collect());
    }
    let (name, phase) = campaign.split_once('/')?;
    let windows: Vec<_> =
        lexicon.campaigns.get(name.trim())?.iter().filter(|window| window.phase.as_deref() == Some(phase.trim())).collect();
    (!windows.is_empty()).then_some(windows)
}

impl Library {
    /// A moment in the library's local time.
    pub fn local(&self, at: Timestamp) -> DateTime {
        at.to_zoned(self.settings.time_zone.clone()).datetime()
    }

    /// Whether an entry is served at a moment: approved, within its period, its campaign open (for a shop; absent: for any).
    /// A campaign that the lexicon does not know does not limit an entry: it has its problem and is served with that mark.
    pub fn is_current(&self, entry: &Entry, at: DateTime, shop: Option<&str>) -> bool {
        let is_shop = |named: &str, shop: &str| named == shop || self.lexicon.facets.resolve(Facet::Shop, named) == Some(shop);
        entry.state == State::Approved
            && entry.valid.contains(at)
            && entry.campaign.as_deref().and_then(|campaign| windows_of(&self.lexicon, campaign)).is_none_or(|windows| {
                windows.iter().any(|window| {
                    let concerns = window.shops.is_empty() || shop.is_none_or(|shop| window.shops.iter().any(|named| is_shop(named, shop)));
                    concerns && window.from <= at && at < window.until
                })
            })
    }

    /// When an entry that is current at a moment ceases to be, its campaign for any shop included; `None`: never, or it is not current.
    pub fn ends_at(&self, entry: &Entry, now: Timestamp) -> Option<Timestamp> {
        let at = self.local(now);
        if !self.is_current(entry, at, None) {
            return None;
        }
        let windows = entry.campaign.as_deref().and_then(|campaign| windows_of(&self.lexicon, campaign)).unwrap_or_default();
        let open = windows.iter().filter(|window| window.from <= at && at < window.until);
        let ends = [entry.valid.until, open.map(|window| window.until).max()];
        let end = ends.into_iter().flatten().min()?;
        Some(end.to_zoned(self.settings.time_zone.clone()).ok()?.timestamp())
    }

    /// Whether a time of the day lies in the hours of a name; a name that the settings do not have is always.
    pub fn in_hours(&self, name: &str, at: Time) -> bool {
        self.settings.hours.get(name).is_none_or(
            |(from, until)| {
                if from < until { *from <= at && at < *until } else { *from <= at || at < *until }
            },
        )
    }

    /// The first moment after `now` at which time alone changes what is served or what is a problem; `None`: never.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let local = self.local(now);
        let mut next: Option<DateTime> = None;
        let mut consider = |at: DateTime| {
            if at > local && next.is_none_or(|known| at < known) {
                next = Some(at);
            }
        };
        for entry in self.entries.iter().filter(|entry| entry.state != State::Retired) {
            entry.valid.from.into_iter().chain(entry.valid.until).for_each(&mut consider);
            if let Some(windows) = entry.campaign.as_deref().and_then(|campaign| windows_of(&self.lexicon, campaign)) {
                windows.iter().flat_map(|window| [window.from, window.until]).for_each(&mut consider);
            }
            // The review is due when its day is over.
            if let Some(day_after) = entry.review_by.and_then(|date| date.tomorrow().ok()) {
                consider(day_after.at(0, 0, 0, 0));
            }
            let of_replies = entry.replies.iter().flat_map(|reply| &reply.conditions);
            let hours = of_replies.filter(|(facet, _)| *facet == Facet::Hours).map(|(_, name)| name).chain(&entry.hours);
            for (from, until) in hours.filter_map(|name| self.settings.hours.get(name)) {
                for time in [*from, *until] {
                    let today = local.date().to_datetime(time);
                    if today > local {
                        consider(today);
                    } else if let Ok(tomorrow) = local.date().tomorrow() {
                        consider(tomorrow.to_datetime(time));
                    }
                }
            }
        }
        let at = next?.to_zoned(self.settings.time_zone.clone()).ok()?.timestamp();
        // Where clocks are set back, the same local time comes twice, and the first may be over.
        Some(if at > now { at } else { now + jiff::SignedDuration::from_mins(1) })
    }
}
