//! Snapshots in files: a versioned head, length-framed records, and a checksum over all of it. A file gets its
//! name only when it is whole and on disk; a damaged one is refused and changes nothing.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use muster_registry::snapshot::Record;
use muster_registry::{Registry, View};
use parking_lot::Mutex;

use super::codec;
use crate::consensus::types::SnapshotMeta;

/// What is written: the second format has times and departures. The first is still read.
const MAGIC: &[u8; 8] = b"MUSTERS2";
const FIRST: &[u8; 8] = b"MUSTERS1";
const NAME: &str = "state.snapshot";
/// The largest record: a key of 512 KiB with room to spare.
const RECORD_LIMIT: usize = 8 << 20;

/// A snapshot at hand.
#[derive(Debug)]
pub enum Held {
    /// The state of one moment, which costs nothing to hold.
    View(Box<View>),
    /// The file of the last one, open: it stays readable when another takes its name.
    File(File),
}

impl Held {
    /// The state in it.
    ///
    /// # Errors
    /// Where the file cannot be read or is damaged.
    pub fn into_view(self) -> io::Result<View> {
        match self {
            Self::View(view) => Ok(*view),
            Self::File(mut file) => {
                file.rewind()?;
                read(BufReader::new(file)).map(|(_, registry)| registry.view().clone())
            }
        }
    }

    /// Writes it as one stream, a record at a time.
    ///
    /// # Errors
    /// Where `out` fails or the file cannot be read.
    pub fn write_to(self, meta: &SnapshotMeta, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::View(view) => write(out, meta, &view),
            Self::File(mut file) => {
                file.rewind()?;
                io::copy(&mut file, out)?;
                out.flush()
            }
        }
    }
}

/// The folder of snapshots: one file, the newest.
#[derive(Clone, Debug)]
pub struct Snapshots {
    folder: PathBuf,
    /// One is written at a time: one that is built and one that comes from the leader may meet.
    writing: Arc<Mutex<()>>,
}

