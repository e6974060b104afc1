//! The engine restarted, the agent killed, the registrator killed, in every order, while containers come and go: after
//! each the catalog is what runs.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IteratorRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::host::{Host, Registrator};

/// After any fault.
const LIMIT: Duration = Duration::from_secs(10);
/// Faults of the long loop.
const FAULTS: usize = 50;
/// Most containers at a time.
const MOST: usize = 8;

/// A host whose registrator is a process of its own, and the containers that were made on it.
struct Town {
    host: Host,
    registrator: Registrator,
    random: StdRng,
    number: usize,
}

impl Town {
    fn new(seed: u64) -> Self {
        let host = Host::without_registrator();
        let registrator = Registrator::beside(&host, &[]);
        Self { host, registrator, random: StdRng::seed_from_u64(seed), number: 0 }
    }

    fn start(&mut self) {
        self.number += 1;
        let name = format!("--name=c{}", self.number);
        // Some come back by themselves when the engine does.
        let restart = if self.random.random_bool(0.5) { "--restart=always" } else { "--restart=no" };
        self.host.run(&[&name, "--publish=80", restart]);
    }

    fn any(&mut self, which: &[&str]) -> Option<String> {
        let listed = self.host.engine.docker(&[&["ps", "--format={{.Names}}"], which].concat());
        listed.lines().map(str::to_owned).choose(&mut self.random)
    }

    /// One container comes, goes, comes back or is renamed.
    fn change(&mut self) -> String {
        let running = self.host.running().len();
        let what = if running < 2 { 0 } else { self.random.random_range(0..6) };
        let target = if what == 5 { self.any(&["--all", "--filter=status=exited"]) } else { self.any(&[]) };
        match (what, target) {
            (1, Some(name)) => self.docker(&["rm", "--force", &name]),
            (2, Some(name)) => self.docker(&["stop", &name]),
            (3, Some(name)) => self.docker(&["restart", &name]),
            (4, Some(name)) => {
                self.number += 1;
                let new = format!("c{}", self.number);
                self.docker(&["rename", &name, &new])
            }
            (5, Some(name)) => self.docker(&["start", &name]),
            _ if running >= MOST => match self.any(&[]) {
                Some(name) => self.docker(&["rm", "--force", &name]),
                None => String::new(),
            },
            _ => {
                self.start();
                format!("run c{}", self.number)
            }
        }
    }

    fn docker(&self, arguments: &[&str]) -> String {
        self.host.engine.docker(arguments);
        arguments.join(" ")
    }

    /// Breaks what `what` says, changes something meanwhile, and mends it.
    fn fault(&mut self, what: &Fault) -> String {
        let mut said = vec![format!("{what:?}")];
        if what.agent {
            self.host.agent.kill();
        }
        if what.registrator {
            self.registrator.kill();
        }
        if self.random.random_bool(0.7) {
            said.push(self.change());
        }
        match what.engine {
            None => {}
            Some(false) => self.host.engine.restart(),
            Some(true) => {
                self.host.engine.kill();
                self.host.engine.start();
            }
        }
        said.push(self.change());
        if what.agent {
            self.host.agent.start();
        }
        if what.registrator {
            self.registrator.start();
        }
        if self.random.random_bool(0.3) {
            said.push(self.change());
        }
        said.join("; ")
    }
}

/// What breaks at once.
#[derive(Debug, Default)]
struct Fault {
    /// Restarted by SIGTERM, or by SIGKILL.
    engine: Option<bool>,
    agent: bool,
    registrator: bool,
}

#[test]
fn after_each_fault_the_catalog_is_what_runs() {
    let mut town = Town::new(3);
    for _ in 0..3 {
        town.start();
    }
    town.host.until_equal(LIMIT, "the start");
    for fault in [
        Fault { engine: Some(false), ..Fault::default() },
        Fault { engine: Some(true), ..Fault::default() },
        Fault { agent: true, ..Fault::default() },
        Fault { registrator: true, ..Fault::default() },
        Fault { engine: Some(false), agent: true, registrator: true },
        Fault { engine: Some(true), agent: true, registrator: true },
    ] {
        let what = town.fault(&fault);
        let took = town.host.until_equal(LIMIT, &what);
        println!("equal {took:?} after {what}");
    }
}

#[test]
fn after_fifty_random_faults_the_catalog_is_what_runs() {
    let seed = std::env::var("MUSTER_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    println!("MUSTER_SEED={seed}");
    let mut town = Town::new(seed);
    town.start();
    let mut longest = Duration::ZERO;
    for number in 1..=FAULTS {
        // An engine takes seconds to come back: one in five.
        let engine = town.random.random_bool(0.2).then(|| town.random.random_bool(0.5));
        let (agent, registrator) = (town.random.random_bool(0.4), town.random.random_bool(0.4));
        let fault = Fault { engine, agent, registrator };
        let what = town.fault(&fault);
        let took = town.host.until_equal(LIMIT, &format!("fault {number} of seed {seed}: {what}"));
        println!("{number}: equal {took:?} after {what}");
        longest = longest.max(took);
    }
    println!("{FAULTS} faults of seed {seed}: equal after {longest:?} at most");
}
