//! `muster services register`.

use std::collections::BTreeMap;

use muster_api::service::ServiceDefinition;
use reqwest::Method;

use super::super::Failure;
use super::super::http::HttpFlags;
use super::of_files;
use crate::commands::out::say;

/// Flags of `muster services register`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// Its address; the node's if left out.
    #[arg(long, default_value = "")]
    address: String,
    /// Its ID; the name if left out.
    #[arg(long, default_value = "")]
    id: String,
    /// Its kind.
    #[arg(long, default_value = "")]
    kind: String,
    /// Metadata, as `key=value`; may be repeated.
    #[arg(long)]
    meta: Vec<String>,
    /// Its name.
    #[arg(long, default_value = "")]
    name: String,
    /// Its port.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// A tag; may be repeated.
    #[arg(long)]
    tag: Vec<String>,
    /// Another address, as `name=address[:port]`; may be repeated.
    #[arg(long)]
    tagged_address: Vec<String>,
    /// Files with definitions.
    #[arg(value_name = "FILE")]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let said = |text: &str| Err(Failure::Said(text.into()));
    let services = match (flags.words.is_empty(), flags.name.is_empty()) {
        (true, true) => {
            return said("Service registration requires at least one argument or flags.");
        }
        (false, false) => return said("Service registration requires arguments or -id, not both."),
        (false, true) => of_files(&flags.words)?,
        (true, false) => vec![from_flags(&flags)?],
    };
    for service in services {
        let body = serde_json::to_vec(&service).map_err(|error| Failure::Said(error.to_string()))?;
        let what = format!("Error registering service {:?}", service.name);
        flags.http.call(&what, Method::PUT, "/v1/agent/service/register", &[], body).await?;
        say!("Registered service: {}", service.name);
    }
    Ok(())
}

fn from_flags(flags: &Flags) -> Result<ServiceDefinition, Failure> {
    let pair = |text: &String| {
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| Failure::Said(format!("invalid value {text:?} for flag -meta: use key=value")))?;
        Ok((key.to_owned(), value.to_owned()))
    };
    let meta: BTreeMap<String, String> = flags.meta.iter().map(pair).collect::<Result<_, Failure>>()?;
    let addresses = flags.tagged_address.iter().map(|text| {
        let unusable = || {
            Failure::Said(format!("invalid value {text:?} for flag -tagged-address: use name=address[:port]"))
        };
        let (name, at) = text.split_once('=').ok_or_else(unusable)?;
        let (host, port) = match at.rsplit_once(':') {
            Some((host, port)) if at.parse::<std::net::Ipv6Addr>().is_err() => {
                (host.trim_matches(['[', ']']), port.parse().map_err(|_| unusable())?)
            }
            _ => (at, flags.port),
        };
        let address = serde_json::json!({ "address": host, "port": port });
        Ok((name.to_owned(), serde_json::from_value(address).map_err(|_| unusable())?))
    });
    let addresses: BTreeMap<_, _> = addresses.collect::<Result<_, Failure>>()?;
    Ok(ServiceDefinition {
        id: flags.id.clone(),
        name: flags.name.clone(),
        kind: flags.kind.clone(),
        tags: (!flags.tag.is_empty()).then(|| flags.tag.clone()),
        address: flags.address.clone(),
        tagged_addresses: (!addresses.is_empty()).then_some(addresses),
        meta: (!meta.is_empty()).then_some(meta),
        port: flags.port,
        ..ServiceDefinition::default()
    })
}
