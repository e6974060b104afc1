//! Whole lives of checks on a clock that the test turns by hand.

use std::{sync::Arc, time::Duration};

use muster_api::check::CheckDefinition;
use tokio::time::Instant;

use super::{Glance, Launch, Table};
use crate::{
    definition::{Definition, NotTtl, Report, Status, Thresholds},
    kinds::{self, Scripts},
    probe::Outcome,
};

const SECOND: Duration = Duration::from_secs(1);

fn read(check: CheckDefinition) -> Definition {
    kinds::read(&check, Scripts { allowed: true }).unwrap()
}

fn tcp(interval: u64) -> Definition {
    let interval = (SECOND * u32::try_from(interval).unwrap()).into();
    read(CheckDefinition { tcp: "a:1".to_owned(), interval, ..CheckDefinition::default() })
}

fn ttl(seconds: u64) -> Definition {
    read(CheckDefinition { ttl: Duration::from_secs(seconds).into(), ..CheckDefinition::default() })
}

/// What a report says; its order is a matter of its own.
type Said = (String, Status, String);

fn report(id: &str, status: Status, output: &str) -> Said {
    (id.to_owned(), status, output.to_owned())
}

fn said(report: Report) -> Said {
    (report.id, report.status, report.output)
}

fn reports(table: &mut Table) -> Vec<Said> {
    std::iter::from_fn(|| table.report()).map(said).collect()
}

/// Lets the check have its next run, at its time.
fn launch(table: &mut Table) -> (Launch, Instant) {
    let at = table.next().expect("something waits");
    let mut launches = table.due(at, 1);
    (launches.pop().expect("something is due"), at)
}

fn run(table: &mut Table, status: Status, output: &str) {
    let (launch, at) = launch(table);
    table.finish(&launch.id, launch.generation, Some(Outcome::new(status, output)), at);
}

/// Every queue holds what belongs to a check, and nothing else.
fn assert_tidy(table: &Table) {
    assert!(table.timers.len() + table.ready.len() <= table.checks.len());
    assert!(table.outbox.len() <= table.checks.len());
    for id in table.timers.values().chain(table.ready.values()).chain(table.outbox.values()) {
        assert!(table.checks.contains_key(id), "{id} is gone");
    }
}

#[test]
fn only_what_is_new_is_told() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", tcp(10), None, now);
    assert_eq!(reports(&mut table), [], "the initial status is the listener's own");
    run(&mut table, Status::Critical, "");
    assert_eq!(reports(&mut table), [], "critical without output is what it was");
    run(&mut table, Status::Passing, "up");
    run(&mut table, Status::Passing, "up");
    assert_eq!(reports(&mut table), [report("a", Status::Passing, "up")]);
    run(&mut table, Status::Passing, "up");
    assert_eq!(reports(&mut table), []);
    run(&mut table, Status::Passing, "still up");
    assert_eq!(reports(&mut table), [report("a", Status::Passing, "still up")]);
}

#[test]
fn a_slow_listener_gets_the_latest_word_once() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", tcp(10), Some((Status::Passing, "up".to_owned())), now);
    for output in ["1", "2", "3"] {
        run(&mut table, Status::Critical, output);
        assert_tidy(&table);
    }
    assert_eq!(reports(&mut table), [report("a", Status::Critical, "3")]);
    run(&mut table, Status::Passing, "up");
    run(&mut table, Status::Critical, "3");
    assert_eq!(reports(&mut table), [], "it is back to what the listener knows");
    assert!(!table.has_reports());
}

#[test]
fn a_known_status_survives_and_thresholds_count_from_it() {
    let (mut table, now) = (Table::default(), Instant::now());
    let thresholds = Thresholds { failures_before_critical: 2, ..Thresholds::default() };
    let definition = Definition { thresholds, ..tcp(10) };
    table.put("a", definition.clone(), Some((Status::Passing, "up".to_owned())), now);
    run(&mut table, Status::Critical, "down");
    assert_eq!(reports(&mut table), []);
    run(&mut table, Status::Critical, "down");
    assert_eq!(reports(&mut table), [report("a", Status::Critical, "down")]);

    table.put("b", definition, None, now);
    table.remove("a");
    run(&mut table, Status::Critical, "down");
    assert_eq!(reports(&mut table), [report("b", Status::Critical, "down")], "a first result is believed");
}

