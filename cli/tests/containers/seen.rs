//! Everything that changes is seen within a second.

use crate::host::{Host, SECOND, within};

#[test]
fn start_and_death_are_in_dns_within_a_second() {
    let host = Host::with_registrator("{}");
    let id = host.run(&[
        "--name=shop",
        "--publish=80",
        "--publish=53/udp",
        "--label=SERVICE_80_NAME=front",
        "--label=SERVICE_53_NAME=names",
        "--label=SERVICE_TAGS=a,b",
    ]);
    let took =
        within(SECOND, "both ports are in DNS", || host.found("front") == 1 && host.found("names") == 1);
    println!("in DNS {took:?} after its start");
    let published = host.engine.docker(&["port", &id, "80/tcp"]);
    let port = published.lines().next().unwrap().rsplit(':').next().unwrap().to_owned();
    let answers = host.agent.dig("a.front.service.consul", "SRV");
    assert!(answers[0].starts_with(&format!("1 1 {port} ")), "{answers:?}");
    host.engine.docker(&["kill", "shop"]);
    let took = within(SECOND, "nothing is in DNS", || host.found("front") + host.found("names") == 0);
    println!("gone {took:?} after its death");
    host.engine.docker(&["start", "shop"]);
    within(SECOND, "it is back", || host.found("front") == 1);
    host.engine.docker(&["rm", "--force", "shop"]);
    within(SECOND, "it is gone", || host.found("front") == 0);
}

#[test]
fn rename_pause_and_network_are_seen_within_a_second() {
    let host = Host::with_registrator(r#"{"internal":true}"#);
    host.engine.docker(&["network", "create", "--subnet=10.77.0.0/24", "back"]);
    host.run(&["--name=one", "--label=SERVICE_NETWORK=back", "--network=back", "--label=SERVICE_NAME=web"]);
    within(SECOND, "it is there", || host.instance("host:one:80")["Address"] == "10.77.0.2");

    host.engine.docker(&["rename", "one", "two"]);
    within(SECOND, "the new name is there and the old one is not", || {
        host.instance("host:two:80").is_object() && host.instance("host:one:80").is_null()
    });
    assert_eq!(host.found("web"), 1);

    host.engine.docker(&["pause", "two"]);
    within(SECOND, "a paused one is not found", || host.found("web") == 0);
    assert_eq!(host.state("host:two:80"), ("critical".into(), "paused".into()));
    host.engine.docker(&["unpause", "two"]);
    within(SECOND, "it is found again", || host.found("web") == 1);

    host.engine.docker(&["network", "disconnect", "back", "two"]);
    within(SECOND, "without its network it is not there", || host.instance("host:two:80").is_null());
    host.engine.docker(&["network", "connect", "--ip=10.77.0.9", "back", "two"]);
    within(SECOND, "the new address is there", || host.instance("host:two:80")["Address"] == "10.77.0.9");
    host.engine.docker(&["update", "--memory=64m", "--memory-swap=64m", "two"]);
    assert_eq!(host.instance("host:two:80")["Address"], "10.77.0.9");
}

#[test]
fn its_own_health_check_is_seen_within_a_second() {
    let host = Host::with_registrator("{}");
    let check =
        ["--health-interval=200ms", "--health-retries=1", "--health-cmd=echo looked; test -e /tmp/well"];
    let run = |name: &str, more: &[&str]| {
        let name = format!("--name={name}");
        host.run(&[&check, &[&*name, "--publish=80", "--label=SERVICE_NAME=web"][..], more].concat());
    };
    run("ill", &["--label=SERVICE_CHECK_HEALTHCHECK=false"]);
    within(SECOND, "whose check is not mirrored is found", || host.found("web") == 1);
    host.engine.docker(&["rm", "--force", "ill"]);
    run("web", &[]);
    within(SECOND, "it is there", || host.instance("host:web:80").is_object());
    let status =
        |wanted: &str| host.engine.docker(&["inspect", "--format={{.State.Health.Status}}", "web"]) == wanted;
    within(10 * SECOND, "the engine says so", || status("unhealthy"));
    within(SECOND, "it says why", || {
        host.state("host:web:80") == ("critical".into(), "unhealthy: looked".into())
    });
    assert_eq!(host.found("web"), 0);
    host.engine.docker(&["exec", "web", "touch", "/tmp/well"]);
    within(10 * SECOND, "the engine says so", || status("healthy"));
    within(SECOND, "a healthy one is found", || host.found("web") == 1);
    host.engine.docker(&["exec", "web", "rm", "/tmp/well"]);
    within(10 * SECOND, "the engine says so", || status("unhealthy"));
    within(SECOND, "an ill one is not found", || host.found("web") == 0);
}

#[test]
fn a_stop_takes_it_out_of_dns_before_it_dies_within_a_second() {
    let host = Host::with_registrator("{}");
    // A shell heeds SIGTERM when its sleep is over.
    let id = host.engine.run(&[
        "--name=web",
        "--publish=80",
        "--stop-timeout=30",
        "--label=SERVICE_NAME=web",
        &host.image,
        "sh",
        "-c",
        "trap 'sleep 3; exit 0' TERM; while true; do sleep 0.1; done",
    ]);
    within(SECOND, "it is found", || host.found("web") == 1);
    host.engine.docker(&["kill", "--signal=HUP", "web"]);
    // A SIGHUP would end the shell, but process 1 is not ended by what it does not heed.
    assert_eq!(host.state("host:web:80").0, "passing");
    let address = host.engine.address();
    let stopping = std::thread::spawn(move || {
        let mut docker = std::process::Command::new("docker");
        docker.args(["stop", "--time=30", &id]).env("DOCKER_HOST", address).output().unwrap()
    });
    within(SECOND, "who stops is not found", || host.found("web") == 0);
    let (status, output) = host.state("host:web:80");
    assert_eq!((&*status, &*output), ("critical", "stopping: SIGTERM sent"));
    assert_eq!(host.engine.docker(&["inspect", "--format={{.State.Running}}", "web"]), "true");
    assert!(stopping.join().unwrap().status.success());
    within(SECOND, "it is gone", || host.instance("host:web:80").is_null());
}
