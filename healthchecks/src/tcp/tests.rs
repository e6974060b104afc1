//! A real listener. Texts pinned from Consul 1.8.7.

use std::time::Duration;

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

use super::Tcp;
use crate::{
    definition::Status,
    probe::{Outcome, Probe, Reach, Run},
};

async fn run(address: &str, time: Duration) -> Outcome {
    Tcp { address: address.to_owned() }.run(&Run::new(&Reach::new(), 0, time)).await
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
