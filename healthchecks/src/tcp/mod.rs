//! TCP: passing if a connection opens, and with TLS if the handshake succeeds. It must never send a byte of its own.

use std::{sync::Arc, time::Duration};

use muster_api::{ApiError, check::CheckDefinition};
use tokio::time::timeout_at;

use crate::{
    definition::Status,
    dial,
    kinds::Kind,
    probe::{Outcome, Probe, Run, Running},
    tls::Demands,
};

#[cfg(test)]
mod tests;

pub(crate) const KIND: Kind = Kind {
    word: "tcp",
    claims: |check| !check.tcp.is_empty(),
    read: |check| Ok(Arc::new(Tcp::read(check)?)),
    commands: false,
    timeout: Duration::from_secs(10),
};

/// A port that should be open.
#[derive(Debug)]
struct Tcp {
    /// `host:port`; an IPv6 address stands in brackets.
    address: String,
    /// Of a peer with TLS.
    tls: Option<Demands>,
}

impl Probe for Tcp {
    fn run<'r>(&'r self, run: &'r Run<'r>) -> Running<'r> {
        Box::pin(async {
            match timeout_at(run.deadline, self.connect(run)).await {
                Ok(Ok(warning)) => {
                    let text = format!("TCP connect {}: Success", self.address);
                    Outcome::new(Status::Passing, text).warned(warning)
                }
                Ok(Err(text)) => Outcome::critical(text),
                Err(_late) => Outcome::critical(format!("dial tcp {}: i/o timeout", self.address)),
            }
        })
    }
}

impl Tcp {
    fn read(check: &CheckDefinition) -> Result<Self, ApiError> {
        let demands = Demands::read(check)?;
        Ok(Self { address: check.tcp.clone(), tls: check.tcp_use_tls.then_some(demands) })
    }

    /// Connects, and says what somebody should look at.
    async fn connect(&self, run: &Run<'_>) -> Result<Option<String>, String> {
        let stream = run.reach.dialer.dial(&self.address).await.map_err(|error| error.to_string())?;
        let Some(demands) = &self.tls else { return Ok(None) };
        let (host, _) = dial::split(&self.address)?;
        let secured = run.reach.tls.connect(stream, host, demands, &[]).await;
        secured.map(|secured| secured.warning).map_err(|why| format!("TCP connect {}: {why}", self.address))
    }
}
