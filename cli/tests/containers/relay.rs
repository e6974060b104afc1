//! A man in the middle: relays an engine's socket, and answers nonsense about one container.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The relay; it stands until its folder is dropped.
pub(crate) struct Relay {
    folder: tempfile::TempDir,
    /// Whose picture is nonsense, and what that is; all of the engine's answers where it is empty.
    nonsense: Arc<Mutex<Option<(String, String)>>>,
}

impl Relay {
    /// Before the engine at `socket`.
    pub(crate) fn before(socket: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        let nonsense: Arc<Mutex<Option<(String, String)>>> = Arc::default();
        let told = nonsense.clone();
        std::thread::spawn(move || {
            for guest in listener.incoming() {
                let (Ok(guest), told, socket) = (guest, told.clone(), socket.clone()) else { return };
                std::thread::spawn(move || serve(guest, &socket, &told));
            }
        });
        Self { folder, nonsense }
    }

    /// How it is reached.
    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.folder.path().join("socket").display())
    }

    /// What is answered to requests for paths that contain `path`, from now on.
    pub(crate) fn answer(&self, path: &str, nonsense: &str) {
        *self.nonsense.lock().unwrap() = Some((path.to_owned(), nonsense.to_owned()));
    }

    /// Only the engine's own words from now on.
    pub(crate) fn tell_the_truth(&self) {
        *self.nonsense.lock().unwrap() = None;
    }
}

/// One request; then the connection is closed.
fn serve(mut guest: UnixStream, socket: &Path, told: &Mutex<Option<(String, String)>>) -> Option<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        guest.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    if let Some((asked, nonsense)) = told.lock().unwrap().clone()
        && path.contains(&asked)
    {
        let length = nonsense.len();
        let answer =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{nonsense}");
        return guest.write_all(answer.as_bytes()).ok();
    }
    let mut engine = UnixStream::connect(socket).ok()?;
    let head = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    engine.write_all(head.as_bytes()).ok()?;
    std::io::copy(&mut engine, &mut guest).ok()?;
    guest.shutdown(std::net::Shutdown::Both).ok()
}
