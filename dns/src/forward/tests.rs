//! Recursors that answer, lie, fail, are silent, and truncate.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;

use super::*;
use crate::handler::{Handler, Transport};
use crate::record::kind;
use crate::wire::plain;
use crate::{Config, Directory, Instance, NodeFacts, Owner, Subject, encode};

/// Longer than any that answers takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(5);
/// For one that never answers.
const BRIEF: Duration = Duration::from_millis(100);

struct Nobody;

impl Directory for Nobody {
    fn version(&self, _: &Subject) -> Option<u64> {
        Some(1)
    }

    async fn service(&self, name: &Arc<str>) -> Option<Vec<Instance>> {
        let node = NodeFacts { name: "ext".into(), address: "www.example.com".into(), meta: Vec::new() };
        let health = crate::Health::Passing;
        let found =
            Instance { node, address: "".into(), port: 80, tags: Vec::new(), weights: (1, 1), health };
        Some(if &**name == "search" { vec![found] } else { Vec::new() })
    }

    async fn node(&self, _: &Arc<str>) -> Option<Option<NodeFacts>> {
        Some(None)
    }

    async fn owners_of(&self, _: IpAddr) -> Option<Vec<Owner>> {
        Some(Vec::new())
    }

    async fn servers(&self) -> Option<Vec<NodeFacts>> {
        Some(Vec::new())
    }
}

/// How a recursor behaves.
#[derive(Clone, Copy)]
enum Manner {
    Answers,
    /// Sends another's answer first.
    Lies,
    Fails,
    Silent,
    /// Truncates by UDP.
    Truncates,
}

struct Recursor {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

/// 7.7.7.7 for whatever is asked.
fn said(packet: &[u8], flags: u16) -> Vec<u8> {
    let asked = plain(packet).unwrap();
    let name = Name::from_wire(&asked.name).unwrap();
    let mut answer = crate::answer::Answer::refusal(flags & 0xf);
    let data = Data::A(Ipv4Addr::new(7, 7, 7, 7));
    answer.answers.push(Record::new(&name, Duration::from_secs(30), data));
    let shape = encode::Shape { limit: 512, compress: true, say_cut: true, recursion_available: true };
    let mut reply = encode::reply(&asked, &answer, shape);
    reply[2] |= (flags >> 8) as u8;
    reply
}

async fn recursor(manner: Manner) -> Recursor {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(address).await.unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        let mut packet = [0; 512];
        while let Ok((length, from)) = udp.recv_from(&mut packet).await {
            count.fetch_add(1, Ordering::Relaxed);
            let packet = &packet[..length];
            let reply = match manner {
                Manner::Silent => continue,
                Manner::Answers => said(packet, 0),
                Manner::Fails => said(packet, code::SERVER_FAILURE),
                Manner::Truncates => said(packet, u16::from(TRUNCATED) << 8),
                Manner::Lies => {
                    let mut other = said(packet, 0);
                    other[1] ^= 1;
                    udp.send_to(&other, from).await.unwrap();
                    let mut other = said(packet, 0);
                    other[HEAD + 1] = b'x';
                    udp.send_to(&other, from).await.unwrap();
                    said(packet, 0)
                }
            };
            udp.send_to(&reply, from).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let mut packet = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut packet).await.unwrap();
            let reply = said(&packet, 0);
            let size = u16::try_from(reply.len()).unwrap().to_be_bytes();
            stream.write_all(&[&size, &*reply].concat()).await.unwrap();
        }
    });
    Recursor { address, asked }
}

fn handler(recursors: &[&Recursor]) -> Handler<Nobody> {
    let recursors = recursors.iter().map(|recursor| recursor.address).collect();
    Handler::new(Arc::new(Nobody), Config { recursors, recursor_timeout: PATIENCE, ..Config::default() })
}

