//! SIGHUP and `/v1/agent/reload`: the files are read again; services, checks and the log's level are taken up,
//! and what cannot be is named.

use std::io;
use std::sync::Arc;

use muster_agent::{Agent, Upstream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::{Loaded, Sources};

/// Sets the level of the log.
type SetLevel = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// What is read again, and what it said before.
pub(crate) struct Reload {
    pub(crate) sources: Sources,
    pub(crate) loaded: Loaded,
    pub(crate) set_level: SetLevel,
}

/// Reloads whenever it is asked for, until `token` ends it.
pub(super) async fn run<U: Upstream>(
    agent: Agent<U>,
    mut reload: Reload,
    token: CancellationToken,
) -> io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut asked = agent.take_reloads();
    loop {
        let answer = tokio::select! {
            () = token.cancelled() => return Ok(()),
            _ = hangup.recv() => None,
            asked = asked.recv() => asked,
        };
        let done = once(&agent, &mut reload).await;
        match &done {
            Ok(()) => tracing::info!("the configuration was read again"),
            Err(error) => tracing::error!(error, "the configuration was not taken up; the former one stays"),
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
    (reload.set_level)(loaded.settings.log_level.as_deref().unwrap_or("info"))?;
    let taken = agent.reconfigure(loaded.services.clone(), loaded.checks.clone()).await;
    taken.map_err(|error| error.to_string())?;
    let left = loaded.not_reloaded(&reload.loaded);
    if !left.is_empty() {
        tracing::warn!(keys = left.join(", "), "these keys changed and need a restart to be taken up");
    } else {
        // What still waits for a restart is named again at the next reload.
        reload.loaded = loaded;
    }
    Ok(())
}
