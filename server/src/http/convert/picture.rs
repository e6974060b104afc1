//! Records of the view as a filter sees them: field by field, borrowed. The names are those of
//! `muster_api::filter::fields`; a test holds the two together. Never renders.

use muster_api::filter::fields::{CONNECT, Field, PROXY};
use muster_api::filter::{Leaf, Path, Record, See, json, show_addresses, show_texts};
use muster_registry::catalog::{Check, Node, Service};
use muster_registry::health::Instance;

/// A node of `datacenter`.
pub(crate) struct NodePicture<'v> {
    pub(crate) node: &'v Node,
    pub(crate) datacenter: &'v str,
}

impl Record for NodePicture<'_> {
    fn show(&self, path: Path<'_>, see: See<'_>) -> bool {
        let Some((name, rest)) = path.split_first() else { return false };
        let node = self.node;
        match &**name {
            "ID" => see(Leaf::Text(&node.id)),
            "Node" => see(Leaf::Text(&node.name)),
            "Address" => see(Leaf::Text(&node.address)),
            "Datacenter" => see(Leaf::Text(self.datacenter)),
            "TaggedAddresses" => show_texts(&node.tagged_addresses, rest, see),
            "Meta" => show_texts(&node.meta, rest, see),
            _ => false,
        }
    }
}

/// An instance as it stands inside its node.
pub(crate) struct ServicePicture<'v>(pub(crate) &'v Service);

impl Record for ServicePicture<'_> {
    fn show(&self, path: Path<'_>, see: See<'_>) -> bool {
        let Some((name, rest)) = path.split_first() else { return false };
        part_of_service(self.0, name, rest, see)
    }
}

fn part_of_service(service: &Service, name: &str, rest: Path<'_>, see: See<'_>) -> bool {
    let spec = &service.spec;
    match name {
        "Kind" => see(Leaf::Text(&spec.kind)),
        "ID" => see(Leaf::Text(&spec.id)),
        "Service" => see(Leaf::Text(&spec.name)),
        "Tags" => see(Leaf::Many(&spec.tags)),
        "Address" => see(Leaf::Text(&spec.address)),
        "TaggedAddresses" => {
            show_addresses(&spec.tagged_addresses, |(address, port)| (&**address, *port), rest, see)
        }
        "Meta" => show_texts(&spec.meta, rest, see),
        "Port" => see(Leaf::Number(spec.port.into())),
        "Weights" => match rest.first().map(|part| &**part) {
            Some("Passing") => see(Leaf::Number(spec.weight_passing.into())),
            Some("Warning") => see(Leaf::Number(spec.weight_warning.into())),
            _ => false,
        },
        "EnableTagOverride" => see(Leaf::Flag(spec.enable_tag_override)),
        "Proxy" => kept(PROXY, &spec.proxy, rest, see),
        "Connect" => kept(CONNECT, &spec.connect, rest, see),
        _ => false,
    }
}

/// What is kept as JSON is read only where it is asked for.
fn kept(form: Field, text: &str, rest: Path<'_>, see: See<'_>) -> bool {
    json::show(form, serde_json::from_str(text).ok().as_ref(), rest, see)
}

/// An instance and its node in one flat record.
pub(crate) struct FlatPicture<'v> {
    pub(crate) node: &'v Node,
    pub(crate) service: &'v Service,
    pub(crate) datacenter: &'v str,
}

impl Record for FlatPicture<'_> {
    fn show(&self, path: Path<'_>, see: See<'_>) -> bool {
        let Some((name, rest)) = path.split_first() else { return false };
        match &**name {
            "NodeMeta" => show_texts(&self.node.meta, rest, see),
            "ServiceName" => see(Leaf::Text(&self.service.spec.name)),
            name => match name.strip_prefix("Service") {
                Some(part) => part_of_service(self.service, part, rest, see),
                None => NodePicture { node: self.node, datacenter: self.datacenter }.show(path, see),
            },
        }
    }
}

/// A check.
pub(crate) struct CheckPicture<'v>(pub(crate) &'v Check);

impl Record for CheckPicture<'_> {
    fn show(&self, path: Path<'_>, see: See<'_>) -> bool {
        let (record, spec) = (self.0, &self.0.spec);
        match path.first().map(|name| &**name) {
            Some("Node") => see(Leaf::Text(&record.node)),
            Some("CheckID") => see(Leaf::Text(&spec.id)),
            Some("Name") => see(Leaf::Text(&spec.name)),
            Some("Status") => see(Leaf::Text(spec.status.as_str())),
            Some("Notes") => see(Leaf::Text(&spec.notes)),
            Some("Output") => see(Leaf::Text(&spec.output)),
            Some("ServiceID") => see(Leaf::Text(&spec.service_id)),
            Some("ServiceName") => see(Leaf::Text(&record.service_name)),
            Some("ServiceTags") => see(Leaf::Many(&record.service_tags)),
            Some("Type") => see(Leaf::Text(&spec.kind)),
            _ => false,
        }
    }
}

