//! What is measured, in turn: each contestant alone on the machine, round after round.

mod dns_rate;
mod failover;
mod fanout;
mod kv_writes;
mod memory;
mod probe;
mod reads;
mod registrations;
mod start;

use std::time::Instant;

use crate::report::Report;
use crate::servers::Who;
use crate::stage::Stage;
use crate::{BenchError, servers::Process};

/// Whether more or less of a figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    /// Rates.
    More,
    /// Times and sizes.
    Less,
}

/// One thing measured once.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    /// The command behind it.
    pub(crate) how: String,
    pub(crate) value: f64,
}

impl Figure {
    pub(crate) fn new(
        what: impl Into<String>,
        unit: &'static str,
        better: Better,
        how: impl Into<String>,
        value: f64,
    ) -> Self {
        Self { what: what.into(), unit, better, how: how.into(), value }
    }
}

#[derive(Clone, Copy, Debug)]
enum Scenario {
    Start,
    Memory,
    Registrations,
    KvWrites,
    Reads,
    Fanout,
    DnsRate,
    Probe,
    Failover,
}

impl Scenario {
    const ALL: [Self; 9] = [
        Self::Start,
        Self::Memory,
        Self::Registrations,
        Self::KvWrites,
        Self::Reads,
        Self::Fanout,
        Self::DnsRate,
        Self::Probe,
        Self::Failover,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Memory => "memory",
            Self::Registrations => "registrations",
            Self::KvWrites => "kv-writes",
            Self::Reads => "reads",
            Self::Fanout => "fanout",
            Self::DnsRate => "dns",
            Self::Probe => "probe",
            Self::Failover => "failover",
        }
    }

    /// There is a server of the same bytes that can do no more than serve them.
    fn has_ceiling(self) -> bool {
        matches!(self, Self::Reads | Self::DnsRate | Self::KvWrites)
    }

    /// A size is the same in each round, and filling takes long.
    fn once(self) -> bool {
        matches!(self, Self::Memory)
    }

    async fn run(self, stage: &Stage, who: Who, figures: &mut Vec<Figure>) -> Result<(), BenchError> {
        match self {
            Self::Start => start::run(stage, who, figures).await,
            Self::Memory => memory::run(stage, who, figures).await,
            Self::Registrations => registrations::run(stage, who, figures).await,
            Self::KvWrites => kv_writes::run(stage, who, figures).await,
            Self::Reads => reads::run(stage, who, figures).await,
            Self::Fanout => fanout::run(stage, who, figures).await,
            Self::DnsRate => dns_rate::run(stage, who, figures).await,
            Self::Probe => probe::run(stage, who, figures).await,
            Self::Failover => failover::run(stage, who, figures).await,
        }
    }
}

/// Runs every scenario that is asked for with every contestant, in each round.
pub(crate) async fn run_all(stage: &Stage) -> Result<Report, BenchError> {
    let only = &stage.options.only;
    let wanted: Vec<_> = Scenario::ALL.into_iter().filter(|one| one.name().contains(only.as_str())).collect();
    if wanted.is_empty() {
        let names = Scenario::ALL.map(Scenario::name).join(", ");
        return Err(BenchError::Unexpected(format!("no scenario is named {only}: there are {names}")));
    }
    let mut report = Report::default();
    let began = Instant::now();
    for round in 0..stage.options.rounds {
        for scenario in wanted.iter().filter(|one| round == 0 || !one.once()) {
            let name = scenario.name();
            eprintln!(
                "round {} of {}, {name}, after {:.0?}",
                round + 1,
                stage.options.rounds,
                began.elapsed()
            );
            for who in contestants(stage, *scenario, round) {
                let mut figures = Vec::new();
                let ran = scenario.run(stage, who, &mut figures).await;
                figures.into_iter().for_each(|figure| report.add(who, figure));
                if let Err(error) = ran {
                    report.fail(who, name, &error.to_string());
                }
            }
        }
    }
    Ok(report)
}

/// Who comes first changes by round; the ceiling is last, since it serves what Muster said.
fn contestants(stage: &Stage, scenario: Scenario, round: u32) -> Vec<Who> {
    let mut list = vec![Who::Muster];
    list.extend(stage.options.consul().map(|_| Who::Consul));
    if round % 2 == 1 {
        list.reverse();
    }
    list.extend(scenario.has_ceiling().then_some(Who::Ceiling));
    list
}

/// Adds the rate that `load` finds, and what each answer costs the server in CPU time.
async fn rate(
    figures: &mut Vec<Figure>,
    (what, how): (&str, &str),
    process: &Process,
    load: impl Future<Output = Result<f64, BenchError>>,
) -> Result<(), BenchError> {
    let (began, before) = (Instant::now(), process.cpu_seconds()?);
    let rate = load.await?;
    let answers = rate * began.elapsed().as_secs_f64();
    let each = (process.cpu_seconds()? - before) * 1e6 / answers.max(1.0);
    figures.push(Figure::new(what, "1/s", Better::More, how, rate));
    let cost = format!("{what}: server's CPU for each");
    figures.push(Figure::new(cost, "µs", Better::Less, "run time in /proc/pid/task/*/schedstat", each));
    Ok(())
}
