//! The way of a client agent to the servers: HTTP/2 to the RPC port of one of them, to another where that one is gone
//! or knows no leader. A request that may have been done is not sent again unless it only reads.

mod known;
mod lane;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use muster_agent::{Unreachable, Upstream};
use muster_api::{ApiError, Reply};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use known::Known;
use lane::{Failed, Lane};

/// A renewal of a lease that is not answered by then goes to the next server: sooner than the connection is known
/// to be dead, so that the lease outlives the server that it was renewed with.
const RENEWAL: Duration = Duration::from_millis(600);
/// The longest that the list of servers may take.
const LIST: Duration = Duration::from_secs(5);
/// Between two looks for the list of servers.
const REFRESH: Duration = Duration::from_secs(30);
const RETRY: Duration = Duration::from_secs(1);
/// A server that has no leader holds a request for a while before it says so. When two have, the third is not asked:
/// who asked waits long enough.
const MOST_HOLDS: usize = 2;
const HOLD: Duration = Duration::from_secs(1);
/// What a server says that has no leader. Nothing was done then.
const NO_LEADER: &str = "No cluster leader";

/// How many connections each sort of call may use.
const OWN: usize = 2;
const WATCHES: usize = 16;
const RELAYED: usize = 64;

/// The servers that are known, and the ways to them. A cheap handle.
#[derive(Clone)]
pub(super) struct Servers(Arc<Inner>);

struct Inner {
    known: Mutex<Known>,
    /// The first of those, for who must follow.
    in_use: watch::Sender<Option<String>>,
    /// What keeps this host alive, and nothing else.
    leases: Lane,
    /// What the agent says of its host.
    own: Lane,
    /// What users of this host ask.
    relayed: Lane,
    /// What waits for changes of names.
    watches: Lane,
    /// Names that are not watched.
    single: Lane,
    default_port: u16,
}

/// What one server said to a watch.
pub(super) struct Told {
    pub(super) reply: Reply,
    /// Whether it knew a leader: else what it says may be old.
    pub(super) led: bool,
}

/// What came of a call to one server.
enum Came {
    Answer(Reply),
    /// Surely nothing was done.
    NotDone(Option<Reply>, String),
    Unknown(String),
}

impl Servers {
    pub(super) fn new(addresses: Vec<String>, default_port: u16) -> Result<Self, reqwest::Error> {
        let known = Known::new(addresses);
        Ok(Self(Arc::new(Inner {
            in_use: watch::Sender::new(known.first().cloned()),
            known: Mutex::new(known),
            leases: Lane::new(1)?,
            own: Lane::new(OWN)?,
            relayed: Lane::new(RELAYED)?,
            watches: Lane::new(WATCHES)?,
            single: Lane::new(1)?,
            default_port,
        })))
    }

