//! OS service: what systemd says of a unit of this host. Running is passing, not running is critical, everything in
//! between is a warning. It must never start, stop or change a unit.
//!
//! `systemctl show` is asked, not D-Bus: it is there wherever systemd is, and costs the agent nothing while it is idle.

mod unit;

use std::{path::Path, process::Stdio, sync::Arc, time::Duration};

use muster_api::{ApiError, check::CheckDefinition};
use tokio::{process::Command, time::timeout_at};

use crate::{
    kinds::Kind,
    probe::{Outcome, Probe, Run, Running},
};

#[cfg(test)]
mod tests;

pub(crate) const KIND: Kind = Kind {
    word: "os_service",
    claims: |check| !check.os_service.is_empty(),
    read: |check| Ok(Arc::new(OsService { unit: read(check)? })),
    commands: false,
    timeout: Duration::from_secs(10),
};

/// It is there where systemd runs as the first process (`sd_booted(3)`).
const BOOTED: &str = "/run/systemd/system";
/// The longest name that systemd takes.
const MAX_NAME: usize = 255;

/// A unit that should run.
#[derive(Debug)]
struct OsService {
    unit: String,
}

/// The name of the unit.
fn read(check: &CheckDefinition) -> Result<String, ApiError> {
    let unit = &check.os_service;
    let fits = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    if unit.len() > MAX_NAME || unit.starts_with('-') || !unit.chars().all(fits) {
        let why = "must be the name of a unit of systemd, such as \"nginx\" or \"nginx.service\"";
        return Err(ApiError::BadRequest(format!("Invalid check: OSService {unit:?} {why}")));
    }
    Ok(unit.clone())
}

impl Probe for OsService {
    fn run<'r>(&'r self, run: &'r Run<'r>) -> Running<'r> {
        Box::pin(async {
            if !Path::new(BOOTED).exists() {
                return Outcome::critical(format!(
                    "not supported here: {} cannot be asked for, systemd does not run on this host",
                    self.unit
                ));
            }
            match timeout_at(run.deadline, self.show()).await {
                Ok(Ok(said)) => unit::judge(&self.unit, &said),
                Ok(Err(why)) => Outcome::critical(format!("systemctl: {why}")),
                Err(_late) => {
                    Outcome::critical(format!("systemctl did not answer in time for {}", self.unit))
                }
            }
        })
    }
}

impl OsService {
    /// What systemd says of the unit.
    async fn show(&self) -> Result<String, String> {
        let asked = Command::new("systemctl")
            .args(["show", "--no-pager", "--property=LoadState,ActiveState,SubState", "--", &self.unit])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(|error| error.to_string())?;
        if !asked.status.success() {
            let words = String::from_utf8_lossy(&asked.stderr);
            let words: String = words.trim().chars().take(500).collect();
            return Err(format!("{}: {words}", asked.status));
        }
        Ok(String::from_utf8_lossy(&asked.stdout).into_owned())
    }
}
