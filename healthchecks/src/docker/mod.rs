//! Docker: a command inside a container, as `docker exec` runs it. It must never leave a process of it behind.

use std::{sync::Arc, time::Duration};

use bollard::{Docker, exec::StartExecResults, models::ExecConfig};
use futures_util::StreamExt;
use tokio::time::{sleep, timeout_at};

use crate::{
    definition::Status,
    kinds::Kind,
    output::{self, Tail},
    probe::{Outcome, Probe, Run, Running},
};
use engine::Failure;
use target::Absent;

mod engine;
mod leftover;
mod target;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use engine::{Engine, Failure as EngineFailure, MOST_CONTAINERS};
pub(crate) use target::Target;

/// What ends a command where the definition names no shell.
const SHELL: &str = "/bin/sh";

pub(crate) const KIND: Kind = Kind {
    word: "docker",
    // Without a command it is none, as in Consul.
    claims: |check| {
        !check.docker_container_id.is_empty() && check.args.as_ref().is_some_and(|args| !args.is_empty())
    },
    read: |check| {
        Ok(Arc::new(Exec {
            target: Target::read(&check.docker_container_id)?,
            command: command(&check.shell, check.args.clone().unwrap_or_default()),
            shell: if check.shell.is_empty() { SHELL.to_owned() } else { check.shell.clone() },
        }))
    },
    commands: true,
    timeout: Duration::from_secs(30),
};

/// A command in a container.
#[derive(Debug)]
struct Exec {
    target: Target,
    command: Vec<String>,
    /// A shell in the container, for what has to be done there besides.
    shell: String,
}

/// Arguments are run as they are, as in Consul. What Consul cannot run, one line and a shell, is for the shell.
fn command(shell: &str, args: Vec<String>) -> Vec<String> {
    match args.as_slice() {
        [line] if !shell.is_empty() => vec![shell.to_owned(), "-c".to_owned(), line.clone()],
        _ => args,
    }
}

impl Probe for Exec {
    fn run<'r>(&'r self, run: &'r Run<'r>) -> Running<'r> {
        Box::pin(self.execute(run))
    }
}

impl Exec {
    async fn execute(&self, run: &Run<'_>) -> Outcome {
        let (mut tail, mut started) = (Tail::new(run.output_limit), None);
        let ended = timeout_at(run.deadline, self.attempt(run, &mut tail, &mut started)).await;
        let mut outcome = match ended {
            Ok(Ok(code)) => {
                if let Some(mut command) = started.take() {
                    command.ended = true;
                }
                Outcome::new(judge(code), tail.captured())
            }
            Ok(Err(failure)) => Outcome::critical(failure),
            Err(_late) => Outcome::critical(late(run.time, &tail)),
        };
        if let Some(command) = started
            && let Err(left) = command.end().await
        {
            outcome.output = format!("{}\n{left}", outcome.output);
        }
        outcome
    }

    /// The exit code. What has to end with the run is in `started`, whatever happens to this.
    async fn attempt(
        &self,
        run: &Run<'_>,
        tail: &mut Tail,
        started: &mut Option<leftover::Command>,
    ) -> Result<i64, String> {
        let engine = &run.reach.engine;
        let docker = engine.meet().await.map_err(|failure| failure.to_string())?;
        let container = self.target.find(engine, &docker).await.map_err(|absent| refused(&absent))?;
        let mark = leftover::mark(engine.owner(), engine.life());
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            env: Some(vec![mark.clone()]),
            cmd: Some(self.command.clone()),
            ..Default::default()
        };
        let failed = |error| engine.failure(error).to_string();
        let created = docker.create_exec(&container, config).await;
        let id = created.map_err(|error| self.not_created(engine.failure(error)))?.id;
        let command = leftover::Command {
            engine: engine.clone(),
            docker: docker.clone(),
            container,
            shell: self.shell.clone(),
            mark,
            id: id.clone(),
            ended: false,
        };
        *started = Some(command);
        if let StartExecResults::Attached { mut output, .. } =
            docker.start_exec(&id, None).await.map_err(failed)?
        {
            while let Some(chunk) = output.next().await {
                tail.push(chunk.map_err(failed)?.as_ref());
            }
        }
        exit_code(engine, &docker, &id).await.map_err(|failure| failure.to_string())
    }

    /// The container may have gone or stopped since it was found.
    fn not_created(&self, failure: Failure) -> String {
        let absent = match failure {
            Failure::Refused { status: 404, .. } => Absent::Unknown(self.target.to_string()),
            Failure::Refused { status: 409, .. } => Absent::Still(self.target.to_string()),
            other => Absent::Failed(other),
        };
        refused(&absent)
    }
}

/// In Consul's words.
fn refused(absent: &Absent) -> String {
    match absent {
        Absent::Unknown(_) => format!("create exec failed for {absent}"),
        Absent::Still(_) => format!("create exec failed since {absent}"),
        Absent::Failed(failure) => failure.to_string(),
    }
}

/// Waits for the end of a command whose output has ended: it may have closed it before.
async fn exit_code(engine: &Engine, docker: &Docker, id: &str) -> Result<i64, Failure> {
    let mut pause = Duration::from_millis(5);
    loop {
        let state = docker.inspect_exec(id).await.map_err(|error| engine.failure(error))?;
        if let (Some(code), Some(false) | None) = (state.exit_code, state.running) {
            return Ok(code);
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}

/// Ends what an earlier life of this agent has left in containers.
pub(crate) async fn begin(engine: &Engine) {
    let (owner, life) = (engine.owner().to_owned(), engine.life());
    if tokio::task::spawn_blocking(move || leftover::sweep(&owner, life)).await.is_err() {
        tracing::error!("the search for commands that were left behind broke down");
    }
}

/// The status that an exit code stands for.
pub(crate) fn judge(code: i64) -> Status {
    match code {
        0 => Status::Passing,
        1 => Status::Warning,
        _ => Status::Critical,
    }
}

/// What is said of a run that took too long.
pub(crate) fn late(time: Duration, tail: &Tail) -> String {
    let text = format!("Timed out ({}) running check", output::duration(time));
    if tail.total() == 0 { text } else { format!("{text}\n\n{}", tail.captured()) }
}
