//! `?at=`: the library as it was or will be at a moment. Of the past by its versions, of the future by its periods and campaigns.

use super::error::ApiError;
use super::trial::trial_turn;
use super::who::Who;
use super::{AppState, blocking};
use crate::access::Right;
use crate::editing::Action;
use crate::library::Overlay;
use crate::snapshot::Snapshot;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, Weak};
use utoipa::IntoParams;

/// A moment.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct AtParams {
    /// Local time of the library, such as 2026-11-11T20:00: as it was or will be then. For those who edit.
    pub at: Option<String>,
}

/// The library at the moment that was asked for last: a page of a table and a search ask for the same one.
pub(super) type KeptMoment = Option<(Timestamp, Weak<Snapshot>, Arc<Snapshot>)>;

impl AppState {
    /// The snapshot of now, or of the moment that the request names.
    ///
    /// # Errors
    /// Where the caller does not edit, or the moment is none.
    pub(super) async fn snapshot_at(&self, who: &Who, params: &AtParams) -> Result<Arc<Snapshot>, ApiError> {
        let now = self.live.snapshot();
        let Some(text) = params.at.as_deref().filter(|at| !at.is_empty()) else { return Ok(now) };
        who.require(Right::Edit)?;
        let bad = || ApiError::BadQuery(format!("at is a local time such as 2026-11-11T20:00; found {text:?}"));
        let local: DateTime = text.parse().map_err(|_| bad())?;
        let at = local.to_zoned(now.library.settings.time_zone.clone()).map_err(|_| bad())?.timestamp();
        if let Some(kept) = self.kept(at, &now) {
            return Ok(kept);
        }
        let turn = trial_turn().await?;
        let overlay = self.overlay_of(at, &now).await?;
        let live = Arc::clone(&self.live);
        let then = blocking(move || {
            let _turn = turn;
            live.trial(&overlay, at).map(Arc::new).map_err(|error| ApiError::Internal(error.into()))
        });
        let then = then.await?;
        let mut kept = self.moment.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((at, Arc::downgrade(&now), Arc::clone(&then)));
        Ok(then)
    }

    fn kept(&self, at: Timestamp, now: &Arc<Snapshot>) -> Option<Arc<Snapshot>> {
        let kept = self.moment.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, base, then) = kept.as_ref()?;
        (*of == at && std::ptr::eq(base.as_ptr(), Arc::as_ptr(now))).then(|| Arc::clone(then))
    }

    /// What the files said at a moment of the past, where it is not what they say now.
    async fn overlay_of(&self, at: Timestamp, now: &Snapshot) -> Result<Overlay, ApiError> {
        let mut overlay = Overlay::new();
        if at >= Timestamp::now() {
            return Ok(overlay);
        }
        let register = self.register()?;
        let until = at.as_microsecond();
        let mut then: HashMap<String, Option<[u8; 32]>> = HashMap::new();
        for first in register.first_versions().await? {
            // What was there already when the history began is taken as it was found; what was made since was not there.
            let was_there = first.at_us > until && first.way == crate::editing::Way::File && first.action == Action::Create;
            then.insert(first.path, first.hash.filter(|_| was_there));
        }
        for last in register.last_versions(Some(until)).await? {
            then.insert(last.path, last.hash);
        }
        let present: HashMap<&str, [u8; 32]> = now.library.hashes().collect();
        for (path, hash) in then {
            if hash == present.get(path.as_str()).copied() {
                continue;
            }
            let bytes = match hash {
                Some(hash) => register.text(hash).await?,
                None => None,
            };
            overlay.insert(path, bytes);
        }
        Ok(overlay)
    }
}
