//! TCP: passing if a connection opens. It must never send a byte.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout_at;

use crate::{
    definition::Status,
    kinds::Kind,
    probe::{Outcome, Probe, Run, Running},
};

#[cfg(test)]
mod tests;

pub(crate) const KIND: Kind = Kind {
    word: "tcp",
    claims: |check| !check.tcp.is_empty(),
    read: |check| Ok(Arc::new(Tcp { address: check.tcp.clone() })),
    commands: false,
    timeout: Duration::from_secs(10),
};

/// A port that should be open.
#[derive(Debug)]
struct Tcp {
    /// `host:port`; an IPv6 address stands in brackets.
    address: String,
}

impl Probe for Tcp {
    fn run<'r>(&'r self, run: &'r Run<'r>) -> Running<'r> {
        Box::pin(self.connect(run))
    }
}

impl Tcp {
    async fn connect(&self, run: &Run<'_>) -> Outcome {
        let address = &self.address;
        match timeout_at(run.deadline, run.reach.dialer.dial(address)).await {
            Ok(Ok(_open)) => Outcome::new(Status::Passing, format!("TCP connect {address}: Success")),
            Ok(Err(error)) => Outcome::critical(error.to_string()),
            Err(_late) => Outcome::critical(format!("dial tcp {address}: i/o timeout")),
        }
    }
}
