//! `muster agent`: settles flags and files, starts the log, hands over to the wiring.

mod flags;
mod settings;

use std::io::IsTerminal as _;
use std::sync::Arc;

pub(crate) use flags::Flags;
pub(crate) use settings::{Role, settle};
use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::wiring;
use crate::wiring::reload::{self, Reload};

pub(crate) async fn run(flags: Flags) -> Result<(), Failure> {
    // First of all: who asks for a reload while the agent starts shall not end it.
    let hangups = reload::hangups().map_err(|error| Failure::Io { what: "SIGHUP".into(), error })?;
    let sources = flags.sources();
    let loaded = sources.load().map_err(Failure::Said)?;
    let level = flags.log_level.clone().or_else(|| loaded.settings.log_level.clone());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter(level.as_deref().unwrap_or("info")).map_err(Failure::Said)?)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_filter_reloading();
    let handle = log.reload_handle();
    log.init();
    if !loaded.idle.is_empty() {
        tracing::warn!(keys = loaded.idle.join(", "), "these keys are taken and have no effect");
    }
    if flags.ui {
        tracing::warn!("there is no user interface: -ui has no effect");
    }
    let temporary = flags.dev.then(tempfile::tempdir).transpose();
    let temporary = temporary.map_err(|error| Failure::Io { what: "temporary folder".into(), error })?;
    let folder = temporary.as_ref().map(|folder| folder.path().to_owned());
    let role = settle(&flags, &loaded, folder).map_err(Failure::Said)?;
    let fixed_level = flags.log_level.is_some();
    let set_level = move |level: &str| {
        if fixed_level {
            return Ok(());
        }
        handle.reload(filter(level)?).map_err(|error| error.to_string())
    };
    let reload = Reload::new(sources, loaded, Arc::new(set_level), hangups);
    let ran = match role {
        Role::Server(settings) => wiring::server::run(settings, reload).await,
        Role::Host(settings) => wiring::host::run(settings, reload).await,
    };
    ran.map_err(|error| Failure::Io { what: "muster agent".into(), error })
}

/// The filter of the log for a level.
pub(super) fn filter(level: &str) -> Result<EnvFilter, String> {
    let lower = level.to_ascii_lowercase();
    let lower = if lower == "err" { "error" } else { &lower };
    if !["trace", "debug", "info", "warn", "error"].contains(&lower) {
        return Err(format!("log_level {level}: use trace, debug, info, warn or error"));
    }
    // The management of members says on top what we answer or try again.
    format!("{lower},openraft=error,openraft::raft::api::management=off")
        .parse()
        .map_err(|_| format!("log_level {level} cannot be used"))
}
