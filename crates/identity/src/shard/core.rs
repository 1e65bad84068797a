//! Who does the learner's work: its own thread, or whoever handed something in.
//!
//! Waking a thread takes longer than learning an event. So who hands in little, to a learner that
//! is idle, does the learner's work; who meets somebody at work leaves it to them. Only what is
//! sure to be short is done so: a few events of identities that are in memory. All else, a state
//! to be saved, a past to be replayed, a long look, is for the learner's own thread.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use super::inbox::{Inbox, Queues, Urgent};
use super::{Learner, Slot, TAKE_EVENTS_MAX};
use crate::clock::Clock;
use crate::error::Error;
use crate::journal::IdentityId;

/// How long a thread that is not the learner's may work for it at a time, in nanoseconds.
const SHORT_NS: u64 = 500_000;
/// How often it does so before the learner's thread goes on.
const ROUNDS: usize = 4;

/// The worst of late, in nanoseconds: a figure above it counts at once, and fades.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worst(u64);

impl Worst {
    pub fn new(ns: u64) -> Self {
        Self(ns)
    }

    pub fn add(&mut self, ns: u64) {
        self.0 = ns.max(self.0 - self.0.div_ceil(16));
    }

    pub fn ns(self) -> u64 {
        self.0
    }
}

/// A learner and what waits in front of it.
pub(super) struct Core {
    pub inbox: Arc<Inbox>,
    pub learner: Mutex<Learner>,
    pub clock: Arc<dyn Clock>,
    /// The committer's work, where no thread does it.
    #[cfg(feature = "testing")]
    pub jobs: Option<Mutex<super::commit::Jobs>>,
}

/// What was handed in, and nobody knows of yet: do the learner's work, or drop this, and the
/// learner's thread is woken to do it.
#[must_use = "events wait until this works or is dropped"]
pub struct Handed<'a>(Option<&'a Core>);

impl<'a> Handed<'a> {
    pub(super) fn new(core: &'a Core) -> Self {
        Self(Some(core))
    }

    /// Does the learner's work here if it is short and nobody is at it, in at most some two
    /// milliseconds; else it is done elsewhere. Everything that waits is done, not only what was
    /// handed in here, and replies are called on this thread.
    pub fn work(mut self) {
        if let Some(core) = self.0.take() {
            core.help();
        }
    }
}

impl Drop for Handed<'_> {
    fn drop(&mut self) {
        if let Some(core) = self.0 {
            core.ring();
        }
    }
}

impl Core {
    /// The life of the learner's own thread.
    pub fn run(&self) {
        loop {
            self.inbox.wait();
            let mut learner = self.learner.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(taken) = self.inbox.take(|_| true) else { continue };
            let closed = taken.closed;
            learner.work(taken, &*self.clock);
            learner.go_on();
            self.inbox.set_room(learner.room());
            if closed && learner.is_idle() {
                return learner.end();
            }
        }
    }

    /// Wakes the learner's thread.
    fn ring(&self) {
        #[cfg(feature = "testing")]
        if self.jobs.is_some() {
            return self.turn();
        }
        self.inbox.ring();
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, Learner>> {
        match self.learner.try_lock() {
            Ok(learner) => Some(learner),
            // A panic of the learner itself, not of an identity: its thread has met it as well.
            Err(TryLockError::Poisoned(learner)) => Some(learner.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Works for the learner as long as that is short. Whoever is at work looks again once they
    /// are done, as they were knocked at before their lock was found taken: nothing is left lying.
    fn help(&self) {
        #[cfg(feature = "testing")]
        if self.jobs.is_some() {
            return self.turn();
        }
        for _ in 0..ROUNDS {
            self.inbox.knock();
            let Some(mut learner) = self.try_lock() else { return };
            let short = self.short_work(&mut learner);
            drop(learner);
            if !short {
                break;
            }
            if !self.inbox.was_knocked() {
                return;
            }
        }
        self.inbox.ring();
    }

    /// False when something is left that may take long.
    fn short_work(&self, learner: &mut Learner) -> bool {
        let Some(taken) = self.inbox.take(|queues| learner.is_short(queues)) else { return false };
        learner.work(taken, &*self.clock);
        let saves = learner.saves();
        if !saves {
            learner.go_on();
        }
        self.inbox.set_room(learner.room());
        !saves
    }

    /// The committer is done with a group; tells its learner before anybody else hears of it.
    pub fn committed(&self, failed: Vec<(IdentityId, Arc<Error>)>) {
        if let Some(mut learner) = self.try_lock() {
            learner.committed(failed);
        } else {
            self.inbox.urgent(Urgent::Committed(failed));
            self.inbox.ring();
        }
    }

    /// Has the next group made. Whoever is at work does that as well.
    pub fn go_on(&self) {
        if let Some(mut learner) = self.try_lock() {
            learner.go_on();
            self.inbox.set_room(learner.room());
        }
        if self.inbox.was_knocked() || self.inbox.is_closed() {
            self.inbox.ring();
        }
    }
}

impl Learner {
    /// Whether all that waits is sure to be done soon.
    fn is_short(&self, queues: &Queues) -> bool {
        let live = |id| matches!(self.slots.get(id), Some(Slot::Live(..)));
        let events = (queues.events + queues.urgent.len()) as u64;
        events <= TAKE_EVENTS_MAX as u64
            && events.saturating_mul(self.cost.ns()) <= SHORT_NS
            && self.slots.len() <= self.resident_max
            && self.snapshot_wanted.is_empty()
            && queues.submits.iter().all(|(id, ..)| live(id))
            && queues.urgent.iter().all(|urgent| match urgent {
                Urgent::Predict(id, ..) => live(id),
                Urgent::Begin(_) => true,
                Urgent::Look(..)
                | Urgent::Snapshot(_)
                | Urgent::Awake(_)
                | Urgent::Committed(_)
                | Urgent::Peek(..)
                | Urgent::Back(_)
                | Urgent::Moving(..) => false,
            })
    }

    /// Whether the next commit takes a state along, which may be large.
    fn saves(&self) -> bool {
        !self.committing
            && self.touched.iter().any(|id| match self.slots.get(id) {
                Some(Slot::Live(identity, _)) => identity.is_due(),
                _ => false,
            })
    }
}
