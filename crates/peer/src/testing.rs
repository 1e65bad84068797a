//! A network inside one process, for tests of what lies above: it loses, doubles and reorders by a
//! seed, and can be cut. It uses no clock and no socket, so that a test on a runtime of one thread
//! gives the same again.
//!
//! It is harsher than QUIC: frames are lost, doubled and overtaken too, and a transfer that was sent
//! may be gone without a word, as when its receiver died right after it came.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Mutex as AsyncMutex, mpsc, watch};

use crate::wire::VERSION;
use crate::{
    Broken, Error, Figures, Key, Limits, Link, LinkFigures, PeerLink, Result, Transfer, Wait,
};

/// What the network does to messages (frames and transfers): chances from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// It does not arrive. Half of the transfers are reported as [`Broken::Cut`] on both sides, the
    /// others are lost without a word.
    pub loss: f64,
    /// It arrives twice.
    pub duplicate: f64,
    /// Up to [`Faults::overtake`] later messages of the same direction arrive before it; if fewer
    /// follow, it waits for [`Network::settle`].
    pub reorder: f64,
    /// How many may overtake one, 1 or more where `reorder` is above 0.
    pub overtake: u32,
}

/// SplitMix64 (Steele, Lea and Flood 2014): a sequence by a seed.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn falls(&mut self, chance: f64) -> bool {
        ((self.next() >> 11) as f64) < chance * (1_u64 << 53) as f64
    }
}

#[derive(Debug)]
struct State {
    dice: Dice,
    faults: Faults,
    cut: BTreeSet<(Key, Key)>,
    ends: BTreeMap<Key, End>,
    pairs: Vec<Weak<Pair>>,
}

/// What the network knows of a link.
#[derive(Debug)]
struct End {
    allowed: BTreeSet<Key>,
    limits: Limits,
    arrived: mpsc::UnboundedSender<Arc<MemoryPeer>>,
    refused: u64,
}

/// A network inside this process. Clones are the same network.
#[derive(Debug, Clone)]
pub struct Network(Arc<Mutex<State>>);

