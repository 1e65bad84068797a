//! Decision trees that grow with their stream: River's `tree`.

mod arena;
mod branch;
pub(crate) mod class_leaf;
pub(crate) mod class_tree;
mod criterion;
pub mod hoeffding_tree_classifier;
mod observer;
mod splitter;

pub use criterion::Criterion;
pub use hoeffding_tree_classifier::HoeffdingTreeClassifier;
pub use splitter::ClassSplitter;

use crate::catalog::Entry;

/// The deepest that a tree becomes.
const DEPTH_MAX: u32 = 1000;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[HoeffdingTreeClassifier::ENTRY];
