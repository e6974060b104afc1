//! What the state of a container says about its instances. Pure.

use crate::container::{Container, State, Verdict, signal_name};

/// Most bytes of a health check's log that are shown.
const OUTPUT: usize = 4000;

/// The status of the check "Container state", and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Whether the instance may be found.
    pub(crate) status: Status,
    /// What people read.
    pub(crate) output: String,
}

/// The two states that a container's own state can give to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// It is not found by who asks for what is healthy.
    Critical,
    /// It is found.
    Passing,
}

impl Status {
    /// The word on the wire.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Passing => "passing",
        }
    }
}

impl Condition {
    /// Critical, and why.
    pub(crate) fn critical(output: impl Into<String>) -> Self {
        Self { status: Status::Critical, output: output.into() }
    }
}

/// Judges a container. `stopping` is the signal that asked it to stop, as long as that is believed; `mirrored` says
/// whether its own health check counts.
pub(crate) fn condition(container: &Container, stopping: Option<i32>, mirrored: bool) -> Condition {
    if let (Some(signal), State::Running | State::Paused) = (stopping, container.state) {
        return Condition::critical(format!("stopping: {} sent", signal_name(signal)));
    }
    match container.state {
        State::Running => {}
        State::Paused => return Condition::critical("paused"),
        State::Restarting(code) => {
            return Condition::critical(format!("restarting: it ended with exit code {code}"));
        }
        State::Exited(code) => return Condition::critical(format!("it ended with exit code {code}")),
        State::Absent => return Condition::critical("not started"),
    }
    let Some(health) = container.health.as_ref().filter(|_| mirrored) else {
        return Condition { status: Status::Passing, output: "running".into() };
    };
    let (status, word) = match health.verdict {
        Verdict::Starting => (Status::Critical, "starting"),
        Verdict::Healthy => (Status::Passing, "healthy"),
        Verdict::Unhealthy => (Status::Critical, "unhealthy"),
    };
    let log = cut(health.log.trim_end());
    let output = if log.is_empty() { word.to_owned() } else { format!("{word}: {log}") };
    Condition { status, output }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(OUTPUT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Health;
    use crate::container::tests::web;

    #[test]
    fn only_what_runs_well_is_found() {
        let health = |verdict| Some(Health { verdict, log: "said\n".into() });
        for (state, health, stopping, mirrored, expected) in [
            (State::Running, None, None, true, (Status::Passing, "running")),
            (State::Running, None, Some(15), true, (Status::Critical, "stopping: SIGTERM sent")),
            (State::Exited(3), None, Some(15), true, (Status::Critical, "it ended with exit code 3")),
            (State::Paused, None, None, true, (Status::Critical, "paused")),
            (
                State::Restarting(1),
                None,
                None,
                true,
                (Status::Critical, "restarting: it ended with exit code 1"),
            ),
            (State::Running, health(Verdict::Starting), None, true, (Status::Critical, "starting: said")),
            (State::Running, health(Verdict::Healthy), None, true, (Status::Passing, "healthy: said")),
            (State::Running, health(Verdict::Unhealthy), None, true, (Status::Critical, "unhealthy: said")),
            (State::Running, health(Verdict::Unhealthy), None, false, (Status::Passing, "running")),
        ] {
            let container = Container { state, health, ..web() };
            let judged = condition(&container, stopping, mirrored);
            assert_eq!((judged.status, judged.output.as_str()), expected);
        }
    }

    #[test]
    fn a_long_log_is_cut_between_letters() {
        let long = Health { verdict: Verdict::Healthy, log: "ä".repeat(5000) };
        let judged = condition(&Container { health: Some(long), ..web() }, None, true);
        assert!(judged.output.len() <= OUTPUT + "healthy: ".len());
    }
}
