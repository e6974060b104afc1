//! Who this server is: its node's ID outlives restarts, and its own entry stands in the catalog.

use std::io;
use std::path::Path;
use std::time::Duration;

use muster_registry::command::{CheckSpec, Registration, ServiceSpec};
use muster_registry::{Command, Namespace, Response, Status};
use muster_server::consensus::Consensus;
use muster_server::consensus::types::Peer;
use tokio_util::sync::CancellationToken;

/// The node's ID, made once and kept in `folder`.
///
/// # Errors
/// Where the file can be neither read nor written, or holds no UUID.
pub(super) fn node_id(folder: &Path) -> io::Result<String> {
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

/// Puts this server, its `consul` service and its `serfHealth` check into the catalog, and looks every minute
/// that they are still there. What is already so moves no index.
pub(super) async fn keep_registered(consensus: Consensus, me: Peer, version: &str, token: CancellationToken) {
    loop {
        let pause = match consensus.propose(Command::Register(Box::new(registration(&me, version)))).await {
            Ok(Response::Rejected(refusal)) => {
                tracing::error!(%refusal, "this server cannot register itself");
                Duration::from_secs(15)
            }
            Ok(_) => Duration::from_secs(60),
            Err(error) => {
                tracing::warn!(%error, "this server is not registered yet");
                Duration::from_millis(500)
            }
        };
        tokio::select! {
            () = token.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn registration(me: &Peer, version: &str) -> Registration {
    let (ip, port) = me.address.rsplit_once(':').unwrap_or((&me.address, "0"));
    let text = |text: &str| std::sync::Arc::<str>::from(text);
    Registration {
        node: text(&me.name),
        node_id: text(&me.node_id),
        address: text(ip),
        tagged_addresses: ["lan", "wan"].map(|name| (text(name), text(ip))).into(),
        service: Some(ServiceSpec {
            id: text("consul"),
            name: text("consul"),
            port: port.parse().unwrap_or(0),
            meta: [(text("version"), text(version))].into(),
            weight_passing: 1,
            weight_warning: 1,
            ..ServiceSpec::default()
        }),
        checks: vec![CheckSpec {
            id: text("serfHealth"),
            namespace: Namespace::DEFAULT,
            name: text("Serf Health Status"),
            status: Status::Passing,
            notes: text(""),
            output: text("Agent alive and reachable"),
            service_id: text(""),
            kind: text(""),
            definition: text(""),
        }],
        ..Registration::default()
    }
}
