//! The house of an engine: one process (`house.sh`) whose namespaces hold everything, and a folder. It must never leave
//! a process, a mount or a folder behind, whoever is killed.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::PATIENCE;

/// Every folder begins with it, then the process's ID, then a number.
const PREFIX: &str = "muster-engine";

/// Room in memory that an engine takes with its images and containers.
const ROOM: u64 = 1 << 30;

/// One house. It falls when it is dropped.
pub(crate) struct House {
    folder: PathBuf,
    /// None only while it falls.
    standing: Option<Standing>,
}

struct Standing {
    outside: Child,
    /// Whose child is process 1 of the house, and who is in its network.
    door: u32,
    talk: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

impl House {
    pub(crate) fn build() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        sweep();
        let folder = place().join(format!("{PREFIX}-{}-{number}", std::process::id()));
        std::fs::create_dir(&folder).expect("a folder for the engine");
        std::fs::write(folder.join("house.sh"), include_str!("house.sh")).expect("the script of the house");
        std::fs::write(folder.join("daemon.json"), "{}").expect("the engine's configuration");
        let mut house = Self { folder, standing: None };
        house.raise();
        house
    }

    /// Lets it fall and raises it on the same folder.
    pub(crate) fn rebuild(&mut self) {
        let keep = self.folder.join("keep");
        std::fs::write(&keep, "").expect("a note to keep the folder");
        self.fall();
        std::fs::remove_file(&keep).expect("the note can be taken away");
        // A host that starts finds no socket and no process of its past.
        for stale in ["pid", "docker.sock"] {
            let _ = std::fs::remove_file(self.folder.join(stale));
        }
        let _ = std::fs::remove_dir_all(self.folder.join("run"));
        self.raise();
    }

    fn raise(&mut self) {
        let mut command = Command::new("bash");
        command.env("PATH", crate::path()).arg(self.folder.join("house.sh")).arg("outside").arg(&self.folder);
        // What ends the test by its group must not end who cleans up after it.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut outside = command.spawn().expect("bash");
        let (Some(words), Some(answers)) = (outside.stdin.take(), outside.stdout.take()) else {
            unreachable!("both are piped");
        };
        let talk = Mutex::new((words, BufReader::new(answers)));
        self.standing = Some(Standing { outside, door: 0, talk });
        let answer = self.say("stands");
        let door = answer.strip_prefix("stands ").and_then(|door| door.parse().ok());
        let door = door.unwrap_or_else(|| panic!("no house ({answer:?}):\n{}", self.log()));
        if let Some(standing) = &mut self.standing {
            standing.door = door;
        }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("docker.sock")
    }

    pub(crate) fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The namespace of its network.
    pub(crate) fn network(&self) -> PathBuf {
        self.door().join("ns/net")
    }

    /// The namespace of its processes.
    pub(crate) fn processes(&self) -> PathBuf {
        self.door().join("ns/pid_for_children")
    }

    fn door(&self) -> PathBuf {
        let door = self.standing.as_ref().map_or(0, |standing| standing.door);
        Path::new("/proc").join(door.to_string())
    }

    pub(crate) fn start(&self) {
        self.must("start", "started");
    }

    pub(crate) fn signal(&self, name: &str) {
        self.must(&format!("signal {name}"), "sent");
    }

    /// Ends the engine by a signal and waits until it has ended.
    pub(crate) fn end(&self, signal: &str) {
        self.signal(signal);
        self.must("wait", "ended");
    }

    fn must(&self, word: &str, answer: &str) {
        let said = self.say(word);
        assert!(said.starts_with(answer), "the engine's house, asked to {word}: {said:?}\n{}", self.log());
    }

    fn say(&self, word: &str) -> String {
        let Some(standing) = &self.standing else { return "it has fallen".into() };
        let mut talk = standing.talk.lock().unwrap_or_else(PoisonError::into_inner);
        let (words, answers) = &mut *talk;
        let mut answer = String::new();
        let read = writeln!(words, "{word}").and_then(|()| answers.read_line(&mut answer));
        read.map_or_else(|error| error.to_string(), |_| answer.trim_end().to_owned())
    }

    /// Closes the door and waits until everything is gone.
    fn fall(&mut self) {
        let Some(Standing { mut outside, talk, .. }) = self.standing.take() else { return };
        drop(talk);
        let until = Instant::now() + PATIENCE;
        while matches!(outside.try_wait(), Ok(None)) {
            if Instant::now() > until {
                let group = Pid::from_raw(i32::try_from(outside.id()).unwrap_or_default());
                eprintln!("test-engine: {} does not fall by itself", self.folder.display());
                let _ = killpg(group, Signal::SIGKILL);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.fall();
    }
}

impl fmt::Debug for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("House").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Where folders stand: in memory where there is room, for what is tested is not the speed of a disk.
fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let free = nix::sys::statvfs::statvfs(memory).map(|at| at.blocks_available() * at.fragment_size());
    if free.is_ok_and(|free| free > ROOM) { memory.to_owned() } else { std::env::temp_dir() }
}

/// Removes the folders of killed runs whose house could not clean up either. One whose process lives is another test's.
fn sweep() {
    for place in [PathBuf::from("/dev/shm"), std::env::temp_dir()] {
        let Ok(entries) = std::fs::read_dir(place) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let owner =
                name.strip_prefix(PREFIX).and_then(|rest| rest.trim_start_matches('-').split('-').next());
            let lives = |owner: &str| Path::new("/proc").join(owner).exists();
            if owner.is_some_and(|owner| !lives(owner)) && !falls(&entry.path()) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Whether a house still stands on a folder, about to fall.
fn falls(folder: &Path) -> bool {
    let folder = folder.to_string_lossy();
    crate::processes::all().iter().any(|(_, line)| line.contains("house.sh") && line.contains(&*folder))
}
