//! How long something takes: counts on a fixed scale, so that they never take more memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Clock;

/// The first bound, in nanoseconds; each next one is twice as far.
const FIRST_NS: u64 = 1_000;
/// Bounds: from 1 µs to 2.1 s.
const BOUNDS: usize = 22;

/// Counts of how long something took.
pub struct Times {
    clock: Arc<dyn Clock>,
    /// The last is for all that took longer than the last bound.
    counts: [AtomicU64; BOUNDS + 1],
    sum_ns: AtomicU64,
}

/// What was counted up to now.
#[derive(Debug, Clone, PartialEq)]
pub struct TimesSoFar {
    /// Upper bounds in seconds, rising, the last infinite, each with what is in its bucket.
    pub buckets: Vec<(f64, u64)>,
    /// Seconds of all together.
    pub sum_s: f64,
}

impl Times {
    /// None yet.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, counts: Default::default(), sum_ns: AtomicU64::new(0) }
    }

    /// The clock that they are timed by.
    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Does one and counts it; with the nanoseconds it took.
    pub(super) fn time<T>(&self, commit: impl FnOnce() -> T) -> (T, u64) {
        let begin = self.begin();
        let done = commit();
        let ns = self.clock.monotonic_ns().saturating_sub(begin);
        self.count(ns);
        (done, ns)
    }

    /// When something begins.
    pub(crate) fn begin(&self) -> u64 {
        self.clock.monotonic_ns()
    }

    /// Counts what began then.
    pub(crate) fn end(&self, begin: u64) {
        self.count(self.clock.monotonic_ns().saturating_sub(begin));
    }

    fn count(&self, ns: u64) {
        let bucket = (0..BOUNDS).find(|i| ns <= FIRST_NS << i).unwrap_or(BOUNDS);
        // Nothing else hangs on these figures; a reader may see one without the other.
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// The figures.
    pub fn times(&self) -> TimesSoFar {
        let bound = |i| if i < BOUNDS { (FIRST_NS << i) as f64 / 1e9 } else { f64::INFINITY };
        let counts = self.counts.iter().enumerate();
        TimesSoFar {
            buckets: counts.map(|(i, n)| (bound(i), n.load(Ordering::Relaxed))).collect(),
            sum_s: self.sum_ns.load(Ordering::Relaxed) as f64 / 1e9,
        }
    }
}

impl TimesSoFar {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, n)| n).sum()
    }

    /// What was counted since an earlier look at the same counts.
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |i: usize| earlier.buckets.get(i).map_or(0, |(_, n)| *n);
        let buckets = self.buckets.iter().enumerate();
        Self {
            buckets: buckets.map(|(i, (at, n))| (*at, n.saturating_sub(before(i)))).collect(),
            sum_s: (self.sum_s - earlier.sum_s).max(0.0),
        }
    }

    /// The bound, in seconds, that a share `q` of all stayed within; none before the first.
    pub fn within(&self, q: f64) -> Option<f64> {
        let wanted = (q * self.count() as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        self.buckets.iter().find_map(|(bound, n)| {
            seen += n;
            (seen >= wanted).then_some(*bound)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn commits_are_counted_by_their_length() {
        let clock = Arc::new(ManualClock::new(0));
        let commits = Times::new(Arc::clone(&clock) as Arc<dyn Clock>);
        assert_eq!(commits.times().within(0.5), None);
        for ms in [1, 1, 1, 5_000] {
            assert_eq!(commits.time(|| clock.advance_ms(ms)).1, ms * 1_000_000);
        }
        let times = commits.times();
        assert_eq!((times.count(), times.sum_s), (4, 5.003));
        assert_eq!(times.within(0.5), Some(0.001_024));
        assert_eq!(times.within(0.99), Some(f64::INFINITY));
        let at: Vec<_> = times.buckets.iter().filter(|(_, n)| *n > 0).collect();
        assert_eq!(at, [&(0.001_024, 3), &(f64::INFINITY, 1)]);
        let begin = commits.begin();
        clock.advance_ms(30);
        commits.end(begin);
        let since = commits.times().since(&times);
        assert_eq!((since.count(), since.within(0.99)), (1, Some(0.032_768)));
    }
}
