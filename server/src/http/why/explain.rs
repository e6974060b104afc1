//! All that a view says about a name: who is there, who went, and what might have been meant. Pure: it knows no clock
//! and no leases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_api::Stamp;
use muster_api::why::{Check, Departed, Instance, Lease, LeaseState, Why};
use muster_registry::catalog::{self, DEPARTURES, Departure};
use muster_registry::health::query::ServiceHealth;
use muster_registry::health::{self, query};
use muster_registry::{Cause, Name, Namespace, Query as _, Status, View};

use super::judge::judge;
use crate::leader::LIVENESS;

/// Most instances that are explained in one answer, and most departures and names that are listed.
const MOST: usize = 1000;
/// About how many bytes of text they may have together.
const MOST_BYTES: usize = 4 << 20;
const MOST_DEPARTED: usize = 50;
const MOST_SIMILAR: usize = 5;
/// Shorter names are like too many others.
const TELLING: usize = 3;

/// What was asked for.
pub(super) struct Asked<'a> {
    /// A service, or else an instance's ID.
    pub(super) name: &'a str,
    /// Only on this node.
    pub(super) node: Option<&'a str>,
    /// Only with all these tags.
    pub(super) tags: Vec<&'a str>,
}

impl Asked<'_> {
    fn is_on(&self, node: &str) -> bool {
        self.node.is_none_or(|asked| asked == node)
    }
}

/// What `view` says about what was asked for.
pub(super) fn explain(view: &View, asked: &Asked<'_>) -> Why {
    let found = instances(view, asked);
    let instances: Vec<Instance> =
        found[..fitting(&found)].iter().map(|instance| one(instance, &asked.tags)).collect();
    let more = found.len() - instances.len();
    let missing = instances.is_empty();
    Why {
        name: asked.name.to_owned(),
        tags: asked.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        departed: departed(view, asked),
        remembered_since: remembered_since(view),
        similar: if missing { similar(view, asked.name) } else { Vec::new() },
        is_node: missing && view.node(asked.name).is_some(),
        instances,
        more,
        ..Why::default()
    }
}

/// How many of them are explained: the first, and then as many as there is room for. Each brings the checks of its
/// node along, so that a few records could make an answer of any size.
fn fitting(found: &[health::Instance<'_>]) -> usize {
    let mut room = MOST_BYTES;
    let fits = |instance: &&health::Instance<'_>| {
        let (fits, left) = room.checked_sub(weight(instance)).map_or((false, 0), |left| (true, left));
        room = left;
        fits
    };
    found.iter().take(MOST).take_while(fits).count().max(found.len().min(1))
}

/// About how many bytes of text an instance is explained with.
fn weight(instance: &health::Instance<'_>) -> usize {
    /// Its names, addresses and times, or a check's.
    const RECORD: usize = 512;
    let spec = &instance.service.spec;
    let meta = spec.meta.iter().map(|(key, value)| key.len() + value.len());
    let tags = spec.tags.iter().map(|tag| tag.len());
    let checks =
        instance.checks.iter().map(|check| RECORD + check.spec.output.len() + check.spec.notes.len());
    RECORD + meta.chain(tags).chain(checks).sum::<usize>()
}

/// The instances of the service of this name; where there is none, those with this ID.
fn instances<'v>(view: &'v View, asked: &Asked<'_>) -> Vec<health::Instance<'v>> {
    let mut found = ServiceHealth { service: Name::new(asked.name) }.answer(view);
    if found.is_empty() {
        let with_id = view.services_with_id(&Namespace::DEFAULT, asked.name);
        found = with_id.filter_map(|service| query::instance(view, service)).collect();
    }
    found.retain(|instance| asked.is_on(&instance.node.name));
    found
}

fn one(instance: &health::Instance<'_>, tags: &[&str]) -> Instance {
    let (spec, (found, reasons)) = (&instance.service.spec, judge(instance, tags));
    let address = if spec.address.is_empty() { &instance.node.address } else { &spec.address };
    Instance {
        service: spec.name.to_string(),
        id: spec.id.to_string(),
        node: instance.node.name.to_string(),
        address: address.to_string(),
        port: spec.port,
        tags: spec.tags.iter().map(ToString::to_string).collect(),
        meta: texts(&spec.meta),
        found,
        reasons,
        checks: instance.checks.iter().map(|held| check(held)).collect(),
        lease: lease(instance),
    }
}

fn check(held: &catalog::Check) -> Check {
    let spec = &held.spec;
    Check {
        id: spec.id.to_string(),
        name: spec.name.to_string(),
        kind: spec.kind.to_string(),
        status: spec.status.as_str().into(),
        since: Stamp::known(held.since),
        output: spec.output.to_string(),
        notes: spec.notes.to_string(),
        of_node: spec.service_id.is_empty(),
    }
}

