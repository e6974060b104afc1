//! A real gRPC server with the health service. Texts pinned from Consul 1.8.7.

mod server;

use std::time::Duration;

use muster_api::check::CheckDefinition;
use tokio::{net::TcpListener, task::JoinSet};

use self::server::{NOT_SERVING, SERVING, UNKNOWN, server};
use super::Grpc;
use crate::{
    definition::Status,
    probe::{Outcome, Probe, Reach, Run},
    tls::peers::Peer,
};

const SECONDS: Duration = Duration::from_secs(20);

fn asked(target: &str) -> CheckDefinition {
    CheckDefinition { grpc: target.to_owned(), ..CheckDefinition::default() }
}

async fn run(check: &CheckDefinition, reach: &Reach, time: Duration) -> Outcome {
    Grpc::read(check).unwrap().run(&Run::new(reach, 0, time)).await
}

#[tokio::test]
async fn serving_passes_and_nothing_else_does() {
    let (address, health, _server) = server(None).await;
    let reach = Reach::new();
    let ask = async |target: String| run(&asked(&target), &reach, SECONDS).await;
    let success = |target: &str| Outcome::new(Status::Passing, format!("gRPC check {target}: success"));
    let web = format!("{address}/web");
    assert_eq!(ask(address.clone()).await, success(&address));
    assert_eq!(ask(web.clone()).await, success(&web));
    let none = "rpc error: code = NotFound desc = service not registered";
    assert_eq!(ask(format!("{address}/none")).await, Outcome::critical(none));
    for status in [NOT_SERVING, UNKNOWN, 77] {
        health.set("web", status);
        let unwell = Outcome::critical("gRPC application didn't report service healthy");
        assert_eq!(ask(web.clone()).await, unwell, "{status}");
    }
    health.set("web", SERVING);
    assert_eq!(ask(web.clone()).await, success(&web), "it recovers");
}

#[tokio::test]
async fn nobody_there_and_silence_are_critical() {
    let reach = Reach::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let late = run(&asked(&address), &reach, Duration::from_millis(300)).await;
    let text = "rpc error: code = DeadlineExceeded desc = context deadline exceeded";
    assert_eq!(late, Outcome::critical(text), "the kernel takes the call, and nobody answers");
    drop(listener);
    let text = format!(
        "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing dial tcp \
         {address}: connect: connection refused\""
    );
    assert_eq!(run(&asked(&address), &reach, SECONDS).await, Outcome::critical(text));
    let text = "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing dial \
                tcp: address nonsense: missing port in address\"";
    assert_eq!(run(&asked("nonsense"), &reach, SECONDS).await, Outcome::critical(text));
}

#[tokio::test]
async fn a_peer_that_speaks_something_else_is_critical() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut peers = JoinSet::new();
    peers.spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        crate::http::tests::serve(stream, crate::http::tests::OK).await;
    });
    let outcome = run(&asked(&address), &Reach::new(), SECONDS).await;
    assert_eq!(outcome.status, Status::Critical, "{outcome:?}");
    assert!(outcome.output.starts_with("rpc error: code = Unavailable desc = "), "{outcome:?}");
}

#[tokio::test]
async fn tls_is_verified_and_its_end_is_foreseen() {
    let peer = Peer::new(10, &["h2"]);
    let (address, _health, _server) = server(Some(&peer)).await;
    let check = |name: &str, days: i64| CheckDefinition {
        grpc_use_tls: true,
        tls_server_name: name.to_owned(),
        warn_certificate_days: days,
        ..asked(&address)
    };
    let success = format!("gRPC check {address}: success");
    let (trusting, stranger) = (peer.reach(), Reach::new());
    let passing = Outcome::new(Status::Passing, &*success);
    assert_eq!(run(&check("web.test", 0), &trusting, SECONDS).await, passing);
    assert_eq!(run(&check("web.test", 9), &trusting, SECONDS).await, passing);
    let warning = Outcome::new(Status::Warning, format!("the certificate expires in 10 days; {success}"));
    assert_eq!(run(&check("web.test", 11), &trusting, SECONDS).await, warning);
    let any = CheckDefinition { tls_skip_verify: true, ..check("", 11) };
    assert_eq!(run(&any, &stranger, SECONDS).await, warning, "the dates of any certificate can be read");
    let text = "rpc error: code = Unavailable desc = connection error: desc = \"transport: authentication handshake \
                failed: x509: certificate signed by unknown authority\"";
    assert_eq!(run(&check("web.test", 0), &stranger, SECONDS).await, Outcome::critical(text));
}
