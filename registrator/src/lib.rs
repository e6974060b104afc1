//! What containers there are, and what should therefore be registered. An event of the engine only says where to look;
//! what is done follows from the difference between what there is and what the agent has of ours. It takes nothing away
//! that does not carry its owner's mark, and never ends because an engine or an agent does.

mod act;
mod backoff;
mod config;
mod container;
mod diff;
mod engine;
mod health;
mod instance;
mod known;
mod labels;
mod looks;
mod plan;
mod reconcile;
mod registrar;

pub use config::Config;
pub use engine::Engine;
pub use labels::template::{Template, TemplateError};
pub use plan::{Deregister, Settings};
pub use registrar::{Registrar, Unreachable};
use tokio_util::sync::CancellationToken;

/// Keeps what `registrar` has in accord with the containers of `engine`, until `token` ends it. What is registered then
/// stays: the next life takes it up.
pub async fn run<R: Registrar>(engine: Engine, registrar: R, config: Config, token: CancellationToken) {
    reconcile::Reconciler::new(registrar, config).run(&engine, &token).await;
}
