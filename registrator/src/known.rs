//! What is known of all containers, and what shall therefore be there. Pure: looks and the time come in, plans go out.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::{Duration, Instant};

use crate::container::{Container, NetworkMode, State, short};
use crate::diff::Wanted;
use crate::health::Status;
use crate::instance::Instance;
use crate::plan::{Plan, Planned, Settings, plan};

/// What a look at one container gave.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    /// It is there.
    Picture(Box<Container>),
    /// The engine has it and could not say how it is.
    Unread(String),
    /// It is not there.
    Gone,
}

/// How long a container that was told to stop is believed to be stopping, beyond the time that it is given.
const MARGIN: Duration = Duration::from_secs(60);
/// The time that an engine gives a container to stop.
const GRACE: Duration = Duration::from_secs(10);
/// SIGKILL.
const KILL: i32 = 9;

/// All containers, by their IDs.
#[derive(Debug, Default)]
pub(crate) struct Known {
    seen: BTreeMap<String, Seen>,
    /// The signals that each was sent, and when: one that asks it to stop is not taken back by another.
    signalled: BTreeMap<String, BTreeMap<i32, Instant>>,
    planned: BTreeMap<String, Planned>,
    /// Instances whose checks an agent refused: the hash, and its words.
    refused: BTreeMap<String, (String, String)>,
    /// What was said about each container, so that it is said once.
    said: BTreeMap<String, Vec<String>>,
}

impl Known {
    /// The IDs that are known.
    pub(crate) fn ids(&self) -> BTreeSet<String> {
        self.seen.keys().cloned().collect()
    }

