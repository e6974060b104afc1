//! TCP: passing if a connection opens. It must never send a byte.

use tokio::time::{Instant, timeout_at};

use crate::{definition::Status, dial::Dialer, probe::Outcome};

#[cfg(test)]
mod tests;

/// One run.
pub(crate) async fn probe(address: &str, dialer: &Dialer, deadline: Instant) -> Outcome {
    match timeout_at(deadline, dialer.dial(address)).await {
        Ok(Ok(_open)) => Outcome::new(Status::Passing, format!("TCP connect {address}: Success")),
        Ok(Err(error)) => Outcome::new(Status::Critical, error.to_string()),
        Err(_late) => Outcome::new(Status::Critical, format!("dial tcp {address}: i/o timeout")),
    }
}
