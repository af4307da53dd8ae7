//! How often one may try to sign in: by name and by address, so that neither one password is guessed nor many names are tried.

use super::blocking;
use super::error::ApiError;
use crate::secret;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::Semaphore;

/// Failures of one name within [`WINDOW_MS`]: some 500 guesses a day, and a person mistypes less often.
const MAX_OF_NAME: usize = 5;

/// Failures from one address within [`WINDOW_MS`]: a team may sit behind one.
const MAX_OF_ADDRESS: usize = 50;

/// How long a failure counts.
const WINDOW_MS: i64 = 15 * 60 * 1000;

/// Names and addresses remembered; beyond it those whose failures no longer count are forgotten, and then nobody may try.
const MAX_KEPT: usize = 20_000;

/// Passwords tried at once: each takes 19 MiB and a core for 25 ms.
const MAX_HASHING: usize = 4;

/// Who is tried.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Name(String),
    Address(IpAddr),
}

/// The tries of late, and the places for those who try now.
#[derive(Debug)]
pub(super) struct Login {
    /// Tries are timed from here, in milliseconds: who sets the clock back must not shut people out for as long, nor let anybody guess again.
    began: Instant,
    tries: Mutex<HashMap<Key, VecDeque<i64>>>,
    hashing: Semaphore,
}

impl Default for Login {
    fn default() -> Login {
        Login { began: Instant::now(), tries: Mutex::default(), hashing: Semaphore::new(MAX_HASHING) }
    }
}

impl Login {
    /// Tries a password against a hash, where the name and the address may still try.
    ///
    /// # Errors
    /// [`ApiError::Throttled`], or [`ApiError::WrongCredentials`], after the same time whether there is a hash or not.
    pub(super) async fn try_password(
        &self,
        name: &str,
        address: Option<IpAddr>,
        password: String,
        hash: Option<String>,
    ) -> Result<(), ApiError> {
        let (keys, now) = (keys(name, address), i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX));
        // The try counts before it is known how it ends: otherwise many at once would all be let through.
        self.begin(&keys, now)?;
        let fits = self.hash(move || secret::is_password(&password, hash.as_deref())).await?;
        if !fits {
            metrics::counter!("huashu_sign_ins_failed_total").increment(1);
            return Err(ApiError::WrongCredentials);
        }
        self.forget(&keys, now);
        Ok(())
    }

    /// Hashes, off the async threads and not too many at once.
    ///
    /// # Errors
    /// Where the work failed.
    pub(super) async fn hash<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        let _place = self.hashing.acquire().await.map_err(|error| ApiError::Internal(error.into()))?;
        blocking(move || Ok(work())).await
    }

    fn begin(&self, keys: &[Key], now: i64) -> Result<(), ApiError> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= MAX_KEPT {
            tries.retain(|_, at| at.back().is_some_and(|last| now - last < WINDOW_MS));
        }
        for key in keys {
            let Some(at) = tries.get_mut(key) else { continue };
            while at.front().is_some_and(|first| now - first >= WINDOW_MS) {
                at.pop_front();
            }
            if at.len() >= key.most() {
                let wait_ms = at.front().map_or(0, |first| WINDOW_MS - (now - first));
                return Err(throttled(wait_ms));
            }
        }
        if tries.len() >= MAX_KEPT {
            return Err(throttled(WINDOW_MS));
        }
        for key in keys {
            tries.entry(key.clone()).or_default().push_back(now);
        }
        Ok(())
    }

    /// Who signed in has nothing against their name; of the address only this try is taken back.
    fn forget(&self, keys: &[Key], now: i64) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            match key {
                Key::Name(_) => {
                    tries.remove(key);
                }
                Key::Address(_) => {
                    if let Some(at) = tries.get_mut(key)
                        && let Some(place) = at.iter().rposition(|at| *at == now)
                    {
                        at.remove(place);
                    }
                }
            }
        }
    }
}

impl Key {
    fn most(&self) -> usize {
        match self {
            Key::Name(_) => MAX_OF_NAME,
            Key::Address(_) => MAX_OF_ADDRESS,
        }
    }
}

fn keys(name: &str, address: Option<IpAddr>) -> Vec<Key> {
    // A name that nobody can have is not worth its bytes.
    let name: String = crate::register::fold(name).chars().take(crate::register::MAX_NAME_CHARS).collect();
    std::iter::once(Key::Name(name)).chain(address.map(Key::Address)).collect()
}

fn throttled(wait_ms: i64) -> ApiError {
    metrics::counter!("huashu_sign_ins_throttled_total").increment(1);
    ApiError::Throttled(u32::try_from(wait_ms / 1000 + 1).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_an_address_may_fail_so_often() {
        let login = Login::default();
        let address = Some(IpAddr::from([10, 0, 0, 1]));
        let begin = |name: &str, address, now| login.begin(&keys(name, address), now).is_ok();
        for at in 0..5 {
            assert!(begin("小李", None, at));
        }
        assert!(!begin("小李", None, 5));
        assert!(begin("小王", None, 5));
        // Whoever signed in begins anew.
        login.forget(&keys("小李", None), 5);
        assert!(begin("小李", None, 6));
        for number in 0..50 {
            assert!(begin(&format!("名字{number}"), address, 7));
        }
        assert!(!begin("又一个", address, 8));
        assert!(begin("又一个", None, 8));
        // After a while failures no longer count.
        assert!(begin("再一个", address, 8 + WINDOW_MS));
    }
}
