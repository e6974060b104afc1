//! The end of a command in a container that nobody waits for any more. Docker has no call for it: the processes are
//! found by a mark in their environment, on this host where it can see them, else by a shell inside the container. It
//! must never end a process without the mark that is no child of one with it.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use bollard::{Docker, exec::StartExecResults, models::ExecConfig};
use futures_util::StreamExt;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::time::{Instant, sleep, timeout};

use super::engine::Engine;

/// The variable whose value is one run's alone.
const VARIABLE: &str = "MUSTER_CHECK_RUN";

/// How long it is tried.
const PATIENCE: Duration = Duration::from_secs(5);

/// A command that was just asked for may begin after it was looked for.
const MAY_BEGIN: Duration = Duration::from_secs(1);

/// Looks at all processes, at most: one that starts others faster than they are found is ended at the next try.
const ROUNDS: usize = 20;

/// Ends what the container's shell sees with the mark. Only what every shell has built in is used.
const INSIDE: &str = "for p in /proc/[0-9]*; do while read -r e || [ -n \"$e\" ]; do case $e in *\"$0\"*) \
                      kill -9 \"${p#/proc/}\";; esac; e=; done <\"$p/environ\"; done 2>/dev/null";

/// What marks one run, as it stands in the environment: whose it is, in which of the owner's lives, and a number.
pub(crate) fn mark(owner: &str, life: u64) -> String {
    format!("{}{life:016x}:{:032x}", of_owner(owner), rand::random::<u128>())
}

fn of_owner(owner: &str) -> String {
    format!("{VARIABLE}={owner}:")
}

/// Ends what earlier lives of the owner have left, as far as this host sees it.
pub(crate) fn sweep(owner: &str, life: u64) {
    let (ours, now) = (of_owner(owner), format!("{}{life:016x}:", of_owner(owner)));
    if end_all_with(|line| line.starts_with(ours.as_bytes()) && !line.starts_with(now.as_bytes())) {
        tracing::info!("ended commands in containers that were left behind");
    }
}

/// A command that has to end with its run. Dropped before it is known to have ended, it is ended then.
#[derive(Clone)]
pub(crate) struct Command {
    pub(crate) engine: Engine,
    pub(crate) docker: Docker,
    pub(crate) container: String,
    pub(crate) shell: String,
    pub(crate) mark: String,
    /// The exec, as the engine calls it.
    pub(crate) id: String,
    /// It is known to have ended.
    pub(crate) ended: bool,
}

impl Command {
    /// Ends it with all that it started, or says what is left.
    pub(crate) async fn end(mut self) -> Result<(), String> {
        let left = self.end_in_time().await;
        self.ended = true;
        left
    }

    async fn end_in_time(&self) -> Result<(), String> {
        let left = timeout(PATIENCE, self.end_all()).await;
        left.unwrap_or_else(|_late| Err("the engine does not answer".to_owned()))
            .map_err(|why| format!("its processes in container {} could not be ended: {why}", self.container))
    }

