//! The replicated state: the newest row of every origin, and what of one's own is not in a row yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use her_learn::merge::Sums;

use super::trust::{Judged, Together, Trust, Weight};
use super::{Content, Origin, Part, Peer, Row, limits, pack};
use crate::error::Result;

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
    /// A row is replaced, never changed: copies of this map share them.
    pub(crate) rows: BTreeMap<Origin, Arc<Row>>,
    /// What the model knew before its own events, and what nobody publishes: a state it was born
    /// with, or its parent's.
    pub(crate) ground: Sums,
    /// The model's sums as it was put together last: what is more than that, it learned since.
    pub(crate) reference: Arc<Sums>,
    /// What rounding left, to be sent later.
    pub(crate) residue: Sums,
    /// Events that were learned when it contributed last.
    pub(crate) learned: u64,
    pub(crate) trust: BTreeMap<Peer, Trust>,
    pub(crate) together: Together,
    pub(crate) retracted: BTreeSet<Peer>,
}

impl Shared {
    /// Under which name this identity contributes.
    pub fn me(&self) -> Option<Origin> {
        self.me
    }

    /// The rows by origin.
    pub fn rows(&self) -> &BTreeMap<Origin, Arc<Row>> {
        &self.rows
    }

    /// How each peer is read.
    pub fn trust(&self) -> &BTreeMap<Peer, Trust> {
        &self.trust
    }

    /// How what peers tell is put together.
    pub fn together(&self) -> &Together {
        &self.together
    }

    /// How a peer is read now; none where nothing is known of it.
    pub fn read_as(&self, peer: &Peer) -> Option<Weight> {
        if !self.together.mean {
            return self.trust.get(peer).map(|trust| trust.weight);
        }
        Some(if self.together.reads(peer) { Weight::Part } else { Weight::None })
    }

    /// What own events cost without a peer and with it, as it is read by `now`: sums with a
    /// half-life, and over how many events.
    pub fn losses_by(&self, peer: &Peer, now: &Self) -> ([f64; 2], f64) {
        if now.together.mean {
            let known = self.together.members.get(peer).map(|member| member.judged);
            let Judged { losses, events } = known.unwrap_or_default();
            return ([losses[0], losses[usize::from(now.together.reads(peer))]], events);
        }
        let known = self.trust.get(peer).copied().unwrap_or_default();
        ([known.losses[0], known.losses[now.weight(peer) as usize]], known.events)
    }

    /// Events that were learned when it contributed last.
    pub fn learned(&self) -> u64 {
        self.learned
    }

    /// What rounding took off what it contributed: it is told later, or exactly with
    /// [`Codec::Exact`](super::Codec::Exact).
    pub fn residue(&self) -> &Sums {
        &self.residue
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

    /// The rows that somebody with this vector misses, and that can be told here.
    pub fn missing<'a>(
        &'a self,
        theirs: &'a BTreeMap<Origin, u64>,
    ) -> impl Iterator<Item = (&'a Origin, &'a Arc<Row>)> {
        let told = self.rows.iter().filter(|(_, row)| !row.heard);
        told.filter(|(origin, row)| theirs.get(origin).is_none_or(|n| *n < row.seq))
    }

