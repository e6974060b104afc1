//! Which thing a name asks for. Pure: labels in, a question out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// What a name under our domain means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// The domain itself.
    Apex,
    /// `ns.<domain>`.
    NameServer,
    /// `<node>.node`.
    Node(Arc<str>),
    /// `[<tag>.]<service>.service` or `_<service>._<tag>`.
    Service { name: Arc<str>, tag: Option<String> },
    /// `<hex>.addr`.
    Address(IpAddr),
    /// A reverse name.
    Reverse(IpAddr),
    /// Under our domain, but nothing that there could be.
    Unknown,
    /// Not under our domain.
    Foreign,
}

/// Reads a lower-cased name without its final dot.
pub(crate) fn parse(name: &str, domain: &str, datacenter: &str) -> Question {
    if let Some(address) = reverse(name) {
        return Question::Reverse(address);
    }
    let Some(rest) = name.strip_suffix(domain) else { return Question::Foreign };
    let rest = match rest.strip_suffix('.') {
        Some(rest) => rest,
        None if rest.is_empty() => return Question::Apex,
        None => return Question::Foreign,
    };
    let mut labels: Vec<&str> = rest.split('.').collect();
    if labels.iter().any(|label| label.is_empty()) {
        return Question::Unknown;
    }
    // `.<dc>` or `.<dc>.dc` may stand between the kind and the domain.
    if labels.last() == Some(&"dc") && labels.len() > 2 {
        labels.pop();
    }
    let named_kind = labels.last().is_some_and(|label| is_kind(label)) || rfc2782(&labels);
    if !named_kind && labels.len() > 1 && labels.pop() != Some(datacenter) {
        return Question::Unknown;
    }
    read(&labels)
}

fn read(labels: &[&str]) -> Question {
    match labels {
        ["ns"] => Question::NameServer,
        [name @ .., "node"] if !name.is_empty() => Question::Node(name.join(".").into()),
        [hex, "addr"] => address(hex).map_or(Question::Unknown, Question::Address),
        [service, tag, "service"] | [service, tag] if service.starts_with('_') && tag.starts_with('_') => {
            let tag = &tag[1..];
            Question::Service { name: service[1..].into(), tag: (tag != "tcp").then(|| tag.to_owned()) }
        }
        [tags @ .., name, "service"] => {
            Question::Service { name: (*name).into(), tag: (!tags.is_empty()).then(|| tags.join(".")) }
        }
        _ => Question::Unknown,
    }
}

fn is_kind(label: &str) -> bool {
    matches!(label, "node" | "service" | "addr" | "query" | "connect" | "ingress" | "ns")
}

fn rfc2782(labels: &[&str]) -> bool {
    matches!(labels, [service, tag] if service.starts_with('_') && tag.starts_with('_'))
}

fn address(hex: &str) -> Option<IpAddr> {
    // Numbers may have signs, which have no place here.
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    match hex.len() {
        8 => u32::from_str_radix(hex, 16).ok().map(|bits| Ipv4Addr::from(bits).into()),
        32 => u128::from_str_radix(hex, 16).ok().map(|bits| Ipv6Addr::from(bits).into()),
        _ => None,
    }
}

/// The hex form of an address, as in `<hex>.addr`.
pub(crate) fn hex(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{:08x}", u32::from(address)),
        IpAddr::V6(address) => format!("{:032x}", u128::from(address)),
    }
}

fn reverse(name: &str) -> Option<IpAddr> {
    if let Some(rest) = name.strip_suffix(".in-addr.arpa") {
        let mut octets = [0; 4];
        let parts: Vec<&str> = rest.split('.').collect();
        if parts.len() != 4 {
            return None;
        }
        for (octet, part) in octets.iter_mut().zip(parts.iter().rev()) {
            *octet = part.parse().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        }
        return Some(IpAddr::V4(octets.into()));
    }
    let rest = name.strip_suffix(".ip6.arpa")?;
    let mut bits: u128 = 0;
    let nibbles: Vec<&str> = rest.split('.').collect();
    if nibbles.len() != 32 {
        return None;
    }
    for nibble in nibbles.iter().rev() {
        let value = nibble.parse::<char>().ok()?.to_digit(16)?;
        bits = bits << 4 | u128::from(value);
    }
    Some(IpAddr::V6(bits.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask(name: &str) -> Question {
        parse(name, "consul", "dc1")
    }

    fn service(name: &str, tag: Option<&str>) -> Question {
        Question::Service { name: name.into(), tag: tag.map(Into::into) }
    }

    const V6_REVERSE: &str = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa";

    #[test]
    fn every_form_is_read() {
        for (name, expected) in [
            ("consul", Question::Apex),
            ("ns.consul", Question::NameServer),
            ("n1.node.consul", Question::Node("n1".into())),
            ("a.b.node.dc1.consul", Question::Node("a.b".into())),
            ("web.service.consul", service("web", None)),
            ("web.service.dc1.consul", service("web", None)),
            ("web.service.dc1.dc.consul", service("web", None)),
            ("v1.web.service.consul", service("web", Some("v1"))),
            ("a.b.web.service.consul", service("web", Some("a.b"))),
            ("_web._tcp.consul", service("web", None)),
            ("_web._v1.consul", service("web", Some("v1"))),
            ("_web._tcp.service.consul", service("web", None)),
            ("_web._v1.service.dc1.consul", service("web", Some("v1"))),
            ("0a000001.addr.dc1.consul", Question::Address(Ipv4Addr::new(10, 0, 0, 1).into())),
            ("1.0.0.10.in-addr.arpa", Question::Reverse(Ipv4Addr::new(10, 0, 0, 1).into())),
            ("zz.addr.consul", Question::Unknown),
            ("+a000001.addr.consul", Question::Unknown),
            ("+1.0.0.127.in-addr.arpa", Question::Foreign),
            ("1.0.0.+127.in-addr.arpa", Question::Foreign),
            ("1.0.0.256.in-addr.arpa", Question::Foreign),
            (V6_REVERSE, Question::Reverse(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1).into())),
            ("web.service.dc2.consul", Question::Unknown),
            ("nonsense.consul", Question::Unknown),
            ("service.consul", Question::Unknown),
            ("example.com", Question::Foreign),
            ("notconsul", Question::Foreign),
        ] {
            assert_eq!(ask(name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_name_is_too_strange(name in "[a-z0-9._-]{0,80}(\\.consul|\\.arpa|)") {
            ask(&name);
        }

        #[test]
        fn hex_forms_go_both_ways(bits: u128, small: u32) {
            for at in [IpAddr::from(Ipv6Addr::from(bits)), IpAddr::from(Ipv4Addr::from(small))] {
                prop_assert_eq!(ask(&format!("{}.addr.consul", hex(at))), Question::Address(at));
            }
        }
    }
}