    async fn end_all(&self) -> Result<(), String> {
        let began = Instant::now();
        let (mut here, mut inside, mut begun) = (false, None, false);
        loop {
            let mark = self.mark.clone();
            here |= tokio::task::spawn_blocking(move || end_here(&mark)).await.unwrap_or_default();
            let runs = match self.docker.inspect_exec(&self.id).await {
                Ok(state) => {
                    begun |= state.running == Some(true) || state.exit_code.is_some();
                    state.running == Some(true)
                }
                // Without the engine only this host can be asked; and what was in a container that is gone is gone.
                Err(error) => {
                    let failure = self.engine.failure(error);
                    return if here || failure.is_missing() { Ok(()) } else { Err(failure.to_string()) };
                }
            };
            let late = began.elapsed() > MAY_BEGIN;
            if !runs && (here || inside.is_some() && (begun || late)) {
                return Ok(());
            }
            if !here && (runs || inside.is_none()) {
                inside = Some(end_inside(&self.docker, &self.container, &self.shell, &self.mark).await);
            }
            if let Some(Err(why)) = &inside
                && runs
                && late
            {
                return Err(why.clone());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Command {
    /// The check was removed or the agent ends while the command runs.
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        // Whatever becomes of this one, it does not try again.
        let last = self.clone();
        self.engine.clean(async move {
            if let Err(left) = last.end_in_time().await {
                tracing::warn!("a check was stopped: {left}");
            }
        });
    }
}

/// Ends the processes of one run that this host sees; whether there were any.
fn end_here(mark: &str) -> bool {
    end_all_with(|line| line == mark.as_bytes())
}

/// Ends the processes with a mark, and their children, that this host sees; whether there were any. They are there
/// where the engine runs on this host and this process may look at them.
fn end_all_with(is_marked: impl Fn(&[u8]) -> bool) -> bool {
    let send = |id: i32, signal| {
        // An error means that it has gone.
        let _ = kill(Pid::from_raw(id), signal);
    };
    // First all stand still: one that runs could start another that nobody finds once its parent has gone.
    let mut held = BTreeSet::new();
    for _ in 0..ROUNDS {
        let new: Vec<_> = marked(&is_marked).into_iter().filter(|id| !held.contains(id)).collect();
        if new.is_empty() {
            break;
        }
        new.iter().for_each(|&id| send(id, Signal::SIGSTOP));
        held.extend(new);
    }
    held.iter().for_each(|&id| send(id, Signal::SIGKILL));
    for _ in 0..ROUNDS {
        if held.is_empty() || marked(&is_marked).is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    !held.is_empty()
}

fn marked(is_marked: impl Fn(&[u8]) -> bool) -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let (mut found, mut children) = (Vec::new(), HashMap::<i32, Vec<i32>>::new());
    for id in ids {
        let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(&is_marked) {
            found.push(id);
        }
        if let Some(parent) = parent(id) {
            children.entry(parent).or_default().push(id);
        }
    }
    // Children count even if they have cleared their environment.
    let mut at = 0;
    while let Some(id) = found.get(at) {
        found.extend(children.remove(id).unwrap_or_default());
        at += 1;
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn parent(id: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in brackets and may hold anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Ends the processes with the mark by a shell inside the container.
pub(super) async fn end_inside(
    docker: &Docker,
    container: &str,
    shell: &str,
    mark: &str,
) -> Result<(), String> {
    let command = [shell, "-c", INSIDE, mark].map(str::to_owned).to_vec();
    let config = ExecConfig { cmd: Some(command), attach_stdout: Some(true), ..Default::default() };
    let text = |error: bollard::errors::Error| error.to_string();
    let exec = docker.create_exec(container, config).await.map_err(text)?;
    // Its output ends with it.
    if let StartExecResults::Attached { mut output, .. } =
        docker.start_exec(&exec.id, None).await.map_err(text)?
    {
        while let Some(Ok(_)) = output.next().await {}
    }
    match docker.inspect_exec(&exec.id).await.map_err(text)?.exit_code {
        Some(126 | 127) => Err(format!("there is no {shell} in it")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use super::{end_here, mark, sweep};

    fn start(mark: &str, script: &str) -> Child {
        let (key, value) = mark.split_once('=').unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]).env(key, value).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    fn until(what: &str, mut done: impl FnMut() -> bool) {
        let end = Instant::now() + Duration::from_secs(10);
        while !done() {
            assert!(Instant::now() < end, "{what}");
        }
    }

    fn end(mut child: Child) {
        assert!(child.try_wait().unwrap().is_none(), "a stranger was ended");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn those_with_the_mark_and_their_children_end_and_no_others() {
        let (ours, other) = (mark("us", 1), mark("us", 1));
        assert_ne!(ours, other);
        // The shell ends only when its child does, which has cleared its environment.
        let mut marked = start(&ours, "env -i sleep 1000; exit 0");
        let stranger = start(&other, "exec sleep 1000");
        until("the marked one is never seen", || end_here(&ours));
        assert!(!marked.wait().unwrap().success());
        assert!(!end_here(&ours), "nothing is left");
        end(stranger);
    }

    #[test]
    fn what_an_earlier_life_left_ends_and_nothing_else() {
        let owner = format!("us-{}", std::process::id());
        let mut earlier = start(&mark(&owner, 1), "exec sleep 1000");
        let now = start(&mark(&owner, 2), "exec sleep 1000");
        let theirs = start(&mark(&format!("{owner}-too"), 1), "exec sleep 1000");
        until("the earlier one is never seen", || {
            sweep(&owner, 2);
            earlier.try_wait().unwrap().is_some()
        });
        end(now);
        end(theirs);
    }
}
