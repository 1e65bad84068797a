//! `ADWIN`: a window that holds what has not changed.
//!
//! The window is cut in two wherever a bucket ends; when the means of the halves, of `n0` and `n1`
//! numbers, differ by more than `ε = √(2·m·v·d) + ⅔·d·m`, with `m = 1/(n0−l+1) + 1/(n1−l+1)`, `l`
//! the `min_window_length`, `v` the window's variance and `d = ln(2·ln(width)/delta)`, the oldest
//! bucket is dropped and a change is reported. Buckets hold 1, 2, 4, … numbers; of each size there
//! are at most `max_buckets`, the oldest two beyond that become one of the next size. After a
//! change has been reported, the next number starts over with an empty window, as in River.
//!
//! **Shape** any numbers. **Cost** 16 bytes a bucket, of which there are about
//! `max_buckets · log₂(width/max_buckets)`; every `clock`-th number looks at all of them.
//! **Errors** none.
//!
//! ```
//! use her_learn::drift::{ADWIN, adwin::Params};
//! use her_learn::estimator::DriftDetector;
//! let mut adwin = ADWIN::new(Params::default())?;
//! let change = (0..2000).find(|i| {
//!     adwin.update(f64::from(i % 2 + if *i < 1000 { 0 } else { 4 }));
//!     adwin.drift_detected()
//! });
//! assert_eq!(change, Some(1023));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Bifet, A. and Gavaldà, R., 2007. Learning from time-changing data with adaptive
//! windowing. Babcock, B., Datar, M., Motwani, R. and O'Callaghan, L., 2003. Maintaining variance
//! and k-medians over data stream windows. River, `rust_src/adwin.rs` and `drift/adwin.py`.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::estimator::{Attribute, DriftDetector};
use crate::features::Names;
use crate::math;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`ADWIN`].
    pub struct Params {
        /// How probable a false alarm may be, above 0 and at most 1: the smaller, the more careful.
        delta: f64 = 0.002,
        /// How often the window is looked at: 1 means at every number.
        clock: u32 = 32,
        /// How many buckets of one size there may be, 1 to 1000.
        max_buckets: u32 = 5,
        /// The shortest half of a window that is compared.
        min_window_length: u32 = 5,
        /// No change is looked for in windows up to this long.
        grace_period: u32 = 10,
    }
}

/// A bucket: the sum of its numbers, and of their squared distances from its mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Bucket {
    total: f64,
    variance: f64,
}

/// The window: rows of buckets, oldest first in each; those of row `r` hold `2^r` numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct State {
    /// All rows after one another, each with room for one bucket more than may stay.
    buckets: Vec<Bucket>,
    /// How many buckets each row has.
    lens: Vec<u32>,
    width: f64,
    total: f64,
    variance: f64,
    tick: u64,
    n_detections: u64,
    drift: bool,
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct ADWIN {
    params: Params,
    state: State,
}

crate::estimator! {
    ADWIN in "drift" as DriftDetector, version 1, name "ADWIN",
    "A window that holds what has not changed",
    attribute = |adwin: &ADWIN, name: &str, _: &Names<'_>| {
        Some(match name {
            "estimation" => Attribute::Float(adwin.estimation()),
            "n_detections" => Attribute::Int(adwin.n_detections() as i64),
            "total" => Attribute::Float(adwin.total()),
            "variance" => Attribute::Float(adwin.variance()),
            "width" => Attribute::Int(adwin.width() as i64),
            _ => return None,
        })
    },
    merge = local "a detector watches one peer's own stream",
}

fn size_of(row: usize) -> f64 {
    (1_u64 << row) as f64
}

