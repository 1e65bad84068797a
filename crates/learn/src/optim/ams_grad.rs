//! `AMSGrad`: Adam whose size never falls.
//!
//! Moments as in Adam, `v̂ ← max(v̂, v)`, `w ← w − a·m / (√v̂ + eps)`; `a` as in Adam, or `lr(t)`
//! without `correct_bias`.
//!
//! **Shape** any weights. **Cost** 24 bytes, a square root and a division a weight; two powers a
//! step.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"AMSGrad": {"lr": 0.05}});
//! let optimizer = Catalog::builtin().builder().optimizer(&spec)?;
//! assert_eq!((optimizer.n_iterations(), optimizer.learning_rate()), (0, 0.05));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Reddi, S.J., Kale, S. and Kumar, S., 2018. On the convergence of Adam and beyond.
//! River, `optim/ams_grad.py`.

use serde::{Deserialize, Serialize};

use super::{BELOW_ONE, EPS_MIN, LearningRate, Optimizer, bookkeeping, each_with_two};
use crate::error::Result;
use crate::features::{FeatureId, Features, Slots};
use crate::math;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`AMSGrad`].
    pub struct Params {
        /// Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
        lr: LearningRate = LearningRate::Constant(0.1),
        /// Share of the old first moment, 0 or more and below 1.
        beta_1: f64 = 0.9,
        /// Share of the old second moment, 0 or more and below 1.
        beta_2: f64 = 0.999,
        /// Keeps the division away from 0; above 0.
        eps: f64 = 1e-8,
        /// Whether the moments' start at 0 is made up for, as in Adam.
        correct_bias: bool = true,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    n_iterations: u64,
    m: Slots<f64>,
    v: Slots<f64>,
    v_hat: Slots<f64>,
}

/// See the module's documentation.
pub struct AMSGrad {
    params: Params,
    state: State,
}

crate::estimator! {
    AMSGrad in "optim" as Optimizer, version 1, name "AMSGrad",
    "Adam whose measure of size never falls",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.m.forget(gone);
        state.v.forget(gone);
        state.v_hat.forget(gone);
    },
    merge = local "momentum and step sizes belong to where a peer stands",
}

impl AMSGrad {
    /// An optimizer that has made no step.
    pub fn new(params: Params) -> Result<Self> {
        params.lr.check("lr")?;
        check_range("beta_1", params.beta_1, 0.0, BELOW_ONE)?;
        check_range("beta_2", params.beta_2, 0.0, BELOW_ONE)?;
        check_range("eps", params.eps, EPS_MIN, 1e12)?;
        Ok(Self { params, state: State::default() })
    }
}

impl Optimizer for AMSGrad {
    bookkeeping!();

    fn step(&mut self, x: &Features, g: &[f64], w: &mut Slots<f64>) {
        self.state.v_hat.grow(x.end());
        let Params { beta_1, beta_2, eps, .. } = self.params;
        let t = self.state.n_iterations as f64 + 1.0;
        let mut lr = self.learning_rate();
        if self.params.correct_bias {
            lr *= (1.0 - math::pow(beta_2, t)).sqrt();
            lr /= 1.0 - math::pow(beta_1, t);
        }
        let s = &mut self.state;
        each_with_two(x, g, &mut s.v_hat, (&mut s.m, &mut s.v), |v_hat, g, m, v| {
            *m = beta_1 * *m + (1.0 - beta_1) * g;
            *v = beta_2 * *v + (1.0 - beta_2) * (g * g);
            *v_hat = v_hat.max(*v);
        });
        let (m, v_hat) = (s.m.as_slice(), s.v_hat.as_slice());
        let w = w.as_mut_slice();
        for &id in x.ids() {
            let i = id as usize;
            w[i] -= lr * m[i] / (v_hat[i].sqrt() + eps);
        }
        self.state.n_iterations += 1;
    }
}
