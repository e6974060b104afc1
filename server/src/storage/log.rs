//! The Raft log in RocksDB. Entries are readable when `append` returns and acknowledged when they are on disk.

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::path::Path;
use std::sync::Arc;

use openraft::entry::RaftEntry as _;
use openraft::storage::{IOFlushed, LogState, RaftLogStorage};
use openraft::{OptionalSend, RaftLogReader};
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DB, Direction, IteratorMode, Options, WriteBatch,
};

use super::codec;
use super::stall;
use super::sync::Syncer;
use super::tail::Tail;
use crate::consensus::types::{Entry, LogId, TypeConfig, Vote};

const ENTRIES: &str = "entries";
const STATE: &str = "state";
const VOTE: &[u8] = b"vote";
const COMMITTED: &[u8] = b"committed";
const PURGED: &[u8] = b"purged";
/// Most bytes in one answer of the log, so that a far follower cannot ask for all memory.
const READ_LIMIT: usize = 4 << 20;

/// The log. Clones share it.
#[derive(Clone)]
pub struct Log {
    db: Arc<DB>,
    syncer: Syncer,
    tail: Arc<Tail>,
}

impl Log {
    /// Opens or creates the log in `folder`.
    ///
    /// # Errors
    /// Where RocksDB cannot open it.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_write_buffer_size(1 << 20);
        options.set_max_write_buffer_number(2);
        options.set_db_write_buffer_size(4 << 20);
        options.set_max_background_jobs(2);
        options.set_max_open_files(64);
        options.set_keep_log_file_num(2);
        options.set_max_total_wal_size(16 << 20);
        // WAL bytes reach the kernel and the disk together, in the sync thread.
        options.set_manual_wal_flush(true);
        options.set_recycle_log_file_num(2);
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&Cache::new_lru_cache(4 << 20));
        options.set_block_based_table_factory(&table);
        let family = |name: &str| ColumnFamilyDescriptor::new(name, options.clone());
        let db =
            DB::open_cf_descriptors(&options, folder, [family(ENTRIES), family(STATE)]).map_err(broken)?;
        let db = Arc::new(db);
        let syncer = Syncer::start(db.clone())?;
        Ok(Self { db, syncer, tail: Arc::default() })
    }

    fn family(&self, name: &str) -> io::Result<&rocksdb::ColumnFamily> {
        self.db
            .cf_handle(name)
            .ok_or_else(|| io::Error::other(format!("the log has no column family {name}")))
    }

    async fn put_state<T: serde::Serialize>(&self, key: &[u8], value: &T) -> io::Result<()> {
        let bytes = codec::encode(value)?;
        let put = |batch: &mut WriteBatch| {
            batch.put_cf(self.family(STATE)?, key, &bytes);
            Ok(())
        };
        self.write(put).await
    }

    /// Writes what `fill` puts into a batch; it may be asked again.
    async fn write(&self, fill: impl Fn(&mut WriteBatch) -> io::Result<()>) -> io::Result<()> {
        let batch = || {
            let mut batch = WriteBatch::default();
            fill(&mut batch).map(|()| batch)
        };
        stall::write(&self.db, batch).await
    }

    fn state<T: serde::de::DeserializeOwned>(&self, key: &[u8]) -> io::Result<Option<T>> {
        let bytes = self.db.get_pinned_cf(self.family(STATE)?, key).map_err(broken)?;
        bytes.map(|bytes| codec::decode(&bytes)).transpose()
    }

    fn read(&self, from: u64, end: u64, limit: usize) -> io::Result<Vec<Entry>> {
        if let Some(entries) = self.tail.read(from, end, limit) {
            return Ok(entries);
        }
        let mut entries = Vec::new();
        let mut size = 0;
        let start = from.to_be_bytes();
        let rows = self.db.iterator_cf(self.family(ENTRIES)?, IteratorMode::From(&start, Direction::Forward));
        for row in rows {
            let (key, value) = row.map_err(broken)?;
            if index_of(&key)? >= end {
                break;
            }
            size += value.len();
            entries.push(codec::decode(&value)?);
            if size > limit {
                break;
            }
        }
        Ok(entries)
    }

    fn last(&self) -> io::Result<Option<LogId>> {
        match self
            .db
            .iterator_cf(self.family(ENTRIES)?, IteratorMode::End)
            .next()
            .transpose()
            .map_err(broken)?
        {
            Some((_, value)) => Ok(Some(codec::decode::<Entry>(&value)?.log_id())),
            None => Ok(None),
        }
    }
}

