//! Decision trees that grow with their stream: River's `tree`.

mod adaptive;
mod adaptive_class;
mod adaptive_target;
mod alternates;
pub(crate) mod arena;
pub(crate) mod class_leaf;
pub(crate) mod class_tree;
mod columns;
pub(crate) mod criterion;
pub(crate) mod dist;
mod exhaustive;
mod gaussians;
mod histograms;
pub mod hoeffding_adaptive_tree_classifier;
pub mod hoeffding_adaptive_tree_regressor;
pub mod hoeffding_tree_classifier;
pub mod hoeffding_tree_regressor;
pub(crate) mod limits;
pub(crate) mod models;
pub(crate) mod moments;
mod nominal;
pub(crate) mod observers;
mod search_tree;
mod show;
mod slots;
pub(crate) mod split;
pub(crate) mod splitters;
pub(crate) mod target_leaf;
pub(crate) mod target_observer;
pub(crate) mod target_tree;
#[cfg(test)]
mod tests;
mod value;
pub(crate) mod watch;
pub(crate) mod work;

pub use hoeffding_adaptive_tree_classifier::HoeffdingAdaptiveTreeClassifier;
pub use hoeffding_adaptive_tree_regressor::HoeffdingAdaptiveTreeRegressor;
pub use hoeffding_tree_classifier::HoeffdingTreeClassifier;
pub use hoeffding_tree_regressor::HoeffdingTreeRegressor;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[
    HoeffdingTreeClassifier::ENTRY,
    hoeffding_tree_regressor::ENTRY,
    hoeffding_adaptive_tree_classifier::ENTRY,
    hoeffding_adaptive_tree_regressor::ENTRY,
];
