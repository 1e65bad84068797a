//! Many models that vote: River's `ensemble`.

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[];
