//! One connection: its control stream, its counters, and how it ends.
//!
//! Ending without loss takes both sides. Each says `BYE` behind its last frame when the verdicts on
//! all its transfers are there, and finishes its control stream when it has read the other's. So
//! the end of the other's stream means that the other has everything: the connection may close.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use iroh::endpoint::{Connection, Path, RecvStream, SendStream, VarInt};
use tokio::sync::{Mutex as AsyncMutex, OnceCell, Semaphore, mpsc, watch};
use tokio::time::timeout;

use super::receive::{self, Arrived};
use super::roster::end;
use super::verdicts::{self, Waiting};
use super::{send, words};
use crate::quota::Quota;
use crate::wire::{BYE, End, FRAME};
use crate::{Error, Figures, Key, Limits, PeerLink, Result, Transfer, Wait};

/// What a connection counts.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub bytes_in: AtomicU64,
    pub bytes_out: AtomicU64,
    pub frames_in: AtomicU64,
    pub frames_out: AtomicU64,
    pub transfers_in: AtomicU64,
    pub transfers_out: AtomicU64,
    pub receiving: AtomicU64,
    pub sending: AtomicU64,
    pub broken: AtomicU64,
    pub refused: AtomicU64,
}

/// One more, until it is dropped.
pub(super) struct Under<'a>(&'a AtomicU64);

