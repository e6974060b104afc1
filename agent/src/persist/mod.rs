//! What is defined here, on disk: one file for each ID, which says who defined it, or that it is gone and the
//! catalog may not know yet. Of what a configuration file defines only the ID is kept, and its check's health: the
//! definition is in the file. Who writes an ID holds its turn; the store itself puts nobody in order.

mod folder;

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::local::{Key, Origin};
use folder::Folder;

/// The format of the files that are written; a newer one is refused, not guessed. The first one knew neither what
/// files define nor checks that are gone.
const FORMAT: u32 = 2;

/// A service on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredService {
    format: u32,
    pub(crate) definition: ServiceDefinition,
    /// It was taken away, and the catalog may not know it yet.
    pub(crate) gone: bool,
    #[serde(default)]
    pub(crate) origin: Origin,
}

/// A check on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredCheck {
    format: u32,
    pub(crate) definition: CheckDefinition,
    /// The status at its last transition.
    pub(crate) status: String,
    pub(crate) output: String,
    /// It was taken away, and the catalog may not know it yet.
    #[serde(default)]
    pub(crate) gone: bool,
    #[serde(default)]
    pub(crate) origin: Origin,
    /// When it last turned, in milliseconds since 1970; 0 where that is not known.
    #[serde(default)]
    pub(crate) since: u64,
}

/// What is written for one ID.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Record {
    Service(Box<StoredService>),
    Check(Box<StoredCheck>),
}

impl Record {
    pub(crate) fn service(definition: &ServiceDefinition, origin: Origin) -> Self {
        let definition = match origin {
            Origin::Api => definition.clone(),
            Origin::File => ServiceDefinition { id: definition.id.clone(), ..Default::default() },
        };
        Self::Service(Box::new(StoredService { format: FORMAT, definition, gone: false, origin }))
    }

    pub(crate) fn check(definition: &CheckDefinition, origin: Origin, status: &str, output: &str) -> Self {
        let definition = match origin {
            Origin::Api => definition.clone(),
            Origin::File => CheckDefinition { id: definition.id.clone(), ..Default::default() },
        };
        let (status, output) = (status.to_owned(), output.to_owned());
        let (format, gone, since) = (FORMAT, false, 0);
        Self::Check(Box::new(StoredCheck { format, definition, status, output, gone, origin, since }))
    }

    /// The same of a check that has been as it is since then, in milliseconds since 1970.
    pub(crate) fn since(mut self, millis: u64) -> Self {
        if let Self::Check(stored) = &mut self {
            stored.since = millis;
        }
        self
    }

    pub(crate) fn gone(key: &Key) -> Self {
        match key {
            Key::Service(id) => {
                let definition = ServiceDefinition { id: id.clone(), ..Default::default() };
                let origin = Origin::Api;
                Self::Service(Box::new(StoredService { format: FORMAT, definition, gone: true, origin }))
            }
            Key::Check(id) => Self::Check(Box::new(StoredCheck {
                format: FORMAT,
                definition: CheckDefinition { id: id.clone(), ..Default::default() },
                status: String::new(),
                output: String::new(),
                gone: true,
                origin: Origin::Api,
                since: 0,
            })),
        }
    }

    fn key(&self) -> Key {
        match self {
            Self::Service(stored) => Key::Service(stored.definition.id.clone()),
            Self::Check(stored) => Key::Check(stored.definition.id.clone()),
        }
    }

    /// Whether it says that a file defines it.
    fn of_file(&self) -> bool {
        match self {
            Self::Service(stored) => !stored.gone && stored.origin == Origin::File,
            Self::Check(stored) => !stored.gone && stored.origin == Origin::File,
        }
    }

    fn bytes(&self) -> serde_json::Result<Vec<u8>> {
        match self {
            Self::Service(stored) => serde_json::to_vec(stored),
            Self::Check(stored) => serde_json::to_vec(stored),
        }
    }
}

/// What was found on disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) services: Vec<StoredService>,
    pub(crate) checks: Vec<StoredCheck>,
}

