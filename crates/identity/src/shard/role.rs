//! What a house may do to an identity that departed once, or arrives: see [`crate::migrate`].
//! An identity without a role is owned by whoever holds its journal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Learner, Onward, Replies, Slot, Waiting};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::identity::Identity;
use crate::journal::{Frame, Head, IdentityId};
use crate::migrate::Cell;
use crate::migrate::planted::{self, Planted};
use crate::turn::Reply;

/// Requests to learn that are held while an identity is sealed; more are told to come again.
pub const HELD_MAX: usize = 1024;

/// How far a departing identity may be ahead of its target.
#[derive(Debug)]
pub struct Lead {
    /// The version that the target is known to have durably.
    pub acked: AtomicU64,
    /// Events that may be applied beyond it; more are told to come again.
    pub most: AtomicU64,
}

impl Lead {
    /// A target that has `acked`, with so many events of leeway.
    pub fn new(acked: u64, most: u64) -> Self {
        Self { acked: AtomicU64::new(acked), most: AtomicU64::new(most) }
    }

    fn allows(&self, version: u64) -> bool {
        let acked = self.acked.load(Ordering::Relaxed);
        version.saturating_sub(acked) < self.most.load(Ordering::Relaxed)
    }
}

/// What this house may do to an identity.
#[derive(Debug, Clone)]
pub enum Role {
    /// Append, under the epoch that the register gave.
    Owner {
        /// From the register.
        epoch: u64,
        /// Set while it departs.
        lead: Option<Arc<Lead>>,
    },
    /// Predict; the register must say first who owns it.
    Waiting,
    /// Take in what its owner sends.
    Follower,
    /// Predict; what is to be learned is held until the departure is decided.
    Sealed,
    /// Say where it lives.
    Moved(Cell),
}

/// Where a sealed identity stands: its head, durable, and the proof of its state.
pub type Stand = (Head, [u8; 32]);

/// What is done to an identity's role, on its learner thread.
pub enum Moving {
    /// Take a role that needs no write; none for an identity that never departed.
    Be(Option<Role>, Done<()>),
    /// Own it under this epoch, or the next if it never departed, durably; what was held is
    /// learned.
    Activate(Option<u64>, Done<Head>),
    /// Take in frames of its owner, durably; the flag asks for its state in memory.
    Follow(Vec<Frame>, bool, Done<Head>),
    /// Hold learning; tells where it stands once all that was applied is durable.
    Seal(Done<Stand>),
    /// Where a follower stands.
    Stand(Done<Stand>),
    /// Let a follower's state leave memory: another one was shipped.
    LetGo(Done<()>),
    /// Hold learning at the end of a branch, which is durable then.
    Hold(Done<Head>),
    /// Send what was held to the branch that follows, or learn it here.
    Onward(Option<Onward>, Done<()>),
}

/// Called once.
pub type Done<T> = Box<dyn FnOnce(Result<T>) + Send>;

/// Requests that are held for a sealed identity.
pub(super) type Held = Vec<(Vec<Event>, Replies)>;

fn refused(role: &str) -> Error {
    Error::new(ErrorKind::Fenced, format!("this house is not {role} of the identity"))
}

fn waiting() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the register that says who owns this identity does not answer; it predicts, and learns \
         again once it does",
    )
}

/// The refusal of whoever asks a house that an identity has not reached yet: of clients that knew
/// it here before it left, or since before a restart. They find its owner when they come again.
fn arriving() -> Error {
    let what = "the identity arrives here, and its owner has it still; try again";
    Error::new(ErrorKind::Unavailable, what)
}

/// The refusal of whoever asks a house that an identity has left.
pub fn moved(cell: &Cell) -> Error {
    let (owner, epoch) = (cell.owner, cell.epoch);
    let what = format!("the identity moved to node {owner} with epoch {epoch}; ask there");
    Error::new(ErrorKind::Moved, what)
}

/// Whether an identity is on its way, or arrives.
pub(super) fn is_in_transit(role: Option<&Role>) -> bool {
    matches!(role, Some(Role::Follower | Role::Sealed | Role::Owner { lead: Some(_), .. }))
}