impl<'a> Under<'a> {
    pub(super) fn way(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Under<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

/// A unit for the control stream.
enum Unit {
    Frame(Bytes),
    Bye,
    Finish,
}

/// What the tasks of a connection share.
pub(super) struct Wire {
    pub peer: Key,
    pub connection: Connection,
    pub limits: Limits,
    pub counters: Arc<Counters>,
    pub quota_in: Quota,
    pub quota_out: Quota,
    /// A permit for each transfer that is being sent, and who waits for its verdict.
    pub sending: Semaphore,
    pub waiting: Waiting,
    /// A permit for each transfer that came and was not taken out, and one for each of its bytes.
    pub slots: Arc<Semaphore>,
    pub room: Arc<Semaphore>,
    /// One for each report of a broken transfer that was not taken out.
    pub reports: Arc<Semaphore>,
    outbox: mpsc::Sender<Unit>,
    /// Locked while a frame is queued, so that none gets behind the last unit.
    closing: Mutex<bool>,
    is_closing: AtomicBool,
    bye: OnceCell<()>,
    /// The other side has everything that was sent here.
    has_all: watch::Sender<bool>,
}

impl Wire {
    pub(super) fn closed(&self) -> Error {
        let why = self.connection.close_reason();
        Error::Closed(why.map_or_else(|| "it is being closed".to_owned(), |why| words(&why)))
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    fn start_closing(&self) {
        *self.closing.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.is_closing.store(true, Ordering::Release);
    }

    /// Ends sending: waits for what is under way, then says how much there was, once.
    async fn say_bye(&self) {
        self.start_closing();
        let say = || async {
            // Never closed, so it cannot fail; each transfer holds one.
            let all = self.sending.acquire_many(self.limits.streams).await;
            drop(all);
            // A writer that is gone lost the connection, and with it whom to tell.
            let _ = self.outbox.send(Unit::Bye).await;
        };
        self.bye.get_or_init(say).await;
    }

    /// What [`PeerLink::close`] does.
    pub(super) async fn close(&self) {
        let mut has_all = self.has_all.subscribe();
        let flushed = async {
            self.say_bye().await;
            tokio::select! {
                _ = has_all.wait_for(|all| *all) => {}
                _ = self.connection.closed() => {}
            }
        };
        let reason = match timeout(self.limits.flush, flushed).await {
            Ok(()) => "the other side is done",
            Err(_) => "the other side is done and waited for this one in vain",
        };
        end(&self.connection, End::Done, reason);
    }

    /// Smoothed, of the path that is in use.
    fn round_trip(&self) -> std::time::Duration {
        let paths = self.connection.paths();
        let path = paths.iter().find(Path::is_selected).or_else(|| paths.iter().next());
        path.map(|path| path.rtt()).unwrap_or_default()
    }
}

/// A connection to one peer over QUIC. Dropping it closes it at once; [`PeerLink::close`] waits.
pub struct QuicPeer {
    wire: Arc<Wire>,
    version: u16,
    frames: AsyncMutex<mpsc::Receiver<Bytes>>,
    transfers: AsyncMutex<mpsc::Receiver<Arrived>>,
}

impl QuicPeer {
    pub(super) fn start(
        peer: Key,
        version: u16,
        connection: Connection,
        (send, receive): (SendStream, RecvStream),
        limits: Limits,
    ) -> Self {
        let (outbox, units) = mpsc::channel(limits.frames);
        let (frame_sender, frames) = mpsc::channel(limits.frames);
        // As many that are whole and as many that broke.
        let (transfer_sender, transfers) = mpsc::channel(2 * limits.streams as usize);
        let (verdict_sender, verdicts) = mpsc::channel(limits.streams as usize);
        let wire = Arc::new(Wire {
            peer,
            connection,
            limits,
            counters: Arc::default(),
            quota_in: Quota::new(limits.receive),
            quota_out: Quota::new(limits.send),
            sending: Semaphore::new(limits.streams as usize),
            waiting: Waiting::default(),
            slots: Arc::new(Semaphore::new(limits.streams as usize)),
            room: Arc::new(Semaphore::new(limits.room as usize)),
            reports: Arc::new(Semaphore::new(limits.streams as usize)),
            outbox,
            closing: Mutex::new(false),
            is_closing: AtomicBool::new(false),
            bye: OnceCell::new(),
            has_all: watch::Sender::new(false),
        });
        tokio::spawn(write_units(Arc::downgrade(&wire), wire.connection.clone(), send, units));
        tokio::spawn(read_units(Arc::clone(&wire), receive, frame_sender));
        tokio::spawn(verdicts::write(
            wire.connection.clone(),
            Arc::clone(&wire.counters),
            verdicts,
        ));
        tokio::spawn(receive::accept(Arc::clone(&wire), transfer_sender, verdict_sender));
        let (frames, transfers) = (AsyncMutex::new(frames), AsyncMutex::new(transfers));
        Self { wire, version, frames, transfers }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.wire.connection
    }

    pub(super) fn weak(&self) -> Weak<Wire> {
        Arc::downgrade(&self.wire)
    }
}

impl Drop for QuicPeer {
    fn drop(&mut self) {
        end(&self.wire.connection, End::Dropped, "the other side dropped the connection");
    }
}

impl PeerLink for QuicPeer {
    fn peer(&self) -> Key {
        self.wire.peer
    }

    fn version(&self) -> u16 {
        self.version
    }

    fn send_frame(&self, frame: Bytes) -> Wait<'_, Result<()>> {
        Box::pin(async move {
            self.wire.limits.check_frame(&frame)?;
            let place = self.wire.outbox.reserve().await.map_err(|_| self.wire.closed())?;
            let closing = self.wire.closing.lock().unwrap_or_else(PoisonError::into_inner);
            if *closing {
                return Err(self.wire.closed());
            }
            place.send(Unit::Frame(frame));
            drop(closing);
            Ok(())
        })
    }

    fn next_frame(&self) -> Wait<'_, Result<Bytes>> {
        Box::pin(
            async move { self.frames.lock().await.recv().await.ok_or_else(|| self.wire.closed()) },
        )
    }

    fn send(&self, transfer: Transfer) -> Wait<'_, Result<()>> {
        Box::pin(send::send(&self.wire, transfer))
    }

