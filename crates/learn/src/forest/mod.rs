//! Forests of trees that grow with their stream: River's `forest`.

pub mod amf_classifier;
pub mod amf_regressor;
pub mod arf_classifier;
mod mondrian;
#[cfg(test)]
mod tests;

pub use amf_classifier::AMFClassifier;
pub use amf_regressor::AMFRegressor;
pub use arf_classifier::ARFClassifier;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[AMFClassifier::ENTRY, AMFRegressor::ENTRY, arf_classifier::ENTRY];
