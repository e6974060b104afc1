//! What shall be there, and what is there: the difference is the only source of actions. Pure.

use std::collections::BTreeMap;

use crate::health::{Condition, Status};
use crate::instance::Instance;

/// What shall be there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// By its ID.
    pub(crate) instances: BTreeMap<String, Instance>,
    /// Containers whose instances stay as they are, by the short ID, with the condition that is known.
    pub(crate) kept: BTreeMap<String, Option<Condition>>,
}

/// What an agent has of ours, by its ID.
pub(crate) type Owned = BTreeMap<String, Held>;

/// One instance that an agent has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// The hash of its definition.
    pub(crate) hash: String,
    /// The short ID of its container.
    pub(crate) container: String,
    /// What the agent says of the container's state; nothing where it is no word of ours.
    pub(crate) status: Option<Status>,
    /// What was last said of it, as far as is known.
    pub(crate) output: String,
}

impl Held {
    /// Whether it has to be said again how its container is. What is critical says why, at once; what passes is put into
    /// other words only when all is said again.
    fn differs(&self, condition: &Condition) -> bool {
        let why = condition.status == Status::Critical && self.output != condition.output;
        self.status != Some(condition.status) || why
    }
}

/// What has to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Register the instance with this ID.
    Register(String),
    /// Say how the container of this instance is.
    Report(String, Condition),
    /// Take the instance with this ID away.
    Deregister(String),
}

impl Action {
    /// The instance that it is about.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Register(id) | Self::Report(id, _) | Self::Deregister(id) => id,
        }
    }
}

/// What has to be done, so that what is there is what shall be there: first what is new or has turned, then what goes,
/// so that an instance with a new ID is there before the old one is gone. With `renew` everything is said again.
#[must_use]
pub(crate) fn diff(wanted: &Wanted, owned: &Owned, renew: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut report = |id: &String, held: &Held, condition: &Condition| {
        if renew || held.differs(condition) {
            actions.push(Action::Report(id.clone(), condition.clone()));
        }
    };
    let mut gone = Vec::new();
    for (id, held) in owned {
        match (wanted.instances.get(id), wanted.kept.get(&held.container)) {
            (Some(instance), _) if instance.hash == held.hash => report(id, held, &instance.condition),
            (Some(_), _) | (None, Some(None)) => {}
            (None, Some(Some(condition))) => report(id, held, condition),
            (None, None) => gone.push(Action::Deregister(id.clone())),
        }
    }
    let is_there = |id: &String, hash: &str| owned.get(id).is_some_and(|held| held.hash == hash);
    let new = wanted.instances.iter().filter(|(id, instance)| !is_there(id, &instance.hash));
    actions.extend(new.map(|(id, _)| Action::Register(id.clone())));
    actions.extend(gone);
    actions
}

#[cfg(test)]
mod tests {
    use muster_api::service::ServiceDefinition;
    use proptest::prelude::*;

    use super::*;
    use crate::instance::Origin;

    fn condition(passing: bool) -> Condition {
        let status = if passing { Status::Passing } else { Status::Critical };
        Condition { status, output: "why".into() }
    }

    fn instance(id: &str, port: u16, passing: bool, container: &str) -> Instance {
        let definition = ServiceDefinition { id: id.into(), port, ..ServiceDefinition::default() };
        Instance::new(
            definition,
            condition(passing),
            Origin { container: container.into(), ..Origin::default() },
        )
    }

    /// What an agent would have after these actions.
    fn done(wanted: &Wanted, owned: &Owned, actions: &[Action]) -> Owned {
        let mut owned = owned.clone();
        for action in actions {
            match action {
                Action::Register(id) => {
                    let it = &wanted.instances[id];
                    let (hash, container) = (it.hash.clone(), it.origin.container.clone());
                    let Condition { status, output } = it.condition.clone();
                    owned.insert(id.clone(), Held { hash, container, status: Some(status), output });
                }
                Action::Report(id, condition) => {
                    let held = owned.get_mut(id).unwrap();
                    held.status = Some(condition.status);
                    held.output.clone_from(&condition.output);
                }
                Action::Deregister(id) => drop(owned.remove(id).unwrap()),
            }
        }
        owned
    }

