//! What waits in front of a learner: urgent things first, submitted events while there is room.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use her_learn::Row;

use super::{Begin, Look, Peek, Predicted, Replies, TAKE_EVENTS_MAX};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::journal::IdentityId;

/// What does not wait behind submitted events.
pub(super) enum Urgent {
    Predict(IdentityId, Row, Predicted),
    Look(IdentityId, Look),
    Peek(IdentityId, Peek),
    Snapshot(IdentityId),
    Begin(Begin),
    /// The committer is done with a group; these identities' frames were not taken.
    Committed(Vec<(IdentityId, Arc<Error>)>),
}

#[derive(Default)]
pub(super) struct Taken {
    pub urgent: Vec<Urgent>,
    pub submits: Vec<(IdentityId, Vec<Event>, Replies)>,
    pub closed: bool,
}

#[derive(Default)]
struct Queues {
    urgent: VecDeque<Urgent>,
    submits: VecDeque<(IdentityId, Vec<Event>, Replies)>,
    events: usize,
    closed: bool,
}

/// The queues with their bound and their bell.
pub(super) struct Inbox {
    queues: Mutex<Queues>,
    bell: Condvar,
    events_max: usize,
}

impl Inbox {
    pub fn new(events_max: usize) -> Self {
        Self { queues: Mutex::default(), bell: Condvar::new(), events_max }
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        // No code that can panic runs under the lock.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn submit(&self, id: IdentityId, events: Vec<Event>, replies: Replies) -> Result<()> {
        let mut q = self.lock();
        if q.closed {
            return Err(Error::new(ErrorKind::Unavailable, "the house is closing; try again"));
        }
        if q.events + events.len() > self.events_max {
            return Err(Error::new(
                ErrorKind::Busy,
                format!("{} events wait already; try again in a moment", q.events),
            ));
        }
        q.events += events.len();
        q.submits.push_back((id, events, replies));
        drop(q);
        self.bell.notify_one();
        Ok(())
    }

    pub fn urgent(&self, urgent: Urgent) {
        self.lock().urgent.push_back(urgent);
        self.bell.notify_one();
    }

    pub fn queued(&self) -> usize {
        self.lock().events
    }

    pub fn close(&self) {
        self.lock().closed = true;
        self.bell.notify_one();
    }

    /// Waits for something to do. Takes everything urgent, and submitted events up to `room`;
    /// few at a time, so that predictions do not wait behind them.
    pub fn take(&self, room: usize) -> Taken {
        let mut q = self.lock();
        loop {
            let open = room > 0 && !q.submits.is_empty();
            if open || !q.urgent.is_empty() || (q.closed && q.submits.is_empty()) {
                break;
            }
            q = self.bell.wait(q).unwrap_or_else(PoisonError::into_inner);
        }
        let mut taken = Taken { urgent: q.urgent.drain(..).collect(), ..Taken::default() };
        let (room, mut events) = (room.min(TAKE_EVENTS_MAX), 0);
        while events < room {
            let Some(submit) = q.submits.pop_front() else { break };
            events += submit.1.len();
            taken.submits.push(submit);
        }
        q.events -= events;
        taken.closed = q.closed && q.submits.is_empty();
        taken
    }
}
