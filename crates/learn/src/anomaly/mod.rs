//! Detectors of unusual events: River's `anomaly`.

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[];
