//! A disk that is full, and one that fails. A small file system of its own is needed, which only root can mount;
//! where that cannot be had, a test says so and takes another way, or none.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use muster_test_process::{Agent, until};

/// A file system in memory; gone when dropped, after whoever uses it.
struct Mounted(tempfile::TempDir);

impl Mounted {
    fn new(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("no file system can be mounted here: it takes root");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

const REFUSED: &str = "no space left on the disk of";

#[test]
fn a_full_disk_refuses_writes_and_goes_on_reading() {
    let Some(disk) = Mounted::new(128) else {
        return with_a_reserve_that_no_disk_has();
    };
    let server = Agent::founder_in(tempfile::tempdir_in(disk.path()).unwrap(), &[]);
    assert_eq!(server.put("/v1/kv/a", "before").0, 200);
    fs::write(disk.path().join("filler"), vec![0; 80 << 20]).unwrap();
    until("writes are refused", || {
        let (status, text) = server.put("/v1/kv/a", "full");
        assert!(status == 200 || status == 500 && text.contains(REFUSED), "{status} {text}");
        status == 500
    });
    let before = server.get("/v1/kv/a?raw");
    assert_eq!(before.0, 200);
    assert_eq!(server.put("/v1/kv/a", "refused").0, 500);
    assert_eq!(server.get("/v1/kv/a?raw"), before, "what was refused changed nothing");
    assert_eq!(server.get("/v1/catalog/nodes").0, 200);
    fs::remove_file(disk.path().join("filler")).unwrap();
    until("writes are taken again", || server.put("/v1/kv/a", "after").0 == 200);
    assert_eq!(server.get("/v1/kv/a?raw"), (200, "after".into()));
}

#[test]
fn what_fills_the_disk_is_refused_before_the_log_and_its_snapshot_have_no_room() {
    let Some(disk) = Mounted::new(320) else {
        return with_a_reserve_that_no_disk_has();
    };
    let mut server = Agent::founder_in(tempfile::tempdir_in(disk.path()).unwrap(), &[]);
    let value = "x".repeat(100 << 10);
    let (value, writing) = (&value, &server);
    let acknowledged = move |writer: u32| {
        let taken = (0..2000).take_while(|number| {
            let (status, text) = writing.put(&format!("/v1/kv/{writer}/{number}"), value);
            assert!(status == 200 || status == 500 && text.contains(REFUSED), "{status} {text}");
            status == 200
        });
        taken.count()
    };
    let counts: Vec<usize> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4).map(|writer| scope.spawn(move || acknowledged(writer))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert!(counts.iter().sum::<usize>() > 100, "there was room for more than {counts:?}");
    let all_there = |server: &Agent| {
        for (writer, count) in counts.iter().enumerate() {
            let (status, keys) = server.get(&format!("/v1/kv/{writer}/?keys"));
            assert_eq!(status, 200);
            assert_eq!(
                serde_json::from_str::<Vec<String>>(&keys).unwrap().len(),
                *count,
                "of writer {writer}"
            );
        }
    };
    all_there(&server);
    server.kill();
    server.start();
    until("it leads again", || server.get("/v1/status/leader").1.len() > 5);
    all_there(&server);
}

/// The same refusal where no file system can be filled: the reserve is larger than any disk.
fn with_a_reserve_that_no_disk_has() {
    let mut server = Agent::server(&["-bootstrap", "-disk-reserve=1000000000"]);
    until("it answers", || server.get("/v1/status/leader").1.len() > 5);
    let (status, text) = server.put("/v1/kv/a", "x");
    assert!(status == 500 && text.contains(REFUSED), "{status} {text}");
    assert_eq!(server.get("/v1/catalog/nodes").0, 200);
    server.kill();
}

/// Writes until the log meets the end of a disk with so much room, then looks at how the process ended and what it
/// has when there is room again.
fn end_of_the_disk(disk: &Mounted, room: usize) {
    // No reserve: the log itself meets the end of the disk.
    let data = tempfile::tempdir_in(disk.path()).unwrap();
    let mut server = Agent::founder_in(data, &["-disk-reserve=0"]);
    let free = nix::sys::statvfs::statvfs(disk.path()).unwrap();
    let free = usize::try_from(free.blocks_available() * free.fragment_size()).unwrap();
    fs::write(disk.path().join("filler"), vec![0; free - room]).unwrap();
    let value = "x".repeat(100 << 10);
    let (value, writing) = (&value, &server);
    // What is not on disk is not acknowledged: no write succeeds for ever.
    let until_refused = move |writer: usize| {
        (0..200)
            .take_while(|number| writing.put(&format!("/v1/kv/{writer}/{number}"), value).0 == 200)
            .count()
    };
    let taken: Vec<usize> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8).map(|writer| scope.spawn(move || until_refused(writer))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert!(taken.iter().all(|count| *count < 200), "{taken:?} writes went where there is no room");
    let code = server.wait_for_exit();
    let said = server.words();
    assert_eq!(code, Some(1));
    assert!(said.contains("consensus has ended and this server stops"), "{said}");
    assert!(said.contains("No space left on device"), "{said}");
    fs::remove_file(disk.path().join("filler")).unwrap();
    server.start();
    server.wait_until_writable();
    for (writer, taken) in taken.into_iter().enumerate() {
        for number in 0..taken {
            let key = format!("/v1/kv/{writer}/{number}");
            assert_eq!(server.get(&key).0, 200, "{key} was acknowledged and is lost");
        }
    }
}

/// RocksDB meets the end in several places: as it writes ahead, as it flushes a table, and as it holds back a write
/// for a table that cannot be flushed.
#[test]
fn a_disk_that_fails_ends_the_process() {
    let Some(disk) = Mounted::new(64) else {
        eprintln!("skipped: without a small file system there is no disk to fail");
        return;
    };
    for quarters in [2, 5, 9, 12, 14] {
        end_of_the_disk(&disk, quarters << 18);
    }
}