    fn next_transfer(&self) -> Wait<'_, Result<Transfer>> {
        Box::pin(async move {
            let arrived = self.transfers.lock().await.recv().await;
            arrived.ok_or_else(|| self.wire.closed())?.transfer
        })
    }

    fn figures(&self) -> Figures {
        let counters = &self.wire.counters;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Figures {
            bytes_in: count(&counters.bytes_in),
            bytes_out: count(&counters.bytes_out),
            frames_in: count(&counters.frames_in),
            frames_out: count(&counters.frames_out),
            transfers_in: count(&counters.transfers_in),
            transfers_out: count(&counters.transfers_out),
            receiving: count(&counters.receiving),
            sending: count(&counters.sending),
            broken: count(&counters.broken),
            refused: count(&counters.refused),
            round_trip: self.wire.round_trip(),
        }
    }

    fn close(&self) -> Wait<'_, ()> {
        Box::pin(self.wire.close())
    }
}

/// Writes the control stream. It must not keep the connection's state alive, which holds its queue.
async fn write_units(
    wire: Weak<Wire>,
    connection: Connection,
    mut stream: SendStream,
    mut units: mpsc::Receiver<Unit>,
) {
    // A stream that is closed needs no priority; the first write says so.
    let _ = stream.set_priority(i32::MAX);
    loop {
        let unit = tokio::select! {
            unit = units.recv() => unit,
            _ = connection.closed() => None,
        };
        let (Some(unit), Some(wire)) = (unit, wire.upgrade()) else { return };
        let result = match unit {
            Unit::Frame(frame) => write_frame(&wire, &mut stream, &frame).await,
            Unit::Bye => send::write(&wire, &mut stream, &[BYE]).await,
            Unit::Finish => {
                // Finished or lost: either way nothing more can be said.
                let _ = stream.finish();
                return;
            }
        };
        if result.is_err() {
            return;
        }
    }
}

async fn write_frame(wire: &Wire, stream: &mut SendStream, frame: &Bytes) -> send::Written {
    let mut head = [FRAME, 0, 0, 0, 0];
    head[1..].copy_from_slice(&(frame.len() as u32).to_le_bytes());
    send::write(wire, stream, &head).await?;
    send::write(wire, stream, frame).await?;
    add(&wire.counters.frames_out, 1);
    Ok(())
}

/// Reads the control stream to its end.
async fn read_units(wire: Arc<Wire>, mut stream: RecvStream, frames: mpsc::Sender<Bytes>) {
    let mut bye = false;
    loop {
        let mut head = [0; 5];
        match receive::fill(&wire, &mut stream, &mut head[..1]).await {
            Ok(1) => {}
            Ok(_) if bye => {
                wire.has_all.send_replace(true);
                return;
            }
            // A stream that ends early, or a connection that does: `closed` says which.
            Ok(_) => return broke_rules(&wire, "the control stream ended without a word"),
            Err(_) => return,
        }
        match head[0] {
            FRAME if !bye => {
                if receive::fill(&wire, &mut stream, &mut head[1..]).await != Ok(4) {
                    return;
                }
                let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
                let limit = wire.limits.frame;
                if length > limit {
                    let why = format!("a frame of {length} bytes came; {limit} is the limit here");
                    return broke_rules(&wire, &why);
                }
                let mut frame = vec![0; length as usize];
                if receive::fill(&wire, &mut stream, &mut frame).await != Ok(frame.len()) {
                    return;
                }
                add(&wire.counters.frames_in, 1);
                if frames.send(frame.into()).await.is_err() {
                    return;
                }
            }
            BYE if !bye => {
                bye = true;
                wire.say_bye().await;
                // A writer that is gone lost the connection.
                let _ = wire.outbox.send(Unit::Finish).await;
            }
            other => {
                return broke_rules(&wire, &format!("a unit of kind {other} is not known here"));
            }
        }
    }
}

/// Closes the connection with words for the other side.
pub(super) fn broke_rules(wire: &Wire, why: &str) {
    wire.connection.close(VarInt::from_u32(End::Protocol as u32), why.as_bytes());
}
