//! Identities whose events take long: a thread of its own works on them, one after the other.
//!
//! The learner hands the identity itself over, so it still has one writer. What is asked of it
//! meanwhile waits in its slot, in order; whoever works on it looks up after each event and gives
//! it back as soon as somebody waits, for this identity or for another heavy one.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use her_learn::Row;

use super::inbox::{Submit, Urgent};
use super::role::{Done, Moving, Role};
use super::{Learner, Predicted, Slot, Waiting};
use crate::error::{Error, ErrorKind};
use crate::event::{Event, What};
use crate::identity::{Identity, Opening};
use crate::journal::{Frame, Head, IdentityId};
#[cfg(feature = "testing")]
use crate::world::has_threads;

mod workshop;

pub(super) use workshop::{Back, Lesson, Workshop};
use workshop::{Job, Left, Work};

/// Events that wait for one heavy identity before more are told to come again.
pub const HEAVY_EVENTS_MAX: usize = 4_096;

/// An identity that is being worked on elsewhere.
#[derive(Default)]
pub(super) struct Away {
    queue: VecDeque<Piece>,
    /// Events in the queue.
    events: usize,
    /// Told to whoever works on it: give it back.
    wanted: Arc<AtomicBool>,
    /// Why what is done to it now comes to nothing: the journal did not take what was before.
    void: Option<Arc<Error>>,
}

/// What waits for an identity.
enum Piece {
    Urgent(Urgent),
    Submit(Submit),
    /// A part of this was done.
    Events(Lesson),
}

impl Learner {
    /// Whether an identity is being worked on elsewhere, for which it is opened if it has to come
    /// from the disk and is heavy.
    pub(super) fn is_away(&mut self, id: IdentityId) -> bool {
        match self.slots.get(&id) {
            Some(Slot::Away(_)) => true,
            Some(Slot::Live(..)) => self.is_behind(id) && self.opens_away(id),
            Some(Slot::Broken(_)) if self.committing || self.touched.contains(&id) => false,
            _ => self.opens_away(id),
        }
    }

    /// Begins to open an identity on the thread for heavy ones, if it is one.
    fn opens_away(&mut self, id: IdentityId) -> bool {
        if !lends() {
            return false;
        }
        // An error is told by whoever opens it here.
        let Ok(opening) = self.opening(id) else { return false };
        if !opening.is_heavy(&*self.reader, &self.catalog) {
            self.opened = Some(opening);
            return false;
        }
        self.send(id, None, Some(opening), Work::Open);
        true
    }

    /// Keeps what an identity that is away is asked, until it is back.
    pub(super) fn wait_for(&mut self, id: IdentityId, urgent: Urgent) {
        if let Some(Slot::Away(away)) = self.slots.get_mut(&id) {
            away.wanted.store(true, Ordering::Relaxed);
            away.queue.push_back(Piece::Urgent(urgent));
        }
    }

    /// The same for events.
    pub(super) fn learn_later(&mut self, submit: Submit) {
        let Some(Slot::Away(away)) = self.slots.get_mut(&submit.0) else { return };
        if away.events + submit.1.len() > HEAVY_EVENTS_MAX {
            let what = format!("{} events wait for this identity already; try again", away.events);
            return (submit.2)(Err(Error::new(ErrorKind::Busy, what)));
        }
        away.events += submit.1.len();
        away.queue.push_back(Piece::Submit(submit));
    }

    /// Hands a heavy identity over with its events. Gives them back where it is not one.
    pub(super) fn learn_away(&mut self, id: IdentityId, lesson: Lesson) -> Option<Lesson> {
        match self.heavy(id) {
            Some(identity) => self.send(id, Some(identity), None, Work::Learn(lesson)),
            None => return Some(lesson),
        }
        None
    }

    /// The same with a row to predict.
    pub(super) fn predict_away(
        &mut self,
        id: IdentityId,
        row: Row,
        done: Predicted,
    ) -> Option<(Row, Predicted)> {
        match self.heavy(id) {
            Some(identity) => self.send(id, Some(identity), None, Work::Predict(row, done)),
            None => return Some((row, done)),
        }
        None
    }

    /// The same with frames of its owner.
    pub(super) fn follow_away(
        &mut self,
        id: IdentityId,
        frames: Vec<Frame>,
        done: Done<Head>,
    ) -> Option<(Vec<Frame>, Done<Head>)> {
        match self.heavy(id) {
            Some(identity) => self.send(id, Some(identity), None, Work::Follow(frames, done)),
            None => return Some((frames, done)),
        }
        None
    }

