//! The systemd of this host where it runs, and the answer where it does not.

use std::{path::Path, time::Duration};

use muster_api::check::CheckDefinition;

use super::{BOOTED, KIND};
use crate::{
    definition::Status,
    probe::{Outcome, Reach, Run},
};

fn check(unit: &str) -> CheckDefinition {
    CheckDefinition { os_service: unit.to_owned(), ..CheckDefinition::default() }
}

async fn run(unit: &str) -> Outcome {
    let reach = Reach::new();
    (KIND.read)(&check(unit)).unwrap().run(&Run::new(&reach, 0, Duration::from_secs(20))).await
}

#[tokio::test]
async fn a_unit_is_asked_for_where_systemd_runs() {
    if !Path::new(BOOTED).exists() {
        let text = "not supported here: init.scope cannot be asked for, systemd does not run on this host";
        assert_eq!(run("init.scope").await, Outcome::critical(text));
        return;
    }
    // The scope of the first process is always active.
    let text = "OS service \"init.scope\" is active (running)";
    assert_eq!(run("init.scope").await, Outcome::new(Status::Passing, text));
    let text = "OS service \"muster-nobody\" is not known to systemd";
    assert_eq!(run("muster-nobody").await, Outcome::critical(text));
}

#[test]
fn what_is_no_unit_is_refused() {
    for unit in ["--version", "a b", "a;b", "a/b", &"x".repeat(256)] {
        let refusal = (KIND.read)(&check(unit)).unwrap_err().to_string();
        assert!(refusal.starts_with(&format!("Invalid check: OSService {unit:?} must be")), "{refusal}");
    }
    for unit in ["nginx", "getty@tty1.service", "dev-disk-by\\x2dlabel-x.swap"] {
        assert!((KIND.read)(&check(unit)).is_ok(), "{unit}");
    }
}
