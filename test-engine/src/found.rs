//! An engine that is there already and belongs to others. It must only remove what this test made.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::image::IMAGES;

/// Everything that a test makes at an engine of others carries it, with the test as its value.
const LABEL: &str = "muster-test";

/// An engine of others; the containers and images of this test go when it is dropped.
#[derive(Debug)]
pub(crate) struct Found {
    address: String,
    label: String,
    images: Mutex<Vec<String>>,
}

impl Found {
    /// The one that `DOCKER_HOST` names, else the one at the usual place, if it answers.
    pub(crate) fn look() -> Result<Self, String> {
        let usual = || "unix:///var/run/docker.sock".to_owned();
        Self::at(std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty()).unwrap_or_else(usual))
    }

    /// The one at an address, if it answers.
    fn at(address: String) -> Result<Self, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let label = format!("{LABEL}={}-{number}", std::process::id());
        let found = Self { address, label, images: Mutex::default() };
        crate::said(found.docker().arg("version")).map_err(|why| format!("{}: {why}", found.address))?;
        Ok(found)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// A name for an image that no other test has.
    pub(crate) fn image(&self, name: &str) -> String {
        let name = format!("{name}-{}", self.label.trim_start_matches(LABEL).trim_start_matches('='));
        self.images.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{IMAGES}/{name}"));
        name
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
        for image in std::mem::take(self.images.get_mut().unwrap_or_else(PoisonError::into_inner)) {
            let _ = crate::said(self.docker().args(["rmi", "--force", &image]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Found;
    use crate::{Engine, Home};

    /// The engine of others is one that was made for this.
    #[test]
    fn only_what_the_test_made_is_gone() {
        let own = Engine::own();
        let image = own.image("busy", &[]);
        let theirs = own.run(&[&image, "sleep", "1000"]);
        let found = Engine { home: Home::Found(Found::at(own.address()).unwrap()) };
        let image = found.image("busy", &[]);
        found.run(&[&image, "sleep", "1000"]);
        assert_eq!(own.docker(&["ps", "--quiet"]).lines().count(), 2);
        drop(found);
        assert_eq!(own.docker(&["ps", "--all", "--quiet", "--no-trunc"]), theirs);
        assert_eq!(own.docker(&["images", "--quiet"]).lines().count(), 1);
        assert!(Found::at("unix:///nowhere".into()).unwrap_err().starts_with("unix:///nowhere: "));
    }
}
