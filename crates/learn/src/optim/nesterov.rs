//! `NesterovMomentum`: momentum whose gradient is taken one step ahead.
//!
//! The gradient is taken at `w − ρ·s`; then `s ← ρ·s + lr(t)·g` and `w ← w − s`.
//!
//! **Shape** any weights. **Cost** 8 bytes and eight operations a weight.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"NesterovMomentum": {"lr": 0.05}});
//! let optimizer = Catalog::builtin().builder().optimizer(&spec)?;
//! assert_eq!((optimizer.n_iterations(), optimizer.learning_rate()), (0, 0.05));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Nesterov, Y., 1983. A method for solving the convex programming problem with
//! convergence rate O(1/k²). River, `optim/nesterov.py`; weights of absent features stay as they
//! are, which there differ by rounding.

use serde::{Deserialize, Serialize};

use super::{LearningRate, Optimizer, bookkeeping, each_with_one};
use crate::error::Result;
use crate::features::{FeatureId, Features, Slots};
use crate::params::check_range;

crate::params! {
    /// Parameters of [`NesterovMomentum`].
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
pub struct NesterovMomentum {
    params: Params,
    state: State,
}

crate::estimator! {
    NesterovMomentum in "optim" as Optimizer, version 1, name "NesterovMomentum",
    "Momentum whose gradient is taken one step ahead",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.s.forget(gone);
    },
    merge = local "momentum and step sizes belong to where a peer stands",
}

impl NesterovMomentum {
    /// An optimizer that has made no step.
    pub fn new(params: Params) -> Result<Self> {
        params.lr.check("lr")?;
        check_range("rho", params.rho, 0.0, 1.0)?;
        Ok(Self { params, state: State::default() })
    }
}

impl Optimizer for NesterovMomentum {
    bookkeeping!();

    fn look_ahead(&mut self, ids: &Features, w: &mut Slots<f64>) {
        let rho = self.params.rho;
        let s = &mut self.state.s;
        s.grow(ids.end());
        for &id in ids.ids() {
            *w.at(id) -= rho * s.get(id);
        }
    }

    fn step(&mut self, x: &Features, g: &[f64], w: &mut Slots<f64>) {
        let (lr, rho) = (self.learning_rate(), self.params.rho);
        each_with_one(x, g, w, &mut self.state.s, |w, g, s| {
            // Back to where the weight was before it looked ahead.
            *w += rho * *s;
            *s = rho * *s + lr * g;
            *w -= *s;
        });
        self.state.n_iterations += 1;
    }
}
