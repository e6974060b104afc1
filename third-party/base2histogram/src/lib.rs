//! Stands in for the published `base2histogram`, which builds 27 MiB of tables at its first use, for sixteen
//! resolutions of which openraft uses one; twice what the rest of an idle server holds. It has what openraft
//! calls and no more, at the resolution of powers of two. It must never grow into a metrics library: drop it
//! once upstream builds its tables when they are asked for.

use std::fmt;
use std::marker::PhantomData;

/// How often values of each length in bits were recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram<T = ()> {
    by_bits: [u64; 65],
    slot: PhantomData<T>,
}

/// Values below which a share of all recorded ones lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is the share in percent")]
pub struct PercentileStats {
    /// How many values were recorded.
    pub samples: u64,
    pub p0_1: u64,
    pub p1: u64,
    pub p5: u64,
    pub p10: u64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p99_9: u64,
}

impl fmt::Display for PercentileStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl<T> Default for Histogram<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Histogram<T> {
    /// Nothing recorded.
    #[must_use]
    pub const fn new() -> Self {
        Self { by_bits: [0; 65], slot: PhantomData }
    }

    /// Counts one value.
    pub fn record(&mut self, value: u64) {
        self.record_n(value, 1);
    }

    /// Counts a value as often as `count` says.
    pub fn record_n(&mut self, value: u64, count: u64) {
        let bits = (u64::BITS - value.leading_zeros()) as usize;
        self.by_bits[bits] = self.by_bits[bits].saturating_add(count);
    }

    /// How many values were recorded.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_bits.iter().sum()
    }

    /// The usual percentiles, each as the smallest value of its power of two.
    #[must_use]
    pub fn percentile_stats(&self) -> PercentileStats {
        let samples = self.total();
        let at = |per_mille: u64| {
            let wanted = samples.saturating_mul(per_mille).div_ceil(1000).max(1);
            let mut seen: u64 = 0;
            for (bits, count) in self.by_bits.iter().enumerate() {
                seen = seen.saturating_add(*count);
                if seen >= wanted {
                    return if bits == 0 { 0 } else { 1 << (bits - 1) };
                }
            }
            0
        };
        PercentileStats {
            samples,
            p0_1: at(1),
            p1: at(10),
            p5: at(50),
            p10: at(100),
            p50: at(500),
            p90: at(900),
            p99: at(990),
            p99_9: at(999),
        }
    }
}

/// Several histograms under their names, as text.
#[derive(Clone, Debug, Default)]
pub struct AsciiChart(Vec<(String, PercentileStats)>);

impl AsciiChart {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more.
    #[must_use]
    pub fn add(mut self, name: &str, histogram: Histogram) -> Self {
        self.0.push((name.to_owned(), histogram.percentile_stats()));
        self
    }

    /// The chart in full; there is one form of it.
    #[must_use]
    pub fn detailed(&self) -> &Self {
        self
    }

    /// The chart in short; there is one form of it.
    #[must_use]
    pub fn compact(&self) -> &Self {
        self
    }
}

impl fmt::Display for AsciiChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, stats)| writeln!(f, "{name}: {stats:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn the_smallest_and_the_largest_value_have_a_place() {
        let mut histogram = Histogram::<()>::new();
        [0, 1, u64::MAX].into_iter().for_each(|value| histogram.record(value));
        let stats = histogram.percentile_stats();
        assert_eq!((stats.samples, stats.p1, stats.p50, stats.p99_9), (3, 0, 1, 1 << 63));
    }
}
