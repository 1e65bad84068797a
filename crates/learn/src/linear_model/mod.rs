//! Linear models: River's `linear_model`.

pub mod alma;
pub mod bayesian_lin_reg;
pub mod bayesian_logistic;
mod cholesky;
pub mod glm;
pub mod linear_regression;
pub mod logistic_regression;
pub mod pa_classifier;
pub mod pa_regressor;
mod passive_aggressive;
pub mod perceptron;
pub mod softmax;
#[cfg(test)]
mod tests;

pub use alma::ALMAClassifier;
pub use bayesian_lin_reg::BayesianLinearRegression;
pub use bayesian_logistic::BayesianLogisticRegression;
pub use linear_regression::LinearRegression;
pub use logistic_regression::LogisticRegression;
pub use pa_classifier::PAClassifier;
pub use pa_regressor::PARegressor;
pub use perceptron::Perceptron;
pub use softmax::SoftmaxRegression;

use crate::catalog::Entry;
use crate::estimator::{ClassId, WeightKey};
use crate::features::{FeatureId, Features, Slots};
use crate::math;

/// `w · x`, where features that were never learned from weigh nothing.
#[inline]
pub(crate) fn dot(w: &Slots<f64>, x: &Features) -> f64 {
    let w = w.as_slice();
    match x.run() {
        Some(start) if x.end() <= w.len() => math::dot(&w[start..][..x.len()], x.values()),
        _ => {
            let mut sum = 0.0;
            for (id, v) in x.iter() {
                sum += w.get(id as usize).copied().unwrap_or(0.0) * v;
            }
            sum
        }
    }
}

/// `w ← w + step · x`, with room made for new features.
#[inline]
fn add_scaled(w: &mut Slots<f64>, step: f64, x: &Features) {
    w.grow(x.end());
    crate::optim::each(x, x.values(), w, |w, v| *w += step * v);
}

/// Writes the weights that are not 0.
fn weights_to(w: &Slots<f64>, tensor: &mut crate::merge::Tensor<'_, '_>) {
    for (id, &w) in w.as_slice().iter().enumerate().filter(|(_, w)| **w != 0.0) {
        tensor.feature(id as FeatureId, crate::merge::Fixed::of(w));
    }
}

/// Visits the weights that are not 0, by id.
fn visit_weights(w: &Slots<f64>, class: Option<ClassId>, visit: &mut dyn FnMut(WeightKey, f64)) {
    for (id, &w) in w.as_slice().iter().enumerate() {
        if w != 0.0 {
            visit(WeightKey { class, feature: Some(id as FeatureId) }, w);
        }
    }
}

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[
    LinearRegression::ENTRY,
    LogisticRegression::ENTRY,
    SoftmaxRegression::ENTRY,
    Perceptron::ENTRY,
    PAClassifier::ENTRY,
    PARegressor::ENTRY,
    ALMAClassifier::ENTRY,
    BayesianLinearRegression::ENTRY,
    BayesianLogisticRegression::ENTRY,
];
