//! Container: a check whose program comes as an image. At each run a container of it is started in the network of what
//! is checked, within limits, and removed whatever happens. It must never touch a container that is not its own.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bollard::{
    Docker,
    models::{ContainerCreateBody, HostConfig, HostConfigLogConfig},
    query_parameters::{AttachContainerOptions, CreateContainerOptions},
};
use futures_util::StreamExt;
use muster_api::{ApiError, check::CheckDefinition};
use tokio::time::timeout_at;

use crate::{
    docker::{self, Engine, EngineFailure, MOST_CONTAINERS as MOST, Target},
    kinds::Kind,
    output::{self, Tail},
    probe::{Outcome, Probe, Run, Running},
};
use removal::{Removal, sweep};

mod removal;
#[cfg(test)]
mod tests;

pub(crate) use removal::begin;

/// The label of every check container: whose it is. Only that agent ever removes it.
const OWNER: &str = "muster.check.owner";

/// Every name begins with it.
const NAME: &str = "muster-check-";

/// Memory of one check, and the least that an engine takes, in bytes.
const MEMORY: i64 = 64 << 20;
const LEAST_MEMORY: i64 = 6 << 20;

/// Processes of one check.
const PIDS: i64 = 64;

/// Processor time of one check, in billionths of a processor.
const NANO_CPUS: i64 = 1_000_000_000;

pub(crate) const KIND: Kind = Kind {
    word: "container",
    claims: |check| !check.check_image.is_empty(),
    read: |check| Ok(Arc::new(CheckContainer::read(check)?)),
    commands: true,
    timeout: Duration::from_secs(30),
};

/// A program in an image, run to ask how something is.
#[derive(Debug)]
struct CheckContainer {
    image: String,
    /// The command; that of the image where there is none.
    args: Option<Vec<String>>,
    /// Whose network it joins; none means the host's.
    target: Option<Target>,
    memory: i64,
    pids: i64,
}

impl CheckContainer {
    fn read(check: &CheckDefinition) -> Result<Self, ApiError> {
        let bad = |text: String| Err(ApiError::BadRequest(format!("Invalid check: {text}")));
        let or = |asked: i64, default: i64| if asked == 0 { default } else { asked };
        let (memory, pids) = (or(check.memory_limit, MEMORY), or(check.pids_limit, PIDS));
        if memory < LEAST_MEMORY {
            return bad(format!("MemoryLimit {memory} must be at least {LEAST_MEMORY} bytes (6 MiB)"));
        }
        if pids < 1 {
            return bad(format!("PidsLimit {pids} must be at least 1"));
        }
        let container = check.docker_container_id.as_str();
        Ok(Self {
            image: check.check_image.clone(),
            args: check.args.clone().filter(|args| !args.is_empty()),
            target: if container.is_empty() { None } else { Some(Target::read(container)?) },
            memory,
            pids,
        })
    }

    async fn execute(&self, run: &Run<'_>) -> Outcome {
        let Ok(_place) = timeout_at(run.deadline, run.reach.engine.place()).await else {
            let time = output::duration(run.time);
            return Outcome::critical(format!("{self}: {MOST} others ran for all of its time ({time})"));
        };
        let (mut tail, mut removal) = (Tail::new(run.output_limit), None);
        let ended = timeout_at(run.deadline, self.attempt(run, &mut tail, &mut removal)).await;
        let mut outcome = match ended {
            Ok(Ok(code)) => Outcome::new(docker::judge(code), tail.captured()),
            Ok(Err(why)) => Outcome::critical(format!("{self}: {why}")),
            Err(_late) => Outcome::critical(docker::late(run.time, &tail)),
        };
        if let Some(removal) = removal
            && let Err(left) = removal.finish().await
        {
            outcome.output = format!("{}\n{left}", outcome.output);
        }
        outcome
    }

