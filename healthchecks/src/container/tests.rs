//! Check containers of a real engine, beside real services in containers.

use std::time::Duration;

use muster_test_engine::Engine as TestEngine;
use serde_json::{Value, json};

use super::{NAME, OWNER, removal::begin};
use crate::{
    Scripts, Status,
    docker::{Engine, MOST_CONTAINERS, tests::until},
    probe::{Outcome, Reach},
};

/// An engine with a web server in a container, whose page is in a file there.
struct Case {
    engine: TestEngine,
    image: String,
    reach: Reach,
}

impl Case {
    fn new() -> Self {
        let engine = TestEngine::own();
        let image = engine.image("busy", &["LABEL SERVICE_NAME=never"]);
        let reach = Reach { engine: Engine::at(&engine.address(), "us"), ..Reach::new() };
        let case = Self { engine, image, reach };
        case.serve();
        case
    }

    fn serve(&self) {
        let page = "mkdir -p w && echo fine >w/health && exec httpd -f -p 80 -h w";
        self.engine.run(&["--name", "web", "--stop-timeout", "1", &self.image, "sh", "-c", page]);
    }

    async fn run(&self, mut check: Value) -> Outcome {
        check["Interval"] = json!("10s");
        check["CheckImage"] = check.get("CheckImage").cloned().unwrap_or_else(|| json!(self.image));
        let check = muster_api::decode::json(check.to_string().as_bytes()).unwrap();
        assert_eq!(crate::word(&check), "container");
        self.reach.run(&crate::read(&check, Scripts { allowed: true }).unwrap()).await
    }

    /// A line of the shell in a check container in the network of `web`.
    async fn shell(&self, line: &str) -> Outcome {
        self.run(json!({"DockerContainerID": "web", "Args": ["sh", "-c", line], "Timeout": "20s"})).await
    }

    /// The check containers that are there.
    fn ours(&self) -> Vec<String> {
        let filter = format!("label={OWNER}=us");
        let names = self.engine.docker(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}}"]);
        names.lines().map(str::to_owned).collect()
    }

    fn runs(&self, word: &str) -> bool {
        self.engine.processes().iter().any(|line| line.starts_with("sleep ") && line.contains(word))
    }
}

/// A word that no other process in the world has on its command line, and `sleep` takes.
fn word(of: u32) -> String {
    format!("8{:09}{of}", std::process::id())
}

#[tokio::test]
async fn it_asks_in_the_network_of_what_is_checked() {
    let case = Case::new();
    let ask = "wget -qO- http://127.0.0.1/health || exit 2";
    let fine = Outcome::new(Status::Passing, "fine\n");
    assert_eq!(case.shell(ask).await, fine);
    assert_eq!(case.shell("echo look; exit 1").await, Outcome::new(Status::Warning, "look\n"));
    case.engine.docker(&["exec", "web", "rm", "/w/health"]);
    let outcome = case.shell(ask).await;
    assert!(outcome.status == Status::Critical && outcome.output.contains("404 Not Found"), "{outcome:?}");
    case.engine.docker(&["exec", "web", "sh", "-c", "echo fine >/w/health"]);
    assert_eq!(case.shell(ask).await, fine, "it recovers");

    case.engine.docker(&["rm", "--force", "web"]);
    let text = format!("check container of {} in the network of web: unknown container web", case.image);
    assert_eq!(case.shell(ask).await, Outcome::critical(text));
    case.serve();
    until("another one has the name", || {
        case.engine.try_docker(&["exec", "web", "wget", "-qO-", "http://127.0.0.1/health"]).is_ok()
    })
    .await;
    assert_eq!(case.shell(ask).await, fine);
    assert_eq!(case.ours(), Vec::<String>::new());

    // Without a container it is in the host's network: the web server is not at its loopback.
    let alone = json!({"Args": ["sh", "-c", ask], "Timeout": "20s"});
    let outcome = case.run(alone).await;
    assert!(outcome.status == Status::Critical && outcome.output.contains("refused"), "{outcome:?}");
}

