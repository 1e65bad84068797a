//! Many models that vote: River's `ensemble`.

pub mod ada_boost;
pub mod adwin_bagging;
pub mod adwin_boosting;
pub mod bagging;
pub mod bole;
mod boost;
pub mod ewa;
pub mod leveraging_bagging;
mod members;
#[cfg(test)]
mod mixed_tests;
mod patches;
pub mod srp_classifier;
pub mod srp_regressor;
#[cfg(test)]
mod srp_tests;
pub mod stacking;
mod subspaces;
#[cfg(test)]
pub(crate) mod tests;
pub mod voting;

pub(crate) use members::{add_votes, check_n_models, share_out};

pub use ada_boost::AdaBoostClassifier;
pub use adwin_bagging::ADWINBaggingClassifier;
pub use adwin_boosting::ADWINBoostingClassifier;
pub use bole::BOLEClassifier;
pub use ewa::EWARegressor;
pub use leveraging_bagging::LeveragingBaggingClassifier;
pub use patches::{DisableDetector, TrainingMethod};
pub use srp_classifier::SRPClassifier;
pub use srp_regressor::SRPRegressor;
pub use stacking::StackingClassifier;
pub use subspaces::SubspaceSize;
pub use voting::VotingClassifier;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[
    bagging::CLASSIFIER,
    bagging::REGRESSOR,
    adwin_bagging::ENTRY,
    leveraging_bagging::ENTRY,
    srp_classifier::ENTRY,
    srp_regressor::ENTRY,
    ewa::ENTRY,
    voting::ENTRY,
    stacking::ENTRY,
    ada_boost::ENTRY,
    adwin_boosting::ENTRY,
    bole::ENTRY,
];
