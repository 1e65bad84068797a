//! Groups found in a stream: River's `cluster`.

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[];
