//! A client agent's memory beside servers that change their mind, lose their leader, die and return.

use super::super::fake_server::{FakeServer, Manner, service_at, until};
use super::slots::Limits;
use super::*;

const WEB: &str = "/names/service/web";

/// A directory over these servers, driven until it is dropped.
struct Case {
    directory: DnsOnWatch,
    _driving: tokio::task::JoinSet<()>,
}

impl Case {
    fn over(servers: &[&FakeServer], limits: Limits) -> Self {
        let addresses = servers.iter().map(|server| server.address.clone()).collect();
        let servers = Servers::new(addresses, 8300).unwrap();
        let (directory, driving) = DnsOnWatch::within(servers, limits, CancellationToken::new());
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(driving);
        Self { directory, _driving: tasks }
    }

    /// The address of the service's only instance.
    async fn address(&self, name: &str) -> Option<String> {
        let found = self.directory.service(&name.into()).await?;
        found.first().map(|instance| instance.node.address.to_string())
    }

    fn version(&self, name: &str) -> Option<u64> {
        self.directory.version(&Subject::Service(name.into()))
    }

    async fn shows(&self, name: &str, address: &str) {
        until(address, async || self.address(name).await.as_deref() == Some(address)).await;
    }
}

#[tokio::test]
async fn answers_come_from_memory_and_follow_every_change() {
    let server = FakeServer::start(Manner::Leads).await;
    server.set(WEB, &service_at("10.0.0.1"));
    let case = Case::over(&[&server], Limits::default());
    assert_eq!(case.version("web"), None);
    assert_eq!(case.address("web").await.unwrap(), "10.0.0.1");
    until("it is watched", async || server.asked("GET /names") == 2).await;
    let version = case.version("web").unwrap();
    for _ in 0..100 {
        case.address("web").await.unwrap();
    }
    assert_eq!((server.asked("GET /names"), case.version("web")), (2, Some(version)), "no question goes out");
    server.set(WEB, &service_at("10.0.0.2"));
    case.shows("web", "10.0.0.2").await;
    assert!(case.version("web").unwrap() > version);
    // What is not there is watched as well.
    assert_eq!(case.address("late").await, None);
    assert_eq!(case.directory.service(&"late".into()).await, Some(Vec::new()));
    server.set("/names/service/late", &service_at("10.0.0.3"));
    case.shows("late", "10.0.0.3").await;
}

