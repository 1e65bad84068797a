//! The locks: who may do what, and what was done.
//!
//! [`scope`] says what a route asks, [`token`] what one token may, [`keyring`] which tokens there
//! are, [`session`] how a page keeps one, [`rates`] how often somebody may come, [`audit`] what
//! was done, [`told`] how a person reads that. None of them knows HTTP; the server's door asks
//! them.

pub(crate) mod audit;
pub(crate) mod chain;
pub(crate) mod files;
pub(crate) mod first;
#[cfg(test)]
mod golden;
pub(crate) mod keyring;
pub(crate) mod rates;
pub(crate) mod scope;
pub(crate) mod session;
pub(crate) mod token;
pub(crate) mod told;
