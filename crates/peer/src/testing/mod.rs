//! A network inside one process, for tests of what lies above: it loses, doubles and reorders by a
//! seed, and can be cut. It uses no clock and no socket, so that a test on a runtime of one thread
//! gives the same again.
//!
//! It is harsher than QUIC: frames are lost, doubled and overtaken too, and a transfer that was
//! sent may be gone without a word, as when its receiver died right after it came.

mod peer;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, mpsc};

pub use self::peer::MemoryPeer;
use self::peer::Pair;
use crate::{Error, Key, Limits, Link, LinkFigures, PeerLink, Result, Wait};

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

    /// A machine of this key; one that was there before is gone, and its connections with it, as
    /// when a machine starts again. Of the limits those on sizes and queues are kept.
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
        let (pair, here, there) = Pair::new(&self.network, [self.key, to], &[limits, end.limits]);
        if end.arrived.send(there).is_err() {
            return unreachable("nobody is there");
        }
        state.pairs.push(Arc::downgrade(&pair));
        Ok(here)
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
        let open = pairs.filter(|pair| pair.joins(self.key) && pair.is_open());
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
