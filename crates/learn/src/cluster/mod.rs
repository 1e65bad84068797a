//! Groups found in a stream: River's `cluster`.

pub mod k_means;
#[cfg(test)]
mod tests;

pub use k_means::KMeans;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[KMeans::ENTRY];
