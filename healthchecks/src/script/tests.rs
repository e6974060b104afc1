//! Real commands. Texts pinned from Consul 1.8.7.

use std::{path::Path, time::Duration};

use tokio::time::{Instant, sleep};

use super::Script;
use crate::{
    definition::Status,
    probe::{Outcome, Probe, Reach, Run},
};

const SECONDS: Duration = Duration::from_secs(20);
/// A shell gets to its `sleep` within this on a busy machine too.
const ENOUGH: Duration = Duration::from_secs(5);

fn shell(script: &str) -> Vec<String> {
    ["/bin/sh", "-c", script].map(str::to_owned).to_vec()
}

async fn run(args: &[String], limit: usize, time: Duration) -> Outcome {
    Script { args: args.to_vec() }.run(&Run::new(&Reach::new(), limit, time)).await
}

async fn sh(script: &str) -> Outcome {
    run(&shell(script), 4096, SECONDS).await
}

/// Waits until a file has a number in it.
async fn number(path: &Path) -> i32 {
    let end = Instant::now() + SECONDS;
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if let Some(number) = text.strip_suffix('\n').and_then(|text| text.trim().parse().ok()) {
            return number;
        }
        assert!(Instant::now() < end, "nothing in {}", path.display());
        sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until a process is gone altogether: neither running nor a zombie of ours.
async fn gone(pid: i32) {
    let end = Instant::now() + SECONDS;
    let stat = format!("/proc/{pid}/stat");
    let parent = std::process::id().to_string();
    loop {
        // A grandchild whose parent died belongs to init, which may be slow to reap: a zombie of init is dead.
        let gone = std::fs::read_to_string(&stat).map_or(true, |stat| {
            let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
            fields[0] == "Z" && fields[1] != parent
        });
        if gone {
            return;
        }
        assert!(Instant::now() < end, "process {pid} is still there");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_exit_code_is_the_status() {
    assert_eq!(sh("echo hi; echo err >&2").await, Outcome::new(Status::Passing, "hi\nerr\n"));
    assert_eq!(sh("echo warn; exit 1").await, Outcome::new(Status::Warning, "warn\n"));
    assert_eq!(sh("exit 2").await, Outcome::critical(""));
    assert_eq!(sh("echo x; kill -9 $$").await, Outcome::critical("x\n"));
}

#[tokio::test]
async fn standard_input_is_empty_and_the_group_its_own() {
    let outcome = sh("cat; cut -d' ' -f5 /proc/self/stat; echo $$").await;
    let lines: Vec<_> = outcome.output.lines().collect();
    assert_eq!(lines.len(), 2, "{outcome:?}");
    assert_eq!(lines[0], lines[1]);
}

#[tokio::test]
async fn the_end_of_a_long_output_is_kept() {
    let outcome = run(&shell("seq 1 1000"), 20, SECONDS).await;
    let text = "Captured 20 of 3893 bytes\n...\n96\n997\n998\n999\n1000\n";
    assert_eq!(outcome, Outcome::new(Status::Passing, text));
    let outcome = run(&shell("printf 0123456789"), 10, SECONDS).await;
    assert_eq!(outcome, Outcome::new(Status::Passing, "0123456789"));
}

#[tokio::test]
async fn what_cannot_start_is_critical() {
    let texts = [
        (vec!["/no/such", "a"], "fork/exec /no/such: no such file or directory"),
        (vec!["nosuchprog"], "exec: \"nosuchprog\": executable file not found in $PATH"),
        (vec!["/etc/passwd"], "fork/exec /etc/passwd: permission denied"),
        (vec!["/tmp"], "fork/exec /tmp: permission denied"),
        (vec![""], "fork/exec : no such file or directory"),
        (vec![], "exec: no command"),
    ];
    for (args, text) in texts {
        let args: Vec<_> = args.into_iter().map(str::to_owned).collect();
        assert_eq!(run(&args, 4096, SECONDS).await, Outcome::critical(text));
    }
    let nul = run(&["a\0b".to_owned()], 4096, SECONDS).await;
    assert_eq!(nul.status, Status::Critical);
}

#[tokio::test]
async fn a_timeout_tells_what_came_before_it() {
    let time = ENOUGH;
    let outcome = run(&shell("echo before; sleep 60"), 4096, time).await;
    assert_eq!(outcome, Outcome::critical("Timed out (5s) running check\n\nbefore\n"));
    let time = Duration::from_millis(500);
    let outcome = run(&shell("sleep 60"), 4096, time).await;
    assert_eq!(outcome, Outcome::critical("Timed out (500ms) running check"));
}

#[tokio::test]
async fn a_timeout_kills_grandchildren() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().display();
    let script =
        format!("sh -c 'sleep 300 & echo $! > {pids}/grandchild; wait' & echo $$ > {pids}/child; wait");
    let started = Instant::now();
    let outcome = run(&shell(&script), 4096, ENOUGH).await;
    assert_eq!(outcome, Outcome::critical("Timed out (5s) running check"));
    assert!(started.elapsed() < ENOUGH + SECONDS);
    gone(number(&folder.path().join("child")).await).await;
    gone(number(&folder.path().join("grandchild")).await).await;
}

#[tokio::test]
async fn who_holds_the_output_open_is_part_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!("echo parent; sleep 300 & echo $! > {}; exit 0", file.display());
    let outcome = run(&shell(&script), 4096, ENOUGH).await;
    assert_eq!(outcome, Outcome::critical("Timed out (5s) running check\n\nparent\n"));
    gone(number(&file).await).await;
}

#[tokio::test]
async fn a_run_that_is_dropped_takes_its_processes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (child, grandchild) = (folder.path().join("child"), folder.path().join("grandchild"));
    let script =
        format!("sleep 300 & echo $! > {}; echo $$ > {}; wait", grandchild.display(), child.display());
    let args = shell(&script);
    let pids = async { (number(&child).await, number(&grandchild).await) };
    let (child, grandchild) = tokio::select! {
        pids = pids => pids,
        outcome = run(&args, 4096, SECONDS) => panic!("ended by itself: {outcome:?}"),
    };
    gone(child).await;
    gone(grandchild).await;
}
