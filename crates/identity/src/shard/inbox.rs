//! What waits in front of a learner: urgent things first, submitted events while there is room.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use her_learn::Row;

use super::heavy::Back;
use super::{
    Awake, Begin, COMMIT_EVENTS_MAX, Look, Moving, Peek, Predicted, Replies, TAKE_EVENTS_MAX,
};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::journal::IdentityId;

/// What does not wait behind submitted events.
pub(super) enum Urgent {
    Predict(IdentityId, Row, Predicted),
    Look(IdentityId, Look),
    Peek(IdentityId, Peek),
    Snapshot(IdentityId),
    Awake(Awake),
    Begin(Begin),
    Moving(IdentityId, Moving),
    /// The committer is done with a group; these identities' frames were not taken.
    Committed(Vec<(IdentityId, Arc<Error>)>),
    /// A heavy identity comes back.
    Back(Box<Back>),
}

/// Events of one identity that were submitted together.
pub(super) type Submit = (IdentityId, Vec<Event>, Replies);

#[derive(Default)]
pub(super) struct Taken {
    pub urgent: Vec<Urgent>,
    pub submits: Vec<Submit>,
    pub closed: bool,
}

#[derive(Default)]
pub(super) struct Queues {
    pub urgent: VecDeque<Urgent>,
    pub submits: VecDeque<Submit>,
    /// Events in `submits`.
    pub events: usize,
    /// Events that the next commit still takes.
    room: usize,
    /// The learner's thread is to look, whatever waits.
    rung: bool,
    /// Somebody came while another one was at work.
    knocked: bool,
    closed: bool,
}

impl Queues {
    fn takes(&self) -> bool {
        !self.urgent.is_empty() || (self.room > 0 && !self.submits.is_empty())
    }
}

/// The queues with their bound and their bell.
pub(super) struct Inbox {
    queues: Mutex<Queues>,
    bell: Condvar,
    events_max: usize,
}

impl Inbox {
    pub fn new(events_max: usize) -> Self {
        let queues = Queues { room: COMMIT_EVENTS_MAX, ..Queues::default() };
        Self { queues: Mutex::new(queues), bell: Condvar::new(), events_max }
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        // No code that can panic runs under the lock.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds events; rings for nobody.
    pub fn submit(&self, id: IdentityId, events: Vec<Event>, replies: Replies) -> Result<()> {
        let mut q = self.lock();
        if q.closed {
            return Err(closing());
        }
        if q.events + events.len() > self.events_max {
            return Err(Error::new(
                ErrorKind::Busy,
                format!("{} events wait already; try again in a moment", q.events),
            ));
        }
        q.events += events.len();
        q.submits.push_back((id, events, replies));
        Ok(())
    }

    /// Adds events that were admitted elsewhere already, beyond the bound, and rings.
    pub fn pass_on(&self, id: IdentityId, events: Vec<Event>, replies: Replies) {
        let mut q = self.lock();
        if q.closed {
            drop(q);
            return replies(Err(closing()));
        }
        q.events += events.len();
        q.submits.push_back((id, events, replies));
        drop(q);
        self.ring();
    }

    /// Adds what is urgent; rings for nobody.
    pub fn urgent(&self, urgent: Urgent) {
        self.lock().urgent.push_back(urgent);
    }

    /// Wakes the learner's thread.
    pub fn ring(&self) {
        self.lock().rung = true;
        self.bell.notify_one();
    }

    /// Tells whoever is at work that there is more. Before one looks whether somebody is.
    pub fn knock(&self) {
        self.lock().knocked = true;
    }

    /// Whether somebody came since the last taking, and met somebody at work.
    pub fn was_knocked(&self) -> bool {
        let q = self.lock();
        q.knocked && q.takes()
    }

    /// Whether something waits that can be taken.
    #[cfg(feature = "testing")]
    pub fn waits(&self) -> bool {
        self.lock().takes()
    }

    pub fn queued(&self) -> usize {
        self.lock().events
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub fn close(&self) {
        self.lock().closed = true;
        self.ring();
    }

    /// Says how many events the next commit still takes.
    pub fn set_room(&self, room: usize) {
        let mut q = self.lock();
        let opened = q.room == 0 && room > 0 && !q.submits.is_empty();
        q.room = room;
        drop(q);
        if opened {
            self.ring();
        }
    }

    /// Waits for something to do.
    pub fn wait(&self) {
        let mut q = self.lock();
        while !(q.rung || q.takes()) {
            q = self.bell.wait(q).unwrap_or_else(PoisonError::into_inner);
        }
        q.rung = false;
    }

    /// Takes everything urgent, and submitted events while there is room; few at a time, so that
    /// predictions do not wait behind them. Nothing if what waits is not `fine`.
    pub fn take(&self, fine: impl FnOnce(&Queues) -> bool) -> Option<Taken> {
        let mut q = self.lock();
        if !fine(&q) {
            return None;
        }
        q.knocked = false;
        let mut taken = Taken { urgent: q.urgent.drain(..).collect(), ..Taken::default() };
        let (room, mut events) = (q.room.min(TAKE_EVENTS_MAX), 0);
        while events < room {
            let Some(submit) = q.submits.pop_front() else { break };
            events += submit.1.len();
            taken.submits.push(submit);
        }
        q.events -= events;
        taken.closed = q.closed && q.submits.is_empty();
        Some(taken)
    }
}

/// The refusal of a house that ends.
pub(super) fn closing() -> Error {
    Error::new(ErrorKind::Unavailable, "the house is closing; try again")
}