/// Whether this house has the last word on an identity's state.
pub(super) fn owns(role: Option<&Role>) -> bool {
    matches!(role, None | Some(Role::Owner { .. } | Role::Sealed))
}

impl Learner {
    /// Whether events may be applied. Gives them back when not: they were held or refused.
    pub(super) fn admit(
        &mut self,
        id: IdentityId,
        events: Vec<Event>,
        replies: Replies,
    ) -> Option<(Vec<Event>, Replies)> {
        let (events, replies) = self.detour(id, events, replies)?;
        let Some(role) = self.roles.get(&id) else { return Some((events, replies)) };
        let error = match role {
            Role::Owner { lead: None, .. } => return Some((events, replies)),
            Role::Owner { lead: Some(lead), .. } => {
                let version = match self.slots.get(&id) {
                    Some(Slot::Live(identity, _)) => identity.state().version(),
                    _ => 0,
                };
                if lead.allows(version) {
                    return Some((events, replies));
                }
                let what = "the identity is moving and its target must catch up; try again";
                Error::new(ErrorKind::Busy, what)
            }
            Role::Sealed if planted::has(Planted::WritesWhileSealed) => {
                return Some((events, replies));
            }
            Role::Sealed => {
                let held = self.held.entry(id).or_default();
                if held.len() < HELD_MAX {
                    held.push((events, replies));
                    return None;
                }
                Error::new(ErrorKind::Busy, "the identity is moving this moment; try again")
            }
            Role::Waiting => waiting(),
            Role::Follower => arriving(),
            Role::Moved(cell) => moved(cell),
        };
        replies(Err(error));
        None
    }

    /// The refusal of a prediction by an identity that lives elsewhere.
    pub(super) fn elsewhere(&self, id: IdentityId) -> Option<Error> {
        match self.roles.get(&id) {
            Some(Role::Moved(cell)) => Some(moved(cell)),
            Some(Role::Follower) => Some(arriving()),
            _ => None,
        }
    }

    /// Whether a follower came into memory, for a look, while frames of it were written.
    pub(super) fn is_behind(&self, id: IdentityId) -> bool {
        let follows = matches!(self.roles.get(&id), Some(Role::Follower | Role::Moved(_)));
        let Some(Slot::Live(identity, _)) = self.slots.get(&id).filter(|_| follows) else {
            return false;
        };
        let place = |head: Head| (head.seq, head.epoch);
        let there = self.reader.head(id).ok().flatten();
        there.is_some_and(|there| place(there) > place(identity.head()))
    }

    /// The epoch that the register gave for an identity.
    pub(super) fn granted(&self, id: IdentityId) -> Option<u64> {
        match self.roles.get(&id) {
            Some(Role::Owner { epoch, .. }) => Some(*epoch),
            _ => None,
        }
    }

    pub(super) fn moving(&mut self, id: IdentityId, moving: Moving) {
        match moving {
            Moving::Be(role, done) => done(self.be(id, role)),
            Moving::Activate(epoch, done) => self.activate(id, epoch, done),
            Moving::Follow(frames, warm, done) => self.follow(id, frames, warm, done),
            Moving::Seal(done) => self.seal(id, done),
            Moving::Stand(done) => self.stand(id, done),
            Moving::LetGo(done) => done(self.forsake(id)),
            Moving::Hold(done) => self.hold(id, done),
            Moving::Onward(to, done) => self.onward(id, to, done),
        }
    }

