//! `AdaMax`: Adam with the largest recent gradient as the size.
//!
//! `m ← β₁·m + (1−β₁)·g`, `u ← max(β₂·u, |g|)`, `w ← w − lr(t) / (1−β₁ᵗ⁺¹) · m / (u + eps)`.
//!
//! **Shape** any weights. **Cost** 16 bytes and a division a weight; a power a step.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"AdaMax": {"lr": 0.05}});
//! let optimizer = Catalog::builtin().builder().optimizer(&spec)?;
//! assert_eq!((optimizer.n_iterations(), optimizer.learning_rate()), (0, 0.05));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Kingma, D.P. and Ba, J., 2014. Adam: a method for stochastic optimization, section
//! 7.1. River, `optim/ada_max.py`.

use serde::{Deserialize, Serialize};

use super::{BELOW_ONE, EPS_MIN, LearningRate, Optimizer, bookkeeping, each_with_two};
use crate::error::Result;
use crate::features::{FeatureId, Features, Slots};
use crate::math;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`AdaMax`].
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
    u: Slots<f64>,
}

/// See the module's documentation.
pub struct AdaMax {
    params: Params,
    state: State,
}

crate::estimator! {
    AdaMax in "optim" as Optimizer, version 1, name "AdaMax",
    "Adam with the largest recent gradient as the size",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.m.forget(gone);
        state.u.forget(gone);
    },
    merge = local "momentum and step sizes belong to where a peer stands",
}

impl AdaMax {
    /// An optimizer that has made no step.
    pub fn new(params: Params) -> Result<Self> {
        params.lr.check("lr")?;
        check_range("beta_1", params.beta_1, 0.0, BELOW_ONE)?;
        check_range("beta_2", params.beta_2, 0.0, BELOW_ONE)?;
        check_range("eps", params.eps, EPS_MIN, 1e12)?;
        Ok(Self { params, state: State::default() })
    }
}

impl Optimizer for AdaMax {
    bookkeeping!();

    fn step(&mut self, x: &Features, g: &[f64], w: &mut Slots<f64>) {
        let Params { beta_1, beta_2, eps, .. } = self.params;
        let t = self.state.n_iterations as f64 + 1.0;
        let lr = self.learning_rate() / (1.0 - math::pow(beta_1, t));
        let s = &mut self.state;
        each_with_two(x, g, w, (&mut s.m, &mut s.u), |w, g, m, u| {
            *m = beta_1 * *m + (1.0 - beta_1) * g;
            *u = (beta_2 * *u).max(g.abs());
            *w -= lr * *m / (*u + eps);
        });
        self.state.n_iterations += 1;
    }
}
