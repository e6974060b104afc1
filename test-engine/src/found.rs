//! An engine that is there already and belongs to others. It must only remove what this test made.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Everything that a test makes at an engine of others carries it, with the test as its value.
const LABEL: &str = "muster-test";

/// An engine of others; the containers of this test go when it is dropped.
#[derive(Debug)]
pub(crate) struct Found {
    address: String,
    label: String,
}

impl Found {
    /// The one that `DOCKER_HOST` names, else the one at the usual place, if it answers.
    pub(crate) fn look() -> Result<Self, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let address = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".into());
        let found = Self { address, label: format!("{LABEL}={}-{number}", std::process::id()) };
        crate::said(found.docker().arg("version")).map_err(|why| format!("{}: {why}", found.address))?;
        Ok(found)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    fn docker(&self) -> Command {
        crate::docker(&self.address)
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        let filter = format!("label={}", self.label);
        let ours = crate::said(self.docker().args(["ps", "--all", "--quiet", "--filter", &filter]));
        for id in ours.unwrap_or_default().lines() {
            let _ = crate::said(self.docker().args(["rm", "--force", "--volumes", id]));
        }
    }
}