    /// A heavy identity in memory, taken out of it.
    fn heavy(&mut self, id: IdentityId) -> Option<Box<Identity>> {
        let heavy = |slot: &Slot| match slot {
            Slot::Live(identity, _) => identity.state().is_heavy(),
            _ => false,
        };
        if !lends() || !self.slots.get(&id).is_some_and(heavy) {
            return None;
        }
        match self.slots.remove(&id) {
            Some(Slot::Live(identity, _)) => Some(identity),
            _ => None,
        }
    }

    fn send(
        &mut self,
        id: IdentityId,
        identity: Option<Box<Identity>>,
        opening: Option<Opening>,
        work: Work,
    ) {
        let away = Away::default();
        let wanted = Arc::clone(&away.wanted);
        self.slots.insert(id, Slot::Away(Box::new(away)));
        self.away += 1;
        if let Err(job) = self.workshop.take(Job { id, identity, opening, work, wanted }) {
            // No thread was to be had: it is done here, and the others wait.
            let none = AtomicUsize::new(0);
            let back = job.run(&mut self.desk, &*self.reader, &self.catalog, &none);
            self.back(back);
        }
    }

    /// An identity is back: what was done is for the next commit, then what waits is done.
    pub(super) fn back(&mut self, back: Back) {
        let Back { id, identity, left } = back;
        let Some(Slot::Away(away)) = self.slots.remove(&id) else { return };
        self.away -= 1;
        let Away { mut queue, void, .. } = *away;
        match (identity, void) {
            (Err(error), _) => return refuse(queue, left, &error),
            (Ok(_), Some(error)) => {
                let told = Error::new(error.kind, error.message.clone());
                self.slots.insert(id, Slot::Broken(error));
                refuse(VecDeque::new(), left, &told);
            }
            (Ok(mut identity), None) => {
                let frames = identity.take_frames();
                if !frames.is_empty() && !self.touched.contains(&id) {
                    self.touched.push(id);
                }
                self.orphans.extend(frames);
                self.slots.insert(id, Slot::Live(identity, self.looks));
                match left {
                    Left::Learn(lesson) if !lesson.events.is_empty() => {
                        queue.push_front(Piece::Events(lesson));
                    }
                    left => self.settle(id, left),
                }
            }
        }
        // What only looks need not wait for what learns.
        let (look, learn): (VecDeque<_>, VecDeque<_>) =
            queue.into_iter().partition(Piece::only_looks);
        for piece in look.into_iter().chain(learn) {
            self.dispatch(id, piece);
        }
    }

    fn settle(&mut self, id: IdentityId, left: Left) {
        match left {
            Left::Nothing => {}
            Left::Learn(lesson) => {
                self.events += lesson.results.len();
                let Lesson { results, replies, .. } = lesson;
                self.waiting.push(Waiting { id, results, replies });
                if !self.touched.contains(&id) {
                    self.touched.push(id);
                }
            }
            Left::Panicked(lesson, error) => {
                self.poison(id, lesson.results, error, lesson.replies);
            }
            Left::Followed(Ok(head), done) => {
                self.when_durable(id, head.seq, Box::new(move |r| done(r.map(|()| head))));
            }
            Left::Followed(Err(error), done) => {
                let told = Error::new(error.kind, error.message.clone());
                if error.kind != ErrorKind::Fenced {
                    // The state may be half-way through a frame.
                    self.slots.insert(id, Slot::Broken(Arc::new(error)));
                }
                done(Err(told));
            }
        }
    }

    fn dispatch(&mut self, id: IdentityId, piece: Piece) {
        match piece {
            Piece::Urgent(urgent) => self.urgent(urgent),
            Piece::Submit((id, events, replies)) => self.events(id, events, replies),
            Piece::Events(lesson) => match self.slots.get_mut(&id) {
                Some(Slot::Away(away)) => {
                    away.wanted.store(true, Ordering::Relaxed);
                    away.events += lesson.events.len();
                    away.queue.push_back(Piece::Events(lesson));
                }
                _ => {
                    if let Some(lesson) = self.learn_away(id, lesson) {
                        let what = "the identity was let go while it learned; try again";
                        (lesson.replies)(Err(Error::new(ErrorKind::Unavailable, what)));
                    }
                }
            },
        }
    }

