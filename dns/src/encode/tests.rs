//! What is written is read back the same by the full parser, within its limit.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::time::Duration;

use hickory_proto::op::Message;
use proptest::prelude::*;

use super::*;
use crate::wire::Edns;

fn name(text: &str) -> Name {
    Name::from_text(text).unwrap()
}

fn asked(name: &Name, edns: Option<Edns>) -> Asked<'_> {
    Asked {
        id: 7,
        opcode: 0,
        recursion_desired: true,
        checking_disabled: false,
        name: Cow::Borrowed(name.wire()),
        kind: kind::SRV,
        class: 1,
        edns,
        subnet: None,
    }
}

fn shape(limit: usize) -> Shape {
    Shape { limit, compress: true, say_cut: true, recursion_available: false }
}

fn many(owner: &Name, count: u16) -> Answer {
    let mut answer = Answer::new(0);
    for at in 0..count {
        let target = name(&format!("node-{at}.node.dc1.consul"));
        let data = Data::Srv { weight: 1, port: at, target: target.clone() };
        answer.answers.push(Record::new(owner, Duration::ZERO, data));
        let [high, low] = at.to_be_bytes();
        let data = Data::A(Ipv4Addr::new(10, 0, high, low));
        answer.additionals.push(Record::new(&target, Duration::ZERO, data));
    }
    answer
}

#[test]
fn names_are_compressed_to_the_last() {
    let owner = name("web.service.consul");
    let addresses = Answer {
        answers: (0..2000)
            .map(|at: u32| Record::new(&owner, Duration::ZERO, Data::A(Ipv4Addr::from(at))))
            .collect(),
        ..Answer::new(0)
    };
    let bytes = reply(&asked(&owner, None), &addresses, shape(65_535));
    assert_eq!(bytes.len(), HEAD + owner.wire().len() + 4 + 2000 * 16);
    assert_eq!(Message::from_vec(&bytes).unwrap().answers.len(), 2000);
}

#[test]
fn an_address_points_to_its_target() {
    let owner = name("web.service.consul");
    let bytes = reply(&asked(&owner, None), &many(&owner, 1), shape(512));
    let target = name("node-0.node.dc1.consul").wire().len();
    assert_eq!(bytes.len(), HEAD + owner.wire().len() + 4 + (2 + 10 + 6 + target) + (2 + 10 + 4));
    let read = Message::from_vec(&bytes).unwrap();
    assert_eq!(read.additionals[0].name.to_string(), "node-0.node.dc1.consul.");
}

#[test]
fn every_sort_of_record_is_read_back() {
    let owner = name("x.consul");
    let long = "t".repeat(300);
    let data = [
        Data::A(Ipv4Addr::LOCALHOST),
        Data::Aaaa(std::net::Ipv6Addr::LOCALHOST),
        Data::Cname(name("a.consul")),
        Data::Ns(name("b.a.consul")),
        Data::Ptr(name("elsewhere.example")),
        Data::Soa { server: name("ns.consul"), mailbox: name("hostmaster.consul"), numbers: [1, 2, 3, 4, 5] },
        Data::Txt(String::new()),
        Data::Txt(long.clone()),
    ];
    let answer = Answer {
        answers: data.map(|data| Record::new(&owner, Duration::from_secs(9), data)).into(),
        ..Answer::new(0)
    };
    let read = Message::from_vec(&reply(&asked(&owner, None), &answer, shape(4096))).unwrap();
    let texts: Vec<String> = read.answers.iter().map(|record| record.data.to_string()).collect();
    let soa = "ns.consul. hostmaster.consul. 1 2 3 4 5";
    let head = ["127.0.0.1", "::1", "a.consul.", "b.a.consul.", "elsewhere.example.", soa, ""];
    assert_eq!(texts[..7], head);
    assert_eq!(texts[7].replace(['"', ' '], ""), long);
    assert!(read.answers.iter().all(|record| record.ttl == 9 && record.name.to_string() == "x.consul."));
}

#[test]
fn without_compression_names_are_whole() {
    let owner = name("web.service.consul");
    let answer = many(&owner, 2);
    let bytes = reply(&asked(&owner, None), &answer, Shape { compress: false, ..shape(512) });
    assert_eq!(bytes.windows(owner.wire().len()).filter(|part| *part == owner.wire()).count(), 3);
    assert_eq!(Message::from_vec(&bytes).unwrap().answers.len(), 2);
}

#[test]
fn a_subnet_goes_back_as_valid_everywhere() {
    let owner = name("web.service.consul");
    let edns = Some(Edns { version: 0, size: 1232, dnssec_ok: true });
    let asked = Asked { subnet: Some(Cow::Borrowed(&[0, 1, 24, 9, 1, 2, 3])), ..asked(&owner, edns) };
    let bytes = reply(&asked, &many(&owner, 100), shape(1232));
    assert!(bytes.len() <= 1232 && bytes.ends_with(&[0, 8, 0, 7, 0, 1, 24, 0, 1, 2, 3]));
    assert!(Message::from_vec(&bytes).unwrap().edns.unwrap().flags().dnssec_ok);
}

proptest! {
    #[test]
    fn a_reply_is_whole_and_within_its_limit(count in 0u16..300, limit in 512usize..5000, edns: bool) {
        let owner = name("web.service.consul");
        let edns = edns.then_some(Edns { version: 0, size: 4096, dnssec_ok: false });
        let answer = many(&owner, count);
        let bytes = reply(&asked(&owner, edns), &answer, shape(limit));
        prop_assert!(bytes.len() <= limit);
        let read = Message::from_vec(&bytes).unwrap();
        prop_assert_eq!(read.metadata.truncation, read.answers.len() < usize::from(count));
        prop_assert_eq!(read.edns.is_some(), edns.is_some());
        for (record, made) in read.answers.iter().zip(&answer.answers) {
            let Data::Srv { port, .. } = made.data else { unreachable!() };
            let expected = format!("1 1 {port} node-{port}.node.dc1.consul.");
            prop_assert_eq!(record.data.to_string(), expected);
        }
    }
}
