//! Putting estimators together: River's `compose`.

pub mod pipeline;

pub use pipeline::Pipeline;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[pipeline::ENTRY];
