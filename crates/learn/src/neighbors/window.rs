//! The last events, and how far they lie from another one.

use serde::{Deserialize, Serialize};

use super::engine::Distance;
use crate::features::{FeatureId, Features};
use crate::math;

/// A stored event and how far it is; ordered by distance, then by place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    pub distance: f64,
    pub at: u32,
}

impl Eq for Near {}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.distance.total_cmp(&other.distance).then(self.at.cmp(&other.at))
    }
}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// An event's features: ids, sorted, and their numbers.
pub type Point<'a> = (&'a [FeatureId], &'a [f64]);

/// An event's features.
pub fn point(x: &Features) -> Point<'_> {
    (x.ids(), x.values())
}

/// The last events, in places that are used in turn.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Window {
    /// How many features each place has room for, and how many each one has.
    stride: usize,
    lengths: Vec<u32>,
    ids: Vec<FeatureId>,
    values: Vec<f64>,
    /// The events' targets, a class as its number, and their weights.
    targets: Vec<f64>,
    weights: Vec<f64>,
    /// The place of the next event.
    next: usize,
}

impl Window {
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// The place of the next event; where the window is full, that of the oldest.
    pub fn next(&self) -> usize {
        self.next
    }

    pub fn target(&self, at: u32) -> f64 {
        self.targets[at as usize]
    }

    pub fn weight(&self, at: u32) -> f64 {
        self.weights[at as usize]
    }

    pub fn targets(&self) -> &[f64] {
        &self.targets
    }

    pub fn point(&self, at: u32) -> Point<'_> {
        let (at, n) = (at as usize, self.lengths[at as usize] as usize);
        (&self.ids[at * self.stride..][..n], &self.values[at * self.stride..][..n])
    }

    /// Stores an event in place of the oldest once there are `max`.
    pub fn push(&mut self, x: &Features, y: f64, w: f64, max: usize) {
        if x.len() > self.stride {
            self.widen(x.len());
        }
        let at = self.next;
        if at == self.lengths.len() {
            self.lengths.push(0);
            self.targets.push(0.0);
            self.weights.push(0.0);
            self.ids.resize((at + 1) * self.stride, 0);
            self.values.resize((at + 1) * self.stride, 0.0);
        }
        self.lengths[at] = x.len() as u32;
        self.targets[at] = y;
        self.weights[at] = w;
        self.ids[at * self.stride..][..x.len()].copy_from_slice(x.ids());
        self.values[at * self.stride..][..x.len()].copy_from_slice(x.values());
        self.next = if at + 1 == max { 0 } else { at + 1 };
    }

    fn widen(&mut self, stride: usize) {
        let (mut ids, mut values) = (vec![0; self.len() * stride], vec![0.0; self.len() * stride]);
        for at in 0..self.len() {
            let (old_ids, old_values) = self.point(at as u32);
            ids[at * stride..][..old_ids.len()].copy_from_slice(old_ids);
            values[at * stride..][..old_values.len()].copy_from_slice(old_values);
        }
        (self.ids, self.values, self.stride) = (ids, values, stride);
    }

    /// Writes the `k` events nearest to `x` into `out`, nearest first, of equals the older first.
    pub fn scan(&self, x: Point<'_>, k: usize, by: Distance, out: &mut Vec<Near>) {
        out.clear();
        // Before the first turn is over, the oldest is at place 0, and so is `next` or behind all.
        for at in (self.next..self.len()).chain(0..self.next.min(self.len())) {
            let near = Near { distance: by.between(x, self.point(at as u32)), at: at as u32 };
            if out.len() == k {
                if out.last().is_none_or(|last| near.distance >= last.distance) {
                    continue;
                }
                out.pop();
            }
            let place = out.partition_point(|other| other.distance <= near.distance);
            out.insert(place, near);
        }
    }

    /// Forgets features: an event is then as if it had come without them.
    pub fn forget(&mut self, gone: &[FeatureId]) {
        for (at, length) in self.lengths.iter_mut().enumerate() {
            let first = at * self.stride;
            let mut kept = first;
            for i in first..first + *length as usize {
                if gone.binary_search(&self.ids[i]).is_err() {
                    self.ids[kept] = self.ids[i];
                    self.values[kept] = self.values[i];
                    kept += 1;
                }
            }
            *length = (kept - first) as u32;
        }
    }
}

impl Distance {
    /// The distance of two events; a feature that one lacks is 0.
    #[inline]
    pub fn between(self, a: Point<'_>, b: Point<'_>) -> f64 {
        match self {
            Self::Euclidean {} => sum(a, b, |d| d * d).sqrt(),
            Self::Minkowski { p: 2.0 } => sum(a, b, |d| d * d).sqrt(),
            Self::Minkowski { p: 1.0 } => sum(a, b, f64::abs),
            Self::Minkowski { p } => math::pow(sum(a, b, |d| math::pow(d.abs(), p)), 1.0 / p),
        }
    }
}

/// Adds up `f` of the differences, in the order of the features.
#[inline]
fn sum(a: Point<'_>, b: Point<'_>, f: impl Fn(f64) -> f64) -> f64 {
    let mut sum = 0.0;
    if a.0 == b.0 {
        for (a, b) in a.1.iter().zip(b.1) {
            sum += f(a - b);
        }
        return sum;
    }
    let (mut i, mut j) = (0, 0);
    while i < a.0.len() && j < b.0.len() {
        match a.0[i].cmp(&b.0[j]) {
            std::cmp::Ordering::Less => {
                sum += f(a.1[i]);
                i += 1;
            }
            std::cmp::Ordering::Greater => {
                sum += f(b.1[j]);
                j += 1;
            }
            std::cmp::Ordering::Equal => {
                sum += f(a.1[i] - b.1[j]);
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    for v in a.1[i..].iter().chain(&b.1[j..]) {
        sum += f(*v);
    }
    sum
}