#[test]
fn the_same_definition_goes_on_undisturbed() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", tcp(10), None, now);
    let at = table.next();
    table.put("a", tcp(10), Some((Status::Passing, String::new())), now + SECOND);
    assert_eq!(table.next(), at);
    let (launch, _) = launch(&mut table);
    table.put("a", tcp(10), None, now + SECOND);
    assert!(!launch.stop.is_cancelled());
}

#[test]
fn a_changed_definition_stops_the_run_and_keeps_the_status() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", tcp(10), None, now);
    run(&mut table, Status::Passing, "up");
    assert_eq!(reports(&mut table), [report("a", Status::Passing, "up")]);
    let (old, at) = launch(&mut table);
    table.put("a", tcp(20), None, at);
    assert!(old.stop.is_cancelled());
    table.finish(&old.id, old.generation, Some(Outcome::critical("late")), at);
    assert_eq!(reports(&mut table), [], "an outcome of the old definition says nothing of the new");
    run(&mut table, Status::Passing, "up");
    assert_eq!(reports(&mut table), [], "the listener knows already");
    assert_tidy(&table);
}

/// A check every ten seconds that may take a minute to start.
fn slow_starter(more: &str) -> Definition {
    let json = format!(r#"{{"TCP":"a:1","Interval":"10s","StartPeriod":"1m"{more}}}"#);
    read(muster_api::decode::json(json.as_bytes()).unwrap())
}

#[test]
fn failures_do_not_count_while_a_check_starts() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", slow_starter(r#","Status":"passing""#), None, now);
    run(&mut table, Status::Critical, "refused");
    assert_eq!(reports(&mut table), [report("a", Status::Passing, "starting: refused")]);
    run(&mut table, Status::Passing, "up");
    assert_eq!(reports(&mut table), [report("a", Status::Passing, "up")]);
    run(&mut table, Status::Critical, "down");
    assert_eq!(reports(&mut table), [report("a", Status::Critical, "down")], "the first success ended it");
}

#[test]
fn a_check_that_never_starts_is_critical_when_its_time_is_over() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", slow_starter(r#","Status":"warning""#), None, now);
    let mut runs = 0;
    while reports(&mut table).last().is_none_or(|said| said.1 == Status::Warning) {
        run(&mut table, Status::Critical, &format!("refused {runs}"));
        runs += 1;
    }
    assert!((6..=7).contains(&runs), "it began to count with run {runs}");
}

