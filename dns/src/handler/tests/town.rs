//! A small directory.

use super::*;

pub(super) struct Town;

fn node(name: &str, address: &str) -> NodeFacts {
    let meta = vec![("zone".into(), "a".into()), ("rfc1035-plain".into(), "text".into())];
    NodeFacts { name: name.into(), address: address.into(), meta }
}

fn instance(at: usize, address: &str, health: Health) -> Instance {
    Instance {
        node: node(&format!("n{at}"), &format!("10.0.{}.{}", at / 250, at % 250 + 1)),
        address: address.into(),
        port: 8080,
        tags: vec!["V1".into()],
        weights: (7, 3),
        health,
    }
}

fn on(node: NodeFacts, address: &str) -> Vec<Instance> {
    vec![Instance { node, ..instance(0, address, Health::Passing) }]
}

impl Directory for Town {
    fn version(&self, subject: &Subject) -> Option<u64> {
        (*subject != Subject::Service("slow".into())).then_some(1)
    }

    async fn service(&self, name: &Arc<str>) -> Option<Vec<Instance>> {
        Some(match &**name {
            "web" => vec![
                instance(1, "", Health::Passing),
                instance(2, "192.168.0.9", Health::Warning),
                instance(3, "", Health::Critical),
            ],
            "many" => (0..200).map(|at| instance(at, "", Health::Passing)).collect(),
            "some" => (0..60).map(|at| instance(at, "", Health::Passing)).collect(),
            "named" => vec![instance(1, "db.example.com", Health::Passing)],
            "search" => on(node("ext", "www.example.com"), ""),
            "chain" => on(node("chain", "n1.node.consul"), ""),
            "six" => on(node("six", "fe80::1"), ""),
            "mixed" => [on(node("ext", "www.example.com"), ""), on(node("n1", "10.0.0.2"), "")].concat(),
            "slow" => {
                tokio::task::yield_now().await;
                vec![instance(1, "", Health::Passing)]
            }
            "unknown" => return None,
            _ => Vec::new(),
        })
    }

    async fn node(&self, name: &Arc<str>) -> Option<Option<NodeFacts>> {
        let address = match &**name {
            "n1" => "10.0.0.2",
            "ext" => "www.example.com",
            "chain" => "n1.node.consul",
            "loop" => "loop.node.consul",
            "six" => "fe80::1",
            _ => return Some(None),
        };
        Some(Some(node(name, address)))
    }

    async fn owners_of(&self, address: IpAddr) -> Option<Vec<Owner>> {
        Some(match address.to_string().as_str() {
            "10.0.0.2" => vec![Owner::Node("n1".into()), Owner::Service("web".into())],
            "192.168.0.9" => vec![Owner::Service("web".into())],
            _ => Vec::new(),
        })
    }

    async fn servers(&self) -> Option<Vec<NodeFacts>> {
        Some(vec![node("n1", "10.0.0.2")])
    }
}
