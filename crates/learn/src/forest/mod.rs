//! Forests of trees that grow with their stream: River's `forest`.

mod adaptive;
pub mod amf_classifier;
pub mod amf_regressor;
pub mod arf_classifier;
pub mod arf_regressor;
mod mondrian;
#[cfg(test)]
mod tests;

pub use amf_classifier::AMFClassifier;
pub use amf_regressor::AMFRegressor;
pub use arf_classifier::ARFClassifier;
pub use arf_regressor::ARFRegressor;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] =
    &[AMFClassifier::ENTRY, AMFRegressor::ENTRY, arf_classifier::ENTRY, arf_regressor::ENTRY];
