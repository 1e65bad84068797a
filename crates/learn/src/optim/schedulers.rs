//! Learning rates that change with the number of steps: River's `optim.schedulers`.
//!
//! **Source** River, `optim/schedulers.py`; Bottou, L., 2012. Stochastic gradient descent tricks.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::losses::Loss;
use crate::error::{Error, Result};
use crate::math;

/// A learning rate as a spec gives it: a number or a scheduler.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum LearningRate {
    /// The same at every step.
    Constant(f64),
    /// By rule.
    Scheduled(Scheduler),
}

/// A rule from step count to learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub enum Scheduler {
    /// The same at every step.
    Constant {
        /// The rate.
        learning_rate: f64,
    },
    /// `learning_rate / (t + 1)^power`.
    InverseScaling {
        /// The rate of the first step.
        learning_rate: f64,
        /// How fast it falls; River's default is 0.5.
        #[serde(default = "half")]
        power: f64,
    },
    /// Bottou's schedule, `1 / (alpha · (t0 + t))`.
    Optimal {
        /// The loss whose gradient gives `t0`.
        loss: Loss,
        /// The strength of regularisation that it assumes; River's default is 1e-4.
        #[serde(default = "alpha")]
        alpha: f64,
    },
}

super::named_forms!(Scheduler);

impl<'de> Deserialize<'de> for LearningRate {
    // By hand, because serde's untagged enums don't say what was wrong.
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(from)?;
        match value.as_f64() {
            Some(lr) => Ok(Self::Constant(lr)),
            None => serde_json::from_value(value).map(Self::Scheduled).map_err(D::Error::custom),
        }
    }
}

fn half() -> f64 {
    0.5
}

fn alpha() -> f64 {
    1e-4
}

impl LearningRate {
    /// The rate of step `t`, counted from 0.
    #[inline]
    pub fn get(&self, t: u64) -> f64 {
        match self {
            Self::Constant(lr) => *lr,
            Self::Scheduled(s) => s.get(t),
        }
    }

    /// Refuses rates that are not finite.
    pub fn check(&self, name: &str) -> Result<()> {
        let fine = match self {
            Self::Constant(lr) => lr.is_finite(),
            Self::Scheduled(Scheduler::Constant { learning_rate }) => learning_rate.is_finite(),
            Self::Scheduled(Scheduler::InverseScaling { learning_rate, power }) => {
                learning_rate.is_finite() && power.is_finite()
            }
            Self::Scheduled(Scheduler::Optimal { alpha, .. }) => alpha.is_finite() && *alpha > 0.0,
        };
        if fine {
            return Ok(());
        }
        Err(Error::new(format!("{name} must be finite (and alpha above 0), got {self:?}")))
    }
}

impl Scheduler {
    fn get(&self, t: u64) -> f64 {
        match self {
            Self::Constant { learning_rate } => *learning_rate,
            Self::InverseScaling { learning_rate, power } => {
                learning_rate / math::pow(t as f64 + 1.0, *power)
            }
            Self::Optimal { loss, alpha } => {
                let typw = (1.0 / alpha.sqrt()).sqrt();
                let eta0 = typw / loss.gradient(1.0, -typw).max(1.0);
                1.0 / (alpha * (1.0 / (eta0 * alpha) + t as f64))
            }
        }
    }
}
