//! A packet in, a reply out. What need not wait is answered without waiting.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::answer::Answer;
use crate::encode::{self, LARGEST_UDP, PLAIN_UDP, Shape};
use crate::forward::Forward;
use crate::name::Name;
use crate::record::{Data, code, kind};
use crate::resolve::{Basis, Halt, Resolver};
use crate::wire::{self, Asked, HEAD, NoQuestion};
use crate::{Config, Directory};

const CLASS_IN: u16 = 1;
const CLASS_ANY: u16 = 255;
/// Consul counts no further, whatever `udp_answer_limit` says.
const HIGHEST_ANSWER_LIMIT: usize = 8;

/// How a packet came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Datagram,
    Stream,
}

/// A reply, and how long it may be given again.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    /// None: it is for this once.
    pub(crate) keep: Option<Keep>,
}

/// How a reply may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keep {
    pub(crate) basis: Basis,
    /// It shows the time of day.
    pub(crate) brief: bool,
    /// Chance ordered it: several of them should take turns.
    pub(crate) shuffled: bool,
}

/// What comes of a packet that must not be waited for.
#[derive(Debug)]
pub(crate) enum AtOnce {
    Reply(Reply),
    Silence,
    /// Ask [`Handler::reply`].
    Wait,
}

/// Answers packets.
pub(crate) struct Handler<D> {
    pub(crate) directory: Arc<D>,
    pub(crate) config: Config,
    forward: Forward,
}

impl<D: Directory> Handler<D> {
    pub(crate) fn new(directory: Arc<D>, mut config: Config) -> Self {
        let plain = |name: &str| name.trim_matches('.').to_ascii_lowercase();
        config.domain = plain(&config.domain);
        config.alt_domain = config.alt_domain.as_deref().map(plain).filter(|name| !name.is_empty());
        config.datacenter = plain(&config.datacenter);
        let forward = Forward::new(config.recursors.clone(), config.recursor_timeout);
        Self { directory, config, forward }
    }

    /// The reply to a datagram, if it can be made without waiting.
    pub(crate) fn at_once(&self, packet: &[u8]) -> AtOnce {
        let reply = pin!(self.handle(packet, Transport::Datagram, false));
        match reply.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(Some(reply))) => AtOnce::Reply(reply),
            Poll::Ready(Ok(None)) => AtOnce::Silence,
            Poll::Ready(Err(MustWait)) | Poll::Pending => AtOnce::Wait,
        }
    }

    /// The reply to a packet; none to what is no question.
    pub(crate) async fn reply(&self, packet: &[u8], transport: Transport) -> Option<Vec<u8>> {
        self.handle(packet, transport, true).await.ok().flatten().map(|reply| reply.bytes)
    }

    async fn handle(
        &self,
        packet: &[u8],
        transport: Transport,
        may_wait: bool,
    ) -> Result<Option<Reply>, MustWait> {
        let read = wire::plain(packet).map_or_else(|| wire::full(packet), Ok);
        let asked = match read {
            Ok(asked) => asked,
            Err(NoQuestion::Silent) => return Ok(None),
            Err(NoQuestion::Say { id, opcode, code }) => {
                return Ok(Some(Reply { bytes: encode::bare(id, opcode, code), keep: None }));
            }
        };
        let shape = self.shape(&asked, transport);
        let refuse = |code| Reply { bytes: encode::reply(&asked, &Answer::refusal(code), shape), keep: None };
        if let Some(code) = refusal(&asked) {
            return Ok(Some(refuse(code)));
        }
        let Some(name) = Name::from_wire(&asked.name) else { return Ok(Some(refuse(code::FORMAT_ERROR))) };
        let counted = self.config.consul_truncation && shape.limit == usize::from(PLAIN_UDP);
        let mut resolver = Resolver {
            directory: &*self.directory,
            config: &self.config,
            forward: &self.forward,
            may_wait,
            most: counted.then(|| self.config.udp_answer_limit.min(HIGHEST_ANSWER_LIMIT)),
            chance: StdRng::from_rng(&mut rand::rng()),
            basis: Basis { subjects: Vec::new(), complete: true },
        };
        Ok(Some(match resolver.answer(&name, asked.kind).await {
            Ok(answer) => {
                let keep = resolver.basis.complete.then(|| keep(&answer, resolver.basis));
                Reply { bytes: encode::reply(&asked, &answer, shape), keep }
            }
            Err(Halt::Wait) => return Err(MustWait),
            Err(Halt::Unknown) => refuse(code::SERVER_FAILURE),
            Err(Halt::Elsewhere(code)) if self.forward.is_empty() => refuse(code),
            Err(Halt::Elsewhere(_)) if !may_wait => return Err(MustWait),
            Err(Halt::Elsewhere(_)) => {
                let forwarded = self.forwarded(packet, &asked, &name, transport, shape.limit).await;
                forwarded.map_or_else(|| refuse(code::SERVER_FAILURE), |bytes| Reply { bytes, keep: None })
            }
        }))
    }

    /// What the recursors say to the packet as it came, made to fit.
    async fn forwarded(
        &self,
        packet: &[u8],
        asked: &Asked<'_>,
        name: &Name,
        transport: Transport,
        limit: usize,
    ) -> Option<Vec<u8>> {
        let question = HEAD + name.wire().len() + 4;
        // What the quick reader does not take is put in plain words before it leaves the house.
        let plain = wire::plain(packet).is_none().then(|| encode::question(name, asked.kind));
        let mut reply = match &plain {
            Some(plain) => self.forward.ask(plain, question, transport == Transport::Stream).await?,
            None => self.forward.ask(packet, question, transport == Transport::Stream).await?,
        };
        reply.get_mut(..2)?.copy_from_slice(&asked.id.to_be_bytes());
        if reply.len() > limit {
            let mut cut = Answer::refusal(code::NO_ERROR);
            cut.cut = true;
            reply = encode::reply(asked, &cut, Shape { say_cut: true, ..self.shape(asked, transport) });
        }
        Some(reply)
    }

    fn shape(&self, asked: &Asked<'_>, transport: Transport) -> Shape {
        Shape {
            limit: match transport {
                Transport::Stream => usize::from(u16::MAX),
                Transport::Datagram => usize::from(datagram_limit(asked)),
            },
            compress: !self.config.disable_compression,
            say_cut: !self.config.consul_truncation || self.config.enable_truncate,
            recursion_available: !self.forward.is_empty(),
        }
    }
}

/// The largest datagram that this client takes from us.
pub(crate) fn datagram_limit(asked: &Asked<'_>) -> u16 {
    asked.edns.map_or(PLAIN_UDP, |edns| edns.size.clamp(PLAIN_UDP, LARGEST_UDP))
}

#[derive(Debug)]
struct MustWait;

/// The code for a question that is not answered.
fn refusal(asked: &Asked<'_>) -> Option<u16> {
    if asked.edns.is_some_and(|edns| edns.version != 0) {
        Some(code::BAD_VERSION)
    } else if matches!(asked.kind, kind::AXFR | kind::IXFR) {
        Some(code::NOT_IMPLEMENTED)
    } else if !matches!(asked.class, CLASS_IN | CLASS_ANY) {
        Some(code::REFUSED)
    } else {
        None
    }
}

fn keep(answer: &Answer, basis: Basis) -> Keep {
    let shows_time = |record: &crate::record::Record| matches!(record.data, Data::Soa { .. });
    let brief = answer.answers.iter().chain(&answer.authorities).any(shows_time);
    Keep { basis, brief, shuffled: answer.shuffled }
}

#[cfg(test)]
mod tests;
