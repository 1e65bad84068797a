//! Detectors of unusual events: River's `anomaly`.

pub mod half_space_trees;
#[cfg(test)]
mod tests;

pub use half_space_trees::HalfSpaceTrees;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[HalfSpaceTrees::ENTRY];
