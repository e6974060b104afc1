//! A real Docker engine for tests: one of its own where this process is root and there is a `dockerd`, else the one
//! that answers. A test without an engine fails and says what it needs; it is never passed by. What a test made is gone
//! when its [`Engine`] is dropped, when its process ends, and when it is killed.
//!
//! ```no_run
//! let engine = muster_test_engine::Engine::own();
//! let image = engine.image("busy", &["ENV SERVICE_NAME=web"]);
//! let web = engine.run(&["--name", "web", "--publish", "80", &image, "sleep", "1000"]);
//! engine.kill();
//! engine.start();
//! assert_eq!(engine.docker(&["inspect", "--format", "{{.State.Running}}", &web]), "false");
//! ```

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod found;
mod house;
mod image;
mod processes;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::unistd::Uid;

use found::Found;
use house::House;

/// An engine that does not answer after so long never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where daemons and `ip` live, after what a user's path names.
const PLACES: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A Docker engine; several tests may share one by reference. Panics wherever the engine refuses, for a test needs no
/// other answer.
#[derive(Debug)]
pub struct Engine {
    home: Home,
}

#[derive(Debug)]
enum Home {
    Own(House),
    Found(Found),
}

impl Engine {
    /// An engine of the test's own, in a network of its own: it can be stopped, killed, frozen.
    ///
    /// # Panics
    /// Where it cannot be had, with what it takes.
    #[must_use]
    pub fn own() -> Self {
        if let Some(missing) = missing() {
            panic!("this test needs a Docker engine of its own: {missing} (`make setup-test` installs it)");
        }
        let engine = Self { home: Home::Own(House::build()) };
        engine.start();
        engine
    }

    /// An engine of the test's own, else the one that `DOCKER_HOST` names or that has its socket at the usual place.
    ///
    /// # Panics
    /// Where there is neither, with what it takes.
    #[must_use]
    pub fn at_hand() -> Self {
        let Some(missing) = missing() else { return Self::own() };
        match Found::look() {
            Ok(found) => Self { home: Home::Found(found) },
            Err(why) => panic!(
                "this test needs a Docker engine: for one of its own, {missing} (`make setup-test` installs it); \
                 and of others, {why}"
            ),
        }
    }

    /// Where it is reached, as `DOCKER_HOST` has it.
    #[must_use]
    pub fn address(&self) -> String {
        match &self.home {
            Home::Own(house) => format!("unix://{}", house.socket().display()),
            Home::Found(found) => found.address().to_owned(),
        }
    }

