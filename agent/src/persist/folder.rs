//! One folder of files, each written beside, fsynced and renamed into place, so that a crash leaves the old one or
//! the new one. It never looks into what it keeps.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// Those who write at the same time share the flush of the folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Tells files apart that are written at the same time.
    beside: AtomicU64,
    /// How many files got their name.
    named: AtomicU64,
    /// So many names of these are on disk.
    flushed: Mutex<u64>,
}

impl Folder {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&path)?;
        let folder = Self {
            path,
            beside: AtomicU64::default(),
            named: AtomicU64::default(),
            flushed: Mutex::default(),
        };
        folder.sweep()?;
        Ok(folder)
    }

    /// What a crash left half written is of no use.
    fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "new") {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file and gives it its name. The name is on disk after [`Folder::flush`] of the number that comes back.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> io::Result<u64> {
        let turn = self.beside.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join(name);
        let beside = path.with_extension(format!("{turn}.new"));
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        Ok(self.named.fetch_add(1, Ordering::AcqRel) + 1)
    }

    /// Returns when the names up to this number are on disk. Who waits here for another's flush mostly finds that
    /// the next one took its own names along.
    pub(super) fn flush(&self, mine: u64) -> io::Result<()> {
        let mut flushed = self.flushed.lock();
        if *flushed < mine {
            let all = self.named.load(Ordering::Acquire);
            File::open(&self.path)?.sync_all()?;
            *flushed = all;
        }
        Ok(())
    }

    /// Takes a file away, if `which` says so of its content; whether it did.
    pub(super) fn remove(&self, name: &str, which: impl FnOnce(&[u8]) -> bool) -> io::Result<bool> {
        let path = self.path.join(name);
        match fs::read(&path) {
            Ok(bytes) if which(&bytes) => fs::remove_file(&path).map(|()| true),
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The files by name, each with its content or why it cannot be read.
    pub(super) fn read_all(&self) -> io::Result<Vec<(String, io::Result<Vec<u8>>)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(name) = name.filter(|_| path.extension().is_some_and(|kind| kind == "json")) {
                found.push((name.to_owned(), fs::read(&path)));
            }
        }
        Ok(found)
    }
}
