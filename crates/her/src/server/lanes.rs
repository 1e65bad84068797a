//! Threads that serve connections, each with a runtime of its own.
//!
//! A task that wakes itself, or one beside it, is looked at next by the same thread. A runtime of
//! many threads rouses another one to take the task over, and that takes longer than all that a
//! lone request needs. A connection stays on the lane that it was given.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use her_identity::{Error, Result};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

/// Where connections go.
#[derive(Clone)]
pub(super) struct Lanes(Arc<[Lane]>);

struct Lane {
    runtime: Handle,
    connections: Arc<AtomicUsize>,
}

/// The threads behind the lanes.
pub(super) struct Threads(Vec<(oneshot::Sender<()>, JoinHandle<()>)>);

impl Lanes {
    /// A lane for each core.
    pub fn start() -> Result<(Self, Threads)> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (mut lanes, mut threads) = (Vec::new(), Vec::new());
        for i in 0..cores {
            let io = |e| Error::io("starting the server's threads", e);
            let runtime = Builder::new_current_thread()
                .thread_name("her-work")
                .enable_all()
                .build()
                .map_err(io)?;
            lanes.push(Lane { runtime: runtime.handle().clone(), connections: Arc::default() });
            let (end, ends) = oneshot::channel();
            let name = format!("her-serve-{i}");
            let run = move || run(runtime, ends);
            threads.push((end, std::thread::Builder::new().name(name).spawn(run).map_err(io)?));
        }
        Ok((Self(lanes.into()), Threads(threads)))
    }

    /// Serves a connection on the lane that has the fewest.
    pub fn serve<F>(&self, stream: TcpStream, serve: impl FnOnce(TcpStream) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        let fewest = self.0.iter().min_by_key(|lane| lane.connections.load(Ordering::Relaxed));
        let (Some(lane), Ok(stream)) = (fewest, stream.into_std()) else { return };
        lane.connections.fetch_add(1, Ordering::Relaxed);
        let on_lane = OnLane(Arc::clone(&lane.connections));
        lane.runtime.spawn(async move {
            let _on_lane = on_lane;
            // Refused when the system has no room for one more; then the connection is closed.
            if let Ok(stream) = TcpStream::from_std(stream) {
                serve(stream).await;
            }
        });
    }
}

/// One connection of a lane, until it is dropped.
struct OnLane(Arc<AtomicUsize>);

impl Drop for OnLane {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Threads {
    /// Ends what is left on the lanes: connections that were cut, and idle helpers.
    pub fn stop(self) {
        let (ends, threads): (Vec<_>, Vec<_>) = self.0.into_iter().unzip();
        drop(ends);
        for thread in threads {
            // A lane that panicked has nothing left to end.
            let _ = thread.join();
        }
    }
}

fn run(runtime: Runtime, ends: oneshot::Receiver<()>) {
    // Told to end, or left by a server that did not start.
    let _ = runtime.block_on(ends);
    runtime.shutdown_timeout(super::STRAGGLERS);
}
