//! A connection within a network: two directions, each with its queues.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Mutex as AsyncMutex, mpsc, watch};

use super::{Network, State};
use crate::wire::VERSION;
use crate::{Broken, Error, Figures, Key, Limits, PeerLink, Result, Transfer, Wait};

/// Two ends that are connected.
#[derive(Debug)]
pub(super) struct Pair {
    keys: [Key; 2],
    /// What the end of the same number sends.
    pub sides: [Side; 2],
    ended: watch::Sender<Option<String>>,
}

impl Pair {
    /// A connection between the first key and the second, and each one's end of it.
    pub(super) fn new(
        network: &Network,
        keys: [Key; 2],
        limits: &[Limits; 2],
    ) -> (Arc<Self>, Arc<MemoryPeer>, Arc<MemoryPeer>) {
        let (first, to_second) = Side::new(&limits[1]);
        let (second, to_first) = Side::new(&limits[0]);
        let ended = watch::Sender::new(None);
        let pair = Arc::new(Self { keys, sides: [first, second], ended });
        let end = |at: usize, (frames, transfers)| {
            let (network, pair, limits) = (network.clone(), Arc::clone(&pair), limits[at]);
            let (frames, transfers) = (AsyncMutex::new(frames), AsyncMutex::new(transfers));
            Arc::new(MemoryPeer { network, pair, at, limits, frames, transfers })
        };
        let (here, there) = (end(0, to_first), end(1, to_second));
        (pair, here, there)
    }

    pub(super) fn is_open(&self) -> bool {
        self.ended.borrow().is_none()
    }

    pub(super) fn joins(&self, key: Key) -> bool {
        self.keys.contains(&key)
    }

    pub(super) fn end(&self, why: &str) {
        self.ended.send_if_modified(|ended| {
            let first = ended.is_none();
            ended.get_or_insert_with(|| why.to_owned());
            first
        });
    }

    fn closed(&self) -> Error {
        Error::Closed(self.ended.borrow().clone().unwrap_or_default())
    }
}

#[derive(Debug, Clone)]
enum Message {
    Frame(Bytes),
    Transfer(Result<Transfer>),
}

/// One direction: the queues that the other end takes from, and what waits to be overtaken.
#[derive(Debug)]
pub(super) struct Side {
    frames: mpsc::Sender<Bytes>,
    transfers: mpsc::Sender<Result<Transfer>>,
    held: Mutex<Vec<(u32, Message)>>,
    figures: Mutex<Figures>,
}

type Frames = mpsc::Receiver<Bytes>;
type Transfers = mpsc::Receiver<Result<Transfer>>;

impl Side {
    fn new(to: &Limits) -> (Self, (Frames, Transfers)) {
        let (frames, frames_out) = mpsc::channel(to.frames);
        let (transfers, transfers_out) = mpsc::channel(to.streams as usize);
        let (held, figures) = (Mutex::default(), Mutex::default());
        (Self { frames, transfers, held, figures }, (frames_out, transfers_out))
    }

    pub(super) async fn release(&self) {
        let held = std::mem::take(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner));
        for (_, message) in held {
            self.deliver(message).await;
        }
    }

    /// Puts it where the other end takes it out; waits while that is full.
    async fn deliver(&self, message: Message) {
        // Whoever dropped the other end does not care.
        match message {
            Message::Frame(frame) => drop(self.frames.send(frame).await),
            Message::Transfer(transfer) => drop(self.transfers.send(transfer).await),
        }
    }

    /// What the faults make of a message: those that arrive now, and whether its sender hears that
    /// it was cut.
    fn pass(&self, message: Message, state: &mut State) -> (Vec<Message>, bool) {
        let State { dice, faults, .. } = state;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut now, mut cut) = (Vec::new(), false);
        if dice.falls(faults.loss) {
            if let Message::Transfer(Ok(Transfer { name, .. })) = message
                && dice.falls(0.5)
            {
                let report = Error::Transfer { name, why: Broken::Cut };
                (now, cut) = (vec![Message::Transfer(Err(report))], true);
            }
        } else {
            let copies = if dice.falls(faults.duplicate) { 2 } else { 1 };
            for _ in 0..copies {
                if dice.falls(faults.reorder) {
                    let later = 1 + (dice.next() % u64::from(faults.overtake.max(1))) as u32;
                    held.push((later + 1, message.clone()));
                } else {
                    now.push(message.clone());
                }
            }
        }
        for (left, _) in held.iter_mut() {
            *left -= 1;
        }
        now.extend(held.extract_if(.., |(left, _)| *left == 0).map(|(_, message)| message));
        (now, cut)
    }
}

