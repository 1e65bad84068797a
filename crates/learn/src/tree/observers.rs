//! What a classifier's leaf keeps of its numbers: River's `splitter`s of classes.

use serde::{Deserialize, Serialize};

use super::dist::Dist;
use super::exhaustive::ValueTree;
use super::gaussians::Gaussians;
use super::histograms::Histograms;
use super::work::Work;
use crate::estimator::ClassId;

/// How numbers are summarised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ClassSplitter {
    Gaussian { n_splits: u32 },
    Histogram { n_bins: u32, n_splits: u32 },
    Exhaustive,
}

/// One summary for each number, in their order in the leaf.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Observers {
    Gaussian { n_splits: u32, columns: Gaussians },
    Histogram { n_bins: u32, n_splits: u32, columns: Vec<Histograms> },
    Exhaustive { columns: Vec<ValueTree> },
}

impl Observers {
    pub fn new(splitter: ClassSplitter) -> Self {
        match splitter {
            ClassSplitter::Gaussian { n_splits } => {
                Self::Gaussian { n_splits, columns: Gaussians::default() }
            }
            ClassSplitter::Histogram { n_bins, n_splits } => {
                Self::Histogram { n_bins, n_splits, columns: Vec::new() }
            }
            ClassSplitter::Exhaustive => Self::Exhaustive { columns: Vec::new() },
        }
    }

    pub fn insert(&mut self, at: usize) {
        match self {
            Self::Gaussian { columns, .. } => columns.insert(at),
            Self::Histogram { columns, .. } => columns.insert(at, Histograms::default()),
            Self::Exhaustive { columns } => columns.insert(at, ValueTree::default()),
        }
    }

    pub fn remove(&mut self, at: usize) {
        match self {
            Self::Gaussian { columns, .. } => columns.remove(at),
            Self::Histogram { columns, .. } => drop(columns.remove(at)),
            Self::Exhaustive { columns } => drop(columns.remove(at)),
        }
    }

    pub fn clear(&mut self) {
        match self {
            Self::Gaussian { columns, .. } => *columns = Gaussians::default(),
            Self::Histogram { columns, .. } => *columns = Vec::new(),
            Self::Exhaustive { columns } => *columns = Vec::new(),
        }
    }

    pub fn bytes(&self) -> usize {
        match self {
            Self::Gaussian { columns, .. } => columns.bytes(),
            Self::Histogram { columns, .. } => columns.iter().map(Histograms::bytes).sum(),
            Self::Exhaustive { columns } => columns.iter().map(ValueTree::bytes).sum(),
        }
    }

    /// Takes an event's numbers, one for each column; `NAN` where it lacks one.
    #[inline]
    pub fn learn(&mut self, values: &[f64], class: ClassId, w: f64, event: u32) {
        match self {
            Self::Gaussian { columns, .. } => columns.learn(values, class, w, event),
            Self::Histogram { n_bins, columns, .. } => {
                for (&v, column) in values.iter().zip(columns).filter(|(v, _)| !v.is_nan()) {
                    column.learn(v, class, w, *n_bins as usize);
                }
            }
            Self::Exhaustive { columns } => {
                for (&v, column) in values.iter().zip(columns).filter(|(v, _)| !v.is_nan()) {
                    column.learn(v, class, w);
                }
            }
        }
    }

    /// A logarithm, and the log density of an event's numbers within a class added to it. The
    /// class comes with its place in the leaf.
    #[inline]
    pub fn add_log_density(
        &self,
        to: f64,
        values: &[f64],
        complete: bool,
        (near, class): (usize, ClassId),
    ) -> f64 {
        match self {
            Self::Gaussian { columns, .. } => {
                to + columns.log_density(values, complete, class, near)
            }
            Self::Histogram { columns, .. } => {
                let there = values.iter().zip(columns).filter(|(v, _)| !v.is_nan());
                // One after the other, as River adds: counts often make classes equal, and then
                // the last bit decides.
                there.fold(to, |sum, (&v, column)| sum + column.log_share(v, class))
            }
            // As in River, it has no opinion on how probable a value is.
            Self::Exhaustive { .. } => to,
        }
    }

    /// Lends each threshold worth trying, with the weights by class on both sides.
    pub fn each_threshold(
        &self,
        column: usize,
        before: &Dist,
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
            Self::Histogram { n_splits, columns, .. } => {
                columns[column].each_threshold(before, *n_splits, work, &mut lend);
            }
            Self::Exhaustive { columns } => columns[column].each_threshold(work, &mut lend),
        }
    }
}
