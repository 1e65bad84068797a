//! The smallest and largest numbers, of all and of a window.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The smallest and the largest number so far.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Range {
    pub low: f64,
    pub high: f64,
}

impl Default for Range {
    fn default() -> Self {
        Self { low: f64::INFINITY, high: f64::NEG_INFINITY }
    }
}

impl Range {
    #[inline]
    pub fn update(&mut self, x: f64) {
        self.low = if x < self.low { x } else { self.low };
        self.high = if x > self.high { x } else { self.high };
    }

    /// The distance between the two; 0 before the first number.
    #[inline]
    pub fn get(&self) -> f64 {
        if self.high < self.low { 0.0 } else { self.high - self.low }
    }
}

/// The largest number of a window: the numbers that may still become the largest, falling. A
/// number takes constant time on average, where River's sorted window takes the window's length.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct WindowMax {
    n: u64,
    falling: VecDeque<(u64, f64)>,
}

impl WindowMax {
    pub fn update(&mut self, x: f64, window_size: u32) {
        while self.falling.back().is_some_and(|&(_, last)| last <= x) {
            self.falling.pop_back();
        }
        self.falling.push_back((self.n, x));
        self.n += 1;
        while self.falling.front().is_some_and(|&(at, _)| at + u64::from(window_size) < self.n) {
            self.falling.pop_front();
        }
    }

    pub fn get(&self) -> Option<f64> {
        self.falling.front().map(|&(_, x)| x)
    }
}

/// The smallest and the largest number of a window.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct WindowRange {
    high: WindowMax,
    /// Of the negated numbers.
    low: WindowMax,
}

impl WindowRange {
    pub fn update(&mut self, x: f64, window_size: u32) {
        self.high.update(x, window_size);
        self.low.update(-x, window_size);
    }

    /// A number that counts for the lower end only.
    pub fn update_low(&mut self, x: f64, window_size: u32) {
        self.low.update(-x, window_size);
    }

    /// A number that counts for the upper end only.
    pub fn update_high(&mut self, x: f64, window_size: u32) {
        self.high.update(x, window_size);
    }

    pub fn get(&self) -> Option<Range> {
        Some(Range { low: -self.low.get()?, high: self.high.get()? })
    }
}
