//! Echo requests and what answers them (RFC 792, RFC 4443). Pure; whatever comes from a network is looked at here and
//! believed only if it carries the token of the request.

use std::net::IpAddr;

/// Type, code, checksum, identifier and sequence number.
const HEADER: usize = 8;
/// What tells an answer to this run from any other.
pub(super) type Token = [u8; 16];

/// The types of an echo request and its reply.
fn types(family: IpAddr) -> (u8, u8) {
    match family {
        IpAddr::V4(_) => (8, 0),
        IpAddr::V6(_) => (128, 129),
    }
}

/// An echo request. The kernel writes the checksum itself but for raw IPv4; there its own stays.
pub(super) fn request(family: IpAddr, token: &Token, sequence: u16) -> Vec<u8> {
    let (kind, _) = types(family);
    let mut packet = vec![kind, 0, 0, 0, token[0], token[1]];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(token);
    if family.is_ipv4() {
        let sum = checksum(&packet).to_be_bytes();
        packet[2..4].copy_from_slice(&sum);
    }
    packet
}

/// Whether a packet answers the requests with this token; `has_header` where the IPv4 header comes before it.
pub(super) fn answers(family: IpAddr, packet: &[u8], token: &Token, has_header: bool) -> bool {
    let skipped = match packet.first() {
        Some(first) if has_header => usize::from(first & 0x0f) * 4,
        _ => 0,
    };
    let (_, reply) = types(family);
    packet.get(skipped..).is_some_and(|packet| {
        packet.first() == Some(&reply) && packet.get(HEADER..).is_some_and(|data| data == token)
    })
}

/// The Internet checksum (RFC 1071).
fn checksum(packet: &[u8]) -> u16 {
    let words = packet.chunks(2).map(|pair| match pair {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        [high] => u32::from(*high) << 8,
        _ => 0,
    });
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is meant")]
    let sum = (folded + (folded >> 16)) as u16;
    !sum
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

    #[test]
    fn the_checksum_is_the_internet_s() {
        // The example of RFC 1071.
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&[0xff]), !0xff00);
    }

    #[test]
    fn only_the_reply_to_this_run_answers() {
        let (mine, other) = ([7; 16], [8; 16]);
        for (family, reply) in [(V4, 0), (V6, 129)] {
            let mut packet = request(family, &mine, 1);
            assert!(!answers(family, &packet, &mine, false), "a request is no reply");
            packet[0] = reply;
            assert!(answers(family, &packet, &mine, false));
            assert!(!answers(family, &packet, &other, false));
            assert!(!answers(family, &packet[..20], &mine, false));
        }
        let mut with_header = vec![0x45; 20];
        with_header.extend(request(V4, &mine, 1));
        with_header[20] = 0;
        assert!(answers(V4, &with_header, &mine, true));
    }

    proptest! {
        #[test]
        fn no_packet_is_too_strange(packet: Vec<u8>, has_header: bool, v6: bool) {
            let family = if v6 { V6 } else { V4 };
            prop_assert!(!answers(family, &packet, &[9; 16], has_header) || packet.len() >= 24);
        }

        #[test]
        fn a_packet_with_its_checksum_sums_up(token: [u8; 16], sequence: u16) {
            prop_assert_eq!(checksum(&request(V4, &token, sequence)), 0);
        }
    }
}
