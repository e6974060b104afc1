//! Ask → answer, over a small directory. The lines are those of Consul 1.8.7 with the same catalog; where
//! ours differ on purpose, the test says so.

use std::net::IpAddr;

use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name as FullName, RData, Record as FullRecord, RecordType};
use proptest::prelude::*;

use super::*;
use crate::{Health, Instance, NodeFacts, Owner, ServiceTtl, Soa, Subject};

mod consul;
mod town;

use town::Town;

fn handler(config: Config) -> Handler<Town> {
    Handler::new(Arc::new(Town), config)
}

fn request(name: &str, kind: RecordType, edns: Option<u16>) -> Message {
    let mut request = Message::query();
    request.add_query(Query::query(FullName::from_ascii(name).unwrap(), kind));
    if let Some(size) = edns {
        let mut theirs = Edns::new();
        theirs.set_max_payload(size);
        request.edns = Some(theirs);
    }
    request
}

fn ask_with(config: Config, name: &str, kind: RecordType, edns: Option<u16>) -> Message {
    let packet = request(name, kind, edns).to_vec().unwrap();
    let AtOnce::Reply(reply) = handler(config).at_once(&packet) else { panic!("{name} had to wait") };
    Message::from_vec(&reply.bytes).unwrap()
}

fn ask(name: &str, kind: RecordType) -> Message {
    ask_with(Config::default(), name, kind, None)
}

