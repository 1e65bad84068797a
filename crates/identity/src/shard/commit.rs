//! The committer: appends groups, syncs once for each, and only then replies.
//!
//! A thread does it, so that the learner goes on while the disk works. Where syncing takes less
//! than waking that thread, as on a disk in memory or behind a battery, the learner does it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::core::{Core, Worst};
use super::times::Times;
use super::{Replies, Reply};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Batch, Event};
use crate::journal::{
    AppendError, Appended, Digest, Frame, FrameHeader, FrameKind, Head, IdentityId, Journal,
};
use crate::snapshot::Snapshots;

/// Newest snapshots that are kept of an identity; older ones thin out.
const SNAPSHOTS_KEPT: usize = 3;

/// Replies that are due once a group is durable.
pub(super) struct Waiting {
    pub id: IdentityId,
    pub results: Vec<Result<Reply>>,
    pub replies: Replies,
}

/// A state to be written once the group it belongs to is durable.
pub(super) struct SnapshotJob {
    pub id: IdentityId,
    pub head: Head,
    pub bytes: Vec<u8>,
}

/// One commit.
#[derive(Default)]
pub(super) struct Group {
    pub frames: Vec<Frame>,
    pub waiting: Vec<Waiting>,
    pub snapshots: Vec<SnapshotJob>,
}

/// A new line of life: a birth, or a branch of another identity.
pub struct Begin {
    /// The new identity.
    pub id: IdentityId,
    /// Its first event: born or branched.
    pub event: Event,
    /// For a branch: the version and digest it goes on from, and the state there.
    pub branch: Option<(u64, Digest, Vec<u8>)>,
    /// Chosen by the caller, so that no two writers make the same frame.
    pub nonce: u64,
    /// Called once it is durable.
    pub done: Box<dyn FnOnce(Result<Head>) + Send>,
}

enum Job {
    Group(Group),
    Begin(Begin),
}

/// Commits that take no longer are done by the learner: some two times what it takes to wake a
/// thread. In nanoseconds.
const PROMPT_NS: u64 = 50_000;

/// The learner's end of the committer.
pub(super) struct Committer {
    jobs: Option<Sender<Job>>,
    work: Arc<Mutex<Work>>,
}

/// What the committer's thread does.
pub(super) struct Jobs {
    todo: Receiver<Job>,
    work: Arc<Mutex<Work>>,
}

/// Identities whose frames were not taken: why, and from which event on.
type Failed = BTreeMap<IdentityId, (Arc<Error>, u64)>;

/// A group of which it is known what became of it.
pub(super) struct Done {
    failed: Failed,
    waiting: Vec<Waiting>,
}

impl Done {
    /// What the learner is told: the identities whose frames were not taken.
    pub fn told(&self) -> Vec<(IdentityId, Arc<Error>)> {
        self.failed.iter().map(|(id, (error, _))| (*id, Arc::clone(error))).collect()
    }

    /// Answers everybody. After the learner was told: who hears of a failure and asks at once
    /// must not meet the state that failed.
    pub fn reply(self) {
        for w in self.waiting {
            match self.failed.get(&w.id) {
                // A request that only met refusals or duplicates of durable events has its answer.
                // What it is a duplicate of may be among the events that were not taken.
                Some((e, from)) if w.results.iter().any(|r| lost(r, *from)) => {
                    (w.replies)(Err(Error::new(e.kind, e.message.clone())));
                }
                _ => (w.replies)(Ok(w.results)),
            }
        }
    }
}

fn lost(result: &Result<Reply>, from: u64) -> bool {
    matches!(result, Ok(reply) if !reply.duplicate || reply.version >= from)
}

impl Committer {
    pub fn new(
        journal: Box<dyn Journal>,
        snapshots: Arc<Snapshots>,
        commits: Arc<Times>,
    ) -> (Self, Jobs) {
        let (jobs, todo) = channel();
        // How prompt the disk is has to show first.
        let worst = Worst::new(2 * PROMPT_NS);
        let (results, doubtful) = (Vec::new(), BTreeSet::new());
        let work = Work { journal, snapshots, commits, results, worst, doubtful };
        let work = Arc::new(Mutex::new(work));
        (Self { jobs: Some(jobs), work: Arc::clone(&work) }, Jobs { todo, work })
    }

    /// Commits a group on this thread, if that is sure to be short; else gives it back.
    pub fn at_once(&self, mut group: Group) -> std::result::Result<Done, Group> {
        let Ok(mut work) = self.work.try_lock() else { return Err(group) };
        let prompt = work.worst.ns() <= PROMPT_NS && work.doubtful.is_empty();
        if !group.snapshots.is_empty() || !prompt {
            return Err(group);
        }
        match work.append_once(&group.frames) {
            Some(failed) => Ok(Done { failed, waiting: std::mem::take(&mut group.waiting) }),
            // To open the journal anew takes its time; the same frames may come again.
            None => Err(group),
        }
    }

    /// At most one group is under way: the learner hears of its end before the next.
    pub fn commit(&self, group: Group) {
        self.send(Job::Group(group));
    }

    pub fn begin(&self, begin: Begin) {
        self.send(Job::Begin(begin));
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // The committer ends only when this sender is dropped.
            let _ = jobs.send(job);
        }
    }

    /// The thread ends when it has done what was sent.
    pub fn close(&mut self) {
        self.jobs = None;
    }
}

impl Jobs {
    /// The life of the committer's thread.
    pub fn run(self, core: &Core) {
        while let Ok(job) = self.todo.recv() {
            self.job(job, core);
        }
    }

