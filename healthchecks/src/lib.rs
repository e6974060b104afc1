//! Says whether a thing is healthy: one folder per kind of probe, thresholds, timing.
//!
//! [`read`] judges a definition and says what is to be done for it. A [`Runner`] does it: it runs each probe in its
//! time and sends a [`Report`] when what is known about a check changed. It must never know a catalog, an agent, or who listens to the reports.

pub mod alias;
mod alongside;
mod container;
mod definition;
mod dial;
mod docker;
mod grpc;
mod h2ping;
mod http;
mod http2;
mod icmp;
mod kinds;
mod os_service;
mod output;
mod probe;
mod runner;
mod schedule;
mod script;
mod table;
mod tcp;
mod threshold;
mod tls;
mod ttl;
mod udp;

pub use definition::{Definition, Limits, NotTtl, Report, Status};
pub use kinds::{Scripts, read, word};
pub use output::{DEFAULT_OUTPUT_LIMIT, MAX_OUTPUT_LIMIT};
pub use runner::Runner;
pub use schedule::{MIN_INTERVAL, later};
pub use table::Glance;