/// A connection within a [`Network`].
#[derive(Debug)]
pub struct MemoryPeer {
    network: Network,
    pair: Arc<Pair>,
    at: usize,
    limits: Limits,
    frames: AsyncMutex<Frames>,
    transfers: AsyncMutex<Transfers>,
}

impl MemoryPeer {
    fn own(&self) -> MutexGuard<'_, Figures> {
        self.pair.sides[self.at].figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn pass(&self, message: Message) -> Result<bool> {
        let side = &self.pair.sides[self.at];
        let (now, cut) = {
            let mut state = self.network.state();
            // Within the lock, so that what comes after a partition is never let through.
            if self.pair.ended.borrow().is_some() {
                return Err(self.pair.closed());
            }
            side.pass(message, &mut state)
        };
        let mut ended = self.pair.ended.subscribe();
        for message in now {
            tokio::select! {
                biased;
                () = side.deliver(message) => {}
                _ = ended.wait_for(Option::is_some) => return Err(self.pair.closed()),
            }
        }
        Ok(cut)
    }

    /// The next of a queue, also of a connection that ended.
    async fn take<T>(&self, queue: &AsyncMutex<mpsc::Receiver<T>>) -> Result<T> {
        let mut queue = queue.lock().await;
        let mut ended = self.pair.ended.subscribe();
        tokio::select! {
            biased;
            next = queue.recv() => next.ok_or_else(|| self.pair.closed()),
            _ = ended.wait_for(Option::is_some) => {
                queue.try_recv().map_err(|_| self.pair.closed())
            }
        }
    }
}

impl Drop for MemoryPeer {
    fn drop(&mut self) {
        self.pair.end("the other side dropped the connection");
    }
}

impl PeerLink for MemoryPeer {
    fn peer(&self) -> Key {
        self.pair.keys[1 - self.at]
    }

    fn version(&self) -> u16 {
        VERSION
    }

    fn send_frame(&self, frame: Bytes) -> Wait<'_, Result<()>> {
        Box::pin(async move {
            self.limits.check_frame(&frame)?;
            let bytes = frame.len() as u64;
            self.pass(Message::Frame(frame)).await?;
            let mut own = self.own();
            own.frames_out += 1;
            own.bytes_out += bytes;
            Ok(())
        })
    }

    fn next_frame(&self) -> Wait<'_, Result<Bytes>> {
        Box::pin(async move {
            let frame = self.take(&self.frames).await?;
            let mut own = self.own();
            own.frames_in += 1;
            own.bytes_in += frame.len() as u64;
            Ok(frame)
        })
    }

    fn send(&self, transfer: Transfer) -> Wait<'_, Result<()>> {
        Box::pin(async move {
            self.limits.check_transfer(&transfer)?;
            let (name, bytes) = (transfer.name.clone(), transfer.content.len() as u64);
            if self.pass(Message::Transfer(Ok(transfer))).await? {
                return Err(Error::Transfer { name, why: Broken::Cut });
            }
            let mut own = self.own();
            own.transfers_out += 1;
            own.bytes_out += bytes;
            Ok(())
        })
    }

    fn next_transfer(&self) -> Wait<'_, Result<Transfer>> {
        Box::pin(async move {
            let transfer = self.take(&self.transfers).await?;
            let mut own = self.own();
            let Ok(whole) = &transfer else {
                own.broken += 1;
                return transfer;
            };
            own.transfers_in += 1;
            own.bytes_in += whole.content.len() as u64;
            transfer
        })
    }

    fn figures(&self) -> Figures {
        *self.own()
    }

    fn close(&self) -> Wait<'_, ()> {
        Box::pin(async move {
            self.pair.sides[self.at].release().await;
            self.pair.end("the other side is done");
        })
    }
}
