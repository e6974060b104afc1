//! The state as a stream of typed records, and back. Bytes, checksums and files are storage's affair.

mod read;
mod record;
mod write;

pub use read::RestoreError;
pub use record::Record;
