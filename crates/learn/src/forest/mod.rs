//! Forests of trees that grow with their stream: River's `forest`.

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[];
