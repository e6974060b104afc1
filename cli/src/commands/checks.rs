//! `muster checks`: the checks of this host, as its agent knows them.

use muster_api::seen::{Check, Checks};
use muster_api::{Stamp, seen};

use super::http::HttpFlags;
use super::shown::{Format, as_json, harmless, in_table, moment, span};
use super::table::{render, row};
use super::{Failure, no_words};
use crate::commands::out::say;

/// Flags of `muster checks`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// Everything that is known of each check, with its whole output.
    #[arg(long)]
    detailed: bool,
    /// `pretty` for people, `json` for programs.
    #[arg(long, value_enum, default_value = "pretty")]
    format: Format,
    /// Only the checks of this instance.
    #[arg(long)]
    service: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    no_words(&flags.words)?;
    let mut seen = fetch(&flags.http).await?;
    if let Some(service) = &flags.service {
        seen.checks.retain(|check| check.service_id == *service);
    }
    if flags.format == Format::Json {
        return as_json(&seen);
    }
    if seen.checks.is_empty() {
        eprintln!("No checks are registered with this agent.");
        return Ok(());
    }
    let seen = harmless(&seen)?;
    say!("{}", if flags.detailed { blocks(&seen) } else { table(&seen) });
    Ok(())
}

/// What the agent knows of its checks.
pub(super) async fn fetch(http: &HttpFlags) -> Result<Checks, Failure> {
    http.read("Error querying the agent's checks", "/v1/muster/agent/checks", &[]).await
}

fn table(seen: &Checks) -> String {
    let mut rows = vec![row(["Check", "Instance", "Type", "Status", "Since", "Next", "Defined", "Output"])];
    rows.extend(seen.checks.iter().map(|check| {
        row([
            &check.id,
            &check.service_id,
            &check.kind,
            &check.status,
            &since(check.since, seen.at),
            &next(check),
            &defined(check),
            &in_table(&check.output),
        ])
    }));
    render(&rows)
}

fn blocks(seen: &Checks) -> String {
    let block = |check: &Check| {
        let service = match check.service_id.as_str() {
            "" => format!("node {}", seen.node),
            id if id == check.service_name => id.to_owned(),
            id => format!("{id} of {}", check.service_name),
        };
        let rows = [
            row(["Check", &check.id]),
            row(["Name", &check.name]),
            row(["Of", &service]),
            row(["Type", &check.kind]),
            row(["Status", &check.status]),
            row(["Since", &check.since.map_or_else(unknown, |since| moment(since, seen.at))]),
            row(["Next", &next(check)]),
            row([
                "Failures",
                &format!(
                    "{}warning at {}, critical at {}",
                    in_a_row(check.failures_in_a_row),
                    threshold(check.failures_before_warning),
                    check.failures_before_critical.max(1),
                ),
            ]),
            row([
                "Successes",
                &format!(
                    "{}passing at {}",
                    in_a_row(check.successes_in_a_row),
                    check.success_before_passing.max(1)
                ),
            ]),
            row(["Defined", &format!("{} {}", check.defined_by.as_str(), check.file)]),
            row(["Catalog", if check.told { "has been told" } else { "has yet to be told" }]),
            row(["Notes", &check.notes]),
            row(["Output", &check.output.trim_end().replace('\n', "\n           ")]),
        ];
        render(
            &rows
                .into_iter()
                .filter(|row| row.last().is_some_and(|cell| !cell.is_empty()))
                .collect::<Vec<_>>(),
        )
    };
    seen.checks.iter().map(block).collect::<Vec<_>>().join("\n\n")
}

/// Who defines it, with the file's name where one does.
fn defined(check: &Check) -> String {
    let name = check.file.rsplit('/').next().unwrap_or_default();
    format!("{} {name}", check.defined_by.as_str()).trim_end().to_owned()
}

/// How many results came in a row, where they were counted: a status that was believed at once counts none.
fn in_a_row(count: Option<u32>) -> String {
    count.map_or_else(String::new, |count| format!("{count} in a row; "))
}

fn threshold(results: i64) -> String {
    if results > 0 { results.to_string() } else { "never".into() }
}

fn unknown() -> String {
    "not known".into()
}

/// How long ago; `-` where that is not known.
pub(super) fn since(since: Option<Stamp>, now: Stamp) -> String {
    since.map_or_else(|| "-".into(), |since| format!("{} ago", span(since.until(now))))
}

fn next(check: &seen::Check) -> String {
    match check.next_in_ms {
        _ if check.running => "runs now".into(),
        Some(millis) => format!("in {}", span(std::time::Duration::from_millis(millis))),
        None => "-".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_made_up() {
        let check = Check { id: "c".into(), status: "critical".into(), ..Check::default() };
        let running = Check { id: "r".into(), running: true, since: Stamp::known(1), ..Check::default() };
        let at = Stamp::from_millis(60_001);
        let seen = Checks { node: "n".into(), at, checks: vec![check, running] };
        let table = table(&seen);
        let words: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[1], ["c", "critical", "-", "-", "api"]);
        assert_eq!(words[2], ["r", "1m00s", "ago", "runs", "now", "api"]);
        let blocks = blocks(&seen);
        assert!(
            blocks.contains("Since      not known\n")
                && blocks.contains("Failures   warning at never, critical at 1")
        );
    }
}
