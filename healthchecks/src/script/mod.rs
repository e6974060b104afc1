//! Script: a command in a process group of its own, killed as a whole when its time is over or nobody waits
//! for it any more. It must never leave a process of the group behind after a timeout.

use std::{io, process::Stdio, sync::Arc, time::Duration};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    process::{Child, Command},
    time::{timeout, timeout_at},
};

use crate::{
    definition::Status,
    kinds::{self, Kind},
    output::{self, Tail},
    probe::{Outcome, Probe, Run, Running},
};

#[cfg(test)]
mod tests;

/// A killed process is gone at once unless the kernel holds it (a dead disk); then it is left to be reaped.
const REAP: Duration = Duration::from_secs(1);

pub(crate) const KIND: Kind = Kind {
    word: "script",
    claims: kinds::has_command,
    read: |check| Ok(Arc::new(Script { args: check.args.clone().unwrap_or_default() })),
    commands: true,
    timeout: Duration::from_secs(30),
};

/// A command on this host.
#[derive(Debug)]
struct Script {
    /// The program and its arguments; there is no shell unless one is named here.
    args: Vec<String>,
}

impl Probe for Script {
    fn run<'r>(&'r self, run: &'r Run<'r>) -> Running<'r> {
        Box::pin(self.execute(run))
    }
}

impl Script {
    async fn execute(&self, run: &Run<'_>) -> Outcome {
        let Some(program) = self.args.first() else {
            return Outcome::critical("exec: no command");
        };
        let (mut group, mut pipe) = match start(program, &self.args[1..]) {
            Ok(started) => started,
            Err(error) => return Outcome::critical(start_text(program, &error)),
        };
        let mut tail = Tail::new(run.output_limit);
        // All output first, then the exit: as long as the child is not reaped its number cannot become that of a
        // stranger's group, so the kill on a timeout hits nobody else.
        let ended = timeout_at(run.deadline, async {
            drain(&mut pipe, &mut tail).await?;
            group.child.wait().await
        });
        match ended.await {
            Ok(Ok(status)) => {
                group.reaped = true;
                let status = match status.code() {
                    Some(0) => Status::Passing,
                    Some(1) => Status::Warning,
                    _ => Status::Critical,
                };
                Outcome::new(status, tail.captured())
            }
            Ok(Err(error)) => Outcome::critical(error.to_string()),
            Err(_late) => {
                group.kill();
                group.reaped = matches!(timeout(REAP, group.child.wait()).await, Ok(Ok(_)));
                let mut text = format!("Timed out ({}) running check", output::duration(run.time));
                if tail.total() > 0 {
                    text = format!("{text}\n\n{}", tail.captured());
                }
                Outcome::critical(text)
            }
        }
    }
}

/// The child and all it started, as far as they stay in its group.
struct Group {
    child: Child,
    id: Option<Pid>,
    reaped: bool,
}

impl Group {
    fn kill(&self) {
        if let Some(id) = self.id {
            // An error means that nobody is left in the group.
            let _ = killpg(id, Signal::SIGKILL);
        }
    }
}

impl Drop for Group {
    /// A check was removed or the agent ends while the script runs. The runtime reaps the child.
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
        }
    }
}

/// Starts the command with one pipe for both outputs, so that their lines stay in order.
fn start(program: &str, args: &[String]) -> io::Result<(Group, pipe::Receiver)> {
    let (read, write) = io::pipe()?;
    let pipe = pipe::Receiver::from_owned_fd(read.into())?;
    let child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(write.try_clone()?)
        .stderr(write)
        .process_group(0)
        .spawn()?;
    let id = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
    Ok((Group { child, id, reaped: false }, pipe))
}

/// Reads until the last holder of the pipe closed it.
async fn drain(pipe: &mut pipe::Receiver, tail: &mut Tail) -> io::Result<()> {
    let mut chunk = vec![0; 4096];
    loop {
        match pipe.read(&mut chunk).await? {
            0 => return Ok(()),
            read => tail.push(&chunk[..read]),
        }
    }
}

fn start_text(program: &str, error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::NotFound if !program.is_empty() && !program.contains('/') => {
            return format!("exec: \"{program}\": executable file not found in $PATH");
        }
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    format!("fork/exec {program}: {why}")
}
