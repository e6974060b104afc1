//! Reads a question from a packet: a plain one by hand, in place; anything else through the full parser.
//! Every index is checked. It must never answer a response, or two servers might talk for ever.

use std::borrow::Cow;

use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::serialize::binary::{BinEncodable as _, BinEncoder};

use crate::name::Name;
use crate::record::{code, kind};

pub(crate) const HEAD: usize = 12;
/// The number of the option.
pub(crate) const CLIENT_SUBNET: u16 = 8;
/// Family, two prefixes, and at most an IPv6 address.
const SUBNET_LENGTHS: std::ops::RangeInclusive<usize> = 4..=20;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked<'p> {
    pub(crate) id: u16,
    pub(crate) opcode: u8,
    pub(crate) recursion_desired: bool,
    pub(crate) checking_disabled: bool,
    /// As it came, on the wire, in its own case.
    pub(crate) name: Cow<'p, [u8]>,
    pub(crate) kind: u16,
    pub(crate) class: u16,
    pub(crate) edns: Option<Edns>,
    /// The client's subnet (RFC 7871), as it came: echoed, though no answer depends on it.
    pub(crate) subnet: Option<Cow<'p, [u8]>>,
}

/// What the client says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edns {
    pub(crate) version: u8,
    /// The largest datagram it takes.
    pub(crate) size: u16,
    pub(crate) dnssec_ok: bool,
}

/// Reads a packet that is one plain question, with or without EDNS. `None`: look closer.
pub(crate) fn plain(packet: &[u8]) -> Option<Asked<'_>> {
    let head: &[u8; HEAD] = packet.first_chunk()?;
    let count = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    // QR and opcode zero; TC too.
    if head[2] & 0b1111_1010 != 0 || count(4) != 1 || count(6) != 0 || count(8) != 0 || count(10) > 1 {
        return None;
    }
    let rest = &packet[HEAD..];
    let (name, rest) = rest.split_at_checked(Name::length_in(rest)?)?;
    let (fixed, rest) = rest.split_first_chunk::<4>()?;
    let (edns, subnet) = match count(10) {
        0 if rest.is_empty() => (None, None),
        1 => edns(rest).map(|(edns, subnet)| (Some(edns), subnet))?,
        _ => return None,
    };
    Some(Asked {
        id: u16::from_be_bytes([head[0], head[1]]),
        opcode: 0,
        recursion_desired: head[2] & 1 != 0,
        checking_disabled: head[3] & 0x10 != 0,
        name: Cow::Borrowed(name),
        kind: u16::from_be_bytes([fixed[0], fixed[1]]),
        class: u16::from_be_bytes([fixed[2], fixed[3]]),
        edns,
        subnet: subnet.map(Cow::Borrowed),
    })
}

/// An OPT record that fills `bytes`, whose options are whole; and the client's subnet, if it is among them.
fn edns(bytes: &[u8]) -> Option<(Edns, Option<&[u8]>)> {
    let (fixed, mut options) = bytes.split_first_chunk::<11>()?;
    let pair = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
    if fixed[0] != 0 || pair(1) != kind::OPT || usize::from(pair(9)) != options.len() {
        return None;
    }
    let mut subnet = None;
    while !options.is_empty() {
        let (option, rest) = options.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([option[2], option[3]]));
        let (value, rest) = rest.split_at_checked(length)?;
        if [option[0], option[1]] == CLIENT_SUBNET.to_be_bytes() && SUBNET_LENGTHS.contains(&length) {
            subnet = Some(value);
        }
        options = rest;
    }
    let edns = Edns { size: pair(3), version: fixed[6], dnssec_ok: fixed[7] & 0x80 != 0 };
    Some((edns, subnet))
}

/// Why a packet holds no question of ours.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoQuestion {
    /// Nobody is answered: there is no head, or it is a response.
    Silent,
    /// The code to say, with the packet's ID and opcode.
    Say { id: u16, opcode: u8, code: u16 },
}

/// Reads any packet.
pub(crate) fn full(packet: &[u8]) -> Result<Asked<'static>, NoQuestion> {
    let head: &[u8; HEAD] = packet.first_chunk().ok_or(NoQuestion::Silent)?;
    if head[2] & 0x80 != 0 {
        return Err(NoQuestion::Silent);
    }
    let (id, opcode) = (u16::from_be_bytes([head[0], head[1]]), (head[2] >> 3) & 0xf);
    let say = |code| NoQuestion::Say { id, opcode, code };
    let request = Message::from_vec(packet).map_err(|_| say(code::FORMAT_ERROR))?;
    if request.metadata.message_type == MessageType::Response {
        return Err(NoQuestion::Silent);
    }
    if request.metadata.op_code != OpCode::Query {
        return Err(say(code::NOT_IMPLEMENTED));
    }
    let [query] = request.queries.as_slice() else { return Err(say(code::FORMAT_ERROR)) };
    let mut name = Vec::new();
    query.name.emit(&mut BinEncoder::new(&mut name)).map_err(|_| say(code::FORMAT_ERROR))?;
    if Name::length_in(&name) != Some(name.len()) {
        return Err(say(code::FORMAT_ERROR));
    }
    Ok(Asked {
        id,
        opcode,
        recursion_desired: request.metadata.recursion_desired,
        checking_disabled: request.metadata.checking_disabled,
        name: Cow::Owned(name),
        kind: query.query_type.into(),
        class: query.query_class.into(),
        edns: request.edns.as_ref().map(|edns| Edns {
            version: edns.version(),
            size: edns.max_payload(),
            dnssec_ok: edns.flags().dnssec_ok,
        }),
        subnet: None,
    })
}

#[cfg(test)]
mod tests;
