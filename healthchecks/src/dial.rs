//! Opens TCP connections: address forms, name look-up, and the race between IPv6 and IPv4 (RFC 8305, coarse).
//! Every run looks its name up anew, for the answer may have changed. It must never keep a connection.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpStream, sync::Semaphore, time::sleep};

#[cfg(test)]
mod tests;

/// The other family starts this much later, so that a broken IPv6 costs little.
const HEAD_START: Duration = Duration::from_millis(300);

/// Look-ups go through the host's resolver, which blocks a thread each and cannot be told to stop.
/// A dead DNS server must not let abandoned ones pile up.
const MAX_LOOKUPS: usize = 32;

/// Why there is no connection; the text is the one that goes into the check's output.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("dial tcp{0}")]
pub(crate) struct DialError(String);

/// The way to all peers, shared by all probes.
#[derive(Debug)]
pub(crate) struct Dialer {
    lookups: Arc<Semaphore>,
}

impl Dialer {
    pub(crate) fn new() -> Self {
        Self { lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }

    /// Connects to `host:port`.
    pub(crate) async fn dial(&self, address: &str) -> Result<TcpStream, DialError> {
        let (host, port) = split(address).map_err(|why| DialError(format!(": {why}")))?;
        self.dial_host(host, port).await
    }

    /// Connects to a port of a host; an empty host is this one.
    pub(crate) async fn dial_host(&self, host: &str, port: u16) -> Result<TcpStream, DialError> {
        let addresses = self.lookup(host, port).await.map_err(|why| DialError(format!(": {why}")))?;
        let v6_first = addresses.first().is_some_and(SocketAddr::is_ipv6);
        let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv6() == v6_first);
        if second.is_empty() {
            return in_turn(&first).await;
        }
        race(&first, &second).await
    }

    /// The addresses of a host, at least one; the error says why there are none.
    pub(crate) async fn lookup(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
        if host.is_empty() {
            let here = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
            return Ok(here.map(|ip| SocketAddr::new(ip, port)).to_vec());
        }
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let unknown = |why: &str| format!("lookup {host}: {why}");
        // The permit goes with the blocking call, not with the probe that may long have given up on it.
        let permit = self.lookups.clone().acquire_owned().await.map_err(|_| unknown("resolver closed"))?;
        let name = host.to_owned();
        let found = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>)
        });
        match found.await {
            Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
            Ok(Err(error)) if error.to_string().contains("Temporary failure") => {
                Err(unknown("server misbehaving"))
            }
            _ => Err(unknown("no such host")),
        }
    }
}

/// One address after the other; the first error is the one that is told.
async fn in_turn(addresses: &[SocketAddr]) -> Result<TcpStream, DialError> {
    let mut first_error = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => first_error = first_error.or(Some((address, error))),
        }
    }
    Err(match first_error {
        Some((address, error)) => DialError(format!(" {address}: {}", connect_text(&error))),
        None => DialError(": no address".to_owned()),
    })
}

/// The family that the resolver prefers, and after a moment (or its failure) the other one beside it.
async fn race(first: &[SocketAddr], second: &[SocketAddr]) -> Result<TcpStream, DialError> {
    let preferred = in_turn(first);
    let other = in_turn(second);
    tokio::pin!(preferred, other);
    let mut failed = tokio::select! {
        done = &mut preferred => match done {
            Ok(stream) => return Ok(stream),
            Err(error) => Some(error),
        },
        () = sleep(HEAD_START) => None,
    };
    if failed.is_none() {
        tokio::select! {
            done = &mut preferred => match done {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = Some(error),
            },
            done = &mut other => return match done {
                Ok(stream) => Ok(stream),
                Err(_) => preferred.await,
            },
        }
    }
    let other = other.await;
    match failed {
        Some(error) => other.map_err(|_| error),
        None => other,
    }
}

fn connect_text(error: &io::Error) -> String {
    format!("connect: {}", why(error))
}

/// The system's reason, in Go's words.
pub(crate) fn why(error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::TimedOut => "connection timed out",
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset => "connection reset by peer",
        io::ErrorKind::HostUnreachable => "no route to host",
        io::ErrorKind::NetworkUnreachable => "network is unreachable",
        io::ErrorKind::AddrNotAvailable => "cannot assign requested address",
        _ => return error.to_string(),
    };
    why.to_owned()
}

/// `host:port`, an IPv6 address in brackets. The texts are Consul's, for people search for them.
pub(crate) fn split(address: &str) -> Result<(&str, u16), String> {
    let wrong = |why: &str| format!("address {address}: {why}");
    let (host, port) = if let Some(rest) = address.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(|| wrong("missing ']' in address"))?;
        (host, after.strip_prefix(':').ok_or_else(|| wrong("missing port in address"))?)
    } else {
        let (host, port) = address.rsplit_once(':').ok_or_else(|| wrong("missing port in address"))?;
        if host.contains(':') {
            return Err(wrong("too many colons in address"));
        }
        (host, port)
    };
    if port.is_empty() {
        return Ok((host, 0));
    }
    if let Ok(port) = port.parse() {
        return Ok((host, port));
    }
    if port.parse::<i64>().is_ok() {
        return Err(format!("address {port}: invalid port"));
    }
    Err(format!("address tcp/{port}: unknown port"))
}