    /// The names of the containers that are there.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        let pictures = self.seen.values().filter_map(|seen| match seen {
            Seen::Picture(container) => Some(container.name.as_str()),
            _ => None,
        });
        pictures.collect()
    }

    /// Takes in what looks gave. Those whose network is another's are planned again with it.
    pub(crate) fn take(&mut self, looks: Vec<(String, Seen)>, settings: &Settings, now: Instant) {
        let mut changed = BTreeSet::new();
        for (id, seen) in looks {
            if seen == Seen::Gone {
                self.seen.remove(&id);
                self.signalled.remove(&id);
            } else if self.seen.get(&id) != Some(&seen) {
                self.seen.insert(id.clone(), seen);
            }
            changed.insert(id);
        }
        self.plan_again(changed, settings, now);
    }

    /// Plans everything again.
    pub(crate) fn plan_all(&mut self, settings: &Settings, now: Instant) {
        self.plan_again(self.ids(), settings, now);
    }

    /// What was refused may be tried again.
    pub(crate) fn forget_refusals(&mut self) {
        self.refused.clear();
    }

    /// Those that could not be read.
    pub(crate) fn unread(&self) -> BTreeSet<String> {
        let unread = self.seen.iter().filter(|(_, seen)| matches!(seen, Seen::Unread(_)));
        unread.map(|(id, _)| id.clone()).collect()
    }

    fn plan_again(&mut self, mut changed: BTreeSet<String>, settings: &Settings, now: Instant) {
        let leans = |seen: &Seen| match seen {
            Seen::Picture(container) => match &container.network_mode {
                NetworkMode::Of(other) => changed.contains(other),
                _ => false,
            },
            _ => false,
        };
        let leaning: Vec<String> =
            self.seen.iter().filter(|(_, seen)| leans(seen)).map(|(id, _)| id.clone()).collect();
        changed.extend(leaning);
        for id in changed {
            match self.seen.get(&id) {
                // Nobody knows where it is reached while its network's container cannot be read.
                Some(Seen::Picture(container)) if self.leans_on_unread(container) => {
                    self.planned.insert(id, Planned::UNREAD);
                }
                Some(Seen::Picture(container)) => {
                    let planned =
                        plan(container, self.whose(container), self.stopping(container, now), settings);
                    self.planned.insert(id, planned);
                }
                Some(Seen::Unread(why)) => {
                    let notes = vec![why.clone()];
                    self.planned.insert(id, Planned { notes, ..Planned::UNREAD });
                }
                Some(Seen::Gone) | None => {
                    self.planned.remove(&id);
                }
            }
        }
    }

    /// Whether it runs in the network of a container that cannot be read.
    fn leans_on_unread(&self, container: &Container) -> bool {
        let NetworkMode::Of(other) = &container.network_mode else { return false };
        let runs = matches!(container.state, State::Running | State::Paused);
        runs && matches!(self.seen.get(other), Some(Seen::Unread(_)))
    }

    /// The container whose network this one has.
    fn whose<'k>(&'k self, container: &'k Container) -> Option<&'k Container> {
        let NetworkMode::Of(other) = &container.network_mode else { return Some(container) };
        match self.seen.get(other)? {
            Seen::Picture(other) => Some(other),
            _ => None,
        }
    }

    /// A container was sent a signal `ago`. Whether that asks it to stop is seen when it is looked at.
    pub(crate) fn signalled(&mut self, id: &str, signal: i32, ago: Duration, now: Instant) {
        let at = now.checked_sub(ago).unwrap_or(now);
        self.signalled.entry(id.to_owned()).or_default().insert(signal, at);
    }

    /// A container has ended or was started: what it was sent before is over.
    pub(crate) fn settled(&mut self, id: &str) {
        self.signalled.remove(id);
    }

    /// The signal that asked it to stop, as long as that is believed.
    fn stopping(&self, container: &Container, now: Instant) -> Option<i32> {
        let asks = |signal: i32| signal == container.stop_signal || signal == KILL;
        let sent = self.signalled.get(&container.id)?.iter();
        let believed = sent.filter(|(signal, at)| asks(**signal) && now < **at + patience(container));
        believed.max_by_key(|(signal, at)| (**at, **signal)).map(|(signal, _)| *signal)
    }

    /// When the next container is no longer believed to be stopping.
    pub(crate) fn next_doubt(&self) -> Option<Instant> {
        let sent = self.signalled.iter();
        sent.flat_map(|(id, sent)| sent.values().map(|at| *at + self.belief(id))).min()
    }

    /// Lets go of stops that are not believed any more.
    pub(crate) fn doubt(&mut self, settings: &Settings, now: Instant) {
        let mut doubted = BTreeSet::new();
        for (id, mut sent) in std::mem::take(&mut self.signalled) {
            let (before, belief) = (sent.len(), self.belief(&id));
            sent.retain(|_, at| *at + belief > now);
            if sent.len() < before {
                doubted.insert(id.clone());
            }
            if !sent.is_empty() {
                self.signalled.insert(id, sent);
            }
        }
        self.plan_again(doubted, settings, now);
    }

    /// How long it is believed that a container stops.
    fn belief(&self, id: &str) -> Duration {
        match self.seen.get(id) {
            Some(Seen::Picture(container)) => patience(container),
            _ => GRACE + MARGIN,
        }
    }

    /// Takes note that an agent does not take the checks of an instance.
    pub(crate) fn refused(&mut self, instance: &Instance, words: String) {
        self.refused.insert(instance.definition.id.clone(), (instance.hash.clone(), words));
    }

    /// All that shall be there. Where two containers want one ID, it goes to the one that passes, then to the younger.
    pub(crate) fn wanted(&mut self) -> Wanted {
        let mut wanted = Wanted::default();
        let mut notes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (id, planned) in &self.planned {
            if !planned.notes.is_empty() {
                notes.insert(id.clone(), planned.notes.clone());
            }
            match &planned.plan {
                Plan::Keep(condition) => {
                    wanted.kept.insert(short(id).to_owned(), condition.clone());
                }
                Plan::Instances(instances) => {
                    for instance in instances {
                        let judged = self.judged(instance);
                        if judged.hash != instance.hash {
                            notes.entry(id.clone()).or_default().push(judged.condition.output.clone());
                        }
                        let lost = put(&mut wanted, judged);
                        if let Some((loser, winner)) = lost {
                            let note = format!("its ID is that of {} too, which has it", short(&winner));
                            notes.entry(loser).or_default().push(note);
                        }
                    }
                }
            }
        }
        self.say(notes);
        wanted
    }

    /// The instance as an agent takes it.
    fn judged(&self, instance: &Instance) -> Instance {
        match self.refused.get(&instance.definition.id) {
            Some((hash, words)) if *hash == instance.hash => {
                instance.faulty(&format!("{}: {words}", instance.origin.check_labels))
            }
            _ => instance.clone(),
        }
    }

    /// Says what is new about each container.
    fn say(&mut self, notes: BTreeMap<String, Vec<String>>) {
        for (id, notes) in &notes {
            let before = self.said.get(id);
            for note in notes.iter().filter(|note| !before.is_some_and(|said| said.contains(note))) {
                tracing::warn!(container = %self.name(id), "{note}");
            }
        }
        self.said = notes;
    }

    /// A container as people know it.
    pub(crate) fn name(&self, id: &str) -> String {
        match self.seen.get(id) {
            Some(Seen::Picture(container)) => format!("{} ({})", container.name, container.short()),
            _ => short(id).to_owned(),
        }
    }
}

