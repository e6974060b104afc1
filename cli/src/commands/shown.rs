//! How the commands that people read at night show times and outputs, and the choice between people and programs.

use std::time::Duration;

use muster_api::Stamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Failure;
use crate::commands::out::say;

/// For whom an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people.
    Pretty,
    /// For programs: the answer of the API as it came.
    Json,
}

/// Prints an answer of the API for programs.
pub(super) fn as_json(answer: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(answer);
    let text = text.map_err(|error| Failure::Said(format!("the answer cannot be written: {error}")))?;
    say!("{text}");
    Ok(())
}

/// An answer of the API as it may be put before people: names and outputs come from whoever registered them, and a
/// terminal obeys what is no letter. Only outputs and notes keep their lines.
pub(super) fn harmless<T: Serialize + DeserializeOwned>(answer: &T) -> Result<T, Failure> {
    let shown = serde_json::to_value(answer).and_then(|mut value| {
        escape(&mut value, false);
        serde_json::from_value(value)
    });
    shown.map_err(|error| Failure::Said(format!("the answer cannot be shown: {error}")))
}

fn escape(value: &mut Value, has_lines: bool) {
    match value {
        Value::String(text) => {
            let obeyed = |c: char| match c {
                '\n' | '\t' => !has_lines,
                // Marks that turn the direction of what follows.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
                c => c.is_control(),
            };
            if text.contains(obeyed) {
                let shown = |c: char| if obeyed(c) { c.escape_default().to_string() } else { c.to_string() };
                *text = text.replace("\r\n", "\n").chars().map(shown).collect();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| escape(value, has_lines)),
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(name, value)| escape(value, matches!(&**name, "Output" | "Notes")));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A moment, and how long before `now` it was.
pub(super) fn moment(at: Stamp, now: Stamp) -> String {
    let text = at.to_string();
    let (date, clock) = text.split_once('T').unwrap_or((&text, ""));
    let clock = clock.split('.').next().unwrap_or_default();
    format!("{date} {clock} UTC ({} ago)", span(at.until(now)))
}

/// A span in its two largest units.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) if seconds == 0 => format!("{}ms", span.as_millis()),
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{:02}s", seconds % 60),
        (0, ..) => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{days}d{:02}h", hours % 24),
    }
}

/// An output as a column of a table.
pub(super) fn in_table(output: &str) -> String {
    one_line(output, 60)
}

/// An output on one line, cut to so many characters.
pub(super) fn one_line(output: &str, most: usize) -> String {
    let line = output.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        None => line,
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_speaks_to_the_terminal() {
        let answer = serde_json::json!({
            "Name": "web\nw2 is fine\u{1b}[2J", "Port": 80, "Meta": { "Output": "a\r\nb\tc\u{9b}31m" },
            "Tags": ["\u{202e}gnp"], "Notes": "é\n\r", "Since": null,
        });
        let expected = serde_json::json!({
            "Name": "web\\nw2 is fine\\u{1b}[2J", "Port": 80, "Meta": { "Output": "a\nb\tc\\u{9b}31m" },
            "Tags": ["\\u{202e}gnp"], "Notes": "é\n\\r", "Since": null,
        });
        assert_eq!(harmless(&answer).ok(), Some(expected));
    }

    #[test]
    fn times_are_short_and_say_how_long_ago() {
        for (millis, text) in [
            (0, "0ms"),
            (900, "900ms"),
            (59_000, "59s"),
            (61_000, "1m01s"),
            (3_660_000, "1h01m"),
            (90_000_000, "1d01h"),
        ] {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
        let now = Stamp::from_millis(1_000_061_500);
        let shown = moment(Stamp::from_millis(1_000_000_000), now);
        assert_eq!(shown, "1970-01-12 13:46:40 UTC (1m01s ago)");
        assert_eq!(moment(now, Stamp::from_millis(0)), "1970-01-12 13:47:41 UTC (0ms ago)");
    }

    #[test]
    fn an_output_is_cut_between_characters() {
        assert_eq!(one_line("a\n  b", 9), "a b");
        assert_eq!(one_line("ééé", 2), "éé…");
    }
}
