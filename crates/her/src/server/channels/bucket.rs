//! Token buckets: who sends too fast is read more slowly, and refused nothing.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Channels as Bounds;

/// The buckets of one channel.
pub(super) struct Buckets {
    messages: Bucket,
    bytes: Bucket,
    at: Instant,
}

struct Bucket {
    left: f32,
    rate: f32,
    most: f32,
}

impl Buckets {
    pub fn new(bounds: &Bounds) -> Self {
        let bytes_at_once = bounds.bytes_per_s.max(bounds.message_bytes as u32);
        Self {
            messages: Bucket::new(bounds.messages_per_s, bounds.messages_burst),
            bytes: Bucket::new(bounds.bytes_per_s, bytes_at_once),
            at: Instant::now(),
        }
    }

    /// Takes a message out, and says how long it must wait for that.
    pub fn take(&mut self, bytes: usize, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.at).as_secs_f32();
        self.at = now;
        let wait = self.messages.take(1.0, passed).max(self.bytes.take(bytes as f32, passed));
        Duration::from_secs_f32(wait)
    }
}

impl Bucket {
    fn new(rate: u32, most: u32) -> Self {
        Self { left: most as f32, rate: rate as f32, most: most as f32 }
    }

    /// What is taken may be owed, so that waiting once is enough.
    fn take(&mut self, n: f32, passed_s: f32) -> f32 {
        self.left = (self.left + passed_s * self.rate).min(self.most) - n;
        (-self.left / self.rate).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_more_waits() {
        let bounds = Bounds { messages_per_s: 10, messages_burst: 3, ..Bounds::default() };
        let mut buckets = Buckets::new(&bounds);
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(buckets.take(10, now), Duration::ZERO);
        }
        let wait = buckets.take(10, now).as_secs_f32();
        assert!((wait - 0.1).abs() < 1e-3, "{wait}");
        assert_eq!(buckets.take(10, now + Duration::from_secs(9)), Duration::ZERO);
    }

    #[test]
    fn large_messages_wait_by_their_bytes() {
        let mut buckets = Buckets::new(&Bounds::default());
        let now = Instant::now();
        assert_eq!(buckets.take(64 << 10, now), Duration::ZERO);
        let wait = buckets.take(32 << 10, now).as_secs_f32();
        assert!((wait - 2.0).abs() < 1e-3, "{wait}");
    }
}
