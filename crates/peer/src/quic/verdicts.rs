//! What became of transfers, told to their sender on a stream of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use iroh::endpoint::{Connection, RecvStream};
use tokio::sync::{mpsc, oneshot};

use super::peer::{Counters, Wire, add, broke_rules};
use super::receive::fill;
use super::send::{Failed, Written};
use crate::wire::{Verdict, decode_verdict, encode_verdict};

/// Verdicts that are written at once.
const TOGETHER: usize = 64;

/// Who waits for the verdict on which stream: as many as transfers are being sent.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<BTreeMap<u64, oneshot::Sender<Verdict>>>);

impl Waiting {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<u64, oneshot::Sender<Verdict>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(&self, stream: u64) -> Awaited<'_> {
        let (sender, verdict) = oneshot::channel();
        self.waiting().insert(stream, sender);
        Awaited { waiting: self, stream, verdict }
    }

    fn tell(&self, stream: u64, verdict: Verdict) {
        if let Some(sender) = self.waiting().remove(&stream) {
            // Who gave up needs no verdict.
            let _ = sender.send(verdict);
        }
    }
}

/// A verdict that is to come.
pub(super) struct Awaited<'a> {
    waiting: &'a Waiting,
    stream: u64,
    verdict: oneshot::Receiver<Verdict>,
}

impl Awaited<'_> {
    /// Without a limit of time: how long the last bytes take depends on the line, and a machine
    /// that is gone ends the connection.
    pub(super) async fn wait(mut self, connection: &Connection) -> Written {
        tokio::select! {
            biased;
            verdict = &mut self.verdict => match verdict {
                Ok(verdict) => verdict.map_err(Failed::Transfer),
                Err(_) => Err(Failed::Connection),
            },
            _ = connection.closed() => Err(Failed::Connection),
        }
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.waiting.waiting().remove(&self.stream);
    }
}

/// Writes verdicts until the connection ends.
pub(super) async fn write(
    connection: Connection,
    counters: Arc<Counters>,
    mut verdicts: mpsc::Receiver<(u64, Verdict)>,
) {
    let Ok(mut stream) = connection.open_uni().await else { return };
    // A stream that is closed needs no priority; the first write says so.
    let _ = stream.set_priority(i32::MAX);
    let mut bytes = vec![0, 0];
    let mut some = Vec::with_capacity(TOGETHER);
    loop {
        tokio::select! {
            biased;
            written = stream.write_all(&bytes) => if written.is_err() {
                return;
            },
            _ = connection.closed() => return,
        }
        add(&counters.bytes_out, bytes.len() as u64);
        bytes.clear();
        tokio::select! {
            read = verdicts.recv_many(&mut some, TOGETHER) => if read == 0 {
                return;
            },
            _ = connection.closed() => return,
        }
        for (number, verdict) in some.drain(..) {
            bytes.extend(encode_verdict(number, verdict));
        }
    }
}

/// Reads the other side's verdicts until the connection ends.
pub(super) async fn read(wire: &Wire, mut stream: RecvStream) {
    let mut bytes = [0; 9];
    while let Ok(read) = fill(wire, &mut stream, &mut bytes).await {
        if read < bytes.len() {
            return broke_rules(wire, "the stream of verdicts ended before the connection");
        }
        let (number, verdict) = decode_verdict(bytes);
        wire.waiting.tell(number, verdict);
    }
}
