//! Durations as Go has them: a signed number of nanoseconds in 64 bits. Text (`1h2m3.5s`, `-150ms`) is read and
//! written by Go's rules, and JSON carries text or a number of nanoseconds. Whether one that is not above zero
//! makes sense is for those to say who use it.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Units by name, in nanoseconds. Longer names first: `ms` is no `m`.
const UNITS: [(&str, i64); 8] = [
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];

/// Reads a duration; nothing where it is none, is negative or too long to hold.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let nanoseconds = signed(text).ok()?;
    u64::try_from(nanoseconds).ok().map(Duration::from_nanos)
}

/// Reads a duration of either sign, in nanoseconds.
///
/// # Errors
/// In Go's words, where it is none or is too long for 64 bits.
fn signed(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanoseconds = 0_i64;
    while !rest.is_empty() {
        let (whole, behind) = digits(rest);
        let (fraction, behind) = behind.strip_prefix('.').map_or(("", behind), digits);
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let name = &behind[..behind.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(behind.len())];
        if name.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let Some((_, unit)) = UNITS.into_iter().find(|(unit, _)| *unit == name) else {
            return Err(format!("time: unknown unit {name:?} in duration {text:?}"));
        };
        rest = &behind[name.len()..];
        nanoseconds = component(whole, fraction, unit)
            .and_then(|more| nanoseconds.checked_add(more))
            .ok_or_else(invalid)?;
    }
    Ok(if negative { -nanoseconds } else { nanoseconds })
}

/// The digits at the beginning, and the rest.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// `whole.fraction` of a unit; nothing where that is more than 64 bits hold.
fn component(whole: &str, fraction: &str, unit: i64) -> Option<i64> {
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let whole = whole.checked_mul(unit)?;
    // No unit has more digits than these.
    let (mut part, mut scale) = (0_i128, 1_i128);
    for digit in fraction.bytes().take(18) {
        part = part * 10 + i128::from(digit - b'0');
        scale *= 10;
    }
    whole.checked_add(i64::try_from(part * i128::from(unit) / scale).ok()?)
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

/// A duration in a JSON body, in nanoseconds; zero where none came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoDuration(i64);

impl GoDuration {
    /// Its length, where it is above zero.
    #[must_use]
    pub fn positive(self) -> Option<Duration> {
        u64::try_from(self.0).ok().filter(|nanoseconds| *nanoseconds > 0).map(Duration::from_nanos)
    }

    /// Its length; none where it is below zero.
    #[must_use]
    pub fn or_zero(self) -> Duration {
        self.positive().unwrap_or_default()
    }
}

impl From<Duration> for GoDuration {
    /// The longest that there is stands for what is longer.
    fn from(length: Duration) -> Self {
        Self(i64::try_from(length.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", format(Duration::from_nanos(self.0.unsigned_abs())))
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration like \"10s\" or a number of nanoseconds")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<GoDuration, E> {
        if text.is_empty() {
            return Ok(GoDuration::default());
        }
        signed(text).map(GoDuration).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, nanoseconds: u64) -> Result<GoDuration, E> {
        Ok(GoDuration(i64::try_from(nanoseconds).unwrap_or(TOO_LARGE)))
    }

    fn visit_i64<E: de::Error>(self, nanoseconds: i64) -> Result<GoDuration, E> {
        Ok(GoDuration(nanoseconds.max(TOO_LARGE)))
    }

    fn visit_f64<E: de::Error>(self, nanoseconds: f64) -> Result<GoDuration, E> {
        #[expect(clippy::cast_possible_truncation, reason = "what does not fit was sorted out")]
        let held = if nanoseconds.abs() < LIMIT { nanoseconds as i64 } else { TOO_LARGE };
        Ok(GoDuration(held))
    }

    fn visit_unit<E: de::Error>(self) -> Result<GoDuration, E> {
        Ok(GoDuration::default())
    }
}

/// What a number that 64 bits do not hold becomes where Consul runs: below zero, and so judged.
const TOO_LARGE: i64 = i64::MIN + 1;
/// The first whole number that is too large.
const LIMIT: f64 = 9_223_372_036_854_775_808.0;

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
        let longest = Duration::from_nanos(9_223_372_036_854_775_807);
        assert_eq!(parse("2562047h47m16.854775807s"), Some(longest));
        assert_eq!(parse("0.000000000000000000000000000000001h"), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_none_is_named_in_go_s_words() {
        for (text, words) in [
            ("2562047h47m16.854775808s", "invalid duration"),
            ("3000000000000000h", "invalid duration"),
            ("-9223372036854775808ns", "invalid duration"),
            ("99999999999999999999s", "invalid duration"),
            (".s", "invalid duration"),
            ("-", "invalid duration"),
            ("1.5.5s", "missing unit in duration"),
            ("10", "missing unit in duration"),
            ("5x", "unknown unit \"x\" in duration"),
        ] {
            assert_eq!(signed(text), Err(format!("time: {words} {text:?}")));
        }
        for (text, nanoseconds) in
            [("-1.5s", -1_500_000_000), ("-0", 0), ("+5.s", 5_000_000_000), (".5s", 500_000_000)]
        {
            assert_eq!(signed(text), Ok(nanoseconds));
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
        let read = |json: &str| serde_json::from_str::<GoDuration>(json);
        for (json, text) in [
            ("\"2s\"", "2s"),
            ("5000000000", "5s"),
            ("1.5e9", "1.5s"),
            ("\"-90s\"", "-1m30s"),
            ("-1", "-1ns"),
            ("null", "0s"),
        ] {
            let duration = read(json).unwrap();
            assert_eq!(duration.to_string(), text);
            assert_eq!(read(&serde_json::to_string(&duration).unwrap()).unwrap(), duration);
        }
        for above in ["9223372036854775808", "18446744073709551615", "1e30", "-1e300"] {
            let duration = read(above).unwrap();
            assert_eq!(duration.positive(), None, "{above}");
            assert_eq!(read(&serde_json::to_string(&duration).unwrap()).unwrap(), duration);
        }
        assert!(read("\"zz\"").unwrap_err().to_string().starts_with("time: invalid duration \"zz\""));
    }
}
