//! One request and its answer on one connection. The connection ends with the [`Exchange`].
//! It must never wait without its caller's deadline, nor spawn a task for the connection.

use std::{error::Error, io};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header::LOCATION};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::http1,
    ext::ReasonPhrase,
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;

use super::{
    Peer,
    expect::{Body, MAX_JUDGED},
    request::Request,
};
use crate::{alongside::Alongside, output::Tail};

/// The most that the head of an answer may take.
const MAX_HEAD: usize = 64 * 1024;

/// The most of a body that is read; a stream without an end must not keep a probe busy until its timeout.
const MAX_BODY: u64 = 4 << 20;

/// An answer whose head is there and whose body may still come.
pub(super) struct Exchange {
    status: StatusCode,
    reason: Option<ReasonPhrase>,
    pub(super) headers: HeaderMap,
    body: Incoming,
    connection: Alongside,
    /// Why somebody should look at the peer's certificate.
    pub(super) warning: Option<String>,
}

/// Asks once; the error is the text that comes after the method and the URL.
pub(super) async fn ask(request: &Request, peer: &Peer<'_>) -> Result<Exchange, String> {
    let dialer = &peer.reach.dialer;
    let stream = dialer.dial_host(request.host_name(), request.port()).await.map_err(|e| e.to_string())?;
    if request.is_tls() {
        let secured = peer.reach.tls.connect(stream, request.host_name(), peer.demands, &[]).await?;
        let answer = exchange(request, TokioIo::new(secured.stream)).await?;
        Ok(Exchange { warning: secured.warning, ..answer })
    } else {
        exchange(request, TokioIo::new(stream)).await
    }
}

async fn exchange<S>(request: &Request, stream: S) -> Result<Exchange, String>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let message = request.message(Full::new(Bytes::from(request.body.clone()))).map_err(|e| e.to_string())?;
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(MAX_HEAD).handshake(stream).await.map_err(|e| error_text(&e))?;
    let mut connection = Alongside::new(connection);
    let answer = connection.run(sender.send_request(message)).await.map_err(|e| error_text(&e))?;
    let (mut head, body) = answer.into_parts();
    let reason = head.extensions.remove::<ReasonPhrase>();
    Ok(Exchange { status: head.status, reason, headers: head.headers, body, connection, warning: None })
}

impl Exchange {
    pub(super) fn code(&self) -> u16 {
        self.status.as_u16()
    }

    /// `200 OK`, in the peer's own words.
    pub(super) fn status_line(&self) -> String {
        let reason = match &self.reason {
            Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
            None => self.status.canonical_reason().unwrap_or_default().to_owned(),
        };
        format!("{} {reason}", self.code())
    }

    pub(super) fn location(&self) -> Option<String> {
        let location = String::from_utf8_lossy(self.headers.get(LOCATION)?.as_bytes()).into_owned();
        (!location.is_empty()).then_some(location)
    }

    /// Reads the body until it ends, breaks off, or is longer than anything sane. Its beginning is kept where somebody
    /// wants to look at it.
    pub(super) async fn read(&mut self, tail: &mut Tail, mut kept: Option<&mut Body>) {
        while tail.total() < MAX_BODY
            && let Some(Ok(frame)) = self.connection.run(self.body.frame()).await
        {
            let Some(data) = frame.data_ref() else { continue };
            tail.push(data);
            if let Some(kept) = &mut kept {
                let room = MAX_JUDGED - kept.bytes.len();
                kept.bytes.extend_from_slice(&data[..data.len().min(room)]);
                kept.is_cut |= data.len() > room;
            }
        }
    }
}

fn error_text(error: &hyper::Error) -> String {
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return "EOF".to_owned();
    }
    if error.is_parse() {
        return format!("net/http: HTTP/1.x transport connection broken: malformed HTTP response ({error})");
    }
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionReset) => "read: connection reset by peer".to_owned(),
        Some(io::ErrorKind::BrokenPipe) => "write: broken pipe".to_owned(),
        Some(io::ErrorKind::UnexpectedEof) => "EOF".to_owned(),
        _ => cause.map_or_else(|| error.to_string(), ToString::to_string),
    }
}
