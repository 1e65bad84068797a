//! One learner thread with its journal: it owns many identities and waits for nobody.
//!
//! The learner takes what has arrived, applies it, and hands one batch to the committer, which
//! appends it, syncs once, and replies to all. While the committer waits for the disk the learner
//! goes on: what comes meanwhile is the next batch. Predictions never enter a batch.
//!
//! What is short need not wait for these threads: [`Handed`] does it on the thread of who asks,
//! and where the disk keeps nobody waiting the batch is committed there too.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use her_learn::{Catalog, Row};

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::identity::{Identity, Opening};
use crate::journal::{Frame, IdentityId, Journal, JournalReader};
use crate::snapshot::Snapshots;
use crate::turn::{Answer, Desk, Reply};
#[cfg(feature = "testing")]
use crate::world::has_threads;

#[cfg(feature = "testing")]
mod alone;
mod commit;
mod core;
mod detour;
mod heavy;
mod inbox;
mod role;
mod times;

use self::core::{Core, Worst};
use commit::{Committer, Group, SnapshotJob, Waiting};
use detour::Detour;
pub use detour::Onward;
use heavy::{Away, Lesson, Workshop};
use inbox::{Inbox, Taken, Urgent};
use role::Held;
pub use role::{Done, HELD_MAX, Lead, Moving, Role, Stand, moved};

/// The reading half of a shard's journal.
pub type Reader = dyn JournalReader + Sync;
/// Called once with one result per submitted event, when all accepted ones are durable.
pub type Replies = Box<dyn FnOnce(Result<Vec<Result<Reply>>>) + Send>;
/// Called once with the prediction and the version that made it.
pub type Predicted = Box<dyn FnOnce(Result<(Answer, u64)>) + Send>;
/// Runs on the learner thread, with the identity.
pub type Look = Box<dyn FnOnce(Result<&Identity>) + Send>;
/// The same with an identity that is in memory, and with nothing for one that is not.
pub type Peek = Box<dyn FnOnce(Option<&Identity>) + Send>;
/// Gets the heavy identities that are in memory and do not rest, with their versions.
pub type Awake = Box<dyn FnOnce(Vec<(IdentityId, u64)>) + Send>;

/// Events that wait in front of a shard before `submit` answers Busy.
pub const QUEUE_EVENTS_MAX: usize = 65_536;
/// Events in one commit, beyond which the learner waits for the disk.
pub const COMMIT_EVENTS_MAX: usize = 8_192;
/// Events applied between two looks for predictions.
pub const TAKE_EVENTS_MAX: usize = 256;

/// A running shard.
pub struct Shard {
    core: Arc<Core>,
    reader: Arc<Reader>,
    /// The learner's, then the committer's, which ends with it.
    threads: Vec<JoinHandle<()>>,
}

/// What is known of an identity on its shard.
enum Slot {
    /// With the number of the learner's last look at it.
    Live(Box<Identity>, u64),
    /// Its events take long: another thread works on it.
    Away(Box<Away>),
    /// Its state is ahead of the journal or was left half-way; it is replayed once nothing of it
    /// is under way.
    Broken(Arc<Error>),
}

struct Learner {
    reader: Arc<Reader>,
    snapshots: Arc<Snapshots>,
    catalog: Catalog,
    slots: HashMap<IdentityId, Slot>,
    /// Of identities that departed once, or arrive.
    roles: HashMap<IdentityId, Role>,
    held: HashMap<IdentityId, Held>,
    detours: HashMap<IdentityId, Detour>,
    desk: Desk,
    committer: Committer,
    /// What will be the next commit.
    waiting: Vec<Waiting>,
    touched: Vec<IdentityId>,
    /// Frames of identities that broke after filling them.
    orphans: Vec<Frame>,
    events: usize,
    committing: bool,
    nonce: u64,
    snapshot_wanted: Vec<IdentityId>,
    /// Snapshots of identities that were let go.
    parting: Vec<SnapshotJob>,
    looks: u64,
    resident_max: usize,
    clock: Arc<dyn Clock>,
    workshop: Workshop,
    /// Identities that another thread works on.
    away: usize,
    /// Identities that took their small form: they are let go next.
    rested: Vec<IdentityId>,
    /// One that was about to come into memory.
    opened: Option<Opening>,
    /// What an event or a prediction takes.
    cost: Worst,
}

