//! Is this thing healthy: one folder per kind of probe, thresholds, timing.
