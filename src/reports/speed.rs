//! How fast searches were, hour by hour. Pure.

use super::Facts;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// One hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Speed {
    /// Its beginning, in the library's time zone.
    pub hour: DateTime,
    /// Half of the searches were as fast, in milliseconds.
    pub p50_ms: f64,
    /// All but one of a hundred.
    pub p99_ms: f64,
    /// Searches that were seen.
    pub searches: usize,
}

/// The hours in which somebody searched, in order.
pub fn speed(facts: &Facts, zone: &TimeZone) -> Vec<Speed> {
    let mut hours: BTreeMap<DateTime, Vec<i64>> = BTreeMap::new();
    for search in &facts.searches {
        let (Some(took), Ok(at)) = (search.took_us, Timestamp::from_millisecond(search.at_ms)) else { continue };
        let at = at.to_zoned(zone.clone()).datetime();
        hours.entry(at.date().at(at.hour(), 0, 0, 0)).or_default().push(took);
    }
    hours
        .into_iter()
        .map(|(hour, mut took)| {
            took.sort_unstable();
            Speed { hour, p50_ms: percentile(&took, 50), p99_ms: percentile(&took, 99), searches: took.len() }
        })
        .collect()
}

/// The value below which a share of sorted microseconds lies (nearest rank), in milliseconds.
#[expect(clippy::cast_precision_loss, reason = "times of searches")]
pub fn percentile(sorted_us: &[i64], percent: usize) -> f64 {
    let rank = (sorted_us.len() * percent).div_ceil(100).clamp(1, sorted_us.len().max(1));
    sorted_us.get(rank - 1).map_or(0.0, |us| *us as f64 / 1000.0)
}
