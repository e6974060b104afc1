//! Writes that RocksDB would hold back. It holds them while its tables cannot be flushed; where they cannot because the
//! disk is full it waits for room, without end and without a word. Here nobody waits for a disk that failed.

use std::io;
use std::time::Duration;

use rocksdb::{DB, Error, ErrorKind, WriteBatch, WriteOptions, properties};

/// Between two tries while tables are being flushed.
const PAUSE: Duration = Duration::from_millis(2);

/// Writes what `batch` makes; it is made again for each try.
///
/// # Errors
/// Where RocksDB refuses the write, or holds it back because an earlier one did not come to the disk.
pub(super) async fn write(db: &DB, batch: impl Fn() -> io::Result<WriteBatch>) -> io::Result<()> {
    loop {
        match at_once(db, batch()?) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() != ErrorKind::Incomplete => return Err(super::log::broken(error)),
            Err(_held_back) => {
                let failed = db.property_int_value(properties::BACKGROUND_ERRORS);
                if failed.map_err(super::log::broken)?.unwrap_or(0) > 0 {
                    return Err(io::Error::other(
                        "the log's tables cannot be flushed (No space left on device, or the disk fails): \
                         what is written now would never be kept",
                    ));
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Not a part of the loop above: the options are no thing to hold while waiting.
fn at_once(db: &DB, batch: WriteBatch) -> Result<(), Error> {
    let mut options = WriteOptions::default();
    options.set_no_slowdown(true);
    db.write_opt(batch, &options)
}
