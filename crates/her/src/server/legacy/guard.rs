//! The guard looks at every byte again, hour by hour.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use her_identity::clock::{Clock, RealClock};
use her_identity::legacy::{self, Frozen};
use her_identity::{Error, Result};
use serde_json::{Value, json};

/// What is known of the copy's bytes.
pub(super) struct Seal {
    manifest: String,
    began_ms: u64,
    every: Duration,
    seen: Mutex<Seen>,
}

struct Seen {
    looked_ms: u64,
    times: u64,
    /// The first thing that was found wrong. It stays: bytes that came back were away.
    fault: Option<String>,
}

impl Seal {
    /// The seal of a copy that was just opened, and so looked at whole.
    pub fn new(frozen: &Frozen, now_ms: u64, every: Duration) -> Self {
        let seen = Mutex::new(Seen { looked_ms: now_ms, times: 1, fault: None });
        Self { manifest: frozen.digest().to_owned(), began_ms: now_ms, every, seen }
    }

    /// Looks at every byte now.
    pub fn look(&self, frozen: &Frozen, now_ms: u64) {
        let fault = match legacy::check(frozen.dir()) {
            Ok((_, digest)) if digest == self.manifest => None,
            Ok((_, digest)) => Some(format!(
                "the manifest in {} has another BLAKE3 than at the start: {digest}",
                frozen.dir().display()
            )),
            Err(e) => Some(e.message),
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.looked_ms = now_ms;
        seen.times += 1;
        seen.fault = seen.fault.take().or(fault);
    }

    /// What is wrong, if something is.
    pub fn fault(&self) -> Option<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).fault.clone()
    }

    /// As `/status` tells it.
    pub fn to_json(&self) -> Value {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "blake3": self.manifest,
            "holds": seen.fault.is_none(),
            "fault": seen.fault,
            "at_start_ms": self.began_ms,
            "last_ms": seen.looked_ms,
            "checks": seen.times,
            "every_s": self.every.as_secs(),
        })
    }
}

/// The guard's thread.
pub(super) struct Guard {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

/// Starts the guard, and waits until it is there.
pub(super) fn start(frozen: Arc<Frozen>, seal: Arc<Seal>, clock: Arc<RealClock>) -> Result<Guard> {
    let (stop, stopped) = sync_channel(1);
    let (ready, runs) = sync_channel(1);
    let run = move || {
        let _ = ready.send(());
        while stopped.recv_timeout(seal.every) == Err(RecvTimeoutError::Timeout) {
            let was_fine = seal.fault().is_none();
            seal.look(&frozen, clock.now_ms());
            if let Some(why) = seal.fault().filter(|_| was_fine) {
                super::say(&format!("error: {why}; nothing is answered by it any more"));
            }
        }
    };
    let thread = thread::Builder::new().name("her-guard".into()).spawn(run);
    let thread = thread.map_err(|e| Error::io("starting a thread", e))?;
    let _ = runs.recv();
    Ok(Guard { stop, thread })
}

impl Guard {
    /// Ends the guard, after the look that it may be at.
    pub fn stop(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}
