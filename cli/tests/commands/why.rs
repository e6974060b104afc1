//! `muster why`, `muster checks` and `muster containers` beside what the API and DNS really answer.

use muster_test_process::until;
use serde_json::Value;

use super::dev::Dev;
use super::{run, text};

/// Exit code and output of `muster why` with these words.
fn why(dev: &Dev, words: &[&str]) -> (i32, String) {
    let output = run(dev, &[&["why"], words].concat());
    (output.status.code().unwrap(), text(&output.stdout) + &text(&output.stderr))
}

fn call(dev: &Dev, method: &str, path: &str, body: &str) -> String {
    let url = dev.on_our_ports(&format!("http://127.0.0.1:8500{path}"));
    let output = dev.command("curl").args(["-sS", "-X", method, "-d", body, &url]).output().unwrap();
    text(&output.stdout)
}

/// Whether the API's passing answer and DNS hold an instance of `web`.
fn answers(dev: &Dev) -> (bool, bool) {
    let passing = call(dev, "GET", "/v1/health/service/web?passing", "");
    let dig = dev.on_our_ports("@127.0.0.1 -p 8600 web.service.consul A +short");
    let dug = dev.command("dig").args(dig.split(' ')).output().unwrap();
    (passing != "[]", !dug.stdout.is_empty())
}