impl Shard {
    /// Starts the threads of a shard over its journal.
    pub fn start(
        name: &str,
        journal: Box<dyn Journal>,
        snapshots: Arc<Snapshots>,
        catalog: Catalog,
        nonce: u64,
        resident_max: usize,
        commits: Arc<Times>,
    ) -> Result<Self> {
        let reader: Arc<Reader> = journal.reader().into();
        let clock = Arc::clone(commits.clock());
        let (committer, jobs) = Committer::new(journal, Arc::clone(&snapshots), commits);
        let inbox = Arc::new(Inbox::new(QUEUE_EVENTS_MAX));
        let workshop =
            Workshop::new(name, Arc::clone(&inbox), Arc::clone(&reader), catalog.clone());
        let learner = Learner {
            reader: Arc::clone(&reader),
            snapshots,
            catalog,
            slots: HashMap::new(),
            roles: HashMap::new(),
            held: HashMap::new(),
            detours: HashMap::new(),
            desk: Desk::default(),
            committer,
            waiting: Vec::new(),
            touched: Vec::new(),
            orphans: Vec::new(),
            events: 0,
            committing: false,
            nonce,
            snapshot_wanted: Vec::new(),
            parting: Vec::new(),
            looks: 0,
            resident_max: resident_max.max(1),
            clock: Arc::clone(&clock),
            workshop,
            away: 0,
            rested: Vec::new(),
            opened: None,
            cost: Worst::new(0),
        };
        let (learner, threads) = (Mutex::new(learner), Vec::new());
        #[cfg(feature = "testing")]
        if !has_threads() {
            let jobs = Some(Mutex::new(jobs));
            let core = Arc::new(Core { inbox, learner, clock, jobs });
            return Ok(Self { core, reader, threads });
        }
        let core = Core {
            inbox,
            learner,
            clock,
            #[cfg(feature = "testing")]
            jobs: None,
        };
        let mut shard = Self { core: Arc::new(core), reader, threads };
        let core = Arc::clone(&shard.core);
        shard.thread(&format!("{name}-learn"), move || core.run())?;
        let core = Arc::clone(&shard.core);
        shard.thread(&format!("{name}-commit"), move || jobs.run(&core))?;
        Ok(shard)
    }

    fn thread(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        self.threads.push(thread.map_err(|e| Error::io(format!("starting {name}"), e))?);
        Ok(())
    }

    /// Hands events of one identity in. Busy when the queue is full: nothing was taken then.
    pub fn submit(
        &self,
        id: IdentityId,
        events: Vec<Event>,
        replies: Replies,
    ) -> Result<Handed<'_>> {
        self.core.inbox.submit(id, events, replies)?;
        Ok(Handed::new(&self.core))
    }

    /// Predicts with the newest applied state.
    pub fn predict(&self, id: IdentityId, row: Row, done: Predicted) -> Handed<'_> {
        self.urgent(Urgent::Predict(id, row, done))
    }

    /// Looks at an identity on its learner thread.
    pub fn look(&self, id: IdentityId, look: Look) {
        drop(self.urgent(Urgent::Look(id, look)));
    }

    /// Looks at an identity on its learner thread if it is in memory, and keeps it there no longer.
    pub fn peek(&self, id: IdentityId, peek: Peek) {
        drop(self.urgent(Urgent::Peek(id, peek)));
    }

    /// Which heavy identities are in memory and do not rest.
    pub fn awake(&self, awake: Awake) {
        drop(self.urgent(Urgent::Awake(awake)));
    }

    /// Asks for a snapshot with the next commit.
    pub fn snapshot(&self, id: IdentityId) {
        drop(self.urgent(Urgent::Snapshot(id)));
    }

    /// Appends a birth or a branch: done by the committer, in order with all else.
    pub fn begin(&self, begin: commit::Begin) {
        drop(self.urgent(Urgent::Begin(begin)));
    }

    fn urgent(&self, urgent: Urgent) -> Handed<'_> {
        self.core.inbox.urgent(urgent);
        Handed::new(&self.core)
    }

    /// Changes what this house may do to an identity.
    pub fn moving(&self, id: IdentityId, moving: Moving) {
        drop(self.urgent(Urgent::Moving(id, moving)));
    }

    /// Hands events in that another branch had taken: they were counted there, and are not
    /// refused here.
    pub fn onward(&self, id: IdentityId) -> Onward {
        // A learner keeps this, which must not keep the learner.
        let core = Arc::downgrade(&self.core);
        Box::new(move |events, replies| match core.upgrade() {
            Some(core) => core.inbox.pass_on(id, events, replies),
            None => replies(Err(inbox::closing())),
        })
    }

    /// A reader of this shard's journal.
    pub fn reader(&self) -> &Arc<Reader> {
        &self.reader
    }

    /// Events that wait in front of the learner.
    pub fn queued(&self) -> usize {
        self.core.inbox.queued()
    }

    /// Applies and commits everything that was submitted, snapshots what changed, and ends.
    pub fn close(&mut self) {
        self.core.inbox.close();
        for thread in self.threads.drain(..) {
            // A panic of the learner itself is a bug that was printed already; nothing that was
            // acknowledged hangs on it.
            let _ = thread.join();
        }
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        self.close();
    }
}

