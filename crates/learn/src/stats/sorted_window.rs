//! The newest numbers of a series, in order.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// A window kept twice: as it came and sorted. A number takes two binary searches and one move of
/// what lies between the place that falls empty and the place that is taken.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct SortedWindow {
    sorted: Vec<f64>,
    queue: VecDeque<f64>,
}

impl SortedWindow {
    pub fn update(&mut self, x: f64, window_size: u32) {
        let to = self.place(x);
        if self.queue.len() < window_size as usize {
            self.sorted.insert(to, x);
        } else if let Some(oldest) = self.queue.pop_front() {
            let from = self.place(oldest);
            if from < to {
                self.sorted.copy_within(from + 1..to, from);
                self.sorted[to - 1] = x;
            } else {
                self.sorted.copy_within(to..from, to + 1);
                self.sorted[to] = x;
            }
        }
        self.queue.push_back(x);
    }

    fn place(&self, x: f64) -> usize {
        self.sorted.partition_point(|v| v.total_cmp(&x).is_lt())
    }

    /// The quantile of the window, between two numbers on the line through them; no value (`NaN`)
    /// before the first number.
    pub fn quantile(&self, q: f64) -> f64 {
        let Some(last) = self.sorted.len().checked_sub(1) else { return f64::NAN };
        let at = q * last as f64;
        let below = at as usize;
        let (low, high) = (self.sorted[below], self.sorted[(below + 1).min(last)]);
        low + (high - low) * (at - below as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_sorted() {
        for window_size in [1, 2, 7, 50] {
            let mut window = SortedWindow::default();
            let mut all = Vec::new();
            for i in 0..300_u32 {
                let x = f64::from(i * 7919 % 31);
                all.push(x);
                window.update(x, window_size);
                let mut want = all[all.len().saturating_sub(window_size as usize)..].to_vec();
                want.sort_by(f64::total_cmp);
                assert_eq!(window.sorted, want);
            }
        }
    }
}