    /// Its socket.
    ///
    /// # Panics
    /// Where the engine is one that was found, and is not reached by a socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        let address = self.address();
        PathBuf::from(address.strip_prefix("unix://").expect("an engine with a unix socket"))
    }

    /// Its log so far; empty for one that was found.
    #[must_use]
    pub fn log(&self) -> String {
        match &self.home {
            Home::Own(house) => house.log(),
            Home::Found(_) => String::new(),
        }
    }

    /// What `docker` with these arguments says on its standard output, without the last line's end.
    ///
    /// # Panics
    /// Where it fails.
    pub fn docker(&self, arguments: &[&str]) -> String {
        self.try_docker(arguments).unwrap_or_else(|why| panic!("docker {}: {why}", arguments.join(" ")))
    }

    /// The same, with the refusal as a text.
    ///
    /// # Errors
    /// What it says on its standard error.
    pub fn try_docker(&self, arguments: &[&str]) -> Result<String, String> {
        said(docker(&self.address()).args(arguments))
    }

    /// Makes an image of a static busybox with all its commands, and gives back its name. Each change is a line of a
    /// Dockerfile (`ENV A=b`, `LABEL a=b`, `CMD ["sleep", "9"]`, `HEALTHCHECK CMD true`, `EXPOSE 80`); the signal to stop
    /// is `--stop-signal` of [`run`](Self::run), for an import does not take it.
    ///
    /// # Panics
    /// Where the busybox is missing, or the engine refuses.
    #[must_use]
    pub fn image(&self, name: &str, changes: &[&str]) -> String {
        match &self.home {
            Home::Own(_) => image::import(&self.address(), name, changes),
            Home::Found(found) => image::import(&self.address(), &found.image(name), changes),
        }
    }

    /// `docker run --detach` with these arguments: options, image, command. Gives back the container's ID. It is removed
    /// with the engine.
    ///
    /// # Panics
    /// Where the engine refuses.
    pub fn run(&self, arguments: &[&str]) -> String {
        match &self.home {
            Home::Own(_) => self.docker(&[&["run", "--detach"], arguments].concat()),
            Home::Found(found) => {
                self.docker(&[&["run", "--detach", "--label", found.label()], arguments].concat())
            }
        }
    }

    /// A command in the engine's network, where published ports and containers are reached. It ends with the thread that
    /// starts it, even if the test is killed.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = match &self.home {
            Home::Own(house) => {
                let mut command = Command::new("nsenter");
                command.arg(format!("--net={}", house.network().display())).arg("setpriv");
                command
            }
            Home::Found(_) => Command::new("setpriv"),
        };
        command.env("PATH", path()).args(["--pdeathsig", "KILL", program]);
        command
    }

    /// The command lines of all processes of the engine's house: the engine's own, and those of its containers.
    #[must_use]
    pub fn processes(&self) -> Vec<String> {
        processes::of(&self.house().processes())
    }

    /// Starts the engine again and waits until it answers.
    ///
    /// # Panics
    /// Where it does not, with the end of its log.
    pub fn start(&self) {
        self.house().start();
        self.wait_until_it_answers();
    }

    /// Ends the engine by SIGTERM; its containers end with it. One that does not heed its stop signal (a busybox as
    /// process 1) holds it up for its stop timeout, ten seconds unless `--stop-timeout` says less.
    pub fn stop(&self) {
        self.house().end("TERM");
    }

    /// Ends the engine by SIGKILL; its containers go on until it is started again.
    pub fn kill(&self) {
        self.house().end("KILL");
    }

    /// [`stop`](Self::stop), and [`start`](Self::start).
    pub fn restart(&self) {
        self.stop();
        self.start();
    }

    /// Lets the engine stand still: whoever asks it waits. Its containers go on.
    pub fn freeze(&self) {
        self.house().signal("STOP");
    }

    /// Lets the engine go on.
    pub fn thaw(&self) {
        self.house().signal("CONT");
    }

    /// Ends all at once, as a host that loses its power does, and starts it anew with what was on its disk. Its network
    /// is another one afterwards: what [`command`](Self::command) started stays in the old one.
    pub fn reboot(&mut self) {
        match &mut self.home {
            Home::Own(house) => house.rebuild(),
            Home::Found(_) => needs_own(),
        }
        self.start();
    }

    fn house(&self) -> &House {
        match &self.home {
            Home::Own(house) => house,
            Home::Found(_) => needs_own(),
        }
    }

    fn wait_until_it_answers(&self) {
        let until = Instant::now() + PATIENCE;
        while !answers(&self.socket()) {
            assert!(Instant::now() < until, "the engine does not answer; its log ends:\n{}", self.log_end());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn log_end(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

fn needs_own() -> ! {
    panic!("this test needs an engine of its own: take Engine::own()")
}

/// What an engine of one's own lacks here; none if nothing.
fn missing() -> Option<String> {
    if !Uid::effective().is_root() {
        return Some("root".into());
    }
    let lacking = |program: &&str| !PLACES.split(':').any(|place| Path::new(place).join(program).exists());
    let needed =
        ["dockerd", "docker", "containerd", "runc", "iptables", "ip", "unshare", "nsenter", "busybox"];
    let lacking: Vec<_> = needed.into_iter().filter(lacking).collect();
    if !lacking.is_empty() {
        return Some(lacking.join(", "));
    }
    // Root in a container may be root in name only.
    let mut namespaces = Command::new("unshare");
    namespaces.env("PATH", path()).args([
        "--net",
        "--mount",
        "--propagation",
        "unchanged",
        "--pid",
        "--fork",
        "true",
    ]);
    said(&mut namespaces).err().map(|why| format!("the right to make namespaces ({why})"))
}

fn path() -> String {
    format!("{}:{PLACES}", std::env::var("PATH").unwrap_or_default())
}

/// The command line of Docker, at this engine.
fn docker(address: &str) -> Command {
    let mut command = Command::new("docker");
    command.env("PATH", path()).env("DOCKER_HOST", address);
    for other in ["DOCKER_CONTEXT", "DOCKER_API_VERSION"] {
        command.env_remove(other);
    }
    command
}

fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// Whether an engine answers at a socket.
fn answers(socket: &Path) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::os::unix::net::UnixStream::connect(socket) else { return false };
    let limit = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let asked = stream.write_all(b"GET /_ping HTTP/1.0\r\n\r\n");
    let mut answer = [0; 15];
    limit.and(asked).and_then(|()| stream.read_exact(&mut answer)).is_ok() && answer.ends_with(b" 200 OK")
}
