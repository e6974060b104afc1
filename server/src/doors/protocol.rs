//! Which protocol a client speaks, by its first bytes, which stay unread. HTTP itself would wait for them without
//! an end; here the caller can set one.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;

/// What an HTTP/2 client says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Between two looks at a beginning that could be either.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Waits until the client has said enough.
pub(super) async fn of(stream: &TcpStream) -> io::Result<Protocol> {
    let mut first = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut first).await?;
        match first.get(..length) {
            None | Some([]) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Some(all) if all == PREFACE => return Ok(Protocol::Http2),
            Some(begun) if PREFACE.starts_with(begun) => tokio::time::sleep(LOOK_AGAIN).await,
            Some(_) => return Ok(Protocol::Http1),
        }
    }
}
