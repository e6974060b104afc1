//! The figures of a soak, and the verdict.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_test_process::Agent;

use crate::cluster::resident_kib;
use crate::ledger::Ledger;

/// A process has taken in what it needs to run after so long.
const WARM_UP: Duration = Duration::from_secs(60);
/// Memory may be that much more at the end: buffers that fill, an allocator that keeps a page.
const MAY_GROW_BY: f64 = 0.15;
const MAY_GROW_KIB: f64 = 12.0 * 1024.0;

/// Resident memory of all agents, each life of a process by itself.
#[derive(Default)]
pub(crate) struct Memory {
    /// By agent: its lives; of each, time and (resident, anonymous) KiB.
    lives: BTreeMap<usize, Vec<Vec<(Duration, u64, u64)>>>,
}

impl Memory {
    pub(crate) fn look(&mut self, now: Duration, agents: &[Agent]) {
        for (at, agent) in agents.iter().enumerate() {
            let (resident, anonymous) = resident_kib(agent);
            let lives = self.lives.entry(at).or_default();
            if lives.is_empty() {
                lives.push(Vec::new());
            }
            if let Some(life) = lives.last_mut() {
                life.push((now, resident, anonymous));
            }
        }
    }

    pub(crate) fn life_ends(&mut self, agent: usize) {
        self.lives.entry(agent).or_default().push(Vec::new());
    }

    /// Of each life that is long enough: agent, length, KiB after the warm-up and at the end (means of ten
    /// looks), and whether that is growth.
    fn lives(&self) -> Vec<(usize, Duration, f64, f64, bool)> {
        let mut judged = Vec::new();
        for (agent, lives) in &self.lives {
            for life in lives {
                let (Some((first, ..)), Some((last, ..))) = (life.first(), life.last()) else { continue };
                if *last - *first < WARM_UP * 2 {
                    continue;
                }
                let warm = life.iter().filter(|(at, ..)| *at >= *first + WARM_UP);
                let (after, end) = (mean(warm.take(10)), mean(life.iter().rev().take(10)));
                let grew = end - after > (after * MAY_GROW_BY).max(MAY_GROW_KIB);
                judged.push((*agent, *last - *first, after, end, grew));
            }
        }
        judged
    }

    /// The most that any life of any server had.
    fn most(&self) -> u64 {
        self.lives.values().flatten().flatten().map(|(_, resident, _)| *resident).max().unwrap_or(0)
    }
}

fn mean<'a>(looks: impl Iterator<Item = &'a (Duration, u64, u64)>) -> f64 {
    let looks: Vec<u64> = looks.map(|(_, resident, _)| *resident).collect();
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let mean = looks.iter().sum::<u64>() as f64 / looks.len().max(1) as f64;
    mean
}

/// Prints everything; whether it is as it should be.
pub(crate) fn print(ledger: &Ledger, memory: &Memory, restarts: u32, length: Duration) -> bool {
    println!("soak: {length:?}, {restarts} restarts");
    for (what, count) in ledger.counts() {
        println!("soak: {count:>8} {what}");
    }
    let (explained, unexplained) = ledger.judge();
    for (text, count) in &explained {
        println!("soak: {count:>8} explained by a restart: {text}");
    }
    for (at, text) in unexplained.iter().take(20) {
        println!("soak: UNEXPLAINED, {} s before the end: {text}", at.elapsed().as_secs());
    }
    if let (slowest, Some(at)) = ledger.slowest_flush() {
        let (slowest, ago) = (slowest.as_millis(), at.elapsed().as_secs());
        println!("soak: the slowest flush of 4 KiB on this disk took {slowest} ms, {ago} s before the end");
    }
    let (lives, mut grew) = (memory.lives(), false);
    for (agent, length, after, end, grows) in &lives {
        let name = if *agent < 3 { format!("server {agent}") } else { "client agent".into() };
        println!(
            "soak: memory of {name} in a life of {} s: {:.1} MiB when warm, {:.1} MiB at the end{}",
            length.as_secs(),
            after / 1024.0,
            end / 1024.0,
            if *grows { ": GREW" } else { "" }
        );
        grew |= grows;
    }
    println!("soak: most memory of any process: {} MiB", memory.most() / 1024);
    let violations = ledger.violations();
    println!(
        "soak: {} unexplained failures, {} violations, memory {}",
        unexplained.len(),
        violations.len(),
        if grew { "GREW" } else { "did not grow" }
    );
    unexplained.is_empty() && violations.is_empty() && !grew
}
