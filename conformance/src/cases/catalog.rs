//! x
use crate::case::Case;
/// The table.
pub(super) const CASES: &[Case] = &[];