    /// A proof that two peers have the same rows: BLAKE3 over all of them that can be told on, in
    /// the order of their origins.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = blake3::Hasher::new();
        for (origin, row) in self.rows.iter().filter(|(_, row)| !row.heard) {
            hash.update(&origin.peer.key);
            hash.update(&origin.peer.identity.0);
            for n in [origin.life, row.seq, row.events] {
                hash.update(&n.to_le_bytes());
            }
            hash.update(&row.hash);
        }
        *hash.finalize().as_bytes()
    }

    /// Joins what a peer sent. The higher number of an origin wins; the rest changes nothing.
    /// `taught` works out what events make of a row.
    ///
    /// # Errors
    /// Events that can't be read or learned.
    pub fn join(
        &mut self,
        part: &Part,
        taught: impl Fn(&Sums, &[u8]) -> Result<Sums>,
    ) -> Result<Joined> {
        if self.retracted.contains(&part.origin.peer) {
            return Ok(Joined::Retracted);
        }
        let have = self.rows.get(&part.origin);
        if have.is_some_and(|row| row.seq >= part.to) {
            return Ok(Joined::Known);
        }
        let mut sums = match (part.from, have) {
            (0, _) => Sums::default(),
            (from, Some(row)) if row.seq == from => row.sums.clone(),
            _ => return Ok(Joined::Gap),
        };
        if have.is_none() && self.rows.len() >= limits::ROWS {
            return Ok(Joined::Full);
        }
        match &part.content {
            Content::Sums(more) => {
                sums.add(more);
                sums.trim();
            }
            Content::Events(events) => sums = taught(&sums, events)?,
            // Those are heard.
            Content::Lived(_) => return Ok(Joined::Known),
        }
        if sums.len() > limits::CELLS {
            return Ok(Joined::Full);
        }
        // Peers of one kind of events know the same names.
        if let Some(row) = self.me.as_ref().and_then(|me| self.rows.get(me)) {
            sums.share_names(&row.sums);
        }
        let mut row = Row::own(part.to, part.events, sums);
        if row.hash != part.hash {
            return Ok(Joined::Wrong);
        }
        row.signature = Some(part.signature.clone());
        self.rows.insert(part.origin, Arc::new(row));
        Ok(Joined::Taken)
    }

    /// Notes that the events of a part are learned, if they follow on what was heard before.
    pub(crate) fn hear(&mut self, part: &Part) -> Joined {
        if self.retracted.contains(&part.origin.peer) {
            return Joined::Retracted;
        }
        let have = self.rows.get(&part.origin);
        let events = match have {
            Some(row) if row.seq >= part.to => return Joined::Known,
            Some(row) if row.seq != part.from => return Joined::Gap,
            None if self.rows.len() >= limits::ROWS => return Joined::Full,
            have => have.map_or(0, |row| row.events),
        };
        let row = Row::heard(part.to, events.saturating_add(part.events));
        self.rows.insert(part.origin, Arc::new(row));
        Joined::Taken
    }

    /// What was learned up to a version is told under this name.
    pub(crate) fn closed_at(&mut self, me: Origin, version: u64, learned: u64) {
        let events = learned.saturating_sub(self.learned);
        if self.rows.get(&me).is_some_and(|row| row.seq < version) && events > 0 {
            self.add_own(me, version, events, &Sums::default());
        }
        self.learned = learned;
    }

    /// Own rows in the order of their numbers, and the number that each one follows on: between the
    /// two lie the events that it stands for.
    pub fn spans(&self) -> Vec<(Origin, u64, u64)> {
        let own = self
            .rows
            .iter()
            .filter(|(origin, row)| self.is_mine(&origin.peer) && !row.heard && row.seq < LEFT);
        let mut spans: Vec<(Origin, u64, u64)> =
            own.map(|(origin, row)| (*origin, 0, row.seq)).collect();
        spans.sort_unstable_by_key(|(_, _, to)| *to);
        let mut from = 0;
        for span in &mut spans {
            (span.1, from) = (from, span.2);
        }
        spans
    }

    /// Drops all rows of a peer, and takes none again. Its own can't be dropped.
    pub(crate) fn retract(&mut self, peer: Peer) {
        if !self.is_mine(&peer) {
            self.rows.retain(|origin, _| origin.peer != peer);
            self.trust.remove(&peer);
            self.together.members.remove(&peer);
            self.retracted.insert(peer);
        }
    }

    /// Leaves what it was on another branch: what its rows hold here is its own under its present
    /// name, and the rows of the other one are empty from now on, under numbers that the other
    /// branch never reached.
    pub(crate) fn leave(&mut self, peer: Peer, me: Origin, version: u64) {
        let (mut carried, mut events) = (Sums::default(), 0);
        for (_, row) in self.rows.iter_mut().filter(|(origin, _)| origin.peer == peer) {
            carried.add(&row.sums);
            events += row.events;
            *row = Arc::new(Row::own(row.seq.saturating_add(LEFT), 0, Sums::default()));
        }
        self.add_own(me, version, events, &carried);
        self.left_behind(peer);
    }

    /// Leaves what it was on another branch, of which nothing can be taken back.
    pub(crate) fn left_behind(&mut self, peer: Peer) {
        self.selves.insert(peer);
        self.trust.remove(&peer);
        self.together.members.remove(&peer);
    }

    /// Adds to what this identity contributed under a name.
    pub(crate) fn add_own(&mut self, me: Origin, version: u64, events: u64, learned: &Sums) {
        let before = self.rows.get(&me);
        let mut sums = before.map(|row| row.sums.clone()).unwrap_or_default();
        sums.add(learned);
        sums.trim();
        if let Some(row) = before {
            sums.share_names(&row.sums);
        }
        let events = before.map_or(0, |row| row.events) + events;
        self.rows.insert(me, Arc::new(Row::own(version, events, sums)));
    }

    /// Others whose sums are here.
    pub(crate) fn peers(&self) -> BTreeSet<Peer> {
        let told = self.rows.iter().filter(|(_, row)| !row.heard);
        let peers = told.map(|(origin, _)| origin.peer);
        peers.filter(|peer| !self.is_mine(peer)).collect()
    }

    /// What the model is to be.
    pub(crate) fn reading(&self) -> Sums {
        if self.together.mean {
            return self.mean(|peer| self.together.reads(peer));
        }
        self.sum(|peer| self.weight(peer))
    }

    /// How much of a peer's rows a sum holds.
    pub(crate) fn weight(&self, peer: &Peer) -> Weight {
        self.trust.get(peer).map_or(Weight::None, |trust| trust.weight)
    }

    /// What the model would be by the mean of such peers, and itself if it told anything.
    pub(crate) fn mean(&self, of: impl Fn(&Peer) -> bool) -> Sums {
        let reads = |peer: &Peer| !self.is_mine(peer) && of(peer);
        let read = self.peers().iter().filter(|peer| reads(peer)).count();
        let mine = self.rows.iter().any(|(o, row)| self.is_mine(&o.peer) && row.events > 0);
        let parts = (read + usize::from(mine)) as u32;
        let mut sums = self.ground.clone();
        let own = std::iter::once(&self.residue);
        let rows = self.rows.iter().filter(|(o, _)| self.is_mine(&o.peer) || reads(&o.peer));
        for more in own.chain(rows.map(|(_, row)| &row.sums)) {
            let mut part = more.clone();
            part.divide_steps(parts);
            sums.add(&part);
        }
        sums
    }

    /// What the model would be by the sum of all, of each as much as `weight` says.
    pub(crate) fn sum(&self, weight: impl Fn(&Peer) -> Weight) -> Sums {
        let mut sums = self.ground.clone();
        let all: BTreeSet<Peer> = self.rows.keys().map(|origin| origin.peer).collect();
        for peer in all {
            let weight = if self.is_mine(&peer) { Weight::Whole } else { weight(&peer) };
            self.read(&mut sums, &peer, weight);
        }
        sums.add(&self.residue);
        sums
    }

    /// Adds a peer's rows to a reading, as the weight says.
    pub(crate) fn read(&self, sums: &mut Sums, peer: &Peer, weight: Weight) {
        let parts = self.peers().len() as u32 + 1;
        for (_, row) in self.rows.iter().filter(|(origin, _)| origin.peer == *peer) {
            match weight {
                Weight::None => {}
                Weight::Whole => sums.add(&row.sums),
                Weight::Part => sums.combine(&row.sums, |a, b| a.add(b.divided(parts))),
            }
        }
    }
}

impl Row {
    /// A row of one's own, which is signed when it is sent.
    pub(crate) fn own(seq: u64, events: u64, sums: Sums) -> Self {
        let hash = hash_of(&sums);
        Self { seq, events, sums, hash, signature: None, heard: false }
    }

    /// A row whose events were learned here.
    pub(crate) fn heard(seq: u64, events: u64) -> Self {
        Self { heard: true, ..Self::own(seq, events, Sums::default()) }
    }
}

/// BLAKE3 of packed sums.
pub fn hash_of(sums: &Sums) -> [u8; 32] {
    *blake3::hash(&pack::pack(sums)).as_bytes()
}
