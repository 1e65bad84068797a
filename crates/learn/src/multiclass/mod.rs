//! Classifiers of two classes made into classifiers of many: River's `multiclass`.

pub mod one_vs_one;
pub mod one_vs_rest;
#[cfg(test)]
mod tests;

pub use one_vs_one::OneVsOneClassifier;
pub use one_vs_rest::OneVsRestClassifier;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[one_vs_rest::ENTRY, one_vs_one::ENTRY];
