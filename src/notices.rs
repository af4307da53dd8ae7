//! A lead's word of the hour (临时口径): what it is, whom it concerns, and the board from which every open panel hears of it at once. Pure but for
//! the channel; `register` keeps notices, `http` sends them.

use crate::access::Scope;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// Longest text, in characters: it is read while a customer waits.
pub const MAX_NOTICE_CHARS: usize = 500;

/// Notices in force at once: who pins more reaches nobody.
pub const MAX_IN_FORCE: usize = 50;

/// Panels that listen at once: two of each of two hundred seats, and as many again.
pub const MAX_LISTENERS: usize = 1_000;

/// A notice waits for its review for a day, whatever its end.
pub const REVIEW_WITHIN_MS: i64 = 24 * 60 * 60 * 1000;

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// UUIDv7.
    pub id: String,
    /// What the lead says.
    pub text: String,
    /// The entry that it is tied to.
    pub entry_id: Option<String>,
    /// One of its replies.
    pub reply_id: Option<String>,
    /// Ids of the shops that it concerns; empty: all.
    pub shops: Vec<String>,
    /// Who published it.
    pub author: String,
    /// Since when, in milliseconds.
    pub from_ms: i64,
    /// Until when, exclusive.
    pub until_ms: i64,
    /// When it was taken back.
    pub withdrawn_ms: Option<i64>,
    /// When somebody looked at what follows from it.
    pub reviewed_ms: Option<i64>,
    /// Who.
    pub reviewed_by: Option<String>,
    /// What follows.
    pub review: Option<String>,
}

impl Notice {
    /// Whether it holds at a moment.
    pub fn is_in_force(&self, at_ms: i64) -> bool {
        self.withdrawn_ms.is_none() && at_ms < self.until_ms
    }

    /// Where it stands: in force, ended or withdrawn.
    pub fn state(&self, at_ms: i64) -> &'static str {
        match self.withdrawn_ms {
            Some(_) => "withdrawn",
            None if at_ms < self.until_ms => "in_force",
            None => "ended",
        }
    }

    /// Whether its review is due: it is over or a day old, and nobody has looked at what follows from it.
    pub fn needs_review(&self, at_ms: i64) -> bool {
        self.reviewed_ms.is_none() && (!self.is_in_force(at_ms) || self.from_ms + REVIEW_WITHIN_MS <= at_ms)
    }

    /// Whether it concerns somebody with this scope who looks at this shop (absent: at all of theirs).
    pub fn concerns(&self, scope: &Scope, shop: Option<&str>) -> bool {
        let is_for = |shop: &str| self.shops.is_empty() || self.shops.iter().any(|named| named == shop);
        let may_see = scope.shops.as_ref().is_none_or(|shops| self.shops.is_empty() || shops.iter().any(|shop| is_for(shop)));
        may_see && shop.is_none_or(is_for)
    }
}

/// What is in force now. Clones share it.
#[derive(Debug, Clone)]
pub struct Board {
    current: watch::Sender<Arc<[Notice]>>,
    closed: watch::Sender<bool>,
    places: Arc<Semaphore>,
}

impl Default for Board {
    fn default() -> Board {
        Board {
            current: watch::Sender::new(Arc::from([])),
            closed: watch::Sender::new(false),
            places: Arc::new(Semaphore::new(MAX_LISTENERS)),
        }
    }
}

impl Board {
    /// Takes the place of all that was in force; every listener hears of it.
    pub fn put(&self, notices: Vec<Notice>) {
        let notices: Arc<[Notice]> = Arc::from(notices);
        self.current.send_if_modified(|current| {
            let changed = **current != *notices;
            *current = notices;
            changed
        });
    }

    /// What is in force, and each change of it.
    pub fn listen(&self) -> watch::Receiver<Arc<[Notice]>> {
        self.current.subscribe()
    }

    /// A place among the listeners until it is dropped; `None` where there is none left.
    pub fn take_place(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Ends all listening: the service stops.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Becomes true when listening ends.
    pub fn closed(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(shops: &[&str]) -> Notice {
        Notice {
            id: "n".to_owned(),
            text: "今天顺丰停运".to_owned(),
            entry_id: None,
            reply_id: None,
            shops: shops.iter().map(|shop| (*shop).to_owned()).collect(),
            author: "主管".to_owned(),
            from_ms: 1_000,
            until_ms: 2_000,
            withdrawn_ms: None,
            reviewed_ms: None,
            reviewed_by: None,
            review: None,
        }
    }

    #[test]
    fn a_notice_concerns_who_sees_one_of_its_shops() {
        let check = |shops: &[&str], scope: Option<&[&str]>, shop: Option<&str>, expect: bool| {
            let shops_of = |shops: &[&str]| shops.iter().map(|shop| (*shop).to_owned()).collect::<Vec<_>>();
            let scope = Scope { shops: scope.map(shops_of), categories: None };
            assert_eq!(notice(shops).concerns(&scope, shop), expect, "{shops:?} {scope:?} {shop:?}");
        };
        check(&[], None, None, true);
        check(&[], Some(&["a"]), Some("a"), true);
        check(&["a"], None, None, true);
        check(&["a"], None, Some("b"), false);
        check(&["a", "b"], Some(&["b"]), None, true);
        check(&["a"], Some(&["b"]), None, false);
    }

    #[test]
    fn a_review_is_due_at_the_end_or_after_a_day() {
        let check = |change: fn(&mut Notice), at_ms: i64, expect: bool| {
            let mut notice = notice(&[]);
            change(&mut notice);
            assert_eq!(notice.needs_review(at_ms), expect, "{notice:?} at {at_ms}");
        };
        check(|_| {}, 1_999, false);
        check(|_| {}, 2_000, true);
        check(|notice| notice.withdrawn_ms = Some(1_500), 1_600, true);
        check(|notice| notice.reviewed_ms = Some(2_100), 3_000, false);
        check(|notice| notice.until_ms = i64::MAX, REVIEW_WITHIN_MS, false);
        check(|notice| notice.until_ms = i64::MAX, 1_000 + REVIEW_WITHIN_MS, true);
    }
}
