//! A real listener. Texts pinned from Consul 1.8.7.

use std::time::Duration;

use muster_api::check::CheckDefinition;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

use super::Tcp;
use crate::{
    definition::Status,
    probe::{Outcome, Probe, Reach, Run},
    tls::peers::Peer,
};

async fn run(address: &str, time: Duration) -> Outcome {
    Tcp { address: address.to_owned(), tls: None }.run(&Run::new(&Reach::new(), 0, time)).await
}

#[tokio::test]
async fn an_open_port_passes_and_a_closed_one_does_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let outcome = run(&address, Duration::from_secs(10)).await;
    assert_eq!(outcome, Outcome::new(Status::Passing, format!("TCP connect {address}: Success")));
    drop(listener);
    let outcome = run(&address, Duration::from_secs(10)).await;
    assert_eq!(outcome, Outcome::critical(format!("dial tcp {address}: connect: connection refused")));
}

#[tokio::test]
async fn a_peer_that_does_not_answer_is_critical() {
    // A listener that accepts nobody: once its queue is full the kernel lets further calls ring.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (mut queue, mut rounds) = (Vec::new(), 0);
    let late = loop {
        let outcome = run(&address, Duration::from_millis(200)).await;
        if outcome.status == Status::Critical {
            break outcome;
        }
        let filler = TcpStream::connect(&address);
        queue.extend(timeout(Duration::from_millis(200), filler).await.ok());
        rounds += 1;
        assert!(rounds < 20, "the queue never fills");
    };
    assert_eq!(late, Outcome::critical(format!("dial tcp {address}: i/o timeout")));
}

#[tokio::test]
async fn with_tls_the_handshake_counts() {
    let peer = Peer::new(10, &[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let acceptor = peer.acceptor.clone();
    let serving = tokio::spawn(async move {
        for _ in 0..4 {
            let (stream, _) = listener.accept().await.unwrap();
            let _ = acceptor.accept(stream).await;
        }
        listener
    });
    let check = |days: i64| CheckDefinition {
        tcp: address.clone(),
        tcp_use_tls: true,
        tls_server_name: "web.test".to_owned(),
        warn_certificate_days: days,
        ..CheckDefinition::default()
    };
    let run = async |check: CheckDefinition, reach: &Reach, time: Duration| {
        Tcp::read(&check).unwrap().run(&Run::new(reach, 0, time)).await
    };
    let (trusting, stranger, time) = (peer.reach(), Reach::new(), Duration::from_secs(20));
    let success = format!("TCP connect {address}: Success");
    assert_eq!(run(check(0), &trusting, time).await, Outcome::new(Status::Passing, &*success));
    let warning = Outcome::new(Status::Warning, format!("the certificate expires in 10 days; {success}"));
    assert_eq!(run(check(30), &trusting, time).await, warning);
    let text = format!("TCP connect {address}: x509: certificate signed by unknown authority");
    assert_eq!(run(check(0), &stranger, time).await, Outcome::critical(text));
    let text = format!("TCP connect {address}: x509: certificate is not valid for 127.0.0.1");
    let by_address = CheckDefinition { tls_server_name: String::new(), ..check(0) };
    assert_eq!(run(by_address, &trusting, time).await, Outcome::critical(text));
    // The kernel still takes calls, and nobody shakes hands.
    let _listener = serving.await.unwrap();
    let late = run(check(0), &trusting, Duration::from_millis(300)).await;
    assert_eq!(late, Outcome::critical(format!("dial tcp {address}: i/o timeout")));
}

#[test]
fn a_number_of_days_that_is_none_is_refused() {
    for days in [-1, 36_501, i64::MAX] {
        let check =
            CheckDefinition { tcp_use_tls: true, warn_certificate_days: days, ..CheckDefinition::default() };
        let refusal = Tcp::read(&check).unwrap_err().to_string();
        let text =
            format!("Invalid check: WarnCertificateDays {days} must be a number of days from 1 to 36500");
        assert!(refusal.starts_with(&text), "{refusal}");
    }
}
