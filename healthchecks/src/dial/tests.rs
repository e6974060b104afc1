//! Texts pinned from Consul 1.8.7; connections are real.

use tokio::net::TcpListener;

use super::{Dialer, in_turn, race, split};

#[test]
fn addresses() {
    assert_eq!(split("web:80"), Ok(("web", 80)));
    assert_eq!(split(":80"), Ok(("", 80)));
    assert_eq!(split("[::1]:80"), Ok(("::1", 80)));
    assert_eq!(split("127.0.0.1:"), Ok(("127.0.0.1", 0)));
    let wrong = [
        ("127.0.0.1", "address 127.0.0.1: missing port in address"),
        ("localhost:zzz", "address tcp/zzz: unknown port"),
        ("127.0.0.1:99999", "address 99999: invalid port"),
        ("127.0.0.1:-1", "address -1: invalid port"),
        ("::1:80", "address ::1:80: too many colons in address"),
        ("[::1", "address [::1: missing ']' in address"),
        ("", "address : missing port in address"),
    ];
    for (address, text) in wrong {
        assert_eq!(split(address), Err(text.to_owned()));
    }
}

/// A port that refuses: it was ours a moment ago, and the kernel does not hand it out again so soon.
async fn refusing() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn the_other_address_is_tried() {
    let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (bad, good) = (refusing().await, open.local_addr().unwrap());
    assert_eq!(in_turn(&[bad, good]).await.unwrap().peer_addr().unwrap(), good);
    assert_eq!(race(&[bad], &[good]).await.unwrap().peer_addr().unwrap(), good);
    assert_eq!(race(&[good], &[bad]).await.unwrap().peer_addr().unwrap(), good);
}

#[tokio::test]
async fn the_first_error_is_told() {
    let (one, two) = (refusing().await, refusing().await);
    let text = format!("dial tcp {one}: connect: connection refused");
    assert_eq!(in_turn(&[one, two]).await.unwrap_err().to_string(), text);
    assert_eq!(race(&[one], &[two]).await.unwrap_err().to_string(), text);
}

#[tokio::test]
async fn names() {
    let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = open.local_addr().unwrap().port();
    let dialer = Dialer::new();
    dialer.dial(&format!("localhost:{port}")).await.unwrap();
    dialer.dial(&format!(":{port}")).await.unwrap();
    let error = dialer.dial("bad name:80").await.unwrap_err();
    assert_eq!(error.to_string(), "dial tcp: lookup bad name: no such host");
}
