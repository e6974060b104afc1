//! `muster why`: why instances are, or are not, in an answer. It ends with 0 where all that were asked for are in the
//! answer of `/v1/health/service/<name>?passing`, with 2 where one is not or there is none, with 1 where it could not
//! be found out.

mod words;

use muster_api::seen::Services;
use muster_api::why::Why;

use super::Failure;
use super::http::{HttpFlags, segment};
use super::shown::{Format, as_json, harmless};
use crate::commands::out::say;

/// Flags of `muster why`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// With whole outputs, and the checks that pass.
    #[arg(long)]
    detailed: bool,
    /// `pretty` for people, `json` for programs.
    #[arg(long, value_enum, default_value = "pretty")]
    format: Format,
    /// Only instances on this node.
    #[arg(long)]
    node: Option<String>,
    /// As for who asks for instances with this tag; may be repeated.
    #[arg(long)]
    tag: Vec<String>,
    /// A service, or the ID of an instance.
    #[arg(value_name = "SERVICE|INSTANCE")]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let [name] = flags.words.as_slice() else {
        return Err(Failure::Said("A single service or instance ID must be specified.".into()));
    };
    let node = flags.node.iter().map(|node| ("node", node.as_str()));
    let query: Vec<(&str, &str)> = node.chain(flags.tag.iter().map(|tag| ("tag", tag.as_str()))).collect();
    let path = format!("/v1/muster/why/{}", segment(name));
    let why: Why = flags.http.read("Error asking why", &path, &query).await?;
    match flags.format {
        Format::Json => as_json(&why)?,
        Format::Pretty => {
            let here = if why.instances.is_empty() { here(&flags.http, name).await } else { None };
            say!("{}", words::told(&harmless(&why)?, flags.node.as_deref(), here.as_deref(), flags.detailed));
        }
    }
    let found = !why.instances.is_empty() && why.instances.iter().all(|instance| instance.found.passing);
    if found { Ok(()) } else { Err(Failure::Nothing) }
}

/// The node of the agent that is asked, if it has such an instance itself: then the catalog was not told of it yet.
async fn here(http: &HttpFlags, name: &str) -> Option<String> {
    let own: Services = http.read("", "/v1/muster/agent/services", &[]).await.ok()?;
    let named = own.services.iter().any(|service| service.service == name || service.id == name);
    named.then_some(own.node)
}
