//! Who this node is: its ID outlives restarts.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use super::Common;

/// The agent's settings with the node's ID in them and the folder of its definitions.
///
/// # Errors
/// Where the ID can be neither read nor written, or is no UUID.
pub(super) fn complete(common: &Common) -> io::Result<muster_agent::Config> {
    let mut config = common.agent.clone();
    if config.node_id.is_empty() {
        config.node_id = node_id(&common.data_dir)?;
    }
    // Consul marks every node so; there are no segments.
    config.meta.insert("consul-network-segment".into(), String::new());
    if common.keep {
        config.data_dir = Some(common.data_dir.clone());
    }
    Ok(config)
}

/// The node's ID, made once and kept in `folder`.
fn node_id(folder: &Path) -> io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join("node-id");
    let kept = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    // An empty file is what a crash leaves of one that was not brought to the disk.
    if kept.trim().is_empty() {
        let id = uuid::Uuid::new_v4().to_string();
        keep(folder, &path, &id)?;
        return Ok(id);
    }
    let read = uuid::Uuid::parse_str(kept.trim());
    read.map(|id| id.to_string()).map_err(|error| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}; use a UUID", path.display()))
    })
}

/// Writes the ID beside and gives it its name when it is on disk.
fn keep(folder: &Path, path: &Path, id: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(id.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_made_once_and_an_empty_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let id = node_id(folder.path()).unwrap();
        assert_eq!(node_id(folder.path()).unwrap(), id);
        let path = folder.path().join("node-id");
        std::fs::write(&path, "\n").unwrap();
        let other = node_id(folder.path()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), other);
        std::fs::write(&path, "no UUID").unwrap();
        assert!(node_id(folder.path()).unwrap_err().to_string().contains("node-id"));
    }
}
