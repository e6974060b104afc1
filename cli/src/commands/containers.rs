//! `muster containers`: what the registrator of this host registered, a line for each instance.

use std::collections::BTreeMap;

use muster_api::Stamp;
use muster_api::seen::{Check, Service, Services, marks};
use serde::Serialize;

use super::checks::since;
use super::http::HttpFlags;
use super::shown::{Format, as_json, harmless, in_table};
use super::table::{render, row};
use super::{Failure, checks, no_words};
use crate::commands::out::say;

/// Flags of `muster containers`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// With whole outputs and the tags of each instance.
    #[arg(long)]
    detailed: bool,
    /// `pretty` for people, `json` for programs.
    #[arg(long, value_enum, default_value = "pretty")]
    format: Format,
    #[arg(hide = true)]
    words: Vec<String>,
}

/// An instance that stands for a container.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    container: String,
    name: String,
    service: String,
    #[serde(rename = "ID")]
    id: String,
    address: String,
    port: u16,
    tags: Vec<String>,
    state: String,
    since: Option<Stamp>,
    output: String,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    no_words(&flags.words)?;
    let what = "Error querying the agent's services";
    let services: Services = flags.http.read(what, "/v1/muster/agent/services", &[]).await?;
    let checks = checks::fetch(&flags.http).await?;
    if flags.format == Format::Json {
        return as_json(&containers(services, checks.checks));
    }
    let found = containers(harmless(&services)?, harmless(&checks)?.checks);
    if found.is_empty() {
        eprintln!("No registrator has registered a container with this agent.");
        return Ok(());
    }
    say!("{}", if flags.detailed { blocks(&found, checks.at) } else { table(&found, checks.at) });
    Ok(())
}

/// Joins what the registrator marked with the state that it keeps of it.
fn containers(seen: Services, checks: Vec<Check>) -> Vec<Container> {
    let states = checks.into_iter().filter(|check| check.name == marks::STATE);
    let mut states: BTreeMap<String, Check> = states.map(|check| (check.service_id.clone(), check)).collect();
    let of_registrator = |service: &Service| service.meta.contains_key(marks::CONTAINER);
    let marked = seen.services.into_iter().filter(of_registrator);
    let mut found: Vec<Container> = marked
        .map(|mut service| {
            let state = states.remove(&service.id);
            let mut mark = |name: &str| service.meta.remove(name).unwrap_or_default();
            Container {
                container: mark(marks::CONTAINER),
                name: mark(marks::CONTAINER_NAME),
                service: service.service,
                address: if service.address.is_empty() { seen.address.clone() } else { service.address },
                port: service.port,
                tags: service.tags,
                // Without a check of its own, what the instance's other checks say.
                state: state.as_ref().map_or(service.status, |check| check.status.clone()),
                since: state.as_ref().and_then(|check| check.since),
                output: state.map(|check| check.output).unwrap_or_default(),
                id: service.id,
            }
        })
        .collect();
    found.sort_by(|a, b| (&a.name, &a.container, &a.id).cmp(&(&b.name, &b.container, &b.id)));
    found
}

fn place(container: &Container) -> String {
    match container.port {
        0 => container.address.clone(),
        port if container.address.contains(':') => format!("[{}]:{port}", container.address),
        port => format!("{}:{port}", container.address),
    }
}

fn table(found: &[Container], now: Stamp) -> String {
    let titles = ["Container", "Name", "Service", "Instance", "Address", "State", "Since", "Output"];
    let mut rows = vec![row(titles)];
    rows.extend(found.iter().map(|container| {
        row([
            &container.container,
            &container.name,
            &container.service,
            &container.id,
            &place(container),
            &container.state,
            &since(container.since, now),
            &in_table(&container.output),
        ])
    }));
    render(&rows)
}

fn blocks(found: &[Container], now: Stamp) -> String {
    let block = |container: &Container| {
        render(&[
            row(["Container", &container.container]),
            row(["Name", &container.name]),
            row(["Service", &container.service]),
            row(["Instance", &container.id]),
            row(["Address", &place(container)]),
            row(["Tags", &container.tags.join(",")]),
            row(["State", &container.state]),
            row(["Since", &since(container.since, now)]),
            row(["Output", &container.output.trim_end().replace('\n', "\n           ")]),
        ])
    };
    found.iter().map(block).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(id: &str, marks: &[(&str, &str)]) -> Service {
        let meta = marks.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let (id, service, status) = (id.into(), "web".into(), "passing".into());
        Service { id, service, meta, port: 80, status, ..Service::default() }
    }

    #[test]
    fn only_what_the_registrator_marked_is_a_container() {
        let marks =
            [("registrator", "h"), (marks::CONTAINER, "0123456789ab"), (marks::CONTAINER_NAME, "web-1")];
        let services = vec![service("h:web-1:80", &marks), service("by-hand", &[]), service("b", &marks)];
        let seen = Services { address: "10.0.0.1".into(), services, ..Services::default() };
        let state = Check {
            id: "h:web-1:80:container".into(),
            name: marks::STATE.into(),
            service_id: "h:web-1:80".into(),
            status: "critical".into(),
            output: "stopping: SIGTERM sent".into(),
            since: Stamp::known(1_000),
            ..Check::default()
        };
        let other = Check { name: "other".into(), status: "warning".into(), ..state.clone() };
        let found = containers(seen, vec![other, state]);
        let lines = table(&found, Stamp::from_millis(4_000));
        let words: Vec<Vec<&str>> = lines.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[1], ["0123456789ab", "web-1", "web", "b", "10.0.0.1:80", "passing", "-"]);
        let expected = "0123456789ab web-1 web h:web-1:80 10.0.0.1:80 critical 3s ago stopping: SIGTERM sent";
        assert_eq!(words[2].join(" "), expected);
        assert_eq!(words.len(), 3);
    }
}
