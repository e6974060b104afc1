//! Writes a reply. Every name that may be compressed is, to the last record, so that as much as possible
//! fits. What does not fit is left out, from the end: additional records silently, answers with the TC bit.

use std::collections::HashMap;

use crate::answer::Answer;
use crate::name::Name;
use crate::record::{Data, Record, kind};
use crate::wire::{Asked, CLIENT_SUBNET, HEAD};

/// The largest datagram that we take and send: larger ones would be fragmented for sure.
pub(crate) const LARGEST_UDP: u16 = 4096;
/// What a client without EDNS can take by UDP (RFC 1035).
pub(crate) const PLAIN_UDP: u16 = 512;
/// A pointer has fourteen bits.
const LAST_POINTED: usize = 0x3fff;
const CLASS_IN: u16 = 1;

/// How a reply is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The most bytes.
    pub(crate) limit: usize,
    pub(crate) compress: bool,
    /// Whether TC says that answers were cut.
    pub(crate) say_cut: bool,
    pub(crate) recursion_available: bool,
}

/// The reply to `asked`.
pub(crate) fn reply(asked: &Asked<'_>, answer: &Answer, shape: Shape) -> Vec<u8> {
    let opt = asked.edns.map(|theirs| opt(theirs.dnssec_ok, answer.code, asked.subnet.as_deref()));
    let room = shape.limit.saturating_sub(opt.as_ref().map_or(0, Vec::len));
    let mut writer = Writer { bytes: vec![0; HEAD], names: HashMap::new(), room, compress: shape.compress };
    writer.name(&asked.name, true);
    writer.pair(asked.kind);
    writer.pair(asked.class);
    let answers = writer.section(&answer.answers);
    let cut = answers < answer.answers.len();
    let (mut authorities, mut additionals) = (0, 0);
    if !cut {
        authorities = writer.section(&answer.authorities);
        if authorities == answer.authorities.len() {
            additionals = writer.section(&answer.additionals);
        }
    }
    let mut bytes = writer.bytes;
    if let Some(opt) = opt {
        bytes.extend(opt);
        additionals += 1;
    }
    let flag = |is: bool, bit: u16| if is { 1 << bit } else { 0 };
    let flags = flag(true, 15)
        | u16::from(asked.opcode & 0xf) << 11
        | flag(answer.authoritative, 10)
        | flag((cut || answer.cut) && shape.say_cut, 9)
        | flag(asked.recursion_desired, 8)
        | flag(shape.recursion_available, 7)
        | flag(asked.checking_disabled, 4)
        | answer.code & 0xf;
    let head = [asked.id, flags, 1, count(answers), count(authorities), count(additionals)];
    for (place, pair) in bytes.chunks_exact_mut(2).zip(head) {
        place.copy_from_slice(&pair.to_be_bytes());
    }
    bytes
}

/// Our OPT record. A subnet goes back as valid for everywhere: its fourth byte, the scope, is zero.
fn opt(dnssec_ok: bool, code: u16, subnet: Option<&[u8]>) -> Vec<u8> {
    let option = subnet.map_or_else(Vec::new, |subnet| {
        let mut option = [CLIENT_SUBNET, count(subnet.len())].map(u16::to_be_bytes).concat();
        option.extend(subnet);
        if let Some(scope) = option.get_mut(4 + 3) {
            *scope = 0;
        }
        option
    });
    let fixed = [kind::OPT, LARGEST_UDP, (code >> 4) << 8, u16::from(dnssec_ok) << 15, count(option.len())];
    [&[0], fixed.map(u16::to_be_bytes).as_flattened(), &option].concat()
}

/// A reply that is a head alone.
pub(crate) fn bare(id: u16, opcode: u8, code: u16) -> Vec<u8> {
    let flags = 1 << 15 | u16::from(opcode & 0xf) << 11 | code & 0xf;
    [id, flags, 0, 0, 0, 0].into_iter().flat_map(u16::to_be_bytes).collect()
}

