//! The questions of client agents about names, as reads whose answers are kept and waited for. Their indexes are
//! versions: another one may be lower.

use std::net::IpAddr;
use std::sync::Arc;

use muster_api::answer;
use muster_registry::health::query::ServiceHealth;
use muster_registry::{Name, Namespace, Topic, Topics, View, Watched};

use super::{Names, hash};
use crate::read::Question;

/// About one service.
pub(super) struct OfService {
    pub(super) names: Arc<Names>,
    pub(super) name: Arc<str>,
}

impl Watched for OfService {
    fn topics(&self) -> Topics {
        let all = std::iter::once(self.name.clone()).chain(self.names.spellings(&self.name));
        all.map(|text| Topic::Service(Name { namespace: Namespace::DEFAULT, text })).collect()
    }

    fn index(&self, view: &View) -> u64 {
        self.names.service_version(view, &self.name)
    }

    fn size(&self, view: &View) -> usize {
        ServiceHealth { service: Name::new(&self.name) }.size(view)
    }
}

/// About one node. The list of nodes moves often in a large cluster, one node's record seldom: the version is what
/// is said of it.
pub(super) struct OfNode {
    pub(super) names: Arc<Names>,
    pub(super) name: Arc<str>,
}

impl Watched for OfNode {
    fn topics(&self) -> Topics {
        vec![Topic::Nodes]
    }

    fn index(&self, view: &View) -> u64 {
        hash(&self.names.node(view, &self.name)) | 1
    }

    /// One short record.
    fn size(&self, _: &View) -> usize {
        0
    }
}

/// About one address. Any change may concern it, so nothing wakes who waits: it is looked at from time to time.
struct OfAddress {
    pub(super) names: Arc<Names>,
    address: IpAddr,
}

impl Watched for OfAddress {
    fn topics(&self) -> Topics {
        Vec::new()
    }

    fn index(&self, view: &View) -> u64 {
        hash(&self.names.owners(view, self.address)) | 1
    }

    /// One short record.
    fn size(&self, _: &View) -> usize {
        0
    }
}

pub(super) fn of_service(names: Arc<Names>, name: Arc<str>) -> Question {
    Question::new(OfService { names, name }, |asked, view| {
        answer::json(&asked.names.service(view, &asked.name), false)
    })
}

pub(super) fn of_node(names: Arc<Names>, name: Arc<str>) -> Question {
    Question::new(OfNode { names, name }, |asked, view| {
        answer::json(&asked.names.node(view, &asked.name), false)
    })
}

pub(super) fn of_address(names: Arc<Names>, address: IpAddr) -> Question {
    Question::new(OfAddress { names, address }, |asked, view| {
        answer::json(&asked.names.owners(view, asked.address), false)
    })
}
