//! Identities that predict, learn and never lose an update.
//!
//! Bytes in → [`event`] → [`turn`] (predict, learn) → [`journal`] (append, group sync) → reply.
//! The front door is [`house`]. Read [`turn`] first.

pub mod turn;

pub mod event;

pub mod sync;

pub mod figures;

pub mod identity;

pub mod shard;

pub mod house;

pub mod journal;

pub mod legacy;

pub mod migrate;

pub mod snapshot;

pub mod clock;
pub mod crew;
pub mod disk;
pub mod error;
#[cfg(feature = "testing")]
pub mod fault;
pub mod format;
mod leb;

mod world;
#[cfg(feature = "testing")]
pub use world::simulated;

pub use error::{Error, ErrorKind, Result};
pub use house::House;
