//! Exchanges and rows as bytes: in the journal, in snapshots, and between nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use her_learn::merge::Sums;
use serde::{Deserialize, Serialize};

use super::{Closing, Codec, Content, Exchange, Judged, Member, Origin, Part, Peer, Row, Shared};
use super::{Together, Trust};
use super::{limits, pack};
use crate::error::{Error, Result};
use crate::journal::IdentityId;

type Name = ([u8; 32], [u8; 16]);

fn name(peer: &Peer) -> Name {
    (peer.key, peer.identity.0)
}

fn peer((key, identity): Name) -> Peer {
    Peer { key, identity: IdentityId(identity) }
}

/// A part as bytes hold it.
#[derive(Serialize, Deserialize)]
struct PartBytes {
    peer: Name,
    life: u64,
    from: u64,
    to: u64,
    events: u64,
    /// Packed sums; or [`EVENTS`] or [`LIVED`], and events as the journal writes them.
    content: Vec<u8>,
    hash: [u8; 32],
    signature: (Name, Name),
}

/// What contents of events begin with: no version of packed sums.
const EVENTS: u8 = 0x80;
const LIVED: u8 = 0x81;

#[derive(Serialize, Deserialize)]
struct ExchangeBytes {
    me: (Name, u64),
    codec: Codec,
    /// 0: all are read whole; 1: weighed; 2: weighed, and steps may be read as their mean.
    weigh: u8,
    parts: Vec<PartBytes>,
    retract: Vec<Name>,
    left: Vec<Name>,
    closing: Option<(u64, u64, Vec<u8>)>,
    inherited: bool,
}

/// Serde knows arrays of up to 32 bytes.
fn split(signature: &[u8; 64]) -> (Name, Name) {
    let mut halves = [([0; 32], [0; 16]); 2];
    halves[0].0.copy_from_slice(&signature[..32]);
    halves[0].1.copy_from_slice(&signature[32..48]);
    halves[1].1.copy_from_slice(&signature[48..]);
    (halves[0], halves[1])
}

fn joined((a, b): (Name, Name)) -> Box<[u8; 64]> {
    let mut signature = Box::new([0; 64]);
    signature[..32].copy_from_slice(&a.0);
    signature[32..48].copy_from_slice(&a.1);
    signature[48..].copy_from_slice(&b.1);
    signature
}

impl Content {
    /// The content as a part holds it.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Sums(sums) => pack::pack(sums),
            Self::Events(events) => [&[EVENTS], &**events].concat(),
            Self::Lived(events) => [&[LIVED], &**events].concat(),
        }
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        match bytes.split_first() {
            Some((&EVENTS, events)) => Ok(Self::Events(events.into())),
            Some((&LIVED, events)) => Ok(Self::Lived(events.into())),
            _ => Ok(Self::Sums(pack::unpack(bytes)?)),
        }
    }
}

impl Part {
    fn bytes(&self) -> PartBytes {
        PartBytes {
            peer: name(&self.origin.peer),
            life: self.origin.life,
            from: self.from,
            to: self.to,
            events: self.events,
            content: self.content.to_bytes(),
            hash: self.hash,
            signature: split(&self.signature),
        }
    }

    fn of(bytes: &PartBytes) -> Result<Self> {
        let origin = Origin { peer: peer(bytes.peer), life: bytes.life };
        if bytes.from >= bytes.to {
            return Err(Error::invalid(format!(
                "a part of {} goes from number {} to {}, which is not forward",
                origin.peer, bytes.from, bytes.to
            )));
        }
        Ok(Self {
            origin,
            from: bytes.from,
            to: bytes.to,
            events: bytes.events,
            content: Content::from_bytes(&bytes.content)?,
            hash: bytes.hash,
            signature: joined(bytes.signature),
        })
    }

    /// The part as another node reads it.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(&self.bytes()).expect("parts are plain data")
    }

    /// A part from the bytes of [`to_bytes`](Self::to_bytes).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > limits::EXCHANGE_BYTES {
            return Err(Error::invalid(format!(
                "a part of {} bytes; at most {} are taken",
                bytes.len(),
                limits::EXCHANGE_BYTES
            )));
        }
        let part = postcard::from_bytes(bytes)
            .map_err(|e| Error::invalid(format!("a part of a peer can't be read ({e})")))?;
        Self::of(&part)
    }
}

impl Exchange {
    /// Whether readers of its first format can't read it.
    pub(crate) fn tells_events(&self) -> bool {
        let events = |part: &Part| !matches!(part.content, Content::Sums(_));
        self.codec == Codec::Events || self.parts.iter().any(events)
    }

