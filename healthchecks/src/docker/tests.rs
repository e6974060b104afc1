//! Commands in real containers of a real engine. Texts pinned from Consul 1.8.7 where it has them.

use std::time::{Duration, Instant};

use muster_test_engine::Engine as TestEngine;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};

use super::{Engine, command, leftover};
use crate::{
    Scripts, Status,
    probe::{Outcome, Reach},
};

mod over_tls;

/// An engine, and images for its containers.
struct Case {
    engine: TestEngine,
    image: String,
    reach: Reach,
}

impl Case {
    /// With one container, `web`, that does nothing.
    fn new() -> Self {
        let case = Self::at(TestEngine::own());
        case.start(&["--name", "web"]);
        case
    }

    fn at(engine: TestEngine) -> Self {
        let image = engine.image("sleep", &[]);
        let reach = Reach { engine: Engine::at(&engine.address(), "us"), ..Reach::new() };
        Self { engine, image, reach }
    }

    fn start(&self, options: &[&str]) -> String {
        let idle = ["--stop-timeout", "1", &self.image, "sleep", "100000"];
        self.engine.run(&[options, &idle].concat())
    }

    async fn run(&self, check: Value) -> Outcome {
        run(&self.reach, check).await
    }

    /// Runs a line of the shell in a container.
    async fn shell(&self, container: &str, line: &str) -> Outcome {
        self.run(json!({"DockerContainerID": container, "Args": ["sh", "-c", line], "Timeout": "20s"})).await
    }

    /// The processes of the engine's house whose command line has the word.
    fn processes(&self, word: &str) -> Vec<String> {
        self.engine.processes().into_iter().filter(|line| line.contains(word)).collect()
    }
}

async fn run(reach: &Reach, mut check: Value) -> Outcome {
    check["Interval"] = json!("10s");
    let check = muster_api::decode::json(check.to_string().as_bytes()).unwrap();
    assert_eq!(crate::word(&check), "docker");
    reach.run(&crate::read(&check, Scripts { allowed: true }).unwrap()).await
}

/// A word that no other process in the world has on its command line, and `sleep` takes.
fn word(of: u32) -> String {
    format!("9{:09}{of}", std::process::id())
}

/// Waits for what an engine does in its own time.
pub(crate) async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < end, "{what}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn one_line_and_a_shell_is_for_the_shell() {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    assert_eq!(command("/bin/sh", words(&["a b"])), words(&["/bin/sh", "-c", "a b"]));
    assert_eq!(command("", words(&["a b"])), words(&["a b"]));
    assert_eq!(command("/bin/sh", words(&["a", "b"])), words(&["a", "b"]));
}

#[tokio::test]
async fn exit_codes_and_output() {
    let case = Case::at(TestEngine::at_hand());
    let web = &case.start(&[]);
    let outcome = case.shell(web, "echo out; echo err >&2").await;
    assert_eq!(outcome.status, Status::Passing);
    let mut lines: Vec<_> = outcome.output.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["err", "out"]);

    assert_eq!(case.shell(web, "echo look; exit 1").await, Outcome::new(Status::Warning, "look\n"));
    assert_eq!(case.shell(web, "exit 3").await, Outcome::critical(""));
    assert_eq!(case.shell(web, "kill -9 $$").await, Outcome::critical(""));
    assert_eq!(case.shell(web, "echo again").await, Outcome::new(Status::Passing, "again\n"));

    let outcome = case.run(json!({"DockerContainerID": web, "Args": ["nosuch"]})).await;
    let text = "exec: \"nosuch\": executable file not found in $PATH";
    assert!(outcome.status == Status::Critical && outcome.output.contains(text), "{outcome:?}");

    let line = json!({"DockerContainerID": web, "Shell": "/bin/sh", "Args": ["echo $0; exit 1"]});
    assert_eq!(case.run(line).await, Outcome::new(Status::Warning, "/bin/sh\n"));

    let outcome = case.run(json!({"DockerContainerID": web, "Args": ["seq", "2000"]})).await;
    assert_eq!(outcome.status, Status::Passing);
    let beginning = "Captured 4096 of 8893 bytes\n...\n";
    assert!(outcome.output.starts_with(beginning) && outcome.output.ends_with("\n1999\n2000\n"));

    // The output ends before the command does.
    let outcome = case.shell(web, "exec >/dev/null 2>&1; sleep 0.5; exit 1").await;
    assert_eq!(outcome, Outcome::new(Status::Warning, ""));
}

