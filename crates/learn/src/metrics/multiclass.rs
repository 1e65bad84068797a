//! Metrics of any number of classes: accuracy, balanced accuracy, kappa, geometric mean, and the
//! averages of precision, recall, F1 and Jaccard over the classes.
//!
//! *Macro* takes the figure per class and their plain mean; *weighted* their mean by each class's
//! share of the observations; *micro* sums right and wrong predictions over the classes first.
//! A class counts once it was seen or predicted. All are 0 before anything was seen.
//!
//! **Shape** classes in, a share of `[0, 1]` out; kappa lies in `[−1, 1]`. **Cost** 24 bytes a
//! class; three additions an event, and one pass over the classes when asked. **Errors** none.
//!
//! ```
//! use her_learn::metrics::{self, Observation};
//! use her_learn::{Catalog, Label};
//! let mut kappa = metrics::build(&serde_json::json!("CohenKappa"), &Catalog::builtin())?;
//! let classes: Vec<Label> = ["cat", "ant", "bird"].map(|n| Label::Text(n.into())).into();
//! for (y, predicted) in [(0, 1), (1, 1), (0, 0), (0, 0), (1, 1), (2, 0)] {
//!     kappa.update(Observation::Class { y, proba: &[], predicted, classes: &classes }, 1.0);
//! }
//! assert!((kappa.get() - 0.42857142857142855).abs() < 1e-12);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `metrics/{accuracy,balanced_accuracy,kappa,geometric_mean,precision,recall,
//! fbeta,jaccard}.py`.

use super::tally::{Counts, Tally};
use super::{Metric, Observation, ratio};
use crate::error::Result;
use crate::math;

crate::params! {
    /// These metrics have no parameters.
    #[derive(Copy)]
    pub struct Params {}
}

macro_rules! metric {
    ($ty:ident, $name:literal, $summary:literal, $get:expr) => {
        #[doc = concat!($summary, ".")]
        #[derive(Debug, Clone)]
        pub struct $ty {
            params: Params,
            state: Tally,
        }

        crate::estimator! { $ty in "metrics" as Metric, version 1, name $name, $summary,
        merge = local "a figure is about one peer's own predictions", }

        impl $ty {
            /// A metric that has seen nothing.
            #[allow(clippy::unnecessary_wraps, reason = "what the catalogue builds with")]
            pub fn new(params: Params) -> Result<Self> {
                Ok(Self { params, state: Tally::default() })
            }
        }

        impl Metric for $ty {
            #[inline]
            fn update(&mut self, seen: Observation<'_>, w: f64) {
                self.state.add(seen, w);
            }

            fn revert(&mut self, seen: Observation<'_>, w: f64) {
                self.state.add(seen, -w);
            }

            fn reverts(&self) -> bool {
                true
            }

            fn get(&self) -> f64 {
                let figure: fn(&Tally) -> f64 = $get;
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

metric!(Accuracy, "Accuracy", "The share predicted right", Tally::accuracy);
metric!(
    BalancedAccuracy,
    "BalancedAccuracy",
    "The mean recall over the classes seen",
    balanced_accuracy
);
metric!(CohenKappa, "CohenKappa", "How much better than chance the predictions are", Tally::kappa);
metric!(
    GeometricMean,
    "GeometricMean",
    "The geometric mean of the classes' recalls",
    geometric_mean
);
metric!(MacroPrecision, "MacroPrecision", "The mean precision over the classes", |t| t
    .macro_mean(Counts::precision));
metric!(MicroPrecision, "MicroPrecision", "The precision of all classes together", |t| t
    .micro(Counts::precision));
metric!(
    WeightedPrecision,
    "WeightedPrecision",
    "The mean precision over the classes, by their share",
    |t| t.weighted_mean(Counts::precision)
);
metric!(MacroRecall, "MacroRecall", "The mean recall over the classes", |t| t
    .macro_mean(Counts::recall));
metric!(MicroRecall, "MicroRecall", "The recall of all classes together", |t| t
    .micro(Counts::precision));
metric!(
    WeightedRecall,
    "WeightedRecall",
    "The mean recall over the classes, by their share",
    Tally::accuracy
);
metric!(MacroF1, "MacroF1", "The mean F1 over the classes", |t| t.macro_mean(|c| c.f_beta(1.0)));
metric!(MicroF1, "MicroF1", "The F1 of all classes together", |t| t
    .micro(|c| super::tally::f_beta(c.precision(), c.precision(), 1.0)));
metric!(WeightedF1, "WeightedF1", "The mean F1 over the classes, by their share", |t| t
    .weighted_mean(|c| c.f_beta(1.0)));
metric!(MacroJaccard, "MacroJaccard", "The mean Jaccard index over the classes", |t| t
    .macro_mean(Counts::jaccard));
metric!(MicroJaccard, "MicroJaccard", "The Jaccard index of all classes together", |t| t
    .micro(Counts::jaccard));
metric!(
    WeightedJaccard,
    "WeightedJaccard",
    "The mean Jaccard index over the classes, by their share",
    |t| t.weighted_mean(Counts::jaccard)
);

fn balanced_accuracy(tally: &Tally) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for (class, counts) in tally.classes() {
        if tally.support(class) != 0.0 {
            sum += counts.recall();
            n += 1.0;
        }
    }
    ratio(sum, n)
}

fn geometric_mean(tally: &Tally) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for (_, counts) in tally.classes() {
        sum += math::ln(counts.recall());
        n += 1.0;
    }
    if n == 0.0 { 0.0 } else { math::exp(sum / n) }
}
