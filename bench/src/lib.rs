//! Load and side-by-side reports.
