//! The tables of cases, one file per group of endpoints.

mod agent_checks;
mod agent_services;
mod catalog;
mod errors;
mod health;
mod kv;
mod operator;
mod status;

use crate::case::Case;

/// All cases in the order of play.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    [
        kv::CASES,
        catalog::CASES,
        health::CASES,
        agent_services::CASES,
        agent_checks::CASES,
        status::CASES,
        operator::CASES,
        errors::CASES,
    ]
    .into_iter()
    .flatten()
}
