//! Bounded output and the forms of text in it. Pure; it must never hold more than its limit.

use std::time::Duration;

#[cfg(test)]
mod tests;

/// The bytes of output kept if nothing else is asked.
pub const DEFAULT_OUTPUT_LIMIT: usize = 4096;

/// No definition gets more than this: a report travels to the catalog and is stored there.
pub const MAX_OUTPUT_LIMIT: usize = 1 << 20;

/// The limit as it is used.
pub(crate) fn limit(asked: usize) -> usize {
    if asked == 0 { DEFAULT_OUTPUT_LIMIT } else { asked.min(MAX_OUTPUT_LIMIT) }
}

/// The last bytes of a stream. It holds twice the limit at most, and moves bytes once per limit.
#[derive(Debug)]
pub(crate) struct Tail {
    limit: usize,
    bytes: Vec<u8>,
    total: u64,
}

impl Tail {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, bytes: Vec::new(), total: 0 }
    }

    pub(crate) fn push(&mut self, chunk: &[u8]) {
        self.total = self.total.saturating_add(chunk.len() as u64);
        let last = &chunk[chunk.len().saturating_sub(self.limit)..];
        if self.bytes.len() + last.len() > self.limit.saturating_mul(2) {
            let keep = self.limit - last.len();
            let from = self.bytes.len().saturating_sub(keep);
            self.bytes.drain(..from);
        }
        self.bytes.extend_from_slice(last);
    }

    /// How many bytes went through.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// What is left, as text; bytes that are not UTF-8 become U+FFFD.
    pub(crate) fn text(&self) -> String {
        let last = &self.bytes[self.bytes.len().saturating_sub(self.limit)..];
        String::from_utf8_lossy(last).into_owned()
    }

    /// What is left, with a line that says so if something is missing.
    pub(crate) fn captured(&self) -> String {
        if self.total <= self.limit as u64 {
            return self.text();
        }
        format!("Captured {} of {} bytes\n...\n{}", self.limit, self.total, self.text())
    }
}

/// What a service said about itself, cut to the limit at a character's edge.
pub(crate) fn shortened(mut output: String, limit: usize) -> String {
    let total = output.len();
    if total <= limit {
        return output;
    }
    let kept = output.floor_char_boundary(limit);
    output.truncate(kept);
    format!("{output} ... (captured {kept} of {total} bytes)")
}

/// A duration as it stands in Consul's texts: `30s`, `1m30s`, `1.5s`, `150ms`.
pub(crate) fn duration(of: Duration) -> String {
    let (seconds, nanos) = (of.as_secs(), of.subsec_nanos());
    if seconds == 0 {
        return match nanos {
            0 => "0s".to_owned(),
            1..1_000 => format!("{nanos}ns"),
            1_000..1_000_000 => decimal(u64::from(nanos / 1_000), nanos % 1_000, 3, "µs"),
            _ => decimal(u64::from(nanos / 1_000_000), nanos % 1_000_000, 6, "ms"),
        };
    }
    let rest = decimal(seconds % 60, nanos, 9, "s");
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => rest,
        (0, minutes) => format!("{minutes}m{rest}"),
        (hours, minutes) => format!("{hours}h{minutes}m{rest}"),
    }
}

/// `whole.fraction` without zeros at its end.
fn decimal(whole: u64, fraction: u32, digits: usize, unit: &str) -> String {
    if fraction == 0 {
        return format!("{whole}{unit}");
    }
    let fraction = format!("{fraction:0digits$}");
    format!("{whole}.{}{unit}", fraction.trim_end_matches('0'))
}
