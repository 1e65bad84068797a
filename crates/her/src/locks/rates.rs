//! How often somebody may come: a bucket each, that fills by the second.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Buckets that are kept; whoever is full again is forgotten first.
const BUCKETS_MAX: usize = 4096;

/// Buckets by name.
pub(crate) struct Rates<K>(Mutex<HashMap<K, Bucket>>);

#[derive(Clone, Copy)]
struct Bucket {
    /// What is left; below zero what was taken ahead.
    left: f64,
    at: Instant,
}

impl<K: Eq + Hash + Ord + Clone> Rates<K> {
    pub fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// Takes so many out of a bucket that fills with `per_s` and holds `burst`; how long to wait
    /// when there are not enough. Nothing is taken then.
    pub fn take(
        &self,
        key: &K,
        many: f64,
        per_s: f64,
        burst: f64,
        now: Instant,
    ) -> Result<(), Duration> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = Self::filled(&mut buckets, key, per_s, burst, now);
        // More than a bucket holds is let through by a full one, and is waited for afterwards.
        if bucket.left >= many.min(burst) {
            bucket.left -= many;
            return Ok(());
        }
        Err(Duration::from_secs_f64((many.min(burst) - bucket.left) / per_s))
    }

    fn filled<'a>(
        buckets: &'a mut HashMap<K, Bucket>,
        key: &K,
        per_s: f64,
        burst: f64,
        now: Instant,
    ) -> &'a mut Bucket {
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(key) {
            // Whoever has not come for the longest time is the fullest of all.
            if let Some(oldest) =
                buckets.iter().min_by_key(|(k, b)| (b.at, *k)).map(|(k, _)| k.clone())
            {
                buckets.remove(&oldest);
            }
        }
        let bucket = buckets.entry(key.clone()).or_insert(Bucket { left: burst, at: now });
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + since * per_s).min(burst);
        bucket.at = now;
        bucket
    }
}

/// Whole seconds to wait, for `Retry-After`.
pub(crate) fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills() {
        let rates = Rates::new();
        let start = Instant::now();
        let take = |key, many: f64, s: f64| {
            rates.take(&key, many, 2.0, 4.0, start + Duration::from_secs_f64(s))
        };
        for _ in 0..4 {
            assert_eq!(take("a", 1.0, 0.0), Ok(()));
        }
        assert_eq!(take("a", 1.0, 0.0), Err(Duration::from_millis(500)));
        assert_eq!(take("b", 1.0, 0.0), Ok(()), "everybody has a bucket of their own");
        assert_eq!(take("a", 1.0, 0.5), Ok(()));
        assert_eq!(take("a", 10.0, 0.5), Err(Duration::from_secs(2)));
        assert_eq!(take("a", 10.0, 2.5), Ok(()), "a full one lets more through");
        assert_eq!(take("a", 1.0, 2.5), Err(Duration::from_millis(3500)));
        assert_eq!(take("a", 1.0, 6.0), Ok(()));
    }

    #[test]
    fn strangers_take_no_memory() {
        let rates = Rates::new();
        let start = Instant::now();
        for i in 0..(BUCKETS_MAX as u64 + 10) {
            let now = start + Duration::from_millis(i);
            assert_eq!(rates.take(&i, 1.0, 1.0, 1.0, now), Ok(()));
        }
        assert_eq!(rates.0.lock().unwrap().len(), BUCKETS_MAX);
    }

    #[test]
    fn waits_are_told_in_whole_seconds() {
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_secs(2)), 2);
        assert_eq!(seconds(Duration::from_millis(2001)), 3);
    }
}
