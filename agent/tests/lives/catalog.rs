//! A catalog in memory that an agent keeps in accord: it does what a server does with the agent's calls, can be
//! out of reach, and can be looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode};
use muster_agent::{Unreachable, Upstream};
use muster_api::Reply;
use parking_lot::Mutex;
use serde_json::{Value, json};

/// A cheap handle; all clones mean the same catalog.
#[derive(Clone, Default)]
pub(crate) struct Catalog(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    down: bool,
    node: Option<Value>,
    services: BTreeMap<String, Value>,
    checks: BTreeMap<String, Value>,
    /// Every ID that was deregistered, in order.
    taken: Vec<String>,
    /// Every instance that was deregistered, with what was said of why.
    causes: Vec<String>,
}

impl Catalog {
    /// Nobody answers until the outage is over.
    pub(crate) fn outage(&self, down: bool) {
        self.0.lock().down = down;
    }

    /// The ports of the instances by ID.
    pub(crate) fn services(&self) -> BTreeMap<String, u64> {
        let port = |service: &Value| service["Port"].as_u64().unwrap_or_default();
        self.0.lock().services.iter().map(|(id, service)| (id.clone(), port(service))).collect()
    }

    /// The statuses of the checks by ID, without the node's own.
    pub(crate) fn checks(&self) -> BTreeMap<String, String> {
        let inner = self.0.lock();
        let own = inner.checks.iter().filter(|(id, _)| *id != "serfHealth");
        own.map(|(id, check)| (id.clone(), text(check, "Status"))).collect()
    }

    /// What was deregistered so far.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.0.lock().taken.clone()
    }

    /// What was said of why each instance was deregistered.
    pub(crate) fn causes(&self) -> Vec<String> {
        self.0.lock().causes.clone()
    }

    /// What a check says.
    pub(crate) fn output(&self, check: &str) -> Option<String> {
        self.0.lock().checks.get(check).map(|check| text(check, "Output"))
    }

    /// Another program registers an instance with a check under the node's name.
    pub(crate) fn put_foreign(&self, id: &str) {
        let mut inner = self.0.lock();
        inner.services.insert(id.into(), json!({ "ID": id, "Service": id, "Port": 1 }));
        let check = json!({ "CheckID": id, "Name": id, "Status": "passing", "ServiceID": id });
        inner.checks.insert(id.into(), check);
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

impl Inner {
    fn register(&mut self, body: &Value) -> StatusCode {
        if body["SkipNodeUpdate"] != true {
            let node = json!({ "ID": body["ID"], "Address": body["Address"], "Meta": body["NodeMeta"] });
            self.node = Some(node);
        } else if self.node.is_none() {
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
        if body["Service"].is_object() {
            self.services.insert(text(&body["Service"], "ID"), body["Service"].clone());
        }
        for check in body["Checks"].as_array().into_iter().flatten().chain(body.get("Check")) {
            let service = text(check, "ServiceID");
            if !service.is_empty() && !self.services.contains_key(&service) {
                return StatusCode::INTERNAL_SERVER_ERROR;
            }
            self.checks.insert(text(check, "CheckID"), check.clone());
        }
        StatusCode::OK
    }

    fn deregister(&mut self, body: &Value) {
        let (service, check) = (text(body, "ServiceID"), text(body, "CheckID"));
        if !service.is_empty() {
            self.services.remove(&service);
            self.checks.retain(|_, held| text(held, "ServiceID") != service);
            self.taken.push(service);
        } else if !check.is_empty() {
            self.checks.remove(&check);
            self.taken.push(check);
        } else {
            let (down, taken) = (self.down, std::mem::take(&mut self.taken));
            *self = Self { down, taken, ..Self::default() };
        }
    }

    fn answer(&mut self, path: &str, body: &Value) -> (StatusCode, Value) {
        let found = match path {
            "/lease" => json!({ "Known": self.node.is_some(), "Nodes": 1 }),
            "/members" => json!([]),
            "/leave" => Value::Null,
            "/v1/catalog/register" => return (self.register(body), Value::Bool(true)),
            "/v1/catalog/deregister" => {
                self.deregister(body);
                Value::Bool(true)
            }
            _ if path.starts_with("/v1/catalog/node-services/") => {
                json!({ "Node": self.node, "Services": self.services.values().collect::<Vec<_>>() })
            }
            _ if path.starts_with("/v1/health/node/") => json!(self.checks.values().collect::<Vec<_>>()),
            _ => return (StatusCode::NOT_FOUND, Value::Null),
        };
        (StatusCode::OK, found)
    }
}

impl Upstream for Catalog {
    async fn call(&self, request: Request<Bytes>) -> Result<Reply, Unreachable> {
        // A turn of the runtime for each call, as on a network: others come in between.
        tokio::task::yield_now().await;
        let mut inner = self.0.lock();
        if inner.down {
            return Err(Unreachable("an outage".into()));
        }
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        let cause = request.uri().query().unwrap_or_default();
        if request.uri().path().ends_with("/deregister") && !text(&body, "ServiceID").is_empty() {
            let went = format!("{} {cause}", text(&body, "ServiceID"));
            inner.causes.push(went);
        }
        let (status, answer) = inner.answer(request.uri().path(), &body);
        let mut reply = Reply::new(Bytes::from(answer.to_string()));
        *reply.status_mut() = status;
        Ok(reply)
    }

    async fn add(&self, _address: String) -> Result<(), Unreachable> {
        Ok(())
    }
}
