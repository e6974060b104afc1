//! Peers for tests: certificates made on the spot, and the way to those who trust them.

use std::{sync::Arc, time::Duration};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio_rustls::TlsAcceptor;

use super::Tls;
use crate::probe::Reach;

/// A peer's certificate for `web.test`, its own issuer.
pub(crate) struct Peer {
    pub(crate) acceptor: TlsAcceptor,
    roots: RootCertStore,
}

impl Peer {
    /// Its certificate is good for so many days from now; it speaks these protocols.
    pub(crate) fn new(days: u32, protocols: &[&str]) -> Self {
        let mut params = CertificateParams::new(vec!["web.test".to_owned()]).unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        // An hour more than whole days, so that a slow test counts the same.
        let life = Duration::from_secs(24 * 3600) * days + Duration::from_secs(3600);
        params.not_before = date_time_ymd(1970, 1, 1) + (now - Duration::from_secs(60));
        params.not_after = date_time_ymd(1970, 1, 1) + (now + life);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), roots }
    }

    /// The way of one who trusts it.
    pub(crate) fn reach(&self) -> Reach {
        Reach { tls: Tls::trusting(self.roots.clone()).unwrap(), ..Reach::new() }
    }
}
