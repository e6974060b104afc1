//! `muster services deregister`.

use super::super::Failure;
use super::super::http::{HttpFlags, segment};
use super::of_files;
use crate::commands::out::say;

/// Flags of `muster services deregister`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// The instance's ID.
    #[arg(long, default_value = "")]
    id: String,
    /// Files with definitions.
    #[arg(value_name = "FILE")]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let said = |text: &str| Err(Failure::Said(text.into()));
    let ids: Vec<String> = match (flags.words.is_empty(), flags.id.is_empty()) {
        (true, true) => return said("Service deregistration requires at least one argument or -id."),
        (false, false) => return said("Service deregistration requires arguments or -id, not both."),
        (true, false) => vec![flags.id.clone()],
        (false, true) => {
            let services = of_files(&flags.words)?.into_iter();
            services.map(|service| if service.id.is_empty() { service.name } else { service.id }).collect()
        }
    };
    for id in ids {
        let path = format!("/v1/agent/service/deregister/{}", segment(&id));
        flags.http.put(&format!("Error deregistering service {id:?}"), &path, &[]).await?;
        say!("Deregistered service: {id}");
    }
    Ok(())
}
