//! `LogLoss` and `CrossEntropy`: the mean surprise of the true class, in nats.
//!
//! `−ln p(y)`, with the probability cut to `[10⁻¹⁵, 1 − 10⁻¹⁵]`; 0 before anything was seen.
//! `LogLoss` looks at one class against the others: `−ln p` where it is true, else `−ln (1 − p)`.
//! For `CrossEntropy` a true class on which there was no opinion counts as 0.
//!
//! **Shape** classes in, a number of 0 or more out. **Cost** 16 bytes; one logarithm an event.
//! **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Label};
//! use her_learn::metrics::{self, Observation};
//! let mut loss = metrics::build(&serde_json::json!("LogLoss"), &Catalog::builtin())?;
//! let (proba, classes) = ([0.1, 0.9], [Label::Bool(false), Label::Bool(true)]);
//! loss.update(Observation::Class { y: 1, proba: &proba, predicted: 1, classes: &classes }, 1.0);
//! assert!((loss.get() - 0.10536051565782628).abs() < 1e-12);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `metrics/{log_loss,cross_entropy}.py`.

use crate::math;

/// What is left of a probability that is sure.
const CUT: f64 = 1e-15;

fn surprise(p: f64) -> f64 {
    -math::ln(math::clamp(p, CUT, 1.0 - CUT))
}

macro_rules! metric {
    ($ty:ident, $name:literal, $summary:literal, $term:expr) => {
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
            fn term(&self, seen: Observation<'_>) -> Option<f64> {
                let term: fn(&Params, Observation<'_>) -> Option<f64> = $term;
                term(&self.params, seen)
            }
        }

        impl Metric for $ty {
            #[inline]
            fn update(&mut self, seen: Observation<'_>, w: f64) {
                if let Some(term) = self.term(seen) {
                    self.state.update(term, w);
                }
            }

            fn revert(&mut self, seen: Observation<'_>, w: f64) {
                if let Some(term) = self.term(seen) {
                    self.state.revert(term, w);
                }
            }

            fn reverts(&self) -> bool {
                true
            }

            fn get(&self) -> f64 {
                self.state.get()
            }

            fn of_values(&self) -> bool {
                false
            }

            fn requires_labels(&self) -> bool {
                false
            }

            fn bigger_is_better(&self) -> bool {
                false
            }
        }
    };
}

/// One class against the others.
pub mod binary {
    use super::{CUT, math, surprise};
    use crate::error::Result;
    use crate::metrics::mean::Mean;
    use crate::metrics::{Metric, Observation, PosVal};

    crate::params! {
        /// Parameters of [`LogLoss`].
        pub struct Params {
            /// The class that counts as positive: true, false, an integer or a string.
            pos_val: PosVal = PosVal::default(),
        }
    }

    metric!(LogLoss, "LogLoss", "The mean surprise of the truth about one class, in nats", term);

    fn term(params: &Params, seen: Observation<'_>) -> Option<f64> {
        let seen = params.pos_val.look(seen)?;
        let p = math::clamp(seen.p, CUT, 1.0 - CUT);
        Some(if seen.y { surprise(p) } else { -math::ln(1.0 - p) })
    }
}

/// Any number of classes.
pub mod multiclass {
    use super::surprise;
    use crate::error::Result;
    use crate::metrics::mean::Mean;
    use crate::metrics::{Metric, Observation};

    crate::params! {
        /// This metric has no parameters.
        pub struct Params {}
    }

    metric!(CrossEntropy, "CrossEntropy", "The mean surprise of the true class, in nats", term);

    fn term(_params: &Params, seen: Observation<'_>) -> Option<f64> {
        let Observation::Class { y, proba, .. } = seen else { return None };
        let p = proba.get(y as usize).copied().filter(|p| !p.is_nan());
        Some(p.map_or(0.0, surprise))
    }
}
