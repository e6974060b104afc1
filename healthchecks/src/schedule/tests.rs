//! Spread, grid and bounds.

use std::{ops::Range, time::Duration};

use proptest::prelude::*;
use tokio::time::Instant;

use super::{MIN_INTERVAL, chance, first, interval, later, next};

/// How many of `ids` start in each tenth of a second of a ten-second interval.
fn starts(ids: impl Iterator<Item = String>) -> Vec<usize> {
    let now = Instant::now();
    let mut buckets = vec![0; 100];
    for id in ids {
        let wait = first(now, Duration::from_secs(10), chance(&id)) - now;
        buckets[usize::try_from(wait.as_millis() / 100).unwrap()] += 1;
    }
    buckets
}

fn assert_within(buckets: &[usize], range: Range<usize>) {
    for (i, count) in buckets.iter().enumerate() {
        assert!(range.contains(count), "bucket {i} has {count}, not {range:?}");
    }
}

#[test]
fn five_thousand_checks_spread() {
    // 50 are expected in each; five standard deviations either way.
    assert_within(&starts((0..5000).map(|i| format!("service:web-{i}"))), 15..86);
    assert_within(&starts((0..5000).map(|i| format!("{i}"))), 15..86);
    assert_within(&starts((0..5000).map(|i| format!("service:{i}:1"))), 15..86);
}

#[test]
fn chance_is_the_same_on_every_start() {
    assert_eq!(chance("service:web-1"), chance("service:web-1"));
    assert_ne!(chance("service:web-1"), chance("service:web-2"));
    // A change of the function moves every check of a running fleet at once.
    assert_eq!(chance("serfHealth"), 0x6a00_28cb_6bc8_3360);
}

#[test]
fn first_run_covers_the_interval() {
    let now = Instant::now();
    let interval = Duration::from_secs(10);
    assert_eq!(first(now, interval, 0), now);
    assert_eq!(first(now, interval, 1 << 63), now + interval / 2);
    assert!(first(now, interval, u64::MAX) < now + interval);
}

#[test]
fn bounds() {
    assert_eq!(interval(Duration::ZERO), MIN_INTERVAL);
    assert_eq!(interval(Duration::from_millis(100)), Duration::from_secs(1));
    assert_eq!(interval(Duration::from_secs(7)), Duration::from_secs(7));
    let now = Instant::now();
    assert!(first(now, interval(Duration::MAX), u64::MAX) > now);
    assert!(next(now, now, interval(Duration::MAX)) > now);
    assert!(later(now, Duration::MAX) > now);
}

proptest! {
    #[test]
    fn the_next_run_is_the_first_point_of_the_grid_after_the_end(
        late in 0_u64..100_000, every in 1_000_u64..20_000,
    ) {
        let (due, every) = (Instant::now(), Duration::from_millis(every));
        let finished = due + Duration::from_millis(late);
        let next = next(due, finished, every);
        prop_assert!(next > finished);
        prop_assert!(next <= finished + every);
        prop_assert_eq!((next - due).as_nanos() % every.as_nanos(), 0);
    }
}