    fn be(&mut self, id: IdentityId, role: Option<Role>) -> Result<()> {
        let owns = matches!(self.roles.get(&id), None | Some(Role::Owner { .. }));
        let at_work = match self.slots.get(&id) {
            Some(Slot::Live(identity, _)) => identity.has_frames() || self.touched.contains(&id),
            other => other.is_some(),
        };
        match (&role, self.roles.get_mut(&id)) {
            (Some(Role::Owner { epoch, lead }), Some(Role::Owner { epoch: held, lead: at }))
                if epoch == held =>
            {
                at.clone_from(lead);
                return Ok(());
            }
            // Nobody becomes the owner by being called so: see `activate`.
            (Some(Role::Owner { .. }), _) => return Err(refused("the owner under this epoch")),
            // It was taken over this moment, and a question of before it was comes late.
            (Some(Role::Follower), Some(Role::Owner { .. })) => return Err(refused("a follower")),
            // An owner is sealed first: what it applied must be durable.
            (Some(Role::Moved(_) | Role::Follower), _) if owns && at_work => {
                return Err(refused("done with its work as owner"));
            }
            _ => {}
        }
        let left = matches!(role, Some(Role::Moved(_)));
        let refusal: Option<Box<dyn Fn() -> Error>> = match &role {
            Some(Role::Moved(cell)) => {
                let cell = *cell;
                Some(Box::new(move || moved(&cell)))
            }
            Some(Role::Waiting) => Some(Box::new(waiting)),
            _ => None,
        };
        match role {
            Some(role) => self.roles.insert(id, role),
            None => self.roles.remove(&id),
        };
        if let Some(refusal) = refusal {
            for (_, replies) in self.held.remove(&id).unwrap_or_default() {
                replies(Err(refusal()));
            }
        }
        if left {
            self.let_go(id);
        }
        Ok(())
    }

    /// A state may be large: it is freed on a thread of its own.
    pub(super) fn let_go(&mut self, id: IdentityId) {
        let Some(slot) = self.slots.remove(&id) else { return };
        let slot = std::sync::Mutex::new(Some(slot));
        // Without a thread it is dropped here, which takes longer and harms nothing.
        let _ = std::thread::Builder::new().name("free".to_owned()).spawn(move || drop(slot));
    }

    fn activate(&mut self, id: IdentityId, epoch: Option<u64>, done: Done<Head>) {
        // An earlier try may have failed, and an event that came after it written the epoch.
        let again = epoch.is_some() && self.granted(id) == epoch;
        let head = self.live(id).and_then(|()| match self.slots.get_mut(&id) {
            Some(Slot::Live(identity, _)) if again && Some(identity.head().epoch) == epoch => {
                Ok(identity.closed())
            }
            Some(Slot::Live(identity, _)) => identity.activate(epoch),
            _ => Err(refused("able to be the owner")),
        });
        #[cfg(feature = "testing")]
        if planted::has(Planted::NumbersStayBehind)
            && let (Some(Role::Follower), Some(Slot::Live(identity, _))) =
                (self.roles.get(&id), self.slots.get_mut(&id))
        {
            identity.forget_numbers();
        }
        match head {
            Err(e) => done(Err(e)),
            Ok(head) => {
                self.roles.insert(id, Role::Owner { epoch: head.epoch, lead: None });
                #[cfg(feature = "testing")]
                crate::fault::at("learner:owns");
                self.when_durable(id, head.seq, Box::new(move |r| done(r.map(|()| head))));
                for (events, replies) in self.held.remove(&id).unwrap_or_default() {
                    self.events(id, events, replies);
                }
            }
        }
    }

    fn seal(&mut self, id: IdentityId, done: Done<Stand>) {
        if !matches!(self.roles.get(&id), Some(Role::Owner { .. })) {
            return done(Err(refused("the owner")));
        }
        let stand = self.live(id).and_then(|()| match self.slots.get_mut(&id) {
            Some(Slot::Live(identity, _)) => Ok((identity.closed(), identity.state().proof())),
            _ => Err(refused("the owner")),
        });
        match stand {
            Err(e) => done(Err(e)),
            Ok(stand) => {
                self.roles.insert(id, Role::Sealed);
                #[cfg(feature = "testing")]
                crate::fault::at("learner:sealed");
                let told: Done<()> = Box::new(move |result| done(result.map(|()| stand)));
                self.when_durable(id, stand.0.seq, told);
            }
        }
    }

    fn stand(&mut self, id: IdentityId, done: Done<Stand>) {
        let stand = self.live(id).and_then(|()| match self.slots.get(&id) {
            Some(Slot::Live(identity, _)) => Ok((identity.head(), identity.state().proof())),
            _ => Err(refused("a follower")),
        });
        match stand {
            Err(e) => done(Err(e)),
            Ok(stand) => {
                let told: Done<()> = Box::new(move |result| done(result.map(|()| stand)));
                self.when_durable(id, stand.0.seq, told);
            }
        }
    }

