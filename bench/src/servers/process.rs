//! One process: its memory and its CPU time as the kernel tells them; ended when dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::BenchError;

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

/// What the threads that live have run, in seconds: finer than the ticks of `/proc/<pid>/stat`.
fn cpu_of(id: u32) -> Result<f64, BenchError> {
    let path = format!("/proc/{id}/task");
    let threads = std::fs::read_dir(&path).map_err(BenchError::io(&path))?;
    let nanos = threads.flatten().filter_map(|thread| {
        // One that has ended meanwhile counts no more.
        nanos(&std::fs::read_to_string(thread.path().join("schedstat")).ok()?)
    });
    Ok(nanos.sum::<f64>() / 1e9)
}

/// The run time in a `schedstat`: its first number.
fn nanos(schedstat: &str) -> Option<f64> {
    schedstat.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::nanos;

    #[test]
    fn the_first_number_is_the_time_run() {
        assert_eq!(nanos("1500000000 20 3\n"), Some(1.5e9));
        assert_eq!(nanos(""), None);
    }
}
