//! Servers that lead, have no leader, are silent, and die.

use super::super::fake_server::{FakeServer, Manner, until};
use super::*;

const LONG: Duration = Duration::from_secs(20);

fn servers(of: &[&FakeServer]) -> Servers {
    Servers::new(of.iter().map(|server| server.address.clone()).collect(), 8300).unwrap()
}

fn request(method: Method, path: &str) -> Request<Bytes> {
    Request::builder().method(method).uri(path).body(Bytes::from_static(b"{}")).unwrap()
}

#[tokio::test]
async fn a_server_without_a_leader_is_left_by_reads_writes_and_renewals() {
    for (method, path) in [(Method::GET, "/v1/kv/a"), (Method::PUT, "/v1/kv/a"), (Method::PUT, "/lease")] {
        let (lost, leads) =
            (FakeServer::start(Manner::Leaderless).await, FakeServer::start(Manner::Leads).await);
        let servers = servers(&[&lost, &leads]);
        let mut in_use = servers.in_use();
        for _ in 0..2 {
            assert_eq!(servers.call(request(method.clone(), path)).await.unwrap().body(), "done");
        }
        assert_eq!(servers.relay(request(method.clone(), path)).await.body(), "done");
        assert_eq!(lost.asked(&format!("{method}")), 1, "it is not asked first any more");
        assert_eq!(in_use.borrow_and_update().as_ref(), Some(&leads.address));
    }
}

#[tokio::test]
async fn where_nobody_leads_the_servers_own_words_come_through() {
    let (one, two) =
        (FakeServer::start(Manner::Leaderless).await, FakeServer::start(Manner::Leaderless).await);
    let servers = servers(&[&one, &two]);
    let reply = servers.relay(request(Method::GET, "/v1/kv/a")).await;
    assert_eq!((reply.status().as_u16(), &**reply.body()), (500, NO_LEADER.as_bytes()));
    two.kill().await;
    let reply = servers.relay(request(Method::GET, "/v1/kv/a")).await;
    assert_eq!(reply.body(), NO_LEADER);
    assert_eq!((one.asked("GET"), one.asked("PUT")), (2, 0));
}

#[tokio::test]
async fn what_may_have_been_done_is_sent_again_only_where_it_reads() {
    let (dies, leads) = (FakeServer::start(Manner::Silent).await, FakeServer::start(Manner::Leads).await);
    let servers = servers(&[&dies, &leads]);
    let (writes, reads) = (servers.clone(), servers.clone());
    let write = tokio::spawn(async move { writes.call(request(Method::PUT, "/v1/kv/a")).await });
    let read = tokio::spawn(async move { reads.call(request(Method::GET, "/v1/kv/a")).await });
    until("both are there", async || dies.asked("PUT") == 1 && dies.asked("GET") == 1).await;
    dies.kill().await;
    assert!(write.await.unwrap().is_err());
    assert_eq!(read.await.unwrap().unwrap().body(), "done");
    assert_eq!(leads.asked("PUT"), 0);
    // Where nobody listens nothing was done.
    assert_eq!(servers.call(request(Method::PUT, "/v1/kv/a")).await.unwrap().body(), "done");
}

#[tokio::test]
async fn a_renewal_does_not_wait_for_a_server_that_is_silent() {
    let (silent, leads) = (FakeServer::start(Manner::Silent).await, FakeServer::start(Manner::Leads).await);
    let servers = servers(&[&silent, &leads]);
    let renewed = tokio::time::timeout(Duration::from_secs(2), servers.call(request(Method::PUT, "/lease")));
    assert_eq!(renewed.await.expect("within what is left of a lease").unwrap().body(), "done");
}

#[tokio::test]
async fn the_list_of_servers_is_theirs() {
    let (configured, other) =
        (FakeServer::start(Manner::Leads).await, FakeServer::start(Manner::Leads).await);
    let servers = servers(&[&configured]);
    configured.list(&[&configured.address, &other.address]);
    assert!(servers.follow().await);
    assert_eq!(servers.0.known.lock().in_order(), [configured.address.clone(), other.address.clone()]);
    // Without a leader it may have been left behind: its list is not taken.
    configured.list(&["1.1.1.1:1"]);
    configured.turn(Manner::Leaderless);
    other.list(&["127.0.0.1:1"]);
    assert!(servers.follow().await);
    let expected = [configured.address.clone(), "127.0.0.1:1".into()];
    let mut known = servers.0.known.lock().in_order();
    known.sort_by_key(|address| *address != configured.address);
    assert_eq!(known, expected);
}

#[tokio::test]
async fn however_many_watch_leases_and_relay_have_their_own_way() {
    let server = FakeServer::start(Manner::Leads).await;
    let servers = servers(&[&server]);
    let mut watches = tokio::task::JoinSet::new();
    for at in 0..3000 {
        let (servers, address) = (servers.clone(), server.address.clone());
        watches.spawn(async move { servers.watch(&address, &format!("/names/service/{at}?index=1")).await });
    }
    for _ in 0..300 {
        let servers = servers.clone();
        watches.spawn(async move {
            servers.relay(request(Method::GET, "/hang?index=1")).await;
            Err("it came back".into())
        });
    }
    until("the lane is full of them", async || server.asked("GET /names") == 2048).await;
    until("the relayed ones are there", async || server.asked("GET /hang") == 300).await;
    for _ in 0..20 {
        let renewed = tokio::time::timeout(LONG, servers.call(request(Method::PUT, "/lease"))).await;
        assert_eq!(renewed.unwrap().unwrap().body(), "done");
        let relayed = servers.relay(request(Method::PUT, "/v1/kv/a"));
        assert_eq!(tokio::time::timeout(LONG, relayed).await.unwrap().body(), "done");
    }
    let refused = async {
        for _ in 0..3000 - 2048 {
            let why = watches.join_next().await.unwrap().unwrap().map(|told| told.led).unwrap_err();
            assert_eq!(why, Failed::Full.to_string());
        }
    };
    tokio::time::timeout(LONG, refused).await.expect("those that are too many are told so");
    assert_eq!(servers.in_use().borrow().as_ref(), Some(&server.address), "that is no fault of the server");
}
