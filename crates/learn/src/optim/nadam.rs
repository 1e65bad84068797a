//! `Nadam`: Adam with Nesterov's look ahead.
//!
//! Moments as in Adam, `m̂ = m / (1−β₁ᵗ⁺¹)`, `v̂ = v / (1−β₂ᵗ⁺¹)`,
//! `w ← w − lr(t)·(β₁·m̂ + (1−β₁)·g / (1−β₁ᵗ⁺¹)) / (√v̂ + eps)`.
//!
//! **Shape** any weights. **Cost** 16 bytes, a square root and four divisions a weight; two powers
//! a step.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"Nadam": {"lr": 0.05}});
//! let optimizer = Catalog::builtin().builder().optimizer(&spec)?;
//! assert_eq!((optimizer.n_iterations(), optimizer.learning_rate()), (0, 0.05));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Dozat, T., 2016. Incorporating Nesterov momentum into Adam. River, `optim/nadam.py`.

use serde::{Deserialize, Serialize};

use super::{BELOW_ONE, EPS_MIN, LearningRate, Optimizer, bookkeeping, each_with_two};
use crate::error::Result;
use crate::features::{FeatureId, Features, Slots};
use crate::math;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`Nadam`].
    pub struct Params {
        /// Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
        lr: LearningRate = LearningRate::Constant(0.1),
        /// Share of the old first moment, 0 or more and below 1.
        beta_1: f64 = 0.9,
        /// Share of the old second moment, 0 or more and below 1.
        beta_2: f64 = 0.999,
        /// Keeps the division away from 0; above 0.
        eps: f64 = 1e-8,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    n_iterations: u64,
    m: Slots<f64>,
    v: Slots<f64>,
}

/// See the module's documentation.
pub struct Nadam {
    params: Params,
    state: State,
}

crate::estimator! {
    Nadam in "optim" as Optimizer, version 1, name "Nadam",
    "Adam with Nesterov's look ahead",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.m.forget(gone);
        state.v.forget(gone);
    },
    merge = local "momentum and step sizes belong to where a peer stands",
}

impl Nadam {
    /// An optimizer that has made no step.
    pub fn new(params: Params) -> Result<Self> {
        params.lr.check("lr")?;
        check_range("beta_1", params.beta_1, 0.0, BELOW_ONE)?;
        check_range("beta_2", params.beta_2, 0.0, BELOW_ONE)?;
        check_range("eps", params.eps, EPS_MIN, 1e12)?;
        Ok(Self { params, state: State::default() })
    }
}

impl Optimizer for Nadam {
    bookkeeping!();

    fn step(&mut self, x: &Features, g: &[f64], w: &mut Slots<f64>) {
        let Params { beta_1, beta_2, eps, .. } = self.params;
        let t = self.state.n_iterations as f64 + 1.0;
        let lr = self.learning_rate();
        let (bias_1, bias_2) = (1.0 - math::pow(beta_1, t), 1.0 - math::pow(beta_2, t));
        let s = &mut self.state;
        each_with_two(x, g, w, (&mut s.m, &mut s.v), |w, g, m, v| {
            *m = beta_1 * *m + (1.0 - beta_1) * g;
            *v = beta_2 * *v + (1.0 - beta_2) * (g * g);
            let ahead = beta_1 * (*m / bias_1) + (1.0 - beta_1) * g / bias_1;
            *w -= lr * ahead / ((*v / bias_2).sqrt() + eps);
        });
        self.state.n_iterations += 1;
    }
}
