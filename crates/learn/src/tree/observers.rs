//! What a classifier's leaf keeps of its numbers: River's `splitter`s of classes.

use serde::{Deserialize, Serialize};

use super::dist::Dist;
use super::gaussians::Gaussians;
use super::work::Work;
use crate::estimator::ClassId;

/// How numbers are summarised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ClassSplitter {
    Gaussian { n_splits: u32 },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Observers {
    Gaussian { n_splits: u32, columns: Gaussians },
}

impl Observers {
    pub fn new(splitter: ClassSplitter) -> Self {
        match splitter {
            ClassSplitter::Gaussian { n_splits } => {
                Self::Gaussian { n_splits, columns: Gaussians::default() }
            }
        }
    }

    pub fn insert(&mut self, at: usize) {
        match self {
            Self::Gaussian { columns, .. } => columns.insert(at),
        }
    }

    pub fn remove(&mut self, at: usize) {
        match self {
            Self::Gaussian { columns, .. } => columns.remove(at),
        }
    }

    pub fn clear(&mut self) {
        match self {
            Self::Gaussian { columns, .. } => *columns = Gaussians::default(),
        }
    }

    pub fn bytes(&self) -> usize {
        match self {
            Self::Gaussian { columns, .. } => columns.bytes(),
        }
    }

    /// Takes an event's numbers, one for each column; `NAN` where it lacks one.
    #[inline]
    pub fn learn(&mut self, values: &[f64], class: ClassId, w: f64, event: u32) {
        match self {
            Self::Gaussian { columns, .. } => columns.learn(values, class, w, event),
        }
    }

    /// The log density of an event's numbers within a class.
    #[inline]
    pub fn log_density(&self, values: &[f64], complete: bool, class: ClassId) -> f64 {
        match self {
            Self::Gaussian { columns, .. } => columns.log_density(values, complete, class),
        }
    }

    /// Lends each threshold worth trying, with the weights by class on both sides.
    pub fn each_threshold(
        &self,
        column: usize,
        _before: &Dist,
        work: &mut Work,
        mut lend: impl FnMut(f64, &[Dist]),
    ) {
        match self {
            Self::Gaussian { n_splits, columns } => {
                let mut order = std::mem::take(&mut work.order);
                columns.order(column, &mut order);
                for t in columns.thresholds(column, *n_splits) {
                    work.empty(2);
                    let [left, right] = &mut work.after[..2] else { break };
                    columns.divide(column, &order, t, left, right);
                    lend(t, &work.after[..2]);
                }
                work.order = order;
            }
        }
    }
}