impl Network {
    /// A network whose faults are drawn from `seed`.
    pub fn new(seed: u64, faults: Faults) -> Self {
        let (cut, ends, pairs) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        Self(Arc::new(Mutex::new(State { dice: Dice(seed), faults, cut, ends, pairs })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A machine of this key; one that was there before is gone, and its connections with it, as when
    /// a machine starts again. Rates and times of the limits are not kept.
    pub fn link(
        &self,
        key: Key,
        allowed: impl IntoIterator<Item = Key>,
        limits: Limits,
    ) -> Result<MemoryLink> {
        limits.check()?;
        self.end_pairs("the other side is gone", |pair| pair.joins(key));
        let (sender, arrived) = mpsc::unbounded_channel();
        let allowed = allowed.into_iter().collect();
        let end = End { allowed, limits, arrived: sender, refused: 0 };
        self.state().ends.insert(key, end);
        Ok(MemoryLink { network: self.clone(), key, arrived: AsyncMutex::new(arrived) })
    }

    /// Other faults from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// Cuts the way between two machines: their connections end, and none begins.
    pub fn partition(&self, one: Key, other: Key) {
        self.state().cut.insert(way(one, other));
        let why = "no sign of life came from the other side";
        self.end_pairs(why, |pair| pair.joins(one) && pair.joins(other));
    }

    /// Mends the way between two machines.
    pub fn heal(&self, one: Key, other: Key) {
        self.state().cut.remove(&way(one, other));
    }

    /// Lets arrive what waits to be overtaken.
    pub async fn settle(&self) {
        let pairs: Vec<_> = self.state().pairs.iter().filter_map(Weak::upgrade).collect();
        for pair in pairs {
            for side in &pair.sides {
                side.release().await;
            }
        }
    }

    fn end_pairs(&self, why: &str, which: impl Fn(&Pair) -> bool) {
        let mut state = self.state();
        state.pairs.retain(|pair| pair.strong_count() > 0);
        let pairs: Vec<_> = state.pairs.iter().filter_map(Weak::upgrade).collect();
        drop(state);
        for pair in pairs.iter().filter(|pair| which(pair)) {
            pair.end(why);
        }
    }
}

fn way(one: Key, other: Key) -> (Key, Key) {
    (one.min(other), one.max(other))
}

/// A machine's end of a [`Network`].
#[derive(Debug)]
pub struct MemoryLink {
    network: Network,
    key: Key,
    arrived: AsyncMutex<mpsc::UnboundedReceiver<Arc<MemoryPeer>>>,
}

impl MemoryLink {
    fn join(&self, to: Key) -> Result<Arc<MemoryPeer>> {
        let mut state = self.network.state();
        let Some(own) = state.ends.get(&self.key) else {
            return Err(Error::Closed("this link was shut down".to_owned()));
        };
        if !own.allowed.contains(&to) {
            return Err(Error::NotAllowed(to));
        }
        let limits = own.limits;
        let unreachable = |why: &str| Err(Error::Unreachable { peer: to, why: why.to_owned() });
        if state.cut.contains(&way(self.key, to)) {
            return unreachable("the way is cut");
        }
        let Some(end) = state.ends.get_mut(&to) else { return unreachable("nobody is there") };
        if !end.allowed.contains(&self.key) {
            end.refused += 1;
            let reason = format!("the key {} is not on this node's list of peers", self.key);
            return Err(Error::Refused { peer: to, reason });
        }
        let (ours, frames, transfers) = Side::new(&end.limits);
        let (theirs, their_frames, their_transfers) = Side::new(&limits);
        let (keys, sides) = ([self.key, to], [ours, theirs]);
        let pair = Arc::new(Pair { keys, sides, ended: watch::Sender::new(None) });
        let peer = |at, limits, frames, transfers| {
            Arc::new(MemoryPeer {
                network: self.network.clone(),
                pair: Arc::clone(&pair),
                at,
                limits,
                frames: AsyncMutex::new(frames),
                transfers: AsyncMutex::new(transfers),
            })
        };
        let there = peer(1, end.limits, frames, transfers);
        if end.arrived.send(there).is_err() {
            return unreachable("nobody is there");
        }
        state.pairs.push(Arc::downgrade(&pair));
        Ok(peer(0, limits, their_frames, their_transfers))
    }
}

impl Link for MemoryLink {
    fn key(&self) -> Key {
        self.key
    }

    fn connect<'a>(&'a self, to: Key, _: &'a [SocketAddr]) -> Wait<'a, Result<Arc<dyn PeerLink>>> {
        Box::pin(async move { self.join(to).map(|peer| peer as Arc<dyn PeerLink>) })
    }

    fn accept(&self) -> Wait<'_, Result<Arc<dyn PeerLink>>> {
        Box::pin(async move {
            let peer = self.arrived.lock().await.recv().await;
            let closed = || Error::Closed("this link was shut down".to_owned());
            peer.map(|peer| peer as Arc<dyn PeerLink>).ok_or_else(closed)
        })
    }

    fn allow(&self, key: Key) {
        if let Some(end) = self.network.state().ends.get_mut(&self.key) {
            end.allowed.insert(key);
        }
    }

    fn revoke(&self, key: Key) {
        if let Some(end) = self.network.state().ends.get_mut(&self.key) {
            end.allowed.remove(&key);
        }
        let why = "this key was taken off the list of peers";
        self.network.end_pairs(why, |pair| pair.joins(self.key) && pair.joins(key));
    }

    fn figures(&self) -> LinkFigures {
        let state = self.network.state();
        let pairs = state.pairs.iter().filter_map(Weak::upgrade);
        let open = pairs.filter(|pair| pair.joins(self.key) && pair.ended.borrow().is_none());
        let refused = state.ends.get(&self.key).map_or(0, |end| end.refused);
        LinkFigures { connections: open.count() as u64, refused }
    }

    fn shutdown(&self) -> Wait<'_, ()> {
        Box::pin(async move {
            self.network.settle().await;
            self.network.state().ends.remove(&self.key);
            self.network.end_pairs("the other side is done", |pair| pair.joins(self.key));
        })
    }
}

/// Two ends that are connected.
#[derive(Debug)]
struct Pair {
    keys: [Key; 2],
    /// What the end of the same number sends.
    sides: [Side; 2],
    ended: watch::Sender<Option<String>>,
}

impl Pair {
    fn joins(&self, key: Key) -> bool {
        self.keys.contains(&key)
    }

    fn end(&self, why: &str) {
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
struct Side {
    frames: mpsc::Sender<Bytes>,
    transfers: mpsc::Sender<Result<Transfer>>,
    held: Mutex<Vec<(u32, Message)>>,
    figures: Mutex<Figures>,
}

type Frames = mpsc::Receiver<Bytes>;
type Transfers = mpsc::Receiver<Result<Transfer>>;

impl Side {
    fn new(to: &Limits) -> (Self, Frames, Transfers) {
        let (frames, frames_out) = mpsc::channel(to.frames);
        let (transfers, transfers_out) = mpsc::channel(to.streams as usize);
        let (held, figures) = (Mutex::default(), Mutex::default());
        (Self { frames, transfers, held, figures }, frames_out, transfers_out)
    }

    async fn release(&self) {
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
        Figures { round_trip: Duration::ZERO, ..*self.own() }
    }

    fn close(&self) -> Wait<'_, ()> {
        Box::pin(async move {
            self.pair.sides[self.at].release().await;
            self.pair.end("the other side is done");
        })
    }
}