#[test]
fn a_start_is_no_excuse_for_what_is_known() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", slow_starter(""), Some((Status::Passing, "up".to_owned())), now);
    run(&mut table, Status::Critical, "down");
    assert_eq!(reports(&mut table), [report("a", Status::Critical, "down")]);
    table.put("b", slow_starter(r#","Status":"passing""#), None, now);
    table.put("b", slow_starter(r#","Status":"passing","Timeout":"2s""#), None, now);
    table.remove("a");
    run(&mut table, Status::Critical, "down");
    let expected = [report("b", Status::Passing, "starting: down")];
    assert_eq!(reports(&mut table), expected, "what changes while it starts goes on starting");
}

#[test]
fn jitter_is_added_to_each_interval() {
    let (mut table, now) = (Table::default(), Instant::now());
    let json = br#"{"TCP":"a:1","Interval":"10s","Jitter":"5s"}"#;
    table.put("a", read(muster_api::decode::json(json).unwrap()), None, now);
    let mut waits = Vec::new();
    let mut before = launch_and_finish(&mut table);
    for _ in 0..200 {
        let at = launch_and_finish(&mut table);
        waits.push(at - before);
        before = at;
    }
    assert!(waits.iter().all(|wait| (SECOND * 10..SECOND * 15).contains(wait)), "{waits:?}");
    let short = waits.iter().filter(|wait| **wait < SECOND * 25 / 2).count();
    assert!((50..150).contains(&short), "{short} of 200 in the lower half");
}

/// Lets the check have its next run at its time, which comes to nothing; says when.
fn launch_and_finish(table: &mut Table) -> Instant {
    let (launch, at) = launch(table);
    table.finish(&launch.id, launch.generation, None, at);
    at
}

#[test]
fn a_removed_check_is_silent() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", tcp(10), None, now);
    run(&mut table, Status::Passing, "up");
    let (old, at) = launch(&mut table);
    table.remove("a");
    assert!(old.stop.is_cancelled());
    table.finish(&old.id, old.generation, Some(Outcome::critical("late")), at);
    assert_eq!(reports(&mut table), []);
    assert_eq!((table.len(), table.next()), (0, None));
    assert_tidy(&table);
}

#[test]
fn a_heartbeat_holds_for_its_time() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", ttl(3), None, now);
    let word = table.heartbeat("a", Status::Passing, "fine".to_owned(), now + SECOND).unwrap();
    assert_eq!(said(word), report("a", Status::Passing, "fine"));
    assert_eq!(reports(&mut table), [], "it is told once");
    assert_eq!(table.next(), Some(now + SECOND * 4), "the clock begins again");
    assert!(table.due(now + SECOND * 3, 1).is_empty());
    assert_eq!(reports(&mut table), []);
    assert!(table.due(now + SECOND * 4, 1).is_empty(), "there is nothing to run");
    let text = "TTL expired (last output before timeout follows): fine";
    assert_eq!(reports(&mut table), [report("a", Status::Critical, text)]);
    assert_eq!(table.next(), None, "it is told once");
    let word = table.heartbeat("a", Status::Warning, "x".repeat(5000), now + SECOND * 9).unwrap();
    let text = format!("{} ... (captured 4096 of 5000 bytes)", "x".repeat(4096));
    assert_eq!(said(word), report("a", Status::Warning, &text));
}

#[test]
fn what_is_said_has_an_order() {
    let (mut table, now) = (Table::default(), Instant::now());
    let first = table.put("a", ttl(3), None, now);
    table.due(now + SECOND * 3, 0);
    let lapsed = table.report().unwrap();
    let word = table.heartbeat("a", Status::Passing, String::new(), now + SECOND * 4).unwrap();
    assert!(first < lapsed.order && lapsed.order < word.order);
    assert_eq!(table.put("a", ttl(3), None, now), first, "the same goes on");
    assert!(table.put("a", ttl(4), None, now) > word.order, "a changed one begins anew");
    table.due(now + SECOND * 60, 0);
    assert!(table.has_reports());
    table.heartbeat("a", Status::Passing, String::new(), now + SECOND * 61).unwrap();
    assert_eq!(reports(&mut table), [], "the later word stands");
}

#[test]
fn silence_from_the_start_is_told_too() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", ttl(3), None, now);
    table.put("b", ttl(3), Some((Status::Passing, "fine".to_owned())), now);
    table.due(now + SECOND * 3, 0);
    let text = "TTL expired (last output before timeout follows): fine";
    let expected = [report("a", Status::Critical, "TTL expired"), report("b", Status::Critical, text)];
    assert_eq!(reports(&mut table), expected);
}

#[test]
fn a_heartbeat_needs_a_ttl() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", tcp(3), None, now);
    for id in ["a", "b"] {
        let error = table.heartbeat(id, Status::Passing, String::new(), now).unwrap_err();
        assert_eq!(error, NotTtl { id: id.to_owned() });
        assert_eq!(error.to_string(), format!("CheckID \"{id}\" does not have associated TTL"));
    }
}

#[test]
fn an_alias_says_what_is_said_of_another() {
    let (mut table, now) = (Table::default(), Instant::now());
    let alias = |service: &str| {
        read(CheckDefinition { alias_service: service.to_owned(), ..CheckDefinition::default() })
    };
    let first = table.put("a", alias("web"), None, now);
    assert_eq!((table.next(), table.aliases().len()), (None, 1), "there is nothing to run");
    let word = table.follow("a", Status::Passing, "fine".to_owned()).unwrap();
    assert!(word.order > first);
    assert_eq!(said(word), report("a", Status::Passing, "fine"));
    assert_eq!(table.follow("a", Status::Passing, "fine".to_owned()), None, "it is told once");
    assert_eq!(table.put("a", alias("web"), None, now), first, "the same goes on");
    assert!(table.heartbeat("a", Status::Critical, String::new(), now).is_err());
    let again = table.put("a", alias("db"), None, now);
    assert!(table.follow("a", Status::Critical, String::new()).is_some_and(|word| word.order > again));
    table.put("a", tcp(1), None, now);
    assert_eq!(table.follow("a", Status::Passing, String::new()), None, "it is none any more");
    table.put("b", alias("web"), None, now);
    table.remove("b");
    assert_eq!(table.follow("b", Status::Passing, String::new()), None);
    assert!(table.aliases().is_empty());
    assert_tidy(&table);
}