/// An instance with its node and its checks.
pub(crate) struct InstancePicture<'v> {
    pub(crate) instance: &'v Instance<'v>,
    pub(crate) datacenter: &'v str,
}

impl Record for InstancePicture<'_> {
    fn show(&self, path: Path<'_>, see: See<'_>) -> bool {
        let Some((name, rest)) = path.split_first() else { return false };
        let Instance { node, service, checks } = self.instance;
        match &**name {
            "Node" => NodePicture { node, datacenter: self.datacenter }.show(rest, see),
            "Service" => ServicePicture(service).show(rest, see),
            "Checks" if rest.is_empty() => see(Leaf::Count(checks.len())),
            "Checks" => checks.iter().any(|check| CheckPicture(check).show(rest, &mut *see)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use muster_api::Params;
    use muster_api::filter::fields::{CHECK, FLAT, Fields, INSTANCE, NODE, SERVICE};
    use muster_registry::command::{CheckSpec, ServiceSpec};
    use muster_registry::{Namespace, Status};

    use super::*;

    fn node() -> Node {
        Node {
            name: "n".into(),
            id: "i".into(),
            address: "a".into(),
            tagged_addresses: [("lan".into(), "l".into())].into(),
            meta: [("os".into(), "linux".into())].into(),
            create_index: 1,
            modify_index: 1,
        }
    }

    fn service() -> Service {
        let spec = ServiceSpec {
            id: "w1".into(),
            name: "web".into(),
            tags: vec!["Blue".into()],
            port: 80,
            tagged_addresses: [("lan".into(), ("1.2.3.4".into(), 99))].into(),
            weight_passing: 3,
            proxy: r#"{"upstreams":[{"destination_name":"u"}],"Expose":{"Checks":true}}"#.into(),
            ..ServiceSpec::default()
        };
        Service { node: "n".into(), spec, create_index: 1, modify_index: 1 }
    }

    fn check() -> Check {
        let spec = CheckSpec {
            id: "c".into(),
            namespace: Namespace::DEFAULT,
            name: "c".into(),
            status: Status::Warning,
            notes: "".into(),
            output: "ouch".into(),
            service_id: "w1".into(),
            kind: "ttl".into(),
            definition: "".into(),
        };
        let service_tags = vec!["Blue".into()];
        let name = "web".into();
        Check {
            node: "n".into(),
            spec,
            service_name: name,
            service_tags,
            create_index: 1,
            modify_index: 1,
            since: 0,
        }
    }

    /// Every field that may be named is shown; `path` is where a map or a list goes on.
    fn every(fields: Fields, record: &dyn Record, before: &[Box<str>]) {
        for (name, field) in fields {
            let mut path = before.to_vec();
            path.push((*name).into());
            match field {
                Field::Record(inner) | Field::Records(inner) => every(inner, record, &path),
                Field::Map(Field::Record(inner)) => {
                    path.push("lan".into());
                    every(inner, record, &path);
                }
                _ => {
                    let lists = ["Upstreams", "Paths"];
                    let in_list = path.iter().any(|part| lists.contains(&&**part));
                    assert!(in_list || record.show(&path, &mut |_| true), "{path:?} is not shown");
                }
            }
        }
    }

    #[test]
    fn every_field_is_shown() {
        let (node, service, check) = (Arc::new(node()), Arc::new(service()), Arc::new(check()));
        let instance = Instance { node: &node, service: &service, checks: vec![&check] };
        every(NODE, &NodePicture { node: &node, datacenter: "dc1" }, &[]);
        every(SERVICE, &ServicePicture(&service), &[]);
        every(FLAT, &FlatPicture { node: &node, service: &service, datacenter: "dc1" }, &[]);
        every(CHECK, &CheckPicture(&check), &[]);
        every(INSTANCE, &InstancePicture { instance: &instance, datacenter: "dc1" }, &[]);
    }

    #[test]
    fn an_instance_is_asked_through_its_parts() {
        let (node, service, check) = (Arc::new(node()), Arc::new(service()), Arc::new(check()));
        let instance = Instance { node: &node, service: &service, checks: vec![&check] };
        let picture = InstancePicture { instance: &instance, datacenter: "dc1" };
        let takes = |text: &str| {
            let params = Params::parse(&format!("filter={}", text.replace(' ', "+"))).unwrap();
            params.filter(INSTANCE).unwrap().unwrap().takes(&picture)
        };
        assert!(takes("Node.Meta.os == linux and Service.Port == 80 and Checks.Status == warning"));
        assert!(takes("Service.TaggedAddresses.lan.Port == 99 and Blue in Service.Tags"));
        assert!(takes(
            "Service.Proxy.Upstreams.DestinationName == u and Service.Proxy.Expose.Checks == true"
        ));
        assert!(!takes("Service.Connect.Native == true or Checks is empty or Node.Datacenter == dc2"));
    }
}
