//! What metrics of classes count.

use serde::{Deserialize, Serialize};

use super::{Observation, PosVal, ratio};
use crate::estimator::ClassId;

/// Weights of one class against the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Of the class and predicted as it.
    pub tp: f64,
    /// Predicted as the class and not of it.
    pub fp: f64,
    /// Of the class and predicted as another.
    pub fn_: f64,
    /// Neither of the class nor predicted as it.
    pub tn: f64,
}

impl Counts {
    /// Adds an observation; a negative weight takes it back.
    #[inline]
    pub fn add(&mut self, pos_val: &PosVal, seen: Observation<'_>, w: f64) {
        if let Some(seen) = pos_val.look(seen) {
            *match (seen.y, seen.predicted) {
                (true, true) => &mut self.tp,
                (false, true) => &mut self.fp,
                (true, false) => &mut self.fn_,
                (false, false) => &mut self.tn,
            } += w;
        }
    }

    /// Of what was predicted as the class, the share that is of it.
    pub fn precision(&self) -> f64 {
        ratio(self.tp, self.tp + self.fp)
    }

    /// Of what is of the class, the share that was predicted as it.
    pub fn recall(&self) -> f64 {
        ratio(self.tp, self.tp + self.fn_)
    }

    /// Their harmonic mean in which recall counts `beta` times as much.
    pub fn f_beta(&self, beta: f64) -> f64 {
        f_beta(self.precision(), self.recall(), beta)
    }

    /// Of what is or was predicted as the class, the share that is both.
    pub fn jaccard(&self) -> f64 {
        ratio(self.tp, self.tp + self.fp + self.fn_)
    }
}

/// A weighted harmonic mean of precision and recall.
pub fn f_beta(precision: f64, recall: f64, beta: f64) -> f64 {
    let b2 = beta * beta;
    ratio((1.0 + b2) * precision * recall, b2 * precision + recall)
}

/// Weights per class id: how often it was right, how often it was, how often it was predicted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    hits: Vec<f64>,
    rows: Vec<f64>,
    cols: Vec<f64>,
    total: f64,
    correct: f64,
}

impl Tally {
    /// Adds an observation; a negative weight takes it back. Allocates when a class is new.
    #[inline]
    pub fn add(&mut self, seen: Observation<'_>, w: f64) {
        let Observation::Class { y, predicted, .. } = seen else { return };
        let (y, p) = (y as usize, predicted as usize);
        let end = y.max(p) + 1;
        if self.hits.len() < end {
            self.hits.resize(end, 0.0);
            self.rows.resize(end, 0.0);
            self.cols.resize(end, 0.0);
        }
        self.rows[y] += w;
        self.cols[p] += w;
        self.total += w;
        if y == p {
            self.hits[y] += w;
            self.correct += w;
        }
    }

    /// The weight of all observations.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The weight of those predicted right.
    pub fn correct(&self) -> f64 {
        self.correct
    }

    /// The weight of the observations of a class.
    pub fn support(&self, class: ClassId) -> f64 {
        self.rows.get(class as usize).copied().unwrap_or(0.0)
    }

    /// The classes that were seen or predicted, by id, each against all others.
    pub fn classes(&self) -> impl Iterator<Item = (ClassId, Counts)> {
        (0..self.hits.len()).filter(|&c| self.rows[c] != 0.0 || self.cols[c] != 0.0).map(|c| {
            let (tp, row, col) = (self.hits[c], self.rows[c], self.cols[c]);
            let tn = self.total - row - col + tp;
            (c as ClassId, Counts { tp, fp: col - tp, fn_: row - tp, tn })
        })
    }

    /// The mean of a figure over the classes.
    pub fn macro_mean(&self, figure: impl Fn(&Counts) -> f64) -> f64 {
        let (mut sum, mut n) = (0.0, 0.0);
        for (_, counts) in self.classes() {
            sum += figure(&counts);
            n += 1.0;
        }
        ratio(sum, n)
    }

    /// A figure of the sums over the classes.
    pub fn micro(&self, figure: impl Fn(&Counts) -> f64) -> f64 {
        let mut sums = Counts { tp: self.correct, ..Counts::default() };
        for (_, counts) in self.classes() {
            sums.fp += counts.fp;
            sums.fn_ += counts.fn_;
        }
        figure(&sums)
    }

    /// The mean of a figure over the classes, weighted by their share of the observations.
    pub fn weighted_mean(&self, figure: impl Fn(&Counts) -> f64) -> f64 {
        let sum: f64 = self.classes().map(|(c, counts)| self.support(c) * figure(&counts)).sum();
        ratio(sum, self.total)
    }

    /// The share predicted right.
    pub fn accuracy(&self) -> f64 {
        ratio(self.correct, self.total)
    }

    /// How much better than chance, for the same shares of true and predicted classes.
    pub fn kappa(&self) -> f64 {
        let by_chance: f64 = self
            .classes()
            .map(|(c, _)| {
                let c = c as usize;
                ratio(self.rows[c], self.total) * ratio(self.cols[c], self.total)
            })
            .sum();
        ratio(self.accuracy() - by_chance, 1.0 - by_chance)
    }
}