pub use self::core::Handed;
pub use commit::Begin;
pub use times::{Times, TimesSoFar};

impl Learner {
    /// Does what was taken.
    fn work(&mut self, taken: Taken, clock: &dyn Clock) {
        let pieces = taken.urgent.len() + taken.submits.iter().map(|s| s.1.len()).sum::<usize>();
        let begin = clock.monotonic_ns();
        for urgent in taken.urgent {
            self.urgent(urgent);
        }
        for (id, events, replies) in taken.submits {
            self.events(id, events, replies);
        }
        if pieces > 0 {
            self.cost.add(clock.monotonic_ns().saturating_sub(begin) / pieces as u64);
        }
    }

    /// Commits what was applied, unless a commit is under way.
    fn go_on(&mut self) {
        if !self.committing {
            self.unload();
            self.commit();
        }
    }

    /// Events that the next commit still takes.
    fn room(&self) -> usize {
        COMMIT_EVENTS_MAX.saturating_sub(self.events)
    }

    fn is_idle(&self) -> bool {
        !self.committing && self.away == 0 && self.nothing_to_commit()
    }

    fn nothing_to_commit(&self) -> bool {
        self.waiting.is_empty() && self.snapshot_wanted.is_empty() && self.parting.is_empty()
    }

    /// Lets the identities go that were not looked at for longest, when too many are in memory.
    /// They come back by a snapshot when they are asked for. Called while nothing is under way,
    /// so all that is not in `touched` is durable.
    fn unload(&mut self) {
        let rested = std::mem::take(&mut self.rested);
        for id in rested {
            let rests = |slot: &Slot| matches!(slot, Slot::Live(i, _) if i.state().is_resting());
            if !self.touched.contains(&id) && self.slots.get(&id).is_some_and(rests) {
                self.part_with(id);
            }
        }
        if self.slots.len() <= self.resident_max {
            return;
        }
        let mut idle: Vec<(u64, IdentityId)> = self
            .slots
            .iter()
            .filter_map(|(id, slot)| match slot {
                Slot::Live(_, look) if !self.touched.contains(id) => Some((*look, *id)),
                _ => None,
            })
            .collect();
        idle.sort_unstable();
        idle.truncate(self.slots.len() - self.resident_max + self.resident_max / 8);
        for (_, id) in idle {
            self.part_with(id);
        }
    }

    fn part_with(&mut self, id: IdentityId) {
        let Some(Slot::Live(mut identity, _)) = self.slots.remove(&id) else { return };
        self.lay_to_rest(id, &mut identity);
        // Who does not own it may have made other bits of it than its owner did.
        if !role::owns(self.roles.get(&id)) {
            return;
        }
        if let Some((head, bytes)) = identity.due_snapshot(true) {
            self.parting.push(SnapshotJob { id, head, bytes });
        }
    }

