//! Definitions on disk: one file each, written beside, fsynced and renamed into place, so that a crash leaves
//! the old one or the new one. What was taken away stays as a mark until the catalog has forgotten it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The format of the files; a newer one is refused, not guessed.
const FORMAT: u32 = 1;

/// A service on disk.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredService {
    format: u32,
    pub(crate) definition: ServiceDefinition,
    /// It was deregistered, and the catalog may not know it yet.
    pub(crate) gone: bool,
}

/// A check on disk.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredCheck {
    format: u32,
    pub(crate) definition: CheckDefinition,
    /// The status at its last transition.
    pub(crate) status: String,
    pub(crate) output: String,
}

/// The folders of the definitions.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    services: Arc<Folder>,
    checks: Arc<Folder>,
}

impl Store {
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let services = Arc::new(Folder::open(folder.join("services"))?);
        Ok(Self { services, checks: Arc::new(Folder::open(folder.join("checks"))?) })
    }

    pub(crate) fn put_service(&self, definition: &ServiceDefinition, gone: bool) -> io::Result<()> {
        let stored = StoredService { format: FORMAT, definition: definition.clone(), gone };
        self.services.put(&definition.id, &stored)
    }

    pub(crate) fn put_check(
        &self,
        definition: &CheckDefinition,
        status: &str,
        output: &str,
    ) -> io::Result<()> {
        let (status, output) = (status.to_owned(), output.to_owned());
        let stored = StoredCheck { format: FORMAT, definition: definition.clone(), status, output };
        self.checks.put(&definition.id, &stored)
    }

    /// Removes the mark of an instance that is gone; one that was registered again stays.
    pub(crate) fn forget_gone(&self, id: &str) -> io::Result<()> {
        self.services.remove(id, |bytes| {
            serde_json::from_slice::<StoredService>(bytes).is_ok_and(|stored| stored.gone)
        })
    }

    pub(crate) fn forget_check(&self, id: &str) -> io::Result<()> {
        self.checks.remove(id, |_| true)
    }

    pub(crate) fn services(&self) -> io::Result<Vec<StoredService>> {
        read_all(&self.services.path, |stored: &StoredService| stored.format)
    }

    pub(crate) fn checks(&self) -> io::Result<Vec<StoredCheck>> {
        read_all(&self.checks.path, |stored: &StoredCheck| stored.format)
    }
}

/// One folder of files. Those who write at the same time share the flush of the folder.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// Names change one at a time, so that a mark is never taken for the registration that came after it.
    names: Mutex<()>,
    /// How many files got their name.
    named: AtomicU64,
    /// So many names of these are on disk.
    flushed: Mutex<u64>,
}

impl Folder {
    fn open(path: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&path)?;
        let folder =
            Self { path, names: Mutex::default(), named: AtomicU64::default(), flushed: Mutex::default() };
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

    fn put<T: Serialize>(&self, id: &str, stored: &T) -> io::Result<()> {
        let path = self.path.join(file_name(id));
        let turn = self.named.fetch_add(1, Ordering::Relaxed);
        let beside = path.with_extension(format!("{turn}.new"));
        let mut file = File::create(&beside)?;
        file.write_all(&serde_json::to_vec(stored)?)?;
        file.sync_all()?;
        let mine = {
            let _one = self.names.lock();
            fs::rename(&beside, &path)?;
            self.named.fetch_add(1, Ordering::AcqRel) + 1
        };
        self.flush(mine)
    }

    /// Returns when the name with this number is on disk. Who waits here for another's flush mostly finds that
    /// the next one took its own name along.
    fn flush(&self, mine: u64) -> io::Result<()> {
        let mut flushed = self.flushed.lock();
        if *flushed < mine {
            let all = self.named.load(Ordering::Acquire);
            File::open(&self.path)?.sync_all()?;
            *flushed = all;
        }
        Ok(())
    }

    fn remove(&self, id: &str, which: impl FnOnce(&[u8]) -> bool) -> io::Result<()> {
        let path = self.path.join(file_name(id));
        let _one = self.names.lock();
        match fs::read(&path) {
            Ok(bytes) if which(&bytes) => fs::remove_file(&path),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// A name for the file of any ID: readable, short, and different for different IDs.
fn file_name(id: &str) -> String {
    let readable: String =
        id.chars().take(100).map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    format!("{readable}-{:08x}.json", crc32fast::hash(id.as_bytes()))
}

/// Every definition in the folder. One that cannot be read is left where it is and told, and the others count:
/// a single torn file must not take a host out of the catalog.
fn read_all<T: DeserializeOwned>(folder: &Path, format: impl Fn(&T) -> u32) -> io::Result<Vec<T>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let stored: Result<T, String> = fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
        match stored {
            Ok(stored) if format(&stored) == FORMAT => found.push(stored),
            Ok(stored) => {
                let format = format(&stored);
                tracing::error!(path = %path.display(), format, "a definition of an unknown format is left aside");
            }
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "a definition cannot be read and is left aside");
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_again_and_a_torn_file_harms_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        for id in ["a/b", "a_b", "é", &"x".repeat(300)] {
            let definition = ServiceDefinition { id: id.into(), name: "n".into(), ..Default::default() };
            store.put_service(&definition, false).unwrap();
        }
        let check = CheckDefinition { id: "c".into(), ..Default::default() };
        store.put_check(&check, "passing", "fine").unwrap();
        fs::write(folder.path().join("services/torn.json"), b"{\"format\":1,").unwrap();
        assert_eq!(store.services().unwrap().len(), 4);
        store.forget_gone("a/b").unwrap();
        assert_eq!(store.services().unwrap().len(), 4, "one that is registered stays");
        let gone = ServiceDefinition { id: "a/b".into(), name: "n".into(), ..Default::default() };
        store.put_service(&gone, true).unwrap();
        store.forget_gone("a/b").unwrap();
        assert_eq!(store.services().unwrap().len(), 3);
        let checks = store.checks().unwrap();
        assert_eq!((checks[0].status.as_str(), &checks[0].definition), ("passing", &check));
    }
}
