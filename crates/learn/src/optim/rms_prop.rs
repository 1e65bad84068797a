//! `RMSProp`: gradients divided by their recent size.
//!
//! `g2 ← ρ·g2 + (1−ρ)·g²`, then `w ← w − lr(t) / √(g2 + eps) · g`.
//!
//! **Shape** any weights. **Cost** 8 bytes, a square root and a division a weight.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"RMSProp": {"lr": 0.05}});
//! let optimizer = Catalog::builtin().builder().optimizer(&spec)?;
//! assert_eq!((optimizer.n_iterations(), optimizer.learning_rate()), (0, 0.05));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Tieleman, T. and Hinton, G., 2012. Lecture 6.5: divide the gradient by a running
//! average of its recent magnitude. River, `optim/rms_prop.py`.

use serde::{Deserialize, Serialize};

use super::{EPS_MIN, LearningRate, Optimizer, bookkeeping, each_with_one};
use crate::error::Result;
use crate::features::{FeatureId, Features, Slots};
use crate::params::check_range;

crate::params! {
    /// Parameters of [`RMSProp`].
    pub struct Params {
        /// Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
        lr: LearningRate = LearningRate::Constant(0.1),
        /// Share of the old second moment, between 0 and 1.
        rho: f64 = 0.9,
        /// Keeps the division away from 0; above 0.
        eps: f64 = 1e-8,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    n_iterations: u64,
    g2: Slots<f64>,
}

/// See the module's documentation.
pub struct RMSProp {
    params: Params,
    state: State,
}

crate::estimator! {
    RMSProp in "optim" as Optimizer, version 1, name "RMSProp",
    "Gradients divided by their recent size",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.g2.forget(gone);
    },
    merge = local "momentum and step sizes belong to where a peer stands",
}

impl RMSProp {
    /// An optimizer that has made no step.
    pub fn new(params: Params) -> Result<Self> {
        params.lr.check("lr")?;
        check_range("rho", params.rho, 0.0, 1.0)?;
        check_range("eps", params.eps, EPS_MIN, 1e12)?;
        Ok(Self { params, state: State::default() })
    }
}

impl Optimizer for RMSProp {
    bookkeeping!();

    fn step(&mut self, x: &Features, g: &[f64], w: &mut Slots<f64>) {
        let (lr, rho, eps) = (self.learning_rate(), self.params.rho, self.params.eps);
        each_with_one(x, g, w, &mut self.state.g2, |w, g, g2| {
            *g2 = rho * *g2 + (1.0 - rho) * (g * g);
            *w -= lr / (*g2 + eps).sqrt() * g;
        });
        self.state.n_iterations += 1;
    }
}
