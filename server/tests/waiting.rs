//! Queries that block, over the public API of real servers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use muster_registry::command::{Command, KvCommand};
use muster_registry::{Name, Response as Said};
use muster_server::consensus::types::Peer;
use muster_server::{Config, Server, Terms};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

struct Running {
    server: Server,
    address: String,
    token: CancellationToken,
    _folder: tempfile::TempDir,
}

async fn open(number: u32, expect: usize, join: &[String]) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let rpc = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = rpc.local_addr().unwrap().to_string();
    let node_id = format!("{number:08x}-0000-0000-0000-000000000000");
    let config = Config {
        datacenter: "dc1".into(),
        me: Peer { name: format!("server-{number}"), node_id, address: address.clone() },
        data_dir: folder.path().to_owned(),
        expect,
        retry_join: join.to_vec(),
        snapshot_after: 1000,
        disk_reserve: 0,
        blocked_queries: 16,
        terms: Terms::default(),
    };
    let token = CancellationToken::new();
    let server = Server::open(config, rpc, token.clone()).await.unwrap();
    Running { server, address, token, _folder: folder }
}

async fn get(router: &Router, target: &str) -> Response<Body> {
    let request = Request::get(target).body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

fn header<'r>(response: &'r Response<Body>, name: &str) -> &'r str {
    response.headers()[name].to_str().unwrap()
}

async fn until(what: &str, mut met: impl FnMut() -> bool) {
    let met = async {
        while !met() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), met).await;
    assert!(waited.is_ok(), "not within a minute: {what}");
}

async fn set(server: &Server, key: &str) -> u64 {
    let set = KvCommand::Set { key: Name::new(key), value: [1].into(), flags: 0, cas: None };
    assert_eq!(server.consensus.propose(Command::Kv(set)).await.unwrap(), Said::Applied(true));
    server.hub.view().index()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_blocks_by_whatever_letters_it_names_its_index() {
    let one = open(1, 1, &[]).await;
    let index = set(&one.server, "k").await;
    let router = one.server.router();
    for round in 0..2 {
        for name in ["index", "%69ndex", "inde%78"] {
            let began = Instant::now();
            let answer = get(&router, &format!("/v1/kv/k?{name}={index}&wait=300ms")).await;
            assert_eq!(header(&answer, "x-consul-index"), index.to_string());
            assert!(began.elapsed() >= Duration::from_millis(300), "{name} did not wait in round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_cut_off_while_a_query_waited_does_not_answer_as_if_it_were_led() {
    let first = open(1, 1, &[]).await;
    let join = [first.address.clone()];
    let (second, third) = (open(2, 0, &join).await, open(3, 0, &join).await);
    let voters = || first.server.consensus.peers().iter().filter(|(_, _, voter)| *voter).count();
    until("three vote", || voters() == 3).await;
    let index = set(&first.server, "k").await;
    until("the follower has it", || second.server.hub.view().index() >= index).await;
    let router = second.server.router();
    let ask = |mode: &str| {
        let (router, target) = (router.clone(), format!("/v1/kv/k?index={index}&wait=8s{mode}"));
        tokio::spawn(async move { get(&router, &target).await })
    };
    let (default, consistent, stale) = (ask(""), ask("&consistent"), ask("&stale"));
    // The three, and the server itself, which looks after names.
    until("all wait", || second.server.hub.waiting() >= 4).await;
    for gone in [third, first] {
        gone.token.cancel();
        gone.server.run().await.unwrap();
    }
    for asked in [default, consistent] {
        assert_eq!(asked.await.unwrap().status(), 500);
    }
    let stale = stale.await.unwrap();
    assert_eq!(stale.status(), 200);
    assert_eq!(header(&stale, "x-consul-knownleader"), "false");
    assert!(header(&stale, "x-consul-lastcontact").parse::<u64>().unwrap() > 0);
}
