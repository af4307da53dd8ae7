//! What `serve` does by itself while it runs: measures are rolled up, points counted, records deleted when their time is over.

use super::{AppState, system};
use crate::health::Part;
use crate::journal::now_ms;
use std::time::Duration;

/// How often measures are rolled up, so that nobody's not reading them costs memory.
const MEASURES_INTERVAL: Duration = Duration::from_secs(5);

/// How often it is looked whether what did not work does again, and whether the register is still there.
const HEALTH_INTERVAL: Duration = Duration::from_secs(5);

/// How often it is looked which notices are in force: one that had ended by a wrong clock comes back when the clock is put right.
const NOTICES_INTERVAL: Duration = Duration::from_secs(5);

/// How often points are counted.
const POINTS_INTERVAL: Duration = Duration::from_secs(60);

/// How often records are aged out, the first time at the start: retention is counted in days.
const AGING_INTERVAL: Duration = Duration::from_secs(60 * 60);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Goes on until it is dropped.
pub(super) async fn run(state: AppState) {
    let mut measures = tokio::time::interval(MEASURES_INTERVAL);
    let mut health = tokio::time::interval(HEALTH_INTERVAL);
    let mut notices = tokio::time::interval(NOTICES_INTERVAL);
    let mut points = tokio::time::interval(POINTS_INTERVAL);
    let mut aging = tokio::time::interval(AGING_INTERVAL);
    loop {
        tokio::select! {
            _ = measures.tick() => if let Some(recorder) = system::recorder() {
                recorder.run_upkeep();
            },
            _ = health.tick() => look_at_health(&state).await,
            // Where the register cannot be read its health tells it.
            _ = notices.tick() => if is_register_usable(&state) {
                let _ = state.refresh_notices().await;
            },
            _ = points.tick() => {
                if is_register_usable(&state) && let Err(error) = state.count_points().await {
                    tracing::warn!(%error, "points were not counted");
                }
            }
            _ = aging.tick() => age(&state).await,
        }
    }
}

fn is_register_usable(state: &AppState) -> bool {
    state.register.is_some() && !state.live.health().is_failing(Part::Register)
}

/// Asks the register and the folder of the library whether they can be used again. The other parts look by themselves.
async fn look_at_health(state: &AppState) {
    let health = state.live.health();
    if let Some(register) = &state.register {
        let looked = if health.is_failing(Part::Register) { register.check().await } else { register.look_for_file() };
        match looked {
            Ok(()) => health.works(Part::Register),
            Err(error) => health.fails(Part::Register, &error.to_string()),
        }
    }
    let Some(editing) = state.editing.clone().filter(|_| health.is_failing(Part::Editing)) else { return };
    match tokio::task::spawn_blocking(move || editing.check_writing()).await {
        Ok(Ok(())) => health.works(Part::Editing),
        Ok(Err(error)) => health.fails(Part::Editing, &error.to_string()),
        Err(_) => {}
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
