//! A rendered answer: its bytes, shared by all who get it, and their compression, made once when the first asks.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use muster_api::{Meta, Reply, answer};
use tokio::sync::OnceCell;

use super::aside::{Aside, LARGE};
use super::budget::Charge;
use crate::consensus::ReadStamp;

/// Smaller answers are not worth compressing.
const GZIP_FROM: usize = 1400;
/// What an answer takes besides its body.
const AROUND: usize = 1 << 10;

/// A rendered answer.
pub(super) struct Answer {
    /// The index it belongs to.
    pub(super) index: u64,
    status: StatusCode,
    /// With the headers of a read that the leader vouches for, as nearly all are.
    headers: HeaderMap,
    pub(super) body: Bytes,
    zipped: OnceCell<Option<Zipped>>,
    charge: Option<Charge>,
}

struct Zipped {
    bytes: Bytes,
    _charge: Option<Charge>,
}

/// The body of an answer that nobody keeps, with the answer.
struct Flying {
    body: Bytes,
    _answer: Arc<Answer>,
}

impl AsRef<[u8]> for Flying {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Answer {
    /// What an answer with this body takes.
    pub(super) fn weight(body: &Bytes) -> usize {
        AROUND + body.len()
    }

    /// `rendered` at `index`; whoever keeps it has been charged.
    pub(super) fn new(index: u64, rendered: Reply, charge: Option<Charge>) -> Arc<Self> {
        let meta = meta(index, STAMP);
        let (head, body) = answer::with_meta(rendered, meta).into_parts();
        let (status, headers) = (head.status, head.headers);
        Arc::new(Self { index, status, headers, body, zipped: OnceCell::new(), charge })
    }

    /// The answer for a client with these headers.
    pub(super) async fn reply(
        self: &Arc<Self>,
        stamp: ReadStamp,
        headers: &HeaderMap,
        aside: &Aside,
    ) -> Reply {
        let zipped = if takes_gzip(headers) { self.zipped(aside).await } else { None };
        let body = zipped.clone().unwrap_or_else(|| self.body.clone());
        let mut reply = Reply::new(if self.charge.is_some() { body } else { self.held_by(body) });
        *reply.status_mut() = self.status;
        *reply.headers_mut() = self.headers.clone();
        if zipped.is_some() {
            reply.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if stamp == STAMP { reply } else { answer::with_meta(reply, meta(self.index, stamp)) }
    }

    /// `body`, which holds the answer for as long as it is on its way.
    fn held_by(self: &Arc<Self>, body: Bytes) -> Bytes {
        Bytes::from_owner(Flying { body, _answer: self.clone() })
    }

    /// Compressed once for all; `None` where it is too small or could not be.
    async fn zipped(self: &Arc<Self>, aside: &Aside) -> Option<Bytes> {
        if self.body.len() < GZIP_FROM {
            return None;
        }
        let made = self.zipped.get_or_init(|| async {
            let body = self.body.clone();
            let bytes = if body.len() > LARGE {
                aside.run(move || zip(&body)).await.ok().flatten()?
            } else {
                zip(&body)?
            };
            Some(Zipped { _charge: self.charge.as_ref().map(|charge| charge.more(bytes.len())), bytes })
        });
        made.await.as_ref().map(|zipped| zipped.bytes.clone())
    }
}

/// The stamp of a read that the leader vouches for.
const STAMP: ReadStamp = ReadStamp { known_leader: true, last_contact: std::time::Duration::ZERO };

fn meta(index: u64, stamp: ReadStamp) -> Meta {
    Meta { index, known_leader: stamp.known_leader, last_contact: stamp.last_contact }
}

fn zip(body: &Bytes) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Whether the client takes gzip: named, and not with a weight of 0.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let Some(accepted) = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused =
            weight.trim().strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[tokio::test]
    async fn who_takes_gzip_gets_the_same_in_fewer_bytes() {
        for length in [5000, 2 * LARGE] {
            let answer = Answer::new(7, answer::json(&"a".repeat(length), false).unwrap(), None);
            let aside = Aside::default();
            let asked = async |coding: &'static str| {
                let headers =
                    HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(coding))]);
                answer.reply(STAMP, &headers, &aside).await
            };
            let zipped = asked("br, gzip").await;
            assert_eq!(zipped.headers()[header::CONTENT_ENCODING], "gzip");
            assert!(zipped.body().len() < length / 10);
            let mut text = String::new();
            flate2::read::GzDecoder::new(&zipped.body()[..]).read_to_string(&mut text).unwrap();
            assert_eq!(text.as_bytes(), answer.body);
            for coding in ["identity", "gzip;q=0"] {
                assert!(!asked(coding).await.headers().contains_key(header::CONTENT_ENCODING));
            }
        }
    }

    #[tokio::test]
    async fn the_headers_say_what_the_stamp_says() {
        let answer = Answer::new(7, answer::json(&1, false).unwrap(), None);
        let late = ReadStamp { known_leader: false, last_contact: std::time::Duration::from_millis(40) };
        for (stamp, known, contact) in [(STAMP, "true", "0"), (late, "false", "40")] {
            let reply = answer.reply(stamp, &HeaderMap::new(), &Aside::default()).await;
            let shown = |name: &str| reply.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(shown("x-consul-index"), "7");
            assert_eq!(shown("x-consul-knownleader"), known);
            assert_eq!(shown("x-consul-lastcontact"), contact);
        }
    }
}