    /// What it followed is for the next commit still. One that broke is brought back by itself.
    fn forsake(&mut self, id: IdentityId) -> Result<()> {
        if !matches!(self.roles.get(&id), Some(Role::Follower | Role::Moved(_))) {
            return Err(refused("a follower"));
        }
        if let Some(Slot::Live(identity, _)) = self.slots.get_mut(&id) {
            self.orphans.extend(identity.take_frames());
            self.let_go(id);
        }
        Ok(())
    }

    fn follow(&mut self, id: IdentityId, frames: Vec<Frame>, warm: bool, mut done: Done<Head>) {
        // Who left is kept up to date by its owner, and decides nothing.
        if !matches!(self.roles.get(&id), Some(Role::Follower | Role::Moved(_))) {
            return done(Err(refused("a follower")));
        }
        let Some(last) = frames.last().map(Frame::head) else {
            let head = if warm { self.live(id) } else { Ok(()) };
            let head = head.and_then(|()| self.reader.head(id));
            let none = || Error::not_found(format!("identity {id} has no journal here"));
            return done(head.and_then(|head| head.ok_or_else(none)));
        };
        if let Some(slot @ Slot::Broken(_)) = self.slots.get(&id)
            && !warm
        {
            let Slot::Broken(error) = slot else { return };
            return done(Err(Error::new(error.kind, error.message.clone())));
        }
        if warm || self.slots.contains_key(&id) {
            if let Err(e) = self.live(id) {
                return done(Err(e));
            }
            let Some((frames, again)) = self.follow_away(id, frames, done) else { return };
            done = again;
            if let Err(e) = self.fold(id, &frames) {
                return done(Err(e));
            }
        } else {
            self.orphans.extend(frames);
        }
        self.when_durable(id, last.seq, Box::new(move |result| done(result.map(|()| last))));
    }

    /// Applies what the owner applied, and keeps its frames as they are.
    fn fold(&mut self, id: IdentityId, frames: &[Frame]) -> Result<()> {
        let Some(Slot::Live(identity, _)) = self.slots.get_mut(&id) else {
            return Err(refused("a follower"));
        };
        let desk = &mut self.desk;
        let mut fold = || frames.iter().try_for_each(|frame| identity.follow(frame, desk));
        let folded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut fold));
        let error = match folded {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(e)) if e.kind == ErrorKind::Fenced => return Err(e),
            Ok(Err(e)) => e,
            Err(panic) => {
                let what =
                    format!("the follower panicked on a frame ({})", super::text_of(&*panic));
                Error::new(ErrorKind::Poisoned, what)
            }
        };
        // The state may be half-way through a frame: it is replayed from what is durable.
        let told = Error::new(error.kind, error.message.clone());
        self.slots.insert(id, Slot::Broken(Arc::new(error)));
        Err(told)
    }

    /// The head of an identity in memory, with all that was applied.
    pub(super) fn closed_head(&mut self, id: IdentityId) -> Option<Head> {
        match self.slots.get_mut(&id) {
            Some(Slot::Live(identity, _)) => Some(identity.closed()),
            _ => None,
        }
    }

    /// `done` hears when everything that an identity has applied is durable.
    pub(super) fn when_durable(&mut self, id: IdentityId, version: u64, done: Done<()>) {
        let reply = Reply { version, answer: None, duplicate: false, drift: false };
        let replies: Replies = Box::new(move |result| done(result.map(drop)));
        if !self.touched.contains(&id) {
            self.touched.push(id);
        }
        self.waiting.push(Waiting { id, results: vec![Ok(reply)], replies });
    }
}

impl Identity {
    /// Own the identity under an epoch that the register gave. The frame that says so is closed.
    fn activate(&mut self, epoch: Option<u64>) -> Result<Head> {
        let head = self.closed();
        let epoch = epoch.unwrap_or(head.epoch + 1);
        if epoch <= head.epoch {
            return Err(Error::new(
                ErrorKind::Fenced,
                format!("epoch {epoch} is not above {}, under which it was owned", head.epoch),
            ));
        }
        self.grant(epoch);
        // What was held is learned first; the next snapshot is due in its time.
        self.saved_now();
        Ok(self.own())
    }
}
