//! A man in the middle: relays an engine's socket, and answers nonsense, or nothing, about one container.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Whose picture is nonsense, and what that is, which may be no answer at all.
type Nonsense = Mutex<Option<(String, Option<String>)>>;

/// The relay; it stands until its folder is dropped.
pub(crate) struct Relay {
    folder: tempfile::TempDir,
    /// All of the engine's answers are its own where this is empty.
    nonsense: Arc<Nonsense>,
    /// Requests that got no answer.
    unanswered: Arc<AtomicUsize>,
}

impl Relay {
    /// Before the engine at `socket`.
    pub(crate) fn before(socket: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        let nonsense: Arc<Nonsense> = Arc::default();
        let unanswered: Arc<AtomicUsize> = Arc::default();
        let (told, count) = (nonsense.clone(), unanswered.clone());
        std::thread::spawn(move || {
            for guest in listener.incoming() {
                let (told, count, socket) = (told.clone(), count.clone(), socket.clone());
                let Ok(guest) = guest else { return };
                std::thread::spawn(move || serve(guest, &socket, &told, &count));
            }
        });
        Self { folder, nonsense, unanswered }
    }

    /// How it is reached.
    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.folder.path().join("socket").display())
    }

    /// What is answered to requests for paths that contain `path`, from now on.
    pub(crate) fn answer(&self, path: &str, nonsense: &str) {
        *self.nonsense.lock().unwrap() = Some((path.to_owned(), Some(nonsense.to_owned())));
    }

    /// Requests for paths that contain `path` are not answered, from now on.
    pub(crate) fn be_silent(&self, path: &str) {
        *self.nonsense.lock().unwrap() = Some((path.to_owned(), None));
    }

    /// How many requests got no answer so far.
    pub(crate) fn unanswered(&self) -> usize {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Only the engine's own words from now on.
    pub(crate) fn tell_the_truth(&self) {
        *self.nonsense.lock().unwrap() = None;
    }
}

/// One request; then the connection is closed.
fn serve(mut guest: UnixStream, socket: &Path, told: &Nonsense, unanswered: &AtomicUsize) -> Option<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        guest.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    let asked = told.lock().unwrap().clone().filter(|(asked, _)| path.contains(asked));
    if let Some((_, None)) = asked {
        unanswered.fetch_add(1, Ordering::Relaxed);
        while matches!(*told.lock().unwrap(), Some((_, None))) {
            std::thread::sleep(Duration::from_millis(20));
        }
        return None;
    }
    if let Some((_, Some(nonsense))) = asked {
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