    /// The journal did not take what an identity did that is away: what it does now is void.
    pub(super) fn undo_away(&mut self, id: IdentityId, error: &Arc<Error>) -> bool {
        match self.slots.get_mut(&id) {
            Some(Slot::Away(away)) => {
                away.void = Some(Arc::clone(error));
                true
            }
            _ => false,
        }
    }
}

/// Whether there may be a thread for heavy identities: none in a simulation.
fn lends() -> bool {
    #[cfg(feature = "testing")]
    return has_threads();
    #[cfg(not(feature = "testing"))]
    true
}

impl Piece {
    /// Whether it changes nothing, so that it may be done before what came earlier.
    fn only_looks(&self) -> bool {
        use Urgent::{Look, Predict, Snapshot};
        matches!(self, Self::Urgent(Predict(..) | Look(..) | Snapshot(_)))
    }
}

impl Urgent {
    /// Whom it is about, where that identity has to be in memory for it.
    pub(super) fn about(&self) -> Option<IdentityId> {
        match self {
            Self::Predict(id, ..) | Self::Look(id, _) | Self::Snapshot(id) => Some(*id),
            Self::Moving(id, moving) if moving.needs_it() => Some(*id),
            _ => None,
        }
    }

    fn refuse(self, error: Error) {
        match self {
            Self::Predict(_, _, done) => done(Err(error)),
            Self::Look(_, look) => look(Err(error)),
            Self::Moving(_, moving) => moving.refuse(error),
            Self::Peek(_, peek) => peek(None),
            Self::Snapshot(_)
            | Self::Awake(_)
            | Self::Begin(_)
            | Self::Committed(_)
            | Self::Back(_) => {}
        }
    }
}

impl Moving {
    fn needs_it(&self) -> bool {
        match self {
            Self::Be(..) | Self::Onward(..) | Self::LetGo(_) => false,
            Self::Follow(_, warm, _) => *warm,
            Self::Activate(..) | Self::Seal(_) | Self::Stand(_) | Self::Hold(_) => true,
        }
    }

    fn refuse(self, error: Error) {
        match self {
            Self::Be(_, done) | Self::Onward(_, done) | Self::LetGo(done) => done(Err(error)),
            Self::Activate(_, done) | Self::Follow(_, _, done) | Self::Hold(done) => {
                done(Err(error));
            }
            Self::Seal(done) | Self::Stand(done) => done(Err(error)),
        }
    }
}

impl Learner {
    /// The heavy identities that are in memory and could rest. One that is being worked on could
    /// not.
    pub(super) fn awake(&self) -> Vec<(IdentityId, u64)> {
        let awake = |(id, slot): (&IdentityId, &Slot)| match slot {
            Slot::Live(identity, _) => {
                let state = identity.state();
                let could = state.is_heavy() && !state.is_resting() && !state.is_frozen();
                could.then(|| (*id, state.version()))
            }
            _ => None,
        };
        self.slots.iter().filter_map(awake).collect()
    }

    /// A heavy identity that is about to leave memory takes its small form first, if it is its
    /// owner's to say so.
    pub(super) fn lay_to_rest(&mut self, id: IdentityId, identity: &mut Identity) {
        let state = identity.state();
        let owns = matches!(self.roles.get(&id), None | Some(Role::Owner { lead: None, .. }));
        if !owns || !state.is_heavy() || state.is_resting() || state.is_frozen() {
            return;
        }
        let event = Event { at_ms: self.clock.now_ms(), request: None, what: What::Rest };
        // A model without a small form stays as it is.
        if identity.apply(&event, &mut self.desk).is_ok() {
            self.orphans.extend(identity.take_frames());
        }
    }
}

/// Tells everybody who waits for an identity that cannot be worked on.
fn refuse(queue: VecDeque<Piece>, left: Left, error: &Error) {
    let told = || Error::new(error.kind, error.message.clone());
    match left {
        Left::Nothing => {}
        Left::Learn(lesson) | Left::Panicked(lesson, _) => (lesson.replies)(Err(told())),
        Left::Followed(_, done) => done(Err(told())),
    }
    for piece in queue {
        match piece {
            Piece::Submit((_, _, replies)) | Piece::Events(Lesson { replies, .. }) => {
                replies(Err(told()));
            }
            Piece::Urgent(urgent) => urgent.refuse(told()),
        }
    }
}
