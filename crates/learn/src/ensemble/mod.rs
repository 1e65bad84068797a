//! Many models that vote: River's `ensemble`.

pub mod bagging;
#[cfg(test)]
mod tests;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[bagging::CLASSIFIER, bagging::REGRESSOR];
