//! The directory of a client agent: answers in memory, each kept fresh by a watch. The first question about a name
//! waits for the first answer of its watch; a server that cannot be reached leaves the last good answer. Where there
//! is no room for another watch, a name is asked for once, and few at a time.

mod slots;
mod watching;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use muster_dns::{Directory, Instance, NodeFacts, Owner, Subject};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::upstream_remote::Servers;
use slots::{Full, Known, Limits, Slot, Slots};
use watching::{Start, path_of, read};

/// How long a question about a name that is not known waits.
const FIRST: Duration = Duration::from_secs(3);
/// Most questions at once about names that are not watched.
const SINGLE: usize = 64;

/// Answers from memory.
pub(super) struct DnsOnWatch {
    servers: Servers,
    slots: Arc<Slots>,
    starts: mpsc::Sender<Start>,
    single: Semaphore,
}

impl DnsOnWatch {
    /// The directory, and its watches to be driven.
    pub(super) fn new(servers: Servers, token: CancellationToken) -> (Self, impl Future<Output = ()>) {
        Self::within(servers, Limits::default(), token)
    }

    fn within(
        servers: Servers,
        limits: Limits,
        token: CancellationToken,
    ) -> (Self, impl Future<Output = ()>) {
        let (starts, started) = mpsc::channel(limits.most);
        let slots = Arc::new(Slots::new(limits));
        let (upstream, table) = (servers.clone(), slots.clone());
        let keep = move |subject, slot| watching::keep_fresh(upstream.clone(), table.clone(), subject, slot);
        let driving = watching::drive(slots.clone(), started, token, keep);
        (Self { servers, slots, starts, single: Semaphore::new(SINGLE) }, driving)
    }

    /// What is known of `subject`; where nothing is, what is said within [`FIRST`].
    async fn known(&self, subject: Subject) -> Option<Arc<Known>> {
        let slot = match self.slots.find(&subject) {
            Some(slot) => Some(slot),
            None => self.watched(&subject, None).ok(),
        };
        let asked = async {
            match slot {
                Some(slot) => slot.known().await,
                None => self.once(&subject).await,
            }
        };
        timeout(FIRST, asked).await.ok()?
    }

    /// A place for `subject`, and a watch that keeps it.
    fn watched(&self, subject: &Subject, proof: Option<Known>) -> Result<Arc<Slot>, Full> {
        let (slot, new) = self.slots.place(subject, proof)?;
        if new && self.starts.try_send((subject.clone(), slot.clone())).is_err() {
            self.slots.remove(subject, &slot);
            return Err(Full);
        }
        Ok(slot)
    }

    /// Asks without a watch. A name that turns out to be there is watched from then on, if there is room at all.
    async fn once(&self, subject: &Subject) -> Option<Arc<Known>> {
        let _permit = self.single.acquire().await.ok()?;
        let told = self.servers.single(&path_of(subject)).await;
        let known = told.and_then(|told| read(subject, &told));
        let known =
            known.inspect_err(|error| tracing::debug!(?subject, error, "a name is not known")).ok()?;
        let _ = self.watched(subject, Some(known.clone()));
        Some(Arc::new(known))
    }
}

impl Directory for DnsOnWatch {
    fn version(&self, subject: &Subject) -> Option<u64> {
        self.slots.find(subject)?.version()
    }

    async fn service(&self, name: &Arc<str>) -> Option<Vec<Instance>> {
        match &*self.known(Subject::Service(name.clone())).await? {
            Known::Service(instances) => Some(instances.clone()),
            Known::Node(_) | Known::Owners(_) => None,
        }
    }

    async fn node(&self, name: &Arc<str>) -> Option<Option<NodeFacts>> {
        match &*self.known(Subject::Node(name.clone())).await? {
            Known::Node(node) => Some(node.clone()),
            Known::Service(_) | Known::Owners(_) => None,
        }
    }

    async fn owners_of(&self, address: IpAddr) -> Option<Vec<Owner>> {
        match &*self.known(Subject::Address(address)).await? {
            Known::Owners(owners) => Some(owners.clone()),
            Known::Service(_) | Known::Node(_) => None,
        }
    }

    async fn servers(&self) -> Option<Vec<NodeFacts>> {
        match &*self.known(Subject::Servers).await? {
            Known::Service(servers) => Some(servers.iter().map(|server| server.node.clone()).collect()),
            Known::Node(_) | Known::Owners(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
