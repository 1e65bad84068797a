//! Events that make a detour: held while their identity's life is lived again without some of it,
//! then sent on to the branch that goes on from there.

use super::role::{HELD_MAX, Held};
use super::{Done, Learner, Replies, Slot};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::journal::{Head, IdentityId};

/// Hands events in elsewhere; never waits.
pub type Onward = Box<dyn Fn(Vec<Event>, Replies) + Send>;

/// What becomes of events that are submitted for a branch.
pub(super) enum Detour {
    /// They wait.
    Hold(Held),
    /// The branch is over: whoever looked it up a moment ago means the one that follows it.
    Onward(Onward),
}

impl Learner {
    /// Gives events back that make no detour.
    pub(super) fn detour(
        &mut self,
        id: IdentityId,
        events: Vec<Event>,
        replies: Replies,
    ) -> Option<(Vec<Event>, Replies)> {
        match self.detours.get_mut(&id) {
            None => return Some((events, replies)),
            Some(Detour::Onward(send)) => send(events, replies),
            Some(Detour::Hold(held)) if held.len() < HELD_MAX => held.push((events, replies)),
            Some(Detour::Hold(_)) => {
                let what = "the identity forgets something this moment; try again";
                replies(Err(Error::new(ErrorKind::Busy, what)));
            }
        }
        None
    }

    /// Holds what comes; `done` hears where the branch ends, once that is durable.
    pub(super) fn hold(&mut self, id: IdentityId, done: Done<Head>) {
        let head = match self.live(id) {
            Err(e) => return done(Err(e)),
            Ok(()) => self.closed_head(id),
        };
        let Some(head) = head else {
            return done(Err(Error::not_found(format!("identity {id} is not in memory"))));
        };
        self.detours.insert(id, Detour::Hold(Held::new()));
        self.when_durable(id, head.seq, Box::new(move |result| done(result.map(|()| head))));
    }

    /// Sends what was held, and what still comes, to another branch; to nowhere else without one:
    /// it is learned here then.
    pub(super) fn onward(&mut self, id: IdentityId, to: Option<Onward>, done: Done<()>) {
        let held = match self.detours.remove(&id) {
            Some(Detour::Hold(held)) => held,
            _ => Held::new(),
        };
        match to {
            Some(send) => {
                for (events, replies) in held {
                    send(events, replies);
                }
                self.detours.insert(id, Detour::Onward(send));
                // One that predicts at this moment, on a thread of its own, comes back first.
                if matches!(self.slots.get(&id), Some(Slot::Live(..))) {
                    self.let_go(id);
                }
            }
            None => {
                for (events, replies) in held {
                    self.events(id, events, replies);
                }
            }
        }
        let told: Result<()> = Ok(());
        done(told);
    }
}
