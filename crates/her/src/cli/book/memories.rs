//! Memories in books.

use std::fmt::Write as _;

use her_book::Book;
use her_identity::turn::State;
use her_identity::{Error, Result};
use serde_json::{Value, json};

use super::super::table;
use super::refused;
use crate::nearest::{Memories, Question};

/// What a book says of its memories: how many, of what, in which space.
pub fn told(book: &Book) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    for modality in book.modalities() {
        if let Some(memory) = book.memory(modality).map_err(refused)? {
            all.push(json!({
                "modality": modality, "space": memory.space, "dims": memory.dims,
                "vectors": memory.len(),
            }));
        }
    }
    Ok(all)
}

/// The same for people.
pub fn shown(told: &[Value]) -> String {
    let mut text = String::new();
    for one in told {
        let word = |key: &str| one[key].as_str().unwrap_or_default();
        let (n, dims) = (table::count(&one["vectors"]), table::count(&one["dims"]));
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "memory of {}  {n} vectors of {dims} numbers in {}",
            word("modality"),
            word("space")
        );
    }
    text
}

/// What the identity of a book remembers that is like a query.
pub fn nearest(state: &State, query: &str, k: u64) -> Result<Value> {
    let query = super::super::nearest::written(query)?;
    let memories = Memories::of(state).ok_or_else(|| {
        Error::not_found("the book's identity keeps no memories; leave out --nearest")
    })?;
    memories.nearest(&Question { query, k, modality: None })
}
