//! `AdaGrad`: a learning rate per weight that falls with the gradients seen.
//!
//! `g2 ← g2 + g²`, then `w ← w − lr(t) / √(g2 + eps) · g`.
//!
//! **Shape** any weights. **Cost** 8 bytes, a square root and a division a weight.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"AdaGrad": {"lr": 0.05}});
//! let optimizer = Catalog::builtin().builder().optimizer(&spec)?;
//! assert_eq!((optimizer.n_iterations(), optimizer.learning_rate()), (0, 0.05));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Duchi, J., Hazan, E. and Singer, Y., 2011. Adaptive subgradient methods for online
//! learning and stochastic optimization. River, `optim/ada_grad.py`.

use serde::{Deserialize, Serialize};

use super::{EPS_MIN, LearningRate, Optimizer, bookkeeping, each_with_one};
use crate::error::Result;
use crate::features::{FeatureId, Features, Slots};
use crate::params::check_range;

crate::params! {
    /// Parameters of [`AdaGrad`].
    pub struct Params {
        /// Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
        lr: LearningRate = LearningRate::Constant(0.1),
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
pub struct AdaGrad {
    params: Params,
    state: State,
}

crate::estimator! {
    AdaGrad in "optim" as Optimizer, version 1, name "AdaGrad",
    "A learning rate per weight that falls with the gradients seen",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.g2.forget(gone);
    },
    merge = local "momentum and step sizes belong to where a peer stands",
}

impl AdaGrad {
    /// An optimizer that has made no step.
    pub fn new(params: Params) -> Result<Self> {
        params.lr.check("lr")?;
        check_range("eps", params.eps, EPS_MIN, 1e12)?;
        Ok(Self { params, state: State::default() })
    }
}

impl Optimizer for AdaGrad {
    bookkeeping!();

    fn step(&mut self, x: &Features, g: &[f64], w: &mut Slots<f64>) {
        let (lr, eps) = (self.learning_rate(), self.params.eps);
        each_with_one(x, g, w, &mut self.state.g2, |w, g, g2| {
            *g2 += g * g;
            *w -= lr / (*g2 + eps).sqrt() * g;
        });
        self.state.n_iterations += 1;
    }
}
