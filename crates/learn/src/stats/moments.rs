//! Sums of powers of the distances from the mean, up to the fourth, in one pass.
//!
//! **Source** Terriberry, T.B., 2007. Computing higher-order moments online; an extension of
//! Welford's update.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Moments {
    pub n: f64,
    mean: f64,
    pub m2: f64,
    pub m3: f64,
    pub m4: f64,
}

impl Moments {
    pub fn update(&mut self, x: f64) {
        self.n += 1.0;
        let n = self.n;
        let off = x - self.mean;
        let delta = off / n;
        let term = off * delta * (n - 1.0);
        self.mean += delta;
        let square = delta * delta;
        // Each moment uses the lower ones of before this number: the highest goes first.
        self.m4 += term * square * (n * n - 3.0 * n + 3.0) + 6.0 * square * self.m2
            - 4.0 * delta * self.m3;
        self.m3 += term * delta * (n - 2.0) - 3.0 * delta * self.m2;
        self.m2 += term;
    }
}
