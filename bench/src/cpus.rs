//! Who runs on which processor: half of them serve and half of them make the load, the same for every
//! contestant. Uses `taskset`, so that a server's process keeps its ID.

use std::path::Path;
use std::process::Command;

use crate::BenchError;

/// Lists of processors, as `taskset -c` takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cpus {
    /// For a server under load.
    pub(crate) server: String,
    /// How many these are.
    pub(crate) server_count: usize,
    /// For who makes the load.
    pub(crate) load: String,
    /// For servers whose load is not what is measured.
    pub(crate) all: String,
}

impl Cpus {
    /// Divides what this process may use.
    pub(crate) fn divided() -> Result<Self, BenchError> {
        let path = "/proc/self/status";
        let status = std::fs::read_to_string(path).map_err(BenchError::io(path))?;
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let cpus = list.map(|list| numbers(list.trim())).unwrap_or_default();
        if cpus.is_empty() {
            return Err(BenchError::Unexpected(format!("{path} names no processors")));
        }
        Ok(Self::of(&cpus))
    }

    fn of(cpus: &[usize]) -> Self {
        let half = cpus.len().div_ceil(2);
        let (server, load) = if cpus.len() == 1 { (cpus, cpus) } else { cpus.split_at(half) };
        Self { server: joined(server), server_count: server.len(), load: joined(load), all: joined(cpus) }
    }

    /// Moves this process to the load's processors.
    pub(crate) fn keep_to_load(&self) -> Result<(), BenchError> {
        let pid = std::process::id().to_string();
        let moved = Command::new("taskset").args(["-a", "-c", "-p", &self.load, &pid]).output();
        let moved = moved.map_err(BenchError::io("taskset"))?;
        if moved.status.success() {
            return Ok(());
        }
        Err(BenchError::Unexpected(format!("taskset: {}", String::from_utf8_lossy(&moved.stderr))))
    }
}

/// A command that will run `binary` on `cpus` alone, under the ID that it starts with.
pub(crate) fn command_on(cpus: &str, binary: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", cpus]).arg(binary);
    command
}

fn joined(cpus: &[usize]) -> String {
    cpus.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

/// The numbers in a list such as `0-2,5`.
fn numbers(list: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse(), last.parse::<usize>()) {
            found.extend(first..=last);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists_and_ranges() {
        assert_eq!(numbers("0-2,5"), [0, 1, 2, 5]);
        assert_eq!(numbers("3"), [3]);
        assert!(numbers("").is_empty());
    }

    #[test]
    fn halves_go_to_server_and_load_and_one_to_both() {
        let four = Cpus::of(&[0, 1, 2, 3]);
        assert_eq!((&*four.server, four.server_count, &*four.load, &*four.all), ("0,1", 2, "2,3", "0,1,2,3"));
        let one = Cpus::of(&[0]);
        assert_eq!((&*one.server, one.server_count, &*one.load), ("0", 1, "0"));
    }
}
