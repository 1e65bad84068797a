//! What a leaf of classes has seen of its features.

use serde::{Deserialize, Serialize};

use super::branch::{Seen, Test, Value};
use super::criterion::{Criterion, Dist, add, total};
use crate::estimator::ClassId;
use crate::math;

/// Half the logarithm of 2π.
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_7;

/// One class's values of one feature: a normal distribution and its ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gaussian {
    n: f64,
    mean: f64,
    squares: f64,
    low: f64,
    high: f64,
    /// `−2σ²`, and half its logarithm without the sign; the first is 0 while there is no density.
    minus_two_variance: f64,
    half_ln_variance: f64,
}

impl Default for Gaussian {
    fn default() -> Self {
        Self {
            n: 0.0,
            mean: 0.0,
            squares: 0.0,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            minus_two_variance: 0.0,
            half_ln_variance: 0.0,
        }
    }
}

impl Gaussian {
    /// Takes a value of weight `w`.
    #[inline]
    pub fn update(&mut self, x: f64, w: f64) {
        self.low = self.low.min(x);
        self.high = self.high.max(x);
        let before = self.mean;
        self.n += w;
        self.mean += (w / self.n) * (x - before);
        self.squares += w * (x - before) * (x - self.mean);
        // What a prediction needs of the variance is made here: one logarithm for each value that
        // comes, not for each class that is asked.
        self.minus_two_variance = 0.0;
        if self.n > 1.0 {
            let variance = self.squares / (self.n - 1.0);
            if variance > 0.0 {
                self.minus_two_variance = -2.0 * variance;
                self.half_ln_variance = 0.5 * math::ln(variance);
            }
        }
    }

    /// The logarithm of the density; 0, as if the feature said nothing, while there is none.
    #[inline]
    pub fn ln_density(&self, x: f64) -> f64 {
        if self.minus_two_variance == 0.0 {
            return 0.0;
        }
        let d = x - self.mean;
        d * d / self.minus_two_variance - HALF_LN_TAU - self.half_ln_variance
    }

    /// The weight of the values up to `x` and above, where both are thought to be there.
    fn parts(&self, x: f64) -> (Option<f64>, Option<f64>) {
        if x < self.low {
            return (None, Some(self.n));
        }
        if x >= self.high {
            return (Some(self.n), None);
        }
        let sigma = if self.n > 1.0 { (self.squares / (self.n - 1.0)).sqrt() } else { 0.0 };
        let share = if sigma > 0.0 { math::normal_cdf((x - self.mean) / sigma) } else { 0.0 };
        let left = share * self.n;
        (Some(left), Some(self.n - left))
    }
}

/// A split that a feature offers.
#[derive(Debug, Clone)]
pub struct Offer {
    /// How good it is.
    pub merit: f64,
    /// What to ask.
    pub test: Test,
    /// The classes behind each answer.
    pub parts: Vec<Dist>,
}

/// How an offer is judged.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// The measure.
    pub criterion: Criterion,
    /// The classes before the split.
    pub before: &'a Dist,
    /// The share of the weight that two parts at least must have.
    pub share_min: f64,
    /// Whether nominal features part in two only.
    pub binary: bool,
    /// How many thresholds are tried.
    pub n_splits: u32,
}

impl Judge<'_> {
    fn take(&self, best: &mut Option<Offer>, test: Test, parts: Vec<Dist>) {
        let merit = self.criterion.merit(self.before, &parts, self.share_min);
        if merit > best.as_ref().map_or(f64::NEG_INFINITY, |b| b.merit) {
            *best = Some(Offer { merit, test, parts });
        }
    }
}

/// The best threshold for the values of a feature, by class.
pub fn best_threshold<'a>(
    of: impl Iterator<Item = (ClassId, &'a Gaussian)> + Clone,
    judge: &Judge<'_>,
) -> Option<Offer> {
    let seen = of.filter(|(_, g)| g.n > 0.0);
    let low = seen.clone().map(|(_, g)| g.low).fold(f64::INFINITY, f64::min);
    let high = seen.clone().map(|(_, g)| g.high).fold(f64::NEG_INFINITY, f64::max);
    let mut best = None;
    if low >= high {
        return best;
    }
    let width = (high - low) / (f64::from(judge.n_splits) + 1.0);
    for i in 0..judge.n_splits {
        let at = low + width * f64::from(i + 1);
        if at <= low || at >= high {
            continue;
        }
        let (mut left, mut right) = (Dist::new(), Dist::new());
        for (class, gaussian) in seen.clone() {
            let (l, r) = gaussian.parts(at);
            left.extend(l.map(|w| (class, w)));
            right.extend(r.map(|w| (class, w)));
        }
        judge.take(&mut best, Test::Most(at), vec![left, right]);
    }
    best
}

