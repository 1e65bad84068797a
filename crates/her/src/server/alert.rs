//! Waiting for the next request with open eyes, for a moment.
//!
//! A thread that sleeps takes some 20 microseconds to wake, as long as a whole request takes to be
//! answered. A client who sends one request after the other and was quick the last time is
//! awaited awake: for a few dozen microseconds, on one connection of the server at a time, and
//! only by a thread that has nothing else to do. Who is slow once is awaited asleep.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;
use std::time::Duration;

use tokio::time::Instant;

/// How long a connection is awaited awake.
const AWAKE: Duration = Duration::from_micros(50);
/// A client who took no longer the last time is quick: awake, or asleep with the time to wake.
const QUICK: Duration = Duration::from_micros(100);

/// One post, for one connection at a time.
pub(super) struct Watchman {
    /// On a machine of one core the client could not move while somebody waits awake.
    exists: bool,
    busy: AtomicBool,
}

impl Watchman {
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { exists: cores > 1, busy: AtomicBool::new(false) }
    }
}

/// How one connection is awaited.
pub(super) struct Alert {
    watchman: Arc<Watchman>,
    on_post: bool,
    quick: bool,
    since: Option<Instant>,
}

impl Alert {
    pub fn new(watchman: &Arc<Watchman>) -> Self {
        Self { watchman: Arc::clone(watchman), on_post: false, quick: false, since: None }
    }

    /// Called after each look at a connection from which a request is awaited: has the task that
    /// looked look again at once, after all others, while that is worth it.
    pub fn look(&mut self, cx: &mut Context<'_>, pending: bool) {
        if !self.watchman.exists {
            return;
        }
        let waited = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        if !pending {
            self.quick = self.since.take().is_some() && waited <= QUICK;
            return self.leave();
        }
        if self.since.is_none() {
            self.since = Some(Instant::now());
        }
        if self.quick && waited < AWAKE && self.post() {
            // Only its first look counts: that puts the task behind all that are ready.
            let _ = pin!(tokio::task::yield_now()).poll(cx);
        } else {
            self.leave();
        }
    }

    fn post(&mut self) -> bool {
        self.on_post = self.on_post || !self.watchman.busy.swap(true, Ordering::Relaxed);
        self.on_post
    }

    fn leave(&mut self) {
        if std::mem::take(&mut self.on_post) {
            self.watchman.busy.store(false, Ordering::Relaxed);
        }
    }
}

impl Drop for Alert {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::future::poll_fn;
    use std::task::Poll;

    #[tokio::test]
    async fn the_quick_are_awaited_awake_one_at_a_time() {
        let watchman = Arc::new(Watchman { exists: true, busy: AtomicBool::new(false) });
        let mut alerts = [(); 2].map(|()| Alert::new(&watchman));
        poll_fn(|cx| {
            for alert in &mut alerts {
                alert.look(cx, true);
                assert!(!alert.on_post, "nobody is known to be quick");
                alert.since = Some(Instant::now());
                alert.look(cx, false);
                alert.quick = true;
                alert.look(cx, true);
            }
            assert_eq!(alerts.each_ref().map(|a| a.on_post), [true, false]);
            let [first, second] = &mut alerts;
            first.since = first.since.and_then(|since| since.checked_sub(AWAKE));
            first.look(cx, true);
            assert!(!first.on_post, "no longer than a moment");
            second.look(cx, true);
            assert!(second.on_post);
            Poll::Ready(())
        })
        .await;
        let [first, second] = alerts;
        drop(second);
        assert!(!watchman.busy.load(Ordering::Relaxed));
        drop(first);
    }
}
