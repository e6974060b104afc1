//! Alias: not a probe. It has the health of another service or node; who knows of it says so. Here is which definition
//! asks for whose health, and what the health of many comes to. Pure. Texts are Consul's.

use muster_api::check::CheckDefinition;

use crate::definition::Status;

#[cfg(test)]
mod tests;

/// Whose health it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The node; this one if empty.
    pub node: String,
    /// The ID of the instance; the node as a whole if empty.
    pub service: String,
}

impl Target {
    /// The target of a definition that is an alias.
    pub(crate) fn read(check: &CheckDefinition) -> Option<Self> {
        let target = Self { node: check.alias_node.clone(), service: check.alias_service.clone() };
        (!target.node.is_empty() || !target.service.is_empty()).then_some(target)
    }
}

/// A check that counts.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'c> {
    /// Its name.
    pub name: &'c str,
    /// Its health.
    pub status: Status,
    /// What it said.
    pub output: &'c str,
}

impl Counted<'_> {
    /// What an alias says because of it.
    #[must_use]
    pub fn failing(&self) -> String {
        format!("Aliased check {:?} failing: {}", self.name, self.output)
    }
}

/// What an alias says where all pass, or where there is none.
#[must_use]
pub fn fine(has_checks: bool) -> &'static str {
    if has_checks { "All checks passing." } else { "No checks found." }
}

/// The worst of all; of several that are as bad the first.
pub fn worst<'c>(checks: impl IntoIterator<Item = Counted<'c>>) -> (Status, String) {
    let (mut worst, mut has_checks) = (None::<Counted<'c>>, false);
    for check in checks {
        has_checks = true;
        let least = worst.map_or(Status::Passing, |worst| worst.status);
        if check.status > least {
            worst = Some(check);
        }
    }
    match worst {
        Some(check) => (check.status, check.failing()),
        None => (Status::Passing, fine(has_checks).to_owned()),
    }
}
