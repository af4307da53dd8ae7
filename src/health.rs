//! What does not work just now, as data: which part, since when, why, and what to do. Each part tells its own; `/readyz`, the log and the page
//! read it. Nothing here stops a search.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A part that may fail while the others go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The library's folder, to be read.
    Library,
    /// The library's files, to be written.
    Editing,
    /// The index folder.
    Index,
    /// What was searched, used and learned.
    Journal,
    /// Accounts, history, proposals.
    Register,
}

impl Part {
    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Library => "library",
            Part::Editing => "editing",
            Part::Index => "index",
            Part::Journal => "journal",
            Part::Register => "register",
        }
    }

    /// What people notice of it, in Chinese, for the page.
    pub fn zh(self) -> &'static str {
        match self {
            Part::Library => "知识库文件夹读不了，暂用上一版内容",
            Part::Editing => "知识库文件写不了，暂时不能保存修改；搜索照常",
            Part::Index => "索引写不了或已损坏，新改动暂时搜不到；搜索照常",
            Part::Journal => "流水写不了，使用记录暂存在内存；搜索照常",
            Part::Register => "台账用不了，暂时不能编辑和提交；搜索照常",
        }
    }

    /// What whoever runs the service can do.
    pub fn remedy(self) -> &'static str {
        match self {
            Part::Library => "make the folder readable again (it is there? may it be read?); it is tried again every few seconds",
            Part::Editing => "give the service the right to write the library's folder, or free space; it is tried again every few seconds",
            Part::Index => {
                "free space, or give back the right to write the index folder; it is tried again every few seconds, and a damaged index is \
                 rebuilt by itself"
            }
            Part::Journal => {
                "free space, or end what holds the file; it is tried again every few seconds, and what waits is written then (a bounded number \
                 of rows: see huashu_journal_dropped_total)"
            }
            Part::Register => {
                "free space, or end what holds the file: it is tried again every few seconds; a damaged or removed one: stop, `huashu restore`, start"
            }
        }
    }
}

/// A part that does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which.
    pub part: Part,
    /// Since when.
    pub since: Timestamp,
    /// What was found, in English.
    pub why: String,
}

/// The faults of a service; shared by all its parts.
#[derive(Debug, Default)]
pub struct Health {
    faults: Mutex<BTreeMap<Part, Fault>>,
}

impl Health {
    /// A part does not work. Logged when it begins, not again while it lasts.
    pub fn fails(&self, part: Part, why: &str) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fault) = faults.get_mut(&part) {
            why.clone_into(&mut fault.why);
            return;
        }
        faults.insert(part, Fault { part, since: Timestamp::now(), why: why.to_owned() });
        tracing::error!(part = part.as_str(), remedy = part.remedy(), "does not work now: {why}");
    }

    /// A part works. Logged where it did not before.
    pub fn works(&self, part: Part) {
        let fault = self.faults.lock().unwrap_or_else(PoisonError::into_inner).remove(&part);
        if let Some(fault) = fault {
            tracing::info!(part = part.as_str(), since = %fault.since, "works again");
        }
    }

    /// Whether a part does not work.
    pub fn is_failing(&self, part: Part) -> bool {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&part)
    }

    /// What does not work now, in the order of [`Part`].
    pub fn faults(&self) -> Vec<Fault> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_keeps_its_beginning_and_its_latest_reason_until_it_is_over() {
        let health = Health::default();
        health.works(Part::Index);
        health.fails(Part::Index, "one");
        let begun = health.faults()[0].since;
        health.fails(Part::Index, "two");
        health.fails(Part::Library, "gone");
        let faults = health.faults();
        assert_eq!(
            faults.iter().map(|fault| (fault.part, fault.why.as_str())).collect::<Vec<_>>(),
            [(Part::Library, "gone"), (Part::Index, "two")]
        );
        assert_eq!(faults[1].since, begun);
        health.works(Part::Index);
        assert!(!health.is_failing(Part::Index) && health.is_failing(Part::Library));
    }
}
