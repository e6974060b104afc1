//! ICMP echo: passing if the host answers a ping. It must never need more rights than a ping of the host does.
//!
//! A ping socket needs no right where the system allows it (`net.ipv4.ping_group_range`); where it does not, a raw
//! socket needs `CAP_NET_RAW`.

mod packet;

use std::{
    hash::{BuildHasher, RandomState},
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::UdpSocket,
    time::{timeout, timeout_at},
};

use self::packet::Token;
use crate::{
    definition::Status,
    dial,
    kinds::Kind,
    probe::{Outcome, Probe, Run, Running},
};

#[cfg(test)]
mod tests;

pub(crate) const KIND: Kind = Kind {
    word: "icmp",
    claims: |check| !check.icmp.is_empty(),
    read: |check| Ok(Arc::new(Icmp { host: check.icmp.clone() })),
    commands: false,
    timeout: Duration::from_secs(10),
};

/// One lost packet is no dead host: so long after one request comes the next.
const AGAIN: Duration = Duration::from_secs(1);
/// More than an answer to what is sent here.
const MAX_PACKET: usize = 512;

/// A host that should answer.
#[derive(Debug)]
struct Icmp {
    /// A name or an address.
    host: String,
}

impl Probe for Icmp {
    fn run<'r>(&'r self, run: &'r Run<'r>) -> Running<'r> {
        Box::pin(async {
            let failed = |why: &str| Outcome::critical(format!("ICMP echo {}: {why}", self.host));
            match timeout_at(run.deadline, self.ping(run)).await {
                Ok(Ok(())) => Outcome::new(Status::Passing, format!("ICMP echo {}: Success", self.host)),
                Ok(Err(why)) => failed(&why),
                Err(_late) => failed("no answer in time"),
            }
        })
    }
}

impl Icmp {
    async fn ping(&self, run: &Run<'_>) -> Result<(), String> {
        let found = run.reach.dialer.lookup(&self.host, 0).await?;
        let peer = found.first().map(SocketAddr::ip).ok_or("no address")?;
        let (socket, is_raw) = open(peer)?;
        let told = |error: io::Error| dial::why(&error);
        let hasher = RandomState::new();
        let (one, two) = (hasher.hash_one(0).to_ne_bytes(), hasher.hash_one(1).to_ne_bytes());
        let mut token = Token::default();
        token[..8].copy_from_slice(&one);
        token[8..].copy_from_slice(&two);
        for sequence in 1.. {
            socket.send(&packet::request(peer, &token, sequence)).await.map_err(told)?;
            let answered = timeout(AGAIN, answer(&socket, peer, &token, is_raw)).await;
            match answered {
                Ok(done) => return done.map_err(told),
                Err(_lost) => {}
            }
        }
        Err("no answer".to_owned())
    }
}

/// Waits for the answer among all that comes from the peer.
async fn answer(socket: &UdpSocket, peer: IpAddr, token: &Token, is_raw: bool) -> io::Result<()> {
    let mut packet = [0; MAX_PACKET];
    loop {
        let length = socket.recv(&mut packet).await?;
        if packet::answers(peer, &packet[..length], token, is_raw && peer.is_ipv4()) {
            return Ok(());
        }
    }
}

/// A socket that speaks ICMP with the peer, and whether it is a raw one.
fn open(peer: IpAddr) -> Result<(UdpSocket, bool), String> {
    let (domain, protocol) = match peer {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    let ping = Socket::new(domain, Type::DGRAM, Some(protocol)).map(|socket| (socket, false));
    let opened =
        ping.or_else(|_| Socket::new(domain, Type::RAW, Some(protocol)).map(|socket| (socket, true)));
    let (socket, is_raw) = opened.map_err(|error| {
        format!(
            "not supported here: the agent may open neither a ping socket (net.ipv4.ping_group_range) nor a raw \
             one (CAP_NET_RAW): {error}"
        )
    })?;
    let connected = || -> io::Result<UdpSocket> {
        socket.set_nonblocking(true)?;
        socket.connect(&SocketAddr::new(peer, 0).into())?;
        // What tokio asks of a socket of datagrams is the same for all of them.
        UdpSocket::from_std(socket.into())
    };
    connected().map(|socket| (socket, is_raw)).map_err(|error| dial::why(&error))
}