async fn ask(handler: &Handler<Nobody>, name: &str, kind: u16, transport: Transport) -> Message {
    let mut packet = encode::question(&Name::from_text(name).unwrap(), kind);
    packet[..2].copy_from_slice(&[0xab, 0xcd]);
    let reply = handler.reply(&packet, transport).await.unwrap();
    let message = Message::from_vec(&reply).unwrap();
    assert_eq!(message.metadata.id, 0xabcd);
    assert!(message.metadata.recursion_available);
    message
}

/// Asks these, in this order; what the first record of the answer says.
async fn ask_in_turn(recursors: &[(&Recursor, Duration)]) -> Option<String> {
    let recursors = recursors.iter().map(|(recursor, longest)| (recursor.address, *longest)).collect();
    let forward = Forward { recursors, permits: Semaphore::new(MOST_UNDER_WAY) };
    let found = forward.addresses(&Name::from_text("www.example.com").unwrap(), kind::A).await;
    found.first().map(|record| format!("{:?}", record.data))
}

#[tokio::test]
async fn the_next_is_asked_where_one_fails_or_is_silent() {
    let all = [recursor(Manner::Fails).await, recursor(Manner::Silent).await, recursor(Manner::Lies).await];
    let last = recursor(Manner::Answers).await;
    let answer =
        ask_in_turn(&[(&all[0], PATIENCE), (&all[1], BRIEF), (&all[2], PATIENCE), (&last, PATIENCE)]).await;
    assert_eq!(answer.unwrap(), "A(7.7.7.7)");
    assert!(all.iter().all(|recursor| recursor.asked.load(Ordering::Relaxed) == 1));
    assert_eq!(last.asked.load(Ordering::Relaxed), 0, "one that lies does not keep the true answer away");
}

#[tokio::test]
async fn what_others_say_is_not_ours() {
    let (fails, answers) = (recursor(Manner::Fails).await, recursor(Manner::Answers).await);
    let handler = handler(&[&fails, &answers]);
    let message = ask(&handler, "www.example.com", kind::A, Transport::Datagram).await;
    assert_eq!(message.answers[0].data.to_string(), "7.7.7.7");
    assert!(!message.metadata.authoritative);
}

#[tokio::test]
async fn nobody_left_is_a_failure() {
    let (silent, fails) = (recursor(Manner::Silent).await, recursor(Manner::Fails).await);
    assert_eq!(ask_in_turn(&[(&silent, BRIEF), (&fails, PATIENCE)]).await, None);
    let message = ask(&handler(&[&fails]), "www.example.com", kind::A, Transport::Datagram).await;
    assert_eq!(u16::from(message.metadata.response_code), code::SERVER_FAILURE);
}

#[tokio::test]
async fn a_truncated_answer_is_fetched_whole_for_a_stream() {
    let truncates = recursor(Manner::Truncates).await;
    let handler = handler(&[&truncates]);
    assert!(ask(&handler, "example.com", kind::A, Transport::Datagram).await.metadata.truncation);
    assert!(!ask(&handler, "example.com", kind::A, Transport::Stream).await.metadata.truncation);
}

#[tokio::test]
async fn an_alias_is_followed_to_others() {
    let recursor = recursor(Manner::Answers).await;
    let handler = handler(&[&recursor]);
    let message = ask(&handler, "search.service.consul", kind::A, Transport::Datagram).await;
    let lines: Vec<String> = message
        .answers
        .iter()
        .map(|record| format!("{} {} {}", record.name, record.ttl, record.data))
        .collect();
    assert_eq!(lines, ["search.service.consul. 0 www.example.com.", "www.example.com. 0 7.7.7.7"]);
    assert!(message.metadata.authoritative);
    let message = ask(&handler, "search.service.consul", kind::SRV, Transport::Datagram).await;
    assert_eq!(message.additionals[0].to_string(), "www.example.com. 0 IN A 7.7.7.7");
    let message = ask(&handler, "9.9.9.9.in-addr.arpa", kind::PTR, Transport::Datagram).await;
    assert_eq!(message.answers.len(), 1, "a reverse name that is not ours");
}
