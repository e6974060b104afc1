//! Definitions on disk: one file each, written beside, fsynced and renamed into place, so that a crash leaves
//! the old one or the new one. What was taken away stays as a mark until the catalog has forgotten it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// The folder of the definitions.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    services: PathBuf,
    checks: PathBuf,
    /// One at a time, so that a mark is never taken for the registration that came after it.
    order: Arc<Mutex<()>>,
}

impl Store {
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let store =
            Self { services: folder.join("services"), checks: folder.join("checks"), order: Arc::default() };
        fs::create_dir_all(&store.services)?;
        fs::create_dir_all(&store.checks)?;
        Ok(store)
    }

    pub(crate) fn put_service(&self, definition: &ServiceDefinition, gone: bool) -> io::Result<()> {
        let _one = self.order.lock();
        let stored = StoredService { format: FORMAT, definition: definition.clone(), gone };
        write(&self.services, &definition.id, &stored)
    }

    pub(crate) fn put_check(
        &self,
        definition: &CheckDefinition,
        status: &str,
        output: &str,
    ) -> io::Result<()> {
        let _one = self.order.lock();
        let (status, output) = (status.to_owned(), output.to_owned());
        let stored = StoredCheck { format: FORMAT, definition: definition.clone(), status, output };
        write(&self.checks, &definition.id, &stored)
    }

    /// Removes the mark of an instance that is gone; one that was registered again stays.
    pub(crate) fn forget_gone(&self, id: &str) -> io::Result<()> {
        let _one = self.order.lock();
        let path = self.services.join(file_name(id));
        let stored =
            fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<StoredService>(&bytes).ok());
        if stored.is_some_and(|stored| stored.gone) { remove(&path) } else { Ok(()) }
    }

    pub(crate) fn forget_check(&self, id: &str) -> io::Result<()> {
        let _one = self.order.lock();
        remove(&self.checks.join(file_name(id)))
    }

    pub(crate) fn services(&self) -> io::Result<Vec<StoredService>> {
        read_all(&self.services, |stored: &StoredService| stored.format)
    }

    pub(crate) fn checks(&self) -> io::Result<Vec<StoredCheck>> {
        read_all(&self.checks, |stored: &StoredCheck| stored.format)
    }
}

/// A name for the file of any ID: readable, short, and different for different IDs.
fn file_name(id: &str) -> String {
    let readable: String =
        id.chars().take(100).map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    format!("{readable}-{:08x}.json", crc32fast::hash(id.as_bytes()))
}

fn write<T: Serialize>(folder: &Path, id: &str, stored: &T) -> io::Result<()> {
    let path = folder.join(file_name(id));
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    serde_json::to_writer(&mut file, stored)?;
    file.flush()?;
    file.sync_all()?;
    fs::rename(&beside, &path)?;
    File::open(folder)?.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
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
