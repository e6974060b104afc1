//! The registrator beside a real engine: what is in the catalog is what runs, whatever starts, dies or breaks.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod alone;
mod broken;
mod faults;
mod host;
mod labels;
mod many;
mod networks;
mod relay;
mod seen;
mod states;
