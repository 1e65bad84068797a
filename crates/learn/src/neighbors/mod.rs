//! Predictions from the nearest events seen: River's `neighbors`.

pub mod engine;
pub mod knn_classifier;
pub mod knn_regressor;
mod swinn;
#[cfg(test)]
mod tests;
mod window;

pub use engine::{Distance, Engine};
pub use knn_classifier::KNNClassifier;
pub use knn_regressor::KNNRegressor;
pub(crate) use window::Near;

use crate::catalog::Entry;

/// A distance that is smaller than this weighs as this one: `1 / distance` stays finite.
const TINY: f64 = 1e-290;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[KNNClassifier::ENTRY, KNNRegressor::ENTRY];
