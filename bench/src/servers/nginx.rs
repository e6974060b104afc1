//! The ceiling of HTTP: nginx, serving files whose descriptors it keeps open.

use std::path::Path;
use std::time::Duration;

use super::{Process, ports};
use crate::cpus::command_on;
use crate::{BenchError, stage::Stage};

const TRIES: usize = 500;

/// A running nginx.
pub(crate) struct Nginx {
    pub(crate) process: Process,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// Serves the files under `root`, and waits until it does.
    pub(crate) async fn start(stage: &Stage, root: &Path) -> Result<Self, BenchError> {
        let folder = tempfile::tempdir().map_err(BenchError::io("temporary folder"))?;
        let port = ports::free(1)?[0];
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration(folder.path(), root, port, stage.cpus.server_count))
            .map_err(BenchError::io(file.display().to_string()))?;
        let mut command = command_on(&stage.cpus.server, Path::new("nginx"));
        command.arg("-p").arg(folder.path()).arg("-e").arg("stderr").arg("-c").arg(&file);
        let mut process = Process::start(command, folder.path())?;
        for _ in 0..TRIES {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Ok(Self { process, port, _folder: folder });
            }
            if let Some(why) = process.ended() {
                return Err(BenchError::Unexpected(format!("nginx: {why}")));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(BenchError::Unexpected("nginx does not accept connections".into()))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn configuration(folder: &Path, root: &Path, port: u16, workers: usize) -> String {
    let (folder, root) = (folder.display(), root.display());
    let places: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("  {what}_temp_path {folder}/{what};\n"))
        .concat();
    format!(
        "daemon off;\nuser root;\nworker_processes {workers};\npid {folder}/nginx.pid;\nerror_log stderr crit;\n\
         events {{ worker_connections 8192; }}\n\
         http {{\n{places}  access_log off;\n  sendfile on;\n  tcp_nopush on;\n  etag off;\n  server_tokens off;\n  \
         keepalive_requests 1000000000;\n  open_file_cache max=8192 inactive=1h;\n  open_file_cache_valid 1h;\n  \
         default_type application/json;\n  add_header X-Consul-Index 1234;\n  \
         add_header X-Consul-Knownleader true;\n  add_header X-Consul-Lastcontact 0;\n  \
         server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }}\n}}\n"
    )
}
