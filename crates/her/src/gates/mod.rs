//! Gates in a server: figures are read once a second, rules stepped, decisions written down and
//! acted upon.
//!
//! The rules and their state machine are the crate `her_gate`. Here is what touches the world:
//! [`service`] is the thread that reads, steps and acts; [`collect`] where figures come from;
//! [`log`] what was decided, [`record`] the figures that it was decided by; [`act`] what is done.
//! No learner waits for any of it.

mod act;
mod collect;
pub mod departures;
pub(crate) mod host;
pub(crate) mod log;
mod notify;
pub(crate) mod record;
pub(crate) mod service;
pub(crate) mod tell;
mod window;

pub(crate) use collect::Waits;
