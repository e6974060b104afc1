//! A bounded pipe between a thread that reads or writes and a stream of the runtime, so that what is larger than
//! memory passes through in pieces. An error on one side is an error on the other, never a short success.

use std::io::{self, Read, Write};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc;

/// Bytes in one piece, and pieces on their way: together what a transfer holds in memory.
const PIECE: usize = 128 << 10;
const PIECES: usize = 8;

/// The end of a thread that writes.
pub(crate) struct Writer {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    begun: Vec<u8>,
}

/// The end of a thread that reads.
pub(crate) struct Reader {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    rest: Bytes,
}

/// A pipe out of a thread: it writes, the stream is sent.
pub(crate) fn outward() -> (Writer, impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static) {
    let (pieces, mut out) = mpsc::channel(PIECES);
    let stream = futures_util::stream::poll_fn(move |context| out.poll_recv(context));
    (Writer { pieces, begun: Vec::with_capacity(PIECE) }, stream)
}

/// A pipe into a thread: what comes from `stream` is read there. The future carries it, and ends with the stream.
pub(crate) fn inward<E: std::fmt::Display>(
    mut stream: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> (Reader, impl Future<Output = ()>) {
    let (into, pieces) = mpsc::channel(PIECES);
    let carry = async move {
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| io::Error::other(error.to_string()));
            // Where the reader has gone, nobody wants the rest.
            if into.send(piece).await.is_err() {
                return;
            }
        }
    };
    (Reader { pieces, rest: Bytes::new() }, carry)
}

impl Writer {
    /// Tells the other side that no more comes, because of `error`.
    pub(crate) fn fail(self, error: io::Error) {
        let _ = self.pieces.blocking_send(Err(error));
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        if self.begun.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.begun.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.begun, Vec::with_capacity(PIECE));
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the receiver has gone");
        self.pieces.blocking_send(Ok(piece.into())).map_err(gone)
    }
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.rest = piece?,
                None => return Ok(0),
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(into.len()));
        into[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_goes_in_comes_out_and_little_is_held() {
        let (mut writer, stream) = outward();
        let sent: Vec<u8> = (0..5_000_000u32).flat_map(|number| number.to_be_bytes()).collect();
        let source = sent.clone();
        let writing = tokio::task::spawn_blocking(move || {
            source.chunks(777).try_for_each(|chunk| writer.write_all(chunk)).and_then(|()| writer.flush())
        });
        let (mut reader, carry) = inward(stream);
        let reading = tokio::task::spawn_blocking(move || {
            let mut read = Vec::new();
            reader.read_to_end(&mut read).map(|_| read)
        });
        carry.await;
        writing.await.unwrap().unwrap();
        assert!(reading.await.unwrap().unwrap() == sent);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_error_of_the_writer_reaches_the_reader() {
        let (mut writer, stream) = outward();
        tokio::task::spawn_blocking(move || {
            writer.write_all(b"begun").unwrap();
            writer.flush().unwrap();
            writer.fail(io::Error::other("the disk is gone"));
        });
        let (mut reader, carry) = inward(stream);
        let reading = tokio::task::spawn_blocking(move || reader.read_to_end(&mut Vec::new()));
        carry.await;
        assert!(reading.await.unwrap().unwrap_err().to_string().contains("the disk is gone"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_reader_that_goes_stops_the_writer() {
        let (mut writer, stream) = outward();
        drop(stream);
        let writing = tokio::task::spawn_blocking(move || writer.write_all(&vec![0; 2 * PIECE]));
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
