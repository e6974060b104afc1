//! The registry replicated, stored and served.
