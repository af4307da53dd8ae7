//! Pain points (痛点): what most people asked in vain, what was added for it since, and whether that helped. Pure.

use super::grouping::{SAME, alike};
use super::{Facts, NoHit, Seen, Wording, no_hits};
use crate::entry::EntryId;

/// Pains of one report: a page.
pub const MAX_PAINS: usize = 10;

/// A pain.
#[derive(Debug, Clone, PartialEq)]
pub struct Pain {
    /// The messages without a good answer.
    pub asked: NoHit,
    /// What the library answers today, where it can be relied on.
    pub answer: Option<Answered>,
    /// How messages alike fared before that, or in the period where nothing was added.
    pub before: Success,
    /// How they fared since, until today.
    pub after: Success,
}

/// An entry that answers a pain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The entry.
    pub entry_id: EntryId,
    /// When it was made or last changed, in milliseconds, where that lies in the period or after it.
    pub added_at: Option<i64>,
}

/// Searches and those of which something was used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Success {
    /// Searches.
    pub asked: usize,
    /// Of which an answer was used.
    pub used: usize,
}

impl Success {
    /// The share, 0..1; `None` where nobody asked.
    #[expect(clippy::cast_precision_loss, reason = "counts of searches")]
    pub fn share(self) -> Option<f64> {
        (self.asked > 0).then(|| self.used as f64 / self.asked as f64)
    }

    fn count(&mut self, search: &Seen) {
        self.asked += 1;
        self.used += usize::from(search.was_used());
    }
}

/// The largest pains of a period. `later` is what happened from its end until today, `answer` what the library says to a message today.
pub fn pains(
    facts: &Facts,
    later: &Facts,
    read: impl Fn(&str) -> Option<Wording>,
    answer: impl Fn(&NoHit) -> Option<Answered>,
) -> Vec<Pain> {
    let mut asked = no_hits(facts, &read);
    // Ten people once each are more than one person ten times.
    asked.sort_by(|a, b| b.people.cmp(&a.people).then_with(|| b.count.cmp(&a.count)).then_with(|| a.id.cmp(&b.id)));
    asked.truncate(MAX_PAINS);
    let mut pains: Vec<(Wording, Pain)> = asked
        .into_iter()
        .filter_map(|asked| {
            let wording = read(asked.samples.first().map_or("", |(text, _)| text))?;
            let answer = answer(&asked);
            Some((wording, Pain { asked, answer, before: Success::default(), after: Success::default() }))
        })
        .collect();
    let of_later = later.searches.iter().map(|search| (search, true));
    for (search, is_later) in facts.searches.iter().map(|search| (search, false)).chain(of_later) {
        let Some(wording) = read(&search.text) else { continue };
        for (_, pain) in pains.iter_mut().filter(|(asked, _)| alike(asked, &wording) >= SAME) {
            let is_after = match pain.answer.as_ref().and_then(|answer| answer.added_at) {
                Some(added_at) => search.at_ms >= added_at,
                None => is_later,
            };
            if is_after { pain.after.count(search) } else { pain.before.count(search) }
        }
    }
    pains.into_iter().map(|(_, pain)| pain).collect()
}
