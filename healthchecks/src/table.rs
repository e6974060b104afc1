//! All checks and what comes next for each. Every time is an argument; it must never wait, spawn or send.
//!
//! ```text
//!            due             a free place          outcome
//!  Waiting ───────▶ Ready ───────────────▶ Running ───────▶ Waiting …
//!
//!  A TTL check: Waiting ─▶ Silent; an alias is Silent from the beginning.
//! ```

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    alias::Target,
    definition::{Definition, NotTtl, Report, Status, Work},
    output,
    probe::Outcome,
    schedule,
    threshold::Tally,
    ttl,
};

mod seen;
#[cfg(test)]
mod tests;

pub use seen::Glance;

/// Ordered by time, then by generation, which is unique to one life of one check.
type Queue = BTreeMap<(Instant, u64), Arc<str>>;

/// The checks of one runner.
#[derive(Debug, Default)]
pub(crate) struct Table {
    checks: HashMap<Arc<str>, Check>,
    /// One entry for each check that waits: an idle check costs this and nothing else.
    timers: Queue,
    /// Due, but all places were taken; longest due first, so that none starves.
    ready: Queue,
    /// Checks with something to tell, in order. One entry for each at most: if the listener is slow, the
    /// latest word replaces the one before.
    outbox: BTreeMap<u64, Arc<str>>,
    /// Checks that have the health of another.
    aliases: BTreeMap<Arc<str>, Target>,
    /// The last generation, order of a report and place in the outbox that was given out.
    counter: u64,
    hasher: RandomState,
}

/// One check.
#[derive(Debug)]
struct Check {
    id: Arc<str>,
    definition: Arc<Definition>,
    /// Told apart from an earlier life under the same id, whose run may still be on its way.
    generation: u64,
    phase: Phase,
    tally: Tally,
    /// Until then failures do not count.
    starting: Option<Instant>,
    status: Status,
    /// What the listener knows. A hash of the output, for outputs are large and checks are many.
    told: (Status, u64),
    /// What it does not know yet, and its place in the outbox.
    untold: Option<(u64, Report)>,
    /// The last word of the service; kept for TTL checks only, whose expiry repeats it.
    last_word: String,
}

#[derive(Debug)]
enum Phase {
    Waiting(Instant),
    Ready(Instant),
    Running { due: Instant, stop: CancellationToken },
    Silent,
}

