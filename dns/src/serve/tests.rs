//! Packets in, packets out, over a small directory.

use std::net::IpAddr;

use hickory_proto::op::Query;
use hickory_proto::rr::{Name, RData};
use proptest::prelude::*;

use super::*;
use crate::{Health, Instance, NodeFacts};

struct Town;

fn node(name: &str, address: &str) -> NodeFacts {
    NodeFacts { name: name.into(), address: address.into(), meta: vec![("zone".into(), "a".into())] }
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

impl Directory for Town {
    fn service(&self, name: &str) -> Vec<Instance> {
        match name {
            "web" => vec![
                instance(1, "", Health::Passing),
                instance(2, "192.168.0.9", Health::Warning),
                instance(3, "", Health::Critical),
            ],
            "many" => (0..200).map(|at| instance(at, "", Health::Passing)).collect(),
            "some" => (0..60).map(|at| instance(at, "", Health::Passing)).collect(),
            "named" => vec![instance(1, "db.example.com", Health::Passing)],
            _ => Vec::new(),
        }
    }

    fn node(&self, name: &str) -> Option<NodeFacts> {
        (name == "n1").then(|| node("n1", "10.0.0.2"))
    }

    fn nodes_at(&self, address: IpAddr) -> Vec<NodeFacts> {
        if address.to_string() == "10.0.0.2" { vec![node("n1", "10.0.0.2")] } else { Vec::new() }
    }
}

fn ask_as(name: &str, kind: RecordType, stream: bool, edns: Option<u16>) -> Message {
    let mut request = Message::query();
    request.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    if let Some(size) = edns {
        let mut theirs = Edns::new();
        theirs.set_max_payload(size);
        request.edns = Some(theirs);
    }
    let bytes = reply(&request.to_vec().unwrap(), &Town, &Config::default(), stream).unwrap();
    Message::from_vec(&bytes).unwrap()
}

fn ask(name: &str, kind: RecordType) -> Message {
    ask_as(name, kind, false, None)
}

fn data(message: &Message) -> Vec<String> {
    let mut list: Vec<String> = message.answers.iter().map(|record| record.data.to_string()).collect();
    list.sort();
    list
}

#[test]
fn a_critical_instance_is_never_found() {
    assert_eq!(data(&ask("web.service.consul.", RecordType::A)), ["10.0.0.2", "192.168.0.9"]);
    assert_eq!(data(&ask("WEB.Service.CONSUL.", RecordType::A)).len(), 2);
    assert_eq!(data(&ask("v1.web.service.consul.", RecordType::A)).len(), 2);
    assert_eq!(ask("v2.web.service.consul.", RecordType::A).metadata.response_code, ResponseCode::NXDomain);
}

#[test]
fn an_srv_answer_has_weights_targets_and_addresses() {
    let message = ask("_web._tcp.consul.", RecordType::SRV);
    assert_eq!(data(&message), ["1 3 8080 c0a80009.addr.dc1.consul.", "1 7 8080 n1.node.dc1.consul."]);
    assert_eq!(message.additionals.len(), 2);
    let named = ask("named.service.consul.", RecordType::SRV);
    assert_eq!(data(&named), ["1 7 8080 db.example.com."]);
}

#[test]
fn nothing_found_carries_the_soa() {
    for (name, kind, code) in [
        ("none.service.consul.", RecordType::A, ResponseCode::NXDomain),
        ("nonsense.consul.", RecordType::A, ResponseCode::NXDomain),
        ("web.service.consul.", RecordType::AAAA, ResponseCode::NoError),
        ("n1.node.consul.", RecordType::AAAA, ResponseCode::NoError),
    ] {
        let message = ask(name, kind);
        assert_eq!(message.metadata.response_code, code, "{name}");
        assert!(matches!(message.authorities[0].data, RData::SOA(_)), "{name}");
    }
    assert_eq!(ask("example.com.", RecordType::A).metadata.response_code, ResponseCode::Refused);
}

#[test]
fn nodes_aliases_and_reverse_names() {
    assert_eq!(data(&ask("n1.node.dc1.consul.", RecordType::A)), ["10.0.0.2"]);
    assert_eq!(data(&ask("n1.node.consul.", RecordType::TXT)), ["zone=a"]);
    assert_eq!(data(&ask("named.service.consul.", RecordType::A)), ["db.example.com."]);
    assert_eq!(data(&ask("2.0.0.10.in-addr.arpa.", RecordType::PTR)), ["n1.node.dc1.consul."]);
    assert_eq!(data(&ask("c0a80009.addr.consul.", RecordType::A)), ["192.168.0.9"]);
}

#[test]
fn what_does_not_fit_is_truncated_and_complete_by_tcp() {
    let plain = ask("many.service.consul.", RecordType::A);
    assert!(plain.metadata.truncation && !plain.answers.is_empty() && plain.answers.len() < 200);
    let large = ask_as("some.service.consul.", RecordType::A, false, Some(4096));
    assert!(!large.metadata.truncation);
    assert_eq!(large.answers.len(), 60);
    let stream = ask_as("many.service.consul.", RecordType::SRV, true, None);
    assert!(!stream.metadata.truncation);
    assert_eq!(stream.answers.len(), 200);
}

proptest! {
    #[test]
    fn no_packet_harms_and_none_is_amplified(packet in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Some(answer) = reply(&packet, &Town, &Config::default(), false) {
            prop_assert!(answer.len() <= usize::from(LARGEST_UDP));
            prop_assert!(packet[2] & 0x80 == 0, "a response was answered");
        }
    }

    #[test]
    fn a_damaged_question_gets_a_bounded_answer(at in 0usize..40, byte: u8) {
        let mut request = Message::query();
        request.add_query(Query::query(Name::from_ascii("many.service.consul.").unwrap(), RecordType::A));
        let mut packet = request.to_vec().unwrap();
        let at = at % packet.len();
        packet[at] = byte;
        if let Some(answer) = reply(&packet, &Town, &Config::default(), false) {
            prop_assert!(answer.len() <= PLAIN_UDP);
        }
    }
}
