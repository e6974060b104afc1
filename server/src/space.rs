//! Room on the disk. A write is refused before it enters the log when there is none left; reads go on. What stays
//! free is enough for the next snapshot beside the last one, since without it the log could never be cut.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Between two looks at the disk.
const LOOK: Duration = Duration::from_millis(500);
/// A byte that is proposed takes up to so many until the log is cut: the log's file, its table, its compaction.
const AMPLIFIED: u64 = 3;

/// Whether there is room.
#[derive(Debug)]
pub(crate) struct Space {
    /// Holds `log` and `snapshots`.
    folder: PathBuf,
    /// What stays free at least.
    reserve: u64,
    /// Bytes above what stays free, at the last look and less what was let pass since.
    room: AtomicI64,
    kept: AtomicU64,
    sizes: Sizes,
}

/// What log and snapshot take, in bytes.
#[derive(Debug, Default)]
struct Sizes {
    log: AtomicU64,
    snapshot: AtomicU64,
}

impl Space {
    /// Watches the disk that holds `folder`, of which `reserve` bytes stay free at least.
    #[must_use]
    pub(crate) fn new(folder: PathBuf, reserve: u64) -> Self {
        let (room, kept) = (AtomicI64::new(i64::MAX), AtomicU64::new(reserve));
        Self { folder, reserve, room, kept, sizes: Sizes::default() }
    }

    /// Lets a write of so many bytes pass, or says why not.
    ///
    /// # Errors
    /// Where the disk is full.
    pub(crate) fn admit(&self, bytes: u64) -> Result<(), String> {
        let taken = i64::try_from(bytes.saturating_mul(AMPLIFIED)).unwrap_or(i64::MAX);
        if self.reserve == 0 {
            return Ok(());
        }
        if !self.has_room() {
            return Err(format!(
                "no space left on the disk of {}: writes are refused until {} MiB are free",
                self.folder.display(),
                self.kept.load(Ordering::Relaxed).div_ceil(1 << 20)
            ));
        }
        self.room.fetch_sub(taken, Ordering::Relaxed);
        Ok(())
    }

    /// Whether a write would pass now.
    pub(crate) fn has_room(&self) -> bool {
        self.room.load(Ordering::Relaxed) >= 0
    }

    /// What log and last snapshot take, in bytes, at the last look.
    pub(crate) fn taken(&self) -> (u64, u64) {
        (self.sizes.log.load(Ordering::Relaxed), self.sizes.snapshot.load(Ordering::Relaxed))
    }

    /// Looks again and again until the token ends it.
    pub(crate) async fn watch(&self, token: CancellationToken) {
        loop {
            self.look();
            tokio::select! {
                () = token.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    fn look(&self) {
        let Ok(disk) = nix::sys::statvfs::statvfs(&self.folder) else { return };
        let free = disk.blocks_available() * disk.fragment_size();
        let (log, snapshot) = (size(&self.folder.join("log")), size(&self.folder.join("snapshots")));
        self.sizes.log.store(log, Ordering::Relaxed);
        self.sizes.snapshot.store(snapshot, Ordering::Relaxed);
        let kept = kept(self.reserve, log, snapshot);
        self.kept.store(kept, Ordering::Relaxed);
        let (free, kept) = (i64::try_from(free), i64::try_from(kept));
        let room = free.unwrap_or(i64::MAX).saturating_sub(kept.unwrap_or(i64::MAX));
        let before = self.room.swap(room, Ordering::Relaxed);
        if (before < 0) != (room < 0) {
            tracing::warn!(full = room < 0, room, "room on the disk changed");
        }
    }
}

/// What must stay free: the reserve, and where it is set at all, room for a snapshot of the last one's size and of
/// all that the log holds besides.
fn kept(reserve: u64, log: u64, snapshot: u64) -> u64 {
    if reserve == 0 { 0 } else { reserve.saturating_add(snapshot / 4 * 5).saturating_add(log) }
}

/// The bytes of the files in `folder`.
fn size(folder: &Path) -> u64 {
    let Ok(files) = std::fs::read_dir(folder) else { return 0 };
    files.flatten().filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_the_reserve_a_write_is_refused_and_above_it_passes_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut space = Space::new(folder.path().to_owned(), u64::MAX);
        space.look();
        let why = space.admit(1).unwrap_err();
        assert!(why.contains("no space left on the disk"), "{why}");
        space.reserve = 1;
        space.look();
        space.admit(1).unwrap();
    }

    #[test]
    fn what_passes_between_two_looks_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::new(folder.path().to_owned(), 1);
        space.look();
        space.admit(u64::MAX).unwrap();
        assert!(!space.has_room());
        space.look();
        assert!(space.has_room(), "it was not written after all");
    }

    #[test]
    fn room_for_the_next_snapshot_stays_free() {
        assert_eq!(kept(100, 30, 80), 100 + 30 + 100);
        assert_eq!(kept(0, 30, 80), 0, "who wants no reserve has none");
    }
}
