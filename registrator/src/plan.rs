//! From the picture of a container to what shall be registered for it. Pure.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::IpAddr;

use muster_api::catalog::Address;
use muster_api::seen::marks;
use muster_api::service::ServiceDefinition;
use regex::Regex;

use crate::container::{Container, Port, State};
use crate::health::{Condition, condition};
use crate::instance::{Instance, Origin};
use crate::labels::address::{Place, places};
use crate::labels::check::{Target, check, labels as check_labels, mirrors_health};
use crate::labels::source::Attributes;
use crate::labels::template::Template;
use crate::labels::{id, meta, name, tags};

/// What is registered, and how.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The owner's name: it stands in IDs and in the mark of what is ours.
    pub owner: String,
    /// The address of the agent's node, for ports that are published on all addresses.
    pub node_address: String,
    /// `-ip`: the address of everything that is published.
    pub ip: Option<IpAddr>,
    /// `-internal`: the container's own address and port.
    pub internal: bool,
    /// `-explicit`: only what has a `SERVICE_NAME`.
    pub explicit: bool,
    /// `-require-label`: only what has a `SERVICE_REGISTER`.
    pub require_label: bool,
    /// `-tags`.
    pub tags: Option<Template>,
    /// `-cleanup`: what the well-known registrator left behind goes.
    pub cleanup: bool,
    /// `-deregister`.
    pub deregister: Deregister,
    /// `-useIpFromLabel`.
    pub use_ip_from_label: Option<String>,
    /// `-useIpFromNetwork`.
    pub use_ip_from_network: Option<String>,
    /// Labels that begin so are metadata.
    pub meta_from_labels: Option<String>,
    /// Only containers whose names match.
    pub names: Option<Regex>,
}

/// When a container that ended is deregistered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deregister {
    /// At once, whatever its exit code.
    #[default]
    Always,
    /// At once if it ended well or by a signal; else it stays, critical, until it is removed or starts again.
    OnSuccess,
}

impl Settings {
    /// The address of the host, for a port that is bound to `ip`.
    pub(crate) fn host(&self, ip: Option<IpAddr>) -> String {
        match (self.ip, ip.filter(|ip| !ip.is_unspecified())) {
            (Some(forced), _) => forced.to_string(),
            (None, Some(bound)) => bound.to_string(),
            (None, None) => self.node_address.clone(),
        }
    }
}

/// What shall be there for one container, and what has to be said about it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    /// What shall be there.
    pub(crate) plan: Plan,
    /// What is wrong with its labels, in words; each once.
    pub(crate) notes: Vec<String>,
}

/// What shall be there for one container.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plan {
    /// These and no others.
    Instances(Vec<Instance>),
    /// Whatever is there, in this condition if one is known.
    Keep(Option<Condition>),
}

impl Planned {
    const NOTHING: Self = Self { plan: Plan::Instances(Vec::new()), notes: Vec::new() };

    /// The container is there, and nobody knows how it is.
    pub(crate) const UNREAD: Self = Self { plan: Plan::Keep(None), notes: Vec::new() };
}

/// Plans for one container. `whose` is the container whose network it has, itself as a rule, and none if that is not
/// there; `stopping` is the signal that asked it to stop.
pub(crate) fn plan(
    container: &Container,
    whose: Option<&Container>,
    stopping: Option<i32>,
    settings: &Settings,
) -> Planned {
    if settings.names.as_ref().is_some_and(|names| !names.is_match(&container.name)) {
        return Planned::NOTHING;
    }
    match container.state {
        State::Absent => return Planned::NOTHING,
        // An exit code with this bit is a signal's.
        State::Exited(code) if settings.deregister == Deregister::Always || code == 0 || code & 128 != 0 => {
            return Planned::NOTHING;
        }
        // Its network is gone, and with it what could be registered anew.
        State::Exited(_) | State::Restarting(_) => {
            let condition = condition(container, stopping, true);
            return Planned { plan: Plan::Keep(Some(condition)), notes: Vec::new() };
        }
        State::Running | State::Paused => {}
    }
    let mut notes = Vec::new();
    let instances = match whose {
        Some(whose) => instances(container, whose, stopping, settings, &mut notes),
        None => {
            notes.push("the container whose network it has is not there".into());
            Vec::new()
        }
    };
    notes.sort();
    notes.dedup();
    Planned { plan: Plan::Instances(instances), notes }
}

