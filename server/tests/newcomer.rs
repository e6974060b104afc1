//! A newcomer that is too far behind for the log takes a whole snapshot in, over the real RPC port.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use muster_registry::command::{Command, KvCommand};
use muster_registry::kv::query::Get;
use muster_registry::{Name, Query as _};
use muster_server::consensus::types::Peer;
use muster_server::{Config, Server, Terms};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

async fn open(number: u32, folder: &tempfile::TempDir, expect: usize, join: &[String]) -> (Server, String) {
    let rpc = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = rpc.local_addr().unwrap().to_string();
    let node_id = format!("{number:08x}-0000-0000-0000-000000000000");
    let me = Peer { name: format!("server-{number}"), node_id, address: address.clone() };
    let config = Config {
        datacenter: "dc1".into(),
        me,
        data_dir: folder.path().to_owned(),
        expect,
        retry_join: join.to_vec(),
        snapshot_after: 500,
        disk_reserve: 0,
        blocked_queries: 16,
        terms: Terms::default(),
    };
    (Server::open(config, rpc, CancellationToken::new()).await.unwrap(), address)
}

fn set(number: u64) -> Command {
    let key = Name::new(&format!("key/{number}"));
    Command::Kv(KvCommand::Set { key, value: vec![b'x'; 10_000].into(), flags: number, cas: None })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_takes_a_snapshot_in() {
    const KEYS: u64 = 2_500;
    let (first_folder, second_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, address) = open(1, &first_folder, 1, &[]).await;
    let writes = (0..KEYS).map(|number| {
        let consensus = first.consensus.clone();
        tokio::spawn(async move { consensus.propose(set(number)).await })
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.unwrap().unwrap();
    }
    // The log no longer holds the first of them.
    let purged = first.consensus.raft().wait(Some(Duration::from_secs(30)));
    purged.metrics(|metrics| metrics.purged.is_some(), "the log is cut").await.unwrap();
    let (second, _) = open(2, &second_folder, 0, &[address]).await;
    let joined = tokio::time::timeout(Duration::from_secs(60), async {
        while first.consensus.peers().iter().filter(|(_, _, voter)| *voter).count() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    joined.await.expect("the newcomer votes");
    let last = first.hub.view().index();
    let caught_up = second.consensus.raft().wait(Some(Duration::from_secs(30)));
    caught_up.applied_index_at_least(Some(last), "all of it is applied").await.unwrap();
    let view = second.hub.view();
    for number in 0..KEYS {
        let query = Get { key: Name::new(&format!("key/{number}")) };
        assert!(query.run(&view).answer.is_some(), "key {number} is missing");
    }
    assert!(second_folder.path().join("raft/snapshots/state.snapshot").exists());
}
