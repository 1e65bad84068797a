//! What adaptive trees of classes and of numbers have in common.

use serde::{Deserialize, Serialize};

use super::watch::Detectors;
use crate::error::Result;
use crate::estimator::Attribute;
use crate::params::check_range;
use crate::rng::Rng;

/// What an adaptive tree is told beside what its plain tree is.
pub(crate) struct AdaptiveConfig {
    pub detectors: Detectors,
    pub bootstrap_sampling: bool,
    pub drift_window_threshold: f64,
    pub switch_significance: f64,
}

impl AdaptiveConfig {
    /// Refuses what lies outside of its range.
    pub fn check(&self) -> Result<()> {
        check_range("drift_window_threshold", self.drift_window_threshold, 0.0, 1e9)?;
        check_range("switch_significance", self.switch_significance, 1e-300, 1.0)
    }
}

/// The draws of an adaptive tree, and what became of its alternates.
#[derive(Serialize, Deserialize)]
pub(crate) struct Progress {
    pub rng: Rng,
    pub n_alternate: i64,
    pub n_pruned: i64,
    pub n_switch: i64,
}

impl Progress {
    pub fn new(seed: Option<u32>) -> Self {
        let rng = Rng::new(u64::from(seed.unwrap_or(0)));
        Self { rng, n_alternate: 0, n_pruned: 0, n_switch: 0 }
    }

    /// The weight of an event in a leaf: a draw of 0 counts once too.
    pub fn weight(&mut self, cfg: &AdaptiveConfig, w: f64) -> f64 {
        if cfg.bootstrap_sampling { w * f64::from(self.rng.poisson(1.0).max(1)) } else { w }
    }

    pub fn attribute(&self, name: &str) -> Option<Attribute> {
        let n = match name {
            "n_alternate_trees" => self.n_alternate,
            "n_pruned_alternate_trees" => self.n_pruned,
            "n_switch_alternate_trees" => self.n_switch,
            _ => return None,
        };
        Some(Attribute::Int(n))
    }

    /// A tree's attribute, its `summary` with these counts.
    pub fn with_tree(&self, name: &str, of_tree: Option<Attribute>) -> Option<Attribute> {
        let Some(Attribute::Map(mut map)) = of_tree.clone().filter(|_| name == "summary") else {
            return of_tree.or_else(|| self.attribute(name));
        };
        for key in ["n_alternate_trees", "n_pruned_alternate_trees", "n_switch_alternate_trees"] {
            map.extend(self.attribute(key).map(|value| (key.to_owned(), value)));
        }
        Some(Attribute::Map(map))
    }
}
