//! `Momentum`: gradient descent that keeps its direction.
//!
//! `s ← ρ·s + lr(t)·g`, then `w ← w − s`.
//!
//! **Shape** any weights. **Cost** 8 bytes and four operations a weight.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"Momentum": {"lr": 0.05}});
//! let optimizer = Catalog::builtin().builder().optimizer(&spec)?;
//! assert_eq!((optimizer.n_iterations(), optimizer.learning_rate()), (0, 0.05));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Polyak, B.T., 1964. Some methods of speeding up the convergence of iteration methods.
//! River, `optim/momentum.py`.

use serde::{Deserialize, Serialize};

use super::{LearningRate, Optimizer, bookkeeping, each_with_one};
use crate::error::Result;
use crate::features::{FeatureId, Features, Slots};
use crate::params::check_range;

crate::params! {
    /// Parameters of [`Momentum`].
    pub struct Params {
        /// Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
        lr: LearningRate = LearningRate::Constant(0.1),
        /// Share of the old step, between 0 and 1.
        rho: f64 = 0.9,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    n_iterations: u64,
    s: Slots<f64>,
}

/// See the module's documentation.
pub struct Momentum {
    params: Params,
    state: State,
}

crate::estimator! {
    Momentum in "optim" as Optimizer, version 1, name "Momentum",
    "Gradient descent that keeps its direction",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.s.forget(gone);
    },
    merge = local "momentum and step sizes belong to where a peer stands",
}

impl Momentum {
    /// An optimizer that has made no step.
    pub fn new(params: Params) -> Result<Self> {
        params.lr.check("lr")?;
        check_range("rho", params.rho, 0.0, 1.0)?;
        Ok(Self { params, state: State::default() })
    }
}

impl Optimizer for Momentum {
    bookkeeping!();

    fn step(&mut self, x: &Features, g: &[f64], w: &mut Slots<f64>) {
        let (lr, rho) = (self.learning_rate(), self.params.rho);
        each_with_one(x, g, w, &mut self.state.s, |w, g, s| {
            *s = rho * *s + lr * g;
            *w -= *s;
        });
        self.state.n_iterations += 1;
    }
}