#[test]
fn heartbeats_and_changes_leave_nothing_behind() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("ttl", ttl(30), None, now);
    for round in 0..1000 {
        table.heartbeat("ttl", Status::Passing, round.to_string(), now).unwrap();
        table.put("tcp", tcp(3600 + round), None, now);
        table.put("gone", tcp(3600 + round), None, now);
        table.due(now + SECOND * 3600, 0);
        table.remove("gone");
        assert_tidy(&table);
    }
    assert_eq!(table.len(), 2);
}

#[test]
fn the_longest_due_goes_first_and_none_starves() {
    let (mut table, now) = (Table::default(), Instant::now());
    for i in 0..100 {
        table.put(&format!("check-{i}"), tcp(1), None, now);
    }
    // One place, each run takes 50 ms: a hundred checks want twice what there is.
    let (mut clock, mut runs) = (now + SECOND, std::collections::BTreeMap::<Arc<str>, u32>::new());
    for _ in 0..1000 {
        let launch = table.due(clock, 1).pop().expect("there is always one due");
        *runs.entry(launch.id.clone()).or_default() += 1;
        clock += SECOND / 20;
        table.finish(&launch.id, launch.generation, None, clock);
    }
    assert_eq!(runs.len(), 100);
    assert!(runs.values().all(|count| (9..=11).contains(count)), "{runs:?}");
}

#[test]
fn a_check_never_has_two_runs_at_once() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", tcp(1), None, now);
    let (launch, at) = launch(&mut table);
    assert!(table.due(at + SECOND * 10, 5).is_empty(), "it is still running");
    table.finish(&launch.id, launch.generation, None, at + SECOND * 10);
    assert_eq!(table.due(at + SECOND * 11, 5).len(), 1, "what was missed is not made up for");
}

#[test]
fn five_thousand_checks_stay_spread_after_a_jam() {
    let (mut table, now) = (Table::default(), Instant::now());
    for i in 0..5000 {
        table.put(&format!("service:web-{i}"), tcp(10), None, now);
    }
    // All places are taken for a minute; then everything that waited runs in one moment.
    let mut clock = now + SECOND * 60;
    for launch in table.due(clock, 5000) {
        table.finish(&launch.id, launch.generation, None, clock);
    }
    for second in 0..10 {
        clock += SECOND;
        let launches = table.due(clock, 5000);
        assert!((400..600).contains(&launches.len()), "{} in second {second}", launches.len());
        for launch in launches {
            table.finish(&launch.id, launch.generation, None, clock);
        }
    }
}

#[test]
fn a_glance_says_what_comes_next_and_how_it_went() {
    let (mut table, now) = (Table::default(), Instant::now());
    table.put("a", tcp(10), Some((Status::Passing, String::new())), now);
    table.put("t", ttl(5), None, now);
    let glance = |table: &Table, id: &str, at| table.glance(id, at).unwrap();
    assert_eq!(table.glance("none", now), None);
    let waits = glance(&table, "a", now);
    assert!(waits.next.unwrap() <= 10 * SECOND && !waits.running && waits.failures == Some(0), "{waits:?}");
    assert_eq!(glance(&table, "t", now), Glance { next: Some(5 * SECOND), ..Glance::default() });
    table.remove("t");
    let (launch, at) = launch(&mut table);
    assert!(glance(&table, "a", at).running);
    table.finish(&launch.id, launch.generation, Some(Outcome::new(Status::Critical, "x")), at);
    run(&mut table, Status::Critical, "x");
    let failed = glance(&table, "a", at + 10 * SECOND);
    let expected = Glance { running: false, next: Some(10 * SECOND), successes: Some(0), failures: Some(2) };
    assert_eq!(failed, expected);
}