/// How long it may take to stop.
fn patience(container: &Container) -> Duration {
    let own = container.stop_timeout.map_or(GRACE, |seconds| Duration::from_secs(seconds.into()));
    own.max(GRACE) + MARGIN
}

/// Puts an instance in its place; the container that did not get it, and the one that has it.
fn put(wanted: &mut Wanted, instance: Instance) -> Option<(String, String)> {
    let key = |it: &Instance| {
        (it.condition.status == Status::Passing, it.origin.started.clone(), it.origin.container.clone())
    };
    let id = instance.definition.id.clone();
    let Some(other) = wanted.instances.get(&id) else {
        wanted.instances.insert(id, instance);
        return None;
    };
    if key(other) > key(&instance) {
        return Some((instance.origin.container, other.origin.container.clone()));
    }
    let lost = (other.origin.container.clone(), instance.origin.container.clone());
    wanted.instances.insert(id, instance);
    Some(lost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::tests::web;
    use crate::container::{Health, Verdict};

    fn settings() -> Settings {
        Settings { owner: "host".into(), node_address: "10.0.0.7".into(), ..Settings::default() }
    }

    fn picture(container: Container) -> (String, Seen) {
        (container.id.clone(), Seen::Picture(Box::new(container)))
    }

    fn output(known: &mut Known) -> String {
        let wanted = known.wanted();
        wanted.instances.values().map(|it| it.condition.output.clone()).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn a_stop_begins_with_its_signal_and_is_not_believed_for_ever() {
        let (mut known, now, settings) = (Known::default(), Instant::now(), settings());
        let container = Container { stop_timeout: Some(30), ..web() };
        let id = container.id.clone();
        known.take(vec![picture(container.clone())], &settings, now);
        assert_eq!(output(&mut known), "running");
        known.signalled(&id, 1, Duration::ZERO, now);
        known.take(vec![picture(container.clone())], &settings, now);
        assert_eq!(output(&mut known), "running", "a SIGHUP stops nobody");
        known.signalled(&id, 15, Duration::from_secs(5), now);
        known.take(vec![picture(container.clone())], &settings, now);
        assert_eq!(output(&mut known), "stopping: SIGTERM sent");
        known.signalled(&id, 1, Duration::from_secs(1), now);
        known.take(vec![picture(container.clone())], &settings, now);
        assert_eq!(output(&mut known), "stopping: SIGTERM sent", "a SIGHUP takes no stop back");
        known.settled(&id);
        known.signalled(&id, 15, Duration::from_secs(5), now);
        known.take(vec![picture(container.clone())], &settings, now);
        let until = known.next_doubt().unwrap();
        assert_eq!(until, now + Duration::from_secs(85));
        known.doubt(&settings, until - Duration::from_millis(1));
        assert_eq!(output(&mut known), "stopping: SIGTERM sent");
        known.doubt(&settings, until);
        assert_eq!((&*output(&mut known), known.next_doubt()), ("running", None));
        known.signalled(&id, 9, Duration::ZERO, now);
        known.settled(&id);
        known.take(vec![picture(container)], &settings, now);
        assert_eq!(output(&mut known), "running");
    }

    #[test]
    fn what_cannot_be_read_stays_as_it_is_and_what_is_gone_goes() {
        let (mut known, now, settings) = (Known::default(), Instant::now(), settings());
        let id = web().id;
        known.take(vec![picture(web())], &settings, now);
        known.take(vec![(id.clone(), Seen::Unread("nonsense".into()))], &settings, now);
        let wanted = known.wanted();
        assert!(wanted.instances.is_empty());
        assert_eq!(wanted.kept, [(short(&id).to_owned(), None)].into());
        known.take(vec![(id, Seen::Gone)], &settings, now);
        assert!(known.wanted().kept.is_empty() && known.ids().is_empty());
    }

    #[test]
    fn an_id_that_two_want_goes_to_the_one_that_passes_then_to_the_younger() {
        let (mut known, now, settings) = (Known::default(), Instant::now(), settings());
        let labels = [("SERVICE_ID".to_owned(), "one".to_owned())];
        let old = Container { labels: labels.into(), started: "1".into(), ..web() };
        let health = |verdict| Some(Health { verdict, log: String::new() });
        let young = |verdict| Container {
            id: "fedc".into(),
            started: "2".into(),
            health: health(verdict),
            ..old.clone()
        };
        let holder = |known: &mut Known| known.wanted().instances["one"].origin.container.clone();
        known.take(vec![picture(old.clone()), picture(young(Verdict::Starting))], &settings, now);
        assert_eq!(holder(&mut known), old.id);
        known.take(vec![picture(young(Verdict::Healthy))], &settings, now);
        assert_eq!(holder(&mut known), "fedc");
        known.take(vec![("fedc".into(), Seen::Gone)], &settings, now);
        assert_eq!(holder(&mut known), old.id);
    }

    #[test]
    fn who_has_the_network_of_another_changes_with_it() {
        let (mut known, now, settings) = (Known::default(), Instant::now(), settings());
        let side = Container {
            id: "side".into(),
            name: "side".into(),
            network_mode: NetworkMode::Of(web().id),
            ..web()
        };
        known.take(vec![picture(side), picture(web())], &settings, now);
        assert_eq!(known.wanted().instances.len(), 2);
        known.take(vec![(web().id, Seen::Unread("nonsense".into()))], &settings, now);
        let both = [("side".to_owned(), None), (short(&web().id).to_owned(), None)];
        assert_eq!(known.wanted().kept, both.into(), "what leans on it stays as it is too");
        known.take(vec![picture(Container { state: State::Exited(0), ..web() })], &settings, now);
        assert_eq!(known.wanted().instances.len(), 1);
        known.take(vec![(web().id, Seen::Gone)], &settings, now);
        assert!(known.wanted().instances.is_empty());
    }

    #[test]
    fn what_an_agent_refused_is_registered_without_its_check() {
        let (mut known, now, settings) = (Known::default(), Instant::now(), settings());
        let labels = [("SERVICE_CHECK_TTL".to_owned(), "5s".to_owned())];
        let container = Container { labels: labels.into(), ..web() };
        known.take(vec![picture(container)], &settings, now);
        let whole = known.wanted().instances.into_values().next().unwrap();
        known.refused(&whole, "no such kind".into());
        let reduced = known.wanted().instances.into_values().next().unwrap();
        assert!(reduced.definition.checks.is_none());
        assert_eq!(reduced.condition.output, "SERVICE_CHECK_TTL: no such kind");
        known.forget_refusals();
        assert_eq!(known.wanted().instances.into_values().next().unwrap(), whole);
    }
}
