//! How good a split is: information gain, Gini, Hellinger distance; variance reduction.

use serde::{Deserialize, Serialize};

use super::dist::{Dist, total};
use super::moments::Moments;
use crate::math;

/// What a classifier's splits are measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SplitCriterion {
    /// How much less the classes' entropy is after the split.
    #[serde(rename = "info_gain")]
    InfoGain,
    /// One minus the Gini impurity after the split.
    #[serde(rename = "gini")]
    Gini,
    /// The Hellinger distance of two classes' shares; of binary splits of two classes only.
    #[serde(rename = "hellinger")]
    Hellinger,
}

impl SplitCriterion {
    /// The merit of a split; minus infinity when fewer than two branches get more than the share
    /// `min_fraction`.
    pub(crate) fn merit(self, before: &Dist, after: &[Dist], min_fraction: f64) -> f64 {
        let mut sum = 0.0;
        for dist in after {
            sum += total(dist);
        }
        let large = after.iter().filter(|d| sum > 0.0 && total(d) / sum > min_fraction).count();
        if large < 2 {
            return f64::NEG_INFINITY;
        }
        match self {
            Self::InfoGain => {
                let mut entropies = 0.0;
                for dist in after {
                    entropies += total(dist) * entropy(dist);
                }
                entropy(before) - entropies / sum
            }
            Self::Gini => {
                let mut impurity = 0.0;
                for dist in after {
                    let weight = total(dist);
                    impurity += (weight / sum) * gini(dist, weight);
                }
                1.0 - impurity
            }
            Self::Hellinger => hellinger(after),
        }
    }

    /// The range of the merit, for the Hoeffding bound.
    pub(crate) fn range(self, before: &Dist) -> f64 {
        match self {
            Self::Gini => 1.0,
            Self::InfoGain | Self::Hellinger => math::log2(before.len().max(2) as f64),
        }
    }
}

fn entropy(dist: &Dist) -> f64 {
    let (mut entropy, mut sum) = (0.0, 0.0);
    for &(_, w) in dist {
        if w > 0.0 {
            entropy -= w * math::log2(w);
            sum += w;
        }
    }
    if sum > 0.0 { (entropy + sum * math::log2(sum)) / sum } else { 0.0 }
}

fn gini(dist: &Dist, weight: f64) -> f64 {
    let mut gini = 1.0;
    if weight != 0.0 {
        for &(_, w) in dist {
            let share = w / weight;
            gini -= share * share;
        }
    }
    gini
}

fn hellinger(after: &[Dist]) -> f64 {
    let of = |at: usize, class| {
        let dist = after.get(at)?;
        dist.iter().find(|(c, _)| *c == class).map(|&(_, w)| w)
    };
    let (Some(lp), Some(ln), Some(rp), Some(rn)) = (of(0, 1), of(0, 0), of(1, 1), of(1, 0)) else {
        return 0.0;
    };
    let (n, p) = (ln + rn, lp + rp);
    let side = |negative: f64, positive: f64| {
        let d = (negative / n).sqrt() - (positive / p).sqrt();
        d * d
    };
    let distance = (side(ln, lp) + side(rn, rp)).sqrt();
    if distance.is_nan() { 0.0 } else { distance }
}

/// By how much a split reduces the target's variance; 0 when a branch has too few samples.
pub(crate) fn variance_reduction(before: &Moments, after: &[Moments], min_samples: f64) -> f64 {
    if after.iter().any(|m| m.n < min_samples) {
        return 0.0;
    }
    let mut reduction = before.variance();
    for m in after {
        reduction -= m.n / before.n * m.variance();
    }
    reduction
}

/// How far a mean of `n` observations within `range` may be off, but for a chance of `delta`.
pub(crate) fn hoeffding_bound(range: f64, delta: f64, n: f64) -> f64 {
    ((range * range * math::ln(1.0 / delta)) / (2.0 * n)).sqrt()
}
