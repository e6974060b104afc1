//! Who runs: command lines out of `/proc`. Reads only.

use std::path::Path;

/// The processes of this host that can be seen, with their command lines.
pub(crate) fn all() -> Vec<(u32, String)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let read = |id: u32| {
        let line = std::fs::read(format!("/proc/{id}/cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ");
        Some((id, line))
    };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(read).collect()
}

/// The command lines of those that are in a namespace of processes, or in one below it (which only root can tell).
/// Those that have ended and were not yet waited for have none, and are left out.
pub(crate) fn of(namespace: &Path) -> Vec<String> {
    let wanted = std::fs::read_link(namespace).ok();
    let inside = |id: u32| {
        // Containers have namespaces of their own: they count by whose children they are.
        let mut at = Some(id);
        while let Some(id) = at.filter(|id| *id > 1) {
            if std::fs::read_link(format!("/proc/{id}/ns/pid")).ok() == wanted {
                return true;
            }
            at = parent(id);
        }
        false
    };
    all().into_iter().filter(|(id, line)| !line.is_empty() && inside(*id)).map(|(_, line)| line).collect()
}

fn parent(id: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in brackets and may hold anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
