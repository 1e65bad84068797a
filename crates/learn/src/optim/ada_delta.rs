//! `AdaDelta`: steps as large as the recent ones, without a learning rate.
//!
//! `g2 ← ρ·g2 + (1−ρ)·g²`, `d = −√(s2 + eps) / √(g2 + eps) · g`, `s2 ← ρ·s2 + (1−ρ)·d²`,
//! `w ← w + d`.
//!
//! **Shape** any weights. **Cost** 16 bytes, two square roots and a division a weight.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!("AdaDelta");
//! let optimizer = Catalog::builtin().builder().optimizer(&spec)?;
//! assert_eq!((optimizer.n_iterations(), optimizer.has_learning_rate()), (0, false));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Zeiler, M.D., 2012. ADADELTA: an adaptive learning rate method. River,
//! `optim/ada_delta.py`.

use serde::{Deserialize, Serialize};

use super::{EPS_MIN, Optimizer, counted, each_with_two};
use crate::error::Result;
use crate::features::{FeatureId, Features, Slots};
use crate::params::check_range;

crate::params! {
    /// Parameters of [`AdaDelta`].
    pub struct Params {
        /// Share of the old moments, between 0 and 1.
        rho: f64 = 0.95,
        /// Keeps the division away from 0; above 0.
        eps: f64 = 1e-8,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    n_iterations: u64,
    g2: Slots<f64>,
    s2: Slots<f64>,
}

/// See the module's documentation.
pub struct AdaDelta {
    params: Params,
    state: State,
}

crate::estimator! {
    AdaDelta in "optim" as Optimizer, version 1, name "AdaDelta",
    "Steps as large as the recent ones, without a learning rate",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.g2.forget(gone);
        state.s2.forget(gone);
    },
    merge = local "momentum and step sizes belong to where a peer stands",
}

impl AdaDelta {
    /// An optimizer that has made no step.
    pub fn new(params: Params) -> Result<Self> {
        check_range("rho", params.rho, 0.0, 1.0)?;
        check_range("eps", params.eps, EPS_MIN, 1e12)?;
        Ok(Self { params, state: State::default() })
    }
}

impl Optimizer for AdaDelta {
    fn learning_rate(&self) -> f64 {
        0.0
    }

    fn has_learning_rate(&self) -> bool {
        false
    }

    counted!();

    fn step(&mut self, x: &Features, g: &[f64], w: &mut Slots<f64>) {
        let Params { rho, eps } = self.params;
        let s = &mut self.state;
        each_with_two(x, g, w, (&mut s.g2, &mut s.s2), |w, g, g2, s2| {
            *g2 = rho * *g2 + (1.0 - rho) * (g * g);
            let step = -(*s2 + eps).sqrt() / (*g2 + eps).sqrt() * g;
            *s2 = rho * *s2 + (1.0 - rho) * (step * step);
            *w += step;
        });
        self.state.n_iterations += 1;
    }
}
