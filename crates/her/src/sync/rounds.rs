//! Exchanges that begin by themselves: the thread that looks which are due.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use her_identity::house::Place;
use her_identity::{Error, Result};

use super::{Pact, Syncs, lock, name_of};

/// How long the thread sleeps when nothing is due; it is woken when a pact is made.
const REST: Duration = Duration::from_mins(1);

/// The thread; ends with [`stop`](Self::stop).
pub(crate) struct Rounds {
    syncs: Arc<Syncs>,
    thread: JoinHandle<()>,
}

impl Rounds {
    /// Begins exchanges from now on.
    pub fn start(syncs: &Arc<Syncs>) -> Result<Self> {
        let of_thread = Arc::clone(syncs);
        let thread = std::thread::Builder::new()
            .name("her-sync".to_owned())
            .spawn(move || of_thread.run())
            .map_err(|e| Error::io("starting the thread that syncs", e))?;
        Ok(Self { syncs: Arc::clone(syncs), thread })
    }

    /// Begins no more, and waits for the exchange that is under way.
    pub fn stop(self) {
        self.syncs.stopping.store(true, Ordering::SeqCst);
        self.syncs.wake();
        // A panic of the thread was printed when it happened.
        let _ = self.thread.join();
        self.syncs.keep();
    }
}

impl Syncs {
    /// Wakes the thread: something may be due that was not before.
    pub(super) fn wake(&self) {
        *lock(&self.woken.0) = true;
        self.woken.1.notify_all();
    }

    fn run(&self) {
        while !self.stopping.load(Ordering::SeqCst) {
            let (due, next) = self.due();
            for pact in &due {
                if self.stopping.load(Ordering::SeqCst) {
                    return;
                }
                let every = Duration::from_secs_f64(pact.every_s.unwrap_or(1.0));
                let next = self.now() + every;
                lock(&self.known).due.insert((pact.identity.clone(), name_of(pact)), next);
                if self.house.place(&pact.identity) == Place::Here {
                    // How it went is in its tally.
                    let _ = self.sync(pact);
                }
            }
            if due.is_empty() {
                self.rest(next.saturating_sub(self.now()));
            }
        }
    }

    /// The pacts that are due, and when the next one is.
    fn due(&self) -> (Vec<Pact>, Duration) {
        let (pacts, known, now) = (lock(&self.pacts), lock(&self.known), self.now());
        let mut next = now + REST;
        let mut due = Vec::new();
        for pact in pacts.all().iter().filter(|pact| pact.every_s.is_some()) {
            match known.due.get(&(pact.identity.clone(), name_of(pact))) {
                Some(at) if *at > now => next = next.min(*at),
                _ => due.push(pact.clone()),
            }
        }
        (due, next)
    }

    fn rest(&self, time: Duration) {
        let mut woken = lock(&self.woken.0);
        if !*woken {
            let waited = self.woken.1.wait_timeout(woken, time);
            woken = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *woken = false;
    }
}
