//! One HTTP/1.1 request on one connection, sent byte for byte as a case wrote it: no client library cleans the
//! path, adds a header or unpacks the answer. Never reads more than `MOST` bytes, never waits longer than
//! `PATIENCE`.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Failure;

const MOST: u64 = 16 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(15);

/// An answer as it came; chunks are joined, names of headers in lower case.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) took: Duration,
}

impl Answer {
    /// All values of a header, joined as a list; `None` where it is missing.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> =
            self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends one request to loopback and reads the whole answer.
pub(crate) async fn exchange(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(String, String)],
    body: Option<&[u8]>,
) -> Result<Answer, Failure> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    let began = Instant::now();
    let raw = tokio::time::timeout(PATIENCE, talk(port, head.as_bytes(), body.unwrap_or_default()))
        .await
        .map_err(|_| Failure::Wire(format!("{method} {path}: no answer within {PATIENCE:?}")))?
        .map_err(|error| Failure::Wire(format!("{method} {path}: {error}")))?;
    let mut answer =
        parse(&raw).ok_or_else(|| Failure::Wire(format!("{method} {path}: not an HTTP answer")))?;
    answer.took = began.elapsed();
    Ok(answer)
}

async fn talk(port: u16, head: &[u8], body: &[u8]) -> std::io::Result<Vec<u8>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(head).await?;
    // A server may answer and hang up before it has read an oversized body: that answer is what counts.
    let sending = async {
        let _ = writer.write_all(body).await;
        writer
    };
    let mut raw = Vec::new();
    let reading = async {
        let mut part = vec![0; 64 * 1024];
        loop {
            match reader.read(&mut part).await {
                Ok(0) => break Ok(()),
                Ok(count) => raw.extend_from_slice(part.get(..count).unwrap_or_default()),
                Err(error) if raw.is_empty() => break Err(error),
                Err(_) => break Ok(()),
            }
            if raw.len() as u64 > MOST {
                break Err(std::io::Error::other("the answer is too long"));
            }
        }
    };
    let (_writer, outcome) = tokio::join!(sending, reading);
    outcome.map(|()| raw)
}

/// Reads the last answer in `raw` (an interim `100 Continue` is passed over).
fn parse(raw: &[u8]) -> Option<Answer> {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(raw.get(..end)?).into_owned();
    let rest = raw.get(end + 4..)?;
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    if status == 100 {
        return parse(rest);
    }
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer { status, headers, body: Vec::new(), took: Duration::ZERO };
    answer.body = if answer.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        join_chunks(rest)?
    } else {
        rest.to_vec()
    };
    Some(answer)
}

fn join_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let line = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        rest = rest.get(end + 2..)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_answer_is_read() {
        let answer = parse(b"HTTP/1.1 404 Not Found\r\nX-A: b\r\nx-a: c\r\n\r\ngone").unwrap();
        assert_eq!(answer.status, 404);
        assert_eq!(answer.header("x-a").as_deref(), Some("b, c"));
        assert_eq!(answer.header("x-b"), None);
        assert_eq!(answer.text(), "gone");
    }

    #[test]
    fn chunks_are_joined_and_interim_answers_passed_over() {
        let raw = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
        let answer = parse(raw).unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "abcde"));
    }

    #[test]
    fn a_torn_answer_is_refused() {
        assert!(parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc").is_none());
        assert!(parse(b"nonsense\r\n\r\n").is_none());
    }
}
