//! Real processes on the hosts: agents, nginx, Prometheus. Ended when dropped.

use std::process::{Child, Stdio};

use crate::network::Host;

/// A process on a host, and how to start it again.
pub(crate) struct Process {
    pub(crate) host: Host,
    program: String,
    arguments: Vec<String>,
    running: Option<Child>,
    /// Its files; they outlive a restart, not the test.
    _folder: tempfile::TempDir,
}

impl Process {
    /// Starts `program` on `host` with what `arguments` makes of a fresh folder.
    pub(crate) fn start(
        host: &Host,
        program: &str,
        arguments: impl FnOnce(&std::path::Path) -> Vec<String>,
    ) -> Self {
        let folder = folder();
        let arguments = arguments(folder.path());
        let (host, program) = (host.clone(), program.to_owned());
        let mut process = Self { host, program, arguments, running: None, _folder: folder };
        process.start_again();
        process
    }

    pub(crate) fn start_again(&mut self) {
        let mut command = self.host.command(&self.program);
        let spawned = command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        self.running = Some(spawned.expect("setpriv, from Debian's util-linux"));
    }

    /// Ends it with SIGKILL: nothing is told, nothing is flushed.
    pub(crate) fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill().unwrap();
            running.wait().unwrap();
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.running.as_ref().map_or(0, Child::id)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Panics with the exit status where it has ended by itself.
    pub(crate) fn must_live(&mut self) {
        if let Some(running) = &mut self.running
            && let Some(status) = running.try_wait().unwrap()
        {
            panic!("{} on {} ended by itself: {status}", self.program, self.host.name);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A folder in memory where there is room: the limits of the tests are Muster's, not those of a disk that others use
/// too. What a killed process had written is still there.
fn folder() -> tempfile::TempDir {
    const ROOM: u64 = 1 << 30;
    let memory = std::path::Path::new("/dev/shm");
    let free = nix::sys::statvfs::statvfs(memory).map(|at| at.blocks_available() * at.fragment_size());
    if free.is_ok_and(|free| free > ROOM)
        && let Ok(folder) = tempfile::tempdir_in(memory)
    {
        return folder;
    }
    tempfile::tempdir().unwrap()
}

/// An nginx that answers everything, `/metrics` included, with a line that Prometheus can read.
pub(crate) fn nginx(host: &Host, port: u16) -> Process {
    Process::start(host, "nginx", |folder| {
        let temporary: Vec<String> = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|what| format!("{what}_temp_path {}/{what};", folder.display()))
            .collect();
        let config = format!(
            "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
            events {{ worker_connections 64; }}
            http {{
              access_log off; {}
              server {{ listen {}:{port}; location / {{ default_type text/plain; return 200 \"works 1\\n\"; }} }}
            }}",
            temporary.join(" "),
            host.address,
            folder = folder.display(),
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        vec!["-p".into(), folder.display().to_string(), "-c".into(), file.display().to_string()]
    })
}
