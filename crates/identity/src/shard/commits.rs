//! How long commits take: counts on a fixed scale, so that they never take more memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Clock;

/// The first bound, in nanoseconds; each next one is twice as far.
const FIRST_NS: u64 = 64_000;
/// Bounds: from 64 µs to 2.1 s.
const BOUNDS: usize = 16;

/// Commits by the time until it is known what became of their frames: syncing is part of it, and
/// so is opening anew after a failure.
pub struct Commits {
    clock: Arc<dyn Clock>,
    /// The last is for all that took longer than the last bound.
    counts: [AtomicU64; BOUNDS + 1],
    sum_ns: AtomicU64,
}

/// Commits up to now.
#[derive(Debug, Clone, PartialEq)]
pub struct CommitTimes {
    /// Upper bounds in seconds, rising, the last infinite, each with the commits in its bucket.
    pub buckets: Vec<(f64, u64)>,
    /// Seconds of all commits together.
    pub sum_s: f64,
}

impl Commits {
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
        let begin = self.clock.monotonic_ns();
        let done = commit();
        let ns = self.clock.monotonic_ns().saturating_sub(begin);
        self.count(ns);
        (done, ns)
    }

    fn count(&self, ns: u64) {
        let bucket = (0..BOUNDS).find(|i| ns <= FIRST_NS << i).unwrap_or(BOUNDS);
        // Nothing else hangs on these figures; a reader may see a commit in one and not the other.
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// The figures.
    pub fn times(&self) -> CommitTimes {
        let bound = |i| if i < BOUNDS { (FIRST_NS << i) as f64 / 1e9 } else { f64::INFINITY };
        let counts = self.counts.iter().enumerate();
        CommitTimes {
            buckets: counts.map(|(i, n)| (bound(i), n.load(Ordering::Relaxed))).collect(),
            sum_s: self.sum_ns.load(Ordering::Relaxed) as f64 / 1e9,
        }
    }
}

impl CommitTimes {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, n)| n).sum()
    }

    /// The bound, in seconds, that a share `q` of all commits stayed within; none before the first.
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
        let commits = Commits::new(Arc::clone(&clock) as Arc<dyn Clock>);
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
    }
}
