//! TLS towards what is probed: two configurations, each made once when a check first needs it.
//! It must never resume a session, or read the host's certificates again for every run.

mod expiry;

use std::sync::Arc;

use muster_api::{ApiError, check::CheckDefinition};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, InvalidMessage, RootCertStore, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{net::TcpStream, sync::OnceCell};
use tokio_rustls::{TlsConnector, client::TlsStream};

#[cfg(test)]
pub(crate) mod peers;
#[cfg(test)]
mod tests;

/// What a check demands of the TLS of its peer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demands {
    /// The name that the certificate must carry instead of the host that is dialed; empty means the host.
    server_name: String,
    /// Accept any certificate.
    skip_verify: bool,
    /// A certificate that expires within so many days is a warning; none means that it never is.
    warn_days: Option<u32>,
}

impl Demands {
    /// # Errors
    /// Where there is no such number of days.
    pub(crate) fn read(check: &CheckDefinition) -> Result<Self, ApiError> {
        Ok(Self {
            server_name: check.tls_server_name.clone(),
            skip_verify: check.tls_skip_verify,
            warn_days: expiry::days(check.warn_certificate_days)?,
        })
    }
}

/// A connection with TLS.
#[derive(Debug)]
pub(crate) struct Secured {
    pub(crate) stream: TlsStream<TcpStream>,
    /// Why somebody should look at the peer's certificate, though all is well.
    pub(crate) warning: Option<String>,
}

/// The configurations.
#[derive(Debug)]
pub(crate) struct Tls {
    provider: Arc<CryptoProvider>,
    verified: OnceCell<Arc<ClientConfig>>,
    unverified: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub(crate) fn new() -> Self {
        Self {
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            verified: OnceCell::new(),
            unverified: OnceCell::new(),
        }
    }

    /// Trusts the given roots instead of the host's.
    #[cfg(test)]
    pub(crate) fn trusting(roots: RootCertStore) -> Result<Self, String> {
        let tls = Self::new();
        let config = with_roots(tls.provider.clone(), roots)?;
        Ok(Self { verified: OnceCell::new_with(Some(config)), ..tls })
    }

    /// The handshake with `host`, in one of the `protocols` if some are named; the error is the text for the check's
    /// output.
    pub(crate) async fn connect(
        &self,
        stream: TcpStream,
        host: &str,
        demands: &Demands,
        protocols: &[&str],
    ) -> Result<Secured, String> {
        let config = self.config(demands.skip_verify).await?;
        let name = if demands.server_name.is_empty() { host } else { &demands.server_name };
        let server = ServerName::try_from(name.to_owned())
            .map_err(|_| format!("x509: \"{name}\" is not a name that a certificate can carry"))?;
        let protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let connector = TlsConnector::from(config);
        let connected = connector.with_alpn(protocols).connect(server, stream).await;
        let stream = connected.map_err(|error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            match inner {
                Some(inner) => error_text(inner, name),
                None if error.kind() == std::io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
                None => error.to_string(),
            }
        })?;
        let algorithms = &self.provider.signature_verification_algorithms;
        let warning = demands.warn_days.and_then(|days| {
            let leaf = stream.get_ref().1.peer_certificates()?.first()?;
            expiry::within(leaf, days, UnixTime::now(), algorithms)
        });
        Ok(Secured { stream, warning })
    }

    async fn config(&self, skip_verify: bool) -> Result<Arc<ClientConfig>, String> {
        let made = if skip_verify {
            self.unverified.get_or_try_init(|| async { unverified(self.provider.clone()) }).await
        } else {
            let provider = self.provider.clone();
            self.verified
                .get_or_try_init(|| async {
                    // Reads a few hundred files.
                    tokio::task::spawn_blocking(|| verified(provider)).await.map_err(|e| e.to_string())?
                })
                .await
        };
        made.cloned()
    }
}

fn verified(provider: Arc<CryptoProvider>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "some of the host's root certificates cannot be read");
    }
    roots.add_parsable_certificates(found.certs);
    with_roots(provider, roots)
}

fn with_roots(provider: Arc<CryptoProvider>, roots: RootCertStore) -> Result<Arc<ClientConfig>, String> {
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn unverified(provider: Arc<CryptoProvider>) -> Result<Arc<ClientConfig>, String> {
    let any = Arc::new(AnyCertificate(provider.clone()));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = builder.dangerous().with_custom_certificate_verifier(any).with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// `TLSSkipVerify`: the owner of the check said that any certificate will do.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn error_text(error: &rustls::Error, name: &str) -> String {
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return match error {
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
                "tls: first record does not look like a TLS handshake".to_owned()
            }
            rustls::Error::AlertReceived(alert) => format!("remote error: tls: {alert:?}"),
            rustls::Error::NoApplicationProtocol => "tls: the peer speaks no HTTP/2 over TLS".to_owned(),
            error => format!("tls: {error}"),
        };
    };
    match certificate {
        CertificateError::UnknownIssuer => "x509: certificate signed by unknown authority".to_owned(),
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "x509: certificate has expired or is not yet valid".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("x509: certificate is not valid for {name}")
        }
        other => format!("x509: {other}"),
    }
}
