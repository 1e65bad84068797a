//! `ROCAUC`: the area under the receiver operating characteristic, from a fixed number of
//! thresholds.
//!
//! The curve is drawn through `n_thresholds` points at evenly spaced probabilities, and the area
//! below it is taken by the trapezoid rule: an approximation, usually a little low. The exact
//! area over a window is [`ExactROCAUC`](super::rolling_roc_auc::exact::ExactROCAUC).
//!
//! **Shape** classes in, a share of `[0, 1]` out; 0 before both sorts were seen. **Cost** 16
//! bytes a threshold; one comparison per threshold an event. **Errors** fewer than 2 thresholds.
//!
//! ```
//! use her_learn::{Catalog, metrics};
//! let spec = serde_json::json!({"ROCAUC": {"n_thresholds": 20}});
//! assert_eq!(metrics::build(&spec, &Catalog::builtin())?.get(), 0.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `metrics/roc_auc.py`; unlike in River, a `pos_val` other than `true` works.

use serde::{Deserialize, Serialize};

use super::{Metric, Observation, PosVal, ratio};
use crate::error::{Error, Result};

/// Thresholds that one metric may have.
pub const THRESHOLDS_MAX: usize = 100_000;

crate::params! {
    /// Parameters of [`ROCAUC`].
    pub struct Params {
        /// How many points of the curve are kept; at least 2.
        n_thresholds: usize = 10,
        /// The class that counts as positive: true, false, an integer or a string.
        pos_val: PosVal = PosVal::default(),
    }
}

/// Weights by the number of thresholds that the probability exceeds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    positive: Vec<f64>,
    negative: Vec<f64>,
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct ROCAUC {
    params: Params,
    thresholds: Vec<f64>,
    state: State,
}

crate::estimator! {
    ROCAUC in "metrics" as Metric, version 1, name "ROCAUC",
    "The area under the ROC curve, from a fixed number of thresholds",
    merge = local "a figure is about one peer's own predictions",
}

impl ROCAUC {
    /// A metric that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        let n = params.n_thresholds;
        if !(2..=THRESHOLDS_MAX).contains(&n) {
            return Err(Error::new(format!(
                "n_thresholds must lie between 2 and {THRESHOLDS_MAX}, got {n}"
            )));
        }
        let mut thresholds: Vec<f64> = (0..n).map(|i| i as f64 / (n - 1) as f64).collect();
        // River's margins: the curve begins at (1, 1) and ends at (0, 0).
        thresholds[0] -= 1e-7;
        thresholds[n - 1] += 1e-7;
        let state = State { positive: vec![0.0; n + 1], negative: vec![0.0; n + 1] };
        Ok(Self { params, thresholds, state })
    }
}

impl Metric for ROCAUC {
    #[inline]
    fn update(&mut self, seen: Observation<'_>, w: f64) {
        let Some(seen) = self.params.pos_val.look(seen) else { return };
        let exceeded = self.thresholds.partition_point(|t| seen.p > *t);
        let side = if seen.y { &mut self.state.positive } else { &mut self.state.negative };
        side[exceeded] += w;
    }

    fn revert(&mut self, seen: Observation<'_>, w: f64) {
        self.update(seen, -w);
    }

    fn reverts(&self) -> bool {
        true
    }

    fn get(&self) -> f64 {
        let State { positive, negative } = &self.state;
        let (all_positive, all_negative): (f64, f64) =
            (positive.iter().sum(), negative.iter().sum());
        // From the highest threshold down: what exceeds it is predicted as positive.
        let (mut area, mut above, mut last) = (0.0, (0.0, 0.0), (0.0, 0.0));
        for i in (1..positive.len()).rev() {
            above = (above.0 + negative[i], above.1 + positive[i]);
            let point = (ratio(above.0, all_negative), ratio(above.1, all_positive));
            area += (point.0 - last.0) * (point.1 + last.1) / 2.0;
            last = point;
        }
        area
    }

    fn of_values(&self) -> bool {
        false
    }

    fn requires_labels(&self) -> bool {
        false
    }

    fn bigger_is_better(&self) -> bool {
        true
    }
}
