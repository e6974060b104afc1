//! UDP: one datagram. A reply passes, and so does silence, for most services answer only what they understand; a host
//! that says that nobody listens there is critical. It must never read more than one datagram.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{net::UdpSocket, time::timeout_at};

use crate::{
    definition::Status,
    dial,
    kinds::Kind,
    probe::{Outcome, Probe, Run, Running},
};

#[cfg(test)]
mod tests;

pub(crate) const KIND: Kind = Kind {
    word: "udp",
    claims: |check| !check.udp.is_empty(),
    read: |check| Ok(Arc::new(Udp { address: check.udp.clone() })),
    commands: false,
    timeout: Duration::from_secs(10),
};

/// What is sent: a text without a meaning.
const DATAGRAM: &[u8] = b"muster health check";

/// A port that should not refuse.
#[derive(Debug)]
struct Udp {
    /// `host:port`; an IPv6 address stands in brackets.
    address: String,
}

impl Probe for Udp {
    fn run<'r>(&'r self, run: &'r Run<'r>) -> Running<'r> {
        Box::pin(self.send(run))
    }
}

impl Udp {
    async fn send(&self, run: &Run<'_>) -> Outcome {
        let address = &self.address;
        let socket = match timeout_at(run.deadline, self.socket(run)).await {
            Ok(Ok(socket)) => socket,
            Ok(Err(why)) => return Outcome::critical(why),
            // Nothing was sent yet: this is no silence.
            Err(_late) => return Outcome::critical(format!("dial udp {address}: i/o timeout")),
        };
        let refused = |what: &str, error: &io::Error| {
            Outcome::critical(format!("UDP {what} {address}: {}", dial::why(error)))
        };
        if let Err(error) = socket.send(DATAGRAM).await {
            return refused("write", &error);
        }
        match timeout_at(run.deadline, socket.recv(&mut [0; 1])).await {
            Ok(Err(error)) => refused("read", &error),
            Ok(Ok(_)) | Err(_) => Outcome::new(Status::Passing, format!("UDP connect {address}: Success")),
        }
    }

    /// A socket that knows its peer, so that a refusal reaches it.
    async fn socket(&self, run: &Run<'_>) -> Result<UdpSocket, String> {
        let (host, port) = dial::split(&self.address).map_err(|why| format!("dial udp: {why}"))?;
        let found = run.reach.dialer.lookup(host, port).await.map_err(|why| format!("dial udp: {why}"))?;
        let mut first_error = None;
        for peer in found {
            match connected(peer).await {
                Ok(socket) => return Ok(socket),
                Err(error) => first_error = first_error.or(Some((peer, error))),
            }
        }
        Err(match first_error {
            Some((peer, error)) => format!("dial udp {peer}: connect: {}", dial::why(&error)),
            None => "dial udp: no address".to_owned(),
        })
    }
}

async fn connected(peer: SocketAddr) -> io::Result<UdpSocket> {
    let own = match peer {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = UdpSocket::bind(own).await?;
    socket.connect(peer).await?;
    Ok(socket)
}
