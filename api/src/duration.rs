//! Durations as Go writes them (`1h2m3.5s`, `150ms`), and as JSON carries them: text, or a number of
//! nanoseconds.

use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Units by name, in nanoseconds. Longer names first: `ms` is no `m`.
const UNITS: [(&str, f64); 8] =
    [("ms", 1e6), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ns", 1.0), ("h", 3.6e12), ("m", 6e10), ("s", 1e9)];

/// Reads a duration; nothing where it is none, is negative or too long to hold.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut nanoseconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|at| *at > 0)?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, scale) = UNITS.into_iter().find(|(unit, _)| rest.starts_with(unit))?;
        nanoseconds += number * scale;
        rest = &rest[unit.len()..];
    }
    Duration::try_from_secs_f64(nanoseconds / 1e9).ok()
}

/// Writes a duration as Go does: `1h0m0s`, `1m30s`, `1.5s`, `150ms`, `0s`.
#[must_use]
pub fn format(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    if nanoseconds == 0 {
        return "0s".into();
    }
    if nanoseconds < 1_000_000_000 {
        let (scale, unit) = match nanoseconds {
            0..1_000 => (1.0, "ns"),
            1_000..1_000_000 => (1e3, "µs"),
            _ => (1e6, "ms"),
        };
        #[expect(clippy::cast_precision_loss, reason = "below a second, which a float holds exactly")]
        return format!("{}{unit}", nanoseconds as f64 / scale);
    }
    let (hours, minutes) = (duration.as_secs() / 3600, duration.as_secs() / 60 % 60);
    let seconds = Duration::new(duration.as_secs() % 60, duration.subsec_nanos()).as_secs_f64();
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// A duration in a JSON body; zero where none came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoDuration(pub Duration);

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format(self.0))
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

struct Either;

impl Visitor<'_> for Either {
    type Value = GoDuration;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a duration like \"10s\" or a number of nanoseconds")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<GoDuration, E> {
        if text.is_empty() {
            return Ok(GoDuration::default());
        }
        parse(text).map(GoDuration).ok_or_else(|| E::custom(format!("time: invalid duration {text:?}")))
    }

    fn visit_u64<E: de::Error>(self, nanoseconds: u64) -> Result<GoDuration, E> {
        Ok(GoDuration(Duration::from_nanos(nanoseconds)))
    }

    fn visit_i64<E: de::Error>(self, nanoseconds: i64) -> Result<GoDuration, E> {
        let nanoseconds = u64::try_from(nanoseconds)
            .map_err(|_| E::custom(format!("time: a duration of {nanoseconds} ns is negative")))?;
        self.visit_u64(nanoseconds)
    }

    fn visit_f64<E: de::Error>(self, nanoseconds: f64) -> Result<GoDuration, E> {
        Duration::try_from_secs_f64(nanoseconds / 1e9)
            .map(GoDuration)
            .map_err(|error| E::custom(format!("time: {error}")))
    }

    fn visit_unit<E: de::Error>(self) -> Result<GoDuration, E> {
        Ok(GoDuration::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_go_s() {
        for (text, milliseconds) in
            [("10s", 10_000), ("1m30s", 90_000), ("1.5s", 1500), ("120000ms", 120_000)]
        {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for bad in ["", "foo", "10", "s", "-1s", "1x", "1e400h"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn they_are_written_as_they_are_read() {
        for text in ["0s", "150ms", "1.5s", "10s", "1m0s", "1m30s", "72h0m0s", "1h0m0.25s", "5µs", "7ns"] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
    }

    #[test]
    fn json_carries_text_or_nanoseconds() {
        let read = |json: &str| serde_json::from_value::<GoDuration>(serde_json::from_str(json).unwrap());
        assert_eq!(read("\"2s\"").unwrap().0, Duration::from_secs(2));
        assert_eq!(read("5000000000").unwrap().0, Duration::from_secs(5));
        assert_eq!(read("\"zz\"").unwrap_err().to_string(), "time: invalid duration \"zz\"");
        assert!(read("-1").is_err());
    }
}
