//! A view as records. Borrows the view and makes each record when it is asked for.

use super::Record;
use crate::View;

impl View {
    /// The whole state, in an order that is the same on every replica.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let catalog = &self.catalog;
        let begin = Record::Begin { index: self.index, floor: self.floor, nodes_index: catalog.nodes_index };
        let time = Record::Time(self.time);
        let nodes = catalog.nodes.values().map(|entry| Record::Node(entry.node.clone(), entry.index));
        let services =
            catalog.nodes.values().flat_map(|entry| entry.services.values().cloned().map(Record::Service));
        let indexes =
            catalog.services.iter().map(|(name, entry)| Record::ServiceIndex(name.clone(), entry.index));
        let checks = catalog.nodes.values().flat_map(|entry| {
            entry.checks.values().map(|check| Record::CheckSince(check.clone(), check.since))
        });
        let keys = self.kv.entries.iter().cloned().map(Record::Key);
        let names =
            catalog.services_index.iter().map(|(space, index)| Record::ServicesIndex(space.clone(), *index));
        let states = catalog
            .state_index
            .iter()
            .map(|((space, status), index)| Record::StateIndex(space.clone(), *status, *index));
        let lost_nodes =
            catalog.lost_nodes.iter().map(|(name, index)| Record::LostNode(name.clone(), *index));
        let lost_services =
            catalog.lost_services.iter().map(|(name, index)| Record::LostService(name.clone(), *index));
        let lost_keys = self.kv.tombstones.iter().map(|lost| Record::LostKey(lost.key.clone(), lost.index));
        let departed = catalog.departed.iter().cloned().map(Record::Departed);
        let body = [begin, time]
            .into_iter()
            .chain(nodes)
            .chain(services)
            .chain(indexes)
            .chain(checks)
            .chain(keys)
            .chain(names)
            .chain(states)
            .chain(lost_nodes)
            .chain(lost_services)
            .chain(lost_keys)
            .chain(departed);
        let mut count = 0;
        let mut body = body.fuse();
        let mut ended = false;
        std::iter::from_fn(move || match body.next() {
            Some(record) => {
                count += 1;
                Some(record)
            }
            None if ended => None,
            None => {
                ended = true;
                Some(Record::End { records: count })
            }
        })
    }
}
