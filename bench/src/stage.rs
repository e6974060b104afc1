//! What every scenario may use: the options, the processors, and what was captured for the ceiling.

use std::path::{Path, PathBuf};

use crate::cpus::Cpus;
use crate::options::Options;
use crate::{BenchError, servers::Who};

/// What every scenario may use.
pub(crate) struct Stage {
    pub(crate) options: Options,
    pub(crate) cpus: Cpus,
    captured: tempfile::TempDir,
    data: tempfile::TempDir,
}

impl Stage {
    pub(crate) fn new(options: Options, cpus: Cpus) -> Result<Self, BenchError> {
        let folder = || tempfile::tempdir().map_err(BenchError::io("temporary folder"));
        Ok(Self { options, cpus, captured: folder()?, data: folder()? })
    }

    /// Muster's answers, each a file under its path: what the ceiling serves.
    pub(crate) fn captured(&self) -> &Path {
        self.captured.path()
    }

    /// A new folder for a server's data. It stays until the end: a file system that has just lost thousands of
    /// files makes new ones slowly, and the next contestant would pay for the last.
    pub(crate) fn data(&self) -> Result<PathBuf, BenchError> {
        let folder = tempfile::tempdir_in(self.data.path()).map_err(BenchError::io("temporary folder"))?;
        Ok(folder.keep())
    }

    /// The binary of a contestant that is a registry.
    pub(crate) fn binary(&self, who: Who) -> Result<&PathBuf, BenchError> {
        let found = match who {
            Who::Muster => Some(&self.options.muster),
            Who::Consul => self.options.consul(),
            Who::Ceiling => None,
        };
        found.ok_or_else(|| BenchError::Unexpected(format!("{who:?} has no registry here")))
    }
}
