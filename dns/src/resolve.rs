//! From a name to its answer: asks the directory, follows aliases, and remembers what the answer rests on.
//! Where it must not wait, it says so instead.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use crate::Config;
use crate::answer::{Answer, Maker};
use crate::directory::{Directory, NodeFacts, Subject};
use crate::forward::Forward;
use crate::name::Name;
use crate::question::{self, Question};
use crate::record::{Data, Record, code, kind};

/// Aliases are followed this far, as Consul does: a loop ends here.
const LONGEST_CHAIN: usize = 3;
/// Targets of one SRV answer that others are asked about.
const MOST_ASKED: usize = 8;
const MOST_SERVERS: usize = 3;

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// It takes waiting, and that was not allowed.
    Wait,
    /// It cannot be known now.
    Unknown,
    /// Not ours: others may know. The code is for where there are none.
    Elsewhere(u16),
}

/// What an answer rests on: it holds while each of these has the same version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) subjects: Vec<(Subject, u64)>,
    /// Whether these are all.
    pub(crate) complete: bool,
}

/// Answers one question.
pub(crate) struct Resolver<'a, D> {
    pub(crate) directory: &'a D,
    pub(crate) config: &'a Config,
    pub(crate) forward: &'a Forward,
    pub(crate) may_wait: bool,
    /// The most answers, where Consul's habit counts them.
    pub(crate) most: Option<usize>,
    pub(crate) chance: StdRng,
    pub(crate) basis: Basis,
}

impl<'a, D: Directory> Resolver<'a, D> {
    /// The whole answer about `name`.
    pub(crate) async fn answer(&mut self, name: &Name, kind: u16) -> Result<Answer, Halt> {
        let (question, zone) = self.read(name);
        let found = self.direct(name, kind, &question, zone).await?;
        let mut answer = found.unwrap_or_else(|| Answer::new(code::NO_SUCH_NAME));
        let ttl = match &question {
            Question::Service { name, .. } => Some(self.config.service_ttl.of(name)),
            _ => None,
        };
        if matches!(kind, kind::A | kind::AAAA | kind::ANY) {
            self.follow(&mut answer.answers, kind, ttl).await?;
        } else if kind == kind::SRV {
            self.targets(&mut answer, ttl).await?;
        }
        if answer.answers.is_empty() {
            answer.authorities.extend(self.maker(name, kind, zone).soa(now()));
        }
        Ok(answer)
    }

    fn read(&self, name: &Name) -> (Question, &'a str) {
        let (text, config) = (name.lower_text(), self.config);
        for zone in [Some(&config.domain), config.alt_domain.as_ref()].into_iter().flatten() {
            let question = question::parse(&text, zone, &config.datacenter);
            if question != Question::Foreign {
                return (question, zone);
            }
        }
        (Question::Foreign, &config.domain)
    }

    fn maker<'m>(&self, name: &'m Name, kind: u16, zone: &'m str) -> Maker<'m>
    where
        'a: 'm,
    {
        Maker { config: self.config, zone, name, kind, most: self.most }
    }

    /// Remembers, before it is asked, what an answer will rest on: a change meanwhile makes it old.
    fn rests_on(&mut self, subject: Subject) -> Result<(), Halt> {
        match self.directory.version(&subject) {
            Some(version) => self.basis.subjects.push((subject, version)),
            None if self.may_wait => self.basis.complete = false,
            None => return Err(Halt::Wait),
        }
        Ok(())
    }

