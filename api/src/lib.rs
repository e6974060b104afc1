//! Consul's HTTP contract as types, texts, filters and durations. It knows no socket and no storage.

pub mod answer;
pub mod catalog;
pub mod check;
pub mod consistency;
pub mod decode;
pub mod duration;
pub mod error;
pub mod filter;
pub mod hcl;
pub mod params;
pub mod path;
pub mod seen;
pub mod service;
pub mod stamp;
pub mod why;

pub use answer::{Meta, Reply};
pub use error::ApiError;
pub use params::{Params, Wait};
pub use stamp::Stamp;
