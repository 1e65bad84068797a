//! Figures of how well predictions fit: River's `metrics`.
//!
//! A metric takes one observation after the other and says its figure at any time; no past event
//! is kept, except by the metrics of a window. Metrics of classes that look at one class against
//! the others know it by `pos_val`; they count nothing until that class exists.
//!
//! ```
//! use her_learn::metrics::{self, Observation};
//! use her_learn::{Catalog, Label};
//! let mut f1 = metrics::build(&serde_json::json!("F1"), &Catalog::builtin())?;
//! let classes = [Label::Bool(false), Label::Bool(true)];
//! for (y, p) in [(0, 0.4), (0, 0.6), (1, 0.7), (1, 0.1), (1, 0.9)] {
//!     let proba = [1.0 - p, p];
//!     let predicted = u32::from(p > 0.5);
//!     f1.update(Observation::Class { y, proba: &proba, predicted, classes: &classes }, 1.0);
//! }
//! assert!((f1.get() - 2.0 / 3.0).abs() < 1e-12);
//! # Ok::<(), her_learn::Error>(())
//! ```

pub mod binary;
pub mod confusion;
pub mod fbeta;
pub mod log_loss;
pub mod mean;
pub mod multiclass;
pub mod r2;
pub mod report;
pub mod roc_auc;
pub mod rolling;
pub mod rolling_roc_auc;
pub mod tally;

mod pos_val;

use serde_json::Value;

use crate::catalog::{Catalog, Entry};
use crate::error::{Error, Result};
use crate::estimator::{Any, ClassId, Estimator};
use crate::model::Label;

pub use confusion::ConfusionMatrix;
pub use pos_val::PosVal;
pub use report::ClassificationReport;

/// One event as a metric sees it.
#[derive(Debug, Clone, Copy)]
pub enum Observation<'a> {
    /// A class: the true id, and the predicted probability per class id (never empty).
    Class {
        /// The true class.
        y: ClassId,
        /// Probability per class id; `NaN` where there is no opinion.
        proba: &'a [f64],
        /// The most probable class.
        predicted: ClassId,
        /// The names of the classes by id; a binary model has `false` and `true`.
        classes: &'a [Label],
    },
    /// A number: the true one and the predicted one.
    Value {
        /// The true value.
        y: f64,
        /// The predicted value.
        predicted: f64,
    },
}

/// A figure of how well predictions fit, updated event by event.
pub trait Metric: Estimator {
    /// Takes an observation of weight `w`. Metrics of classes ignore numbers and the other way
    /// round; [`of_values`](Self::of_values) tells.
    fn update(&mut self, seen: Observation<'_>, w: f64);

    /// Takes an observation back, given as it was given to [`update`](Self::update): what
    /// [`RollingMetric`](rolling::RollingMetric) needs. Does nothing where
    /// [`reverts`](Self::reverts) is false.
    fn revert(&mut self, _seen: Observation<'_>, _w: f64) {}

    /// True when observations can be taken back.
    fn reverts(&self) -> bool {
        false
    }

    /// The figure so far.
    fn get(&self) -> f64;

    /// True for metrics of numbers, false for metrics of classes.
    fn of_values(&self) -> bool;

    /// True when the predicted class is enough, false when the probabilities are looked at.
    fn requires_labels(&self) -> bool {
        true
    }

    /// True when a larger figure is a better one.
    fn bigger_is_better(&self) -> bool;
}

/// A metric from its spec.
pub fn build(spec: &Value, catalog: &Catalog) -> Result<Box<dyn Metric>> {
    match catalog.builder().build(spec)? {
        Any::Metric(metric) => Ok(metric),
        other => Err(not_a_metric(&other)),
    }
}

fn not_a_metric(other: &Any) -> Error {
    let name = other.estimator().entry().name;
    Error::new(format!("{name} is no metric; `her models` lists the metrics"))
}

/// A quotient, 0 where Python would raise for a division by zero.
fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[
    multiclass::Accuracy::ENTRY,
    multiclass::BalancedAccuracy::ENTRY,
    multiclass::CohenKappa::ENTRY,
    multiclass::GeometricMean::ENTRY,
    binary::Precision::ENTRY,
    binary::Recall::ENTRY,
    binary::F1::ENTRY,
    binary::Jaccard::ENTRY,
    binary::MCC::ENTRY,
    fbeta::binary::FBeta::ENTRY,
    multiclass::MacroPrecision::ENTRY,
    multiclass::MicroPrecision::ENTRY,
    multiclass::WeightedPrecision::ENTRY,
    multiclass::MacroRecall::ENTRY,
    multiclass::MicroRecall::ENTRY,
    multiclass::WeightedRecall::ENTRY,
    multiclass::MacroF1::ENTRY,
    multiclass::MicroF1::ENTRY,
    multiclass::WeightedF1::ENTRY,
    multiclass::MacroJaccard::ENTRY,
    multiclass::MicroJaccard::ENTRY,
    multiclass::WeightedJaccard::ENTRY,
    fbeta::multiclass::MacroFBeta::ENTRY,
    fbeta::multiclass::MicroFBeta::ENTRY,
    fbeta::multiclass::WeightedFBeta::ENTRY,
    log_loss::binary::LogLoss::ENTRY,
    log_loss::multiclass::CrossEntropy::ENTRY,
    roc_auc::ROCAUC::ENTRY,
    rolling_roc_auc::rolling::RollingROCAUC::ENTRY,
    rolling_roc_auc::exact::ExactROCAUC::ENTRY,
    mean::MAE::ENTRY,
    mean::MSE::ENTRY,
    mean::RMSE::ENTRY,
    mean::RMSLE::ENTRY,
    mean::MAPE::ENTRY,
    mean::SMAPE::ENTRY,
    r2::R2::ENTRY,
    rolling::ENTRY,
];

#[cfg(test)]
mod tests;
