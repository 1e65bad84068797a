//! Ctrl-C as a flag: verbs stop at the next place where nothing is half done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use her_identity::{Error, Result};

/// Whether the user wants to stop.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens for Ctrl-C and for the system's wish to end. A second one that comes before the
    /// first was seen to by [`Self::take`] ends the process at once; what was acknowledged is
    /// durable all the same.
    pub fn listen() -> Result<Self> {
        let stop = Self::default();
        let flag = stop.clone();
        let (ready, listening) = std::sync::mpsc::sync_channel(1);
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                let Ok(runtime) =
                    tokio::runtime::Builder::new_current_thread().enable_all().build()
                else {
                    return;
                };
                runtime.block_on(async {
                    let Ok(mut ended) = Ended::new() else { return };
                    let _ = ready.send(());
                    loop {
                        ended.recv().await;
                        if flag.0.swap(true, Ordering::Relaxed) {
                            std::process::exit(130);
                        }
                    }
                });
            })
            .map_err(|e| Error::io("starting a thread", e))?;
        // Without an answer, no signal can be caught: Ctrl-C then ends the process as usual.
        let _ = listening.recv();
        Ok(stop)
    }

    /// True when the user wanted to stop since the last time; then what is done goes on.
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }

    /// True once the user wants to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(unix)]
struct Ended {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Ended {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Ended;

#[cfg(not(unix))]
impl Ended {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn recv(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