fn lease(instance: &health::Instance<'_>) -> Lease {
    let of_node = |check: &&&Arc<catalog::Check>| check.spec.service_id.is_empty();
    let liveness = instance.checks.iter().filter(of_node).find(|check| &*check.spec.id == LIVENESS);
    let state = match liveness.map(|check| check.spec.status) {
        None => LeaseState::None,
        Some(Status::Critical) => LeaseState::Lost,
        Some(Status::Passing | Status::Warning) => LeaseState::Held,
    };
    Lease { state, since: liveness.and_then(|check| Stamp::known(check.since)), heard_ms_ago: None }
}

/// Those that went and are not back, the last one first, each once.
fn departed(view: &View, asked: &Asked<'_>) -> Vec<Departed> {
    let mut seen = BTreeSet::new();
    let lately = view.departures().rev().filter(|went| asked.is_on(&went.node) && meant(went, asked.name));
    let once = lately.filter(|went| seen.insert((went.node.clone(), label(went))) && !is_back(view, went));
    once.take(MOST_DEPARTED).map(|went| gone(went)).collect()
}

fn meant(went: &Departure, name: &str) -> bool {
    match &went.service {
        Some(service) => *service.spec.name == *name || *service.spec.id == *name,
        None => *went.node == *name,
    }
}

fn label(went: &Departure) -> Option<(Arc<str>, Arc<str>)> {
    went.service.as_ref().map(|service| (service.spec.name.clone(), service.spec.id.clone()))
}

fn is_back(view: &View, went: &Departure) -> bool {
    match &went.service {
        Some(service) => {
            let mut now = view.services_with_id(&service.spec.namespace, &service.spec.id);
            now.any(|now| now.node == went.node && now.spec.name == service.spec.name)
        }
        None => view.node(&went.node).is_some(),
    }
}

fn gone(went: &Departure) -> Departed {
    let spec = went.service.as_ref().map(|service| &service.spec);
    let text = |pick: fn(&muster_registry::command::ServiceSpec) -> &Arc<str>| {
        spec.map(|spec| pick(spec).to_string()).unwrap_or_default()
    };
    Departed {
        service: text(|spec| &spec.name),
        id: text(|spec| &spec.id),
        address: text(|spec| &spec.address),
        node: went.node.to_string(),
        port: spec.map_or(0, |spec| spec.port),
        meta: spec.map(|spec| texts(&spec.meta)).unwrap_or_default(),
        at: Stamp::known(went.at),
        by: went.by.as_str().into(),
        text: words(went.by).into(),
    }
}

fn words(by: Cause) -> &'static str {
    match by {
        Cause::Unsaid => "nobody said why",
        Cause::Catalog => "it was deregistered over the catalog's API",
        Cause::Agent => "it was deregistered at its agent",
        Cause::Critical => {
            "its agent deregistered it: it was critical for longer than DeregisterCriticalServiceAfter allows"
        }
        Cause::Files => "no configuration file of its agent defines it any more",
        Cause::Registrator => "the registrator deregistered it: its container has gone",
        Cause::Left => "the node left",
        Cause::ForceLeave => "somebody made the node leave (force-leave)",
        Cause::Reaped => "the node was dead for too long and the leader removed it",
        Cause::Renamed => "it came again under another name, or its node did",
    }
}

/// Where departures were forgotten: when the oldest that is remembered was.
fn remembered_since(view: &View) -> Option<Stamp> {
    let mut departures = view.departures();
    let oldest = departures.next()?;
    (departures.count() + 1 >= DEPARTURES).then_some(oldest.at).and_then(Stamp::known)
}

/// Services that may have been meant: another case first, then names that hold this one or are held by it.
fn similar(view: &View, name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let near = |held: &&Name| {
        let held = held.text.to_lowercase();
        let (short, long) = if held.len() < lower.len() { (&held, &lower) } else { (&lower, &held) };
        held == lower || short.len() >= TELLING && long.contains(short.as_str())
    };
    let mut names: Vec<String> =
        view.service_names(&Namespace::DEFAULT).filter(near).map(|name| name.text.to_string()).collect();
    names.sort_by_key(|held| (held.to_lowercase() != lower, held.len()));
    names.truncate(MOST_SIMILAR);
    names
}

