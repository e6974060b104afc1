//! Room on the disk. A write is refused before it enters the log when there is none left; reads go on.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// What stays free, so that the log and a snapshot can always be finished.
const RESERVE: u64 = 64 << 20;

/// Whether there is room.
#[derive(Debug)]
pub(crate) struct Space {
    folder: PathBuf,
    full: AtomicBool,
}

impl Space {
    /// Watches the disk that holds `folder`.
    #[must_use]
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, full: AtomicBool::new(false) }
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
                RESERVE >> 20
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
        let full = free < RESERVE;
        if self.full.swap(full, Ordering::Relaxed) != full {
            tracing::warn!(full, free, "room on the disk changed");
        }
    }
}
