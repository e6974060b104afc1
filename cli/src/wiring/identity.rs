//! Who this node is: its ID outlives restarts.

use std::io;
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
    match std::fs::read_to_string(&path) {
        Ok(text) => match uuid::Uuid::parse_str(text.trim()) {
            Ok(id) => Ok(id.to_string()),
            Err(error) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display())))
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = uuid::Uuid::new_v4().to_string();
            std::fs::write(&path, &id)?;
            Ok(id)
        }
        Err(error) => Err(error),
    }
}
