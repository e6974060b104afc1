//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// Longer than anything takes that works.
pub const LONG: Duration = Duration::from_secs(60);

/// Waits until `done`; fails after [`LONG`] and says what was waited for.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !done() {
        assert!(Instant::now() < deadline, "not within {LONG:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
