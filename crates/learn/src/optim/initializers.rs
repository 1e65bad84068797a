//! First values of weights: River's `optim.initializers`.

use serde::{Deserialize, Serialize};

/// How a weight begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Initializer {
    /// At 0.
    Zeros {},
    /// At the same value.
    Constant {
        /// The value.
        value: f64,
    },
}

impl Initializer {
    /// True when a weight that was never met equals one that was just made.
    pub fn is_zero(&self) -> bool {
        match self {
            Self::Zeros {} => true,
            Self::Constant { value } => *value == 0.0,
        }
    }

    /// The next weight's first value.
    pub fn next(&mut self) -> f64 {
        match self {
            Self::Zeros {} => 0.0,
            Self::Constant { value } => *value,
        }
    }
}