fn instances(
    container: &Container,
    whose: &Container,
    stopping: Option<i32>,
    settings: &Settings,
    notes: &mut Vec<String>,
) -> Vec<Instance> {
    let mut reached: Vec<(&Port, Attributes, Vec<Place>)> = Vec::new();
    for port in container.ports.keys() {
        let attributes = Attributes::of(container, port.number);
        match places(container, whose, port, &attributes, settings) {
            Ok(places) if places.is_empty() => {}
            Ok(places) => reached.push((port, attributes, places)),
            Err(why) if is_wanted(&attributes, settings) => {
                notes.push(format!("port {}: {why}", port.number));
            }
            Err(_) => {}
        }
    }
    let several = reached.len() > 1;
    let forced = settings.tags.as_ref().map(|template| template.render(&container.fields()));
    let forced = forced.transpose().unwrap_or_else(|error| {
        notes.push(format!("-tags: {error}"));
        None
    });
    let mut found: BTreeMap<String, Instance> = BTreeMap::new();
    for (port, attributes, places) in &reached {
        if !is_wanted(attributes, settings) {
            continue;
        }
        let about = About { container, stopping, several, forced: forced.as_deref().unwrap_or_default() };
        for place in places {
            let instance = about.instance(port, attributes, place, settings, notes);
            let id = instance.definition.id.clone();
            match found.entry(id) {
                Entry::Vacant(free) => drop(free.insert(instance)),
                Entry::Occupied(taken) => {
                    let id = taken.key();
                    notes.push(format!("port {}: the ID {id} is that of another port", port.number));
                }
            }
        }
    }
    found.into_values().collect()
}

fn is_wanted(attributes: &Attributes, settings: &Settings) -> bool {
    let has = |name| attributes.get(name).is_some();
    !has("ignore") && (!settings.explicit || has("name")) && (!settings.require_label || has("register"))
}

/// What all instances of a container have in common.
struct About<'c> {
    container: &'c Container,
    stopping: Option<i32>,
    several: bool,
    forced: &'c str,
}

impl About<'_> {
    fn instance(
        &self,
        port: &Port,
        attributes: &Attributes,
        place: &Place,
        settings: &Settings,
        notes: &mut Vec<String>,
    ) -> Instance {
        let container = self.container;
        let mut meta = meta::meta(container, attributes, settings.meta_from_labels.as_deref(), notes);
        for (mark, value) in [
            (marks::OWNER, settings.owner.as_str()),
            (marks::CONTAINER, container.short()),
            (marks::CONTAINER_NAME, container.name.as_str()),
        ] {
            meta.insert(mark.to_owned(), value.to_owned());
        }
        let tags = tags::tags(attributes, self.forced, &port.protocol);
        let both = place.both.map(|(v4, v6)| {
            let at = |ip: IpAddr| Address { address: ip.to_string(), port: place.port };
            BTreeMap::from([("lan_ipv4".to_owned(), at(v4)), ("lan_ipv6".to_owned(), at(v6))])
        });
        let mut definition = ServiceDefinition {
            id: id::id(&settings.owner, container, attributes, port, self.several, place.more),
            name: name::name(container, attributes, port.number, self.several),
            tags: (!tags.is_empty()).then_some(tags),
            address: place.address.clone(),
            port: place.port,
            tagged_addresses: both,
            meta: Some(meta),
            ..ServiceDefinition::default()
        };
        let target = Target { address: &place.address, port: place.port, container: &container.id };
        let (asked, fault) = match check(attributes, target) {
            Ok(asked) => (asked, None),
            Err(error) => (None, Some(error)),
        };
        definition.checks = asked.map(|mut check| {
            if check.id.is_empty() {
                check.id = format!("service:{}", definition.id);
            }
            vec![check]
        });
        let mut condition = condition(container, self.stopping, mirrors_health(attributes));
        if let Some(fault) = fault {
            // Nobody checks it as was asked: it must not be found, and here stands why.
            condition = Condition::critical(fault.as_str());
            notes.push(fault);
        }
        let about = Origin {
            container: container.id.clone(),
            started: container.started.clone(),
            check_labels: check_labels(attributes),
        };
        Instance::new(definition, condition, about)
    }
}

#[cfg(test)]
mod tests;
