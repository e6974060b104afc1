//! The loopback of this host, and one of a network of its own where it can be broken.

use std::{process::Command, time::Duration};

use nix::sched::{CloneFlags, unshare};

use super::Icmp;
use crate::{
    definition::Status,
    probe::{Outcome, Probe, Reach, Run},
};

const SECONDS: Duration = Duration::from_secs(20);

async fn run(host: &str, time: Duration) -> Outcome {
    Icmp { host: host.to_owned() }.run(&Run::new(&Reach::new(), 0, time)).await
}

fn success(host: &str) -> Outcome {
    Outcome::new(Status::Passing, format!("ICMP echo {host}: Success"))
}

/// Whether this user may ping at all; if not, the check has to say so.
fn may_ping() -> bool {
    super::open("127.0.0.1".parse().unwrap()).is_ok()
}

#[tokio::test]
async fn a_host_that_answers_passes() {
    if !may_ping() {
        let outcome = run("127.0.0.1", SECONDS).await;
        assert!(outcome.output.starts_with("ICMP echo 127.0.0.1: not supported here: "), "{outcome:?}");
        assert_eq!(outcome.status, Status::Critical);
        return;
    }
    for host in ["127.0.0.1", "localhost"] {
        assert_eq!(run(host, SECONDS).await, success(host));
    }
    // There are hosts without IPv6.
    if tokio::net::UdpSocket::bind("[::1]:0").await.is_ok() {
        assert_eq!(run("::1", SECONDS).await, success("::1"));
    }
    let text = "ICMP echo bad name: lookup bad name: no such host";
    assert_eq!(run("bad name", SECONDS).await, Outcome::critical(text));
}

/// A command in the network of this thread.
fn sh(script: &str) {
    assert!(Command::new("/bin/sh").args(["-c", script]).status().unwrap().success(), "{script}");
}

#[test]
fn what_does_not_answer_is_critical_and_recovers() {
    // The network belongs to this thread, and goes with it. Only root can make one.
    if !nix::unistd::geteuid().is_root() || unshare(CloneFlags::CLONE_NEWNET).is_err() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ping = |time| runtime.block_on(run("127.0.0.1", time));
    let unreachable = "ICMP echo 127.0.0.1: network is unreachable";
    assert_eq!(ping(SECONDS), Outcome::critical(unreachable), "the interface is down");
    sh("ip link set lo up");
    assert_eq!(ping(SECONDS), success("127.0.0.1"), "it recovers");
    sh("echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all");
    let late = "ICMP echo 127.0.0.1: no answer in time";
    assert_eq!(ping(Duration::from_millis(300)), Outcome::critical(late), "the host keeps silent");
    // The first request is lost; the one after it is answered.
    std::thread::scope(|scope| {
        let lost = scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(500));
            sh("echo 0 > /proc/sys/net/ipv4/icmp_echo_ignore_all");
        });
        assert_eq!(ping(SECONDS), success("127.0.0.1"));
        lost.join().unwrap();
    });
}
