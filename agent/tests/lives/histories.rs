//! Any history of one host: in the end the catalog is what is defined, what was acknowledged has survived, and what
//! others registered is untouched.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::host::Host;

#[derive(Clone, Debug)]
enum Step {
    /// A service by the API: which, its port, whether it has a check.
    Register(u8, u8, bool),
    Deregister(u8),
    /// A check by the API: which, of which service (or of the node).
    Check(u8, Option<u8>),
    Uncheck(u8),
    /// A word about the check of a service, or about one that stands alone.
    Heartbeat(bool, u8, bool),
    Maintain(u8, bool),
    /// Which services the files define from now on, and with which port.
    Files(Vec<u8>, u8),
    Reload,
    Crash,
    Outage(bool),
    /// The catalog is given the time to be told.
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0..4_u8;
    prop_oneof![
        4 => (id.clone(), 1..4_u8, any::<bool>()).prop_map(|(id, port, check)| Step::Register(id, port, check)),
        2 => id.clone().prop_map(Step::Deregister),
        3 => (id.clone(), prop::option::of(id.clone())).prop_map(|(id, of)| Step::Check(id, of)),
        2 => id.clone().prop_map(Step::Uncheck),
        4 => (any::<bool>(), id.clone(), any::<bool>()).prop_map(|(own, id, well)| Step::Heartbeat(own, id, well)),
        2 => (id.clone(), any::<bool>()).prop_map(|(id, on)| Step::Maintain(id, on)),
        2 => (prop::collection::vec(id, 0..3), 4..6_u8).prop_map(|(ids, port)| Step::Files(ids, port)),
        1 => Just(Step::Reload),
        3 => Just(Step::Crash),
        2 => any::<bool>().prop_map(Step::Outage),
        2 => Just(Step::Settle),
    ]
}

/// What is defined, as the acknowledged requests have left it.
#[derive(Clone, Debug, Default)]
struct Model {
    /// Port, and whether a file defines it.
    services: BTreeMap<String, (u64, bool)>,
    /// Service and status.
    checks: BTreeMap<String, (String, &'static str)>,
}

impl Model {
    fn put_check(&mut self, id: &str, service: &str) {
        let status = self.checks.get(id).map_or("critical", |(_, status)| status);
        self.checks.insert(id.into(), (service.into(), status));
    }

    fn remove_service(&mut self, id: &str) {
        self.services.remove(id);
        self.checks.retain(|_, (service, _)| service != id);
    }

    /// What the files define is put over the rest; what they defined before goes.
    fn take_files(&mut self, ids: &[u8], port: u8) {
        let names: Vec<String> = ids.iter().map(|id| format!("s{id}")).collect();
        let former = self.services.iter().filter(|(id, (_, file))| *file && !names.contains(id));
        let former: Vec<String> = former.map(|(id, _)| id.clone()).collect();
        former.iter().for_each(|id| self.remove_service(id));
        for name in names {
            self.services.insert(name, (u64::from(port), true));
        }
    }
}

struct History {
    host: Host,
    model: Model,
    files: (Vec<u8>, u8),
}

impl History {
    fn take(&mut self, step: Step) {
        let (host, model) = (&mut self.host, &mut self.model);
        match step {
            Step::Register(id, port, check) => {
                let name = format!("s{id}");
                let mut body = json!({ "Name": name, "Port": port });
                if check {
                    body["Check"] = json!({ "TTL": "1000h" });
                    model.put_check(&format!("service:{name}"), &name);
                }
                host.put("/v1/agent/service/register", &body.to_string());
                model.services.insert(name, (port.into(), false));
            }
            Step::Deregister(id) => {
                host.put(&format!("/v1/agent/service/deregister/s{id}"), "");
                model.remove_service(&format!("s{id}"));
            }
            Step::Check(id, of) => {
                let service = of.map(|of| format!("s{of}")).unwrap_or_default();
                let body = json!({ "Name": format!("c{id}"), "TTL": "1000h", "ServiceID": service });
                let (status, _) = host.ask("PUT", "/v1/agent/check/register", &body.to_string());
                let there = service.is_empty() || model.services.contains_key(&service);
                assert_eq!(status == 200, there, "{body}");
                if there {
                    model.put_check(&format!("c{id}"), &service);
                }
            }
            Step::Uncheck(id) => {
                host.put(&format!("/v1/agent/check/deregister/c{id}"), "");
                model.checks.remove(&format!("c{id}"));
            }
            Step::Heartbeat(own, id, well) => {
                let check = if own { format!("service:s{id}") } else { format!("c{id}") };
                let what = if well { "pass" } else { "warn" };
                let (status, _) = host.ask("PUT", &format!("/v1/agent/check/{what}/{check}"), "");
                assert_eq!(status == 200, model.checks.contains_key(&check), "{check}");
                if let Some(held) = model.checks.get_mut(&check) {
                    held.1 = if well { "passing" } else { "warning" };
                }
            }
            Step::Maintain(id, on) => {
                let service = format!("s{id}");
                let path = format!("/v1/agent/service/maintenance/{service}?enable={on}");
                let there = model.services.contains_key(&service);
                assert_eq!(host.ask("PUT", &path, "").0 == 200, there);
                let check = format!("_service_maintenance:{service}");
                if on && there {
                    model.checks.insert(check, (service, "critical"));
                } else if there {
                    model.checks.remove(&check);
                }
            }
            Step::Files(ids, port) => {
                let file = |id: &u8| json!({ "name": format!("s{id}"), "port": port });
                host.services = ids.iter().map(file).collect();
                self.files = (ids, port);
            }
            Step::Reload => {
                host.reload().unwrap();
                model.take_files(&self.files.0, self.files.1);
            }
            Step::Crash => {
                host.crash_and_start();
                model.take_files(&self.files.0, self.files.1);
            }
            Step::Outage(down) => host.catalog.outage(down),
            Step::Settle => host.wait(std::time::Duration::from_secs(2)),
        }
    }

    /// The agent holds what is defined, now and after another crash; and so does the catalog.
    fn end(mut self) {
        let all = |value: Value, field: &str| {
            let held = value.as_object().cloned().unwrap_or_default();
            held.into_iter().map(|(id, one)| (id, one[field].clone())).collect::<BTreeMap<_, _>>()
        };
        self.host.catalog.outage(false);
        for _ in 0..2 {
            let services: BTreeMap<String, Value> =
                self.model.services.iter().map(|(id, (port, _))| (id.clone(), json!(port))).collect();
            let checks: BTreeMap<String, Value> =
                self.model.checks.iter().map(|(id, (_, status))| (id.clone(), json!(status))).collect();
            assert_eq!(all(self.host.get("/v1/agent/services"), "Port"), services);
            assert_eq!(all(self.host.get("/v1/agent/checks"), "Status"), checks);
            let catalog = self.host.catalog.clone();
            self.host.until("the catalog is what is defined", || {
                let mut told = catalog.services();
                let mut judged = catalog.checks();
                told.remove("theirs").is_some()
                    && judged.remove("theirs").is_some()
                    && told.into_iter().map(|(id, port)| (id, json!(port))).eq(services.clone())
                    && judged.into_iter().map(|(id, status)| (id, json!(status))).eq(checks.clone())
            });
            self.take(Step::Crash);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_catalog_becomes_what_is_defined_and_what_was_acknowledged_survives(
        steps in prop::collection::vec(step(), 0..30),
    ) {
        let host = Host::started();
        host.catalog.put_foreign("theirs");
        let mut history = History { host, model: Model::default(), files: (Vec::new(), 4) };
        for step in steps {
            history.take(step);
        }
        history.end();
    }
}
