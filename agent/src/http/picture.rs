//! Local services and checks as a filter sees them: field by field, borrowed. Never renders.

use std::collections::BTreeMap;

use muster_api::catalog::Weights;
use muster_api::filter::fields::{CONNECT, PROXY};
use muster_api::filter::{Leaf, Path, Record, See, json, show_addresses, show_texts};
use muster_api::service::ServiceDefinition;

use crate::local::LocalCheck;

/// What a map is that was not given.
static NOTHING: BTreeMap<String, String> = BTreeMap::new();
static NOWHERE: BTreeMap<String, muster_api::catalog::Address> = BTreeMap::new();

/// An instance.
pub(super) struct ServicePicture<'l>(pub(super) &'l ServiceDefinition);

impl Record for ServicePicture<'_> {
    fn show(&self, path: Path<'_>, see: See<'_>) -> bool {
        let Some((name, rest)) = path.split_first() else { return false };
        let service = self.0;
        match &**name {
            "Kind" => see(Leaf::Text(&service.kind)),
            "ID" => see(Leaf::Text(&service.id)),
            "Service" => see(Leaf::Text(&service.name)),
            "Tags" => match &service.tags {
                Some(tags) => see(Leaf::Many(tags)),
                None => see(Leaf::Many(&Vec::<&str>::new())),
            },
            "Address" => see(Leaf::Text(&service.address)),
            "TaggedAddresses" => {
                let named = service.tagged_addresses.as_ref().unwrap_or(&NOWHERE);
                show_addresses(named, |at| (&at.address, at.port), rest, see)
            }
            "Meta" => show_texts(service.meta.as_ref().unwrap_or(&NOTHING), rest, see),
            "Port" => see(Leaf::Number(service.port.into())),
            "Weights" => {
                let Weights { passing, warning } = service.weights.unwrap_or(Weights::NONE_GIVEN);
                match rest.first().map(|part| &**part) {
                    Some("Passing") => see(Leaf::Number(passing)),
                    Some("Warning") => see(Leaf::Number(warning)),
                    _ => false,
                }
            }
            "EnableTagOverride" => see(Leaf::Flag(service.enable_tag_override)),
            "Proxy" => json::show(PROXY, service.proxy.as_ref(), rest, see),
            "Connect" => json::show(CONNECT, service.connect.as_ref(), rest, see),
            _ => false,
        }
    }
}

/// A check of `node`.
pub(super) struct CheckPicture<'l> {
    pub(super) node: &'l str,
    pub(super) check: &'l LocalCheck,
}

impl Record for CheckPicture<'_> {
    fn show(&self, path: Path<'_>, see: See<'_>) -> bool {
        let (check, asked) = (self.check, &self.check.definition);
        match path.first().map(|name| &**name) {
            Some("Node") => see(Leaf::Text(self.node)),
            Some("CheckID") => see(Leaf::Text(&asked.id)),
            Some("Name") => see(Leaf::Text(&asked.name)),
            Some("Status") => see(Leaf::Text(check.status.as_str())),
            Some("Notes") => see(Leaf::Text(&asked.notes)),
            Some("Output") => see(Leaf::Text(&check.output)),
            Some("ServiceID") => see(Leaf::Text(&asked.service_id)),
            Some("ServiceName") => see(Leaf::Text(&check.service_name)),
            Some("ServiceTags") => see(Leaf::Many(&check.service_tags)),
            Some("Type") => see(Leaf::Text(check.kind)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use muster_api::Params;
    use muster_api::filter::fields::SERVICE;

    use super::*;

    #[test]
    fn what_was_not_given_is_empty() {
        let bare = ServiceDefinition { id: "web".into(), port: 80, ..ServiceDefinition::default() };
        let takes = |text: &str| {
            let params = Params::parse(&format!("filter={}", text.replace(' ', "+"))).unwrap();
            params.filter(SERVICE).unwrap().unwrap().takes(&ServicePicture(&bare))
        };
        assert!(takes("Tags is empty and Meta is empty and TaggedAddresses is empty and ID == web"));
        assert!(takes("Weights.Passing == 1 and Port == 80 and Proxy.Upstreams is empty"));
        assert!(!takes(
            "Meta.a == b or x in Tags or Connect.Native == true or TaggedAddresses.lan.Port == 1"
        ));
    }
}
