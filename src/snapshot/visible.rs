//! What a caller may see: the entries of a snapshot within a scope. What is outside does not exist for them.

use super::{Bitset, EntryText, Ordinal, Snapshot};
use crate::access::Scope;
use crate::entry::Entry;
use std::sync::{Arc, Mutex, PoisonError};

/// Scopes kept with a snapshot: a team has a few, each shared by many; who comes beyond that is computed each time.
const MAX_KEPT: usize = 64;

/// The entries of one snapshot within one scope.
#[derive(Debug, Clone)]
pub struct Visible {
    /// `None`: all.
    within: Option<Arc<Bitset>>,
}

impl Visible {
    /// Whether an entry exists for the caller.
    pub fn contains(&self, ordinal: Ordinal) -> bool {
        self.within.as_ref().is_none_or(|within| within.contains(ordinal))
    }

    /// Whether nothing is kept from the caller.
    pub fn is_everything(&self) -> bool {
        self.within.is_none()
    }

    /// An entry by its id, compared case-folded, whatever its state; `None` too where it does not exist for the caller.
    pub fn get<'s>(&self, snapshot: &'s Snapshot, id: &str) -> Option<&'s Arc<EntryText>> {
        let ordinal = snapshot.ordinal(id).filter(|ordinal| self.contains(*ordinal))?;
        snapshot.entries.get(ordinal as usize)
    }

    /// Whether the entry with this id exists for the caller.
    pub fn has(&self, snapshot: &Snapshot, id: &str) -> bool {
        self.get(snapshot, id).is_some()
    }

    /// Ordinals of all entries that exist for the caller, in order, whatever their state.
    pub fn ordinals(&self, snapshot: &Snapshot) -> impl Iterator<Item = Ordinal> {
        (0..).take(snapshot.len()).filter(|ordinal| self.contains(*ordinal))
    }

    /// Of these entries, those that are served.
    pub fn served(&self, snapshot: &Snapshot) -> Bitset {
        let mut served = snapshot.served().clone();
        if let Some(within) = &self.within {
            served.intersect(within);
        }
        served
    }

    /// Leaves out the ids of entries that do not exist for the caller. Ids that nobody has stay: they tell nothing.
    pub fn retain_ids(&self, snapshot: &Snapshot, ids: &mut Vec<String>) {
        if !self.is_everything() {
            ids.retain(|id| snapshot.ordinal(id).is_none_or(|ordinal| self.contains(ordinal)));
        }
    }
}

/// Sets computed for a snapshot, by scope.
#[derive(Debug, Default)]
pub(super) struct KeptScopes(Mutex<Vec<(Scope, Arc<Bitset>)>>);

impl Snapshot {
    /// What exists for a caller.
    pub fn visible(&self, scope: &Scope) -> Visible {
        if scope.is_everything() {
            return Visible { within: None };
        }
        let mut kept = self.scopes.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, within)) = kept.iter().find(|(known, _)| known == scope) {
            return Visible { within: Some(Arc::clone(within)) };
        }
        let mut within = Bitset::new(self.len());
        for (ordinal, text) in self.entries.iter().enumerate() {
            if scope.sees(&text.entry) {
                within.insert(ordinal);
            }
        }
        let within = Arc::new(within);
        if kept.len() < MAX_KEPT {
            kept.push((scope.clone(), Arc::clone(&within)));
        }
        Visible { within: Some(within) }
    }

    /// The entry whose file has this path.
    pub fn at_path(&self, path: &str) -> Option<&Arc<Entry>> {
        self.library.entries.iter().find(|entry| entry.path == path)
    }
}
