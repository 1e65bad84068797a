//! Loss functions and their gradients: River's `optim.losses`.
//!
//! A spec names a loss alone, `"Hinge"`, or with parameters, `{"Hinge": {"threshold": 0.0}}`.
//!
//! | loss | of | value for a raw prediction p |
//! |---|---|---|
//! | `Log` | binary | `ln(1 + e^(−yp))`, y in ±1, times the class's weight |
//! | `Hinge` | binary | `max(threshold − yp, 0)` |
//! | `BinaryFocalLoss` | binary | `−ln σ(γyp + β) / γ` |
//! | `Squared`, `Absolute` | numbers | `(y − p)²`, `|y − p|` |
//! | `Huber` | numbers | squared up to `epsilon`, absolute beyond |
//! | `Cauchy` | numbers | `|y − p|`; its gradient fades for errors beyond `C` |
//! | `Quantile` | numbers | `|y − p|`, times `alpha` above and `1 − alpha` below |
//! | `EpsilonInsensitiveHinge` | numbers | `max(|2y − 1 − p| − eps, 0)` |
//! | `Poisson` | counts | `e^p − yp` |
//! | `CrossEntropy` | classes | `−ln p` of the true class |
//!
//! The `2y − 1` of `EpsilonInsensitiveHinge` is River's: it maps the target as if it were binary.
//!
//! ```
//! use her_learn::optim::Loss;
//! let loss: Loss = serde_json::from_str(r#"{"Hinge": {"threshold": 0.0}}"#).unwrap();
//! assert_eq!((loss.value(1.0, -2.0), loss.gradient(1.0, -2.0)), (2.0, -1.0));
//! ```
//!
//! **Source** River, `optim/losses.py`.

use serde::{Deserialize, Serialize};

use crate::math;

/// A loss of a raw prediction against a target (0 or 1 for the binary ones).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
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
    /// Hinge loss: 1 as threshold gives the SVM's, 0 the perceptron's.
    Hinge {
        /// The margin from which on nothing is lost.
        #[serde(default = "one")]
        threshold: f64,
    },
    /// Focal loss: events that are right already count less.
    BinaryFocalLoss {
        /// How fast the loss falls for events that are right.
        #[serde(default = "two")]
        gamma: f64,
        /// Shift of the logit.
        #[serde(default = "one")]
        beta: f64,
    },
    /// `(y − p)²`.
    Squared {},
    /// `|y − p|`.
    Absolute {},
    /// Quadratic near the target, linear away from it.
    Huber {
        /// The error at which it becomes linear.
        #[serde(default = "tenth")]
        epsilon: f64,
    },
    /// Its gradient fades for large errors.
    Cauchy {
        /// The error at which the gradient has halved.
        #[serde(rename = "C", default = "eighty")]
        c: f64,
    },
    /// Pinball loss: its best constant prediction is a quantile.
    Quantile {
        /// The quantile, between 0 and 1.
        #[serde(default = "half")]
        alpha: f64,
    },
    /// Nothing is lost within `eps` of `2y − 1`.
    EpsilonInsensitiveHinge {
        /// The error that costs nothing.
        #[serde(default = "tenth")]
        eps: f64,
    },
    /// Poisson deviance of the logarithm of a rate.
    Poisson {},
    /// Cross entropy of a class's probability.
    CrossEntropy {},
}

super::named_forms!(Loss);

fn one() -> f64 {
    1.0
}

fn two() -> f64 {
    2.0
}

fn tenth() -> f64 {
    0.1
}

fn half() -> f64 {
    0.5
}

fn eighty() -> f64 {
    80.0
}

/// River's limits on a probability under a logarithm.
fn clamp_proba(p: f64) -> f64 {
    math::clamp(p, 1e-15, 1.0 - 1e-15)
}

/// 0 and 1 to −1 and 1.
#[inline]
fn sign(y: f64) -> f64 {
    y * 2.0 - 1.0
}

impl Loss {
    /// The logarithmic loss with equal weights.
    pub const LOG: Self = Self::Log { weight_pos: 1.0, weight_neg: 1.0 };

