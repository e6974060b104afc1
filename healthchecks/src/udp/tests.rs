//! Real sockets.

use std::time::Duration;

use tokio::{net::UdpSocket, time::Instant};

use super::Udp;
use crate::{
    definition::Status,
    probe::{Outcome, Probe, Reach, Run},
};

const SECONDS: Duration = Duration::from_secs(20);

async fn run(address: &str, time: Duration) -> Outcome {
    Udp { address: address.to_owned() }.run(&Run::new(&Reach::new(), 0, time)).await
}

fn success(address: &str) -> Outcome {
    Outcome::new(Status::Passing, format!("UDP connect {address}: Success"))
}

#[tokio::test]
async fn an_answer_passes_at_once() {
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = peer.local_addr().unwrap().to_string();
    let begun = Instant::now();
    let (outcome, ()) = tokio::join!(run(&address, SECONDS), async {
        let mut datagram = [0; 64];
        let (length, from) = peer.recv_from(&mut datagram).await.unwrap();
        assert!(length > 0);
        peer.send_to(b"more than a byte", from).await.unwrap();
    });
    assert_eq!(outcome, success(&address));
    assert!(begun.elapsed() < SECONDS / 2, "it did not wait for silence");
}

#[tokio::test]
async fn silence_passes_and_a_refusal_does_not() {
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = peer.local_addr().unwrap().to_string();
    let time = Duration::from_millis(200);
    assert_eq!(run(&address, time).await, success(&address));
    drop(peer);
    let text = format!("UDP read {address}: connection refused");
    assert_eq!(run(&address, SECONDS).await, Outcome::critical(text));
    let _peer = UdpSocket::bind(&address).await.unwrap();
    assert_eq!(run(&address, time).await, success(&address), "it recovers");
}

#[tokio::test]
async fn what_cannot_be_sent_to_says_why() {
    let text = "dial udp: address 127.0.0.1: missing port in address";
    assert_eq!(run("127.0.0.1", SECONDS).await, Outcome::critical(text));
    let text = "dial udp: lookup bad name: no such host";
    assert_eq!(run("bad name:53", SECONDS).await, Outcome::critical(text));
}
