//! Metrics of one class against the others: `Precision`, `Recall`, `F1`, `Jaccard`, `MCC`.
//!
//! With the weights TP, FP, FN and TN of right and wrong predictions of the class `pos_val`:
//! precision `TP / (TP + FP)`, recall `TP / (TP + FN)`, F1 their harmonic mean, Jaccard
//! `TP / (TP + FP + FN)`, MCC the correlation of truth and prediction. Each is 0 where its
//! denominator is, and so before anything was seen.
//!
//! **Shape** classes in, a share of `[0, 1]` out; MCC lies in `[−1, 1]`. **Cost** 32 bytes; one
//! addition an event. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, metrics};
//! let spec = serde_json::json!({"Recall": {"pos_val": "spam"}});
//! assert_eq!(metrics::build(&spec, &Catalog::builtin())?.get(), 0.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `metrics/{precision,recall,fbeta,jaccard,mcc}.py`; unlike in River, a
//! `pos_val` other than `true` works in all of them.

use super::tally::Counts;
use super::{Metric, Observation, PosVal, ratio};
use crate::error::Result;

crate::params! {
    /// Parameters of the metrics of one class against the others.
    pub struct Params {
        /// The class that counts as positive: true, false, an integer or a string.
        pos_val: PosVal = PosVal::default(),
    }
}

macro_rules! metric {
    ($ty:ident, $name:literal, $summary:literal, $get:expr) => {
        #[doc = concat!($summary, ".")]
        #[derive(Debug, Clone)]
        pub struct $ty {
            params: Params,
            state: Counts,
        }

        crate::estimator! { $ty in "metrics" as Metric, version 1, name $name, $summary,
        merge = local "a figure is about one peer's own predictions", }

        impl $ty {
            /// A metric that has seen nothing.
            #[allow(clippy::unnecessary_wraps, reason = "what the catalogue builds with")]
            pub fn new(params: Params) -> Result<Self> {
                Ok(Self { params, state: Counts::default() })
            }
        }

        impl Metric for $ty {
            #[inline]
            fn update(&mut self, seen: Observation<'_>, w: f64) {
                self.state.add(&self.params.pos_val, seen, w);
            }

            fn revert(&mut self, seen: Observation<'_>, w: f64) {
                self.state.add(&self.params.pos_val, seen, -w);
            }

            fn reverts(&self) -> bool {
                true
            }

            fn get(&self) -> f64 {
                let figure: fn(&Counts) -> f64 = $get;
                figure(&self.state)
            }

            fn of_values(&self) -> bool {
                false
            }

            fn bigger_is_better(&self) -> bool {
                true
            }
        }
    };
}

metric!(
    Precision,
    "Precision",
    "Of what was predicted as the class, the share that is of it",
    Counts::precision
);
metric!(
    Recall,
    "Recall",
    "Of what is of the class, the share that was predicted as it",
    Counts::recall
);
metric!(F1, "F1", "The harmonic mean of precision and recall", |c| c.f_beta(1.0));
metric!(
    Jaccard,
    "Jaccard",
    "Of what is or was predicted as the class, the share that is both",
    Counts::jaccard
);
metric!(MCC, "MCC", "Matthews' correlation of truth and prediction", mcc);

fn mcc(c: &Counts) -> f64 {
    let n = c.tp + c.tn + c.fp + c.fn_;
    let n = if n == 0.0 { 1.0 } else { n };
    let (s, p) = ((c.tp + c.fn_) / n, (c.tp + c.fp) / n);
    // Rounding may leave a share a hair above 1 after fractional weights were taken back.
    let variance = (p * s * (1.0 - s) * (1.0 - p)).max(0.0);
    ratio(c.tp / n - s * p, variance.sqrt())
}
