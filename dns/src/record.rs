//! The records that we make. Plain values: how they are written is the encoder's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::name::Name;

/// The numbers of the types that we know.
pub(crate) mod kind {
    pub(crate) const A: u16 = 1;
    pub(crate) const NS: u16 = 2;
    pub(crate) const CNAME: u16 = 5;
    pub(crate) const SOA: u16 = 6;
    pub(crate) const PTR: u16 = 12;
    pub(crate) const TXT: u16 = 16;
    pub(crate) const AAAA: u16 = 28;
    pub(crate) const SRV: u16 = 33;
    pub(crate) const OPT: u16 = 41;
    pub(crate) const IXFR: u16 = 251;
    pub(crate) const AXFR: u16 = 252;
    pub(crate) const ANY: u16 = 255;
}

/// The numbers of the answers' codes.
pub(crate) mod code {
    pub(crate) const NO_ERROR: u16 = 0;
    pub(crate) const FORMAT_ERROR: u16 = 1;
    pub(crate) const SERVER_FAILURE: u16 = 2;
    pub(crate) const NO_SUCH_NAME: u16 = 3;
    pub(crate) const NOT_IMPLEMENTED: u16 = 4;
    pub(crate) const REFUSED: u16 = 5;
    pub(crate) const BAD_VERSION: u16 = 16;
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) owner: Name,
    pub(crate) ttl: u32,
    pub(crate) data: Data,
}

impl Record {
    pub(crate) fn new(owner: &Name, ttl: Duration, data: Data) -> Self {
        Self { owner: owner.clone(), ttl: u32::try_from(ttl.as_secs()).unwrap_or(u32::MAX), data }
    }
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Cname(Name),
    Ns(Name),
    Ptr(Name),
    Srv { weight: u16, port: u16, target: Name },
    Soa { server: Name, mailbox: Name, numbers: [u32; 5] },
    Txt(String),
}

impl Data {
    pub(crate) fn address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::A(address),
            IpAddr::V6(address) => Self::Aaaa(address),
        }
    }

    pub(crate) fn kind(&self) -> u16 {
        match self {
            Self::A(_) => kind::A,
            Self::Aaaa(_) => kind::AAAA,
            Self::Cname(_) => kind::CNAME,
            Self::Ns(_) => kind::NS,
            Self::Ptr(_) => kind::PTR,
            Self::Srv { .. } => kind::SRV,
            Self::Soa { .. } => kind::SOA,
            Self::Txt(_) => kind::TXT,
        }
    }
}
