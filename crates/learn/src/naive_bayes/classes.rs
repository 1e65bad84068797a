//! What all naive Bayes classifiers share: how often each class came, and from log-likelihoods
//! to probabilities.

use serde::{Deserialize, Serialize};

use crate::estimator::{Attribute, ClassId};
use crate::math;
use crate::merge::{Fixed, Gather, Spread};

/// How often each class came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Classes {
    counts: Vec<f64>,
    total: f64,
}

impl Classes {
    pub fn learn(&mut self, y: ClassId, w: f64) {
        let y = y as usize;
        if self.counts.len() <= y {
            self.counts.resize(y + 1, 0.0);
        }
        self.counts[y] += w;
        self.total += w;
    }

    pub fn sums(&self, out: &mut Gather<'_>) {
        let mut tensor = out.tensor("classes");
        for (class, &n) in self.counts.iter().enumerate().filter(|(_, n)| **n > 0.0) {
            tensor.class(class as ClassId, Fixed::of(n));
        }
    }

    pub fn of_sums(from: &Spread<'_>) -> Self {
        let mut classes = Self { counts: vec![0.0; from.classes()], total: 0.0 };
        for (class, n) in from.class("classes").map(|(class, n)| (class, n.to_f64().max(0.0))) {
            classes.counts[class as usize] = n;
            classes.total += n;
        }
        classes
    }

    /// One more than the largest class.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    pub fn count(&self, class: usize) -> f64 {
        self.counts[class]
    }

    /// Fills `proba` with the probability of each class from the logarithm of its share of the
    /// likelihood. Classes that never came are not asked and get `NaN`.
    pub fn predict(&self, proba: &mut Vec<f64>, mut log_likelihood: impl FnMut(usize) -> f64) {
        for (class, &count) in self.counts.iter().enumerate() {
            proba.push(if count > 0.0 { log_likelihood(class) } else { f64::NAN });
        }
        // max and the comparisons pass over NaN.
        let top = proba.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if top == f64::NEG_INFINITY {
            // Nothing is possible, which without smoothing can be: no opinion.
            proba.clear();
            return;
        }
        let seen = proba.iter().filter(|p| !p.is_nan());
        let all = top + math::ln(seen.map(|p| math::exp(p - top)).sum());
        for p in proba {
            *p = math::exp(*p - all);
        }
    }

    /// A value for each class that came.
    pub fn shown(&self, mut value: impl FnMut(usize) -> Attribute) -> Attribute {
        let came = self.counts.iter().enumerate().filter(|(_, count)| **count > 0.0);
        Attribute::Classes(came.map(|(class, _)| (class as ClassId, value(class))).collect())
    }

    /// River's `class_counts`.
    pub fn class_counts(&self) -> Attribute {
        self.shown(|class| Attribute::Float(self.counts[class]))
    }

    /// The logarithm of a class's share of the events.
    pub fn log_share(&self, class: usize) -> f64 {
        math::ln(self.counts[class] / self.total)
    }
}
