//! The command line against a real agent: texts, streams and exit codes as Consul 1.8.7 has them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dev;
mod why;

use std::process::{Command, Output};

use dev::Dev;
use muster_test_process::{binary, until};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a line of words and compares code, output and complaint.
fn expect(dev: &Dev, line: &str, code: i32, out: &str, complaint: &str) {
    let output = dev.command("muster").args(line.split(' ')).output().unwrap();
    let came = (output.status.code(), text(&output.stdout), text(&output.stderr));
    let end = |text: &str| if text.is_empty() { String::new() } else { format!("{text}\n") };
    assert_eq!(came, (Some(code), end(out), end(complaint)), "muster {line}");
}

fn run(dev: &Dev, words: &[&str]) -> Output {
    dev.command("muster").args(words).output().unwrap()
}

#[test]
fn keys_and_values() {
    let dev = Dev::start(&[]);
    for (line, code, out, complaint) in [
        ("kv put a/b hello", 0, "Success! Data written to: a/b", ""),
        ("kv put -flags 7 a/c x", 0, "Success! Data written to: a/c", ""),
        ("kv put -base64 a/sub/d eno=", 0, "Success! Data written to: a/sub/d", ""),
        ("kv put", 1, "", "Error! Missing KEY argument"),
        (
            "kv put /lead x",
            1,
            "",
            "Error! Failed writing data: Invalid key. Key must not begin with a '/': /lead",
        ),
        ("kv put x @nofile", 1, "", "Error! Failed to read file: open nofile: no such file or directory"),
        ("kv put -cas a/b x", 1, "", "Must specify -modify-index with -cas!"),
        ("kv put -cas -modify-index 999999 a/b x", 1, "", "Error! Did not write to a/b: CAS failed"),
        ("kv get a/b", 0, "hello", ""),
        ("kv get -base64 a/b", 0, "aGVsbG8=", ""),
        ("kv get -recurse a", 0, "a/b:hello\na/c:x\na/sub/d:zz", ""),
        ("kv get -recurse -base64 a", 0, "a/b:aGVsbG8=\na/c:eA==\na/sub/d:eno=", ""),
        ("kv get -keys a", 0, "a/", ""),
        ("kv get -keys a/", 0, "a/b\na/c\na/sub/", ""),
        ("kv get -keys -separator= a", 0, "a/b\na/c\na/sub/d", ""),
        ("kv get nope", 1, "", "Error! No key exists at: nope"),
        ("kv get -recurse nope", 0, "", ""),
        ("kv get", 1, "", "Error! Missing KEY argument"),
        ("kv get a b", 1, "", "Too many arguments (expected 1, got 2)"),
        ("kv get -nosuch a", 1, "", "flag provided but not defined: -nosuch"),
        ("kv delete -cas a/b", 1, "", "Must specify -modify-index with -cas!"),
        ("kv delete -cas -modify-index 999999 a/b", 1, "", "Error! Did not delete key a/b: CAS failed"),
        ("kv delete -recurse -cas -modify-index 999999 a", 1, "", "Cannot specify both -cas and -recurse!"),
        ("kv delete -recurse a/sub", 0, "Success! Deleted keys with prefix: a/sub", ""),
        ("kv delete nope", 0, "Success! Deleted key: nope", ""),
        ("kv export nope", 0, "[]", ""),
        (r#"kv import [{"key":"imp/y","flags":3,"value":"aGk="}]"#, 0, "Imported: imp/y", ""),
        (
            "kv export imp",
            0,
            "[\n\t{\n\t\t\"key\": \"imp/y\",\n\t\t\"flags\": 3,\n\t\t\"value\": \"aGk=\"\n\t}\n]",
            "",
        ),
        ("kv import", 1, "", "Error! Missing DATA argument"),
    ] {
        expect(&dev, line, code, out, complaint);
    }
    let line = dev.on_our_ports("kv get -http-addr=http://127.0.0.1:8500 a/b");
    expect(&dev, &line, 0, "hello", "");
    let detailed = text(&run(&dev, &["kv", "get", "-detailed", "a/c"]).stdout);
    assert!(detailed.contains("Flags            7\nKey              a/c\n"), "{detailed}");
    let refused = Command::new(binary())
        .args(["kv", "get", "a"])
        .env("CONSUL_HTTP_SSL", "true")
        .env("CONSUL_HTTP_ADDR", "127.0.0.1:1")
        .output()
        .unwrap();
    assert!(text(&refused.stderr).contains("TLS is not there yet"), "{}", text(&refused.stderr));
}

#[test]
fn the_node_and_its_services() {
    let dev = Dev::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("two.hcl");
    let definitions = "services {\n  name = \"db\"\n  port = 5432\n  tags = [\"x\"]\n}\n\
        services {\n  id = \"c1\"\n  name = \"cache\"\n}\n";
    std::fs::write(&file, definitions).unwrap();
    let file = file.display().to_string();
    let nothing = "No nodes match the given query - try expanding your search.";
    for (line, code, out, complaint) in [
        (&*format!("services register {file}"), 0, "Registered service: db\nRegistered service: cache", ""),
        ("services register -name web -port 9 -tag b -tag a -meta k=v", 0, "Registered service: web", ""),
        ("services register", 1, "", "Service registration requires at least one argument or flags."),
        (
            "services register nofile",
            1,
            "",
            "Error: config: Open failed on nofile. open nofile: no such file or directory",
        ),
        ("services deregister -id c1", 0, "Deregistered service: c1", ""),
        ("catalog datacenters", 0, "dc1", ""),
        ("catalog nodes -service nope", 0, "", nothing),
        ("maint", 0, "", ""),
        ("maint -enable -reason why", 0, "Node maintenance is now enabled", ""),
        ("maint", 0, "Node:\n  Name:   dev\n  Reason: why\n", ""),
        ("maint -disable", 0, "Node maintenance is now disabled", ""),
        ("maint -enable -service web", 0, "Service maintenance is now enabled for \"web\"", ""),
        ("maint -disable -service web", 0, "Service maintenance is now disabled for \"web\"", ""),
        ("maint -enable -disable", 1, "", "Only one of -enable or -disable may be provided"),
        (
            "maint -disable -service nope",
            1,
            "",
            "Error disabling service maintenance: Unexpected response code: 404 (No service registered with ID \"nope\")",
        ),
        ("members -status left", 2, "", ""),
        ("force-leave", 1, "", "A single node name must be specified to force leave."),
        (
            "force-leave nope",
            1,
            "",
            "Error force leaving: Unexpected response code: 500 (agent: No node found with name 'nope')",
        ),
        (
            "operator raft remove-peer",
            1,
            "",
            "Error removing peer: an address or id is required for the peer to remove",
        ),
        (
            "operator raft remove-peer -id a -address b",
            1,
            "",
            "Error removing peer: cannot give both an address and id",
        ),
        ("watch -type nope", 1, "", "Unsupported watch type: nope"),
        ("watch -type key -key nope", 0, "null", ""),
        ("reload", 0, "Configuration reload triggered", ""),
    ] {
        expect(&dev, line, code, out, complaint.trim_end_matches('\n'));
    }
    let services = || text(&run(&dev, &["catalog", "services", "-tags"]).stdout);
    until("the services with their tags", || services() == "consul      \ndb          x\nweb         a,b\n");
    let members = text(&run(&dev, &["members"]).stdout);
    assert!(members.starts_with("Node  Address") && members.contains("alive   server"), "{members}");
    let peers = text(&run(&dev, &["operator", "raft", "list-peers"]).stdout);
    assert!(peers.starts_with("Node  ID") && peers.contains("leader  true"), "{peers}");
    assert!(text(&run(&dev, &["info"]).stdout).starts_with("agent:\n\tcheck_monitors = "));
    assert_eq!(run(&dev, &["nosuch"]).status.code(), Some(127));
}

#[test]
fn a_watch_runs_its_command_with_every_change() {
    let dev = Dev::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let handler = format!("cat >> {}", log.display());
    let mut watch =
        dev.command("muster").args(["watch", "-type", "key", "-key", "w", &handler]).spawn().unwrap();
    let seen = || std::fs::read_to_string(&log).unwrap_or_default();
    until("the first answer", || seen() == "null\n");
    assert!(run(&dev, &["kv", "put", "w", "x"]).status.success());
    until("the change", || seen().contains("\"Value\":\"eA==\""));
    watch.kill().unwrap();
    watch.wait().unwrap();
}

#[test]
fn a_reload_puts_the_files_of_now_in_place_of_those_before() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    write(
        "a.hcl",
        "service {\n  name = \"one\"\n  check {\n    ttl = \"1h\"\n    status = \"passing\"\n  }\n}\n",
    );
    write("b.json", r#"{"check":{"name":"disk","ttl":"1h"}}"#);
    let dev = Dev::start(&["-config-dir", &folder.path().display().to_string()]);
    assert!(run(&dev, &["services", "register", "-name", "by-hand"]).status.success());
    let list = || text(&run(&dev, &["catalog", "services"]).stdout);
    until("what the files define is not there", || list() == "by-hand\nconsul\none\n");
    write("a.hcl", "service {\n  name = \"two\"\n}\n");
    expect(&dev, "reload", 0, "Configuration reload triggered", "");
    until("the reload was not taken up", || list() == "by-hand\nconsul\ntwo\n");
    let checks = || text(&run(&dev, &["watch", "-type", "checks"]).stdout);
    until("the check of the service that went", || !checks().contains("service:one"));
    assert!(checks().contains("disk"));
    // A broken file changes nothing, and says why.
    write("a.hcl", "foo = 1\n");
    let refused = run(&dev, &["reload"]);
    assert!(text(&refused.stderr).contains("invalid config key foo"), "{}", text(&refused.stderr));
    assert_eq!(list(), "by-hand\nconsul\ntwo\n");
    write("a.hcl", "");
    let process = nix::unistd::Pid::from_raw(i32::try_from(dev.process.id()).unwrap());
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGHUP).unwrap();
    until("the signal was not heard", || list() == "by-hand\nconsul\n");
}

#[test]
fn what_an_agent_cannot_be_started_with_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.json");
    let muster = |words: &[&str]| {
        let output = Command::new(binary()).args(words).output().unwrap();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let path = file.display().to_string();
    std::fs::write(&file, r#"{"data_dir":"/d","foo":1}"#).unwrap();
    let (code, said) = muster(&["agent", "-dev", "-config-file", &path]);
    assert!(code == Some(1) && said.contains("invalid config key foo"), "{said}");
    let (code, said) = muster(&["validate", &path]);
    assert!(code == Some(1) && said.starts_with("Config validation failed: failed to parse"), "{said}");
    std::fs::write(&file, r#"{"data_dir":"/d","ui":true}"#).unwrap();
    assert_eq!(muster(&["validate", &path]), (Some(0), "Configuration is valid!\n".into()));
    assert_eq!(muster(&["validate", "-quiet", &path]), (Some(0), String::new()));
    let none = "Config validation failed: data_dir cannot be empty\n";
    std::fs::write(&file, "").unwrap();
    assert_eq!(muster(&["validate", &path]), (Some(1), none.into()));
}
