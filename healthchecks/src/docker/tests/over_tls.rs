//! An engine over TCP with TLS, client certificates included, as `DOCKER_HOST` and its companions ask for it. They are
//! variables of a process: the part that has them is one of its own.

use std::{path::Path, process::Command, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{RootCertStore, ServerConfig, pki_types::PrivateKeyDer, server::WebPkiClientVerifier};
use serde_json::json;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, UnixStream},
};
use tokio_rustls::TlsAcceptor;

use super::{Case, run};
use crate::{
    Status,
    docker::Engine,
    probe::{Outcome, Reach},
};

#[tokio::test]
#[ignore = "the part of the next test that has the variables"]
async fn with_the_variables() {
    let reach = Reach { engine: Engine::new("us"), ..Reach::new() };
    let check = json!({"DockerContainerID": "web", "Args": ["echo", "over TLS"], "Timeout": "20s"});
    assert_eq!(run(&reach, check).await, Outcome::new(Status::Passing, "over TLS\n"));
}

/// Makes who signs, a certificate for both sides, and the files that a client has; and gives what a server has.
fn certificates(folder: &Path) -> ServerConfig {
    let mut signs = CertificateParams::new(Vec::new()).unwrap();
    signs.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own_key = KeyPair::generate().unwrap();
    let root = signs.self_signed(&own_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let both = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let both = both.signed_by(&key, &Issuer::new(signs, own_key)).unwrap();
    for (name, what, bytes) in [
        ("ca.pem", "CERTIFICATE", root.der().as_ref()),
        ("cert.pem", "CERTIFICATE", both.der().as_ref()),
        ("key.pem", "PRIVATE KEY", key.serialized_der()),
    ] {
        let text = format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", STANDARD.encode(bytes));
        std::fs::write(folder.join(name), text).unwrap();
    }
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![both.der().clone()], key)
        .unwrap()
}

#[tokio::test]
async fn an_engine_is_reached_over_tls() {
    let case = Case::new();
    let folder = tempfile::tempdir().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(certificates(folder.path())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let socket = case.engine.socket();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, socket) = (acceptor.clone(), socket.clone());
            tokio::spawn(async move {
                let mut inside = UnixStream::connect(socket).await.unwrap();
                let mut stream = acceptor.accept(stream).await.unwrap();
                // Who has what was asked for may leave without a word.
                let _ = copy_bidirectional(&mut stream, &mut inside).await;
            });
        }
    });
    let mut part = Command::new(std::env::current_exe().unwrap());
    part.args(["--exact", "docker::tests::over_tls::with_the_variables", "--ignored"])
        .env("DOCKER_HOST", format!("tcp://localhost:{port}"))
        .env("DOCKER_TLS_VERIFY", "1")
        .env("DOCKER_CERT_PATH", folder.path());
    let said = tokio::task::spawn_blocking(move || part.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && text.contains("1 passed"), "{text}");
}
