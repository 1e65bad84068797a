//! Scaling, encoding, imputing: River's `preprocessing`.

pub mod standard_scaler;

pub use standard_scaler::StandardScaler;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[StandardScaler::ENTRY];
