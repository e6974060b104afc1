//! One process: its memory and its CPU time as the kernel tells them; ended when dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::BenchError;

/// The kernel's clock of CPU time, in ticks a second, on every Linux that there is.
const TICKS: f64 = 100.0;

/// A running process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    errors: PathBuf,
}

impl Process {
    /// Starts it; what it says on stderr goes to a file in `folder`.
    pub(crate) fn start(mut command: Command, folder: &Path) -> Result<Self, BenchError> {
        let what = format!("{:?}", command.get_program());
        let errors = folder.join("stderr");
        let file = std::fs::File::create(&errors).map_err(BenchError::io(errors.display().to_string()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(BenchError::io(what))?;
        Ok(Self { child, errors })
    }

    /// Why it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        let said = std::fs::read_to_string(&self.errors).unwrap_or_default();
        Some(format!("it ended, {status}: {}", said.lines().last().unwrap_or("it said nothing")))
    }

    /// Resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> Result<f64, BenchError> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(&path).map_err(BenchError::io(&path))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        kib.map(|kib| kib / 1024.0).ok_or_else(|| BenchError::Unexpected(format!("{path} has no VmRSS")))
    }

    /// CPU seconds that it and its children have spent.
    pub(crate) fn cpu_seconds(&self) -> Result<f64, BenchError> {
        let id = self.child.id();
        let mut sum = cpu_of(id)?;
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            sum += cpu_of(child)?;
        }
        Ok(sum)
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, so that it ends its children too.
    fn terminate(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        for _ in 0..200 {
            if asked.is_err() || !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        if !children.trim().is_empty() {
            self.terminate();
        }
        self.kill();
    }
}

fn cpu_of(id: u32) -> Result<f64, BenchError> {
    let path = format!("/proc/{id}/stat");
    let text = std::fs::read_to_string(&path).map_err(BenchError::io(&path))?;
    ticks(&text)
        .map(|ticks| ticks / TICKS)
        .ok_or_else(|| BenchError::Unexpected(format!("{path} says {text}")))
}

/// User and system time in a line of `/proc/<pid>/stat`.
fn ticks(stat: &str) -> Option<f64> {
    // The name, in brackets, may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    Some(fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::ticks;

    #[test]
    fn reads_user_and_system_time_behind_any_name() {
        let line = "12 (a) b) S 1 12 12 0 -1 4194304 100 0 0 0 30 12 0 0 20 0 1 0";
        assert_eq!(ticks(line), Some(42.0));
        assert_eq!(ticks("12 (a"), None);
    }
}
