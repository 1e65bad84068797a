//! Many models that vote: River's `ensemble`.

pub mod adwin_bagging;
pub mod bagging;
pub mod leveraging_bagging;
mod members;
mod patches;
pub mod srp_classifier;
pub mod srp_regressor;
#[cfg(test)]
mod srp_tests;
mod subspaces;
#[cfg(test)]
mod tests;

pub use adwin_bagging::ADWINBaggingClassifier;
pub use leveraging_bagging::LeveragingBaggingClassifier;
pub use patches::{DisableDetector, TrainingMethod};
pub use srp_classifier::SRPClassifier;
pub use srp_regressor::SRPRegressor;
pub use subspaces::SubspaceSize;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[
    bagging::CLASSIFIER,
    bagging::REGRESSOR,
    adwin_bagging::ENTRY,
    leveraging_bagging::ENTRY,
    srp_classifier::ENTRY,
    srp_regressor::ENTRY,
];
