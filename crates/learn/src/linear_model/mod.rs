//! Linear models: River's `linear_model`.

pub mod glm;
pub mod linear_regression;
pub mod logistic_regression;

pub use linear_regression::LinearRegression;
pub use logistic_regression::LogisticRegression;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[LinearRegression::ENTRY, LogisticRegression::ENTRY];