/// A run to be started now.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) id: Arc<str>,
    pub(crate) generation: u64,
    pub(crate) definition: Arc<Definition>,
    /// Cancelled when the check is removed or changed.
    pub(crate) stop: CancellationToken,
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.checks.len()
    }

    /// Adds or changes a check; one with the same definition is left as it is, schedule and all. The order that
    /// comes back is below that of everything the check says from now on, and above what an earlier life said.
    pub(crate) fn put(
        &mut self,
        id: &str,
        definition: Definition,
        known: Option<(Status, String)>,
        now: Instant,
    ) -> u64 {
        if let Some(check) = self.checks.get(id).filter(|check| *check.definition == definition) {
            return check.generation;
        }
        let before = self.take(id);
        // Of what is new nothing is known: it may take its time to start. What changes goes on with the rest of it.
        let starting = match (&known, &before) {
            (_, Some(check)) => check.starting,
            (Some(_), None) => None,
            (None, None) => Some(schedule::later(now, definition.start_period)),
        };
        let (tally, told, last_word) = match (known, before) {
            (Some((status, output)), _) => {
                (Tally::known(status), (status, self.hasher.hash_one(&output)), output)
            }
            (None, Some(check)) => (Tally::known(check.status), check.told, check.last_word),
            (None, None) => {
                let told = (definition.initial, self.hasher.hash_one(""));
                (Tally::fresh(), told, String::new())
            }
        };
        let is_ttl = matches!(definition.work, Work::Ttl(_));
        let at = match &definition.work {
            Work::Ttl(ttl) => Some(schedule::later(now, *ttl)),
            Work::Probe(_) => {
                Some(schedule::first(now, schedule::interval(definition.interval), schedule::chance(id)))
            }
            Work::Alias(_) => None,
        };
        let generation = self.count();
        let id: Arc<str> = id.into();
        if let Some(at) = at {
            self.timers.insert((at, generation), id.clone());
        }
        if let Work::Alias(target) = &definition.work {
            self.aliases.insert(id.clone(), target.clone());
        }
        let check = Check {
            id: id.clone(),
            definition: Arc::new(definition),
            generation,
            phase: at.map_or(Phase::Silent, Phase::Waiting),
            tally,
            starting,
            status: told.0,
            told,
            untold: None,
            last_word: if is_ttl { last_word } else { String::new() },
        };
        self.checks.insert(id, check);
        generation
    }

    /// Removes a check, stops its run and forgets what it had to tell.
    pub(crate) fn remove(&mut self, id: &str) {
        self.take(id);
    }

    /// The word of a service about itself. It counts as told, since the listener gets it here.
    pub(crate) fn heartbeat(
        &mut self,
        id: &str,
        status: Status,
        output: String,
        now: Instant,
    ) -> Result<Report, NotTtl> {
        let not_ttl = || NotTtl { id: id.to_owned() };
        let check = self.checks.get_mut(id).ok_or_else(not_ttl)?;
        let Work::Ttl(ttl) = check.definition.work else {
            return Err(not_ttl());
        };
        if let Phase::Waiting(at) = check.phase {
            self.timers.remove(&(at, check.generation));
        }
        let at = schedule::later(now, ttl);
        self.timers.insert((at, check.generation), check.id.clone());
        check.phase = Phase::Waiting(at);
        let output = output::shortened(output, output::limit(check.definition.output_limit));
        check.last_word.clone_from(&output);
        check.status = status;
        check.told = (status, self.hasher.hash_one(&output));
        if let Some((place, _)) = check.untold.take() {
            self.outbox.remove(&place);
        }
        Ok(Report { id: id.to_owned(), status, output, order: self.count() })
    }

    /// The checks that have the health of another.
    pub(crate) fn aliases(&self) -> &BTreeMap<Arc<str>, Target> {
        &self.aliases
    }

    /// The health of what an alias stands for; nothing where it is known already, or the alias is gone.
    pub(crate) fn follow(&mut self, id: &str, status: Status, output: String) -> Option<Report> {
        let order = self.counter + 1;
        let check = self.checks.get_mut(id).filter(|_| self.aliases.contains_key(id))?;
        let output = output::shortened(output, output::limit(check.definition.output_limit));
        let news = (status, self.hasher.hash_one(&output));
        if check.told == news {
            return None;
        }
        (check.status, check.told, self.counter) = (status, news, order);
        Some(Report { id: id.to_owned(), status, output, order })
    }

    /// What is due: TTL checks lapse here, and up to `places` runs are to be started.
    pub(crate) fn due(&mut self, now: Instant, places: usize) -> Vec<Launch> {
        while let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((at, generation), id) = entry.remove_entry();
            let Some(check) = self.checks.get_mut(&id) else { continue };
            if matches!(check.definition.work, Work::Ttl(_)) {
                check.phase = Phase::Silent;
                let output = ttl::expired(&check.last_word);
                self.settle(&id, Outcome::critical(output));
            } else {
                check.phase = Phase::Ready(at);
                self.ready.insert((at, generation), id);
            }
        }
        let mut launches = Vec::new();
        while launches.len() < places
            && let Some(((due, generation), id)) = self.ready.pop_first()
        {
            let Some(check) = self.checks.get_mut(&id) else { continue };
            let stop = CancellationToken::new();
            check.phase = Phase::Running { due, stop: stop.clone() };
            launches.push(Launch { id, generation, definition: check.definition.clone(), stop });
        }
        launches
    }

    /// The end of a run; `None` if it came to nothing. Nobody asks for the outcome of an earlier life.
    pub(crate) fn finish(&mut self, id: &str, generation: u64, outcome: Option<Outcome>, now: Instant) {
        let Some(check) = self.checks.get_mut(id).filter(|check| check.generation == generation) else {
            return;
        };
        let Phase::Running { due, .. } = check.phase else { return };
        let at = schedule::next(due, now, schedule::interval(check.definition.interval));
        let at = at + schedule::part(check.definition.jitter, self.hasher.hash_one((generation, at)));
        check.phase = Phase::Waiting(at);
        self.timers.insert((at, generation), check.id.clone());
        let Some(outcome) = outcome else { return };
        if outcome.status == Status::Critical && check.starting.is_some_and(|until| now < until) {
            let (status, output) = (check.status, format!("starting: {}", outcome.output));
            return self.settle(id, Outcome { status, output });
        }
        check.starting = None;
        if let Some(status) = check.tally.count(outcome.status, &check.definition.thresholds) {
            self.settle(id, Outcome { status, ..outcome });
        }
    }

    /// When to ask for [`Table::due`] again, as far as time alone decides.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.timers.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn has_reports(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// The next thing to tell; from now on it counts as told.
    pub(crate) fn report(&mut self) -> Option<Report> {
        let (_, id) = self.outbox.pop_first()?;
        let check = self.checks.get_mut(&id)?;
        let (_, report) = check.untold.take()?;
        check.told = (report.status, self.hasher.hash_one(&report.output));
        Some(report)
    }

    /// A check has come to a status: tell it if the listener does not know.
    fn settle(&mut self, id: &str, outcome: Outcome) {
        let news = (outcome.status, self.hasher.hash_one(&outcome.output));
        let order = self.count();
        let Some(check) = self.checks.get_mut(id) else { return };
        check.status = outcome.status;
        let place = check.untold.take().map(|(place, _)| place);
        if news == check.told {
            if let Some(place) = place {
                self.outbox.remove(&place);
            }
            return;
        }
        let place = place.unwrap_or(order);
        let Outcome { status, output } = outcome;
        check.untold = Some((place, Report { id: id.to_owned(), status, output, order }));
        self.outbox.insert(place, check.id.clone());
    }

    /// Takes a check out of everything.
    fn take(&mut self, id: &str) -> Option<Check> {
        let check = self.checks.remove(id)?;
        self.aliases.remove(id);
        match &check.phase {
            Phase::Waiting(at) => drop(self.timers.remove(&(*at, check.generation))),
            Phase::Ready(at) => drop(self.ready.remove(&(*at, check.generation))),
            Phase::Running { stop, .. } => stop.cancel(),
            Phase::Silent => {}
        }
        if let Some((place, _)) = &check.untold {
            self.outbox.remove(place);
        }
        Some(check)
    }

    fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }
}
