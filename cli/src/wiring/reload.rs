//! SIGHUP and `/v1/agent/reload`: the files are read again; services, checks and the log's level are taken up,
//! and what cannot be is named.

use std::io;
use std::sync::Arc;

use muster_agent::{Agent, Upstream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::{Loaded, Sources};

/// Sets the level of the log.
type SetLevel = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// SIGHUPs from now on; before, one ends the process.
///
/// # Errors
/// Where the system does not let us hear them.
pub(crate) fn hangups() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// What is read again, and what it said before.
pub(crate) struct Reload {
    sources: Sources,
    loaded: Loaded,
    set_level: SetLevel,
    /// The level that is in force.
    level: String,
    hangups: Signal,
}

impl Reload {
    pub(crate) fn new(sources: Sources, loaded: Loaded, set_level: SetLevel, hangups: Signal) -> Self {
        let level = level(&loaded);
        Self { sources, loaded, set_level, level, hangups }
    }
}

fn level(loaded: &Loaded) -> String {
    loaded.settings.log_level.clone().unwrap_or_else(|| "info".into())
}

/// Reloads whenever it is asked for, until `token` ends it.
pub(super) async fn run<U: Upstream>(
    agent: Agent<U>,
    mut reload: Reload,
    token: CancellationToken,
) -> io::Result<()> {
    let mut asked = agent.take_reloads();
    loop {
        let answer = tokio::select! {
            () = token.cancelled() => return Ok(()),
            _ = reload.hangups.recv() => None,
            asked = asked.recv() => asked,
        };
        let done = once(&agent, &mut reload).await;
        match &done {
            Ok(()) => tracing::info!("the configuration was read again"),
            Err(error) => tracing::error!(error, "the configuration was not taken up"),
        }
        if let Some(answer) = answer {
            let _ = answer.send(done);
        }
    }
}

async fn once<U: Upstream>(agent: &Agent<U>, reload: &mut Reload) -> Result<(), String> {
    let sources = reload.sources.clone();
    let read = tokio::task::spawn_blocking(move || sources.load()).await;
    let loaded = read.map_err(|error| error.to_string())??;
    // All is judged before any of it is taken. A level that there is not changes nothing.
    agent.judge(&loaded.services, &loaded.checks).map_err(|error| error.to_string())?;
    let level = level(&loaded);
    (reload.set_level)(&level)?;
    if let Err(error) = agent.reconfigure(loaded.services.clone(), loaded.checks.clone()).await {
        (reload.set_level)(&reload.level)?;
        return Err(error.to_string());
    }
    agent.defined_in(loaded.files.clone());
    reload.level = level;
    let left = loaded.not_reloaded(&reload.loaded);
    if !left.is_empty() {
        tracing::warn!(keys = left.join(", "), "these keys changed and need a restart to be taken up");
    } else {
        // What still waits for a restart is named again at the next reload.
        reload.loaded = loaded;
    }
    Ok(())
}