impl Snapshots {
    /// Uses `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let snapshots = Self { folder: folder.to_owned(), writing: Arc::default() };
        snapshots.discard_partial();
        Ok(snapshots)
    }

    /// Writes a snapshot beside the last one and puts it in its place when it is whole and on disk. Never in the
    /// place of a newer one, behind which the log may be cut already.
    ///
    /// # Errors
    /// Where the disk refuses; the last snapshot is then still in its place.
    pub fn save(&self, meta: &SnapshotMeta, view: &View) -> io::Result<()> {
        let _one = self.writing.lock();
        if self.last().ok().flatten().is_some_and(|(held, _)| held.last_log_id > meta.last_log_id) {
            return Ok(());
        }
        let written = self.write_new(meta, view);
        if written.is_err() {
            self.discard_partial();
        }
        written
    }

    fn write_new(&self, meta: &SnapshotMeta, view: &View) -> io::Result<()> {
        let mut file = BufWriter::new(File::create(self.partial())?);
        write(&mut file, meta, view)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(self.partial(), self.folder.join(NAME))?;
        File::open(&self.folder)?.sync_all()
    }

    fn partial(&self) -> PathBuf {
        self.folder.join("state.partial")
    }

    /// What was not finished is nothing, and takes room.
    fn discard_partial(&self) {
        match fs::remove_file(self.partial()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "an unfinished snapshot could not be removed");
            }
            _ => {}
        }
    }

    /// The last snapshot as a file, if there is one: only its head is read.
    ///
    /// # Errors
    /// Where the file cannot be read or does not begin as a snapshot.
    pub fn last(&self) -> io::Result<Option<(SnapshotMeta, Held)>> {
        let mut file = match File::open(self.folder.join(NAME)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let meta = read_head(&mut file, &mut crc32fast::Hasher::new())?;
        Ok(Some((meta, Held::File(file))))
    }

    /// The state of the last snapshot, if there is one.
    ///
    /// # Errors
    /// Where the file cannot be read or is damaged; the error says how.
    pub fn load(&self) -> io::Result<Option<(SnapshotMeta, Registry)>> {
        match File::open(self.folder.join(NAME)) {
            Ok(file) => read(BufReader::new(file)).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Writes `meta` and `view` as one stream.
///
/// # Errors
/// Where `out` fails.
pub fn write(out: &mut impl Write, meta: &SnapshotMeta, view: &View) -> io::Result<()> {
    let mut sum = crc32fast::Hasher::new();
    out.write_all(MAGIC)?;
    frame(out, &mut sum, &codec::encode(meta)?)?;
    for record in view.records() {
        frame(out, &mut sum, &codec::encode(&record)?)?;
    }
    out.write_all(&0u32.to_be_bytes())?;
    out.write_all(&sum.finalize().to_be_bytes())?;
    out.flush()
}

/// Reads what [`write`] wrote: all of it, or an error.
///
/// # Errors
/// Where the stream ends early, its checksum is wrong, or its records are no state.
pub fn read(mut source: impl Read) -> io::Result<(SnapshotMeta, Registry)> {
    let mut sum = crc32fast::Hasher::new();
    let meta = read_head(&mut source, &mut sum)?;
    let mut failed = None;
    let records = std::iter::from_fn(|| match unframe(&mut source, &mut sum) {
        Ok(Some(bytes)) => Some(codec::decode::<Record>(&bytes)),
        Ok(None) => None,
        Err(error) => {
            failed = Some(error.to_string());
            None
        }
    });
    // The end record stops the restore before the frame that ends the stream.
    let registry = Registry::restore(records).map_err(|error| damaged(&error.to_string()));
    if let Some(why) = failed {
        return Err(damaged(&why));
    }
    let registry = registry?;
    if unframe(&mut source, &mut sum)?.is_some() {
        return Err(damaged("records behind its end"));
    }
    let mut said = [0; 4];
    source.read_exact(&mut said)?;
    if u32::from_be_bytes(said) != sum.finalize() {
        return Err(damaged("its checksum is wrong"));
    }
    Ok((meta, registry))
}

fn read_head(source: &mut impl Read, sum: &mut crc32fast::Hasher) -> io::Result<SnapshotMeta> {
    let mut magic = [0; 8];
    source.read_exact(&mut magic)?;
    if ![MAGIC, FIRST].contains(&&magic) {
        return Err(damaged("it does not start as a snapshot of this format"));
    }
    let meta = unframe(source, sum)?.ok_or_else(|| damaged("it is empty"))?;
    codec::decode(&meta)
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("damaged snapshot: {why}"))
}

fn frame(out: &mut impl Write, sum: &mut crc32fast::Hasher, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length as usize <= RECORD_LIMIT);
    let length =
        length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a record is too large"))?;
    out.write_all(&length.to_be_bytes())?;
    sum.update(bytes);
    out.write_all(bytes)
}

fn unframe(source: &mut impl Read, sum: &mut crc32fast::Hasher) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    source.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length == 0 {
        return Ok(None);
    }
    if length > RECORD_LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a record of {length} bytes")));
    }
    let mut bytes = vec![0; length];
    source.read_exact(&mut bytes)?;
    sum.update(&bytes);
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use muster_registry::command::{Command, Deregistration, KvCommand, SetCheck};
    use muster_registry::{Cause, Name, Namespace, Status};

    use super::*;

    fn sample() -> (SnapshotMeta, Vec<u8>, View) {
        let mut registry = Registry::new();
        for index in 1..20 {
            let key = Name::new(&format!("key/{index}"));
            let value = vec![b'x'; 100].into();
            registry.apply(index, &Command::Kv(KvCommand::Set { key, value, flags: 0, cas: None }));
        }
        let meta = SnapshotMeta { last_log_id: None, last_membership: openraft::StoredMembership::default() };
        let mut bytes = Vec::new();
        write(&mut bytes, &meta, registry.view()).unwrap();
        (meta, bytes, registry.view().clone())
    }

    #[test]
    fn a_snapshot_is_the_state() {
        let (meta, bytes, view) = sample();
        let (read_meta, registry) = read(&bytes[..]).unwrap();
        assert_eq!(read_meta, meta);
        assert_eq!(registry.view(), &view);
    }

    /// What the first format wrote is in the folders of users.
    #[test]
    fn a_snapshot_of_the_first_format_is_read() {
        let (_, registry) = read(&include_bytes!("golden/snapshot-1")[..]).unwrap();
        let view = registry.view();
        assert_eq!((view.index(), view.time(), view.departures().count()), (7, 0, 0));
        let counts = view.counts();
        assert_eq!((counts.nodes, counts.services, counts.keys, counts.tombstones), (2, 1, 1, 2));
        let check = view.node_check("n1", "c").unwrap();
        assert_eq!((&*check.spec.service_id, &*check.spec.output, check.since), ("web-1", "said", 0));
    }

    #[test]
    fn a_snapshot_keeps_times_and_departures() {
        let (_, mut registry) = read(&include_bytes!("golden/snapshot-1")[..]).unwrap();
        let gone = Deregistration { node: "n2".into(), ..Deregistration::default() };
        registry.apply(8, &Command::Deregister(gone).owed_to(Cause::Reaped).dated(1_000));
        let turned = SetCheck {
            node: "n1".into(),
            namespace: Namespace::DEFAULT,
            check_id: "c".into(),
            status: Status::Passing,
            output: "".into(),
        };
        registry.apply(9, &Command::SetCheck(turned).dated(2_000));
        let (meta, ..) = sample();
        let mut bytes = Vec::new();
        write(&mut bytes, &meta, registry.view()).unwrap();
        let (_, again) = read(&bytes[..]).unwrap();
        assert_eq!(again.view(), registry.view());
        assert_eq!((again.view().time(), again.view().departures().count()), (2_000, 2));
        assert_eq!(again.view().node_check("n1", "c").map(|check| check.since), Some(2_000));
    }

    #[test]
    fn every_cut_and_every_flipped_byte_is_refused() {
        let (_, bytes, _) = sample();
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            assert!(read(&flipped[..]).is_err(), "flipped at {at}");
        }
    }

    #[test]
    fn a_damaged_file_leaves_the_error_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::open(folder.path()).unwrap();
        assert!(snapshots.load().unwrap().is_none());
        let (meta, mut bytes, view) = sample();
        snapshots.save(&meta, &view).unwrap();
        assert_eq!(snapshots.load().unwrap().unwrap().1.view(), &view);
        let (last, held) = snapshots.last().unwrap().unwrap();
        assert_eq!(last, meta);
        // It is replaced while it is held: what is held stays what it was.
        snapshots.save(&meta, &View::default()).unwrap();
        let mut sent = Vec::new();
        held.write_to(&meta, &mut sent).unwrap();
        assert_eq!(sent, bytes);
        bytes.truncate(200);
        fs::write(folder.path().join(NAME), bytes).unwrap();
        assert!(snapshots.load().is_err());
    }
}