#[tokio::test]
async fn the_container_is_looked_up_at_every_run() {
    let case = Case::new();
    let hostname = async |container: &str| {
        let outcome = case.shell(container, "hostname").await;
        if outcome.status == Status::Passing { outcome.output.trim().to_owned() } else { outcome.output }
    };
    let unknown = "create exec failed for unknown container nope";
    assert_eq!(hostname("nope").await, unknown);
    let old = case.start(&["--name", "nope"]);
    assert_eq!(hostname("nope").await, old[..12]);
    assert_eq!(hostname(&old).await, old[..12]);
    assert_eq!(hostname(&old[..8]).await, old[..12]);
    case.engine.docker(&["pause", "nope"]);
    let still = "create exec failed since container nope is paused or stopped";
    assert_eq!(hostname("nope").await, still);
    case.engine.docker(&["unpause", "nope"]);
    case.engine.docker(&["stop", "nope"]);
    assert_eq!(hostname("nope").await, still);
    case.engine.docker(&["rm", "nope"]);
    let new = case.start(&["--name", "nope"]);
    assert_eq!(hostname("nope").await, new[..12], "another one has the name now");

    assert_eq!(hostname("label:a=b").await, "create exec failed for unknown container label:a=b");
    let first = case.start(&["--label", "a=b", "--label", "com.docker.compose.service=shop"]);
    assert_eq!(hostname("label:a=b").await, first[..12]);
    assert_eq!(hostname("service:shop").await, first[..12]);
    sleep(Duration::from_secs(1)).await;
    let second = case.start(&["--label", "a=b", "--label", "SERVICE_NAME=shop"]);
    assert_eq!(hostname("label:a=b").await, second[..12], "the newest of two");
    assert_eq!(hostname("service:shop").await, second[..12]);
    case.engine.docker(&["stop", &second]);
    assert_eq!(hostname("service:shop").await, first[..12], "the one that runs");
    let third = case.start(&["--env", "SERVICE_NAME=desk"]);
    assert_eq!(hostname("service:desk").await, third[..12]);
    assert_eq!(hostname("service:none").await, "create exec failed for unknown container service:none");
}

#[tokio::test]
async fn a_hung_command_leaves_no_process() {
    let case = Case::new();
    let (word, other) = (word(1), word(2));
    // A child that has cleared its environment, and one that outlives its parent.
    let line = format!("echo hangs; (sleep {word} &); env -i sleep {word}; exit 0");
    let hangs = |time: &str| json!({"DockerContainerID": "web", "Args": ["sh", "-c", line], "Timeout": time});
    let stranger = case.engine.docker(&["exec", "--detach", "web", "sleep", &other]);
    assert_eq!(stranger, "");
    // A busy host may need longer to start it at all; nothing is left then either.
    for time in ["1s", "10s", "1m0s"] {
        let outcome = case.run(hangs(time)).await;
        assert_eq!(case.processes(&word), Vec::<String>::new());
        if outcome == Outcome::critical(format!("Timed out ({time}) running check\n\nhangs\n")) {
            break;
        }
        assert!(
            outcome == Outcome::critical(format!("Timed out ({time}) running check")) && time != "1m0s",
            "{outcome:?}"
        );
    }
    assert_eq!(case.shell("web", "true").await, Outcome::new(Status::Passing, ""));

    // The check is removed while it runs.
    let mut gone = Box::pin(case.run(hangs("1h")));
    tokio::select! {
        outcome = &mut gone => panic!("{outcome:?}"),
        () = until("it runs", || case.processes(&word).len() >= 2) => {}
    }
    drop(gone);
    case.reach.engine.settle().await;
    assert_eq!(case.processes(&word), Vec::<String>::new());
    assert_eq!(case.processes(&other).len(), 1, "nobody else's process is ended");
}