    fn urgent(&mut self, urgent: Urgent) {
        if let Some(id) = urgent.about()
            && self.is_away(id)
        {
            return self.wait_for(id, urgent);
        }
        match urgent {
            Urgent::Predict(id, row, done) => self.predict(id, row, done),
            Urgent::Look(id, look) => match self.live(id) {
                Ok(()) => {
                    if let Some(Slot::Live(identity, _)) = self.slots.get(&id) {
                        look(Ok(identity));
                    }
                }
                Err(e) => look(Err(e)),
            },
            Urgent::Peek(id, peek) => peek(match self.slots.get(&id) {
                Some(Slot::Live(identity, _)) => Some(identity),
                _ => None,
            }),
            Urgent::Awake(awake) => awake(self.awake()),
            Urgent::Snapshot(id) => {
                if self.live(id).is_ok() {
                    self.snapshot_wanted.push(id);
                }
            }
            Urgent::Begin(begin) => self.committer.begin(begin),
            Urgent::Moving(id, _) if matches!(self.slots.get(&id), Some(Slot::Away(_))) => {
                self.wait_for(id, urgent);
            }
            Urgent::Moving(id, moving) => self.moving(id, moving),
            Urgent::Back(back) => self.back(*back),
            Urgent::Committed(failed) => self.committed(failed),
        }
    }

    /// A group is durable, but for the frames of these identities.
    fn committed(&mut self, failed: Vec<(IdentityId, Arc<Error>)>) {
        self.committing = false;
        for (id, error) in failed {
            self.undo(id, error);
        }
    }

    fn predict(&mut self, id: IdentityId, row: Row, done: Predicted) {
        let ready = match self.elsewhere(id) {
            Some(e) => Err(e),
            None => self.live(id),
        };
        if let Err(e) = ready {
            return done(Err(e));
        }
        if let Some((row, done)) = self.predict_away(id, row, done) {
            done(self.predict_here(id, &row));
        }
    }

    fn predict_here(&mut self, id: IdentityId, row: &Row) -> Result<(Answer, u64)> {
        let Some(Slot::Live(identity, _)) = self.slots.get(&id) else {
            return Err(Error::not_found(format!("identity {id} is not in memory")));
        };
        let (state, desk) = (identity.state(), &mut self.desk);
        // A prediction changes no state: who panics in one is whole.
        match std::panic::catch_unwind(AssertUnwindSafe(|| state.predict(row, desk))) {
            Ok(result) => result.map(|answer| (answer, state.version())),
            Err(panic) => {
                self.desk = Desk::default();
                let what = format!("the identity panicked on a row ({})", text_of(&*panic));
                Err(Error::new(ErrorKind::Internal, what))
            }
        }
    }

    /// Makes sure that an identity is in memory. A broken one comes back by replay, as soon as
    /// nothing of it is on its way to the disk.
    fn live(&mut self, id: IdentityId) -> Result<()> {
        self.looks += 1;
        if self.is_behind(id) {
            self.slots.remove(&id);
        }
        match self.slots.get_mut(&id) {
            Some(Slot::Live(_, look)) => {
                *look = self.looks;
                return Ok(());
            }
            Some(Slot::Broken(error)) if self.committing || self.touched.contains(&id) => {
                return Err(Error::new(
                    ErrorKind::Poisoned,
                    format!("identity {id} is coming back by replay after: {error}; try again"),
                ));
            }
            _ => {}
        }
        let there = self.opened.take().filter(|o| o.is_newest(id, &*self.reader));
        let opening = there.map_or_else(|| self.opening(id), Ok)?;
        let identity = opening.finish(&*self.reader, &self.catalog)?;
        self.slots.insert(id, Slot::Live(Box::new(identity), self.looks));
        Ok(())
    }

    /// An identity that is to come into memory.
    fn opening(&mut self, id: IdentityId) -> Result<Opening> {
        self.nonce = self.nonce.wrapping_add(0x9e37_79b9_7f4a_7c15);
        Opening::new(id, &*self.reader, &self.snapshots, self.nonce, self.granted(id))
    }

    fn events(&mut self, id: IdentityId, events: Vec<Event>, replies: Replies) {
        if self.is_away(id) {
            return self.learn_later((id, events, replies));
        }
        let Some((events, replies)) = self.admit(id, events, replies) else { return };
        if let Err(e) = self.live(id) {
            return replies(Err(e));
        }
        let Some(lesson) = self.learn_away(id, Lesson::new(events, replies)) else { return };
        self.learn(id, lesson);
    }

