//! First values of weights: River's `optim.initializers`.
//!
//! **Source** River, `optim/initializers.py`.

use serde::{Deserialize, Serialize};

use crate::rng::NormalRng;

/// How a weight begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub enum Initializer {
    /// At 0.
    Zeros {},
    /// At the same value.
    Constant {
        /// The value.
        value: f64,
    },
    /// At numbers drawn from a normal distribution.
    Normal {
        /// Mean.
        #[serde(default)]
        mu: f64,
        /// Standard deviation.
        #[serde(default = "one")]
        sigma: f64,
        /// The seed; without one it is 0, where River draws one.
        #[serde(default)]
        seed: Option<u32>,
    },
}

super::named_forms!(Initializer);

fn one() -> f64 {
    1.0
}

impl Initializer {
    /// True when a weight that was never met equals one that was just made.
    pub fn is_zero(&self) -> bool {
        match self {
            Self::Zeros {} => true,
            Self::Constant { value } => *value == 0.0,
            Self::Normal { .. } => false,
        }
    }

    /// The generator to hand to [`draw`](Self::draw); part of the state of what owns the weights.
    pub fn rng(&self) -> Option<NormalRng> {
        match self {
            Self::Zeros {} | Self::Constant { .. } => None,
            Self::Normal { seed, .. } => Some(NormalRng::new(seed.unwrap_or(0))),
        }
    }

    /// The next weight's first value.
    pub fn draw(&self, rng: &mut Option<NormalRng>) -> f64 {
        match self {
            Self::Zeros {} => 0.0,
            Self::Constant { value } => *value,
            Self::Normal { mu, sigma, .. } => {
                rng.as_mut().map_or(*mu, |rng| rng.normal(*mu, *sigma))
            }
        }
    }
}