    /// Whether peers' steps may be read as their mean.
    pub(crate) fn reads_means(&self) -> bool {
        self.weigh && self.means
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let bytes = ExchangeBytes {
            me: (name(&self.me.peer), self.me.life),
            codec: self.codec,
            weigh: u8::from(self.weigh) + u8::from(self.reads_means()),
            parts: self.parts.iter().map(Part::bytes).collect(),
            retract: self.retract.iter().map(name).collect(),
            left: self.left.iter().map(name).collect(),
            closing: self
                .closing
                .as_ref()
                .map(|closing| (closing.version, closing.events, pack::pack(&closing.learned))),
            inherited: self.inherited,
        };
        postcard::to_allocvec(&bytes).expect("exchanges are plain data")
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let e: ExchangeBytes = postcard::from_bytes(bytes)
            .map_err(|e| Error::invalid(format!("an exchange can't be read ({e})")))?;
        if e.weigh > 2 {
            return Err(Error::invalid(format!(
                "an exchange reads its peers in the way {}, which is of a later version",
                e.weigh
            )));
        }
        Ok(Self {
            me: Origin { peer: peer(e.me.0), life: e.me.1 },
            codec: e.codec,
            weigh: e.weigh > 0,
            means: e.weigh != 1,
            parts: e.parts.iter().map(Part::of).collect::<Result<_>>()?,
            retract: e.retract.into_iter().map(peer).collect(),
            left: e.left.into_iter().map(peer).collect(),
            closing: e
                .closing
                .map(|(version, events, learned)| {
                    let learned = pack::unpack(&learned)?;
                    Ok::<_, Error>(Closing { version, events, learned })
                })
                .transpose()?,
            inherited: e.inherited,
        })
    }
}

/// The numbers of origins, as another node reads them.
pub fn vector_to_bytes(vector: &BTreeMap<Origin, u64>) -> Vec<u8> {
    let all: Vec<(Name, u64, u64)> =
        vector.iter().map(|(origin, seq)| (name(&origin.peer), origin.life, *seq)).collect();
    postcard::to_allocvec(&all).expect("vectors are plain data")
}

/// Numbers of origins from the bytes of [`vector_to_bytes`].
pub fn vector_from_bytes(bytes: &[u8]) -> Result<BTreeMap<Origin, u64>> {
    let all: Vec<(Name, u64, u64)> = postcard::from_bytes(bytes)
        .map_err(|e| Error::invalid(format!("a peer's vector can't be read ({e})")))?;
    let origin = |(of, life, seq)| (Origin { peer: peer(of), life }, seq);
    Ok(all.into_iter().map(origin).collect())
}

#[derive(Serialize, Deserialize)]
struct RowBytes {
    peer: Name,
    life: u64,
    seq: u64,
    events: u64,
    /// Packed sums; nothing at all of a row that was heard.
    sums: Vec<u8>,
    signature: Option<(Name, Name)>,
}

/// What snapshots hold of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Saved {
    me: Option<(Name, u64)>,
    selves: Vec<Name>,
    rows: Vec<RowBytes>,
    ground: Vec<u8>,
    reference: Vec<u8>,
    residue: Vec<u8>,
    learned: u64,
    trust: Vec<(Name, Trust)>,
    retracted: Vec<Name>,
}

/// What snapshots hold of how peers are put together.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedTogether {
    mean: bool,
    judged: Judged,
    newcomers: Judged,
    members: Vec<(Name, Member)>,
}

impl Together {
    pub(crate) fn save(&self) -> SavedTogether {
        let members = self.members.iter().map(|(peer, member)| (name(peer), *member));
        let Self { mean, judged, newcomers, .. } = *self;
        SavedTogether { mean, judged, newcomers, members: members.collect() }
    }

    pub(crate) fn load(saved: SavedTogether) -> Self {
        let SavedTogether { mean, judged, newcomers, members } = saved;
        let members = members.into_iter().map(|(name, member)| (peer(name), member)).collect();
        Self { mean, judged, newcomers, members }
    }
}

impl Shared {
    pub(crate) fn save(&self) -> Saved {
        let rows = self.rows.iter().map(|(origin, row)| RowBytes {
            peer: name(&origin.peer),
            life: origin.life,
            seq: row.seq,
            events: row.events,
            sums: if row.heard { Vec::new() } else { pack::pack(&row.sums) },
            signature: row.signature.as_deref().map(split),
        });
        Saved {
            me: self.me.map(|me| (name(&me.peer), me.life)),
            selves: self.selves.iter().map(name).collect(),
            rows: rows.collect(),
            ground: pack::pack(&self.ground),
            reference: pack::pack(&self.reference),
            residue: pack::pack(&self.residue),
            learned: self.learned,
            trust: self.trust.iter().map(|(peer, trust)| (name(peer), *trust)).collect(),
            retracted: self.retracted.iter().map(name).collect(),
        }
    }

    pub(crate) fn load(saved: Saved) -> Result<Self> {
        let sums = |bytes: &[u8]| -> Result<Sums> { pack::unpack(bytes) };
        let rows = saved.rows.into_iter().map(|row| {
            let origin = Origin { peer: peer(row.peer), life: row.life };
            if row.sums.is_empty() {
                return Ok((origin, Arc::new(Row::heard(row.seq, row.events))));
            }
            let mut own = Row::own(row.seq, row.events, sums(&row.sums)?);
            own.signature = row.signature.map(joined);
            Ok((origin, Arc::new(own)))
        });
        let trust = saved.trust.into_iter().map(|(name, trust)| (peer(name), trust));
        Ok(Self {
            me: saved.me.map(|(name, life)| Origin { peer: peer(name), life }),
            selves: saved.selves.into_iter().map(peer).collect::<BTreeSet<_>>(),
            rows: rows.collect::<Result<BTreeMap<_, _>>>()?,
            ground: sums(&saved.ground)?,
            reference: Arc::new(sums(&saved.reference)?),
            residue: sums(&saved.residue)?,
            learned: saved.learned,
            trust: trust.collect(),
            together: Together::default(),
            retracted: saved.retracted.into_iter().map(peer).collect(),
        })
    }
}
