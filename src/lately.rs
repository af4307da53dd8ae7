//! Which wordings were used lately, by whom and in which shop: platforms punish repetition, so that they step back for a while, in whatever
//! conversation. In memory alone, fed by events; a search reads it without waiting for anybody.

use crate::learning::identity_hash;
use arc_swap::ArcSwap;
use std::collections::HashSet;
use std::sync::Arc;

/// How long a wording steps back, in milliseconds: half an hour, the longest window in which platforms are known to count repetitions.
pub const LATELY_MS: i64 = 30 * 60 * 1000;

/// Most uses that are remembered: two hundred agents with a reply every twenty seconds for half an hour.
pub const MAX_USES: usize = 20_000;

/// Most replies that step back, the latest: a shop uses some hundred wordings in half an hour, and ranking compares each.
pub const MAX_REPLIES: usize = 500;

/// One use.
#[derive(Debug, Clone)]
struct Use {
    at_ms: i64,
    /// Hash of the identity; `None`: unknown, equal to nobody.
    identity: Option<u64>,
    /// Hash of the shop's id; `None` likewise.
    shop: Option<u64>,
    reply_id: Arc<str>,
}

/// The uses of the last half hour.
#[derive(Debug, Default)]
pub struct Lately(ArcSwap<Vec<Use>>);

/// A reply that was sent.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// Which.
    pub reply_id: &'a str,
    /// In which shop, by its id.
    pub shop: Option<&'a str>,
    /// When, in milliseconds.
    pub at_ms: i64,
}

impl Lately {
    /// Remembers what an identity sent; an empty one is nobody.
    pub fn record(&self, identity: &str, sent: &[Sent<'_>], now_ms: i64) {
        if sent.is_empty() {
            return;
        }
        let new = sent.iter().map(|sent| Use {
            at_ms: sent.at_ms,
            identity: key(Some(identity)),
            shop: key(sent.shop),
            reply_id: Arc::from(sent.reply_id),
        });
        let new: Vec<Use> = new.collect();
        self.0.rcu(|uses| {
            let mut uses: Vec<Use> = uses.iter().filter(|of| now_ms - of.at_ms < LATELY_MS).chain(&new).cloned().collect();
            // Batches come late: the order of time is not that of arrival.
            uses.sort_by_key(|of| of.at_ms);
            uses.drain(..uses.len().saturating_sub(MAX_USES));
            uses
        });
    }

    /// Replies that this identity used lately, or anybody in this shop; each once, the latest last.
    pub fn replies(&self, identity: &str, shop: Option<&str>, now_ms: i64) -> Vec<String> {
        let (identity, shop) = (key(Some(identity)), key(shop));
        if identity.is_none() && shop.is_none() {
            return Vec::new();
        }
        let uses = self.0.load();
        let is_own = |of: &&Use| (identity.is_some() && of.identity == identity) || (shop.is_some() && of.shop == shop);
        let mut seen = HashSet::new();
        let own = uses.iter().rev().take_while(|of| now_ms - of.at_ms < LATELY_MS).filter(is_own).map(|of| &*of.reply_id);
        let mut latest: Vec<String> = own.filter(|reply| seen.insert(*reply)).take(MAX_REPLIES).map(str::to_owned).collect();
        latest.reverse();
        latest
    }
}

fn key(name: Option<&str>) -> Option<u64> {
    name.filter(|name| !name.is_empty()).map(identity_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn sent<'a>(reply_id: &'a str, shop: &'a str, ago_ms: i64) -> Sent<'a> {
        Sent { reply_id, shop: Some(shop).filter(|shop| !shop.is_empty()), at_ms: NOW - ago_ms }
    }

    #[test]
    fn ones_own_and_the_shops_wordings_step_back_for_half_an_hour_the_latest_last() {
        let lately = Lately::default();
        lately.record("甲", &[sent("late", "店", 5), sent("old", "店", LATELY_MS), sent("first", "店", 9)], NOW);
        lately.record("乙", &[sent("other", "他店", 3), sent("first", "店", 1), sent("private", "", 2)], NOW);
        lately.record("", &[sent("nobody", "", 2)], NOW);
        let check =
            |identity: &str, shop: Option<&str>, expect: &[&str]| assert_eq!(lately.replies(identity, shop, NOW), expect, "{identity}");
        check("甲", None, &["first", "late"]);
        check("甲", Some("店"), &["late", "first"]);
        check("丙", Some("他店"), &["other"]);
        check("丙", None, &[]);
        check("", None, &[]);
        assert_eq!(lately.replies("甲", None, NOW + LATELY_MS), Vec::<String>::new());
        let many: Vec<String> = (0..=MAX_REPLIES).map(|number| number.to_string()).collect();
        lately.record("丁", &many.iter().map(|reply| sent(reply, "", 1)).collect::<Vec<_>>(), NOW);
        let replies = lately.replies("丁", None, NOW);
        assert_eq!((replies.len(), replies.contains(&"0".to_owned())), (MAX_REPLIES, false));
    }
}
