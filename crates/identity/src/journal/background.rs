//! What need not delay an append: the next segment, sidecars, freed files, the mark.

use super::index::Index;
use super::manifest::{Manifest, Mark, MarkFile};
use super::options::Options;
use super::recover;
use super::segment::Segment;
use crate::error::{Error, ErrorKind, Result};
use crate::format;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the writer, its readers and the background share.
#[derive(Default)]
pub(super) struct Shared {
    index: RwLock<Index>,
    acked: Mutex<Mark>,
    trouble: Mutex<(u64, Option<String>)>,
}

impl Shared {
    pub fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far the journal is acknowledged.
    pub fn acked(&self) -> MutexGuard<'_, Mark> {
        self.acked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn trouble(&self) -> (u64, Option<String>) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, result: Result<()>) {
        if let Err(error) = result {
            let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            trouble.0 += 1;
            trouble.1 = Some(error.message);
        }
    }
}

enum Job {
    Prepare(u64, u64),
    Sidecar(Arc<Segment>),
    Free(Manifest, Vec<u64>),
    Flush(SyncSender<()>),
}

/// The one who does the jobs, in the background thread or in the caller's.
struct Worker {
    options: Options,
    dir: PathBuf,
    shared: Arc<Shared>,
    mark: MarkFile,
}

impl Worker {
    fn prepare(&self, number: u64, length: u64) -> Result<Segment> {
        Segment::prepare(&*self.options.disk, &self.dir, number, length)
    }

    fn sidecar(&self, segment: &Segment) {
        let built = recover::seal_sidecar(&self.options, &self.dir, segment);
        self.shared.note(built.map(|_| ()));
    }

    /// The manifest first: a freed file that is still there is removed at the next opening, a
    /// missing one that nobody knows about would be damage.
    fn free(&self, manifest: &Manifest, numbers: &[u64]) {
        let disk = &*self.options.disk;
        let result = manifest.store(disk, &self.dir).and_then(|()| {
            for &number in numbers {
                let remove = |name: String| match disk.remove(&self.dir.join(&name)) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        Err(Error::io(format!("remove {name}"), error))
                    }
                    Ok(()) | Err(_) => Ok(()),
                };
                remove(format::segment_file(number))?;
                remove(format::sidecar_file(number))?;
            }
            disk.sync_dir(&self.dir).map_err(|e| Error::io("sync the journal directory", e))
        });
        self.shared.note(result);
    }

    fn mark(&mut self) {
        let acked = *self.shared.acked();
        let result = self.mark.write(acked);
        self.shared.note(result);
    }
}

type Prepared = (u64, Result<Segment>);

/// Jobs wait in a queue of this length; a writer that is faster waits.
const QUEUE: usize = 64;
/// How long acknowledged data may stay unmarked while the journal is idle or busy.
const MARK_EVERY: Duration = Duration::from_secs(1);

enum Mode {
    Inline(Box<Worker>),
    Thread { jobs: Option<SyncSender<Job>>, prepared: Receiver<Prepared>, thread: Option<Thread> },
}

type Thread = JoinHandle<()>;

/// Hands out the jobs.
pub(super) struct Background {
    mode: Mode,
    asked: Option<(u64, u64)>,
}

impl Background {
    /// Starts the thread, or none if the options say so.
    pub fn start(
        options: &Options,
        dir: PathBuf,
        shared: Arc<Shared>,
        mark: MarkFile,
    ) -> Result<Self> {
        let worker = Worker { options: options.clone(), dir, shared, mark };
        if !options.background {
            return Ok(Self { mode: Mode::Inline(Box::new(worker)), asked: None });
        }
        let (jobs, queue) = sync_channel(QUEUE);
        let (done, prepared) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("journal-background".to_owned())
            .spawn(move || run(worker, &queue, &done))
            .map_err(|source| Error::io("start the journal's background thread", source))?;
        let mode = Mode::Thread { jobs: Some(jobs), prepared, thread: Some(thread) };
        Ok(Self { mode, asked: None })
    }

    /// Asks for segment `number` ahead of time.
    pub fn prepare(&mut self, number: u64, length: u64) {
        if self.asked.is_none() && matches!(self.mode, Mode::Thread { .. }) {
            self.asked = Some((number, length));
            self.send(Job::Prepare(number, length));
        }
    }

    /// The prepared segment `number`; waits for it, or makes it now.
    pub fn prepared(&mut self, number: u64, length: u64) -> Result<Segment> {
        let asked = self.asked.take();
        match &self.mode {
            Mode::Inline(worker) => worker.prepare(number, length),
            Mode::Thread { prepared, .. } => {
                if asked.is_some() {
                    let answer = prepared.recv();
                    if let Ok((n, Ok(segment))) = answer
                        && n == number
                        && segment.length >= length
                    {
                        return Ok(segment);
                    }
                }
                // The thread failed, perhaps for want of space that is there again.
                self.send(Job::Prepare(number, length));
                match &self.mode {
                    Mode::Thread { prepared, .. } => match prepared.recv() {
                        Ok((_, result)) => result,
                        Err(_) => Err(stopped()),
                    },
                    Mode::Inline(_) => Err(stopped()),
                }
            }
        }
    }

    /// Writes the sidecar of a full segment.
    pub fn sidecar(&self, segment: Arc<Segment>) {
        self.send(Job::Sidecar(segment));
    }

    /// Removes freed segments.
    pub fn free(&self, manifest: Manifest, numbers: Vec<u64>) {
        self.send(Job::Free(manifest, numbers));
    }

    /// Waits until everything asked for is done and the mark is written.
    pub fn flush(&mut self) {
        match &mut self.mode {
            Mode::Inline(worker) => worker.mark(),
            Mode::Thread { .. } => {
                let (done, wait) = sync_channel(1);
                self.send(Job::Flush(done));
                // An error means that the thread is gone, and with it all it had to do.
                let _ = wait.recv();
            }
        }
        if let (Some(_), Mode::Thread { prepared, .. }) = (self.asked.take(), &self.mode) {
            // The prepared file is removed or overwritten by whoever opens next.
            let _ = prepared.try_recv();
        }
    }

    fn send(&self, job: Job) {
        match &self.mode {
            Mode::Inline(worker) => match job {
                Job::Prepare(..) | Job::Flush(_) => {}
                Job::Sidecar(segment) => worker.sidecar(&segment),
                Job::Free(manifest, numbers) => worker.free(&manifest, &numbers),
            },
            Mode::Thread { jobs, .. } => {
                if let Some(jobs) = jobs {
                    // A thread that is gone is found out by the next one who waits for it.
                    let _ = jobs.send(job);
                }
            }
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.flush();
        if let Mode::Thread { jobs, thread, .. } = &mut self.mode {
            jobs.take();
            if let Some(thread) = thread.take() {
                // A panic of the thread was reported where it happened.
                let _ = thread.join();
            }
        }
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Internal, "the journal's background thread has stopped; reopen")
}

fn run(mut worker: Worker, queue: &Receiver<Job>, done: &SyncSender<Prepared>) {
    loop {
        match queue.recv_timeout(MARK_EVERY) {
            Ok(Job::Prepare(number, length)) => {
                if done.send((number, worker.prepare(number, length))).is_err() {
                    return;
                }
            }
            Ok(Job::Sidecar(segment)) => worker.sidecar(&segment),
            Ok(Job::Free(manifest, numbers)) => worker.free(&manifest, &numbers),
            Ok(Job::Flush(reply)) => {
                worker.mark();
                // Whoever asked may have gone.
                let _ = reply.send(());
            }
            Err(RecvTimeoutError::Timeout) => worker.mark(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
