//! TTL: not a probe. The service speaks; silence turns the check critical. Pure; the table holds its clock.

#[cfg(test)]
mod tests;

/// The output once the word of a service has lapsed.
pub(crate) fn expired(last: &str) -> String {
    if last.is_empty() {
        return "TTL expired".to_owned();
    }
    format!("TTL expired (last output before timeout follows): {last}")
}