fn texts(map: &BTreeMap<Arc<str>, Arc<str>>) -> BTreeMap<String, String> {
    map.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use muster_registry::command::{CheckSpec, Deregistration, Registration, ServiceSpec, SetCheck};
    use muster_registry::{Command, Registry};

    use super::*;

    fn register(registry: &mut Registry, at: u64, node: &str, service: &str, id: &str, status: Status) {
        let check = CheckSpec {
            id: LIVENESS.into(),
            namespace: Namespace::DEFAULT,
            name: "Serf Health Status".into(),
            status,
            notes: "".into(),
            output: "said".into(),
            service_id: "".into(),
            kind: "".into(),
            definition: "".into(),
        };
        let meta = [("k".into(), "v".into())].into();
        let spec =
            ServiceSpec { id: id.into(), name: service.into(), port: 80, meta, ..ServiceSpec::default() };
        let registration = Registration {
            node: node.into(),
            address: "10.0.0.1".into(),
            service: Some(spec),
            checks: vec![check],
            ..Registration::default()
        };
        registry.apply(at, &Command::Register(Box::new(registration)).dated(at * 1000));
    }

    fn deregister(registry: &mut Registry, at: u64, node: &str, id: &str, by: Cause) {
        let which = Deregistration { node: node.into(), service_id: id.into(), ..Deregistration::default() };
        registry.apply(at, &Command::Deregister(which).owed_to(by).dated(at * 1000));
    }

    fn ask(registry: &Registry, name: &str, node: Option<&str>) -> Why {
        explain(registry.view(), &Asked { name, node, tags: Vec::new() })
    }

    /// The shape on the wire: others read it.
    #[test]
    fn an_answer_in_full() {
        let mut registry = Registry::new();
        register(&mut registry, 1, "n1", "web", "w1", Status::Critical);
        register(&mut registry, 2, "n2", "web", "w2", Status::Passing);
        deregister(&mut registry, 3, "n2", "w2", Cause::Critical);
        let written = serde_json::to_string_pretty(&ask(&registry, "web", None)).unwrap();
        assert_eq!(written, include_str!("golden.json").trim_end());
        let read: Why = serde_json::from_str(&written).unwrap();
        assert_eq!(read, ask(&registry, "web", None));
    }

    #[test]
    fn an_instance_is_found_by_its_service_or_else_by_its_id() {
        let mut registry = Registry::new();
        register(&mut registry, 1, "n1", "web", "w", Status::Passing);
        register(&mut registry, 2, "n2", "web", "w", Status::Passing);
        register(&mut registry, 3, "n2", "w2", "web", Status::Passing);
        let nodes = |name: &str, node: Option<&str>| {
            let found = ask(&registry, name, node).instances.into_iter();
            found.map(|instance| (instance.node, instance.id)).collect::<Vec<_>>()
        };
        let pair = |node: &str, id: &str| (node.to_owned(), id.to_owned());
        assert_eq!(nodes("web", None), [pair("n1", "w"), pair("n2", "w")]);
        assert_eq!(nodes("w", None), [pair("n1", "w"), pair("n2", "w")]);
        assert_eq!(nodes("w", Some("n2")), [pair("n2", "w")]);
        assert_eq!(nodes("nope", None), []);
    }

    #[test]
    fn an_answer_has_room_for_a_first_instance_and_not_for_any_number() {
        let mut registry = Registry::new();
        register(&mut registry, 1, "n1", "web", "w0", Status::Critical);
        let said = |registry: &mut Registry, at: u64, bytes: usize| {
            let set = SetCheck {
                node: "n1".into(),
                namespace: Namespace::DEFAULT,
                check_id: LIVENESS.into(),
                status: Status::Critical,
                output: "x".repeat(bytes).into(),
            };
            registry.apply(at, &Command::SetCheck(set));
        };
        for at in 2..10 {
            register(&mut registry, at, "n1", "web", &format!("w{at}"), Status::Critical);
        }
        let counts = |registry: &Registry| {
            let why = ask(registry, "web", None);
            (why.instances.len(), why.more)
        };
        assert_eq!(counts(&registry), (9, 0));
        said(&mut registry, 10, MOST_BYTES / 3);
        assert_eq!(counts(&registry), (2, 7));
        said(&mut registry, 11, MOST_BYTES);
        assert_eq!(counts(&registry), (1, 8));
        assert_eq!(ask(&registry, "nope", None).more, 0);
    }

    #[test]
    fn who_went_and_is_not_back_is_told() {
        let mut registry = Registry::new();
        for (at, node) in [(1, "n1"), (2, "n2"), (3, "n3")] {
            register(&mut registry, at, node, "web", "w", Status::Passing);
        }
        deregister(&mut registry, 4, "n1", "w", Cause::Agent);
        deregister(&mut registry, 5, "n2", "w", Cause::Files);
        register(&mut registry, 6, "n2", "web", "w", Status::Passing);
        deregister(&mut registry, 7, "n3", "", Cause::Reaped);
        let told = |name: &str, node: Option<&str>| {
            let departed = ask(&registry, name, node).departed.into_iter();
            departed.map(|went| format!("{} {} {}", went.node, went.service, went.by)).collect::<Vec<_>>()
        };
        assert_eq!(told("web", None), ["n3 web reaped", "n1 web agent"]);
        assert_eq!(told("w", Some("n1")), ["n1 web agent"]);
        assert_eq!(told("n3", None), ["n3  reaped"]);
        assert!(ask(&registry, "web", None).remembered_since.is_none(), "nothing was forgotten");
    }

    #[test]
    fn names_that_may_have_been_meant_are_offered() {
        let mut registry = Registry::new();
        for (at, name) in [(1, "Web"), (2, "web-admin"), (3, "db")] {
            register(&mut registry, at, "n1", name, name, Status::Passing);
        }
        assert_eq!(ask(&registry, "web", None).similar, ["Web", "web-admin"]);
        assert_eq!(ask(&registry, "d", None).similar, [""; 0]);
        assert!(ask(&registry, "Web", None).similar.is_empty(), "it is there");
        assert!(ask(&registry, "n1", None).is_node);
    }
}
