//! One question by UDP: how many answers there are now.

use std::net::UdpSocket;
use std::time::Duration;

use crate::BenchError;

/// The type of an address.
pub(crate) const A: u16 = 1;
/// The type of a service's place.
pub(crate) const SRV: u16 = 33;
const PATIENCE: Duration = Duration::from_millis(200);

/// How many addresses the server has for `name`; none where it does not answer. Blocks for a moment.
pub(crate) fn answers(port: u16, name: &str) -> Result<Option<u16>, BenchError> {
    let about = || format!("DNS on port {port}");
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(BenchError::io(about()))?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(BenchError::io(about()))?;
    socket.connect(("127.0.0.1", port)).map_err(BenchError::io(about()))?;
    let mut reply = [0; 4096];
    // Refused, or no answer: the server is not up, or busy. The caller asks again.
    let received = socket.send(&packet(name, A)).and_then(|_| socket.recv(&mut reply));
    Ok(received.ok().and_then(|length| count(reply.get(..length)?)))
}

/// A question, without EDNS.
pub(super) fn packet(name: &str, kind: u16) -> Vec<u8> {
    let mut bytes = vec![0x13, 0x37, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).unwrap_or(63));
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, 1]);
    bytes
}

/// How many answers a reply says it has.
pub(super) fn count(reply: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes([*reply.get(6)?, *reply.get(7)?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_names_each_label_and_a_reply_counts_its_answers() {
        assert_eq!(&packet("ab.c", A)[12..], [2, b'a', b'b', 1, b'c', 0, 0, 1, 0, 1]);
        assert_eq!(count(&[0, 0, 0, 0, 0, 1, 0, 10]), Some(10));
        assert_eq!(count(&[0, 0]), None);
    }
}
