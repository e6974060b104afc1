//! The ceiling of DNS: Knot, with the records that the registries make of the small catalog.

use std::path::Path;
use std::time::Duration;

use super::{Process, ports};
use crate::cpus::command_on;
use crate::{BenchError, load::question, seed, stage::Stage};

const TRIES: usize = 500;

/// A running Knot.
pub(crate) struct Knot {
    pub(crate) process: Process,
    pub(crate) port: u16,
    _folder: tempfile::TempDir,
}

impl Knot {
    /// Starts it and waits for its first answer.
    pub(crate) async fn start(stage: &Stage) -> Result<Self, BenchError> {
        let folder = tempfile::tempdir().map_err(BenchError::io("temporary folder"))?;
        let port = ports::free(1)?[0];
        let file = folder.path().join("knot.conf");
        let write = |name: &str, text: String| {
            std::fs::write(folder.path().join(name), text).map_err(BenchError::io(name))
        };
        write("knot.conf", configuration(folder.path(), port, stage.cpus.server_count))?;
        write("consul.zone", zone())?;
        let mut command = command_on(&stage.cpus.server, Path::new("knotd"));
        command.arg("-c").arg(&file);
        let mut process = Process::start(command, folder.path())?;
        for _ in 0..TRIES {
            if question::answers(port, "web.service.consul")?.is_some_and(|count| count > 0) {
                return Ok(Self { process, port, _folder: folder });
            }
            if let Some(why) = process.ended() {
                return Err(BenchError::Unexpected(format!("knotd: {why}")));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(BenchError::Unexpected("knotd does not answer".into()))
    }
}

fn configuration(folder: &Path, port: u16, workers: usize) -> String {
    let folder = folder.display();
    format!(
        "server:\n  listen: 127.0.0.1@{port}\n  rundir: {folder}\n  udp-workers: {workers}\n  tcp-workers: 1\n  \
         background-workers: 1\nlog:\n  - target: stderr\n    any: error\n\
         control:\n  listen: {folder}/knot.sock\ndatabase:\n  storage: {folder}/db\n\
         zone:\n  - domain: consul\n    storage: {folder}\n    file: consul.zone\n    zonefile-sync: -1\n    \
         journal-content: none\n"
    )
}

/// The zone in which the names of the small catalog have the records that Muster gives.
fn zone() -> String {
    let mut text = String::from(
        "$ORIGIN consul.\n$TTL 0\n@ SOA ns hostmaster 1 3600 600 86400 0\n@ NS ns\nns A 127.0.0.1\n",
    );
    for node in 0..seed::WEB {
        let address = seed::address(node);
        text.push_str(&format!("web.service A {address}\nweb.service SRV 1 1 8080 node{node}.node.dc1\n"));
        text.push_str(&format!("node{node}.node.dc1 A {address}\nnode{node}.node A {address}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_zone_has_the_instances_as_muster_names_them() {
        let zone = super::zone();
        assert!(zone.contains("web.service A 10.0.0.1\n"), "{zone}");
        assert!(zone.contains("web.service SRV 1 1 8080 node9.node.dc1\n"), "{zone}");
    }
}
