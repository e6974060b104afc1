//! What records answer a question, once what there is is known. Pure: chance is an argument.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use rand::Rng;
use rand::seq::SliceRandom as _;

use crate::Config;
use crate::directory::{Health, Instance, NodeFacts, Owner};
use crate::encode::under;
use crate::name::Name;
use crate::question;
use crate::record::{Data, Record, code, kind};

/// The three sections and the code of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) authoritative: bool,
    pub(crate) answers: Vec<Record>,
    pub(crate) authorities: Vec<Record>,
    pub(crate) additionals: Vec<Record>,
    /// A limit left some answers out.
    pub(crate) cut: bool,
    /// Chance ordered it.
    pub(crate) shuffled: bool,
}

impl Answer {
    /// An answer without records, from one who knows.
    pub(crate) fn new(code: u16) -> Self {
        Self {
            code,
            authoritative: true,
            answers: Vec::new(),
            authorities: Vec::new(),
            additionals: Vec::new(),
            cut: false,
            shuffled: false,
        }
    }

    /// An answer without records, from one who does not.
    pub(crate) fn refusal(code: u16) -> Self {
        Self { authoritative: false, ..Self::new(code) }
    }
}

/// Makes the answers about one name.
pub(crate) struct Maker<'a> {
    pub(crate) config: &'a Config,
    /// The domain that was asked.
    pub(crate) zone: &'a str,
    pub(crate) name: &'a Name,
    pub(crate) kind: u16,
    /// The most answers, where Consul's habit counts them.
    pub(crate) most: Option<usize>,
}

