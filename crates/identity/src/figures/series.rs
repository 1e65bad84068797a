//! A number over a whole life in a fixed number of buckets.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One bucket: the least, the greatest and the mean of what fell into it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// The least value.
    pub min: f64,
    /// The greatest value.
    pub max: f64,
    /// The sum of the values.
    pub sum: f64,
    /// How many values.
    pub n: u64,
}

impl Bucket {
    fn join(self, other: Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            sum: self.sum + other.sum,
            n: self.n + other.n,
        }
    }
}

/// Buckets of one width. When all are full, neighbours are joined and the width doubles: the
/// series stays whole, true and of one size after any number of values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Series {
    width: u64,
    buckets: Vec<Bucket>,
}

impl Default for Series {
    fn default() -> Self {
        Self { width: 1, buckets: Vec::new() }
    }
}

impl Series {
    /// The largest number of buckets.
    pub const BUCKETS: usize = 256;

    /// Takes the next value.
    pub fn push(&mut self, value: f64) {
        let one = Bucket { min: value, max: value, sum: value, n: 1 };
        match self.buckets.last_mut() {
            Some(last) if last.n < self.width => *last = last.join(one),
            _ => {
                if self.buckets.len() == Self::BUCKETS {
                    self.halve();
                    self.push(value);
                } else {
                    self.buckets.push(one);
                }
            }
        }
    }

    fn halve(&mut self) {
        for i in 0..Self::BUCKETS / 2 {
            self.buckets[i] = self.buckets[2 * i].join(self.buckets[2 * i + 1]);
        }
        self.buckets.truncate(Self::BUCKETS / 2);
        self.width *= 2;
    }

    /// The buckets, oldest first.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// Values a full bucket holds.
    pub fn width(&self) -> u64 {
        self.width
    }

    /// The series for a chart.
    pub fn to_json(&self) -> Value {
        let column = |f: fn(&Bucket) -> f64| self.buckets.iter().map(f).collect::<Vec<_>>();
        json!({
            "width": self.width,
            "min": column(|b| b.min),
            "max": column(|b| b.max),
            "mean": column(|b| b.sum / b.n as f64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_keeps_its_size_its_extremes_and_its_sum() {
        let mut s = Series::default();
        for i in 0..100_000_u32 {
            s.push(f64::from(i));
        }
        assert!(s.buckets().len() <= Series::BUCKETS);
        assert_eq!(s.buckets().iter().map(|b| b.n).sum::<u64>(), 100_000);
        assert_eq!(s.buckets().iter().map(|b| b.sum).sum::<f64>(), 99_999.0 * 50_000.0);
        assert_eq!(s.buckets().last().map(|b| b.max), Some(99_999.0));
        assert!(s.buckets().iter().rev().skip(1).all(|b| b.n == s.width()));
    }
}