#[tokio::test]
async fn it_has_limits() {
    let case = Case::new();
    // What it may do, from inside.
    let outcome = case.shell("touch /tmp/a && touch /a").await;
    assert!(outcome.output.contains("/a: Read-only file system"), "{outcome:?}");
    let outcome = case.shell("grep -E 'CapEff|NoNewPrivs' /proc/self/status | tr -d '\\t'").await;
    assert_eq!(outcome.output, "CapEff:0000000000000000\nNoNewPrivs:1\n");
    let many = json!({"DockerContainerID": "web", "PidsLimit": 4, "Timeout": "20s",
        "Args": ["sh", "-c", "for i in 1 2 3 4 5 6; do sleep 1 & done; wait"]});
    let outcome = case.run(many).await;
    assert!(outcome.status == Status::Critical && outcome.output.contains("can't fork"), "{outcome:?}");
    let large = json!({"DockerContainerID": "web", "MemoryLimit": 8 << 20, "Timeout": "20s",
        "Args": ["sh", "-c", "exec dd if=/dev/zero of=/dev/null bs=64M count=1"]});
    let outcome = case.run(large).await;
    assert_eq!(outcome.status, Status::Critical, "{outcome:?}");
    let outcome = case.run(json!({"DockerContainerID": "web", "Args": ["seq", "2000"]})).await;
    assert!(outcome.output.starts_with("Captured 4096 of 8893 bytes\n...\n"), "{outcome:?}");
    assert!(outcome.output.ends_with("\n1999\n2000\n"), "{outcome:?}");

    // No registrator takes it for a service, whatever its image says.
    let word = word(1);
    let line = format!("sleep {word}; exit 0");
    let mut run = Box::pin(case.shell(&line));
    tokio::select! {
        outcome = &mut run => panic!("{outcome:?}"),
        () = until("it runs", || case.runs(&word)) => {}
    }
    let format = "{{.Config.Labels.SERVICE_IGNORE}} {{.HostConfig.NanoCpus}} {{.HostConfig.Memory}}";
    let inspected = case.engine.docker(&["inspect", "--format", format, &case.ours()[0]]);
    assert_eq!(inspected, format!("true 1000000000 {}", 64 << 20));
}

#[tokio::test]
async fn so_many_run_at_once() {
    let case = Case::new();
    let mut others = Vec::new();
    for _ in 0..MOST_CONTAINERS {
        others.push(case.reach.engine.place().await);
    }
    let text = format!("check container of {} in the network of web: ", case.image);
    let outcome = case.run(json!({"DockerContainerID": "web", "Timeout": "1s"})).await;
    assert_eq!(outcome, Outcome::critical(format!("{text}32 others ran for all of its time (1s)")));
    others.pop();
    assert_eq!(case.shell("true").await, Outcome::new(Status::Passing, ""));
}

#[tokio::test]
async fn a_hung_one_leaves_nothing() {
    let case = Case::new();
    let word = word(2);
    let line = format!("echo hangs; sleep {word} & sleep {word}");
    let hangs = |time: &str| json!({"DockerContainerID": "web", "Timeout": time, "Args": ["sh", "-c", line]});
    // A busy host may need longer to start it at all; nothing is left then either.
    for time in ["2s", "10s", "1m0s"] {
        let outcome = case.run(hangs(time)).await;
        assert!(case.ours().is_empty() && !case.runs(&word));
        if outcome == Outcome::critical(format!("Timed out ({time}) running check\n\nhangs\n")) {
            break;
        }
        assert!(
            outcome == Outcome::critical(format!("Timed out ({time}) running check")) && time != "1m0s",
            "{outcome:?}"
        );
    }

    // The check is removed while it runs.
    let mut gone = Box::pin(case.run(hangs("1h")));
    tokio::select! {
        outcome = &mut gone => panic!("{outcome:?}"),
        () = until("it runs", || case.runs(&word)) => {}
    }
    drop(gone);
    case.reach.engine.settle().await;
    assert!(case.ours().is_empty() && !case.runs(&word));
}

