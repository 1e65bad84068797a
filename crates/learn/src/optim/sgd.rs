//! `SGD`: plain stochastic gradient descent.
//!
//! `w ← w − lr(t) · g`. **Shape** any weights. **Cost** one multiplication and one subtraction a
//! weight, no state but the step count.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"SGD": {"lr": 0.1}});
//! let sgd = Catalog::builtin().builder().optimizer(&spec).unwrap();
//! assert_eq!(sgd.learning_rate(), 0.1);
//! ```
//!
//! **Source** Robbins, H. and Monro, S., 1951. A stochastic approximation method. River,
//! `optim/sgd.py`.

use serde::{Deserialize, Serialize};

use super::{LearningRate, Optimizer, each};
use crate::error::Result;
use crate::features::{Features, Slots};

crate::params! {
    /// Parameters of [`SGD`].
    pub struct Params {
        /// Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
        lr: LearningRate = LearningRate::Constant(0.01),
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    n_iterations: u64,
}

/// See the module's documentation.
pub struct SGD {
    params: Params,
    state: State,
}

crate::estimator! {
    SGD in "optim" as Optimizer, version 1, name "SGD",
    "Plain stochastic gradient descent",
    merge = local "momentum and step sizes belong to where a peer stands",
}

impl SGD {
    /// An optimizer that has made no step.
    pub fn new(params: Params) -> Result<Self> {
        params.lr.check("lr")?;
        Ok(Self { params, state: State::default() })
    }
}

impl Optimizer for SGD {
    fn learning_rate(&self) -> f64 {
        self.params.lr.get(self.state.n_iterations)
    }

    fn n_iterations(&self) -> u64 {
        self.state.n_iterations
    }

    fn step(&mut self, x: &Features, g: &[f64], w: &mut Slots<f64>) {
        let lr = self.learning_rate();
        each(x, g, w, |w, g| *w -= lr * g);
        self.state.n_iterations += 1;
    }

    fn fresh(&self) -> Box<dyn Optimizer> {
        Box::new(Self { params: self.params.clone(), state: State::default() })
    }
}
