//! Consul's HTTP contract as types, texts, filters and durations. It knows no socket and no storage.

pub mod consistency;
