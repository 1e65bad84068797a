//! Estimators over parts of events: texts, images and sounds.
//!
//! [`Embedding`] makes numbers of a part, for ordinary estimators to learn from. [`Memory`] keeps
//! the vectors of what it was told, says how new something is, and finds again what is like it.
//! The vectors are made by encoders of `her-encode`; a [`Reader`] calls them, and is shared by all
//! models of a process. Texts may be read by [`Models`] that are lent, which a spec names. A
//! [`Translation`] takes in what was remembered by another encoder.
//!
//! This crate knows nothing of identities, and has no I/O, no clock and no thread.

mod embedding;
mod foreign;
mod memory;
mod models;
mod reader;
mod recall;
mod record;
mod store;
mod vector;

use std::sync::Arc;

use her_learn::Catalog;
use her_learn::catalog::Entry;

pub use embedding::Embedding;
pub use foreign::{Carried, Foreign, Match, Score, Translation};
pub use memory::{MEMORIES_MAX, Memory, Params, TEXT_MAX};
pub use models::{Models, TextModel};
pub use reader::{Read, Reader};
pub use recall::{Nearest, Recall};
pub use store::{Found, Item, Store};
pub use vector::Vector;

/// This crate's rows of the catalogue.
pub static ENTRIES: &[Entry] = &[embedding::ENTRY, memory::ENTRY];

/// A catalogue with these estimators as well, which share one reader.
pub fn extend(catalog: Catalog) -> Catalog {
    catalog.with(ENTRIES).lend(Arc::new(Reader::builtin()))
}

/// The same, where a `Memory` may have its texts read by a model that its spec names. How its
/// numbers hang on the machine is for who knows the models to say, of `Memory.encoder`
/// ([`Catalog::with_arithmetic`]).
pub fn extend_with(catalog: Catalog, models: impl Models + 'static) -> Catalog {
    let readers = models::Readers::of(Box::new(models));
    extend(catalog).heavy(["Memory.encoder"]).lend(Arc::new(readers))
}