impl ADWIN {
    /// A detector that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("delta", params.delta, 1e-300, 1.0)?;
        check_range("max_buckets", f64::from(params.max_buckets), 1.0, 1000.0)?;
        if params.clock == 0 {
            return Err(Error::new("clock must be at least 1, got 0"));
        }
        Ok(Self { params, state: State::default() })
    }

    /// The mean of the window; 0 when it is empty.
    pub fn estimation(&self) -> f64 {
        if self.state.width == 0.0 { 0.0 } else { self.state.total / self.state.width }
    }

    /// How many numbers the window holds.
    pub fn width(&self) -> u64 {
        self.state.width as u64
    }

    /// The sum of the window's numbers.
    pub fn total(&self) -> f64 {
        self.state.total
    }

    /// What River's `variance` gives: the sum of squared distances from the window's mean, not yet
    /// divided by [`width`](Self::width).
    pub fn variance(&self) -> f64 {
        self.state.variance
    }

    /// Changes reported by this window: as in River, 1 right after a change and 0 once the next
    /// number has started over.
    pub fn n_detections(&self) -> u64 {
        self.state.n_detections
    }

    /// Room of one row.
    fn stride(&self) -> usize {
        self.params.max_buckets as usize + 1
    }

    /// Starts over, keeping the buffers.
    fn reset(&mut self) {
        let s = std::mem::take(&mut self.state);
        let (mut buckets, mut lens) = (s.buckets, s.lens);
        buckets.clear();
        lens.clear();
        self.state = State { buckets, lens, ..State::default() };
    }

    fn insert(&mut self, x: f64) {
        let stride = self.stride();
        let s = &mut self.state;
        if s.lens.is_empty() {
            s.lens.push(0);
            s.buckets.resize(stride, Bucket::default());
        }
        s.buckets[s.lens[0] as usize] = Bucket { total: x, variance: 0.0 };
        s.lens[0] += 1;
        s.width += 1.0;
        if s.width > 1.0 {
            let off = x - s.total / (s.width - 1.0);
            s.variance += (s.width - 1.0) * off * off / s.width;
        }
        s.total += x;
        if s.lens[0] as usize == stride {
            self.merge();
        }
    }

    /// Turns the oldest two buckets of each full row into one of the next.
    fn merge(&mut self) {
        let stride = self.stride();
        let s = &mut self.state;
        let mut row = 0;
        while s.lens[row] as usize == stride {
            if row + 1 == s.lens.len() {
                s.lens.push(0);
                s.buckets.resize((row + 2) * stride, Bucket::default());
            }
            let (this, next) = s.buckets[row * stride..].split_at_mut(stride);
            let size = size_of(row);
            let apart = this[0].total / size - this[1].total / size;
            next[s.lens[row + 1] as usize] = Bucket {
                total: this[0].total + this[1].total,
                variance: this[0].variance + this[1].variance + size * 0.5 * apart * apart,
            };
            s.lens[row + 1] += 1;
            this.copy_within(2.., 0);
            s.lens[row] -= 2;
            row += 1;
        }
    }

    /// Drops the oldest bucket of the last row.
    fn drop_oldest(&mut self) {
        let stride = self.stride();
        let s = &mut self.state;
        let Some(row) = s.lens.len().checked_sub(1) else { return };
        let n = size_of(row);
        let buckets = &mut s.buckets[row * stride..];
        let Bucket { total, variance } = buckets[0];
        let mean = total / n;
        s.width -= n;
        s.total -= total;
        let off = mean - s.total / s.width;
        s.variance -= variance + n * s.width * off * off / (n + s.width);
        buckets.copy_within(1.., 0);
        s.lens[row] -= 1;
        // Rows between may be empty when `max_buckets` is 1.
        while s.lens.len() > 1 && s.lens.last() == Some(&0) {
            s.lens.pop();
        }
        s.buckets.truncate(s.lens.len() * stride);
    }

    /// Drops buckets as long as some cut shows a change. True when one did.
    fn detect(&mut self) -> bool {
        self.state.tick += 1;
        let due = self.state.tick.is_multiple_of(u64::from(self.params.clock));
        if !due || self.state.width <= f64::from(self.params.grace_period) {
            return false;
        }
        let mut changed = false;
        while self.some_cut_shows_a_change() {
            changed = true;
            self.drop_oldest();
        }
        changed
    }

    fn some_cut_shows_a_change(&self) -> bool {
        let (s, stride) = (&self.state, self.stride());
        let shortest = f64::from(self.params.min_window_length);
        // Both are the same for every cut of one window.
        let d = math::ln(2.0 * math::ln(s.width) / self.params.delta);
        let variance = s.variance / s.width;
        let (mut n0, mut n1) = (0.0, s.width);
        let (mut u0, mut u1) = (0.0, s.total);
        for row in (0..s.lens.len()).rev() {
            let size = size_of(row);
            let mut len = s.lens[row] as usize;
            if row == 0 {
                // After the newest number there is nothing to compare with.
                len = len.saturating_sub(1);
            }
            for bucket in &s.buckets[row * stride..][..len] {
                n0 += size;
                n1 -= size;
                u0 += bucket.total;
                u1 -= bucket.total;
                if n1 < shortest {
                    // It only gets shorter.
                    return false;
                }
                if n0 < shortest {
                    continue;
                }
                let m = 1.0 / (n0 - shortest + 1.0) + 1.0 / (n1 - shortest + 1.0);
                let apart = (u0 / n0 - u1 / n1).abs();
                let epsilon = (2.0 * m * variance * d).sqrt() + 2.0 / 3.0 * d * m;
                if apart > epsilon {
                    return true;
                }
            }
        }
        false
    }
}

impl DriftDetector for ADWIN {
    fn update(&mut self, x: f64) {
        if self.state.drift {
            self.reset();
        }
        self.insert(x);
        if self.detect() {
            self.state.n_detections += 1;
            self.state.drift = true;
        }
    }

    fn drift_detected(&self) -> bool {
        self.state.drift
    }

    fn is_quiet(&self) -> bool {
        let s = &self.state;
        let due = (s.tick + 1).is_multiple_of(u64::from(self.params.clock));
        !s.drift && (!due || s.width + 1.0 <= f64::from(self.params.grace_period))
    }
}
