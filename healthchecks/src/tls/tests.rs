//! A real TLS peer. Texts as Consul 1.8.7 has them, where two TLS libraries see the same thing.

use std::{sync::Arc, time::Duration};

use muster_api::check::CheckDefinition;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::Tls;
use crate::{
    definition::Status,
    http::tests::{OK, get, run, run_with, serve},
    probe::Outcome,
};

/// A peer whose certificate is for `web.test` and is its own issuer.
async fn tls_peer(connections: usize) -> String {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("testdata/cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("testdata/key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        for _ in 0..connections {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, OK).await;
            }
        }
    });
    address
}

fn tls_spec(url: &str, skip: bool, name: &str) -> CheckDefinition {
    CheckDefinition { tls_skip_verify: skip, tls_server_name: name.to_owned(), ..get(url) }
}

#[tokio::test]
async fn certificates_are_verified_unless_told_otherwise() {
    let address = tls_peer(4).await;
    let url = format!("https://{address}/x");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(include_bytes!("testdata/cert.pem")).unwrap()).unwrap();
    let trusting = || Tls::trusting(roots.clone()).unwrap();
    let time = Duration::from_secs(20);
    let passing = Outcome::new(Status::Passing, format!("HTTP GET {url}: 200 OK Output: hello"));
    let critical = |why: &str| Outcome::critical(format!("Get \"{url}\": x509: {why}"));

    assert_eq!(run_with(&tls_spec(&url, false, "web.test"), 4096, time, trusting()).await, passing);
    assert_eq!(run_with(&tls_spec(&url, true, ""), 4096, time, trusting()).await, passing);
    let outcome = run_with(&tls_spec(&url, false, ""), 4096, time, trusting()).await;
    assert_eq!(outcome, critical("certificate is not valid for 127.0.0.1"));
    let outcome = run(&tls_spec(&url, false, "web.test")).await;
    assert_eq!(
        outcome,
        critical("certificate signed by unknown authority"),
        "the host's roots do not know it"
    );
}

#[tokio::test]
async fn a_peer_without_tls_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        // Open until the other side has read it and gone.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let url = format!("https://{address}/");
    let text = format!("Get \"{url}\": tls: first record does not look like a TLS handshake");
    assert_eq!(run(&tls_spec(&url, true, "")).await, Outcome::critical(text));
}
