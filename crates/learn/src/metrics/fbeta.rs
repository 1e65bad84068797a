//! `FBeta` and its averages over classes: precision and recall in one figure, in which recall
//! counts `beta` times as much.
//!
//! `(1 + β²) · precision · recall / (β² · precision + recall)`; 0 before anything was seen.
//!
//! **Shape** classes in, a share of `[0, 1]` out. **Cost** as [`F1`](super::binary::F1) and
//! [`MacroF1`](super::multiclass::MacroF1). **Errors** a negative or infinite `beta`.
//!
//! ```
//! use her_learn::{Catalog, metrics};
//! let spec = serde_json::json!({"MacroFBeta": {"beta": 0.8}});
//! assert_eq!(metrics::build(&spec, &Catalog::builtin())?.get(), 0.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `metrics/fbeta.py`, where `beta` has no default.

macro_rules! metric {
    ($ty:ident, $name:literal, $summary:literal, $state:ty, $add:expr, $get:expr) => {
        #[doc = concat!($summary, ".")]
        #[derive(Debug, Clone)]
        pub struct $ty {
            params: Params,
            state: $state,
        }

        crate::estimator! { $ty in "metrics" as Metric, version 1, name $name, $summary,
                example = serde_json::json!({ $name: { "beta": 2.0 } }),
        merge = local "a figure is about one peer's own predictions",
            }

        impl $ty {
            /// A metric that has seen nothing.
            pub fn new(params: Params) -> Result<Self> {
                check_range("beta", params.beta, 0.0, 1e6)?;
                Ok(Self { params, state: <$state>::default() })
            }
        }

        impl Metric for $ty {
            #[inline]
            fn update(&mut self, seen: Observation<'_>, w: f64) {
                let add: fn(&mut $state, &Params, Observation<'_>, f64) = $add;
                add(&mut self.state, &self.params, seen, w);
            }

            fn revert(&mut self, seen: Observation<'_>, w: f64) {
                self.update(seen, -w);
            }

            fn reverts(&self) -> bool {
                true
            }

            fn get(&self) -> f64 {
                let figure: fn(&$state, f64) -> f64 = $get;
                figure(&self.state, self.params.beta)
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

/// One class against the others.
pub mod binary {
    use crate::error::Result;
    use crate::metrics::tally::Counts;
    use crate::metrics::{Metric, Observation, PosVal};
    use crate::params::check_range;

    crate::params! {
        /// Parameters of [`FBeta`].
        pub struct Params {
            /// How much recall counts against precision; 0 or more.
            beta: f64 = 1.0,
            /// The class that counts as positive: true, false, an integer or a string.
            pos_val: PosVal = PosVal::default(),
        }
    }

    metric!(
        FBeta,
        "FBeta",
        "The harmonic mean of precision and recall, weighted by beta",
        Counts,
        |counts, params, seen, w| counts.add(&params.pos_val, seen, w),
        |counts, beta| counts.f_beta(beta)
    );
}

/// Averages over the classes.
pub mod multiclass {
    use crate::error::Result;
    use crate::metrics::tally::{Tally, f_beta};
    use crate::metrics::{Metric, Observation};
    use crate::params::check_range;

    crate::params! {
        /// Parameters of the averages of F-beta over classes.
        #[derive(Copy)]
        pub struct Params {
            /// How much recall counts against precision; 0 or more.
            beta: f64 = 1.0,
        }
    }

    metric!(
        MacroFBeta,
        "MacroFBeta",
        "The mean F-beta over the classes",
        Tally,
        |tally, _, seen, w| tally.add(seen, w),
        |tally, beta| tally.macro_mean(|c| c.f_beta(beta))
    );
    metric!(
        MicroFBeta,
        "MicroFBeta",
        "The F-beta of all classes together",
        Tally,
        |tally, _, seen, w| tally.add(seen, w),
        |tally, beta| tally.micro(|c| f_beta(c.precision(), c.precision(), beta))
    );
    metric!(
        WeightedFBeta,
        "WeightedFBeta",
        "The mean F-beta over the classes, by their share",
        Tally,
        |tally, _, seen, w| tally.add(seen, w),
        |tally, beta| tally.weighted_mean(|c| c.f_beta(beta))
    );
}
