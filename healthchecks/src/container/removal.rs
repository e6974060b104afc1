//! The removal of check containers: each after its run, and at the first meeting with an engine those that an earlier
//! life of this agent, or an engine that was away, has left. It must never remove what does not carry the owner's label.

use std::{collections::HashMap, time::Duration};

use bollard::{
    Docker,
    query_parameters::{ListContainersOptions, RemoveContainerOptions},
};
use tokio::time::{Instant, sleep, timeout};

use super::{NAME, OWNER};
use crate::docker::{Engine, EngineFailure};

/// How long it is tried.
const PATIENCE: Duration = Duration::from_secs(8);

/// A container that was just asked for may be there after it was looked for.
const MAY_COME: Duration = Duration::from_secs(1);

/// A container that has to go with its run. Dropped before it has gone, it is removed then.
pub(super) struct Removal {
    engine: Engine,
    docker: Docker,
    name: String,
    /// Nothing has to be done any more.
    done: bool,
}

impl Removal {
    /// Of the container of this name, which is about to be made.
    pub(super) fn of(engine: &Engine, docker: &Docker, name: &str) -> Self {
        engine.own(name);
        Self { engine: engine.clone(), docker: docker.clone(), name: name.to_owned(), done: false }
    }

    /// The engine has refused to make it.
    pub(super) fn nothing_is_there_if(&mut self, failure: &EngineFailure) {
        if matches!(failure, EngineFailure::Refused { .. }) {
            self.done = true;
            self.engine.disown(&self.name);
        }
    }

    /// Removes it, or says what is left.
    pub(super) async fn finish(mut self) -> Result<(), String> {
        if self.done {
            return Ok(());
        }
        let left = remove(&self.engine, &self.docker, &self.name).await;
        self.done = true;
        left
    }
}

impl Drop for Removal {
    /// The check was removed or the agent ends during the run.
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let (engine, docker, name) = (self.engine.clone(), self.docker.clone(), self.name.clone());
        self.engine.clean(async move {
            if let Err(left) = remove(&engine, &docker, &name).await {
                tracing::warn!("a check was stopped: {left}");
            }
        });
    }
}

/// Removes a container with its processes. One that stays is found by the sweep at the next meeting.
async fn remove(engine: &Engine, docker: &Docker, name: &str) -> Result<(), String> {
    let removed = timeout(PATIENCE, until_removed(engine, docker, name)).await;
    engine.disown(name);
    let why = match removed {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(failure)) => failure.to_string(),
        Err(_late) => engine.no_answer().to_string(),
    };
    engine.forget();
    Err(format!("check container {name} could not be removed: {why}; it is tried again at the next run"))
}

async fn until_removed(engine: &Engine, docker: &Docker, name: &str) -> Result<(), EngineFailure> {
    let began = Instant::now();
    loop {
        let options = RemoveContainerOptions { force: true, v: true, ..Default::default() };
        match docker.remove_container(name, Some(options)).await.map_err(|error| engine.failure(error)) {
            Ok(()) => return Ok(()),
            Err(failure) if failure.is_missing() && began.elapsed() > MAY_COME => return Ok(()),
            // Somebody else removes it too, or it is not there yet.
            Err(EngineFailure::Refused { status: 404 | 409, .. }) => {}
            Err(failure) => return Err(failure),
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Removes what an earlier life has left, if the engine is there; else the first check of it does.
pub(crate) async fn begin(engine: &Engine) {
    match timeout(PATIENCE, engine.meet()).await {
        Ok(Ok(docker)) => sweep(engine, &docker).await,
        Ok(Err(error)) => tracing::debug!(%error, "no container engine"),
        Err(_late) => tracing::debug!("no container engine: it does not answer"),
    }
}

/// Removes this agent's containers that belong to no running check, once for each meeting with the engine.
pub(super) async fn sweep(engine: &Engine, docker: &Docker) {
    let Some(search) = engine.search() else { return };
    let label = format!("{OWNER}={}", engine.owner());
    let filters = HashMap::from([("label".to_owned(), vec![label])]);
    let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
    let found = match docker.list_containers(Some(options)).await.map_err(|error| engine.failure(error)) {
        Ok(found) => found,
        Err(error) => return tracing::warn!(%error, "check containers of an earlier life may be left"),
    };
    for container in found {
        let names = container.names.unwrap_or_default();
        let name = names.iter().map(|name| name.trim_start_matches('/')).find(|name| name.starts_with(NAME));
        let Some(name) = name.filter(|name| !engine.owns(name)) else { continue };
        tracing::info!(name, "removes a check container that was left behind");
        if let Err(left) = remove(engine, docker, name).await {
            tracing::warn!("{left}");
        }
    }
    search.done();
}
