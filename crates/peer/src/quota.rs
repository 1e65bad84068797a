//! How many bytes a peer may send or be sent: a bucket that fills at a rate.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A limit on bytes over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Bytes a second, above 0.
    pub bytes_per_second: u64,
    /// What may pass at once after a rest, in bytes, above 0.
    pub burst: u64,
}

/// Tokens, one a byte. `taken` never exceeds `burst + rate · seconds`, at no moment.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    /// Whole tokens that are there.
    tokens: u64,
    /// Up to when tokens were counted. It moves by whole tokens only, so none is lost to rounding.
    counted: Instant,
}

impl Bucket {
    fn fill(&mut self, now: Instant) {
        let nanos = now.saturating_duration_since(self.counted).as_nanos();
        let earned = nanos * u128::from(self.rate.bytes_per_second) / 1_000_000_000;
        let missing = u128::from(self.rate.burst - self.tokens);
        if earned >= missing {
            self.tokens = self.rate.burst;
            self.counted = now;
        } else if earned > 0 {
            self.tokens += earned as u64;
            let took = earned * 1_000_000_000 / u128::from(self.rate.bytes_per_second);
            self.counted += Duration::from_nanos(took as u64);
        }
    }

    /// How long until a token is there, when none is.
    fn wait(&self) -> Duration {
        Duration::from_nanos(1_000_000_000 / self.rate.bytes_per_second + 1)
    }
}

/// A bucket that tasks share; or none, which lets everything pass.
#[derive(Debug)]
pub(crate) struct Quota(Option<Mutex<Bucket>>);

impl Quota {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        let bucket = |rate: Rate| Bucket { rate, tokens: rate.burst, counted: Instant::now() };
        Self(rate.map(|rate| Mutex::new(bucket(rate))))
    }

    fn bucket(&self) -> Option<MutexGuard<'_, Bucket>> {
        let bucket = self.0.as_ref()?;
        Some(bucket.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until at least one byte may pass.
    pub(crate) async fn ready(&self) {
        loop {
            let wait = {
                let Some(mut bucket) = self.bucket() else { return };
                bucket.fill(Instant::now());
                if bucket.tokens > 0 {
                    return;
                }
                bucket.wait()
            };
            // A wake for each byte would serve nobody; a hundredth of a second is fine enough.
            tokio::time::sleep(wait.max(Duration::from_millis(10))).await;
        }
    }

    /// Hands `pass` how many of `wanted` bytes may pass now, and takes what it says did.
    /// Nothing else passes meanwhile, so the count is exact.
    pub(crate) fn pass<T>(&self, wanted: usize, pass: impl FnOnce(usize) -> (usize, T)) -> T {
        let Some(mut bucket) = self.bucket() else { return pass(wanted).1 };
        let (passed, result) = pass(wanted.min(usize::try_from(bucket.tokens).unwrap_or(wanted)));
        bucket.tokens -= passed as u64;
        result
    }

    /// Takes as many of `wanted` bytes as may pass, at least one; waits until one may.
    pub(crate) async fn take(&self, wanted: usize) -> usize {
        loop {
            self.ready().await;
            let taken = self.pass(wanted, |may| (may, may));
            // Another task may have been faster.
            if taken > 0 || wanted == 0 {
                return taken;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_burst_and_rate_and_no_byte_more() {
        let began = Instant::now();
        let quota = Quota::new(Some(Rate { bytes_per_second: 1_000, burst: 300 }));
        let mut passed = 0;
        while passed < 5_000 {
            passed += quota.take(700).await as u64;
            let may = 300 + began.elapsed().as_micros() * 1_000 / 1_000_000;
            assert!(u128::from(passed) <= may, "{passed} > {may}");
        }
        // It is not slower either, but for the steps in which it waits.
        assert!(began.elapsed() < Duration::from_millis(4_700 + 200 + 20), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_rest_saves_a_burst_and_not_more() {
        let quota = Quota::new(Some(Rate { bytes_per_second: 10, burst: 50 }));
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert_eq!(quota.take(1_000).await, 50);
        assert_eq!(quota.pass(1_000, |may| (may, may)), 0);
    }

    #[tokio::test]
    async fn without_a_rate_everything_passes() {
        let quota = Quota::new(None);
        quota.ready().await;
        assert_eq!(quota.take(usize::MAX).await, usize::MAX);
    }
}
