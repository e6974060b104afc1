//! Room on the disk. A write is refused before it enters the log when there is none left; reads go on.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Whether there is room.
#[derive(Debug)]
pub(crate) struct Space {
    folder: PathBuf,
    /// What stays free, so that the log and a snapshot can always be finished.
    reserve: u64,
    full: AtomicBool,
}

impl Space {
    /// Watches the disk that holds `folder`, of which `reserve` bytes stay free.
    #[must_use]
    pub(crate) fn new(folder: PathBuf, reserve: u64) -> Self {
        Self { folder, reserve, full: AtomicBool::new(false) }
    }

    /// Lets a write pass, or says why not.
    ///
    /// # Errors
    /// Where the disk is full.
    pub(crate) fn admit(&self) -> Result<(), String> {
        if self.full.load(Ordering::Relaxed) {
            return Err(format!(
                "no space left on the disk of {}: writes are refused until {} MiB are free",
                self.folder.display(),
                self.reserve >> 20
            ));
        }
        Ok(())
    }

    /// Looks every second until the token ends it.
    pub(crate) async fn watch(&self, token: CancellationToken) {
        loop {
            self.look();
            tokio::select! {
                () = token.cancelled() => return,
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    fn look(&self) {
        let Ok(disk) = nix::sys::statvfs::statvfs(&self.folder) else { return };
        let free = disk.blocks_available() * disk.fragment_size();
        let full = free < self.reserve;
        if self.full.swap(full, Ordering::Relaxed) != full {
            tracing::warn!(full, free, "room on the disk changed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_the_reserve_a_write_is_refused_and_above_it_passes_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut space = Space::new(folder.path().to_owned(), u64::MAX);
        space.look();
        let why = space.admit().unwrap_err();
        assert!(why.contains("no space left on the disk"), "{why}");
        space.reserve = 0;
        space.look();
        space.admit().unwrap();
    }
}
