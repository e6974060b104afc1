//! An agent over crashes, restarts and outages, through its HTTP API alone, beside a catalog in memory.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod aliases;
mod catalog;
mod definitions;
mod files;
mod health;
mod histories;
mod host;
mod order;