#[test]
fn what_is_said_is_what_the_api_and_dns_answer() {
    let dev = Dev::start(&[]);
    let check = r#"{"CheckID":"c","Name":"heartbeat","TTL":"1h"}"#;
    let service = format!(r#"{{"ID":"w1","Name":"web","Port":80,"Tags":["v1"],"Check":{check}}}"#);
    call(&dev, "PUT", "/v1/agent/service/register", &service);
    for (path, reason, found) in [
        ("/v1/agent/check/fail/c?note=refused", "because   check c is critical: refused", (false, false)),
        ("/v1/agent/check/warn/c?note=slow", "because   check c warns: slow", (false, true)),
        ("/v1/agent/check/pass/c?note=fine", "in the answer of ?passing and of DNS", (true, true)),
        (
            "/v1/agent/maintenance?enable=true&reason=disk",
            "because   node dev is in maintenance: disk",
            (false, false),
        ),
        ("/v1/agent/maintenance?enable=false", "in the answer of ?passing and of DNS", (true, true)),
        (
            "/v1/agent/service/maintenance/w1?enable=true&reason=swap",
            "because   it is in maintenance: swap",
            (false, false),
        ),
        (
            "/v1/agent/service/maintenance/w1?enable=false",
            "in the answer of ?passing and of DNS",
            (true, true),
        ),
    ] {
        call(&dev, "PUT", path, "");
        until(path, || why(&dev, &["web"]).1.contains(reason));
        let (code, said) = why(&dev, &["web"]);
        assert_eq!(answers(&dev), found, "{said}");
        assert_eq!(code, if found.0 { 0 } else { 2 }, "{said}");
        assert_eq!((said.contains("NOT in the answer"), said.contains("NOT in DNS")), (!found.0, !found.1));
    }
    assert_eq!(why(&dev, &["w1", "-node", "dev", "-tag", "V1"]).0, 0);
    let (code, said) = why(&dev, &["web", "-tag", "v2"]);
    assert!(code == 2 && said.contains(r#"because   it has no tag "v2""#), "{said}");
    assert!(why(&dev, &["-detailed", "web"]).1.contains("c (ttl): passing since 20"), "{said}");
    let (code, said) = why(&dev, &["web", "-format", "json"]);
    let answer: Value = serde_json::from_str(&said).unwrap();
    let instance = &answer["Instances"][0];
    assert!(
        code == 0 && instance["Found"]["Passing"] == true && instance["Lease"]["State"] == "held",
        "{said}"
    );
    assert!(instance["Lease"]["HeardMsAgo"].as_u64().unwrap() < 10_000, "{said}");
    assert_eq!(why(&dev, &[]), (1, "A single service or instance ID must be specified.\n".into()));
}

#[test]
fn what_went_is_told_with_its_cause() {
    let dev = Dev::start(&[]);
    let put = |path: &str, body: &str| call(&dev, "PUT", path, body);
    for id in ["a", "b", "c"] {
        put("/v1/agent/service/register", &format!(r#"{{"ID":"{id}","Name":"Web"}}"#));
    }
    let far = r#"{"Node":"far","Address":"10.0.0.9","Service":{"ID":"d","Service":"Web"}}"#;
    assert_eq!(put("/v1/catalog/register", far), "true");
    until("all are there", || why(&dev, &["Web"]).1.matches("in the answer of").count() == 4);
    let (code, said) = why(&dev, &["web"]);
    assert!(code == 2 && said.contains("There is: Web."), "{said}");
    put("/v1/agent/service/deregister/a", "");
    put("/v1/agent/service/deregister/b?by=registrator", "");
    put("/v1/catalog/deregister", r#"{"Node":"far"}"#);
    let expected = [
        ("a of Web on dev went 20", "it was deregistered at its agent."),
        ("b of Web on dev went 20", "the registrator deregistered it: its container has gone."),
        ("d of Web on far went 20", "it was deregistered over the catalog's API."),
    ];
    until("three went", || why(&dev, &["Web"]).1.matches(" went ").count() == 3);
    let (code, said) = why(&dev, &["Web"]);
    let told = |(begins, ends): &(&str, &str)| {
        said.lines().any(|line| line.starts_with(begins) && line.ends_with(ends))
    };
    assert!(code == 0 && expected.iter().all(told), "{said}");
    put("/v1/agent/service/register", r#"{"ID":"a","Name":"Web"}"#);
    until("it is back", || why(&dev, &["Web"]).1.matches(" went ").count() == 2);
    assert!(why(&dev, &["far"]).1.contains("Node far went 20"));
    assert!(why(&dev, &["dev"]).1.contains("dev is a node."));
    let refused = put("/v1/catalog/deregister?by=fate", r#"{"Node":"far"}"#);
    assert!(refused.starts_with("Invalid cause"), "{refused}");
    for (method, path, said) in [
        ("GET", "/v1/muster/why/", "Missing service name or instance ID"),
        ("PUT", "/v1/muster/why/web", "method PUT not allowed"),
        ("PUT", "/v1/muster/agent/checks", "method PUT not allowed"),
        ("GET", "/v1/muster/agent/nope", ""),
        ("GET", "/v1/muster/nope", ""),
    ] {
        assert_eq!(call(&dev, method, path, ""), said, "{method} {path}");
    }
}

#[test]
fn a_host_shows_its_checks_and_containers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("checks.json");
    std::fs::write(&file, r#"{"check":{"id":"disk","name":"disk","ttl":"1h","notes":"of the host"}}"#)
        .unwrap();
    let dev = Dev::start(&["-config-file", &file.display().to_string()]);
    let empty = run(&dev, &["containers"]);
    let nothing = "No registrator has registered a container with this agent.\n";
    assert_eq!((empty.status.code(), text(&empty.stderr)), (Some(0), nothing.to_owned()));
    let marks = r#"{"registrator":"dev","registrator-container":"0123456789ab","registrator-container-name":"web-1"}"#;
    let check =
        r#"{"CheckID":"dev:web-1:80:container","Name":"Container state","TTL":"1h","Status":"passing"}"#;
    let service = format!(
        r#"{{"ID":"dev:web-1:80","Name":"web","Address":"172.17.0.2","Port":80,"Meta":{marks},"Check":{check}}}"#
    );
    call(&dev, "PUT", "/v1/agent/service/register", &service);
    let stopping = r#"{"Status":"critical","Output":"stopping: SIGTERM sent"}"#;
    call(&dev, "PUT", "/v1/agent/check/update/dev:web-1:80:container", stopping);
    let cells = |words: &[&str]| -> Vec<String> {
        let table = text(&run(&dev, words).stdout);
        table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let checks = cells(&["checks"]);
    assert_eq!(checks[0], "Check Instance Type Status Since Next Defined Output");
    let state = "dev:web-1:80:container dev:web-1:80 ttl critical ";
    assert!(checks[1].starts_with(state) && checks[1].ends_with("registrator stopping: SIGTERM sent"));
    assert!(
        checks[2].starts_with("disk ttl critical ") && checks[2].ends_with(" file checks.json"),
        "{checks:?}"
    );
    let container = &cells(&["containers"])[1];
    let begins = "0123456789ab web-1 web dev:web-1:80 172.17.0.2:80 critical ";
    assert!(container.starts_with(begins) && container.ends_with("stopping: SIGTERM sent"), "{container}");
    let detailed = text(&run(&dev, &["checks", "-detailed", "-service", ""]).stdout);
    assert!(
        detailed.contains("Of         node dev\n") && detailed.contains("Notes      of the host"),
        "{detailed}"
    );
    let json: Value = serde_json::from_slice(&run(&dev, &["containers", "-format", "json"]).stdout).unwrap();
    assert_eq!(json[0]["Container"], "0123456789ab");
    let json: Value = serde_json::from_slice(&run(&dev, &["checks", "-format=json"]).stdout).unwrap();
    assert_eq!((&json["Node"], &json["Checks"][1]["DefinedBy"]), (&"dev".into(), &"file".into()));
    let draining = "because   its container is being stopped: stopping: SIGTERM sent";
    until("it is drained", || why(&dev, &["web"]).1.contains(draining));
    assert!(why(&dev, &["web"]).1.contains("container 0123456789ab (web-1), of registrator dev"));
}
