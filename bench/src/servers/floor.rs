//! The ceiling of single writes: a program that does nothing but write each request into a file, have the disk keep
//! it, and say so. One client, no parsing, no log, no agreement, and a file that does not grow: what this machine's
//! disk leaves to anybody.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use super::{Process, ports};
use crate::cpus::command_on;
use crate::{BenchError, stage::Stage};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\ntrue";
/// What an entry of a small write takes in a log.
const ENTRY: [u8; 174] = [7; 174];
/// The file, in bytes; it is gone through again and again.
const FILE: usize = 4 << 20;
const TRIES: usize = 500;

/// A running floor.
pub(crate) struct Floor {
    pub(crate) process: Process,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Floor {
    /// Starts this program again as that one.
    pub(crate) async fn start(stage: &Stage) -> Result<Self, BenchError> {
        let folder = tempfile::tempdir().map_err(BenchError::io("temporary folder"))?;
        let port = ports::free(1)?[0];
        let own = std::env::current_exe().map_err(BenchError::io("this program"))?;
        let mut command = command_on(&stage.cpus.server, &own);
        command.arg("--floor").arg(port.to_string()).arg("--output").arg(folder.path().join("log"));
        let process = Process::start(command, folder.path())?;
        for _ in 0..TRIES {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Ok(Self { process, port, _folder: folder });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(BenchError::Unexpected("the floor does not accept connections".into()))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Serves one client after the other, for ever.
pub(crate) fn serve(port: u16, file: &Path) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let mut log = File::create(file)?;
    log.write_all(&vec![0; FILE])?;
    log.sync_all()?;
    log.rewind()?;
    loop {
        let (client, _) = listener.accept()?;
        // A client that breaks off is followed by the next.
        let _ = answer(client, &mut log);
    }
}

fn answer(mut client: TcpStream, log: &mut File) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut request = [0; 4096];
    while client.read(&mut request)? > 0 {
        if log.stream_position()? as usize + ENTRY.len() > FILE {
            log.rewind()?;
        }
        log.write_all(&ENTRY)?;
        log.sync_data()?;
        client.write_all(ANSWER)?;
    }
    Ok(())
}
