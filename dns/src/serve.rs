//! The sockets: UDP and TCP, with limits. The only file that reads a packet.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::{DNSClass, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Config, Directory, answer, fit, question};

/// What a client without EDNS can take by UDP (RFC 1035).
const PLAIN_UDP: usize = 512;
/// The most that is sent by UDP, whatever the client says it can take: larger ones would be fragmented.
const LARGEST_UDP: u16 = 4096;
const LARGEST_TCP: usize = u16::MAX as usize;
const TCP_CONNECTIONS: usize = 1024;
const TCP_IDLE: Duration = Duration::from_secs(10);

/// The bound sockets: who runs this room binds them.
pub struct Sockets {
    /// For datagrams.
    pub udp: UdpSocket,
    /// For streams.
    pub tcp: TcpListener,
}

/// Answers until `token` ends it.
///
/// # Errors
/// Where a socket fails for good.
pub async fn run(
    sockets: Sockets,
    directory: Arc<impl Directory>,
    config: Config,
    token: CancellationToken,
) -> io::Result<()> {
    let config = Arc::new(config);
    tokio::select! {
        result = datagrams(&sockets.udp, &*directory, &config) => result,
        result = streams(&sockets.tcp, &directory, &config) => result,
        () = token.cancelled() => Ok(()),
    }
}

async fn datagrams(socket: &UdpSocket, directory: &impl Directory, config: &Config) -> io::Result<()> {
    let mut packet = vec![0; LARGEST_TCP];
    loop {
        let (length, from) = match socket.recv_from(&mut packet).await {
            Ok(received) => received,
            // A client that is gone already is its own affair.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
            Err(error) => return Err(error),
        };
        if let Some(reply) = reply(&packet[..length], directory, config, false)
            && let Err(error) = socket.send_to(&reply, from).await
        {
            tracing::debug!(%error, %from, "an answer was not sent");
        }
    }
}

async fn streams(
    listener: &TcpListener,
    directory: &Arc<impl Directory>,
    config: &Arc<Config>,
) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(TCP_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let (stream, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(permit) = permits.clone().try_acquire_owned() else { continue };
        let (directory, config) = (directory.clone(), config.clone());
        connections.spawn(async move {
            let served = stream_of(stream, &*directory, &config).await;
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended");
            }
            drop(permit);
        });
    }
}

async fn stream_of(mut stream: TcpStream, directory: &impl Directory, config: &Config) -> io::Result<()> {
    loop {
        let length = match tokio::time::timeout(TCP_IDLE, stream.read_u16()).await {
            Ok(Ok(length)) => length,
            Ok(Err(_)) | Err(_) => return Ok(()),
        };
        let mut packet = vec![0; usize::from(length)];
        tokio::time::timeout(TCP_IDLE, stream.read_exact(&mut packet)).await??;
        let Some(reply) = reply(&packet, directory, config, true) else { return Ok(()) };
        let size = u16::try_from(reply.len()).map_err(io::Error::other)?;
        let mut framed = size.to_be_bytes().to_vec();
        framed.extend_from_slice(&reply);
        tokio::time::timeout(TCP_IDLE, stream.write_all(&framed)).await??;
    }
}

/// The reply to a packet; none to what is no question, so that nobody can make two servers talk for ever.
fn reply(packet: &[u8], directory: &impl Directory, config: &Config, stream: bool) -> Option<Vec<u8>> {
    let request = match Message::from_vec(packet) {
        Ok(request) => request,
        Err(_) => return malformed(packet),
    };
    if request.metadata.message_type == MessageType::Response {
        return None;
    }
    let (id, code) = (request.metadata.id, request.metadata.op_code);
    let mut message = Message::response(id, code);
    message.metadata.recursion_desired = request.metadata.recursion_desired;
    message.queries.clone_from(&request.queries);
    let asked = match request.queries.as_slice() {
        _ if code != OpCode::Query => Err(ResponseCode::NotImp),
        [asked] if matches!(asked.query_type, RecordType::AXFR | RecordType::IXFR) => {
            Err(ResponseCode::NotImp)
        }
        [asked] if matches!(asked.query_class, DNSClass::IN | DNSClass::ANY) => Ok(asked),
        [_] => Err(ResponseCode::Refused),
        _ => Err(ResponseCode::FormErr),
    };
    match asked {
        Err(refusal) => message.metadata.response_code = refusal,
        Ok(asked) => {
            let name = asked.name.to_lowercase().to_ascii();
            let question = question::parse(name.trim_end_matches('.'), &config.domain, &config.datacenter);
            let made =
                answer::answer(directory, config, &asked.name, asked.query_type, &question, &mut rand::rng());
            message.metadata.response_code = made.code;
            message.metadata.authoritative = made.code != ResponseCode::Refused;
            message.answers = made.answers;
            message.authorities = made.authorities;
            message.additionals = made.additionals;
        }
    }
    let mut limit = if stream { LARGEST_TCP } else { PLAIN_UDP };
    if let Some(theirs) = &request.edns {
        let size = theirs.max_payload().clamp(512, LARGEST_UDP);
        let mut ours = Edns::new();
        ours.set_max_payload(LARGEST_UDP);
        message.edns = Some(ours);
        if !stream {
            limit = usize::from(size);
        }
    }
    fit::encode(message, limit).ok()
}

/// FORMERR for a packet whose head can be read and is a question; silence for the rest.
fn malformed(packet: &[u8]) -> Option<Vec<u8>> {
    let head = packet.first_chunk::<12>()?;
    let is_response = head[2] & 0x80 != 0;
    if is_response {
        return None;
    }
    let id = u16::from_be_bytes([head[0], head[1]]);
    Message::error_msg(id, OpCode::Query, ResponseCode::FormErr).to_vec().ok()
}

#[cfg(test)]
mod tests;
