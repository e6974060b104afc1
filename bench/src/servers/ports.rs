//! Ports that are free now, for TCP and for UDP.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use crate::BenchError;

const TRIES: usize = 1000;

/// `count` different ports. They are given back before they are used: nobody else is asked to run meanwhile.
pub(crate) fn free(count: usize) -> Result<Vec<u16>, BenchError> {
    let mut held = Vec::new();
    for _ in 0..TRIES {
        if held.len() == count {
            break;
        }
        let stream = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(BenchError::io("a free port"))?;
        let address = stream.local_addr().map_err(BenchError::io("a free port"))?;
        if let Ok(datagrams) = UdpSocket::bind(address) {
            held.push((address.port(), stream, datagrams));
        }
    }
    if held.len() < count {
        return Err(BenchError::Unexpected(format!("fewer than {count} ports are free")));
    }
    Ok(held.iter().map(|(port, ..)| *port).collect())
}
