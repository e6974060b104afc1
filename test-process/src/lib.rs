//! Real `muster` processes for the tests: agents on loopback, on ports that are free at the time, ended when dropped.
//! It must never know what Muster is made of: it starts the binary, asks its ports and reads what it says.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod agent;
mod asking;
mod cluster;
mod naming;
mod ports;
mod wait;

use std::path::PathBuf;

pub use agent::Agent;
pub use cluster::Cluster;
pub use ports::free_port;
pub use wait::{LONG, until};

/// The `muster` that was built with the tests: it lies above the folder of their own binaries.
#[must_use]
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let muster = test.ancestors().nth(2).unwrap().join("muster");
    assert!(muster.is_file(), "{} is not built", muster.display());
    muster
}