#[tokio::test]
async fn one_dropped_at_any_moment_leaves_nothing() {
    let case = Case::new();
    let word = word(3);
    for after in (0..400).step_by(40) {
        let check = json!({"DockerContainerID": "web", "Args": ["sleep", word]});
        let late = tokio::time::timeout(Duration::from_millis(after), case.run(check)).await;
        assert!(late.is_err(), "{late:?}");
    }
    case.reach.engine.settle().await;
    assert!(case.ours().is_empty() && !case.runs(&word), "{:?}", case.ours());
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let case = Case::new();
    let outcome = case.run(json!({"CheckImage": "no/such:1", "DockerContainerID": "web"})).await;
    let text = "check container of no/such:1 in the network of web: No such image: no/such:1: this host has no such \
                image; `docker pull no/such:1` gets it";
    assert_eq!(outcome, Outcome::critical(text));
    let outcome = case.run(json!({"DockerContainerID": "web", "Args": ["nosuch"]})).await;
    let text = format!("check container of {} in the network of web: ", case.image);
    assert!(outcome.status == Status::Critical && outcome.output.starts_with(&text), "{outcome:?}");
    assert!(outcome.output.contains("\"nosuch\": executable file not found"), "{outcome:?}");
    case.engine.docker(&["stop", "web"]);
    let outcome = case.run(json!({"DockerContainerID": "web", "Args": ["true"]})).await;
    assert_eq!(outcome, Outcome::critical(format!("{text}container web is paused or stopped")));
    assert!(case.ours().is_empty());

    // What is checked goes while it is asked.
    case.engine.docker(&["start", "web"]);
    let word = word(4);
    let line = format!("sleep {word} & while wget -qO- http://127.0.0.1/health; do sleep 0.1; done; exit 2");
    let mut run = Box::pin(case.shell(&line));
    tokio::select! {
        outcome = &mut run => panic!("{outcome:?}"),
        () = until("it runs", || case.runs(&word)) => {}
    }
    case.engine.docker(&["rm", "--force", "web"]);
    assert_eq!(run.await.status, Status::Critical);
    assert!(case.ours().is_empty() && !case.runs(&word));
}

#[tokio::test]
async fn leftovers_of_an_earlier_life_go_and_no_others() {
    let case = Case::new();
    let leave = |name: &str, owner: &str| {
        let label = format!("{OWNER}={owner}");
        case.engine.run(&["--name", name, "--label", &label, &case.image, "sleep", "1000"]);
    };
    let (ours, theirs) = (format!("{NAME}1"), format!("{NAME}2"));
    leave(&ours, "us");
    leave(&theirs, "them");
    leave("not-by-us", "us");
    begin(&case.reach.engine).await;
    let names = case.engine.docker(&["ps", "--all", "--format", "{{.Names}}"]);
    let mut names: Vec<_> = names.lines().collect();
    names.sort_unstable();
    assert_eq!(names, [theirs.as_str(), "not-by-us", "web"]);
}

#[tokio::test]
async fn an_engine_that_is_killed_during_a_run_is_cleaned_afterwards() {
    let case = Case::new();
    let word = word(5);
    let line = format!("sleep {word}; exit 0");
    let mut run = Box::pin(case.shell(&line));
    tokio::select! {
        outcome = &mut run => panic!("{outcome:?}"),
        () = until("it runs", || case.runs(&word)) => {}
    }
    case.engine.kill();
    let outcome = run.await;
    let text = format!("the container engine at {} cannot be reached: ", case.engine.address());
    assert!(outcome.status == Status::Critical && outcome.output.contains(&text), "{outcome:?}");
    case.engine.start();
    case.engine.docker(&["start", "web"]);
    assert_eq!(case.shell("true").await, Outcome::new(Status::Passing, ""));
    assert!(case.ours().is_empty() && !case.runs(&word), "{:?}", case.ours());
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    let read = |json: &str| {
        let check = muster_api::decode::json(json.as_bytes()).unwrap();
        crate::read(&check, Scripts { allowed: true }).unwrap_err().to_string()
    };
    let text = "Invalid check: MemoryLimit 1000 must be at least 6291456 bytes (6 MiB)";
    assert_eq!(read(r#"{"CheckImage":"a","Interval":"1s","MemoryLimit":1000}"#), text);
    let text = "Invalid check: PidsLimit -1 must be at least 1";
    assert_eq!(read(r#"{"CheckImage":"a","Interval":"1s","PidsLimit":-1}"#), text);
    let text = "Invalid check: DockerContainerID \"a b\" must be the ID or name of a container, label:KEY=VALUE or service:NAME";
    assert_eq!(read(r#"{"CheckImage":"a","Interval":"1s","DockerContainerID":"a b"}"#), text);
    let text = "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true";
    let check = muster_api::decode::json(br#"{"CheckImage":"a","Interval":"1s"}"#).unwrap();
    assert_eq!(crate::read(&check, Scripts { allowed: false }).unwrap_err().to_string(), text);
}