/// A question of our own, with ID zero, that asks for recursion.
pub(crate) fn question(name: &Name, kind: u16) -> Vec<u8> {
    let mut bytes: Vec<u8> = [0, 0x0100, 1, 0, 0, 0].into_iter().flat_map(u16::to_be_bytes).collect();
    bytes.extend(name.wire());
    bytes.extend(kind.to_be_bytes());
    bytes.extend(CLASS_IN.to_be_bytes());
    bytes
}

fn count(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

struct Writer {
    bytes: Vec<u8>,
    /// Where each name, lower-cased, stands.
    names: HashMap<Box<[u8]>, u16>,
    room: usize,
    compress: bool,
}

impl Writer {
    /// Writes records until one does not fit; how many there are. After one that does not, nothing more may be
    /// written: names of it would be pointed to.
    fn section(&mut self, records: &[Record]) -> usize {
        for (written, record) in records.iter().enumerate() {
            let mark = self.bytes.len();
            self.record(record);
            if self.bytes.len() > self.room || written == usize::from(u16::MAX) {
                self.bytes.truncate(mark);
                return written;
            }
        }
        records.len()
    }

    fn pair(&mut self, pair: u16) {
        self.bytes.extend(pair.to_be_bytes());
    }

    fn record(&mut self, record: &Record) {
        self.name(record.owner.wire(), true);
        self.pair(record.data.kind());
        self.pair(CLASS_IN);
        self.bytes.extend(record.ttl.to_be_bytes());
        let at = self.bytes.len();
        self.pair(0);
        self.data(&record.data);
        let length = count(self.bytes.len() - at - 2);
        if let Some(place) = self.bytes.get_mut(at..at + 2) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }

    fn data(&mut self, data: &Data) {
        match data {
            Data::A(address) => self.bytes.extend(address.octets()),
            Data::Aaaa(address) => self.bytes.extend(address.octets()),
            Data::Cname(name) | Data::Ns(name) | Data::Ptr(name) => self.name(name.wire(), true),
            Data::Srv { weight, port, target } => {
                for pair in [1, *weight, *port] {
                    self.pair(pair);
                }
                // RFC 2782: never compressed here. But its address below may point here.
                self.name(target.wire(), false);
            }
            Data::Soa { server, mailbox, numbers } => {
                self.name(server.wire(), true);
                self.name(mailbox.wire(), true);
                self.bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
            }
            Data::Txt(text) => {
                let text = &text.as_bytes()[..text.len().min(usize::from(u16::MAX) / 2)];
                if text.is_empty() {
                    // There must be one string, if an empty one.
                    self.bytes.push(0);
                }
                for piece in text.chunks(255) {
                    self.bytes.push(u8::try_from(piece.len()).unwrap_or(u8::MAX));
                    self.bytes.extend(piece);
                }
            }
        }
    }

    /// Writes a name, as a pointer from where it is known.
    fn name(&mut self, name: &[u8], may_point: bool) {
        let lower = name.to_ascii_lowercase();
        let mut at = 0;
        while let Some(length) = lower.get(at).copied().filter(|length| *length > 0) {
            if self.compress {
                match self.names.get(&lower[at..]) {
                    Some(known) if may_point => {
                        self.bytes.extend((0xc000 | known).to_be_bytes());
                        return;
                    }
                    Some(_) => {}
                    None if self.bytes.len() <= LAST_POINTED => {
                        let here = count(self.bytes.len());
                        self.names.insert(lower[at..].into(), here);
                    }
                    None => {}
                }
            }
            let end = (at + 1 + usize::from(length)).min(name.len());
            self.bytes.extend(&name[at..end]);
            at = end;
        }
        self.bytes.push(0);
    }
}

/// The zone's name put after labels that are joined by dots.
pub(crate) fn under(left: &str, zone: &str) -> Option<Name> {
    Name::from_text(&format!("{left}.{zone}"))
}

#[cfg(test)]
mod tests;
