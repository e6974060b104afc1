//! What commands print. A reader that goes early ends the command without a word, as it does other tools.

use std::fmt;
use std::io::{self, Write as _};

use super::Failure;

/// Prints one line.
///
/// # Errors
/// Where nobody reads any more, or the output cannot be written.
pub(crate) fn line(text: fmt::Arguments<'_>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_fmt(text).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).map_err(failed)
}

/// What a failed write to the output means.
pub(crate) fn failed(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::Unread,
        _ => Failure::Io { what: "the output".into(), error },
    }
}

/// Prints one line, or ends the command where that cannot be.
macro_rules! say {
    ($($text:tt)*) => { $crate::commands::out::line(format_args!($($text)*))? };
}
pub(crate) use say;
