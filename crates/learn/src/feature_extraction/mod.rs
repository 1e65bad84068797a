//! Making features of what is not one yet: River's `feature_extraction`.

pub mod bag_of_words;
mod letters;
pub mod polynomial_extender;
#[cfg(test)]
mod tests;
pub mod tfidf;
pub(crate) mod words;

pub use bag_of_words::BagOfWords;
pub use polynomial_extender::PolynomialExtender;
pub use tfidf::Tfidf;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[BagOfWords::ENTRY, Tfidf::ENTRY, PolynomialExtender::ENTRY];