fn ask_by_stream(name: &str, kind: RecordType) -> Message {
    let packet = request(name, kind, None).to_vec().unwrap();
    let handler = handler(Config::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let reply = runtime.block_on(handler.reply(&packet, Transport::Stream)).unwrap();
    Message::from_vec(&reply).unwrap()
}

fn lines(records: &[FullRecord]) -> Vec<String> {
    let mut lines: Vec<String> = records
        .iter()
        .map(|record| format!("{} {} {} {}", record.name, record.ttl, record.record_type(), record.data))
        .collect();
    lines.sort();
    lines
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
    let passing = Config { only_passing: true, ..Config::default() };
    assert_eq!(data(&ask_with(passing, "web.service.consul.", RecordType::A, None)), ["10.0.0.2"]);
}

#[test]
fn what_does_not_fit_is_truncated_and_complete_by_tcp() {
    let plain = ask("many.service.consul.", RecordType::A);
    assert!(plain.metadata.truncation);
    // Twelve of head, 26 of question, and 16 for each address.
    assert_eq!(plain.answers.len(), (512 - 12 - 26) / 16);
    let large = ask_with(Config::default(), "many.service.consul.", RecordType::A, Some(4096));
    assert!(!large.metadata.truncation);
    assert_eq!(large.answers.len(), 200);
    let stream = ask_by_stream("many.service.consul.", RecordType::SRV);
    assert!(!stream.metadata.truncation);
    assert_eq!((stream.answers.len(), stream.additionals.len()), (200, 600));
}

#[test]
fn consuls_way_to_truncate_can_be_had() {
    let quiet = Config { consul_truncation: true, ..Config::default() };
    let message = ask_with(quiet.clone(), "many.service.consul.", RecordType::SRV, None);
    assert_eq!((message.answers.len(), message.additionals.len()), (3, 9));
    assert!(!message.metadata.truncation);
    let limit = Config { udp_answer_limit: 100, enable_truncate: true, ..quiet.clone() };
    let message = ask_with(limit, "many.service.consul.", RecordType::A, None);
    assert_eq!(message.answers.len(), 8);
    assert!(message.metadata.truncation);
    let message = ask_with(quiet, "many.service.consul.", RecordType::A, Some(4096));
    assert_eq!(message.answers.len(), 200);
}

#[test]
fn addresses_can_be_limited_and_are_shuffled() {
    let limited = Config { a_record_limit: 5, ..Config::default() };
    let message = ask_with(limited.clone(), "many.service.consul.", RecordType::A, Some(4096));
    assert_eq!(message.answers.len(), 5);
    assert!(!message.metadata.truncation);
    assert_eq!(ask_with(limited, "some.service.consul.", RecordType::SRV, Some(4096)).answers.len(), 60);
    let firsts: std::collections::HashSet<String> =
        (0..50).map(|_| ask("many.service.consul.", RecordType::A).answers[0].data.to_string()).collect();
    assert!(firsts.len() > 5, "{firsts:?}");
}

#[test]
fn lifetimes_and_the_second_domain_are_configured() {
    let seconds = std::time::Duration::from_secs;
    let config = Config {
        alt_domain: Some("Alt.Example.".into()),
        node_ttl: seconds(7),
        service_ttl: ServiceTtl::new([("web".to_owned(), seconds(11)), ("*".to_owned(), seconds(13))]),
        soa: Soa { refresh: 1, retry: 2, expire: 3, min_ttl: 4 },
        node_meta_txt: false,
        ..Config::default()
    };
    let ask = |name, kind| ask_with(config.clone(), name, kind, None);
    assert_eq!(lines(&ask("n1.node.consul.", RecordType::A).answers), ["n1.node.consul. 7 A 10.0.0.2"]);
    assert_eq!(ask("n1.node.consul.", RecordType::A).additionals, []);
    let web = ask("web.service.alt.example.", RecordType::SRV);
    assert_eq!(
        lines(&web.answers),
        [
            "web.service.alt.example. 11 SRV 1 3 8080 c0a80009.addr.dc1.alt.example.",
            "web.service.alt.example. 11 SRV 1 7 8080 n1.node.dc1.alt.example.",
        ]
    );
    assert_eq!(web.additionals.len(), 2);
    assert_eq!(ask("some.service.consul.", RecordType::A).answers[0].ttl, 13);
    let none = ask("none.service.alt.example.", RecordType::A);
    let RData::SOA(soa) = &none.authorities[0].data else { panic!("{none}") };
    assert_eq!((soa.refresh, soa.retry, soa.expire, soa.minimum, none.authorities[0].ttl), (1, 2, 3, 4, 4));
    assert_eq!(none.authorities[0].name.to_string(), "alt.example.");
}

#[test]
fn unknown_now_is_a_failure_and_waiting_is_not_done_at_once() {
    assert_eq!(ask("unknown.service.consul.", RecordType::A).metadata.response_code, ResponseCode::ServFail);
    let packet = request("slow.service.consul.", RecordType::A, None).to_vec().unwrap();
    let handler = handler(Config::default());
    assert!(matches!(handler.at_once(&packet), AtOnce::Wait));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let reply = runtime.block_on(handler.reply(&packet, Transport::Datagram)).unwrap();
    assert_eq!(Message::from_vec(&reply).unwrap().answers.len(), 1);
}

#[test]
fn what_is_not_done_is_refused_by_its_code() {
    let code = |name, kind| ask(name, kind).metadata.response_code;
    assert_eq!(code("example.com.", RecordType::A), ResponseCode::Refused);
    assert_eq!(code("consul.", RecordType::AXFR), ResponseCode::NotImp);
    assert_eq!(code("9.9.9.9.in-addr.arpa.", RecordType::PTR), ResponseCode::ServFail);
    let mut version = request("n1.node.consul.", RecordType::A, Some(1232));
    version.edns.as_mut().unwrap().set_version(1);
    let AtOnce::Reply(reply) = handler(Config::default()).at_once(&version.to_vec().unwrap()) else {
        panic!()
    };
    let read = Message::from_vec(&reply.bytes).unwrap();
    assert_eq!(read.edns.unwrap().rcode_high(), 1);
    let mut class = request("n1.node.consul.", RecordType::A, None);
    class.queries[0].set_query_class(hickory_proto::rr::DNSClass::CH);
    let AtOnce::Reply(reply) = handler(Config::default()).at_once(&class.to_vec().unwrap()) else { panic!() };
    assert_eq!(Message::from_vec(&reply.bytes).unwrap().metadata.response_code, ResponseCode::Refused);
}

proptest! {
    #[test]
    fn no_packet_harms_and_none_is_amplified(packet in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let AtOnce::Reply(answer) = handler(Config::default()).at_once(&packet) {
            prop_assert!(answer.bytes.len() <= usize::from(LARGEST_UDP));
            prop_assert!(packet[2] & 0x80 == 0, "a response was answered");
        }
    }

    #[test]
    fn a_damaged_question_gets_a_bounded_answer(at: usize, byte: u8) {
        let mut packet = request("many.service.consul.", RecordType::A, None).to_vec().unwrap();
        let at = at % packet.len();
        packet[at] = byte;
        if let AtOnce::Reply(answer) = handler(Config::default()).at_once(&packet) {
            prop_assert!(answer.bytes.len() <= usize::from(PLAIN_UDP));
        }
    }
}
