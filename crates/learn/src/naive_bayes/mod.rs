//! Classifiers that take features for independent of each other: River's `naive_bayes`.

pub mod bernoulli;
mod classes;
pub mod complement;
pub mod gaussian;
pub mod multinomial;
mod terms;
#[cfg(test)]
mod tests;

pub use bernoulli::BernoulliNB;
pub use complement::ComplementNB;
pub use gaussian::GaussianNB;
pub use multinomial::MultinomialNB;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] =
    &[GaussianNB::ENTRY, MultinomialNB::ENTRY, ComplementNB::ENTRY, BernoulliNB::ENTRY];
