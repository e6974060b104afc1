//! Sends the same requests to the real Consul and to Muster and reports every difference that `known` does not
//! explain. Never changes an answer to make it fit: what may differ by right is in `normalise`.

mod case;
mod cases;
mod compare;
mod contestant;
mod known;
mod normalise;
mod play;
mod report;
mod wire;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contestant::{Contestant, Kind};
use report::Outcome;

/// Anything that keeps a comparison from being made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A server could not be started.
    #[error("start: {0}")]
    Start(String),
    /// A request got no answer.
    #[error("{0}")]
    Wire(String),
    /// The command line.
    #[error(
        "{0}\nusage: muster-conformance --muster PATH --consul PATH [--only TEXT] [--write] [--list] [--twice]"
    )]
    Usage(String),
    /// The report could not be written.
    #[error("{0}: {1}")]
    Write(String, std::io::Error),
}

#[derive(Default)]
struct Options {
    muster: PathBuf,
    consul: PathBuf,
    only: String,
    write: bool,
    list: bool,
    /// The real Consul against itself: any difference is a fault of the cases.
    twice: bool,
    /// Consul's answers in full, for who builds what answers the same.
    show: bool,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| Failure::Usage(format!("{word} needs a value")));
            match word.as_str() {
                "--muster" => options.muster = value()?.into(),
                "--consul" => options.consul = value()?.into(),
                "--only" => options.only = value()?,
                "--write" => options.write = true,
                "--list" => options.list = true,
                "--show" => options.show = true,
                "--twice" => options.twice = true,
                other => return Err(Failure::Usage(format!("unknown argument {other}"))),
            }
        }
        Ok(options)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("conformance: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing undocumented was found.
async fn run() -> Result<bool, Failure> {
    let options = Options::read(std::env::args().skip(1))?;
    let all: Vec<&case::Case> = cases::all().filter(|case| case.name.contains(&options.only)).collect();
    if options.list {
        all.iter().for_each(|case| println!("{}", case.name));
        println!("{} cases", all.len());
        return Ok(true);
    }
    let names: Vec<&str> = cases::all().map(|case| case.name).collect();
    if let Some(stranger) = known::strangers(known::KNOWN, &names).first() {
        return Err(Failure::Usage(format!(
            "the list of known differences names {stranger}, which is no case"
        )));
    }
    present(&options.consul, "the real Consul cannot be had here, so nothing can be compared (--consul)")?;
    let (other, binary) =
        if options.twice { (Kind::Consul, &options.consul) } else { (Kind::Muster, &options.muster) };
    present(binary, "no Muster binary (--muster)")?;
    let consul = Contestant::start(Kind::Consul, &options.consul).await?;
    let muster = Contestant::start(other, binary).await?;
    let versions = format!("Consul {} and {other:?} {}", consul.version, muster.version);
    let list = if options.twice { &[] } else { known::KNOWN };
    let outcomes = tokio::select! {
        outcomes = play_all(&consul, &muster, &all, list, options.show) => outcomes,
        () = interrupted() => Err(Failure::Start("interrupted".into())),
    };
    consul.stop().await;
    muster.stop().await;
    let outcomes = outcomes?;
    print!("{}", report::plain(&outcomes, &versions));
    if options.write {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/REPORT.md");
        std::fs::write(path, report::markdown(&outcomes, &versions))
            .map_err(|error| Failure::Write(path.to_owned(), error))?;
        println!("written to {path}");
    }
    let [_, _, different] = report::counts(&outcomes);
    Ok(different == 0)
}

/// Until someone asks for the end: the servers must not outlive this process.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => std::future::pending().await,
    }
}

fn present(binary: &Path, missing: &str) -> Result<(), Failure> {
    if binary.is_file() { Ok(()) } else { Err(Failure::Start(format!("{missing}: {}", binary.display()))) }
}

async fn play_all(
    consul: &Contestant,
    muster: &Contestant,
    all: &[&'static case::Case],
    list: &[known::Known],
    show: bool,
) -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = Vec::new();
    for (number, case) in all.iter().enumerate() {
        let (theirs, ours) = tokio::join!(play::play(consul, case, number), play::play(muster, case, number));
        let (theirs, ours) = (theirs?, ours?);
        let mut found = Vec::new();
        for ((at, step), (a, b)) in case.steps.iter().enumerate().zip(theirs.steps.iter().zip(&ours.steps)) {
            let place = format!("step {} {} {} ", at + 1, step.method, step.path);
            if show {
                println!("{}: {place}\n    {a}", case.name);
            }
            found.extend(compare::vacuous(&place, a));
            found.extend(compare::answers(&place, a, b));
        }
        // Reported even when both lost it: what follows would compare nothing with nothing.
        if !(theirs.whole && ours.whole) {
            let [consul, muster] =
                [theirs.whole, ours.whole].map(|whole| if whole { "there" } else { "gone" });
            let place = "own node after the case".to_owned();
            found.push(compare::Difference { place, consul: consul.into(), muster: muster.into() });
        }
        let judged = known::judge(list, case.name, found);
        outcomes.push(Outcome { case: case.name, steps: case.steps.len(), judged });
    }
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_and_strange_ones_refused() {
        let read = |words: &[&str]| Options::read(words.iter().map(|word| (*word).to_owned()));
        let options = read(&["--muster", "a", "--consul", "b", "--only", "kv/", "--write"]).unwrap();
        assert_eq!((options.only.as_str(), options.write, options.list), ("kv/", true, false));
        assert!(read(&["--only"]).is_err());
        assert!(read(&["--nonsense"]).is_err());
    }

    #[test]
    fn cases_have_names_of_their_own_and_steps() {
        let mut names: Vec<&str> = cases::all().map(|case| case.name).collect();
        assert!(names.len() >= 150, "{}", names.len());
        assert!(cases::all().all(|case| !case.steps.is_empty()));
        names.sort_unstable();
        let twice: Vec<_> = names.windows(2).filter(|two| two[0] == two[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
