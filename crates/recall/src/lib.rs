//! Estimators over parts of events: texts, images and sounds.
//!
//! [`Embedding`] makes numbers of a part, for ordinary estimators to learn from. [`Memory`] keeps
//! the vectors of what it was told, says how new something is, and finds again what is like it.
//! The vectors are made by encoders of `her-encode`; a [`Reader`] calls them, and is shared by all
//! models of a process.
//!
//! This crate knows nothing of identities, and has no I/O, no clock and no thread.

mod embedding;
mod memory;
mod reader;
mod record;
mod store;
mod vector;

use std::sync::Arc;

use her_learn::Catalog;
use her_learn::catalog::Entry;

pub use embedding::Embedding;
pub use memory::{MEMORIES_MAX, Memory, Nearest, Recall, TEXT_MAX};
pub use reader::{Read, Reader};
pub use store::{Found, Item, Store};
pub use vector::Vector;

/// This crate's rows of the catalogue.
pub static ENTRIES: &[Entry] = &[embedding::ENTRY, memory::ENTRY];

/// A catalogue with these estimators as well, which share one reader.
pub fn extend(catalog: Catalog) -> Catalog {
    catalog.with(ENTRIES).lend(Arc::new(Reader::builtin()))
}