impl RaftLogReader<TypeConfig> for Log {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> io::Result<Vec<Entry>> {
        let from = match range.start_bound() {
            Bound::Included(index) => *index,
            Bound::Excluded(index) => index.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(index) => index.saturating_add(1),
            Bound::Excluded(index) => *index,
            Bound::Unbounded => u64::MAX,
        };
        self.read(from, end, usize::MAX)
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> io::Result<Vec<Entry>> {
        self.read(start, end, READ_LIMIT)
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        self.state(VOTE)
    }
}

impl RaftLogStorage<TypeConfig> for Log {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<TypeConfig>> {
        let last_purged_log_id: Option<LogId> = self.state(PURGED)?;
        let last_log_id = self.last()?.or(last_purged_log_id);
        Ok(LogState { last_purged_log_id, last_log_id })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        self.put_state(VOTE, vote).await?;
        self.syncer.durable().await
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> io::Result<()> {
        // Not synced: after a crash the leader says again what is committed.
        match committed {
            Some(id) => self.put_state(COMMITTED, &id).await,
            None => {
                let delete = |batch: &mut WriteBatch| {
                    batch.delete_cf(self.family(STATE)?, COMMITTED);
                    Ok(())
                };
                self.write(delete).await
            }
        }
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogId>> {
        self.state(COMMITTED)
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> io::Result<()>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let encoded = entries.into_iter().map(|entry| codec::encode(&entry).map(|bytes| (entry, bytes)));
        let encoded = encoded.collect::<io::Result<Vec<_>>>()?;
        let put = |batch: &mut WriteBatch| {
            let family = self.family(ENTRIES)?;
            for (entry, bytes) in &encoded {
                batch.put_cf(family, entry.log_id().index.to_be_bytes(), bytes);
            }
            Ok(())
        };
        self.write(put).await?;
        self.tail.append(encoded.into_iter().map(|(entry, bytes)| (entry, bytes.len())).collect());
        self.syncer.order(Box::new(move |result| callback.io_completed(result)));
        Ok(())
    }

    async fn truncate_after(&mut self, last_log_id: Option<LogId>) -> io::Result<()> {
        let from = last_log_id.map_or(0, |id| id.index + 1);
        self.tail.truncate(from);
        let delete = |batch: &mut WriteBatch| {
            batch.delete_range_cf(self.family(ENTRIES)?, from.to_be_bytes(), u64::MAX.to_be_bytes());
            Ok(())
        };
        self.write(delete).await?;
        self.syncer.durable().await
    }

    async fn purge(&mut self, log_id: LogId) -> io::Result<()> {
        self.tail.purge(log_id.index);
        let purged = codec::encode(&log_id)?;
        // In one step: a log that ends before where it begins would be none.
        let cut = |batch: &mut WriteBatch| {
            let end = (log_id.index + 1).to_be_bytes();
            batch.put_cf(self.family(STATE)?, PURGED, &purged);
            batch.delete_range_cf(self.family(ENTRIES)?, 0u64.to_be_bytes(), end);
            Ok(())
        };
        self.write(cut).await?;
        self.syncer.durable().await
    }
}

fn index_of(key: &[u8]) -> io::Result<u64> {
    let bytes = key
        .try_into()
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "log key of a wrong length"))?;
    Ok(u64::from_be_bytes(bytes))
}

pub(super) fn broken(error: rocksdb::Error) -> io::Error {
    io::Error::other(error.to_string())
}
