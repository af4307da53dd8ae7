//! How often one caller may ask: a program gone wild must not keep everybody else from being answered.
//!
//! A token bucket for each caller, as the generic cell rate algorithm has it (ITU-T I.371): all that is kept of a caller is the moment at which
//! their bucket would be full again. Searches take from it too, so that it has no lock.

use super::error::ApiError;
use crate::access::{Caller, Proof};
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Requests a second of one account, its sessions and tokens together: ten times what an agent causes who types in several chats at once.
pub const DEFAULT_RATE: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// How many times more all programs of this machine may ask that show no account: they are one caller, and may be a measurement.
const LOCAL_TIMES: u32 = 100;

/// Seconds' worth of requests that may come at once: a page that opens, a batch of a script.
const BURST: Duration = Duration::from_secs(5);

/// Buckets: a caller's is chosen by a hash, so that taking from it needs no lock. Of a thousand accounts a handful share one with another, and then
/// the rate too.
const BUCKETS: usize = 1 << 16;

/// The buckets.
#[derive(Debug)]
pub(super) struct Rates {
    /// Requests a second; absent: any number.
    per_second: Option<NonZeroU32>,
    began: Instant,
    hasher: RandomState,
    /// When each bucket is full again, in nanoseconds since the beginning.
    full_at: Box<[AtomicU64]>,
}

impl Rates {
    /// Lets each account make so many requests a second.
    pub(super) fn new(per_second: Option<NonZeroU32>) -> Rates {
        let full_at = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Rates { per_second, began: Instant::now(), hasher: RandomState::new(), full_at }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// [`ApiError::TooOften`] where it is one too many.
    pub(super) fn take(&self, caller: &Caller) -> Result<(), ApiError> {
        let Some(per_second) = self.per_second else { return Ok(()) };
        let (key, per_second) = match caller.by {
            Proof::User | Proof::Token => (&*caller.identity, per_second.get()),
            // Whoever they say they are: an install id is free to make up.
            Proof::Nobody | Proof::Stranger | Proof::LocalToken => ("", per_second.get().saturating_mul(LOCAL_TIMES)),
        };
        self.take_at(key, per_second, self.began.elapsed()).map_err(|wait| {
            metrics::counter!("huashu_requests_refused_total").increment(1);
            ApiError::TooOften(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1))
        })
    }

    /// The same at a time since the beginning; an error is how long to wait.
    fn take_at(&self, key: &str, per_second: u32, now: Duration) -> Result<(), Duration> {
        #[expect(clippy::cast_possible_truncation, reason = "any part of a hash will do")]
        let bucket = &self.full_at[self.hasher.hash_one(key) as usize % BUCKETS];
        let (now, step) = (nanoseconds(now), NANOSECONDS / u64::from(per_second.max(1)));
        let (full_after, latest) = (|full: u64| full.max(now) + step, now + nanoseconds(BURST));
        let taken = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full| Some(full_after(full)).filter(|full| *full <= latest));
        taken.map(|_| ()).map_err(|full| Duration::from_nanos(full_after(full) - latest))
    }
}

const NANOSECONDS: u64 = 1_000_000_000;

/// They last for centuries.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_as_many_as_come_back_in_time() {
        let rates = Rates::new(None);
        let bucket = |key: &str| rates.hasher.hash_one(key) as usize % BUCKETS;
        let one = "甲";
        let other = ["乙", "丙"].into_iter().find(|other| bucket(other) != bucket(one)).unwrap();
        let at = Duration::from_millis;
        for _ in 0..50 {
            assert_eq!(rates.take_at(one, 10, at(1_000)), Ok(()));
        }
        assert_eq!(rates.take_at(one, 10, at(1_000)), Err(at(100)), "fifty are five seconds' worth");
        assert_eq!(rates.take_at(other, 10, at(1_000)), Ok(()), "another is another");
        assert_eq!(rates.take_at(one, 10, at(1_050)), Err(at(50)), "what is refused costs nothing");
        assert_eq!(rates.take_at(one, 10, at(1_100)), Ok(()));
        assert_eq!(rates.take_at(one, 10, at(1_100)), Err(at(100)));
        assert!((0..50).all(|_| rates.take_at(one, 10, at(60_000)).is_ok()), "after a rest a burst again");
        assert!(rates.take_at(one, 10, at(60_000)).is_err());
    }

    #[test]
    fn what_shows_no_account_is_one_caller() {
        let rates = Rates::new(NonZeroU32::new(1));
        let (ahead, one) = (BURST.as_secs() as u32 * LOCAL_TIMES, Caller::nobody("made-up-1"));
        // It may be that a second passes meanwhile; a hundred more come then.
        let passed = (0..3 * ahead).filter(|number| rates.take(&Caller::nobody(&number.to_string())).is_ok()).count() as u32;
        assert!((ahead..3 * ahead).contains(&passed) && rates.take(&one).is_err() && rates.take(&Caller::local()).is_err(), "{passed}");
    }
}
