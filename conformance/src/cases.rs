//! The tables of cases, one file per group of endpoints.

mod agent_checks;
mod agent_checks_kinds;
mod agent_checks_refused;
mod agent_services;
mod agent_services_health;
mod catalog;
mod catalog_more;
mod catalog_reads;
mod errors;
mod filter;
mod health;
mod kv;
mod kv_reads;
mod operator;
mod status;

use crate::case::Case;

/// All cases in the order of play.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    [
        kv::CASES,
        kv_reads::CASES,
        catalog::CASES,
        catalog_more::CASES,
        catalog_reads::CASES,
        health::CASES,
        filter::CASES,
        agent_services::CASES,
        agent_services_health::CASES,
        agent_checks::CASES,
        agent_checks_kinds::CASES,
        agent_checks_refused::CASES,
        status::CASES,
        operator::CASES,
        errors::CASES,
    ]
    .into_iter()
    .flatten()
}
