//! What records answer a question. Chance is an argument: the order of instances is shuffled by it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{A, AAAA, CNAME, NS, PTR, SOA, SRV, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use rand::Rng;
use rand::seq::SliceRandom as _;

use crate::Config;
use crate::directory::{Directory, Health, Instance, NodeFacts};
use crate::question::{self, Question};

/// The three sections and the code of an answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) code: ResponseCode,
    pub(crate) answers: Vec<Record>,
    pub(crate) authorities: Vec<Record>,
    pub(crate) additionals: Vec<Record>,
}

/// Answers `question` about `name` with records of `kind`.
pub(crate) fn answer(
    directory: &impl Directory,
    config: &Config,
    name: &Name,
    kind: RecordType,
    question: &Question,
    chance: &mut impl Rng,
) -> Answer {
    let maker = Maker { config, name, kind };
    let found = match question {
        Question::Foreign => return Answer { code: ResponseCode::Refused, ..Answer::default() },
        Question::Unknown => None,
        Question::Apex => Some(maker.apex()),
        Question::NameServer => Some(Answer::default()),
        Question::Node(node) => directory.node(node).map(|node| maker.node(&node)),
        Question::Address(address) => Some(Answer {
            answers: maker
                .wants(address_type(*address))
                .then(|| maker.address(*address))
                .into_iter()
                .collect(),
            ..Answer::default()
        }),
        Question::Reverse(address) => maker.reverse(&directory.nodes_at(*address)),
        Question::Service { name, tag } => maker.service(directory.service(name), tag.as_deref(), chance),
    };
    let mut answer = found.unwrap_or_else(|| Answer { code: ResponseCode::NXDomain, ..Answer::default() });
    if answer.answers.is_empty() {
        answer.authorities.extend(maker.soa());
    }
    answer
}

struct Maker<'a> {
    config: &'a Config,
    name: &'a Name,
    kind: RecordType,
}

