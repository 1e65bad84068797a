//! Weight, mean and squares of a number, with River's arithmetic for sums and differences.

use serde::{Deserialize, Serialize};

/// What River's `stats.Var` keeps, with one degree of freedom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Moments {
    pub n: f64,
    pub mean: f64,
    pub squares: f64,
}

impl Moments {
    #[inline]
    pub fn update(&mut self, x: f64, w: f64) {
        let before = self.mean;
        self.n += w;
        self.mean += w / self.n * (x - before);
        self.squares += w * (x - before) * (x - self.mean);
    }

    pub fn variance(&self) -> f64 {
        if self.n > 1.0 { self.squares / (self.n - 1.0) } else { 0.0 }
    }

    pub fn plus(mut self, other: &Self) -> Self {
        let n = self.n + other.n;
        if n == 0.0 {
            return self;
        }
        let d = self.mean - other.mean;
        self.squares = self.squares + other.squares + d * d * self.n * other.n / n;
        self.mean = (self.n * self.mean + other.n * other.mean) / n;
        self.n = n;
        self
    }

    pub fn minus(mut self, other: &Self) -> Self {
        let n = self.n - other.n;
        if n > 0.0 {
            self.mean = (self.n * self.mean - other.n * other.mean) / n;
            self.n = n;
        } else {
            self.n = 0.0;
            self.mean = 0.0;
        }
        let both = self.n + other.n;
        let d = self.mean - other.mean;
        let between = if both == 0.0 { 0.0 } else { d * d * self.n * other.n / both };
        self.squares = self.squares - other.squares - between;
        self
    }
}
