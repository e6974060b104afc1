//! Names in, records out, for whatever [`Directory`] it is given. This room knows no HTTP, no consensus, and
//! not who its directory is.

mod answer;
mod cache;
mod config;
pub mod directory;
mod encode;
mod forward;
mod handler;
mod name;
mod question;
mod record;
mod resolve;
mod serve;
mod streams;
mod udp;
mod wire;

pub use config::{Config, ServiceTtl, Soa};
pub use directory::{Directory, Health, Instance, NodeFacts, Owner, Subject};
pub use serve::{Sockets, run};
