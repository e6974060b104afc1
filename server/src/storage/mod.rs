//! What outlives a restart: the log and the vote in RocksDB, snapshots in files. RocksDB holds no catalog:
//! the state is in memory, so that a read never touches a disk.

pub mod codec;
pub mod log;
pub(crate) mod pipe;
pub mod snapshots;
mod stall;
mod sync;
mod tail;
