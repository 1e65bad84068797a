//! Decision trees that grow with their stream: River's `tree`.

pub(crate) mod arena;
pub(crate) mod class_leaf;
pub(crate) mod class_tree;
mod columns;
pub(crate) mod criterion;
pub(crate) mod dist;
mod gaussians;
pub mod hoeffding_tree_classifier;
pub(crate) mod limits;
pub(crate) mod moments;
mod nominal;
pub(crate) mod observers;
pub(crate) mod split;
pub(crate) mod splitters;
mod value;
pub(crate) mod watch;
pub(crate) mod work;

pub use hoeffding_tree_classifier::HoeffdingTreeClassifier;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[HoeffdingTreeClassifier::ENTRY];
