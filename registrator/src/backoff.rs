//! How long to wait before the next attempt: twice as long each time, within limits, and never all at once.

use std::time::Duration;

use rand::Rng as _;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3);

/// A series of waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(SHORTEST)
    }
}

impl Backoff {
    /// The next wait: from half of its length to all of it.
    pub(crate) fn next(&mut self) -> Duration {
        let length = self.0;
        self.0 = (length * 2).min(LONGEST);
        length.mul_f64(rand::rng().random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_within_limits() {
        let mut backoff = Backoff::default();
        let waits: Vec<Duration> = (0..10).map(|_| backoff.next()).collect();
        assert!(waits[0] <= SHORTEST && waits[9] >= LONGEST / 2);
        assert!(waits.iter().all(|wait| (SHORTEST / 2..=LONGEST).contains(wait)));
    }
}