/// The folders of the definitions; a cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    services: Folder,
    checks: Folder,
    /// The names of files that cannot be read and are left where they are.
    aside: Mutex<HashSet<(bool, String)>>,
    /// What is written down as a file's: that need not be written again.
    of_files: Mutex<HashSet<Key>>,
}

impl Store {
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(Inner {
            services: Folder::open(folder.join("services"))?,
            checks: Folder::open(folder.join("checks"))?,
            aside: Mutex::default(),
            of_files: Mutex::default(),
        })))
    }

    fn folder(&self, key: &Key) -> &Folder {
        match key {
            Key::Service(_) => &self.0.services,
            Key::Check(_) => &self.0.checks,
        }
    }

    /// Writes records, in their order; they are on disk when it returns.
    pub(crate) fn put(&self, records: &[Record]) -> io::Result<()> {
        let (mut services, mut checks) = (0, 0);
        for record in records {
            let key = record.key();
            let named = self.folder(&key).put(&file_name(key.id()), &record.bytes()?)?;
            match key {
                Key::Service(_) => services = named,
                Key::Check(_) => checks = named,
            }
            self.0.aside.lock().remove(&place(&key));
            if record.of_file() {
                self.0.of_files.lock().insert(key);
            } else {
                self.0.of_files.lock().remove(&key);
            }
        }
        self.0.checks.flush(checks)?;
        self.0.services.flush(services)
    }

    /// Removes the mark of what is gone; what was registered again stays.
    pub(crate) fn forget_gone(&self, key: &Key) -> io::Result<()> {
        #[derive(Deserialize)]
        struct Mark {
            #[serde(default)]
            gone: bool,
        }
        let gone = |bytes: &[u8]| serde_json::from_slice(bytes).is_ok_and(|mark: Mark| mark.gone);
        self.folder(key).remove(&file_name(key.id()), gone).map(drop)
    }

    /// Whether it is written down already that a file defines this.
    pub(crate) fn is_of_file(&self, key: &Key) -> bool {
        self.0.of_files.lock().contains(key)
    }

    /// Whether a file that cannot be read is this one's.
    pub(crate) fn is_aside(&self, key: &Key) -> bool {
        let aside = self.0.aside.lock();
        !aside.is_empty() && aside.contains(&place(key))
    }

    /// Everything in the folders. What cannot be read is left where it is and told, and the others count: a single
    /// torn file must not take a host out of the catalog.
    pub(crate) fn read(&self) -> io::Result<Found> {
        let services = self.read_folder(&self.0.services, true, |one| Record::Service(Box::new(one)))?;
        let checks = self.read_folder(&self.0.checks, false, |one| Record::Check(Box::new(one)))?;
        Ok(Found { services, checks })
    }

    fn read_folder<T: DeserializeOwned + Clone>(
        &self,
        folder: &Folder,
        of_services: bool,
        record: impl Fn(T) -> Record,
    ) -> io::Result<Vec<T>> {
        let mut found = Vec::new();
        for (name, bytes) in folder.read_all()? {
            let read = bytes.map_err(|error| error.to_string()).and_then(|bytes| decode::<T>(&bytes));
            match read {
                Ok(stored) => {
                    let record = record(stored.clone());
                    if record.of_file() {
                        self.0.of_files.lock().insert(record.key());
                    }
                    found.push(stored);
                }
                Err(error) => {
                    let path = folder.path().join(&name);
                    tracing::error!(path = %path.display(), error, "a definition cannot be read and is left aside");
                    self.0.aside.lock().insert((of_services, name));
                }
            }
        }
        Ok(found)
    }
}

/// The format first: what a newer one means is not for us to guess.
fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if !(1..=FORMAT).contains(&head.format) {
        return Err(format!("its format {} is not known here", head.format));
    }
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// Which file this is: of a service or not, and its name.
fn place(key: &Key) -> (bool, String) {
    (matches!(key, Key::Service(_)), file_name(key.id()))
}

/// A name for the file of any ID: readable, short, and different for different IDs.
fn file_name(id: &str) -> String {
    let readable: String =
        id.chars().take(100).map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    format!("{readable}-{:08x}.json", crc32fast::hash(id.as_bytes()))
}

#[cfg(test)]
mod tests;