impl Maker<'_> {
    pub(crate) fn wants(&self, kind: u16) -> bool {
        self.kind == kind || self.kind == kind::ANY
    }

    /// Whether a name in place of an address can answer.
    fn wants_alias(&self) -> bool {
        matches!(self.kind, kind::A | kind::AAAA | kind::ANY | kind::CNAME)
    }

    fn in_datacenter(&self, left: &str, sort: &str) -> Option<Name> {
        under(&format!("{left}.{sort}.{}", self.config.datacenter), self.zone)
    }

    /// Says who is the authority, with a serial of `now` in seconds.
    pub(crate) fn soa(&self, now: u64) -> Option<Record> {
        let soa = self.config.soa;
        let serial = u32::try_from(now & u64::from(u32::MAX)).unwrap_or(0);
        let numbers = [serial, soa.refresh, soa.retry, soa.expire, soa.min_ttl];
        let (server, mailbox) = (under("ns", self.zone)?, under("hostmaster", self.zone)?);
        let apex = Name::from_text(self.zone)?;
        let ttl = Duration::from_secs(soa.min_ttl.into());
        Some(Record::new(&apex, ttl, Data::Soa { server, mailbox, numbers }))
    }

    /// The domain itself: the authority and its servers with their addresses.
    pub(crate) fn apex(&self, servers: &[NodeFacts], now: u64) -> Answer {
        let mut answer = Answer::new(code::NO_ERROR);
        let (mut names, mut glue) = (Vec::new(), Vec::new());
        for server in servers {
            let (Some(target), Some(apex)) =
                (self.in_datacenter(&server.name, "node"), Name::from_text(self.zone))
            else {
                continue;
            };
            if let Ok(address) = server.address.parse() {
                glue.push(Record::new(&target, self.config.node_ttl, Data::address(address)));
            }
            names.push(Record::new(&apex, self.config.node_ttl, Data::Ns(target)));
        }
        if self.wants(kind::SOA) {
            answer.answers.extend(self.soa(now));
        }
        if self.wants(kind::NS) {
            answer.answers.extend(names);
            answer.additionals = glue;
        } else if self.kind == kind::SOA {
            answer.authorities = names;
            answer.additionals = glue;
        }
        answer
    }

    /// `ns.<domain>`, the name in the SOA: the servers' addresses.
    pub(crate) fn name_server(&self, servers: &[NodeFacts]) -> Answer {
        let mut answer = Answer::new(code::NO_ERROR);
        let addresses = servers.iter().filter_map(|server| server.address.parse().ok());
        answer.answers =
            addresses.filter_map(|address| self.address(address, self.config.node_ttl)).collect();
        answer
    }

    /// An address, where its family was asked for.
    pub(crate) fn address(&self, address: IpAddr, ttl: Duration) -> Option<Record> {
        let data = Data::address(address);
        self.wants(data.kind()).then(|| Record::new(self.name, ttl, data))
    }

    pub(crate) fn node(&self, node: &NodeFacts) -> Answer {
        let mut answer = Answer::new(code::NO_ERROR);
        let ttl = self.config.node_ttl;
        match node.address.parse() {
            Ok(address) => answer.answers.extend(self.address(address, ttl)),
            Err(_) if self.wants_alias() => answer.answers.extend(self.alias(&node.address, ttl)),
            Err(_) => {}
        }
        if self.wants(kind::TXT) {
            answer.answers.extend(texts(self.name, node, ttl));
        } else if self.config.node_meta_txt && matches!(self.kind, kind::A | kind::AAAA) {
            answer.additionals.extend(texts(self.name, node, ttl));
        }
        answer
    }

    fn alias(&self, target: &str, ttl: Duration) -> Option<Record> {
        Some(Record::new(self.name, ttl, Data::Cname(Name::from_text(target)?)))
    }

    /// One name for an address: tools take the first anyway.
    pub(crate) fn reverse(&self, owners: &[Owner]) -> Option<Answer> {
        let target = match owners.first()? {
            Owner::Node(name) => self.in_datacenter(name, "node"),
            Owner::Service(name) => self.in_datacenter(name, "service"),
        };
        let mut answer = Answer::new(code::NO_ERROR);
        answer.answers.push(Record::new(self.name, Duration::ZERO, Data::Ptr(target?)));
        Some(answer)
    }

    /// The instances that may be found; none where there is nothing to find.
    pub(crate) fn service(
        &self,
        mut found: Vec<Instance>,
        service: &str,
        tag: Option<&str>,
        chance: &mut impl Rng,
    ) -> Option<Answer> {
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
        let ttl = self.config.service_ttl.of(service);
        let mut answer = Answer::new(code::NO_ERROR);
        answer.shuffled = found.len() > 1;
        if self.kind == kind::SRV {
            self.srv(&found, ttl, &mut answer);
        } else {
            self.addresses(&found, ttl, &mut answer);
        }
        Some(answer)
    }

    fn full(&self, answer: &mut Answer) -> bool {
        let full = self.most.is_some_and(|most| answer.answers.len() >= most);
        answer.cut |= full;
        full
    }

    fn addresses(&self, found: &[Instance], ttl: Duration, answer: &mut Answer) {
        let limit = if self.config.a_record_limit == 0 { usize::MAX } else { self.config.a_record_limit };
        let mut seen = HashSet::new();
        let mut alias = None;
        for instance in found {
            let text = own_address(instance);
            if !seen.insert(text) {
                continue;
            }
            match text.parse() {
                Ok(address) => {
                    let Some(record) = self.address(address, ttl) else { continue };
                    if answer.answers.len() >= limit || self.full(answer) {
                        break;
                    }
                    answer.answers.push(record);
                }
                Err(_) => alias = alias.or(Some(text)),
            }
        }
        // A name can stand only alone: it is given where no address is.
        if answer.answers.is_empty() && self.wants_alias() {
            answer.answers.extend(alias.and_then(|text| self.alias(text, ttl)));
        }
    }

    fn srv(&self, found: &[Instance], ttl: Duration, answer: &mut Answer) {
        let (mut seen, mut addressed, mut described) = (HashSet::new(), HashSet::new(), HashSet::new());
        let mut meta = Vec::new();
        for instance in found {
            let Some((target, address)) = self.target(instance) else { continue };
            if !seen.insert((target.wire().to_ascii_lowercase(), instance.port)) {
                continue;
            }
            if self.full(answer) {
                break;
            }
            let weight = match instance.health {
                Health::Warning => instance.weights.1,
                Health::Passing | Health::Critical => instance.weights.0,
            };
            let weight = u16::try_from(weight).unwrap_or(u16::MAX);
            let data = Data::Srv { weight, port: instance.port, target: target.clone() };
            answer.answers.push(Record::new(self.name, ttl, data));
            let Some(address) = address else { continue };
            if addressed.insert(target.wire().to_vec()) {
                answer.additionals.push(Record::new(&target, ttl, Data::address(address)));
            }
            if self.config.node_meta_txt
                && described.insert(&instance.node.name)
                && let Some(node) = self.in_datacenter(&instance.node.name, "node")
            {
                meta.extend(texts(&node, &instance.node, ttl));
            }
        }
        // Addresses before texts: where room ends, the texts are the lesser loss.
        answer.additionals.append(&mut meta);
    }

    /// The node's name where the node's address counts, the hex form of an own address, or an own name.
    fn target(&self, instance: &Instance) -> Option<(Name, Option<IpAddr>)> {
        match own_address(instance).parse::<IpAddr>() {
            Err(_) => Some((Name::from_text(own_address(instance))?, None)),
            Ok(address) if instance.address.is_empty() => {
                Some((self.in_datacenter(&instance.node.name, "node")?, Some(address)))
            }
            Ok(address) => Some((self.in_datacenter(&question::hex(address), "addr")?, Some(address))),
        }
    }
}

fn texts<'a>(owner: &'a Name, node: &'a NodeFacts, ttl: Duration) -> impl Iterator<Item = Record> + 'a {
    node.meta.iter().map(move |(key, value)| {
        // A key that starts so asks for the value as it is; else RFC 1464's form.
        let text = if key.to_ascii_lowercase().starts_with("rfc1035-") {
            value.to_string()
        } else {
            format!("{key}={value}")
        };
        Record::new(owner, ttl, Data::Txt(text))
    })
}

fn own_address(instance: &Instance) -> &str {
    if instance.address.is_empty() { &instance.node.address } else { &instance.address }
}
