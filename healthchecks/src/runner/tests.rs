//! The runner as its user sees it, with real scripts and the paused clock for heartbeats.

use std::{path::Path, time::Duration};

use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use muster_api::check::CheckDefinition;

use super::Runner;
use crate::{Definition, Limits, Report, Scripts, Status};

const PATIENCE: Duration = Duration::from_secs(30);

struct Stage {
    runner: Runner,
    reports: mpsc::Receiver<Report>,
    token: CancellationToken,
    driver: JoinHandle<()>,
}

fn stage(max_concurrent: usize) -> Stage {
    let (sender, reports) = mpsc::channel(1);
    let token = CancellationToken::new();
    let (runner, driver) = Runner::start("", Limits { max_concurrent }, sender, token.clone());
    Stage { runner, reports, token, driver: tokio::spawn(driver) }
}

impl Stage {
    async fn report(&mut self) -> Said {
        let report =
            timeout(PATIENCE, self.reports.recv()).await.expect("in time").expect("the driver lives");
        (report.id, report.status, report.output)
    }
}

fn script(script: &str) -> Definition {
    let args = Some(["/bin/sh", "-c", script].map(str::to_owned).to_vec());
    let check =
        CheckDefinition { args, interval: Duration::from_secs(1).into(), ..CheckDefinition::default() };
    crate::read(&check, Scripts { allowed: true }).unwrap()
}

/// What a report says; its order is a matter of its own.
type Said = (String, Status, String);

fn report(id: &str, status: Status, output: &str) -> Said {
    (id.to_owned(), status, output.to_owned())
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let end = std::time::Instant::now() + PATIENCE;
    while !condition() {
        assert!(std::time::Instant::now() < end, "{what}");
        sleep(Duration::from_millis(5)).await;
    }
}

fn lines(file: &Path) -> usize {
    std::fs::read_to_string(file).unwrap_or_default().lines().count()
}

/// Dead, or a zombie that only waits for init.
fn is_dead(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).map_or(true, |stat| stat.contains(") Z "))
}

#[tokio::test]
async fn a_check_runs_at_its_interval_and_tells_changes() {
    let mut stage = stage(8);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("down");
    stage.runner.put("web", script(&format!("test ! -e {} || exit 1; echo up", file.display())), None);
    assert_eq!((stage.runner.len(), stage.runner.is_empty()), (1, false));
    assert_eq!(stage.report().await, report("web", Status::Passing, "up\n"));
    std::fs::write(&file, "").unwrap();
    assert_eq!(stage.report().await, report("web", Status::Warning, ""));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(stage.report().await, report("web", Status::Passing, "up\n"));
}

#[tokio::test]
async fn a_slow_check_does_not_overtake_itself() {
    let stage = stage(8);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display();
    let body =
        format!("mkdir {at}/lock || echo >> {at}/twice; echo >> {at}/runs; sleep 1.2; rmdir {at}/lock");
    stage.runner.put("slow", script(&body), None);
    until("three runs", || lines(&folder.path().join("runs")) >= 3).await;
    assert_eq!(lines(&folder.path().join("twice")), 0);
}

#[tokio::test]
async fn runs_keep_within_the_limit_and_all_get_a_turn() {
    let mut stage = stage(2);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display().to_string();
    for i in 0..12 {
        // The count of runs at its beginning is the output of each.
        let body = format!("mkdir {at}/{i}; ls {at} | wc -l | tr -d ' '; sleep 0.3; rmdir {at}/{i}");
        stage.runner.put(&format!("check-{i}"), script(&body), None);
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut most = 0;
    while seen.len() < 12 {
        let report = stage.report().await;
        assert_eq!(report.1, Status::Passing, "{report:?}");
        most = most.max(report.2.trim().parse::<u32>().unwrap());
        seen.insert(report.0);
    }
    assert_eq!(most, 2, "two at once, for there is work for more, and never three");
}

#[tokio::test]
async fn removal_and_the_end_kill_what_runs() {
    let stage = stage(8);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display();
    for name in ["removed", "ended"] {
        stage.runner.put(name, script(&format!("sleep 300 & echo $! > {at}/{name}; wait")), None);
    }
    let pid = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    until("both run", || pid("removed").ends_with('\n') && pid("ended").ends_with('\n')).await;
    stage.runner.remove("removed");
    until("the removed one dies", || is_dead(&pid("removed"))).await;
    assert!(!is_dead(&pid("ended")));
    stage.token.cancel();
    timeout(PATIENCE, stage.driver).await.expect("the driver ends").unwrap();
    until("the other one dies", || is_dead(&pid("ended"))).await;
    assert_eq!(stage.runner.len(), 1);
}

#[tokio::test]
async fn without_a_listener_the_driver_ends() {
    let stage = stage(1);
    drop(stage.reports);
    timeout(PATIENCE, stage.driver).await.expect("the driver ends").unwrap();
}

#[tokio::test(start_paused = true)]
async fn heartbeats_hold_a_check_up_and_silence_brings_it_down() {
    let mut stage = stage(1);
    let ttl = Duration::from_secs(10);
    let check = CheckDefinition { ttl: ttl.into(), ..CheckDefinition::default() };
    stage.runner.put("job", crate::read(&check, Scripts { allowed: true }).unwrap(), None);
    let started = Instant::now();
    for _ in 0..5 {
        stage.runner.ttl("job", Status::Passing, "done".to_owned()).unwrap();
        sleep(Duration::from_secs(9)).await;
    }
    let text = "TTL expired (last output before timeout follows): done";
    assert_eq!(stage.report().await, report("job", Status::Critical, text));
    let after = started.elapsed() - Duration::from_secs(4 * 9 + 10);
    assert!(after < Duration::from_millis(5), "told {after:?} late");
    assert!(stage.runner.ttl("other", Status::Passing, String::new()).is_err());
}