/// Values that a nominal feature may have in one leaf; those beyond are left out.
const VALUES_MAX: usize = 256;

/// A nominal feature: the weight of each value, by class.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Nominal {
    values: Vec<Value>,
    /// Weights by value, for each class in the order in which they came.
    classes: Vec<(ClassId, Vec<f64>)>,
}

impl Nominal {
    /// Takes a value.
    pub fn update(&mut self, seen: Seen<'_>, class: ClassId, w: f64) {
        let at = match self.values.iter().position(|v| v.is(seen)) {
            Some(at) => at,
            None if self.values.len() < VALUES_MAX => {
                self.values.push(seen.keep());
                self.values.len() - 1
            }
            None => return,
        };
        let known = self.classes.iter().position(|(c, _)| *c == class);
        let of = known.unwrap_or_else(|| {
            self.classes.push((class, Vec::new()));
            self.classes.len() - 1
        });
        let weights = &mut self.classes[of].1;
        if weights.len() <= at {
            weights.resize(at + 1, 0.0);
        }
        weights[at] += w;
    }

    /// The logarithm of the share of a value in a class; 0 for one that was not seen there.
    pub fn ln_share(&self, seen: Seen<'_>, class: ClassId) -> f64 {
        let Some((_, weights)) = self.classes.iter().find(|(c, _)| *c == class) else { return 0.0 };
        let at = self.values.iter().position(|v| v.is(seen));
        let weight = at.and_then(|at| weights.get(at)).copied().unwrap_or(0.0);
        let sum: f64 = weights.iter().sum();
        if weight > 0.0 { math::ln(weight / sum) } else { 0.0 }
    }

    /// The best split: a child for each value, or one value against the others.
    pub fn best(&self, judge: &Judge<'_>) -> Option<Offer> {
        let mut best = None;
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        // Numbers before texts, each in their order: River sorts values of one kind.
        order.sort_by(|a, b| {
            self.values[*a].partial_cmp(&self.values[*b]).unwrap_or(std::cmp::Ordering::Equal)
        });
        if !judge.binary && !order.is_empty() {
            let parts: Vec<Dist> =
                order.iter().map(|&at| self.part(|value| value == at, true)).collect();
            let values = order.iter().map(|&at| self.values[at].clone()).collect();
            // This one stands even when it is no good, as in River.
            let merit = judge.criterion.merit(judge.before, &parts, judge.share_min);
            best = Some(Offer { merit, test: Test::Which(values), parts });
        }
        for &at in &order {
            let parts = vec![self.part(|v| v == at, false), self.part(|v| v != at, false)];
            judge.take(&mut best, Test::Is(self.values[at].clone()), parts);
        }
        best
    }

    /// The classes of some values.
    fn part(&self, which: impl Fn(usize) -> bool, sorted: bool) -> Dist {
        let mut part = Dist::new();
        for (class, weights) in &self.classes {
            for (_, &w) in weights.iter().enumerate().filter(|(v, w)| which(*v) && **w != 0.0) {
                add(&mut part, *class, w);
            }
        }
        if sorted {
            part.sort_by_key(|(class, _)| *class);
        }
        part
    }

    /// Bytes of memory, about.
    pub fn bytes(&self) -> usize {
        self.values.len() * (32 + 8 * self.classes.len())
    }
}

/// The class that weighs most, the first of equals.
pub fn heaviest(dist: &Dist) -> Option<ClassId> {
    let mut best: Option<(ClassId, f64)> = None;
    for &(class, w) in dist {
        if best.is_none_or(|(_, most)| w > most) {
            best = Some((class, w));
        }
    }
    best.map(|(class, _)| class)
}

/// True when at most one class has any weight.
pub fn is_pure(dist: &Dist) -> bool {
    dist.iter().filter(|(_, w)| *w != 0.0).count() < 2
}

/// What is not of the heaviest class.
pub fn promise(dist: &Dist) -> f64 {
    let most = dist.iter().map(|(_, w)| *w).fold(0.0, f64::max);
    total(dist) - most
}
