//! Names with capitals come and go; a version never stands for two answers.

use std::collections::HashMap;

use muster_registry::command::{Command, Deregistration, Registration, ServiceSpec};
use muster_registry::{Registry, Topic, Watched as _};
use tokio_util::sync::CancellationToken;

use super::*;

/// A registry, what is made of it, and its next index.
struct Case {
    hub: Arc<Hub>,
    registry: Registry,
    names: Arc<Names>,
    index: u64,
}

impl Case {
    fn new() -> Self {
        let hub = Arc::new(Hub::default());
        Self { names: Arc::new(Names::new(hub.clone())), hub, registry: Registry::new(), index: 0 }
    }

    fn apply(&mut self, command: Command) {
        self.index += 1;
        let applied = self.registry.apply(self.index, &command);
        self.hub.publish(self.registry.view().clone(), &applied.changes);
    }

    fn register(&mut self, node: &str, address: &str, service: &str, own: &str) {
        self.apply(Command::Register(Box::new(Registration {
            node: node.into(),
            address: address.into(),
            service: Some(ServiceSpec {
                id: service.into(),
                name: service.into(),
                address: own.into(),
                ..ServiceSpec::default()
            }),
            ..Registration::default()
        })));
    }

    fn remove(&mut self, node: &str, service: &str) {
        let which =
            Deregistration { node: node.into(), service_id: service.into(), ..Deregistration::default() };
        self.apply(Command::Deregister(which));
    }

    fn nodes_of(&self, service: &str) -> Vec<String> {
        let found = self.names.service(&self.hub.view(), &service.into());
        found.into_iter().map(|instance| instance.node.name.to_string()).collect()
    }
}

#[test]
fn a_version_never_stands_for_two_answers() {
    let mut case = Case::new();
    let mut known: HashMap<u64, Vec<String>> = HashMap::new();
    let steps: [fn(&mut Case); 8] = [
        |_| {},
        |case| case.register("n1", "10.0.0.1", "web", ""),
        |case| case.register("n2", "10.0.0.2", "Web", ""),
        |case| case.register("n3", "10.0.0.3", "web", ""),
        |case| case.remove("n2", "Web"),
        |case| case.register("n2", "10.0.0.2", "WEB", ""),
        |case| case.remove("n3", "web"),
        |case| case.remove("n2", "WEB"),
    ];
    for step in steps {
        step(&mut case);
        // Before the capitals are looked for, and after.
        for _ in 0..2 {
            let (view, name) = (case.hub.view(), Arc::from("web"));
            let (version, nodes) = (case.names.service_version(&view, &name), case.nodes_of("web"));
            assert_ne!(version, 0);
            assert_eq!(*known.entry(version).or_insert_with(|| nodes.clone()), nodes, "{version}");
            case.names.capitals.look(&view);
        }
    }
    assert!(known.len() > steps.len(), "each look at other names is another version: {known:?}");
}

#[tokio::test(start_paused = true)]
async fn names_with_capitals_are_found_soon_and_are_topics() {
    let mut case = Case::new();
    let (names, token) = (case.names.clone(), CancellationToken::new());
    let stop = token.clone();
    let keeping = tokio::spawn(async move { names.keep(&stop).await });
    case.register("n1", "10.0.0.1", "web", "");
    case.register("n2", "10.0.0.2", "WebCap", "");
    while case.nodes_of("webcap").is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let question = question::OfService { names: case.names.clone(), name: "webcap".into() };
    let topic = |name: &str| Topic::Service(Name::new(name));
    assert_eq!(question.topics(), [topic("webcap"), topic("WebCap")]);
    case.remove("n2", "WebCap");
    while !case.names.spellings(&"webcap".into()).is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    token.cancel();
    keeping.await.unwrap();
}

#[test]
fn a_node_is_found_in_any_case_and_an_address_by_node_then_service() {
    let mut case = Case::new();
    case.register("NodeX", "10.0.0.1", "web", "10.0.0.2");
    case.register("n2", "10.0.0.2", "db", "10.0.0.3");
    let (names, view) = (&case.names, case.hub.view());
    assert_eq!(&*names.node(&view, "nodex").unwrap().name, "NodeX");
    assert_eq!(names.node(&view, "none"), None);
    let owners = |last| names.owners(&view, IpAddr::from([10, 0, 0, last]));
    assert_eq!(owners(1), [Owner::Node("NodeX".into())]);
    assert_eq!(owners(2), [Owner::Node("n2".into())]);
    assert_eq!(owners(3), [Owner::Service("db".into())]);
    assert_eq!(owners(4), []);
    let version = |node: &str| {
        let names = names.clone();
        question::OfNode { names, name: node.into() }.index(&view)
    };
    assert_ne!(version("nodex"), version("n2"));
    assert_eq!(version("none"), version("nothing"), "what is said is the same");
}
