//! From what systemd says of a unit to a status. Pure.

use crate::{definition::Status, probe::Outcome};

/// `said` has a line `Property=value` for each property.
pub(super) fn judge(unit: &str, said: &str) -> Outcome {
    let property = |name: &str| {
        let value = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default()
    };
    let (load, active, sub) = (property("LoadState"), property("ActiveState"), property("SubState"));
    if load == "not-found" {
        return Outcome::critical(format!("OS service {unit:?} is not known to systemd"));
    }
    let status = match active {
        "active" => Status::Passing,
        "inactive" | "failed" | "" => Status::Critical,
        // Activating, deactivating, reloading, and what later versions may think of.
        _ => Status::Warning,
    };
    Outcome::new(status, format!("OS service {unit:?} is {active} ({sub})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_passes_not_running_does_not_and_the_rest_is_a_warning() {
        for (load, active, sub, status) in [
            ("loaded", "active", "running", Status::Passing),
            ("loaded", "active", "exited", Status::Passing),
            ("loaded", "inactive", "dead", Status::Critical),
            ("loaded", "failed", "failed", Status::Critical),
            ("loaded", "activating", "auto-restart", Status::Warning),
            ("loaded", "deactivating", "stop-sigterm", Status::Warning),
            ("loaded", "reloading", "reload", Status::Warning),
        ] {
            let said = format!("LoadState={load}\nActiveState={active}\nSubState={sub}\n");
            let text = format!("OS service \"web\" is {active} ({sub})");
            assert_eq!(judge("web", &said), Outcome::new(status, text));
        }
        let unknown = judge("web", "LoadState=not-found\nActiveState=inactive\nSubState=dead\n");
        assert_eq!(unknown, Outcome::critical("OS service \"web\" is not known to systemd"));
        assert_eq!(judge("web", "").status, Status::Critical);
    }
}
