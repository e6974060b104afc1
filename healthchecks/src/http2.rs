//! A connection that speaks HTTP/2 from its first byte, with or without TLS. It must never outlive its run, nor spawn a
//! task for itself.
//!
//! `h2` is used as it is: the ping of a check is below any client, and a client above it would drive the connection in
//! a task of its own.

use bytes::Bytes;
use h2::{
    PingPong,
    client::{Builder, SendRequest},
};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{alongside::Alongside, dial, probe::Reach, tls::Demands};

/// The most bytes of headers that are taken.
const MAX_HEADERS: u32 = 64 * 1024;

/// An open connection.
pub(crate) struct Connection {
    pub(crate) requests: SendRequest<Bytes>,
    pub(crate) ping: Option<PingPong>,
    pub(crate) alongside: Alongside,
    /// Why somebody should look at the peer's certificate.
    pub(crate) warning: Option<String>,
}

/// Why there is none.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Nobody to speak with.
    Dial(String),
    /// No TLS with whoever is there.
    Tls(String),
    /// Whoever is there speaks something else.
    Http2(String),
}

/// Connects to `host:port`; with TLS where something is demanded of it.
pub(crate) async fn open(reach: &Reach, address: &str, tls: Option<&Demands>) -> Result<Connection, Failed> {
    let stream = reach.dialer.dial(address).await.map_err(|error| Failed::Dial(error.to_string()))?;
    let Some(demands) = tls else { return handshake(stream, None).await };
    let (host, _) = dial::split(address).map_err(Failed::Dial)?;
    let secured = reach.tls.connect(stream, host, demands, &["h2"]).await.map_err(Failed::Tls)?;
    if secured.stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(Failed::Tls("tls: the peer does not offer HTTP/2 (ALPN \"h2\")".to_owned()));
    }
    handshake(secured.stream, secured.warning).await
}

async fn handshake<S>(stream: S, warning: Option<String>) -> Result<Connection, Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new();
    builder.enable_push(false).max_header_list_size(MAX_HEADERS);
    let (requests, mut connection) =
        builder.handshake(stream).await.map_err(|error| Failed::Http2(error_text(&error)))?;
    let ping = connection.ping_pong();
    Ok(Connection { requests, ping, alongside: Alongside::new(connection), warning })
}

/// The words for what went wrong on a connection.
pub(crate) fn error_text(error: &h2::Error) -> String {
    match error.get_io().map(std::io::Error::kind) {
        Some(std::io::ErrorKind::ConnectionReset) => "connection reset by peer".to_owned(),
        Some(std::io::ErrorKind::BrokenPipe | std::io::ErrorKind::UnexpectedEof) => {
            "connection closed".to_owned()
        }
        Some(_) | None => error.to_string(),
    }
}
