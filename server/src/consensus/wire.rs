//! Calls from one server to another over kept connections, with our codec in the bodies. What an answer means is
//! for whoever asks.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::de::DeserializeOwned;

use crate::storage::codec;

/// Between two signs of life on a connection that is in use, and the longest wait for one.
const ALIVE: Duration = Duration::from_secs(1);

/// Calls to other servers over kept connections.
#[derive(Clone, Debug)]
pub struct Wire {
    pub(super) client: reqwest::Client,
    /// Its own connections for snapshots: what is slow to be read must not hold up a heartbeat behind it.
    pub(super) bulk: reqwest::Client,
    /// HTTP/1.1 for the log: its calls follow each other, and one such call is one write and one read at each end.
    pub(super) log: reqwest::Client,
    /// Where each member was last found. A link to it outlives its move to another address.
    addresses: Arc<Mutex<BTreeMap<u64, String>>>,
    /// Those whose disks were full when they last answered.
    cramped: Arc<Mutex<BTreeSet<u64>>>,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nothing was sent: the other side cannot have acted.
    #[error("{0}")]
    NotSent(String),
    /// It may have been received; what became of it is unknown.
    #[error("{0}")]
    Lost(String),
    /// The other side refused, in its own words.
    #[error("{text}")]
    Refused {
        /// The status.
        status: u16,
        /// The words.
        text: String,
    },
}

impl Wire {
    /// A client for the RPC ports of other servers.
    ///
    /// # Errors
    /// Where the client cannot be set up.
    pub fn new() -> io::Result<Self> {
        let plain = || {
            reqwest::Client::builder()
                .connect_timeout(Duration::from_millis(500))
                .tcp_nodelay(true)
                .no_proxy()
        };
        let client = || {
            plain()
                .http2_prior_knowledge()
                // A peer that vanished without a word is noticed so, not when a call has lasted its longest.
                .http2_keep_alive_interval(ALIVE)
                .http2_keep_alive_timeout(ALIVE)
                .build()
                .map_err(io::Error::other)
        };
        let log = plain().http1_only().build().map_err(io::Error::other)?;
        Ok(Self {
            client: client()?,
            bulk: client()?,
            log,
            addresses: Arc::default(),
            cramped: Arc::default(),
        })
    }

    /// Posts `body` to `path` at `address` and decodes the answer.
    ///
    /// # Errors
    /// Says whether the other side may have acted.
    pub async fn call<T: DeserializeOwned>(
        &self,
        address: &str,
        path: &str,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<T, CallError> {
        Self::post(&self.client, format!("http://{address}{path}"), body.into(), limit).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        client: &reqwest::Client,
        url: impl reqwest::IntoUrl,
        body: reqwest::Body,
        limit: Duration,
    ) -> Result<T, CallError> {
        let sent = client.post(url).timeout(limit).body(body).send().await;
        let answer = sent.map_err(|error| {
            if error.is_connect() {
                CallError::NotSent(words(&error))
            } else {
                CallError::Lost(words(&error))
            }
        })?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| CallError::Lost(words(&error)))?;
        if !status.is_success() {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Err(CallError::Refused { status: status.as_u16(), text });
        }
        codec::decode(&bytes).map_err(|error| CallError::Lost(error.to_string()))
    }

    /// From now on `member` is reached at `address`.
    pub(super) fn found(&self, member: u64, address: &str) {
        self.addresses.lock().insert(member, address.to_owned());
    }

    /// Where `member` was last found; empty where it never was.
    pub(super) fn address_of(&self, member: u64) -> String {
        self.addresses.lock().get(&member).cloned().unwrap_or_default()
    }

    /// What `member` says of its disk.
    pub(super) fn has_room(&self, member: u64, room: bool) {
        let mut cramped = self.cramped.lock();
        if room {
            cramped.remove(&member)
        } else {
            cramped.insert(member)
        };
    }

    /// The members whose disks were full when they last answered.
    pub(super) fn cramped(&self) -> BTreeSet<u64> {
        self.cramped.lock().clone()
    }

    /// Puts `body` to `path` at `address` and gives status and body of the answer as they are.
    ///
    /// # Errors
    /// Says whether the other side may have acted.
    pub async fn put(
        &self,
        address: &str,
        path: &str,
        body: bytes::Bytes,
        limit: Duration,
    ) -> Result<(http::StatusCode, bytes::Bytes), CallError> {
        let sent = self.client.put(format!("http://{address}{path}")).timeout(limit).body(body).send().await;
        let answer = sent.map_err(|error| CallError::Lost(words(&error)))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| CallError::Lost(words(&error)))?;
        Ok((status, body))
    }
}

fn words(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
