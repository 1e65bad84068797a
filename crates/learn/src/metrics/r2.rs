//! `R2`: the share of the target's variance that the predictions explain.
//!
//! `1 − Σ (y − ŷ)² / Σ (y − ȳ)²`, with the mean ȳ of all targets so far; 0 before two events, or
//! when the targets do not vary.
//!
//! **Shape** numbers in, a number of at most 1 out. **Cost** 32 bytes; two divisions an event.
//! **Errors** none.
//!
//! ```
//! use her_learn::metrics::{self, Observation};
//! let mut r2 = metrics::build(&serde_json::json!("R2"), &her_learn::Catalog::builtin())?;
//! for (y, predicted) in [(3.0, 2.5), (-0.5, 0.0), (2.0, 2.0), (7.0, 8.0)] {
//!     r2.update(Observation::Value { y, predicted }, 1.0);
//! }
//! assert!((r2.get() - 0.9486081370449679).abs() < 1e-12);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `metrics/r2.py` and `stats/var.py`.

use serde::{Deserialize, Serialize};

use super::{Metric, Observation, ratio};
use crate::error::Result;

crate::params! {
    /// This metric has no parameters.
    #[derive(Copy)]
    pub struct Params {}
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct State {
    n: f64,
    mean: f64,
    around_mean: f64,
    residual: f64,
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct R2 {
    params: Params,
    state: State,
}

crate::estimator! {
    R2 in "metrics" as Metric, version 1, name "R2",
    "The share of the target's variance that the predictions explain",
    merge = local "a figure is about one peer's own predictions",
}

impl R2 {
    /// A metric that has seen nothing.
    #[allow(clippy::unnecessary_wraps, reason = "what the catalogue builds with")]
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: State::default() })
    }
}

impl Metric for R2 {
    fn update(&mut self, seen: Observation<'_>, w: f64) {
        let (Observation::Value { y, predicted }, s) = (seen, &mut self.state) else { return };
        if w == 0.0 {
            return;
        }
        let n = s.n + w;
        if n == 0.0 {
            *s = State::default();
            return;
        }
        let before = s.mean;
        s.n = n;
        s.mean += (w / n) * (y - before);
        s.around_mean += w * (y - before) * (y - s.mean);
        s.residual += (y - predicted) * (y - predicted) * w;
    }

    fn revert(&mut self, seen: Observation<'_>, w: f64) {
        self.update(seen, -w);
    }

    fn reverts(&self) -> bool {
        true
    }

    fn get(&self) -> f64 {
        let s = &self.state;
        if s.n <= 1.0 || s.around_mean == 0.0 {
            return 0.0;
        }
        1.0 - ratio(s.residual, (s.n - 1.0) * (s.around_mean / (s.n - 1.0)))
    }

    fn of_values(&self) -> bool {
        true
    }

    fn bigger_is_better(&self) -> bool {
        true
    }
}
