//! gRPC: one call of `grpc.health.v1.Health/Check` on a connection of its own. Serving is passing, everything else is
//! critical. It must never keep a connection, or take more of an answer than the protocol needs.
//!
//! `h2` and `prost` carry the call: a gRPC client above them would bring a pool, a task for each connection and a
//! dialer of its own, for two messages of a line each.

mod call;

use std::{sync::Arc, time::Duration};

use muster_api::{ApiError, check::CheckDefinition};
use tokio::time::timeout_at;

use self::call::{Call, Refused};
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
    word: "grpc",
    claims: |check| !check.grpc.is_empty(),
    read: |check| Ok(Arc::new(Grpc::read(check)?)),
    commands: false,
    timeout: Duration::from_secs(10),
};

/// A service that should be serving.
#[derive(Debug)]
struct Grpc {
    /// As it was written.
    target: String,
    /// `host:port`.
    address: String,
    /// The service that is asked about; empty means the server as a whole.
    service: String,
    /// Of a peer with TLS.
    tls: Option<Demands>,
}

impl Probe for Grpc {
    fn run<'r>(&'r self, run: &'r Run<'r>) -> Running<'r> {
        Box::pin(async {
            match timeout_at(run.deadline, self.check(run)).await {
                Ok(Ok(warning)) => {
                    let text = format!("gRPC check {}: success", self.target);
                    Outcome::new(Status::Passing, text).warned(warning)
                }
                Ok(Err(why)) => Outcome::critical(why),
                Err(_late) => {
                    let late = Refused::new("DeadlineExceeded", "context deadline exceeded");
                    Outcome::critical(late.to_string())
                }
            }
        })
    }
}

impl Grpc {
    fn read(check: &CheckDefinition) -> Result<Self, ApiError> {
        let (address, service) = check.grpc.split_once('/').unwrap_or((&check.grpc, ""));
        let demands = Demands::read(check)?;
        Ok(Self {
            target: check.grpc.clone(),
            address: address.to_owned(),
            service: service.to_owned(),
            tls: check.grpc_use_tls.then_some(demands),
        })
    }

    /// Asks once, and says what somebody should look at.
    async fn check(&self, run: &Run<'_>) -> Result<Option<String>, String> {
        let opened = http2::open(run.reach, &self.address, self.tls.as_ref()).await;
        let mut connection = opened.map_err(|failed| unavailable(&failed))?;
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let call = Call { scheme, authority: &self.address, service: &self.service };
        let requests = connection.requests;
        let answered = connection.alongside.run(call.ask(requests)).await;
        match answered {
            Ok(true) => Ok(connection.warning),
            Ok(false) => Err("gRPC application didn't report service healthy".to_owned()),
            Err(refused) => Err(refused.to_string()),
        }
    }
}

/// In the words that users of gRPC search for.
fn unavailable(failed: &Failed) -> String {
    let why = match failed {
        Failed::Dial(why) => format!("connection error: desc = \"transport: Error while dialing {why}\""),
        Failed::Tls(why) => {
            format!("connection error: desc = \"transport: authentication handshake failed: {why}\"")
        }
        Failed::Http2(why) => why.clone(),
    };
    Refused::new("Unavailable", why).to_string()
}
