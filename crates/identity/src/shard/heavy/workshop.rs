//! The thread that works on heavy identities, and what it is told to do.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};

use her_learn::{Catalog, Row};

use super::super::inbox::{Inbox, Urgent};
use super::super::role::Done;
use super::super::{Predicted, Reader, Replies, panicked, text_of};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::identity::{Identity, Opening};
use crate::journal::{Frame, Head, IdentityId};
use crate::turn::{Desk, Reply};

/// Events on their way through an identity.
pub(in super::super) struct Lesson {
    pub events: VecDeque<Event>,
    pub results: Vec<Result<Reply>>,
    pub replies: Replies,
}

/// What is done to an identity.
pub(super) enum Work {
    Open,
    Learn(Lesson),
    Predict(Row, Predicted),
    Follow(Vec<Frame>, Done<Head>),
}

/// An identity with what is to be done to it.
pub(super) struct Job {
    pub id: IdentityId,
    /// None while it is being opened.
    pub identity: Option<Box<Identity>>,
    pub opening: Option<Opening>,
    pub work: Work,
    /// Set when somebody waits for it.
    pub wanted: Arc<AtomicBool>,
}

/// An identity that comes back, and what is left to be done about it.
pub(in super::super) struct Back {
    pub(super) id: IdentityId,
    pub(super) identity: Result<Box<Identity>>,
    pub(super) left: Left,
}

/// What is left to be done about an identity that comes back.
pub(super) enum Left {
    Nothing,
    Learn(Lesson),
    /// It panicked on the next event.
    Panicked(Lesson, Error),
    Followed(Result<Head>, Done<Head>),
}

/// The thread for heavy identities of one shard; it starts with the first.
pub(in super::super) struct Workshop {
    name: String,
    inbox: Arc<Inbox>,
    reader: Arc<Reader>,
    catalog: Catalog,
    jobs: OnceLock<Sender<Job>>,
    waiting: Arc<AtomicUsize>,
}

impl Workshop {
    pub fn new(name: &str, inbox: Arc<Inbox>, reader: Arc<Reader>, catalog: Catalog) -> Self {
        let (name, waiting) = (format!("{name}-heavy"), Arc::default());
        Self { name, inbox, reader, catalog, jobs: OnceLock::new(), waiting }
    }

    /// Hands a job in. Gives it back when there is no thread for it.
    pub(super) fn take(&self, job: Job) -> std::result::Result<(), Box<Job>> {
        let jobs = match self.jobs.get() {
            Some(jobs) => jobs,
            None => match self.start() {
                Ok(jobs) => self.jobs.get_or_init(|| jobs),
                Err(_) => return Err(Box::new(job)),
            },
        };
        self.waiting.fetch_add(1, Ordering::Relaxed);
        jobs.send(job).map_err(|unsent| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            Box::new(unsent.0)
        })
    }

    fn start(&self) -> std::io::Result<Sender<Job>> {
        let (send, jobs) = channel::<Job>();
        let (inbox, reader, catalog) =
            (Arc::clone(&self.inbox), Arc::clone(&self.reader), self.catalog.clone());
        let waiting = Arc::clone(&self.waiting);
        std::thread::Builder::new()
            .name(self.name.clone())
            .spawn(move || run(&jobs, &inbox, &*reader, &catalog, &waiting))?;
        Ok(send)
    }
}

/// The life of the thread; it ends with the learner.
fn run(
    jobs: &Receiver<Job>,
    inbox: &Inbox,
    reader: &Reader,
    catalog: &Catalog,
    waiting: &AtomicUsize,
) {
    let mut desk = Desk::default();
    while let Ok(job) = jobs.recv() {
        waiting.fetch_sub(1, Ordering::Relaxed);
        let back = job.run(&mut desk, reader, catalog, waiting);
        inbox.urgent(Urgent::Back(Box::new(back)));
        inbox.ring();
    }
}

impl Job {
    pub fn run(
        self,
        desk: &mut Desk,
        reader: &Reader,
        catalog: &Catalog,
        waiting: &AtomicUsize,
    ) -> Back {
        let Self { id, identity, opening, work, wanted } = self;
        let opened = match (identity, opening) {
            (Some(identity), _) => Ok(identity),
            (None, Some(opening)) => {
                caught("while it came back", || opening.finish(reader, catalog).map(Box::new))
            }
            (None, None) => Err(Error::new(ErrorKind::Internal, "nothing to work on")),
        };
        let mut identity = match opened {
            Ok(identity) => identity,
            Err(error) => return Back { id, identity: Err(error), left: Left::Nothing },
        };
        let left = match work {
            Work::Open => Left::Nothing,
            Work::Predict(row, done) => {
                let state = identity.state();
                let answer = caught("on a row", || state.predict(&row, desk));
                done(answer.map(|answer| (answer, state.version())));
                Left::Nothing
            }
            Work::Learn(lesson) => {
                let stop = || wanted.load(Ordering::Relaxed) || waiting.load(Ordering::Relaxed) > 0;
                lesson.run(&mut identity, desk, stop)
            }
            Work::Follow(frames, done) => {
                let folded = caught("on a frame", || {
                    frames.iter().try_for_each(|frame| identity.follow(frame, desk))
                });
                let last = frames.last().map_or_else(|| identity.head(), Frame::head);
                Left::Followed(folded.map(|()| last), done)
            }
        };
        Back { id, identity: Ok(identity), left }
    }
}

impl Lesson {
    pub fn new(events: Vec<Event>, replies: Replies) -> Self {
        let results = Vec::with_capacity(events.len());
        Self { events: events.into(), results, replies }
    }

    pub fn into_parts(self) -> (VecDeque<Event>, Replies) {
        (self.events, self.replies)
    }

    /// Applies one event after the other until it is told to stop; one at least.
    fn run(mut self, identity: &mut Identity, desk: &mut Desk, stop: impl Fn() -> bool) -> Left {
        while let Some(event) = self.events.pop_front() {
            match std::panic::catch_unwind(AssertUnwindSafe(|| identity.apply(&event, desk))) {
                Ok(result) => self.results.push(result),
                Err(panic) => {
                    *desk = Desk::default();
                    let error = panicked(&*panic);
                    return Left::Panicked(self, error);
                }
            }
            if stop() {
                break;
            }
        }
        Left::Learn(self)
    }
}

fn caught<T>(when: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let what = format!("the identity panicked {when} ({})", text_of(&*panic));
        Err(Error::new(ErrorKind::Internal, what))
    })
}
