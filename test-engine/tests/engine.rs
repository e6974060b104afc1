//! The engine of the tests, tested: it answers, it can be broken, and nothing of it stays.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use muster_test_engine::Engine;

/// A word that is in the command line of one process in the world.
fn mark(of: u32) -> String {
    format!("{}{of}", std::process::id())
}

fn runs_anywhere(mark: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .any(|line| String::from_utf8_lossy(&line).contains(&format!("sleep\0{mark}")))
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn folder(engine: &Engine) -> PathBuf {
    engine.socket().parent().unwrap().to_owned()
}

#[test]
fn containers_are_reached_in_its_network_and_nowhere_else() {
    let engine = Engine::own();
    let page = "mkdir w && echo hello >w/index.html && exec httpd -f -p 80 -h w";
    let image = engine.image("web", &["ENV A=b", "LABEL c=d", "EXPOSE 80", "HEALTHCHECK CMD true"]);
    let web = engine.run(&["--publish", "8500:80", "--stop-signal", "USR1", &image, "sh", "-c", page]);
    let config = engine.docker(&[
        "inspect",
        "--format",
        "{{.Config.Env}} {{.Config.Labels.c}} {{.Config.Healthcheck}}",
        &web,
    ]);
    assert!(config.contains("A=b") && config.contains(" d ") && config.contains("true"), "{config}");
    let fetch = |address: &str| {
        let page = engine.command("curl").args(["-s", &format!("http://{address}/")]).output().unwrap();
        String::from_utf8_lossy(&page.stdout).into_owned()
    };
    until("the published port answers", || fetch("127.0.0.1:8500") == "hello\n");
    let own = engine.docker(&["inspect", "--format", "{{.NetworkSettings.IPAddress}}", &web]);
    until("the container answers", || fetch(&own) == "hello\n");
    let bridges = Command::new("ip").args(["-brief", "address"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&bridges.stdout).contains(&own), "the host has a way to it");
}

#[test]
fn it_is_killed_restarted_frozen_and_rebooted() {
    let mut engine = Engine::own();
    let image = engine.image("sleep", &[]);
    let mark = mark(1);
    let once = engine.run(&["--stop-timeout", "1", &image, "sleep", &mark]);
    let always = engine.run(&["--restart", "always", "--stop-timeout", "1", &image, "sleep", "1000"]);
    let runs = |engine: &Engine, id: &str| engine.docker(&["inspect", "--format", "{{.State.Running}}", id]);
    engine.kill();
    assert!(engine.try_docker(&["ps"]).is_err(), "a killed engine answers nobody");
    until("its containers go on without it", || runs_anywhere(&mark));
    engine.start();
    assert_eq!(runs(&engine, &once), "false");
    until("what always runs runs again", || runs(&engine, &always) == "true");
    engine.restart();
    until("what always runs runs again", || runs(&engine, &always) == "true");

    engine.freeze();
    let socket = engine.socket();
    let ask = || {
        let mut curl = Command::new("curl");
        curl.arg("--unix-socket")
            .arg(&socket)
            .args(["-sm", "0.3", "http://engine/_ping"])
            .output()
            .unwrap()
            .stdout
    };
    assert_eq!(ask(), b"", "a frozen engine answers nobody");
    engine.thaw();
    until("it answers again", || ask() == b"OK");

    engine.reboot();
    until("what always runs runs after a reboot", || runs(&engine, &always) == "true");
    assert_eq!(engine.docker(&["ps", "--quiet", "--all"]).lines().count(), 2, "its disk is as it was");
}

#[test]
fn nothing_stays_of_one_that_is_dropped() {
    let engine = Engine::own();
    let image = engine.image("sleep", &[]);
    let mark = mark(2);
    engine.run(&[&image, "sleep", &mark]);
    let container = || engine.processes().iter().any(|line| *line == format!("sleep {mark}"));
    until("its container runs", || container() && runs_anywhere(&mark));
    // One that is frozen does not die by itself.
    let frozen = engine.run(&[&image, "sleep", &format!("{mark}0")]);
    engine.docker(&["pause", &frozen]);
    assert!(engine.processes().iter().any(|line| line.starts_with("dockerd ")));
    let folder = folder(&engine);
    assert!(folder.exists());
    let began = Instant::now();
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _engine = engine;
        panic!("a test that fails");
    }));
    assert!(panics.is_err());
    assert!(!runs_anywhere(&mark), "a container's process stayed");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(!folder.exists(), "its folder stayed");
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(&*folder.to_string_lossy()), "a mount stayed");
    let groups = PathBuf::from("/sys/fs/cgroup").join(folder.file_name().unwrap());
    let memory = PathBuf::from("/sys/fs/cgroup/memory").join(folder.file_name().unwrap());
    assert!(!groups.exists() && !memory.exists(), "a cgroup stayed");
}

/// Plays a test that is killed: started by the test below, in a process of its own.
#[test]
#[ignore = "the part of the next test that is killed"]
fn one_that_is_killed() {
    let engine = Engine::own();
    let image = engine.image("sleep", &[]);
    engine.run(&[&image, "sleep", &std::env::var("MUSTER_TEST_MARK").unwrap()]);
    std::fs::write(std::env::var("MUSTER_TEST_NOTE").unwrap(), folder(&engine).display().to_string())
        .unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn nothing_stays_of_a_test_that_is_killed() {
    let note = std::env::temp_dir().join(format!("muster-note-{}", std::process::id()));
    let mark = mark(3);
    let mut test = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "one_that_is_killed", "--ignored"])
        .envs([("MUSTER_TEST_MARK", mark.as_str()), ("MUSTER_TEST_NOTE", note.to_str().unwrap())])
        .spawn()
        .unwrap();
    until("its container runs", || runs_anywhere(&mark) && note.exists());
    let folder = PathBuf::from(std::fs::read_to_string(&note).unwrap());
    std::fs::remove_file(note).unwrap();
    test.kill().unwrap();
    test.wait().unwrap();
    until("no process and no folder stays", || !runs_anywhere(&mark) && !folder.exists());
}
