//! The truth of one host, and keeping the catalog in accord with it.