    fn any_wanted() -> impl Strategy<Value = Wanted> {
        let instances = proptest::collection::btree_map("[a-f]", (1..3_u16, any::<bool>(), "[x-z]"), 0..6);
        let kept = proptest::collection::btree_map("[v-z]", proptest::option::of(any::<bool>()), 0..3);
        (instances, kept).prop_map(|(instances, kept)| Wanted {
            instances: instances
                .into_iter()
                .map(|(id, (port, passing, of))| (id.clone(), instance(&id, port, passing, &of)))
                .collect(),
            kept: kept.into_iter().map(|(of, passing)| (of, passing.map(condition))).collect(),
        })
    }

    fn any_owned() -> impl Strategy<Value = Owned> {
        let held = (1..3_u16, proptest::option::of(any::<bool>()), "[v-z]");
        proptest::collection::btree_map("[a-f]", held, 0..6).prop_map(|held| {
            let one = |(id, (port, passing, container)): (String, (u16, Option<bool>, String))| {
                let hash = instance(&id, port, true, &container).hash;
                let status = passing.map(|passing| condition(passing).status);
                (id, Held { hash, container, status, output: "why".into() })
            };
            held.into_iter().map(one).collect()
        })
    }

    #[test]
    fn what_is_critical_says_why_at_once() {
        let held = |status, output: &str| {
            let (hash, container) = (instance("a", 1, true, "x").hash, "x".to_owned());
            Owned::from([(
                "a".to_owned(),
                Held { hash, container, status: Some(status), output: output.into() },
            )])
        };
        let wanted = |passing| Wanted {
            instances: [("a".to_owned(), instance("a", 1, passing, "x"))].into(),
            ..Wanted::default()
        };
        let said = [Action::Report("a".into(), condition(false))];
        assert_eq!(diff(&wanted(false), &held(Status::Critical, "other"), false), said);
        assert_eq!(diff(&wanted(false), &held(Status::Critical, "why"), false), []);
        assert_eq!(diff(&wanted(true), &held(Status::Passing, "other"), false), []);
    }

    proptest! {
        #[test]
        fn after_the_actions_all_is_as_it_shall_be(wanted in any_wanted(), owned in any_owned()) {
            let actions = diff(&wanted, &owned, false);
            let after = done(&wanted, &owned, &actions);
            for (id, instance) in &wanted.instances {
                prop_assert_eq!(&after[id].hash, &instance.hash);
                prop_assert_eq!(after[id].status, Some(instance.condition.status));
            }
            for (id, held) in after.iter().filter(|(id, _)| !wanted.instances.contains_key(*id)) {
                let kept = wanted.kept.get(&held.container);
                prop_assert!(kept.is_some(), "{} is a ghost", id);
                if let Some(Some(condition)) = kept {
                    prop_assert_eq!(held.status, Some(condition.status));
                }
            }
            prop_assert_eq!(diff(&wanted, &after, false), Vec::new());
        }

        #[test]
        fn only_what_is_ours_goes_and_nothing_is_done_twice(wanted in any_wanted(), owned in any_owned()) {
            let actions = diff(&wanted, &owned, true);
            let mut ids: Vec<&str> = actions.iter().map(Action::id).collect();
            for action in &actions {
                if let Action::Deregister(id) = action {
                    prop_assert!(owned.contains_key(id) && !wanted.instances.contains_key(id));
                }
            }
            let whole = ids.len();
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), whole);
        }

        #[test]
        fn everything_that_stays_is_said_again_where_that_is_asked_for(wanted in any_wanted()) {
            let owned = done(&wanted, &Owned::new(), &diff(&wanted, &Owned::new(), false));
            prop_assert_eq!(diff(&wanted, &owned, true).len(), wanted.instances.len());
        }
    }
}
