//! What the leader does by the clock leaves its mark: since when a node is dead, and why it went.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use muster_registry::command::{CheckSpec, Command, Registration, ServiceSpec};
use muster_registry::{Cause, Namespace, Status};
use muster_server::consensus::types::Peer;
use muster_server::{Config, Server, Terms};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A server that founds its own cluster and whose terms are short.
async fn founder(folder: &tempfile::TempDir) -> Server {
    let rpc = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = rpc.local_addr().unwrap().to_string();
    let node_id = "00000001-0000-0000-0000-000000000000".into();
    let terms =
        Terms { lease: Duration::from_millis(600), reap: Duration::from_millis(1500), ..Terms::default() };
    let config = Config {
        datacenter: "dc1".into(),
        me: Peer { name: "server".into(), node_id, address },
        data_dir: folder.path().to_owned(),
        expect: 1,
        retry_join: Vec::new(),
        snapshot_after: 500,
        disk_reserve: 0,
        blocked_queries: 16,
        terms,
    };
    Server::open(config, rpc, CancellationToken::new()).await.unwrap()
}

/// A node with an agent that is never heard.
fn silent() -> Command {
    let check = CheckSpec {
        id: "serfHealth".into(),
        namespace: Namespace::DEFAULT,
        name: "Serf Health Status".into(),
        status: Status::Passing,
        notes: "".into(),
        output: "".into(),
        service_id: "".into(),
        kind: "".into(),
        definition: "".into(),
    };
    let service = ServiceSpec { id: "w".into(), name: "web".into(), ..ServiceSpec::default() };
    Command::Register(Box::new(Registration {
        node: "silent".into(),
        address: "10.0.0.1".into(),
        service: Some(service),
        checks: vec![check],
        ..Registration::default()
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_dead_for_too_long_leaves_its_mark() {
    let folder = tempfile::tempdir().unwrap();
    let server = founder(&folder).await;
    server.consensus.propose(silent()).await.unwrap();
    let check = || server.hub.view().node_check("silent", "serfHealth").cloned();
    let registered = check().unwrap().since;
    assert!(registered > 1_700_000_000_000, "it is dated by the leader's clock: {registered}");
    let dead = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            match check() {
                Some(check) if check.spec.status == Status::Critical => return check.since,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    });
    let dead = dead.await.expect("the lease is lost");
    assert!(dead >= registered + 600, "it was lost after its term: {registered} {dead}");
    let gone = tokio::time::timeout(Duration::from_secs(30), async {
        while check().is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    gone.await.expect("the node is removed");
    let view = server.hub.view();
    let went: Vec<_> = view.departures().map(|went| (went.by, went.service.is_some())).collect();
    assert_eq!(went, [(Cause::Reaped, true), (Cause::Reaped, false)]);
    assert!(view.departures().all(|went| went.at > dead && &*went.node == "silent"));
}
