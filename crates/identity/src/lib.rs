//! Identities that predict, learn and never lose an update.

pub mod clock;
pub mod disk;
pub mod error;
pub mod format;
pub mod journal;
pub mod snapshot;