impl Maker<'_> {
    fn wants(&self, kind: RecordType) -> bool {
        self.kind == kind || self.kind == RecordType::ANY
    }

    fn record(&self, name: &Name, ttl: Duration, data: RData) -> Record {
        Record::from_rdata(name.clone(), u32::try_from(ttl.as_secs()).unwrap_or(u32::MAX), data)
    }

    fn under_domain(&self, left: &str) -> Option<Name> {
        let mut name = Name::from_ascii(format!("{left}.{}", self.config.domain)).ok()?;
        name.set_fqdn(true);
        Some(name)
    }

    fn soa(&self) -> Option<Record> {
        let mut apex = Name::from_ascii(&self.config.domain).ok()?;
        apex.set_fqdn(true);
        let serial =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let serial = u32::try_from(serial & u64::from(u32::MAX)).unwrap_or(0);
        let data = SOA::new(
            self.under_domain("ns")?,
            self.under_domain("hostmaster")?,
            serial,
            3600,
            600,
            86_400,
            0,
        );
        Some(self.record(&apex, Duration::ZERO, RData::SOA(data)))
    }

    fn apex(&self) -> Answer {
        let mut answer = Answer::default();
        if self.wants(RecordType::SOA) {
            answer.answers.extend(self.soa());
        }
        if self.wants(RecordType::NS)
            && let Some(server) = self.under_domain("ns")
        {
            answer.answers.push(self.record(self.name, Duration::ZERO, RData::NS(NS(server))));
        }
        answer
    }

    fn address(&self, address: IpAddr) -> Record {
        self.record(self.name, self.config.node_ttl, address_data(address))
    }

    fn node(&self, node: &NodeFacts) -> Answer {
        let mut answer = Answer::default();
        match node.address.parse::<IpAddr>() {
            Ok(address) if self.wants(address_type(address)) => answer.answers.push(self.address(address)),
            Ok(_) => {}
            Err(_) => answer.answers.extend(self.alias(&node.address, self.config.node_ttl)),
        }
        if self.wants(RecordType::TXT) {
            answer.answers.extend(node.meta.iter().map(|(key, value)| {
                // RFC 1464: a key that starts so stands for itself.
                let text =
                    if key.starts_with("rfc1035-") { value.to_string() } else { format!("{key}={value}") };
                self.record(self.name, self.config.node_ttl, RData::TXT(TXT::new(vec![text])))
            }));
        }
        answer
    }

    fn alias(&self, target: &str, ttl: Duration) -> Option<Record> {
        let mut target = Name::from_ascii(target).ok()?;
        target.set_fqdn(true);
        Some(self.record(self.name, ttl, RData::CNAME(CNAME(target))))
    }

    fn reverse(&self, nodes: &[NodeFacts]) -> Option<Answer> {
        let mut answer = Answer::default();
        for node in nodes {
            let name = self.under_domain(&format!("{}.node.{}", node.name, self.config.datacenter))?;
            answer.answers.push(self.record(self.name, Duration::ZERO, RData::PTR(PTR(name))));
        }
        (!answer.answers.is_empty()).then_some(answer)
    }

    fn service(&self, mut found: Vec<Instance>, tag: Option<&str>, chance: &mut impl Rng) -> Option<Answer> {
        found.retain(|instance| match instance.health {
            Health::Passing => true,
            Health::Warning => !self.config.only_passing,
            Health::Critical => false,
        });
        if let Some(tag) = tag {
            found.retain(|instance| instance.tags.iter().any(|own| own.eq_ignore_ascii_case(tag)));
        }
        if found.is_empty() {
            return None;
        }
        found.shuffle(chance);
        let mut answer = Answer::default();
        if self.kind == RecordType::SRV {
            self.srv(&found, &mut answer);
        } else {
            self.addresses(&found, &mut answer);
        }
        Some(answer)
    }

    fn addresses(&self, found: &[Instance], answer: &mut Answer) {
        let mut seen = BTreeSet::new();
        for instance in found {
            let text = own_address(instance);
            if !seen.insert(text) {
                continue;
            }
            match text.parse::<IpAddr>() {
                Ok(address) if self.wants(address_type(address)) => {
                    let record = self.record(self.name, self.config.service_ttl, address_data(address));
                    answer.answers.push(record);
                }
                Ok(_) => {}
                // A name can stand only alone: it is given where no address is.
                Err(_) if answer.answers.is_empty() => {
                    answer.answers.extend(self.alias(text, self.config.service_ttl));
                }
                Err(_) => {}
            }
        }
    }

    fn srv(&self, found: &[Instance], answer: &mut Answer) {
        let mut seen = BTreeSet::new();
        for instance in found {
            let Some((target, address)) = self.target(instance) else { continue };
            if !seen.insert((target.to_ascii(), instance.port)) {
                continue;
            }
            let weight = match instance.health {
                Health::Warning => instance.weights.1,
                Health::Passing | Health::Critical => instance.weights.0,
            };
            let weight = u16::try_from(weight).unwrap_or(u16::MAX);
            let data = RData::SRV(SRV::new(1, weight, instance.port, target.clone()));
            answer.answers.push(self.record(self.name, self.config.service_ttl, data));
            if let Some(address) = address {
                answer.additionals.push(self.record(&target, self.config.service_ttl, address_data(address)));
            }
        }
    }

    /// The node's name where the node's address counts, the hex form of an own address, or an own name.
    fn target(&self, instance: &Instance) -> Option<(Name, Option<IpAddr>)> {
        let address = own_address(instance).parse::<IpAddr>();
        let left = match (instance.address.is_empty(), &address) {
            (true, _) => format!("{}.node", instance.node.name),
            (false, Ok(address)) => format!("{}.addr", question::hex(*address)),
            (false, Err(_)) => {
                let mut name = Name::from_ascii(&*instance.address).ok()?;
                name.set_fqdn(true);
                return Some((name, None));
            }
        };
        Some((self.under_domain(&format!("{left}.{}", self.config.datacenter))?, address.ok()))
    }
}

fn own_address(instance: &Instance) -> &str {
    if instance.address.is_empty() { &instance.node.address } else { &instance.address }
}

fn address_type(address: IpAddr) -> RecordType {
    if address.is_ipv4() { RecordType::A } else { RecordType::AAAA }
}

fn address_data(address: IpAddr) -> RData {
    match address {
        IpAddr::V4(address) => RData::A(A(address)),
        IpAddr::V6(address) => RData::AAAA(AAAA(address)),
    }
}
