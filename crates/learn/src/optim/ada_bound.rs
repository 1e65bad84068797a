//! `AdaBound`: Adam at first, plain gradient descent at last.
//!
//! Moments as in Adam; the rate of each weight, `a / (√v + eps)` with
//! `a = lr(t)·√(1−β₂ᵗ⁺¹) / (1−β₁ᵗ⁺¹)`, is limited to
//! `final_lr·(1 ∓ 1 / (gamma·(t+1) [+ 1 below]))`, and `w ← w − rate·m`. After each step `final_lr`
//! is multiplied by the share of the first learning rate that is left, as in River.
//!
//! **Shape** any weights. **Cost** 16 bytes, a square root and a division a weight; two powers a
//! step.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"AdaBound": {"lr": 0.05}});
//! let optimizer = Catalog::builtin().builder().optimizer(&spec)?;
//! assert_eq!((optimizer.n_iterations(), optimizer.learning_rate()), (0, 0.05));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Luo, L., Xiong, Y., Liu, Y. and Sun, X., 2019. Adaptive gradient methods with dynamic
//! bound of learning rate. River, `optim/ada_bound.py`.

use serde::{Deserialize, Serialize};

use super::{BELOW_ONE, EPS_MIN, LearningRate, Optimizer, each_with_two};
use crate::error::{Error, Result};
use crate::features::{FeatureId, Features, Slots};
use crate::math;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`AdaBound`].
    pub struct Params {
        /// Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`; not 0 at the
        /// first step.
        lr: LearningRate = LearningRate::Constant(1e-3),
        /// Share of the old first moment, 0 or more and below 1.
        beta_1: f64 = 0.9,
        /// Share of the old second moment, 0 or more and below 1.
        beta_2: f64 = 0.999,
        /// Keeps the division away from 0; above 0.
        eps: f64 = 1e-8,
        /// How fast the limits close in; above 0.
        gamma: f64 = 1e-3,
        /// The rate that the limits close in on.
        final_lr: f64 = 0.1,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    n_iterations: u64,
    final_lr: f64,
    m: Slots<f64>,
    v: Slots<f64>,
}

/// See the module's documentation.
pub struct AdaBound {
    params: Params,
    state: State,
}

crate::estimator! {
    AdaBound in "optim" as Optimizer, version 1, name "AdaBound",
    "Adam at first, plain gradient descent at last",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.m.forget(gone);
        state.v.forget(gone);
    },
    merge = local "momentum and step sizes belong to where a peer stands",
}

impl State {
    fn start(params: &Params) -> Self {
        let (m, v) = (Slots::default(), Slots::default());
        Self { n_iterations: 0, final_lr: params.final_lr, m, v }
    }
}

impl AdaBound {
    /// An optimizer that has made no step.
    pub fn new(params: Params) -> Result<Self> {
        params.lr.check("lr")?;
        check_range("beta_1", params.beta_1, 0.0, BELOW_ONE)?;
        check_range("beta_2", params.beta_2, 0.0, BELOW_ONE)?;
        check_range("eps", params.eps, EPS_MIN, 1e12)?;
        check_range("gamma", params.gamma, EPS_MIN, 1e12)?;
        check_range("final_lr", params.final_lr, 0.0, 1e12)?;
        if params.lr.get(0) == 0.0 {
            return Err(Error::new("lr must not begin at 0, the limits are measured by it"));
        }
        let state = State::start(&params);
        Ok(Self { params, state })
    }
}

impl Optimizer for AdaBound {
    fn learning_rate(&self) -> f64 {
        self.params.lr.get(self.state.n_iterations)
    }

    fn n_iterations(&self) -> u64 {
        self.state.n_iterations
    }

    fn step(&mut self, x: &Features, g: &[f64], w: &mut Slots<f64>) {
        let Params { beta_1, beta_2, eps, gamma, .. } = self.params;
        let t = self.state.n_iterations as f64 + 1.0;
        let lr = self.learning_rate();
        let rate = lr * (1.0 - math::pow(beta_2, t)).sqrt() / (1.0 - math::pow(beta_1, t));
        let s = &mut self.state;
        s.final_lr *= lr / self.params.lr.get(0);
        let low = s.final_lr * (1.0 - 1.0 / (gamma * t + 1.0));
        let high = s.final_lr * (1.0 + 1.0 / (gamma * t));
        each_with_two(x, g, w, (&mut s.m, &mut s.v), |w, g, m, v| {
            *m = beta_1 * *m + (1.0 - beta_1) * g;
            *v = beta_2 * *v + (1.0 - beta_2) * (g * g);
            *w -= math::clamp(rate / (v.sqrt() + eps), low, high) * *m;
        });
        s.n_iterations += 1;
    }

    fn fresh(&self) -> Box<dyn Optimizer> {
        Box::new(Self { params: self.params.clone(), state: State::start(&self.params) })
    }
}
