//! The P² estimator of one quantile: five markers that follow the series.
//!
//! **Source** Jain, R. and Chlamtac, I., 1985. The P² algorithm for dynamic calculation of
//! quantiles and histograms without storing observations. The order of the operations is that of
//! River's compiled core, and so are the answers before the sixth number.

use serde::{Deserialize, Serialize};

/// Five markers. The quantile itself is the caller's, so that a feature keeps only this.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct P2 {
    /// How many numbers were taken, up to 6: the markers move from the sixth on.
    n: u8,
    heights: [f64; 5],
    places: [f64; 5],
    wanted: [f64; 5],
}

impl P2 {
    pub fn update(&mut self, x: f64, q: f64) {
        if self.n < 5 {
            self.heights[usize::from(self.n)] = x;
            self.n += 1;
            return;
        }
        if self.n == 5 {
            self.heights.sort_unstable_by(f64::total_cmp);
            self.places = [1.0, 2.0, 3.0, 4.0, 5.0];
            self.wanted = [1.0, 1.0 + 2.0 * q, 1.0 + 4.0 * q, 3.0 + 2.0 * q, 5.0];
            self.n = 6;
        }
        let cell = self.cell(x);
        for place in &mut self.places[cell..] {
            *place += 1.0;
        }
        let shares = [0.0, q / 2.0, q, f64::midpoint(1.0, q), 1.0];
        for (wanted, share) in self.wanted.iter_mut().zip(shares) {
            *wanted += share;
        }
        for i in 1..4 {
            self.move_marker(i);
        }
    }

    /// The first marker to the right of `x`; the outer markers stretch to hold it.
    fn cell(&mut self, x: f64) -> usize {
        let h = &mut self.heights;
        if x < h[0] {
            h[0] = x;
            return 1;
        }
        if x > h[4] {
            h[4] = x;
        }
        (1..4).find(|&i| x < h[i]).unwrap_or(4)
    }

    /// Moves a marker one place towards where it should be, when there is room.
    fn move_marker(&mut self, i: usize) {
        let (h, n) = (&mut self.heights, &mut self.places);
        let off = self.wanted[i] - n[i];
        let right = off >= 1.0 && n[i + 1] - n[i] > 1.0;
        let left = off <= -1.0 && n[i - 1] - n[i] < -1.0;
        if !right && !left {
            return;
        }
        let (d, side) = if right { (1.0, i + 1) } else { (-1.0, i - 1) };
        let from_left = (n[i] - n[i - 1] + d) * (h[i + 1] - h[i]) / (n[i + 1] - n[i]);
        let from_right = (n[i + 1] - n[i] - d) * (h[i] - h[i - 1]) / (n[i] - n[i - 1]);
        let parabola = h[i] + d / (n[i + 1] - n[i - 1]) * (from_left + from_right);
        h[i] = if h[i - 1] < parabola && parabola < h[i + 1] {
            parabola
        } else {
            h[i] + d * (h[side] - h[i]) / (n[side] - n[i])
        };
        n[i] += d;
    }

    /// The estimate; no value (`NaN`) before the first number.
    pub fn get(&self, q: f64) -> f64 {
        if self.n == 6 {
            return self.heights[2];
        }
        let n = usize::from(self.n);
        if n == 0 {
            return f64::NAN;
        }
        let mut sorted = self.heights;
        sorted[..n].sort_unstable_by(f64::total_cmp);
        sorted[((n as f64 * q) as usize).min(n - 1)]
    }
}
