//! How good a split of classes is.

use serde::{Deserialize, Serialize};

use crate::estimator::ClassId;
use crate::math;

/// The weight of each class, in the order in which they came.
pub type Dist = Vec<(ClassId, f64)>;

/// Adds a weight to a class.
#[inline]
pub fn add(dist: &mut Dist, class: ClassId, w: f64) {
    match dist.iter_mut().find(|(c, _)| *c == class) {
        Some((_, weight)) => *weight += w,
        None => dist.push((class, w)),
    }
}

/// The weight of all classes.
#[inline]
pub fn total(dist: &Dist) -> f64 {
    dist.iter().map(|(_, w)| w).sum()
}

/// River's names for measures of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// The fall of the Gini index.
    Gini,
    /// The information won.
    InfoGain,
    /// The Hellinger distance, for two classes.
    Hellinger,
}

impl Criterion {
    /// The merit of a split, the larger the better. Fewer than two parts with more than
    /// `share_min` of the weight are no split.
    pub fn merit(self, before: &Dist, after: &[Dist], share_min: f64) -> f64 {
        let weights: f64 = after.iter().map(total).sum();
        let large = after.iter().filter(|d| weights > 0.0 && total(d) / weights > share_min);
        if large.count() < 2 {
            return f64::NEG_INFINITY;
        }
        match self {
            Self::InfoGain => {
                let parts: f64 = after.iter().map(|d| total(d) * entropy(d)).sum();
                entropy(before) - parts / weights
            }
            Self::Gini => 1.0 - after.iter().map(|d| (total(d) / weights) * gini(d)).sum::<f64>(),
            Self::Hellinger => hellinger(after),
        }
    }

    /// The width of the range of merits.
    pub fn range(self, before: &Dist) -> f64 {
        match self {
            Self::Gini => 1.0,
            Self::InfoGain | Self::Hellinger => math::log2(before.len().max(2) as f64),
        }
    }
}

fn entropy(dist: &Dist) -> f64 {
    let (mut entropy, mut sum) = (0.0, 0.0);
    for &(_, w) in dist.iter().filter(|(_, w)| *w > 0.0) {
        entropy -= w * math::log2(w);
        sum += w;
    }
    if sum > 0.0 { (entropy + sum * math::log2(sum)) / sum } else { 0.0 }
}

fn gini(dist: &Dist) -> f64 {
    let sum = total(dist);
    if sum == 0.0 {
        return 1.0;
    }
    dist.iter().fold(1.0, |gini, (_, w)| gini - (w / sum) * (w / sum))
}

/// Of a split in two of the classes 0 and 1; 0 when one of them is missing on a side.
fn hellinger(after: &[Dist]) -> f64 {
    let of = |side: usize, class: ClassId| {
        after.get(side)?.iter().find(|(c, _)| *c == class).map(|(_, w)| *w)
    };
    let (Some(lp), Some(ln), Some(rp), Some(rn)) = (of(0, 1), of(0, 0), of(1, 1), of(1, 0)) else {
        return 0.0;
    };
    let (positive, negative) = (lp + rp, ln + rn);
    let left = (ln / negative).sqrt() - (lp / positive).sqrt();
    let right = (rn / negative).sqrt() - (rp / positive).sqrt();
    (left * left + right * right).sqrt()
}
