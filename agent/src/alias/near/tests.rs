//! Hosts with instances, checks and aliases, and what the aliases say.

use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use muster_healthchecks::{Report, Status::*};
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::local::Origin;

#[derive(Default)]
struct Host {
    local: LocalState,
    aliases: BTreeMap<Arc<str>, Target>,
    order: u64,
}

impl Host {
    fn with(services: &[&str]) -> Self {
        let mut host = Self::default();
        for service in services {
            let (id, name) = ((*service).to_owned(), (*service).to_owned());
            host.local.put_service(ServiceDefinition { id, name, ..Default::default() }, Origin::Api);
        }
        host
    }

    fn check(&mut self, id: &str, owner: &str, status: Status) {
        let (id, name, service_id) = (id.to_owned(), id.to_owned(), owner.to_owned());
        let definition = CheckDefinition { id, name, service_id, ..Default::default() };
        self.local.put_check(definition, "ttl", (status, "so".into()), Origin::Api, Instant::now());
    }

    fn alias(&mut self, id: &str, owner: &str, service: &str) {
        self.check(id, owner, Critical);
        self.aliases.insert(id.into(), Target { node: String::new(), service: service.into() });
    }

    fn turn(&mut self, id: &str, status: Status, output: &str) {
        self.order += 1;
        let report = Report { id: id.into(), status, output: output.into(), order: self.order };
        self.local.report(report, Instant::now(), std::time::Duration::ZERO);
    }

    /// One round: what every alias says is taken in.
    fn round(&mut self) -> BTreeMap<String, (Status, String)> {
        let said = verdicts(&self.local, &self.aliases);
        for (id, status, text) in &said {
            self.turn(id, *status, text);
        }
        said.into_iter().map(|(id, status, text)| (id.to_string(), (status, text))).collect()
    }
}

fn failing(check: &str) -> String {
    format!("Aliased check {check:?} failing: so")
}

#[test]
fn an_alias_has_the_health_of_its_instance_and_of_the_node() {
    let mut host = Host::with(&["web", "bare", "me"]);
    host.check("c", "web", Passing);
    host.alias("of-web", "me", "web");
    host.alias("of-bare", "me", "bare");
    host.alias("of-none", "me", "none");
    let said = host.round();
    assert_eq!(said["of-web"], (Passing, "All checks passing.".into()));
    assert_eq!(said["of-bare"], (Passing, "No checks found.".into()));
    assert_eq!(said["of-none"], (Critical, "Service none could not be found on node ".into()));
    host.turn("c", Warning, "so");
    assert_eq!(host.round()["of-web"], (Warning, failing("c")));
    host.check("disk", "", Critical);
    let said = host.round();
    assert_eq!(
        (said["of-web"].clone(), said["of-bare"].clone()),
        ((Critical, failing("disk")), (Critical, failing("disk")))
    );
    host.turn("disk", Passing, "");
    host.turn("c", Passing, "");
    let said = host.round();
    assert!(
        [&said["of-web"], &said["of-bare"]].iter().all(|said| said.1 == "All checks passing."),
        "{said:?}"
    );
}

#[test]
fn a_circle_recovers() {
    let mut host = Host::with(&["a", "b"]);
    host.alias("ab", "a", "b");
    host.alias("ba", "b", "a");
    host.alias("self", "a", "a");
    host.alias("node", "", "a");
    host.check("c", "a", Critical);
    for alias in ["ab", "ba", "self", "node"] {
        assert_eq!(host.round()[alias], (Critical, failing("c")), "{alias}");
    }
    host.turn("c", Passing, "");
    for (alias, said) in host.round() {
        assert_eq!(said.0, Passing, "{alias}");
    }
}

proptest! {
    /// What an alias says depends on what was measured alone: on no alias, and not on what was said before.
    #[test]
    fn nothing_stays_of_what_is_over(
        aliases in prop::collection::vec((0_usize..6, 0_usize..6), 0..20),
        before in prop::collection::vec(0_usize..3, 6),
        after in prop::collection::vec(0_usize..3, 6),
    ) {
        let names = ["a", "b", "c", "d", "e", ""];
        let statuses = [Passing, Warning, Critical];
        let host = |measured: &[usize]| {
            let mut host = Host::with(&names[..5]);
            for (service, status) in names.iter().zip(measured) {
                host.check(&format!("check-{service}"), service, statuses[*status]);
            }
            for (place, (owner, target)) in aliases.iter().enumerate() {
                // The node as a whole is no instance of it.
                host.alias(&format!("alias-{place}"), names[*owner], names[(*target).min(4)]);
            }
            host
        };
        let mut turned = host(&before);
        turned.round();
        for (service, status) in names.iter().zip(&after) {
            turned.turn(&format!("check-{service}"), statuses[*status], "so");
        }
        let said = turned.round();
        prop_assert_eq!(&said, &host(&after).round());
        for (place, (_, target)) in aliases.iter().enumerate() {
            let status = said[&format!("alias-{place}")].0;
            prop_assert!(status >= statuses[after[(*target).min(4)]], "never better than what it stands for");
            prop_assert!(status >= statuses[after[5]], "nor than its node");
        }
    }
}
