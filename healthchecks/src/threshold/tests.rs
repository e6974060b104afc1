//! The sequences were run by a real Consul 1.8.7 (a script check with these exit codes, and what
//! `/v1/agent/checks` showed after each); the property holds for all of them.

use proptest::prelude::*;

use super::Tally;
use crate::definition::{Status, Thresholds};

/// `p`, `w` and `c` as they are, and `.` where the result was not yet believed.
fn told(results: &str, mut tally: Tally, thresholds: &Thresholds) -> String {
    let result = |c| match c {
        '0' => Status::Passing,
        '1' => Status::Warning,
        _ => Status::Critical,
    };
    let sign = |status: Status| status.as_str().chars().next().unwrap();
    results.chars().map(|c| tally.count(result(c), thresholds).map_or('.', sign)).collect()
}

fn thresholds(success: u32, warning: u32, critical: u32) -> Thresholds {
    Thresholds {
        success_before_passing: success,
        failures_before_warning: warning,
        failures_before_critical: critical,
    }
}

#[test]
fn sequences_of_consul() {
    let run = |results, n| told(results, Tally::fresh(), &thresholds(n, 0, n));
    assert_eq!(run("000202202222010", 3), "ppp.......cc..p");
    assert_eq!(run("222202001102112", 2), "cccc...pwwp..w.");
    assert_eq!(run("02012", 1), "pcpwc");
    assert_eq!(run("02012", 0), "pcpwc");
}

#[test]
fn a_known_status_is_not_given_up_for_one_result() {
    let run = |known, results| told(results, Tally::known(known), &thresholds(2, 0, 3));
    assert_eq!(run(Status::Passing, "222"), "..c");
    assert_eq!(run(Status::Passing, "0222"), "p..c");
    assert_eq!(run(Status::Warning, "22122"), ".....", "it stays what it was: nobody has seen enough");
    assert_eq!(run(Status::Critical, "200"), "c.p");
}

#[test]
fn warning_comes_before_critical_if_asked() {
    assert_eq!(told("022220", Tally::fresh(), &thresholds(0, 2, 4)), "p.wwcp");
    assert_eq!(told("022", Tally::fresh(), &thresholds(0, 2, 2)), "p.c", "critical wins at the same count");
}

proptest! {
    #[test]
    fn a_status_changes_after_exactly_n_results_in_a_row(
        results in prop::collection::vec("[012]", 0..60),
        success in 0_u32..5, warning in 0_u32..5, critical in 0_u32..5,
    ) {
        let results = results.concat();
        let limits = thresholds(success, warning, critical);
        let told = told(&results, Tally::known(Status::Critical), &limits);
        // Before the first result there were failures without number.
        let history = format!("{}{results}", "2".repeat(10));
        for (i, (result, told)) in results.chars().zip(told.chars()).enumerate() {
            let until = &history[..=10 + i];
            let good = until.len() - until.trim_end_matches(['0', '1']).len();
            let bad = until.len() - until.trim_end_matches('2').len();
            let expected = match result {
                '2' if bad >= critical as usize => 'c',
                '2' if warning > 0 && bad >= warning as usize => 'w',
                '0' if good >= success as usize => 'p',
                '1' if good >= success as usize => 'w',
                _ => '.',
            };
            prop_assert_eq!(told, expected, "result {} of {}", i, results);
        }
    }
}
