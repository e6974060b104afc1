//! Client agents beside real servers: what floods, dead servers and odd names must not do to them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod failover;
mod flood;
mod names;
mod why;
