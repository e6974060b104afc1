//! An agent as a process, with checks at a real container engine, over its configuration, its API, and its deaths.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use muster_test_engine::Engine;
use muster_test_process::{Agent, free_port, until};
use nix::sys::signal::Signal;
use serde_json::json;

/// A server with an agent that asks this engine.
fn agent(engine: &Engine, more: &[&str]) -> Agent {
    let more = [&["-server", "-bootstrap"], more].concat();
    let mut agent = Agent::prepared("host", free_port(), tempfile::tempdir().unwrap(), &more);
    agent.set("DOCKER_HOST", &engine.address());
    agent.start();
    agent.wait_until_writable();
    agent
}

/// Kind, status and output of a check of the agent's.
fn check(agent: &Agent, id: &str) -> (String, String, String) {
    let checks = agent.json("/v1/agent/checks");
    let text = |field: &str| checks[id][field].as_str().unwrap_or_default().to_owned();
    (text("Type"), text("Status"), text("Output"))
}

fn is(kind: &str, status: &str, output: &str) -> (String, String, String) {
    (kind.into(), status.into(), output.into())
}

#[test]
fn checks_at_an_engine_come_from_files_and_the_api() {
    let engine = Engine::own();
    let image = engine.image("busy", &[]);
    let page = "mkdir w && echo fine >w/health && exec httpd -f -p 80 -h w";
    engine.run(&["--name", "web", "--label", "app=web", &image, "sh", "-c", page]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("checks.hcl");
    let text = format!(
        r#"
        checks = [
          {{ id = "inside", name = "inside", docker_container_id = "label:app=web", args = ["cat", "/w/health"]
             interval = "1s", timeout = "20s" }},
          {{ id = "beside", name = "beside", docker_container_id = "web", check_image = "{image}"
             args = ["wget", "-qO-", "http://127.0.0.1/health"], memory_limit = 33554432, pids_limit = 8
             interval = "1s", timeout = "20s" }},
        ]"#
    );
    std::fs::write(&file, text).unwrap();
    let agent = agent(&engine, &["-enable-local-script-checks", &format!("-config-file={}", file.display())]);
    until("both pass", || {
        let both = ["inside", "beside"].map(|id| check(&agent, id));
        both == [is("docker", "passing", "fine\n"), is("container", "passing", "fine\n")]
    });
    let disabled = "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true";
    for body in [
        json!({"Name": "a", "DockerContainerID": "web", "Args": ["true"], "Interval": "1s"}),
        json!({"Name": "a", "CheckImage": image, "Interval": "1s"}),
    ] {
        let (status, text) = agent.put("/v1/agent/check/register", &body.to_string());
        assert_eq!((status, text.trim_end()), (500, disabled), "{body}");
    }
    engine.docker(&["exec", "web", "rm", "/w/health"]);
    until("both fail", || ["inside", "beside"].iter().all(|id| check(&agent, id).1 != "passing"));
    engine.docker(&["exec", "web", "sh", "-c", "echo again >/w/health"]);
    until("both recover", || ["inside", "beside"].iter().all(|id| check(&agent, id).2 == "again\n"));
}

#[test]
fn an_agent_that_ends_or_is_killed_leaves_nothing_at_the_engine() {
    let engine = Engine::own();
    let image = engine.image("busy", &[]);
    engine.run(&["--name", "web", &image, "sleep", "100000"]);
    let theirs = engine.run(&[
        "--name",
        "muster-check-theirs",
        "--label",
        "muster.check.owner=other",
        &image,
        "sleep",
        "9",
    ]);
    let word = format!("7{:09}", std::process::id());
    let hangs = |engine: &Engine| {
        engine.processes().into_iter().filter(|line| *line == format!("sleep {word}")).count()
    };
    let left = |filter: &str| engine.docker(&["ps", "--all", "--quiet", "--filter", filter]);
    let mut agent = agent(&engine, &["-enable-script-checks"]);
    let mut body = json!({"ID": "beside", "Name": "beside", "CheckImage": image, "Args": ["sleep", word],
        "DockerContainerID": "web", "Interval": "1s", "Timeout": "1h"});
    agent.done("/v1/agent/check/register", &body.to_string());
    body["ID"] = json!("inside");
    body["CheckImage"] = json!("");
    agent.done("/v1/agent/check/register", &body.to_string());
    until("both hang", || hangs(&engine) == 2);

    agent.stop(Signal::SIGTERM);
    let own = format!("label=muster.check.owner={}", agent.node_id().trim());
    assert_eq!((hangs(&engine), left(&own).as_str()), (0, ""));

    agent.start_and_wait();
    until("both hang again", || hangs(&engine) == 2);
    assert!(!left(&own).is_empty());
    agent.kill();
    agent.start_and_wait();
    agent.done("/v1/agent/check/deregister/beside", "");
    until("what the killed one left is gone", || left(&own).is_empty());
    until("there is one command, that of this life", || hangs(&engine) == 1);
    assert!(theirs.starts_with(&left("label=muster.check.owner=other")), "what belongs to others stays");
}
