//! How much a count grew within the last while, in memory that does not grow.

use std::collections::VecDeque;

/// A count at times.
#[derive(Debug)]
pub(super) struct Window {
    span_ms: u64,
    every_ms: u64,
    may_fall: bool,
    samples: VecDeque<(u64, f64)>,
}

impl Window {
    /// A window of so many milliseconds, in some sixty parts, over what only grows.
    pub fn new(span_ms: u64) -> Self {
        Self { span_ms, every_ms: span_ms / 60, may_fall: false, samples: VecDeque::new() }
    }

    /// The same over a sum that may fall.
    pub fn of_sum(span_ms: u64) -> Self {
        Self { may_fall: true, ..Self::new(span_ms) }
    }

    /// Notes the count. One that fell and should not, as that of a rewound identity does, begins
    /// anew, and so does a clock that went back.
    pub fn push(&mut self, now_ms: u64, count: f64) {
        let fell = |(at, before): &(u64, f64)| now_ms < *at || (count < *before && !self.may_fall);
        if self.samples.back().is_some_and(fell) {
            self.samples.clear();
        }
        // The newest sample is always kept; those before it, a part of the span apart.
        let n = self.samples.len();
        if n >= 2 && now_ms - self.samples[n - 2].0 < self.every_ms {
            self.samples.pop_back();
        }
        self.samples.push_back((now_ms, count));
        while self.samples.len() > 2 && now_ms - self.samples[1].0 >= self.span_ms {
            self.samples.pop_front();
        }
    }

    /// How much it grew within the window, and in how many seconds; none before a second sample.
    pub fn grew(&self) -> Option<(f64, f64)> {
        let ((from, first), (to, last)) = (self.samples.front()?, self.samples.back()?);
        (to > from).then(|| (last - first, (to - from) as f64 / 1e3))
    }

    /// How much it grew a second.
    pub fn per_second(&self) -> Option<f64> {
        self.grew().map(|(by, seconds)| by / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_tells_the_last_while_and_stays_small() {
        let mut window = Window::new(10_000);
        assert_eq!(window.per_second(), None);
        window.push(0, 5.0);
        assert_eq!(window.per_second(), None);
        for second in 1..1_000_u64 {
            let count = if second < 500 { second } else { 500 + (second - 500) * 7 };
            window.push(second * 1000, 5.0 + count as f64);
            let rate = window.per_second().unwrap();
            match second {
                1..500 => assert_eq!(rate, 1.0),
                511.. => assert_eq!(rate, 7.0, "{second}"),
                _ => assert!((1.0..=7.0).contains(&rate)),
            }
            assert!(window.samples.len() <= 70);
        }
        let mut fine = Window::new(600_000);
        (0..7_200).for_each(|half| fine.push(half * 500, half as f64));
        assert!(fine.samples.len() <= 70);
        assert!((fine.grew().unwrap().0 - 1_200.0).abs() < 25.0);
        window.push(1_000_000, 3.0);
        assert_eq!(window.per_second(), None, "a rewound identity");
        window.push(999_000, 4.0);
        assert_eq!(window.per_second(), None, "a clock that went back");
        let mut sum = Window::of_sum(10_000);
        sum.push(0, 5.0);
        sum.push(2_000, 4.0);
        assert_eq!(sum.per_second(), Some(-0.5));
    }
}