#[tokio::test]
async fn where_the_host_cannot_see_it_the_container_s_shell_ends_it() {
    let case = Case::new();
    let (word, mark) = (word(3), leftover::mark("us", 1));
    let line = format!("(sleep {word} &); sleep {word}; exit 0");
    let environment = "A=several\nlines";
    case.engine.docker(&["exec", "--detach", "--env", environment, "--env", &mark, "web", "sh", "-c", &line]);
    until("it runs", || case.processes(&format!("sleep {word}")).len() >= 2).await;
    let docker = case.reach.engine.meet().await.unwrap();
    let refused = leftover::end_inside(&docker, "web", "/bin/no", &mark).await;
    assert_eq!(refused, Err("there is no /bin/no in it".to_owned()));
    leftover::end_inside(&docker, "web", "/bin/sh", &mark).await.unwrap();
    until("no process is left", || case.processes(&word).is_empty()).await;
}

#[tokio::test]
async fn an_engine_that_is_away_is_met_again() {
    let case = Case::new();
    let mut check = json!({"DockerContainerID": "web", "Args": ["echo", "here"], "Timeout": "20s"});
    let here = Outcome::new(Status::Passing, "here\n");
    assert_eq!(case.run(check.clone()).await, here);
    case.engine.stop();
    let outcome = case.run(check.clone()).await;
    let text = format!("the container engine at {} cannot be reached: ", case.engine.address());
    assert!(outcome.status == Status::Critical && outcome.output.starts_with(&text), "{outcome:?}");
    case.engine.start();
    let still = "create exec failed since container web is paused or stopped";
    assert_eq!(case.run(check.clone()).await, Outcome::critical(still));
    case.engine.docker(&["start", "web"]);
    assert_eq!(case.run(check.clone()).await, here);

    case.engine.freeze();
    check["Timeout"] = json!("2s");
    let outcome = case.run(check.clone()).await;
    // It may have begun before the engine stood still; then what became of it cannot be known.
    let late = outcome.output.starts_with("Timed out (2s) running check");
    assert!(outcome.status == Status::Critical && late, "{outcome:?}");
    case.engine.thaw();
    check["Timeout"] = json!("20s");
    assert_eq!(case.run(check).await, here);
}

#[tokio::test]
async fn an_engine_or_a_container_that_ends_during_a_run_leaves_no_process() {
    let case = Case::new();
    let word = word(4);
    let check = json!({"DockerContainerID": "web", "Args": ["sleep", word], "Timeout": "20s"});
    let during = async |what: &str, fault: &dyn Fn()| {
        let mut run = Box::pin(case.run(check.clone()));
        tokio::select! {
            outcome = &mut run => panic!("{outcome:?}"),
            () = until("it runs", || !case.processes(&format!("sleep {word}")).is_empty()) => {}
        }
        fault();
        let outcome = run.await;
        assert_eq!(outcome.status, Status::Critical, "{what}: {outcome:?}");
        until(what, || case.processes(&word).is_empty()).await;
        outcome.output
    };
    during("the container is gone", &|| drop(case.engine.docker(&["rm", "--force", "web"]))).await;
    case.start(&["--name", "web"]);
    let output = during("the engine is killed", &|| case.engine.kill()).await;
    assert!(output.starts_with("the container engine at "), "{output}");
}

#[tokio::test]
async fn nonsense_is_called_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let answers = ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "what?\r\n\r\n", ""];
    let server = tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                asked.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let reach = Reach { engine: Engine::at(&address, "us"), ..Reach::new() };
    let check = json!({"DockerContainerID": "web", "Args": ["true"], "Timeout": "5s"});
    for what in ["gave an answer that makes no sense: ", "cannot be reached: ", "cannot be reached: "] {
        let outcome = run(&reach, check.clone()).await;
        let text = format!("the container engine at {address} {what}");
        assert!(outcome.status == Status::Critical && outcome.output.starts_with(&text), "{outcome:?}");
    }
    server.await.unwrap();
}
