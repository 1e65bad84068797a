//! Metrics that are running means: `MAE`, `MSE`, `RMSE`, `RMSLE`, `MAPE`, `SMAPE`.
//!
//! The mean over the events of, in this order: `|y − ŷ|`; `(y − ŷ)²`; the same, and its square
//! root; the same of `ln(y + 1)` and `ln(ŷ + 1)`; `|y − ŷ| / |y|` in percent; and
//! `2 |y − ŷ| / (|y| + |ŷ|)` in percent. A term whose denominator is 0 counts as 0.
//!
//! **Shape** numbers in, a number of 0 or more out. **Cost** 16 bytes; one division an event.
//! **Errors** none; `RMSLE` does not count an event with `y` or `ŷ` at −1 or below, where it is
//! not defined.
//!
//! ```
//! use her_learn::metrics::{self, Observation};
//! let mut mae = metrics::build(&serde_json::json!("MAE"), &her_learn::Catalog::builtin())?;
//! for (y, predicted) in [(3.0, 2.5), (-0.5, 0.0), (2.0, 2.0), (7.0, 8.0)] {
//!     mae.update(Observation::Value { y, predicted }, 1.0);
//! }
//! assert_eq!(mae.get(), 0.5);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `metrics/{mae,mse,mape,smape}.py` and `stats/mean.py`; where River's `RMSLE`
//! raises, ours goes on.

use serde::{Deserialize, Serialize};

use super::{Metric, Observation, ratio};
use crate::error::Result;
use crate::math;

/// A running weighted mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    n: f64,
    mean: f64,
}

impl Mean {
    /// Adds a value; a weight of 0 is no value.
    #[inline]
    pub fn update(&mut self, x: f64, w: f64) {
        if w != 0.0 {
            self.n += w;
            self.mean += (w / self.n) * (x - self.mean);
        }
    }

    /// Takes a value back; the mean of nothing is 0.
    pub fn revert(&mut self, x: f64, w: f64) {
        self.n -= w;
        if self.n <= 0.0 {
            *self = Self::default();
        } else {
            self.mean -= (w / self.n) * (x - self.mean);
        }
    }

    /// The mean.
    pub fn get(&self) -> f64 {
        self.mean
    }

    /// The sum of the weights.
    pub fn n(&self) -> f64 {
        self.n
    }
}

crate::params! {
    /// These metrics have no parameters.
    #[derive(Copy)]
    pub struct Params {}
}

macro_rules! metric {
    ($ty:ident, $name:literal, $summary:literal, $term:expr, $get:expr) => {
        #[doc = concat!($summary, ".")]
        #[derive(Debug, Clone)]
        pub struct $ty {
            params: Params,
            state: Mean,
        }

        crate::estimator! { $ty in "metrics" as Metric, version 1, name $name, $summary,
        merge = local "a figure is about one peer's own predictions", }

        impl $ty {
            /// A metric that has seen nothing.
            #[allow(clippy::unnecessary_wraps, reason = "what the catalogue builds with")]
            pub fn new(params: Params) -> Result<Self> {
                Ok(Self { params, state: Mean::default() })
            }

            #[inline]
            fn term(seen: Observation<'_>) -> Option<f64> {
                let Observation::Value { y, predicted } = seen else { return None };
                let term: fn(f64, f64) -> Option<f64> = $term;
                term(y, predicted)
            }
        }

        impl Metric for $ty {
            #[inline]
            fn update(&mut self, seen: Observation<'_>, w: f64) {
                if let Some(term) = Self::term(seen) {
                    self.state.update(term, w);
                }
            }

            fn revert(&mut self, seen: Observation<'_>, w: f64) {
                if let Some(term) = Self::term(seen) {
                    self.state.revert(term, w);
                }
            }

            fn reverts(&self) -> bool {
                true
            }

            fn get(&self) -> f64 {
                let figure: fn(f64) -> f64 = $get;
                figure(self.state.get())
            }

            fn of_values(&self) -> bool {
                true
            }

            fn bigger_is_better(&self) -> bool {
                false
            }
        }
    };
}

metric!(MAE, "MAE", "The mean absolute error", |y, p| Some((y - p).abs()), |mean| mean);
metric!(MSE, "MSE", "The mean squared error", squared, |mean| mean);
metric!(RMSE, "RMSE", "The root of the mean squared error", squared, root);
metric!(RMSLE, "RMSLE", "The root of the mean squared error of logarithms", squared_log, root);
metric!(
    MAPE,
    "MAPE",
    "The mean absolute error in percent of the true value",
    |y, p| Some(ratio((y - p).abs(), y.abs())),
    |mean| 100.0 * mean
);
metric!(
    SMAPE,
    "SMAPE",
    "The mean absolute error in percent of the mean of true and predicted value",
    |y, p| Some(ratio(2.0 * (y - p).abs(), y.abs() + p.abs())),
    |mean| 100.0 * mean
);

#[allow(clippy::unnecessary_wraps, reason = "a term may be undefined for other metrics")]
fn squared(y: f64, p: f64) -> Option<f64> {
    Some((y - p) * (y - p))
}

fn squared_log(y: f64, p: f64) -> Option<f64> {
    let defined = y > -1.0 && p > -1.0;
    defined.then(|| math::ln(y + 1.0) - math::ln(p + 1.0)).map(|off| off * off)
}

/// The mean can be a hair below 0 after values were taken back.
fn root(mean: f64) -> f64 {
    mean.max(0.0).sqrt()
}