    /// Keeps the list of servers true until `token` ends it.
    pub(super) async fn refresh(&self, token: &CancellationToken) {
        loop {
            let pause = if self.follow().await { REFRESH } else { RETRY };
            tokio::select! {
                () = token.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Takes the servers' own list, if they give one.
    async fn follow(&self) -> bool {
        let Some(listed) = self.listed().await else { return false };
        self.change(|known| known.replace(listed));
        true
    }

    /// The servers' own list.
    async fn listed(&self) -> Option<Vec<String>> {
        let request = Request::get("/servers").body(Bytes::new()).ok()?;
        let reply = tokio::time::timeout(LIST, self.call(request)).await.ok()?.ok()?;
        let listed: Vec<String> = serde_json::from_slice(reply.body()).ok()?;
        (reply.status().is_success() && !listed.is_empty()).then_some(listed)
    }

    /// The server in use, and the news that it is another.
    pub(super) fn in_use(&self) -> watch::Receiver<Option<String>> {
        self.0.in_use.subscribe()
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        let mut known = self.0.known.lock();
        change(&mut known);
        let first = known.first();
        self.0.in_use.send_if_modified(|in_use| {
            let other = in_use.as_ref() != first;
            if other {
                *in_use = first.cloned();
            }
            other
        });
    }

    /// Puts a server that cannot help behind the others.
    fn distrust(&self, address: &str, why: &str) {
        tracing::debug!(address, why, "another server is asked");
        self.change(|known| known.distrust(address));
    }

    /// Carries what a user of this host asks.
    pub(super) async fn relay(&self, request: Request<Bytes>) -> Reply {
        match self.any(&self.0.relayed, &request).await {
            Ok(reply) => reply,
            Err(Failed::Full) => ApiError::TooMany(
                "as many requests as this agent relays at once are under way: ask a server, or ask later"
                    .into(),
            )
            .into_reply(),
            Err(failed) => ApiError::Unavailable(format!("rpc error making call: {failed}")).into_reply(),
        }
    }

    /// Asks the server at `address`, and no other: who watches has to know whom.
    pub(super) async fn watch(&self, address: &str, path: &str) -> Result<Told, String> {
        self.one(&self.0.watches, address, path).await
    }

    /// Asks once, whichever server answers: the first that knows a leader, or else the first.
    pub(super) async fn single(&self, path: &str) -> Result<Told, String> {
        let (servers, mut last) = (self.0.known.lock().in_order(), Err("No known Consul servers".into()));
        for address in &servers {
            match self.one(&self.0.single, address, path).await {
                Ok(told) if told.led => return Ok(told),
                Ok(told) if last.is_err() => last = Ok(told),
                Ok(_) => {}
                Err(why) => last = last.or(Err(why)),
            }
        }
        last
    }

    async fn one(&self, lane: &Lane, address: &str, path: &str) -> Result<Told, String> {
        let request = Request::get(path).body(Bytes::new()).map_err(|error| error.to_string())?;
        let why = match lane.send(address, &request).await {
            Ok(reply) if reply.status().is_success() => {
                let led = led(reply.headers());
                if !led {
                    self.distrust(address, NO_LEADER);
                }
                return Ok(Told { reply, led });
            }
            Ok(reply) if reply.status() == StatusCode::TOO_MANY_REQUESTS => return Err(said(&reply)),
            Ok(reply) => said(&reply),
            Err(Failed::Full) => return Err(Failed::Full.to_string()),
            Err(failed) => failed.to_string(),
        };
        self.distrust(address, &why);
        Err(format!("{address}: {why}"))
    }

    /// Asks one server after the other until one has an answer.
    async fn any(&self, lane: &Lane, request: &Request<Bytes>) -> Result<Reply, Failed> {
        let (mut leaderless, mut holds) = (None, 0);
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let renews = request.uri().path() == "/lease";
        let mut last = Failed::Before("No known Consul servers".into());
        let servers = self.0.known.lock().in_order();
        for address in &servers {
            let began = Instant::now();
            let sent = lane.send(address, request);
            let sent = if renews {
                let late = |_| Err(Failed::After(format!("no answer within {RENEWAL:?}")));
                tokio::time::timeout(RENEWAL, sent).await.unwrap_or_else(late)
            } else {
                sent.await
            };
            match came(sent, reads)? {
                Came::Answer(reply) => return Ok(reply),
                Came::NotDone(reply, why) => {
                    self.distrust(address, &why);
                    leaderless = leaderless.or(reply);
                    last = Failed::Before(format!("{address}: {why}"));
                    holds += usize::from(began.elapsed() >= HOLD);
                    if holds >= MOST_HOLDS {
                        break;
                    }
                }
                Came::Unknown(why) => {
                    self.distrust(address, &why);
                    last = Failed::After(format!("{address}: {why}"));
                    if !reads && !renews {
                        return Err(last);
                    }
                }
            }
        }
        // What a server said is more than that another could not be reached.
        leaderless.ok_or(last)
    }
}

fn came(sent: Result<Reply, Failed>, reads: bool) -> Result<Came, Failed> {
    Ok(match sent {
        Ok(reply) if reply.status() == StatusCode::INTERNAL_SERVER_ERROR && *reply.body() == NO_LEADER => {
            Came::NotDone(Some(reply), NO_LEADER.into())
        }
        // It is stopping and cut a query short.
        Ok(reply) if reply.status() == StatusCode::SERVICE_UNAVAILABLE && reads => {
            let why = said(&reply);
            Came::NotDone(Some(reply), why)
        }
        Ok(reply) => Came::Answer(reply),
        Err(Failed::Full) => return Err(Failed::Full),
        Err(Failed::Before(why)) => Came::NotDone(None, why),
        Err(Failed::After(why)) => Came::Unknown(why),
    })
}

fn led(headers: &HeaderMap) -> bool {
    headers.get("x-consul-knownleader").is_none_or(|known| known != "false")
}

fn said(reply: &Reply) -> String {
    format!("{}: {}", reply.status(), String::from_utf8_lossy(reply.body()))
}

impl Upstream for Servers {
    async fn call(&self, request: Request<Bytes>) -> Result<Reply, Unreachable> {
        let lane = if request.uri().path() == "/lease" { &self.0.leases } else { &self.0.own };
        let sent = self.any(lane, &request).await;
        sent.map_err(|failed| Unreachable(format!("rpc error making call: {failed}")))
    }

    async fn add(&self, address: String) -> Result<(), Unreachable> {
        let address = super::with_port(&address, self.0.default_port);
        super::reachable(&address).await.map_err(Unreachable)?;
        self.change(|known| known.learn(address));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
