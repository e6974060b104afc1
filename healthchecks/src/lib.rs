//! Says whether a thing is healthy: one folder per kind of probe, thresholds, timing.
//!
//! A [`Runner`] holds [`Definition`]s, runs each probe in its time and sends a [`Report`] when what is known
//! about a check changed. It must never know a catalog, an agent, or who listens to the reports.

mod definition;
mod dial;
mod http;
mod output;
mod probe;
mod runner;
mod schedule;
mod script;
mod table;
mod tcp;
mod threshold;
mod ttl;

pub use definition::{Definition, Limits, NotTtl, ProbeSpec, Report, Status, Thresholds};
pub use output::{DEFAULT_OUTPUT_LIMIT, MAX_OUTPUT_LIMIT};
pub use runner::Runner;
pub use schedule::{MIN_INTERVAL, later};