    /// Does one job, if one waits.
    #[cfg(feature = "testing")]
    pub fn run_one(&self, core: &Core) -> bool {
        self.todo.try_recv().map(|job| self.job(job, core)).is_ok()
    }

    fn job(&self, job: Job, core: &Core) {
        match job {
            Job::Group(group) => self.group(group, core),
            Job::Begin(begin) => {
                let result = self.work().begin(&begin);
                (begin.done)(result);
            }
        }
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn group(&self, group: Group, core: &Core) {
        let failed = self.work().append_all(&group);
        let stored: Vec<SnapshotJob> =
            group.snapshots.into_iter().filter(|s| !failed.contains_key(&s.id)).collect();
        let done = Done { failed, waiting: group.waiting };
        core.committed(done.told());
        done.reply();
        core.go_on();
        for job in stored {
            if let Err(e) = self.work().store(&job) {
                // A snapshot only saves time at the next opening; the journal holds everything.
                eprintln!("warning: no snapshot of identity {} was written: {e}", job.id);
            }
        }
    }
}

struct Work {
    journal: Box<dyn Journal>,
    snapshots: Arc<Snapshots>,
    commits: Arc<Times>,
    results: Vec<Appended>,
    /// What a commit takes.
    worst: Worst,
    /// Identities of which a frame may be in the journal or not: opening anew failed as well.
    doubtful: BTreeSet<IdentityId>,
}

impl Work {
    fn store(&self, job: &SnapshotJob) -> Result<()> {
        self.snapshots.put(job.id, &job.head, &job.bytes)?;
        self.snapshots.prune(job.id, SNAPSHOTS_KEPT).map(|_| ())
    }

    /// Appends a group's frames. Who waits without a frame, for a seal or a duplicate, is told
    /// where the identity stands: that must not be in doubt. It is replayed then.
    fn append_all(&mut self, group: &Group) -> Failed {
        let mut failed = self.append(&group.frames);
        if self.doubtful.is_empty() {
            return failed;
        }
        let writes = |id| group.frames.iter().any(|frame| frame.header().identity == id);
        let mut ids: BTreeSet<IdentityId> = group.waiting.iter().map(|w| w.id).collect();
        ids.retain(|id| self.doubtful.contains(id) && !writes(*id));
        for id in ids {
            let what = match self.journal.reopen() {
                Ok(()) => {
                    self.doubtful.remove(&id);
                    "it was not known whether the last write is durable; try again".to_owned()
                }
                Err(e) => format!("it is not known whether the last write is durable: {e}"),
            };
            let error = Error::new(ErrorKind::Unavailable, what);
            failed.insert(id, (Arc::new(error), 0));
        }
        failed
    }

    /// Appends frames whatever it takes.
    fn append(&mut self, frames: &[Frame]) -> Failed {
        self.try_append(frames, |journal, results| {
            journal.append(frames, results);
            // A failed write leaves the journal closed to writes. Opening anew finds out what is
            // durable; appending the same frames again settles what was not known.
            if results.iter().any(is_unsettled) && journal.reopen().is_ok() {
                journal.append(frames, results);
            }
        });
        self.failed(frames)
    }

    /// Appends frames; nothing when it is not known what became of them.
    fn append_once(&mut self, frames: &[Frame]) -> Option<Failed> {
        self.try_append(frames, |journal, results| journal.append(frames, results));
        (!self.results.iter().any(is_unsettled)).then(|| self.failed(frames))
    }

    fn try_append(
        &mut self,
        frames: &[Frame],
        append: impl FnOnce(&mut dyn Journal, &mut Vec<Appended>),
    ) {
        self.results.clear();
        if !frames.is_empty() {
            let (journal, results) = (&mut *self.journal, &mut self.results);
            let ((), ns) = self.commits.time(|| append(journal, results));
            self.worst.add(ns);
        }
    }

    fn failed(&mut self, frames: &[Frame]) -> Failed {
        let mut failed = BTreeMap::new();
        for (frame, result) in frames.iter().zip(self.results.drain(..)) {
            if is_unsettled(&result) {
                self.doubtful.insert(frame.header().identity);
            } else {
                self.doubtful.remove(&frame.header().identity);
            }
            if let Err(e) = result {
                let header = frame.header();
                let lost = || (Arc::new(Error::from(e)), header.first_seq);
                failed.entry(header.identity).or_insert_with(lost);
            }
        }
        failed
    }

    /// The ownership and the first event in one write; a branch's state before them.
    fn begin(&mut self, begin: &Begin) -> Result<Head> {
        let (at, digest) = begin.branch.as_ref().map_or((0, Digest::ZERO), |b| (b.0, b.1));
        let own = Frame::own(begin.id, 1, begin.nonce, at, digest)?;
        if let Some((_, _, state)) = &begin.branch {
            self.snapshots.put(begin.id, &own.head(), state)?;
        }
        let mut batch = Batch::default();
        if !batch.push(&begin.event) {
            return Err(Error::invalid("the spec is larger than a frame of 512 KiB; shorten it"));
        }
        let header = FrameHeader {
            kind: FrameKind::Events,
            identity: begin.id,
            epoch: 1,
            first_seq: at + 1,
            count: 1,
            nonce: begin.nonce.wrapping_add(1),
            prev: own.digest(),
        };
        let first = Frame::seal(header, batch.take())?;
        let head = first.head();
        match self.append(&[own, first]).into_values().next() {
            Some((e, _)) => Err(Error::new(e.kind, e.message.clone())),
            None => Ok(head),
        }
    }
}

fn is_unsettled(result: &Appended) -> bool {
    matches!(result, Err(AppendError::Unknown(_) | AppendError::Unavailable(_)))
}