#[tokio::test]
async fn nodes_owners_and_servers_are_kept_as_services_are() {
    let server = FakeServer::start(Manner::Leads).await;
    server.set("/names/node/n1", r#"{"name":"N1","address":"10.0.0.1","meta":[["k","v"]]}"#);
    server.set("/names/address/10.0.0.1", r#"[{"node":"N1"}]"#);
    server.set("/names/service/consul", &service_at("10.0.0.9"));
    let Case { directory, _driving } = Case::over(&[&server], Limits::default());
    let node = directory.node(&"n1".into()).await.unwrap().unwrap();
    assert_eq!((&*node.name, &*node.meta[0].1), ("N1", "v"));
    assert_eq!(directory.node(&"n2".into()).await, Some(None));
    let address = "10.0.0.1".parse().unwrap();
    assert_eq!(directory.owners_of(address).await.unwrap(), [Owner::Node("N1".into())]);
    assert_eq!(&*directory.servers().await.unwrap()[0].address, "10.0.0.9");
    server.set("/names/address/10.0.0.1", r#"[{"service":"web"}]"#);
    let owner = [Owner::Service("web".into())];
    until("the new owner", async || directory.owners_of(address).await.unwrap() == owner).await;
    assert!(directory.version(&Subject::Address(address)).is_some());
}

#[tokio::test]
async fn a_name_that_was_forgotten_never_comes_back_with_an_old_version() {
    let server = FakeServer::start(Manner::Leads).await;
    let idle = Duration::from_millis(50);
    let limits = Limits { idle, idle_unproven: idle, ..Limits::default() };
    let case = Case::over(&[&server], limits);
    let mut seen = std::collections::HashSet::new();
    for round in 1..5 {
        let address = format!("10.0.0.{round}");
        server.set(WEB, &service_at(&address));
        assert_eq!(case.address("web").await.as_ref(), Some(&address));
        if let Some(version) = case.version("web") {
            assert!(seen.insert(version), "round {round}");
        }
        let forgotten = async || {
            tokio::time::sleep(idle * 2).await;
            case.version("web").is_none()
        };
        until("it is forgotten", forgotten).await;
    }
    assert!(seen.len() > 1);
}

#[tokio::test]
async fn a_watch_that_breaks_down_gives_its_place_back() {
    let slots = Arc::new(Slots::new(Limits::default()));
    let (starts, started) = mpsc::channel(1);
    let broken = |_, _| async { panic!("broken on purpose") };
    let token = CancellationToken::new();
    let driving = tokio::spawn(watching::drive(slots.clone(), started, token, broken));
    let subject = Subject::Service("web".into());
    let (slot, _) = slots.place(&subject, None).unwrap();
    starts.send((subject.clone(), slot)).await.unwrap();
    until("the place is free", async || slots.find(&subject).is_none()).await;
    driving.abort();
}

#[tokio::test]
async fn names_without_end_leave_room_for_those_that_there_are() {
    let server = FakeServer::start(Manner::Leads).await;
    server.set(WEB, &service_at("10.0.0.1"));
    let limits = Limits { most: 20, most_unproven: 10, ..Limits::default() };
    let case = Arc::new(Case::over(&[&server], limits));
    let mut asks = tokio::task::JoinSet::new();
    for at in 0..2000 {
        let case = case.clone();
        asks.spawn(async move { case.directory.service(&format!("no-{at}").into()).await });
    }
    while let Some(answer) = asks.join_next().await {
        assert_eq!(answer.unwrap(), Some(Vec::new()));
    }
    // The first question goes out by itself, and from then on it is watched.
    assert_eq!(case.address("web").await.unwrap(), "10.0.0.1");
    assert!(case.version("web").is_some());
    server.set(WEB, &service_at("10.0.0.2"));
    case.shows("web", "10.0.0.2").await;
}

#[tokio::test]
async fn a_server_that_lost_its_leader_is_left_and_not_believed() {
    let (first, second) = (FakeServer::start(Manner::Leads).await, FakeServer::start(Manner::Leads).await);
    first.set(WEB, &service_at("10.0.0.1"));
    second.set(WEB, &service_at("10.0.0.1"));
    let case = Case::over(&[&first, &second], Limits::default());
    case.shows("web", "10.0.0.1").await;
    first.turn(Manner::Leaderless);
    second.set(WEB, &service_at("10.0.0.2"));
    // Whoever notices first, here a renewal, moves the watches too.
    let renewal = http::Request::put("/lease").body(bytes::Bytes::new()).unwrap();
    muster_agent::Upstream::call(&case.directory.servers, renewal).await.unwrap();
    case.shows("web", "10.0.0.2").await;
    first.set(WEB, &service_at("10.0.0.3"));
    second.turn(Manner::Leaderless);
    second.set(WEB, &service_at("10.0.0.4"));
    until("both are asked", async || first.asked("GET /names") > 3 && second.asked("GET /names") > 3).await;
    assert_eq!(case.address("web").await.unwrap(), "10.0.0.2", "what was said by one that led stays");
    // Better an answer that may be old than none.
    assert!(case.directory.service(&"other".into()).await.is_some());
    second.turn(Manner::Leads);
    case.shows("web", "10.0.0.4").await;
}

#[tokio::test]
async fn what_was_known_outlives_the_servers() {
    let server = FakeServer::start(Manner::Leads).await;
    server.set(WEB, &service_at("10.0.0.1"));
    let case = Case::over(&[&server], Limits::default());
    case.shows("web", "10.0.0.1").await;
    let (address, version) = (server.address.clone(), case.version("web"));
    server.kill().await;
    assert_eq!(case.directory.service(&"other".into()).await, None, "what was not known cannot be");
    assert_eq!((case.address("web").await.as_deref(), case.version("web")), (Some("10.0.0.1"), version));
    let server = FakeServer::start_at(&address, Manner::Leads).await;
    server.set(WEB, &service_at("10.0.0.2"));
    case.shows("web", "10.0.0.2").await;
}
