//! What `serve` does by itself while it runs: measures are rolled up, points counted, records deleted when their time is over.

use super::{AppState, system};
use crate::journal::now_ms;
use std::time::Duration;

/// How often measures are rolled up, so that nobody's not reading them costs memory.
const MEASURES_INTERVAL: Duration = Duration::from_secs(5);

/// How often points are counted.
const POINTS_INTERVAL: Duration = Duration::from_secs(60);

/// How often records are aged out, the first time at the start: retention is counted in days.
const AGING_INTERVAL: Duration = Duration::from_secs(60 * 60);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Goes on until it is dropped.
pub(super) async fn run(state: AppState) {
    let mut measures = tokio::time::interval(MEASURES_INTERVAL);
    let mut points = tokio::time::interval(POINTS_INTERVAL);
    let mut aging = tokio::time::interval(AGING_INTERVAL);
    loop {
        tokio::select! {
            _ = measures.tick() => if let Some(recorder) = system::recorder() {
                recorder.run_upkeep();
            },
            _ = points.tick() => {
                if state.register.is_some() && let Err(error) = state.count_points().await {
                    tracing::warn!(%error, "points were not counted");
                }
            }
            _ = aging.tick() => age(&state).await,
        }
    }
}

/// Deletes what is older than `library.toml` says.
pub(super) async fn age(state: &AppState) {
    let retention = state.live.snapshot().library.settings.retention.clone();
    if let Some(register) = &state.register {
        match register.age(&retention).await {
            Ok(deleted) if deleted.is_empty() => {}
            Ok(deleted) => tracing::info!(?deleted, "records of the register whose time is over are deleted"),
            Err(error) => tracing::error!(%error, "records of the register could not be deleted"),
        }
    }
    let Some(journal) = state.journal.clone() else { return };
    let (searches, events) = (now_ms() - i64::from(retention.searches) * DAY_MS, now_ms() - i64::from(retention.events) * DAY_MS);
    match tokio::task::spawn_blocking(move || journal.age(searches, events)).await {
        Ok(Ok(rows)) if rows == crate::journal::Rows::default() => {}
        Ok(Ok(rows)) => tracing::info!(?rows, "records of the journal whose time is over are deleted"),
        Ok(Err(error)) => tracing::error!(%error, "records of the journal could not be deleted"),
        Err(_) => {}
    }
}
