//! What was used, and what was found and not used. Pure.

use super::Facts;
use crate::entry::EntryId;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What uses are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// 词条
    #[default]
    Entry,
    /// 分类
    Category,
    /// 坐席
    Agent,
    /// 渠道
    Channel,
}

impl By {
    /// All.
    pub const ALL: [By; 4] = [By::Entry, By::Category, By::Agent, By::Channel];

    /// The name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            By::Entry => "entry",
            By::Category => "category",
            By::Agent => "agent",
            By::Channel => "channel",
        }
    }

    /// The name for people.
    pub fn zh(self) -> &'static str {
        match self {
            By::Entry => "词条",
            By::Category => "分类",
            By::Agent => "坐席",
            By::Channel => "渠道",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<By> {
        By::ALL.into_iter().find(|by| by.as_str() == text)
    }
}

/// How often something was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Id of the entry, path of the category, name of the agent or channel; empty: unknown.
    pub key: String,
    /// Searches of which something was used; an entry once a search.
    pub count: usize,
    /// People who used it.
    pub people: usize,
}

/// Uses in a period, most first. `category` knows that of an entry, where the library has it.
pub fn usage(facts: &Facts, by: By, category: impl Fn(&str) -> Option<String>) -> Vec<Usage> {
    let mut rows: HashMap<String, (usize, HashSet<&str>)> = HashMap::new();
    let mut count = |key: String, identity| {
        let row = rows.entry(key).or_default();
        row.0 += 1;
        row.1.insert(identity);
    };
    // A hit that was picked, copied and inserted was used once.
    let mut seen: HashSet<(usize, &str)> = HashSet::new();
    let of_searches =
        facts.searches.iter().enumerate().flat_map(|(number, search)| {
            search.deeds.iter().map(move |deed| (number, search.channel.as_deref().unwrap_or_default(), deed))
        });
    let loose = facts.loose.iter().enumerate().map(|(number, deed)| (facts.searches.len() + number, "", deed));
    for (number, channel, deed) in of_searches.chain(loose).filter(|(.., deed)| deed.kind.is_pick()) {
        let Some(entry) = deed.entry_id.as_deref().filter(|entry| seen.insert((number, entry))) else { continue };
        let key = match by {
            By::Entry => entry.to_owned(),
            By::Category => category(entry).unwrap_or_default(),
            By::Agent => deed.identity.clone(),
            By::Channel => channel.to_owned(),
        };
        count(key, deed.identity.as_str());
    }
    let mut usage: Vec<Usage> = rows.into_iter().map(|(key, (count, people))| Usage { key, count, people: people.len() }).collect();
    usage.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.key.cmp(&b.key)));
    usage
}

/// An entry that was found and passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// The entry.
    pub entry_id: EntryId,
    /// Searches that showed it among the first [`READ_HITS`].
    pub shown: usize,
    /// Those in which it was used.
    pub used: usize,
}

/// First hits that agents read, as in learning.
const READ_HITS: usize = 3;

/// An entry must have been shown so often before it can be called unused: below, chance decides.
const MIN_SHOWN: usize = 3;

/// Of what is called unused at most this share was used.
const MAX_USED_SHARE: f64 = 0.1;

/// Entries that stood among the first hits and were hardly ever used; those most often passed over first.
#[expect(clippy::cast_precision_loss, reason = "counts of searches")]
pub fn passed_over(facts: &Facts) -> Vec<Passed> {
    let mut rows: BTreeMap<&EntryId, (usize, usize)> = BTreeMap::new();
    for search in &facts.searches {
        for hit in search.hits.iter().take(READ_HITS) {
            let used = search.deeds.iter().any(|deed| deed.kind.is_pick() && deed.entry_id.as_ref() == Some(hit));
            let row = rows.entry(hit).or_default();
            row.0 += 1;
            row.1 += usize::from(used);
        }
    }
    let mut passed: Vec<Passed> = rows
        .into_iter()
        .filter(|(_, (shown, used))| *shown >= MIN_SHOWN && *used as f64 <= MAX_USED_SHARE * *shown as f64)
        .map(|(entry_id, (shown, used))| Passed { entry_id: EntryId::clone(entry_id), shown, used })
        .collect();
    passed.sort_by(|a, b| (b.shown - b.used).cmp(&(a.shown - a.used)).then_with(|| a.entry_id.cmp(&b.entry_id)));
    passed
}
