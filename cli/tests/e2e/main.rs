//! End to end with real parts: three servers and two client agents on hosts of their own, nginx behind them,
//! dig, curl and Prometheus asking. Nothing is skipped: what is missing is a failure that names its package.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod ask;
mod discovery;
mod faults;
mod network;
mod process;
mod prometheus;
mod town;
