//! How features are split: River's `tree.splitter`, named in a spec.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::params::check_range;

/// How a tree of classes splits numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub enum ClassSplitter {
    /// By a normal distribution for each class.
    GaussianSplitter {
        /// How many thresholds between the ends are tried, 1 to 1,000.
        #[serde(default = "ten")]
        n_splits: u32,
    },
}

crate::optim::named_forms!(ClassSplitter);

fn ten() -> u32 {
    10
}

impl Default for ClassSplitter {
    fn default() -> Self {
        Self::GaussianSplitter { n_splits: ten() }
    }
}

impl ClassSplitter {
    /// How many thresholds are tried.
    pub fn n_splits(&self) -> Result<u32> {
        let Self::GaussianSplitter { n_splits } = self;
        check_range("n_splits", f64::from(*n_splits), 1.0, 1000.0).map_err(|e| e.at("splitter"))?;
        Ok(*n_splits)
    }
}
