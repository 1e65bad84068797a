//! `FTRLProximal`: follow the regularised leader, for sparse weights.
//!
//! Where `|z| > l1`: `w ← −(z − sign(z)·l1) / ((β + √n) / α + l2)`. Then, with
//! `σ = (√(n + g²) − √n) / α`: `z ← z + g − σ·w` and `n ← n + g²`. As in River, `w` is made from
//! the `z` of the steps before this one, and keeps its value where `|z| ≤ l1`. There is no learning
//! rate to schedule.
//!
//! **Shape** any weights. **Cost** 16 bytes, three square roots and three divisions a weight.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!("FTRLProximal");
//! let optimizer = Catalog::builtin().builder().optimizer(&spec)?;
//! assert_eq!((optimizer.n_iterations(), optimizer.has_learning_rate()), (0, false));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** McMahan, H.B. et al., 2013. Ad click prediction: a view from the trenches. River,
//! `optim/ftrl.py`.

use serde::{Deserialize, Serialize};

use super::{EPS_MIN, Optimizer, counted, each_with_two};
use crate::error::{Error, Result};
use crate::features::{FeatureId, Features, Slots};
use crate::params::check_range;

crate::params! {
    /// Parameters of [`FTRLProximal`].
    pub struct Params {
        /// Size of the steps; above 0.
        alpha: f64 = 0.05,
        /// Slows the first steps; 0 or more.
        beta: f64 = 1.0,
        /// Weights whose evidence stays below this are 0; 0 or more.
        l1: f64 = 0.0,
        /// Pull towards 0; 0 or more.
        l2: f64 = 1.0,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    n_iterations: u64,
    z: Slots<f64>,
    n: Slots<f64>,
}

/// See the module's documentation.
pub struct FTRLProximal {
    params: Params,
    state: State,
}

crate::estimator! {
    FTRLProximal in "optim" as Optimizer, version 1, name "FTRLProximal",
    "Follow the regularised leader, for sparse weights",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.z.forget(gone);
        state.n.forget(gone);
    },
    merge = local "momentum and step sizes belong to where a peer stands",
}

impl FTRLProximal {
    /// An optimizer that has made no step.
    pub fn new(params: Params) -> Result<Self> {
        check_range("alpha", params.alpha, EPS_MIN, 1e12)?;
        check_range("beta", params.beta, 0.0, 1e12)?;
        check_range("l1", params.l1, 0.0, 1e12)?;
        check_range("l2", params.l2, 0.0, 1e12)?;
        if params.beta == 0.0 && params.l2 == 0.0 {
            return Err(Error::new(
                "beta and l2 can't both be 0: the first step would be infinite",
            ));
        }
        Ok(Self { params, state: State::default() })
    }
}

impl Optimizer for FTRLProximal {
    fn learning_rate(&self) -> f64 {
        0.0
    }

    fn has_learning_rate(&self) -> bool {
        false
    }

    fn is_incremental(&self) -> bool {
        false
    }

    counted!();

    fn step(&mut self, x: &Features, g: &[f64], w: &mut Slots<f64>) {
        let Params { alpha, beta, l1, l2 } = self.params;
        let s = &mut self.state;
        each_with_two(x, g, w, (&mut s.z, &mut s.n), |w, g, z, n| {
            let root = n.sqrt();
            // Computed either way, so that the loop over a slice has no branch.
            let made = -(1.0 / ((beta + root) / alpha + l2)) * (*z - 1.0_f64.copysign(*z) * l1);
            *w = if z.abs() > l1 { made } else { *w };
            let sigma = ((*n + g * g).sqrt() - root) / alpha;
            *z += g - sigma * *w;
            *n += g * g;
        });
        self.state.n_iterations += 1;
    }
}
