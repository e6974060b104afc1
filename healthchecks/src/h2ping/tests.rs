//! A real server of HTTP/2, with and without TLS.

use std::{convert::Infallible, time::Duration};

use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use muster_api::check::CheckDefinition;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinSet,
};

use super::KIND;
use crate::{
    definition::Status,
    probe::{Outcome, Reach, Run},
    tls::peers::Peer,
};

const SECONDS: Duration = Duration::from_secs(20);

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = hyper::service::service_fn(async |_| {
        Ok::<_, Infallible>(http::Response::new(Empty::<bytes::Bytes>::new()))
    });
    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// A server; it ends with the set.
async fn server(tls: Option<&Peer>) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let acceptor = tls.map(|peer| peer.acceptor.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            match &acceptor {
                None => speak(stream).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        speak(stream).await;
                    }
                }
            }
        }
    });
    (address, tasks)
}

fn plain(address: &str) -> CheckDefinition {
    let h2ping = address.to_owned();
    CheckDefinition { h2ping, h2ping_use_tls: Some(false), ..CheckDefinition::default() }
}

async fn run(check: &CheckDefinition, reach: &Reach, time: Duration) -> Outcome {
    (KIND.read)(check).unwrap().run(&Run::new(reach, 0, time)).await
}

#[tokio::test]
async fn a_ping_that_is_answered_passes() {
    let (address, mut server) = server(None).await;
    let reach = Reach::new();
    for _ in 0..2 {
        let outcome = run(&plain(&address), &reach, SECONDS).await;
        assert_eq!(outcome, Outcome::new(Status::Passing, format!("HTTP2 ping {address}: Success")));
    }
    server.shutdown().await;
    let text = format!("HTTP2 ping {address}: dial tcp {address}: connect: connection refused");
    assert_eq!(run(&plain(&address), &reach, SECONDS).await, Outcome::critical(text));
}

#[tokio::test]
async fn tls_is_the_rule() {
    let peer = Peer::new(10, &["h2"]);
    let (address, _server) = server(Some(&peer)).await;
    let check = CheckDefinition {
        h2ping_use_tls: None,
        tls_server_name: "web.test".to_owned(),
        warn_certificate_days: 20,
        ..plain(&address)
    };
    let text = format!("the certificate expires in 10 days; HTTP2 ping {address}: Success");
    assert_eq!(run(&check, &peer.reach(), SECONDS).await, Outcome::new(Status::Warning, text));
    let text = format!("HTTP2 ping {address}: x509: certificate signed by unknown authority");
    assert_eq!(run(&check, &Reach::new(), SECONDS).await, Outcome::critical(text));
    let other = Peer::new(10, &[]);
    let (address, _server) = server(Some(&other)).await;
    let check = CheckDefinition { h2ping: address.clone(), ..check };
    let text = format!("HTTP2 ping {address}: tls: the peer does not offer HTTP/2 (ALPN \"h2\")");
    assert_eq!(run(&check, &other.reach(), SECONDS).await, Outcome::critical(text));
}

#[tokio::test]
async fn silence_and_another_language_are_critical() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let late = run(&plain(&address), &Reach::new(), Duration::from_millis(300)).await;
    assert_eq!(late, Outcome::critical(format!("HTTP2 ping {address}: no answer in time")));
    let mut peers = JoinSet::new();
    peers.spawn(async move {
        // The first one is the run that gave up.
        let _ = listener.accept().await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        crate::http::tests::serve(stream, crate::http::tests::OK).await;
    });
    let outcome = run(&plain(&address), &Reach::new(), SECONDS).await;
    assert_eq!(outcome.status, Status::Critical, "{outcome:?}");
}
