//! A planet of nodes, simulated: the same gates and the same placement as the server's, driven by a
//! seed instead of a clock.
//!
//! [`File`] is a planet as it is written, [`Planet`] one that was checked, [`run`] lives its hours
//! and gives a [`Report`]. Learning is a rate and not events: an identity has so many updates a
//! second, drawn anew now and then. Gates and placement are `her-gate`'s own code, stepped with the
//! figures that the rates come to. Every run checks itself: one owner each, budgets kept, no move
//! back within a cool-down; a run that breaks one of them fails.
//!
//! What it does not claim is [`NOT_CLAIMED`].

mod check;
mod file;
mod flight;
mod herd;
mod invariants;
mod node;
pub mod pause;
#[cfg(test)]
mod planted;
mod regions;
mod report;
mod rng;
mod rules;
mod takeover;
mod world;

pub use check::Planet;
pub use file::File;
pub use report::{Happened, Load, Loss, OfRule, Report, Sample, Unavailable};
pub use world::run;

/// What a simulation says nothing about, for who reads its report.
pub const NOT_CLAIMED: [&str; 4] = [
    "throughput: learning is a rate, and no update is learned",
    "bandwidth: each node has a link of its own, and links do not share a road",
    "failures of a real planet: a region is lost at once and wholly, and the network between the \
     others does not falter",
    "where the state comes from that is taken over: a copy outside of the lost region is assumed, \
     and no update is lost",
];

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The planet is wrong: the value, the place and the remedy.
    #[error("{0}")]
    Wrong(String),
    /// A run broke what must hold: a mistake in the gates, in the placement or in the simulator.
    #[error("{0}")]
    Broken(String),
}

/// What this crate's functions give.
pub type Result<T> = std::result::Result<T, Error>;

pub(crate) fn wrong<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::Wrong(message.into()))
}
