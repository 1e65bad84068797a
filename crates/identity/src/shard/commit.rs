//! The committer: appends groups, syncs once for each, and only then replies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::inbox::{Inbox, Urgent};
use super::times::Times;
use super::{Replies, Reply};
use crate::error::{Error, Result};
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

/// The learner's end of the committer.
pub(super) struct Committer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Committer {
    pub fn start(
        name: &str,
        journal: Box<dyn Journal>,
        snapshots: Arc<Snapshots>,
        inbox: &Arc<Inbox>,
        commits: Arc<Times>,
    ) -> Result<Self> {
        let (jobs, todo) = channel();
        let inbox = Arc::clone(inbox);
        let work = Work { journal, snapshots, inbox, commits, results: Vec::new() };
        let thread = std::thread::Builder::new()
            .name(format!("{name}-commit"))
            .spawn(move || work.run(&todo))
            .map_err(|e| Error::io("starting a commit thread", e))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// At most one group is under way: the learner waits for `Committed` before the next.
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

    pub fn stop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Work {
    journal: Box<dyn Journal>,
    snapshots: Arc<Snapshots>,
    inbox: Arc<Inbox>,
    commits: Arc<Times>,
    results: Vec<Appended>,
}

impl Work {
    fn run(mut self, todo: &Receiver<Job>) {
        while let Ok(job) = todo.recv() {
            match job {
                Job::Group(group) => self.group(group),
                Job::Begin(begin) => {
                    let result = self.begin(&begin);
                    (begin.done)(result);
                }
            }
        }
    }

    fn group(&mut self, group: Group) {
        let failed = self.append(&group.frames);
        // The learner hears of it first: who is told of a failure and asks at once must not meet
        // the state that failed.
        let told = failed.iter().map(|(id, error)| (*id, Arc::clone(error))).collect();
        self.inbox.urgent(Urgent::Committed(told));
        for w in group.waiting {
            match failed.get(&w.id) {
                // A request that only met refusals or duplicates of durable events has its answer.
                Some(e) if w.results.iter().any(|r| matches!(r, Ok(r) if !r.duplicate)) => {
                    (w.replies)(Err(Error::new(e.kind, e.message.clone())));
                }
                _ => (w.replies)(Ok(w.results)),
            }
        }
        for job in group.snapshots.into_iter().filter(|s| !failed.contains_key(&s.id)) {
            if let Err(e) = self.store(&job) {
                // A snapshot only saves time at the next opening; the journal holds everything.
                eprintln!("warning: no snapshot of identity {} was written: {e}", job.id);
            }
        }
    }

    fn store(&self, job: &SnapshotJob) -> Result<()> {
        self.snapshots.put(job.id, &job.head, &job.bytes)?;
        self.snapshots.prune(job.id, SNAPSHOTS_KEPT).map(|_| ())
    }

    fn append(&mut self, frames: &[Frame]) -> BTreeMap<IdentityId, Arc<Error>> {
        let mut failed = BTreeMap::new();
        if frames.is_empty() {
            return failed;
        }
        let (journal, results) = (&mut self.journal, &mut self.results);
        self.commits.time(|| {
            journal.append(frames, results);
            // A failed write leaves the journal closed to writes. Opening anew finds out what is
            // durable; appending the same frames again settles what was not known.
            if results.iter().any(is_unsettled) && journal.reopen().is_ok() {
                journal.append(frames, results);
            }
        });
        for (frame, result) in frames.iter().zip(self.results.drain(..)) {
            if let Err(e) = result {
                failed.entry(frame.header().identity).or_insert_with(|| Arc::new(Error::from(e)));
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
            Some(e) => Err(Error::new(e.kind, e.message.clone())),
            None => Ok(head),
        }
    }
}

fn is_unsettled(result: &Appended) -> bool {
    matches!(result, Err(AppendError::Unknown(_) | AppendError::Unavailable(_)))
}
