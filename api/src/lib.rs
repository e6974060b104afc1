//! Consul's HTTP contract as types, texts, filters and durations.
