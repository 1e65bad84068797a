//! Figures of how well predictions fit: River's `metrics`.

use crate::catalog::Entry;
use crate::estimator::{ClassId, Estimator};
use crate::model::Label;

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
    /// Takes an observation of weight `w`. Observations of the wrong sort are ignored by
    /// classification metrics that meet numbers and the other way round; `works_with` tells.
    fn update(&mut self, seen: Observation<'_>, w: f64);

    /// The figure so far.
    fn get(&self) -> f64;

    /// True for metrics of numbers, false for metrics of classes.
    fn of_values(&self) -> bool;

    /// True when a larger figure is a better one.
    fn bigger_is_better(&self) -> bool;
}

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[];
