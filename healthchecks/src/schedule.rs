//! When a check runs. Pure: the clock and chance are arguments, and it must never hold state.
//!
//! A check has a grid: its first run, and every interval after it. A run that came late or took long does not
//! move the grid, so thousands of checks that were spread once stay spread.

use std::time::Duration;

use tokio::time::Instant;

#[cfg(test)]
mod tests;

/// No check runs more often than this; a shorter interval is raised without a word, as in Consul.
pub const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// Longer intervals are cut to this (a century), so that no sum of times can overflow.
const MAX_INTERVAL: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The interval as it is used.
pub(crate) fn interval(asked: Duration) -> Duration {
    asked.clamp(MIN_INTERVAL, MAX_INTERVAL)
}

/// The time after a wait of any length; a time must be able to hold it.
#[must_use]
pub fn later(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait.min(MAX_INTERVAL)).unwrap_or(now)
}

/// The first run: somewhere within the interval, by `chance` (0 at once, `u64::MAX` just before its end).
pub(crate) fn first(now: Instant, interval: Duration, chance: u64) -> Instant {
    now + part(interval, chance)
}

/// A part of a length, by `chance` (0 nothing, `u64::MAX` almost all of it).
pub(crate) fn part(of: Duration, chance: u64) -> Duration {
    let nanos = (of.min(MAX_INTERVAL).as_nanos() * u128::from(chance)) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The next run: the first point of the grid after the end of the run that was due at `due`.
/// Points that passed while it ran are left out, never made up for.
pub(crate) fn next(due: Instant, finished: Instant, interval: Duration) -> Instant {
    let behind = finished.saturating_duration_since(due).as_nanos();
    let into = behind % interval.as_nanos().max(1);
    let into = Duration::from_nanos(u64::try_from(into).unwrap_or(0));
    finished.max(due) + (interval - into)
}

/// The chance of a check: the same for one id on every start and on every host, spread well over all ids.
/// FNV-1a with a final mix; not a secret, so no keyed hash is needed.
pub(crate) fn chance(id: &str) -> u64 {
    let mut hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}
