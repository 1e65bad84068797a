//! Many models that vote: River's `ensemble`.

pub mod adwin_bagging;
pub mod bagging;
pub mod leveraging_bagging;
mod members;
#[cfg(test)]
mod tests;

pub use adwin_bagging::ADWINBaggingClassifier;
pub use leveraging_bagging::LeveragingBaggingClassifier;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] =
    &[bagging::CLASSIFIER, bagging::REGRESSOR, adwin_bagging::ENTRY, leveraging_bagging::ENTRY];
