//! The only place where rooms are put together. It decides nothing.

mod dns_on_view;
mod identity;
pub(crate) mod server;
