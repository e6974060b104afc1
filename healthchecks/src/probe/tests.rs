//! What holds for a run of any kind.

use muster_api::check::CheckDefinition;

use super::{Outcome, Reach};
use crate::{definition::Status, kinds, kinds::Scripts};

async fn run(script: &str, limit: &str) -> Outcome {
    let json =
        format!(r#"{{"Args":["/bin/sh","-c","{script}"],"Interval":"10s","WarnSlowerThan":"{limit}"}}"#);
    let check: CheckDefinition = muster_api::decode::json(json.as_bytes()).unwrap();
    Reach::new().run(&kinds::read(&check, Scripts { allowed: true }).unwrap()).await
}

#[tokio::test]
async fn what_passes_too_slowly_is_a_warning() {
    let slow = run("sleep 0.3; echo up", "200ms").await;
    assert_eq!(slow.status, Status::Warning);
    assert!(slow.output.starts_with("slower than 200ms: ") && slow.output.ends_with(" ms; up\n"), "{slow:?}");
    assert_eq!(run("echo up", "20s").await, Outcome::new(Status::Passing, "up\n"));
    assert_eq!(run("sleep 0.3; echo up", "0s").await, Outcome::new(Status::Passing, "up\n"));
    let failed = run("sleep 0.3; echo down; exit 2", "200ms").await;
    assert_eq!(failed, Outcome::critical("down\n"), "what fails says why, and not that it was slow");
}
