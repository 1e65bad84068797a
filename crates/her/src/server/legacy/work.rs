//! The thread on which the past is lived again: one request at a time, a few that wait.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use her_identity::journal::IdentityId;
use her_identity::legacy::{Frozen, Still};
use her_identity::{Error, ErrorKind, Result};
use tokio::sync::oneshot;

use crate::server::problem::Problem;

/// Requests that wait; one more is told to come back.
const QUEUE: usize = 16;

/// What the work is done with.
pub(super) struct Past {
    pub frozen: Arc<Frozen>,
    /// The version that was asked for last: who asks by a past version asks again.
    last: Option<((Option<IdentityId>, u64), Still)>,
}

impl Past {
    /// The identity as it was; kept until another version is asked for.
    pub fn at(&mut self, branch: Option<IdentityId>, version: u64) -> Result<&Still> {
        let key = (branch, version);
        let last = self.last.take().filter(|(of, _)| *of == key);
        let still = match last {
            Some((_, still)) => still,
            None => self.frozen.at(branch, version)?,
        };
        Ok(&self.last.insert((key, still)).1)
    }
}

type Task = Box<dyn FnOnce(&mut Past) + Send>;

/// The queue in front of the thread.
pub(super) struct Worker(SyncSender<Task>);

impl Worker {
    /// Starts the thread, and waits until it runs.
    pub fn start(frozen: Arc<Frozen>) -> Result<(Self, JoinHandle<()>)> {
        let (send, tasks) = sync_channel::<Task>(QUEUE);
        let (ready, runs) = sync_channel(1);
        let run = move || {
            let _ = ready.send(());
            let mut past = Past { frozen, last: None };
            while let Ok(task) = tasks.recv() {
                task(&mut past);
            }
        };
        let thread = thread::Builder::new().name("her-past".into()).spawn(run);
        let thread = thread.map_err(|e| Error::io("starting a thread", e))?;
        let _ = runs.recv();
        Ok((Self(send), thread))
    }

    /// Runs work on the thread.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Past) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Problem> {
        let (tell, told) = oneshot::channel();
        let task = Box::new(move |past: &mut Past| {
            // Whoever asked may have gone.
            let _ = tell.send(work(past));
        });
        if self.0.try_send(task).is_err() {
            return Err(Problem::busy("too many requests for the past wait already; try again"));
        }
        let ended = |_| Error::new(ErrorKind::Internal, "the work on this request ended badly");
        Ok(told.await.map_err(ended)??)
    }
}
