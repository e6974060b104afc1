//! Real sockets: many clients at once, by UDP and by TCP, and an end when it is asked for.

use std::net::IpAddr;

use hickory_proto::op::Message;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::*;
use crate::name::Name;
use crate::record::kind;
use crate::{Health, Instance, NodeFacts, Owner, Subject, encode};

const LONG: Duration = Duration::from_secs(20);

/// Ten instances of `web`; `slow` must be waited for.
struct Ten;

impl Directory for Ten {
    fn version(&self, subject: &Subject) -> Option<u64> {
        (*subject != Subject::Service("slow".into())).then_some(1)
    }

    async fn service(&self, name: &Arc<str>) -> Option<Vec<Instance>> {
        if &**name == "slow" {
            tokio::task::yield_now().await;
        }
        let instance = |at| Instance {
            node: NodeFacts {
                name: format!("n{at}").into(),
                address: format!("10.0.0.{at}").into(),
                meta: Vec::new(),
            },
            address: "".into(),
            port: 80,
            tags: Vec::new(),
            weights: (1, 1),
            health: Health::Passing,
        };
        Some((0..10).map(instance).collect())
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

async fn start() -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<io::Result<()>>) {
    let sockets = Sockets::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = sockets.tcp[0].local_addr().unwrap();
    assert!(sockets.udp.iter().all(|socket| socket.local_addr().unwrap() == address));
    let token = CancellationToken::new();
    let served = tokio::spawn(run(sockets, Arc::new(Ten), Config::default(), token.clone()));
    (address, token, served)
}

fn question(id: u16, name: &str, kind: u16) -> Vec<u8> {
    let mut packet = encode::question(&Name::from_text(name).unwrap(), kind);
    packet[..2].copy_from_slice(&id.to_be_bytes());
    packet
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn datagrams_are_answered_from_every_client_and_it_ends() {
    let (address, token, served) = start().await;
    let clients = (0u16..16).map(|client| async move {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(address).await.unwrap();
        let mut firsts = std::collections::HashSet::new();
        for id in 0..100 {
            let id = client * 100 + id;
            let name =
                ["web.service.consul", "SLOW.service.consul", "Web.Service.Consul"][usize::from(id % 3)];
            socket.send(&question(id, name, kind::A)).await.unwrap();
            let mut reply = [0; 4096];
            let length = timeout(LONG, socket.recv(&mut reply)).await.unwrap().unwrap();
            let read = Message::from_vec(&reply[..length]).unwrap();
            assert_eq!((read.metadata.id, read.answers.len()), (id, 10));
            assert_eq!(read.queries[0].name.to_ascii().trim_end_matches('.'), name);
            firsts.insert(read.answers[0].data.to_string());
        }
        assert!(firsts.len() > 3, "{firsts:?}");
    });
    for client in clients.map(tokio::spawn).collect::<Vec<_>>() {
        client.await.unwrap();
    }
    token.cancel();
    timeout(LONG, served).await.unwrap().unwrap().unwrap();
    std::net::UdpSocket::bind(address).expect("its port is free again");
}

#[tokio::test]
async fn a_stream_takes_many_questions_at_once() {
    let (address, _token, _served) = start().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut packets = Vec::new();
    for id in 0..50 {
        let packet = question(id, "web.service.consul", kind::SRV);
        packets.extend(u16::try_from(packet.len()).unwrap().to_be_bytes());
        packets.extend(packet);
    }
    stream.write_all(&packets).await.unwrap();
    for id in 0..50 {
        let mut reply = vec![0; usize::from(timeout(LONG, stream.read_u16()).await.unwrap().unwrap())];
        stream.read_exact(&mut reply).await.unwrap();
        let read = Message::from_vec(&reply).unwrap();
        assert_eq!((read.metadata.id, read.answers.len(), read.additionals.len()), (id, 10, 10));
    }
    // What is no question ends it.
    stream.write_all(&[0, 2, 1, 1]).await.unwrap();
    assert_eq!(timeout(LONG, stream.read(&mut [0])).await.unwrap().unwrap(), 0);
}

/// TCP alone, within these limits; where it listens.
async fn streams_within(limits: streams::Limits) -> SocketAddr {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let handler = Arc::new(Handler::new(Arc::new(Ten), Config::default()));
    tokio::spawn(streams::serve(listener, handler, limits));
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Whether this client is answered, rather than closed.
async fn is_served(stream: &mut TcpStream) -> bool {
    let packet = question(1, "web.service.consul", kind::A);
    let size = u16::try_from(packet.len()).unwrap().to_be_bytes();
    let _ = stream.write_all(&[&size, &*packet].concat()).await;
    timeout(LONG, stream.read_u16()).await.expect("neither answered nor closed").is_ok()
}

async fn from(client: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((client, 0))).unwrap();
    socket.connect(to).await.unwrap()
}

#[tokio::test]
async fn one_client_cannot_take_all_connections() {
    let (greedy, other) = ([127, 0, 0, 1], [127, 0, 0, 2]);
    let limits = streams::Limits::default();
    let address = streams_within(limits).await;
    let mut held = Vec::new();
    for _ in 0..limits.per_client {
        let mut stream = from(greedy, address).await;
        assert!(is_served(&mut stream).await);
        held.push(stream);
    }
    assert!(!is_served(&mut from(greedy, address).await).await);
    assert!(is_served(&mut from(other, address).await).await);
    held.pop();
    let again = async { while !is_served(&mut from(greedy, address).await).await {} };
    timeout(LONG, again).await.expect("a place is free again");
}

#[tokio::test]
async fn an_idle_stream_and_a_slow_one_are_closed() {
    let idle = Duration::from_millis(200);
    let address = streams_within(streams::Limits { idle, ..Default::default() }).await;
    for begun in [&[][..], &[0], &[0, 30, 1]] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(begun).await.unwrap();
        let closed = timeout(LONG, stream.read(&mut [0])).await.expect("it stays open");
        assert!(matches!(closed, Ok(0) | Err(_)), "{begun:?}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_said() {
    let taken = Sockets::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = taken.tcp[0].local_addr().unwrap();
    assert_eq!(Sockets::bind(address).await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
}
