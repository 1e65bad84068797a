//! The replicated state: the newest row of every origin, and what of one's own is not in a row yet.

use std::collections::{BTreeMap, BTreeSet};

use her_learn::merge::Sums;

use super::trust::Trust;
use super::{Origin, Part, Peer, Row, limits, pack};

/// What the numbers of a branch's rows rise by when it is left: more than it ever publishes.
const LEFT: u64 = 1 << 48;

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// It is in the map now.
    Taken,
    /// The map has that number already, or a higher one: nothing to do.
    Known,
    /// It adds to a number that the map does not have; the whole row has to be asked for.
    Gap,
    /// What it adds up to is not what its origin signed.
    Wrong,
    /// Its peer was retracted here.
    Retracted,
    /// There is no room for another row, or for so many numbers.
    Full,
}

/// The rows of all origins, with what turns them into one's model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shared {
    /// Under which name this identity contributes now; none before its first exchange.
    pub(crate) me: Option<Origin>,
    /// Peers that were this identity: under another node's key, before it moved.
    pub(crate) selves: BTreeSet<Peer>,
    pub(crate) rows: BTreeMap<Origin, Row>,
    /// What the model knew before its own events, and what nobody publishes: a state it was born
    /// with, or its parent's.
    pub(crate) ground: Sums,
    /// The model's sums as it was put together last: what is more than that, it learned since.
    pub(crate) reference: Sums,
    /// What rounding left, to be sent later.
    pub(crate) residue: Sums,
    /// Events that were learned when it contributed last.
    pub(crate) learned: u64,
    pub(crate) trust: BTreeMap<Peer, Trust>,
    pub(crate) retracted: BTreeSet<Peer>,
}

impl Shared {
    /// Under which name this identity contributes.
    pub fn me(&self) -> Option<Origin> {
        self.me
    }

    /// The rows by origin.
    pub fn rows(&self) -> &BTreeMap<Origin, Row> {
        &self.rows
    }

    /// How each peer is read.
    pub fn trust(&self) -> &BTreeMap<Peer, Trust> {
        &self.trust
    }

    /// Events that were learned when it contributed last.
    pub fn learned(&self) -> u64 {
        self.learned
    }

    /// Peers whose rows are not taken.
    pub fn retracted(&self) -> &BTreeSet<Peer> {
        &self.retracted
    }

    /// True for what this identity contributed itself, in whatever life and on whatever node.
    pub fn is_mine(&self, peer: &Peer) -> bool {
        self.me.is_some_and(|me| me.peer == *peer) || self.selves.contains(peer)
    }

    /// What it has, for another to tell what it misses: the number of each origin.
    pub fn vector(&self) -> BTreeMap<Origin, u64> {
        self.rows.iter().map(|(origin, row)| (*origin, row.seq)).collect()
    }

    /// The rows that somebody with this vector misses.
    pub fn missing<'a>(
        &'a self,
        theirs: &'a BTreeMap<Origin, u64>,
    ) -> impl Iterator<Item = (&'a Origin, &'a Row)> {
        self.rows.iter().filter(|(origin, row)| theirs.get(origin).is_none_or(|n| *n < row.seq))
    }

    /// A proof that two peers have the same rows: BLAKE3 over all of them, in the order of their
    /// origins.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = blake3::Hasher::new();
        for (origin, row) in &self.rows {
            hash.update(&origin.peer.key);
            hash.update(&origin.peer.identity.0);
            for n in [origin.life, row.seq, row.events] {
                hash.update(&n.to_le_bytes());
            }
            hash.update(&hash_of(&row.sums));
        }
        *hash.finalize().as_bytes()
    }

    /// Joins what a peer sent. The higher number of an origin wins; the rest changes nothing.
    pub fn join(&mut self, part: &Part) -> Joined {
        if self.retracted.contains(&part.origin.peer) {
            return Joined::Retracted;
        }
        let have = self.rows.get(&part.origin);
        if have.is_some_and(|row| row.seq >= part.to) {
            return Joined::Known;
        }
        let mut sums = match (part.from, have) {
            (0, _) => Sums::default(),
            (from, Some(row)) if row.seq == from => row.sums.clone(),
            _ => return Joined::Gap,
        };
        if have.is_none() && self.rows.len() >= limits::ROWS {
            return Joined::Full;
        }
        sums.add(&part.sums);
        sums.trim();
        if sums.len() > limits::CELLS {
            return Joined::Full;
        }
        if hash_of(&sums) != part.hash {
            return Joined::Wrong;
        }
        let signature = Some(part.signature.clone());
        let row = Row { seq: part.to, events: part.events, sums, signature };
        self.rows.insert(part.origin, row);
        Joined::Taken
    }

    /// Drops all rows of a peer, and takes none again. Its own can't be dropped.
    pub(crate) fn retract(&mut self, peer: Peer) {
        if !self.is_mine(&peer) {
            self.rows.retain(|origin, _| origin.peer != peer);
            self.trust.remove(&peer);
            self.retracted.insert(peer);
        }
    }

    /// Leaves what it was on another branch: what its rows hold here is its own under its present
    /// name, and the rows of the other one are empty from now on, under numbers that the other
    /// branch never reached.
    pub(crate) fn leave(&mut self, peer: Peer, me: Origin, version: u64) {
        let mut carried = Row { seq: 0, events: 0, sums: Sums::default(), signature: None };
        for (_, row) in self.rows.iter_mut().filter(|(origin, _)| origin.peer == peer) {
            carried.sums.add(&row.sums);
            carried.events += row.events;
            let seq = row.seq.saturating_add(LEFT);
            *row = Row { seq, events: 0, sums: Sums::default(), signature: None };
        }
        carried.sums.trim();
        let row = self.rows.entry(me).or_insert_with(|| Row {
            seq: 0,
            events: 0,
            sums: Sums::default(),
            signature: None,
        });
        row.seq = version;
        row.events += carried.events;
        row.sums.add(&carried.sums);
        self.selves.insert(peer);
        self.trust.remove(&peer);
    }

    /// Others whose rows are here.
    pub(crate) fn peers(&self) -> BTreeSet<Peer> {
        let peers = self.rows.keys().map(|origin| origin.peer);
        peers.filter(|peer| !self.is_mine(peer)).collect()
    }

    /// What the model is to be, when each peer is read as `weight` says.
    pub(crate) fn reading(&self, weight: impl Fn(&Peer) -> super::Weight) -> Sums {
        let peers = self.peers().len() as u32;
        let mut sums = self.ground.clone();
        for (origin, row) in &self.rows {
            let weight = if self.is_mine(&origin.peer) {
                super::Weight::Whole
            } else {
                weight(&origin.peer)
            };
            match weight {
                super::Weight::None => {}
                super::Weight::Whole => sums.add(&row.sums),
                super::Weight::Part => {
                    sums.combine(&row.sums, |a, b| a.add(b.divided(peers + 1)));
                }
            }
        }
        sums.add(&self.residue);
        sums
    }
}

/// BLAKE3 of packed sums.
pub fn hash_of(sums: &Sums) -> [u8; 32] {
    *blake3::hash(&pack::pack(sums)).as_bytes()
}
