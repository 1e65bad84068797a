//! Loss functions and their gradients: River's `optim.losses`.
//!
//! **Source** River, `optim/losses.py`.

use serde::{Deserialize, Serialize};

use crate::math;

/// A loss of a raw prediction against a target (0 or 1 for the binary ones).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Loss {
    /// Logarithmic loss of a logit.
    Log {
        /// Weight of positive events.
        #[serde(default = "one")]
        weight_pos: f64,
        /// Weight of negative events.
        #[serde(default = "one")]
        weight_neg: f64,
    },
    /// `(y − p)²`.
    Squared {},
}

fn one() -> f64 {
    1.0
}

impl Loss {
    /// The logarithmic loss with equal weights.
    pub const LOG: Self = Self::Log { weight_pos: 1.0, weight_neg: 1.0 };

    /// The derivative with respect to the raw prediction.
    #[inline]
    pub fn gradient(&self, y: f64, p: f64) -> f64 {
        match self {
            Self::Log { weight_pos, weight_neg } => {
                let (sign, weight) =
                    if y == 0.0 { (-1.0, *weight_neg) } else { (1.0, *weight_pos) };
                let z = p * sign;
                if z > 18.0 {
                    weight * math::exp(-z) * -sign
                } else if z < -18.0 {
                    weight * -sign
                } else {
                    weight * -sign / (math::exp(z) + 1.0)
                }
            }
            Self::Squared {} => 2.0 * (p - y),
        }
    }

    /// From the raw prediction to the scale of the target: a probability, a number.
    #[inline]
    pub fn mean(&self, p: f64) -> f64 {
        match self {
            Self::Log { .. } => math::sigmoid(p),
            Self::Squared {} => p,
        }
    }

    /// True for losses whose targets are 0 and 1.
    pub fn is_binary(&self) -> bool {
        match self {
            Self::Log { .. } => true,
            Self::Squared {} => false,
        }
    }
}
