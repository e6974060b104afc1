//! Names that are not ours: asked of the recursors, one after the other. Each question goes out with a fresh
//! random ID from a fresh port, and only its own answer is taken. How many are under way is limited.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::Message;
use hickory_proto::rr::RData;
use hickory_proto::serialize::binary::{BinEncodable as _, BinEncoder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::encode::{self, LARGEST_UDP};
use crate::name::Name;
use crate::record::{Data, Record, code};
use crate::wire::HEAD;

const MOST_UNDER_WAY: usize = 256;
const TRUNCATED: u8 = 0b10;

/// Asks the recursors.
pub(crate) struct Forward {
    /// Each with the time that it may take.
    recursors: Vec<(SocketAddr, Duration)>,
    permits: Semaphore,
}

impl Forward {
    pub(crate) fn new(recursors: Vec<SocketAddr>, each: Duration) -> Self {
        let recursors = recursors.into_iter().map(|recursor| (recursor, each)).collect();
        Self { recursors, permits: Semaphore::new(MOST_UNDER_WAY) }
    }

    /// Whether there is nobody to ask.
    pub(crate) fn is_empty(&self) -> bool {
        self.recursors.is_empty()
    }

    /// The answer to a question whose first `asked` bytes are head and question; with `whole`, one that was
    /// truncated is asked again by TCP. `None` where nobody answered.
    pub(crate) async fn ask(&self, packet: &[u8], asked: usize, whole: bool) -> Option<Vec<u8>> {
        let _permit = self.permits.try_acquire().ok()?;
        for (recursor, longest) in &self.recursors {
            let mut question = packet.to_vec();
            question.get_mut(..2)?.copy_from_slice(&rand::random::<[u8; 2]>());
            match timeout(*longest, one(*recursor, &question, asked, whole)).await {
                Ok(Ok(mut reply)) if is_final(&reply) => {
                    reply.get_mut(..2)?.copy_from_slice(packet.get(..2)?);
                    return Some(reply);
                }
                Ok(Ok(_)) => tracing::debug!(%recursor, "a recursor could not answer"),
                Ok(Err(error)) => tracing::debug!(%recursor, %error, "a recursor was not asked"),
                Err(_) => tracing::debug!(%recursor, "a recursor took too long"),
            }
        }
        None
    }

    /// The addresses of a name, with the aliases that lead to them.
    pub(crate) async fn addresses(&self, name: &Name, kind: u16) -> Vec<Record> {
        let question = encode::question(name, kind);
        let reply = self.ask(&question, question.len(), true).await;
        let Some(Ok(message)) = reply.map(|reply| Message::from_vec(&reply)) else { return Vec::new() };
        message.answers.iter().filter_map(record).collect()
    }
}

/// An answer that another recursor would not better.
fn is_final(reply: &[u8]) -> bool {
    reply.get(3).is_some_and(|flags| matches!(u16::from(flags & 0xf), code::NO_ERROR | code::NO_SUCH_NAME))
}

/// One question to one recursor.
async fn one(recursor: SocketAddr, question: &[u8], asked: usize, whole: bool) -> io::Result<Vec<u8>> {
    let any: IpAddr = match recursor {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    // Connected: the kernel takes datagrams from nobody else.
    socket.connect(recursor).await?;
    socket.send(question).await?;
    let mut reply = vec![0; usize::from(LARGEST_UDP)];
    loop {
        let length = socket.recv(&mut reply).await?;
        if answers(&reply[..length], question, asked) {
            reply.truncate(length);
            break;
        }
    }
    if whole && reply[2] & TRUNCATED != 0 { by_stream(recursor, question, asked).await } else { Ok(reply) }
}

async fn by_stream(recursor: SocketAddr, question: &[u8], asked: usize) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(recursor).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
    let mut reply = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut reply).await?;
    if answers(&reply, question, asked) { Ok(reply) } else { Err(io::Error::other("another answer came")) }
}

/// Whether `reply` is a response to this very question.
fn answers(reply: &[u8], question: &[u8], asked: usize) -> bool {
    reply.len() >= asked
        && asked >= HEAD
        && question.len() >= asked
        && reply[..2] == question[..2]
        && reply[2] & 0x80 != 0
        && reply[4..6] == [0, 1]
        && reply[HEAD..asked].eq_ignore_ascii_case(&question[HEAD..asked])
}

fn record(record: &hickory_proto::rr::Record) -> Option<Record> {
    let data = match &record.data {
        RData::A(address) => Data::A(address.0),
        RData::AAAA(address) => Data::Aaaa(address.0),
        RData::CNAME(target) => Data::Cname(name(&target.0)?),
        _ => return None,
    };
    Some(Record { owner: name(&record.name)?, ttl: record.ttl, data })
}

fn name(name: &hickory_proto::rr::Name) -> Option<Name> {
    let mut wire = Vec::new();
    name.emit(&mut BinEncoder::new(&mut wire)).ok()?;
    Name::from_wire(&wire)
}

#[cfg(test)]
mod tests;
