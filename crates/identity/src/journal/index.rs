//! What is kept in memory: for each identity its head, and one entry for each segment it is in.

use super::segment::Segment;
use super::{Digest, FrameHeader, Head, IdentityId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The frames of one identity in one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub first_seq: u64,
    pub last_seq: u64,
    pub epoch: u64,
    pub first_prev: Digest,
    pub digest: Digest,
    pub first_offset: u32,
    pub last_offset: u32,
    pub frames: u32,
    pub last_count: u32,
    pub birth: bool,
}

impl Entry {
    /// The entry of a segment that has one frame of this identity.
    pub fn first(offset: u32, header: &FrameHeader, digest: Digest, birth: bool) -> Self {
        Self {
            first_seq: header.first_seq,
            last_seq: header.last_seq(),
            epoch: header.epoch,
            first_prev: header.prev,
            digest,
            first_offset: offset,
            last_offset: offset,
            frames: 1,
            last_count: header.count,
            birth,
        }
    }

    /// Takes in the next frame.
    pub fn push(&mut self, offset: u32, header: &FrameHeader, digest: Digest) {
        self.last_seq = header.last_seq();
        self.epoch = header.epoch;
        self.digest = digest;
        self.last_offset = offset;
        self.frames += 1;
        self.last_count = header.count;
    }

    /// Whether a frame with this header may come next.
    pub fn leads_to(&self, header: &FrameHeader) -> bool {
        header.first_seq == self.last_seq + 1
            && header.prev == self.digest
            && header.epoch >= self.epoch
    }

    /// Where the identity stands after these frames.
    pub fn head(&self) -> Head {
        Head { seq: self.last_seq, epoch: self.epoch, digest: self.digest }
    }

    /// The sequence number that the last frame starts with.
    pub fn last_first_seq(&self) -> u64 {
        self.last_seq + 1 - self.last_count as u64
    }
}

/// The entries of one segment.
pub(super) type Entries = BTreeMap<IdentityId, Entry>;

/// One identity.
#[derive(Debug, Clone)]
pub(super) struct Life {
    pub head: Head,
    pub truncated: u64,
    /// By segment, ascending; never empty.
    pub places: Vec<(u64, Entry)>,
}

impl Life {
    /// The entry of the newest segment this identity is in.
    pub fn last(&self) -> &(u64, Entry) {
        self.places.last().expect("a life is made with its first place and keeps the last")
    }
}

/// All identities and all open segments.
#[derive(Default)]
pub(super) struct Index {
    lives: HashMap<IdentityId, Life>,
    segments: BTreeMap<u64, Arc<Segment>>,
    /// How many identities have a place in each segment.
    tenants: HashMap<u64, u64>,
}

impl Index {
    pub fn life(&self, id: IdentityId) -> Option<&Life> {
        self.lives.get(&id)
    }

    pub fn len(&self) -> usize {
        self.lives.len()
    }

    /// Every identity, sorted.
    pub fn identities(&self) -> Vec<IdentityId> {
        let mut ids: Vec<_> = self.lives.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    pub fn segments(&self) -> &BTreeMap<u64, Arc<Segment>> {
        &self.segments
    }

    pub fn add_segment(&mut self, segment: Arc<Segment>) {
        self.segments.insert(segment.number, segment);
    }

    /// Takes in an accepted frame at `offset` of `segment`, the newest one. The first frame of an
    /// identity is its birth.
    pub fn publish(&mut self, segment: u64, offset: u32, header: &FrameHeader, digest: Digest) {
        let Some(life) = self.lives.get_mut(&header.identity) else {
            let entry = Entry::first(offset, header, digest, true);
            self.add_life(header.identity, segment, entry, header.first_seq - 1);
            return;
        };
        life.head = Head { seq: header.last_seq(), epoch: header.epoch, digest };
        match life.places.last_mut() {
            Some((number, last)) if *number == segment => last.push(offset, header, digest),
            Some(_) | None => {
                life.places.push((segment, Entry::first(offset, header, digest, false)));
                *self.tenants.entry(segment).or_default() += 1;
            }
        }
    }

    /// Adds what a segment holds of `id`, above all segments so far. `truncated` is what is known
    /// to have been forgotten on purpose. Returns false if the entry does not continue the life.
    #[must_use]
    pub fn adopt(&mut self, id: IdentityId, segment: u64, entry: Entry, truncated: u64) -> bool {
        let explained = entry.birth || entry.first_seq - 1 <= truncated;
        let Some(life) = self.lives.get_mut(&id) else {
            if explained {
                let base = if entry.birth { entry.first_seq - 1 } else { 0 };
                self.add_life(id, segment, entry, truncated.max(base));
            }
            return explained;
        };
        let head = life.head;
        let continues = entry.first_seq == head.seq + 1
            && entry.first_prev == head.digest
            && entry.epoch >= head.epoch
            && !entry.birth;
        if !continues {
            // A segment between the two was freed: then all before this one is forgotten as well.
            if entry.birth || entry.first_seq - 1 > truncated || entry.first_seq <= head.seq {
                return false;
            }
            for (number, _) in life.places.drain(..) {
                leave(&mut self.tenants, number);
            }
        }
        life.head = entry.head();
        life.places.push((segment, entry));
        *self.tenants.entry(segment).or_default() += 1;
        true
    }

    fn add_life(&mut self, id: IdentityId, segment: u64, entry: Entry, truncated: u64) {
        let life = Life { head: entry.head(), truncated, places: vec![(segment, entry)] };
        self.lives.insert(id, life);
        *self.tenants.entry(segment).or_default() += 1;
    }

    /// Forgets the events of `id` up to `upto` as far as allowed; `None` if there is no such life.
    pub fn truncate(&mut self, id: IdentityId, upto: u64) -> Option<u64> {
        let life = self.lives.get_mut(&id)?;
        let point = super::truncation_point(upto, life.last().1.last_first_seq(), life.truncated);
        life.truncated = point;
        let keep = life.places.len() - 1;
        let gone = life.places[..keep].iter().take_while(|(_, e)| e.last_seq <= point).count();
        for (number, _) in life.places.drain(..gone) {
            leave(&mut self.tenants, number);
        }
        Some(point)
    }

    /// Takes out every segment before `active` that no identity needs any more.
    pub fn take_free(&mut self, active: u64) -> Vec<u64> {
        let free: Vec<u64> = self
            .segments
            .range(..active)
            .map(|(&number, _)| number)
            .filter(|number| !self.tenants.contains_key(number))
            .collect();
        for number in &free {
            self.segments.remove(number);
        }
        free
    }

    /// From where each identity starts that does not start at its birth, sorted.
    pub fn truncations(&self) -> Vec<(IdentityId, u64)> {
        let mut all: Vec<_> = self
            .lives
            .iter()
            .filter(|(_, life)| life.truncated > 0)
            .map(|(id, life)| (*id, life.truncated))
            .collect();
        all.sort_unstable();
        all
    }

    /// The identities that keep segment `number` from being freed, sorted.
    pub fn tenants_of(&self, number: u64) -> Vec<IdentityId> {
        let mut ids: Vec<_> = self
            .lives
            .iter()
            .filter(|(_, life)| life.places.iter().any(|(n, _)| *n == number))
            .map(|(id, _)| *id)
            .collect();
        ids.sort_unstable();
        ids
    }
}

fn leave(tenants: &mut HashMap<u64, u64>, number: u64) {
    if let Some(n) = tenants.get_mut(&number) {
        *n -= 1;
        if *n == 0 {
            tenants.remove(&number);
        }
    }
}