    /// What is said about `name` itself; `None` where there is no such name.
    async fn direct(
        &mut self,
        name: &Name,
        kind: u16,
        question: &Question,
        zone: &str,
    ) -> Result<Option<Answer>, Halt> {
        let (directory, maker) =
            (self.directory, Maker { zone, ..self.maker(name, kind, &self.config.domain) });
        Ok(match question {
            Question::Foreign => return Err(Halt::Elsewhere(code::REFUSED)),
            Question::Unknown => None,
            Question::Apex => Some(maker.apex(&self.servers().await?, now())),
            Question::NameServer => Some(maker.name_server(&self.servers().await?)),
            Question::Node(node) => {
                self.rests_on(Subject::Node(node.clone()))?;
                directory.node(node).await.ok_or(Halt::Unknown)?.map(|node| maker.node(&node))
            }
            Question::Address(address) => {
                let mut answer = Answer::new(code::NO_ERROR);
                answer.answers.extend(maker.address(*address, self.config.node_ttl));
                Some(answer)
            }
            Question::Reverse(address) => {
                self.rests_on(Subject::Address(*address))?;
                let owners = directory.owners_of(*address).await.ok_or(Halt::Unknown)?;
                Some(maker.reverse(&owners).ok_or(Halt::Elsewhere(code::SERVER_FAILURE))?)
            }
            Question::Service { name, tag } => {
                self.rests_on(Subject::Service(name.clone()))?;
                let found = directory.service(name).await.ok_or(Halt::Unknown)?;
                maker.service(found, name, tag.as_deref(), &mut self.chance)
            }
        })
    }

    async fn servers(&mut self) -> Result<Vec<NodeFacts>, Halt> {
        self.rests_on(Subject::Servers)?;
        let mut servers = self.directory.servers().await.ok_or(Halt::Unknown)?;
        servers.shuffle(&mut self.chance);
        servers.truncate(MOST_SERVERS);
        Ok(servers)
    }

    /// Follows the alias that the records end with.
    async fn follow(
        &mut self,
        records: &mut Vec<Record>,
        kind: u16,
        ttl: Option<Duration>,
    ) -> Result<(), Halt> {
        for _ in 0..LONGEST_CHAIN {
            let Some(Record { data: Data::Cname(target), .. }) = records.last() else { break };
            let target = target.clone();
            let more = self.about(&target, kind, ttl).await?;
            if more.is_empty() {
                break;
            }
            records.extend(more);
        }
        Ok(())
    }

    /// Addresses for the targets that are names, where somebody knows them.
    async fn targets(&mut self, answer: &mut Answer, ttl: Option<Duration>) -> Result<(), Halt> {
        let mut asked = HashSet::new();
        for record in &answer.answers {
            let Data::Srv { target, .. } = &record.data else { continue };
            let known = answer.additionals.iter().any(|record| record.owner == *target);
            if known || asked.len() >= MOST_ASKED || !asked.insert(target.wire().to_vec()) {
                continue;
            }
            let mut found = self.about(target, kind::A, ttl).await?;
            self.follow(&mut found, kind::A, ttl).await?;
            answer.additionals.extend(found);
        }
        Ok(())
    }

    /// Addresses or an alias of a name that an answer of ours leads to, living no longer than that answer.
    async fn about(&mut self, name: &Name, kind: u16, ttl: Option<Duration>) -> Result<Vec<Record>, Halt> {
        let (question, zone) = self.read(name);
        let mut found = match self.direct(name, kind, &question, zone).await {
            Ok(answer) => answer.map_or_else(Vec::new, |answer| answer.answers),
            Err(Halt::Wait) => return Err(Halt::Wait),
            Err(Halt::Elsewhere(_)) if self.forward.is_empty() => Vec::new(),
            Err(Halt::Elsewhere(_)) if !self.may_wait => return Err(Halt::Wait),
            Err(Halt::Elsewhere(_)) => {
                self.basis.complete = false;
                self.forward.addresses(name, if kind == kind::AAAA { kind } else { kind::A }).await
            }
            Err(Halt::Unknown) => {
                self.basis.complete = false;
                Vec::new()
            }
        };
        found.retain(|record| matches!(record.data, Data::A(_) | Data::Aaaa(_) | Data::Cname(_)));
        let longest = ttl.map_or(u32::MAX, |ttl| u32::try_from(ttl.as_secs()).unwrap_or(u32::MAX));
        for record in &mut found {
            record.ttl = record.ttl.min(longest);
        }
        Ok(found)
    }
}

/// Seconds since 1970: the serial.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}