    /// The exit code. What has to be removed after the run is in `removal`, whatever happens to this.
    async fn attempt(
        &self,
        run: &Run<'_>,
        tail: &mut Tail,
        removal: &mut Option<Removal>,
    ) -> Result<i64, String> {
        let engine = &run.reach.engine;
        let docker = engine.meet().await.map_err(|failure| failure.to_string())?;
        sweep(engine, &docker).await;
        let network = match &self.target {
            None => "host".to_owned(),
            Some(target) => {
                let id = target.find(engine, &docker).await.map_err(|absent| absent.to_string())?;
                format!("container:{id}")
            }
        };
        let name = format!("{NAME}{:016x}", rand::random::<u64>());
        let removal = removal.insert(Removal::of(engine, &docker, &name));
        let failed = |error| engine.failure(error);
        let options = CreateContainerOptions { name: Some(name.clone()), ..Default::default() };
        let created = docker.create_container(Some(options), self.body(engine, network)).await;
        if let Err(error) = created {
            let failure = failed(error);
            removal.nothing_is_there_if(&failure);
            return Err(self.not_created(&failure));
        }
        let options =
            AttachContainerOptions { stream: true, stdout: true, stderr: true, ..Default::default() };
        let attached = docker.attach_container(&name, Some(options)).await;
        let mut output = attached.map_err(|error| failed(error).to_string())?.output;
        docker.start_container(&name, None).await.map_err(|error| failed(error).to_string())?;
        while let Some(chunk) = output.next().await {
            tail.push(chunk.map_err(|error| failed(error).to_string())?.as_ref());
        }
        exit_code(engine, &docker, &name).await.map_err(|failure| failure.to_string())
    }

    fn body(&self, engine: &Engine, network: String) -> ContainerCreateBody {
        let words = |words: &[&str]| Some(words.iter().map(|&word| word.to_owned()).collect());
        // The second one is for registrators: it is no service, whatever its image says.
        let labels = [(OWNER, engine.owner()), ("SERVICE_IGNORE", "true")];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
        ContainerCreateBody {
            image: Some(self.image.clone()),
            cmd: self.args.clone(),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            // An engine that ends waits so many seconds for it.
            stop_timeout: Some(1),
            labels: Some(HashMap::from(labels)),
            host_config: Some(HostConfig {
                network_mode: Some(network),
                memory: Some(self.memory),
                // The same with swap: there is none for it.
                memory_swap: Some(self.memory),
                nano_cpus: Some(NANO_CPUS),
                pids_limit: Some(self.pids),
                readonly_rootfs: Some(true),
                tmpfs: Some(HashMap::from([("/tmp".to_owned(), "size=16m,mode=1777".to_owned())])),
                cap_drop: words(&["ALL"]),
                security_opt: words(&["no-new-privileges"]),
                // What it says comes to us, and to no file that grows.
                log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn not_created(&self, failure: &EngineFailure) -> String {
        if failure.is_missing() && failure.to_string().to_lowercase().contains("image") {
            return format!("{failure}: this host has no such image; `docker pull {}` gets it", self.image);
        }
        failure.to_string()
    }
}

impl std::fmt::Display for CheckContainer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.target {
            None => write!(f, "check container of {} in the host's network", self.image),
            Some(target) => write!(f, "check container of {} in the network of {target}", self.image),
        }
    }
}

impl Probe for CheckContainer {
    fn run<'r>(&'r self, run: &'r Run<'r>) -> Running<'r> {
        Box::pin(self.execute(run))
    }
}

/// Waits for the end.
async fn exit_code(engine: &Engine, docker: &Docker, name: &str) -> Result<i64, EngineFailure> {
    let ended = docker.wait_container(name, None).next().await;
    match ended {
        Some(Ok(ended)) => Ok(ended.status_code),
        // The library's form of every code but zero.
        Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => Ok(code),
        Some(Err(error)) => Err(engine.failure(error)),
        None => Err(engine.no_answer()),
    }
}