    /// Learns here and now.
    fn learn(&mut self, id: IdentityId, lesson: Lesson) {
        let (events, replies) = lesson.into_parts();
        let Some(Slot::Live(identity, _)) = self.slots.get_mut(&id) else { return };
        let mut results = Vec::with_capacity(events.len());
        let desk = &mut self.desk;
        for event in &events {
            let step = AssertUnwindSafe(|| identity.apply(event, desk));
            match std::panic::catch_unwind(step) {
                Ok(result) => results.push(result),
                Err(panic) => {
                    // The state may be half-way through the event. What was applied before it is
                    // in the frame and will be durable; the state itself is replayed.
                    self.desk = Desk::default();
                    let error = panicked(&*panic);
                    return self.poison(id, results, error, replies);
                }
            }
        }
        self.events += events.len();
        if !self.touched.contains(&id) {
            self.touched.push(id);
        }
        self.waiting.push(Waiting { id, results, replies });
    }

    /// The journal did not take an identity's frames: what was applied since is undone with them.
    fn undo(&mut self, id: IdentityId, error: Arc<Error>) {
        let (lost, kept) = std::mem::take(&mut self.waiting).into_iter().partition(|w| w.id == id);
        self.waiting = kept;
        // What is dropped makes room again: the bound counts what waits for the next commit.
        self.events = self.waiting.iter().map(|w| w.results.len()).sum();
        self.touched.retain(|other| *other != id);
        let lost: Vec<Waiting> = lost;
        for waiting in lost {
            (waiting.replies)(Err(Error::new(error.kind, error.message.clone())));
        }
        if !self.undo_away(id, &error) {
            self.slots.insert(id, Slot::Broken(error));
        }
    }

    fn poison(
        &mut self,
        id: IdentityId,
        mut results: Vec<Result<Reply>>,
        error: Error,
        replies: Replies,
    ) {
        let error = Arc::new(error);
        results.push(Err(Error::new(error.kind, error.message.clone())));
        let frames = match self.slots.insert(id, Slot::Broken(error)) {
            Some(Slot::Live(mut identity, _)) => identity.take_frames(),
            _ => Vec::new(),
        };
        self.orphans.extend(frames);
        self.waiting.push(Waiting { id, results, replies });
        self.touched.push(id);
    }

    /// Hands everything that was applied to the committer, as one group.
    fn commit(&mut self) {
        if self.nothing_to_commit() {
            return;
        }
        let mut group = Group {
            waiting: std::mem::take(&mut self.waiting),
            frames: std::mem::take(&mut self.orphans),
            snapshots: std::mem::take(&mut self.parting),
        };
        let mut ids = std::mem::take(&mut self.touched);
        let wanted = std::mem::take(&mut self.snapshot_wanted);
        ids.extend(wanted.iter().filter(|id| !ids.contains(id)).copied().collect::<Vec<_>>());
        for id in ids {
            let Some(Slot::Live(identity, _)) = self.slots.get_mut(&id) else { continue };
            group.frames.append(&mut identity.take_frames());
            if identity.state().is_resting() {
                self.rested.push(id);
            }
            // Saving a large state takes longer than a departure may hold learning up.
            if role::is_in_transit(self.roles.get(&id)) {
                continue;
            }
            if let Some((head, bytes)) = identity.due_snapshot(wanted.contains(&id)) {
                group.snapshots.push(SnapshotJob { id, head, bytes });
            }
        }
        self.events = 0;
        match self.committer.at_once(group) {
            Ok(done) => {
                self.committed(done.told());
                done.reply();
            }
            Err(group) => {
                self.committing = true;
                self.committer.commit(group);
            }
        }
    }

    /// Snapshots what changed; the committer ends after that.
    fn end(&mut self) {
        let mut group = Group::default();
        let mut ids: Vec<IdentityId> = self.slots.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            self.part_with(id);
        }
        group.frames.append(&mut self.orphans);
        group.snapshots.append(&mut self.parting);
        self.committer.commit(group);
        self.committer.close();
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let what = format!("the identity panicked on an event ({})", text_of(panic));
    Error::new(ErrorKind::Poisoned, what)
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}
