//! Plans for containers of all sorts.

use super::*;
use crate::container::tests::web;
use crate::container::{Binding, NetworkMode};
use crate::health::Status;

fn settings() -> Settings {
    Settings { owner: "host".into(), node_address: "10.0.0.7".into(), ..Settings::default() }
}

fn planned(container: &Container, settings: &Settings) -> (Vec<Instance>, Vec<String>) {
    let planned = plan(container, Some(container), None, settings);
    match planned.plan {
        Plan::Instances(instances) => (instances, planned.notes),
        Plan::Keep(_) => panic!("something was kept"),
    }
}

fn ids(container: &Container, settings: &Settings) -> Vec<String> {
    planned(container, settings).0.into_iter().map(|instance| instance.definition.id).collect()
}

fn labelled(labels: &[(&str, &str)]) -> Container {
    let labels = labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned()));
    Container { labels: labels.collect(), ..web() }
}

fn with_dns(mut container: Container) -> Container {
    for protocol in ["tcp", "udp"] {
        let port = Port { number: 53, protocol: protocol.into() };
        container.ports.insert(port, vec![Binding { ip: "0.0.0.0".parse().unwrap(), port: 5353 }]);
    }
    container
}

#[test]
fn an_instance_has_all_that_is_known_of_it() {
    let container =
        labelled(&[("SERVICE_TAGS", "a,b"), ("SERVICE_REGION", "eu"), ("SERVICE_CHECK_TTL", "5s")]);
    let (instances, notes) = planned(&container, &settings());
    let [Instance { definition, hash, condition, .. }] = &instances[..] else { panic!("one") };
    assert_eq!((&*definition.id, &*definition.name), ("host:web:80", "nginx"));
    assert_eq!((&*definition.address, definition.port), ("10.0.0.7", 8080));
    assert_eq!(definition.tags.as_deref(), Some(&["a".to_owned(), "b".to_owned()][..]));
    let meta = definition.meta.as_ref().unwrap();
    let marks = [
        ("region", "eu"),
        ("registrator", "host"),
        ("registrator-container", "0123456789ab"),
        ("registrator-container-name", "web"),
        ("registrator-hash", hash),
    ];
    assert_eq!(*meta, marks.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    assert_eq!(definition.checks.as_ref().unwrap()[0].id, "service:host:web:80");
    assert_eq!((condition.status, notes.len()), (Status::Passing, 0));
}

#[test]
fn several_ports_are_several_instances() {
    let container = with_dns(web());
    assert_eq!(ids(&container, &settings()), ["host:web:53", "host:web:53:udp", "host:web:80"]);
    let (instances, _) = planned(&container, &settings());
    let udp = &instances[1].definition;
    assert_eq!((&*udp.name, udp.tags.as_deref()), ("nginx-53", Some(&["udp".to_owned()][..])));
    let one = with_dns(labelled(&[("SERVICE_53_IGNORE", "yes"), ("SERVICE_ID", "one")]));
    assert_eq!(ids(&one, &settings()), ["one-80"]);
    let clash = with_dns(labelled(&[("SERVICE_53_ID", "dns")]));
    let (instances, notes) = planned(&clash, &settings());
    assert_eq!(instances.len(), 2);
    assert_eq!(notes, ["port 53: the ID dns is that of another port"]);
}

#[test]
fn who_is_not_wanted_is_not_registered() {
    let explicit = Settings { explicit: true, ..settings() };
    let required = Settings { require_label: true, ..settings() };
    let named = Settings { names: Regex::new("^x").ok(), ..settings() };
    for settings in [&explicit, &required, &named] {
        assert!(ids(&web(), settings).is_empty());
    }
    assert_eq!(ids(&labelled(&[("SERVICE_NAME", "x")]), &explicit).len(), 1);
    assert_eq!(ids(&labelled(&[("SERVICE_80_REGISTER", "1")]), &required).len(), 1);
    assert!(ids(&labelled(&[("SERVICE_IGNORE", "no")]), &settings()).is_empty());
    for state in [State::Absent, State::Exited(0), State::Exited(1), State::Exited(137)] {
        assert!(ids(&Container { state, ..web() }, &settings()).is_empty());
    }
}

#[test]
fn a_failed_one_stays_and_is_critical_where_that_was_asked_for() {
    let settings = Settings { deregister: Deregister::OnSuccess, ..settings() };
    let of = |state| plan(&Container { state, ..web() }, None, None, &settings).plan;
    for state in [State::Exited(0), State::Exited(137), State::Exited(143)] {
        assert_eq!(of(state), Plan::Instances(Vec::new()));
    }
    for (state, output) in [
        (State::Exited(1), "it ended with exit code 1"),
        (State::Restarting(7), "restarting: it ended with exit code 7"),
    ] {
        assert_eq!(of(state), Plan::Keep(Some(Condition::critical(output))));
    }
}

#[test]
fn the_network_of_another_is_that_of_the_other() {
    let other = with_dns(web());
    let mut container = Container { name: "side".into(), network_mode: NetworkMode::Of("o".into()), ..web() };
    container.networks.clear();
    for bindings in container.ports.values_mut() {
        bindings.clear();
    }
    let of = |settings: &Settings| match plan(&container, Some(&other), None, settings).plan {
        Plan::Instances(found) => {
            found.into_iter().map(|it| (it.definition.address, it.definition.port)).collect()
        }
        Plan::Keep(_) => Vec::new(),
    };
    assert_eq!(of(&settings()), [("10.0.0.7".to_owned(), 8080)]);
    let internal = Settings { internal: true, ..settings() };
    assert_eq!(of(&internal), [("172.17.0.2".to_owned(), 80)]);
    let alone = plan(&container, None, None, &settings());
    assert_eq!(alone.notes, ["the container whose network it has is not there"]);
}

#[test]
fn a_bad_label_takes_its_instance_out_of_answers_and_says_why() {
    let (instances, notes) = planned(&labelled(&[("SERVICE_CHECK_TTL", "soon")]), &settings());
    let text = "SERVICE_CHECK_TTL: time: invalid duration \"soon\"";
    assert_eq!(notes, [text]);
    assert_eq!(instances[0].condition, Condition::critical(text));
    assert!(instances[0].definition.checks.is_none());
}

#[test]
fn tags_of_a_template_are_filled_in() {
    let tags = Template::read("all,{{ strSlice .ID 0 4 }}").ok();
    let (instances, _) = planned(&web(), &Settings { tags, ..settings() });
    assert_eq!(instances[0].definition.tags.as_deref(), Some(&["all".to_owned(), "0123".to_owned()][..]));
}

#[test]
fn a_stopping_container_is_not_found() {
    let planned = plan(&web(), Some(&web()), Some(15), &settings());
    let Plan::Instances(instances) = planned.plan else { panic!("instances") };
    assert_eq!(instances[0].condition, Condition::critical("stopping: SIGTERM sent"));
}
