//! A moment as text: RFC 3339 in UTC, to the millisecond. Consul's own answers have none; ours do.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

/// The last moment that four digits of a year can hold, in milliseconds since 1970.
const LAST: u64 = 253_402_300_799_999;
const DAY: u64 = 86_400_000;

/// A moment, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(u64);

impl Stamp {
    /// So many milliseconds after 1970 began; the end of the year 9999 for what is later.
    #[must_use]
    pub fn from_millis(millis: u64) -> Self {
        Self(millis.min(LAST))
    }

    /// The same where it is known; 0 stands for what is not.
    #[must_use]
    pub fn known(millis: u64) -> Option<Self> {
        (millis > 0).then(|| Self::from_millis(millis))
    }

    /// This host's clock.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_millis(u64::try_from(since.as_millis()).unwrap_or(LAST))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn millis(self) -> u64 {
        self.0
    }

    /// How long before `later` this was; zero where it was not.
    #[must_use]
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(later.0.saturating_sub(self.0))
    }

    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts = text.split(['-', 'T', ':', '.', 'Z']);
        let numbers: Vec<u64> = parts.take(7).map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let [year, month, day, hour, minute, second, millis] = numbers[..] else { return None };
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let clock = ((hour * 60 + minute) * 60 + second) * 1000 + millis;
        let read = Self(days(year, month, day).checked_mul(DAY)?.checked_add(clock)?);
        // What is written in another way, or is no date, is none.
        (read.to_string() == text).then_some(read)
    }
}

/// Days from 1970 to a date of the Gregorian calendar; years begin in March, so that a leap day ends one.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year / 4 - year / 100 + year / 400;
    year * 365 + leaps + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// The date of a day after 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let years = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (years * 365 + years / 4 - years / 100);
    let month = (of_year * 5 + 2) / 153;
    let day = of_year - (month * 153 + 2) / 5 + 1;
    let (year, month) = if month < 10 { (years, month + 3) } else { (years + 1, month - 9) };
    (era * 400 + year, month, day)
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((year, month, day), clock) = (date(self.0 / DAY), self.0 % DAY);
        let (hour, minute) = (clock / 3_600_000, clock / 60_000 % 60);
        let (second, millis) = (clock / 1000 % 60, clock % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || de::Error::custom(format!("{text:?} is no moment such as 2026-11-25T17:20:00.000Z"));
        Self::parse(&text).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LAST, Stamp};

    #[test]
    fn a_moment_is_written_as_everybody_reads_it() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (LAST, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Stamp::from_millis(millis).to_string(), text);
            assert_eq!(Stamp::parse(text), Some(Stamp(millis)));
        }
        assert_eq!(Stamp::from_millis(u64::MAX), Stamp(LAST));
        for wrong in
            ["", "2026-02-30T00:00:00.000Z", "2026-1-01T00:00:00.000Z", "1969-12-31T00:00:00.000Z", "x"]
        {
            assert_eq!(Stamp::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(millis in 0..=LAST) {
            let stamp = Stamp::from_millis(millis);
            prop_assert_eq!(Stamp::parse(&stamp.to_string()), Some(stamp));
        }

        #[test]
        fn no_text_breaks_it(text in "\\PC{0,30}") {
            let _ = Stamp::parse(&text);
        }
    }
}