    /// The loss itself. `p` is a raw prediction; for `CrossEntropy` it is the probability of a
    /// class and `y` is 1 when that class is the true one.
    pub fn value(&self, y: f64, p: f64) -> f64 {
        match self {
            Self::Log { weight_pos, weight_neg } => {
                let (sign, weight) = log_parts(y, *weight_pos, *weight_neg);
                let z = p * sign;
                weight
                    * if z > 18.0 {
                        math::exp(-z)
                    } else if z < -18.0 {
                        -z
                    } else {
                        math::ln(1.0 + math::exp(-z))
                    }
            }
            Self::Hinge { threshold } => (threshold - sign(y) * p).max(0.0),
            Self::BinaryFocalLoss { gamma, beta } => {
                -math::ln(math::sigmoid(gamma * (sign(y) * p) + beta)) / gamma
            }
            Self::Squared {} => (p - y) * (p - y),
            Self::Absolute {} | Self::Cauchy { .. } => (p - y).abs(),
            Self::Huber { epsilon } => {
                let r = p - y;
                if r.abs() <= *epsilon {
                    0.5 * r * r
                } else {
                    epsilon * r.abs() - (0.5 * epsilon * epsilon)
                }
            }
            Self::Quantile { alpha } => {
                let off = p - y;
                (alpha - f64::from(u8::from(off < 0.0))) * off
            }
            Self::EpsilonInsensitiveHinge { eps } => ((p - sign(y)).abs() - eps).max(0.0),
            Self::Poisson {} => math::exp(p) - y * p,
            Self::CrossEntropy {} if y == 0.0 => 0.0,
            Self::CrossEntropy {} => -math::ln(clamp_proba(p)),
        }
    }

    /// The derivative with respect to the raw prediction.
    #[inline]
    pub fn gradient(&self, y: f64, p: f64) -> f64 {
        match self {
            Self::Log { weight_pos, weight_neg } => {
                let (sign, weight) = log_parts(y, *weight_pos, *weight_neg);
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
            other => other.gradient_rare(y, p),
        }
    }

    /// The gradients of the losses that are chosen seldom, kept out of the inlined path.
    fn gradient_rare(&self, y: f64, p: f64) -> f64 {
        match self {
            Self::Log { .. } | Self::Squared {} => unreachable!("taken by `gradient`"),
            Self::Hinge { threshold } if sign(y) * p <= *threshold => -sign(y),
            Self::Hinge { .. } => 0.0,
            Self::BinaryFocalLoss { gamma, beta } => {
                sign(y) * (math::sigmoid(gamma * (sign(y) * p) + beta) - 1.0)
            }
            Self::Absolute {} if p > y => 1.0,
            Self::Absolute {} => -1.0,
            Self::Huber { epsilon } => {
                let r = p - y;
                if r.abs() <= *epsilon { r } else { epsilon.copysign(r) }
            }
            Self::Cauchy { c } => {
                let off = p - y;
                off / ((off / c) * (off / c) + 1.0)
            }
            Self::Quantile { alpha } => f64::from(u8::from(y < p)) - alpha,
            Self::EpsilonInsensitiveHinge { eps } => {
                f64::from(i8::from(p > sign(y) + eps) - i8::from(p + eps < sign(y)))
            }
            Self::Poisson {} => math::exp(p) - y,
            Self::CrossEntropy {} => clamp_proba(p) - y,
        }
    }

    /// From the raw prediction to the scale of the target: a probability, a number.
    #[inline]
    pub fn mean(&self, p: f64) -> f64 {
        match self {
            Self::Log { .. } | Self::Hinge { .. } | Self::BinaryFocalLoss { .. } => {
                math::sigmoid(p)
            }
            Self::Poisson {} => math::exp(p),
            Self::Squared {}
            | Self::Absolute {}
            | Self::Huber { .. }
            | Self::Cauchy { .. }
            | Self::Quantile { .. }
            | Self::EpsilonInsensitiveHinge { .. }
            | Self::CrossEntropy {} => p,
        }
    }

    /// True for losses whose targets are 0 and 1.
    pub fn is_binary(&self) -> bool {
        matches!(self, Self::Log { .. } | Self::Hinge { .. } | Self::BinaryFocalLoss { .. })
    }

    /// True for losses whose targets are classes, any number of them.
    pub fn is_multiclass(&self) -> bool {
        matches!(self, Self::CrossEntropy {})
    }
}

/// The target as a sign, and its class's weight.
#[inline]
fn log_parts(y: f64, weight_pos: f64, weight_neg: f64) -> (f64, f64) {
    if y == 0.0 { (-1.0, weight_neg) } else { (1.0, weight_pos) }
}
