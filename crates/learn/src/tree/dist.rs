//! Weights by class, in the order in which the classes came: ties go to the first, as in River.

use crate::estimator::ClassId;

/// Weight per class.
pub(crate) type Dist = Vec<(ClassId, f64)>;

/// The sum of all weights.
#[inline]
pub(crate) fn total(dist: &[(ClassId, f64)]) -> f64 {
    dist.iter().map(|&(_, w)| w).sum()
}

/// Adds to a class's weight.
#[inline]
pub(crate) fn add(dist: &mut Dist, class: ClassId, w: f64) {
    match dist.iter_mut().find(|(c, _)| *c == class) {
        Some((_, sum)) => *sum += w,
        None => dist.push((class, w)),
    }
}

/// The place of the largest number, the first of equals.
#[inline]
pub(crate) fn arg_max(values: impl Iterator<Item = f64>) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (i, v) in values.enumerate() {
        if best.is_none_or(|(_, b)| v > b) {
            best = Some((i, v));
        }
    }
    best.map(|(i, _)| i)
}

/// The largest weight; 0 for none.
pub(crate) fn largest(dist: &[(ClassId, f64)]) -> f64 {
    dist.iter().map(|&(_, w)| w).fold(0.0, f64::max)
}

/// Weights of which at most one is not 0.
pub(crate) fn is_pure(dist: &[(ClassId, f64)]) -> bool {
    dist.iter().filter(|&&(_, w)| w != 0.0).count() < 2
}
