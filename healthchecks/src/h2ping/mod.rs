//! HTTP/2 ping: passing if the peer answers the ping of the protocol itself. It must never send a request.

use std::{sync::Arc, time::Duration};

use h2::Ping;
use tokio::time::timeout_at;

use crate::{
    definition::Status,
    http2::{self, Failed},
    kinds::Kind,
    probe::{Outcome, Probe, Run, Running},
    tls::Demands,
};

#[cfg(test)]
mod tests;

pub(crate) const KIND: Kind = Kind {
    word: "h2ping",
    claims: |check| !check.h2ping.is_empty(),
    read: |check| {
        let demands = Demands::read(check)?;
        let tls = check.h2ping_use_tls.unwrap_or(true).then_some(demands);
        Ok(Arc::new(H2Ping { address: check.h2ping.clone(), tls }))
    },
    commands: false,
    timeout: Duration::from_secs(10),
};

/// A peer that should speak HTTP/2.
#[derive(Debug)]
struct H2Ping {
    /// `host:port`.
    address: String,
    /// Of a peer with TLS.
    tls: Option<Demands>,
}

impl Probe for H2Ping {
    fn run<'r>(&'r self, run: &'r Run<'r>) -> Running<'r> {
        Box::pin(async {
            let failed = |why: &str| Outcome::critical(format!("HTTP2 ping {}: {why}", self.address));
            match timeout_at(run.deadline, self.ping(run)).await {
                Ok(Ok(warning)) => {
                    let text = format!("HTTP2 ping {}: Success", self.address);
                    Outcome::new(Status::Passing, text).warned(warning)
                }
                Ok(Err(why)) => failed(&why),
                Err(_late) => failed("no answer in time"),
            }
        })
    }
}

impl H2Ping {
    /// Pings, and says what somebody should look at.
    async fn ping(&self, run: &Run<'_>) -> Result<Option<String>, String> {
        let opened = http2::open(run.reach, &self.address, self.tls.as_ref()).await;
        let mut connection = opened.map_err(|failed| match failed {
            Failed::Dial(why) | Failed::Tls(why) | Failed::Http2(why) => why,
        })?;
        let mut ping = connection.ping.take().ok_or("there is no ping on this connection")?;
        let answered = connection.alongside.run(ping.ping(Ping::opaque())).await;
        answered.map(|_| connection.warning).map_err(|error| http2::error_text(&error))
    }
}
