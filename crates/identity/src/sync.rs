//! Thought-sync: peers exchange what they learned, not words.
//!
//! Each identity keeps what every peer contributed as a row of its own: a map from [`Origin`] to
//! the newest cumulative [`Row`] of it. Two maps are joined by taking the higher number of each
//! origin, so any order, loss or repetition of messages ends in the same bytes on all peers
//! ([`Shared::hash`]). The model is put together from the rows, each weighed by what it did for
//! the reader's own predictions ([`trust`]).
//!
//! An origin publishes only what its own events taught it. Taking that and joining what came is
//! one event of the journal ([`Exchange`]): no update falls between the two, and a replay has the
//! same rows to the bit.
//!
//! **Source** Almeida, P.S., Shoker, A. and Baquero, C., 2018. Delta state replicated data types.
//! Jubatus' issues 840 and 470 are what it must not do: `tests/sync/network.rs` has both by name.

use her_learn::merge::Sums;

use crate::journal::IdentityId;

mod bytes;
pub mod codec;
pub(crate) mod lesson;
pub mod pack;
mod pieces;
pub mod shared;
pub mod trust;

pub(crate) use bytes::Saved;
pub use bytes::{vector_from_bytes, vector_to_bytes};
pub use codec::Codec;
pub use lesson::Lesson;
pub use pieces::Piece;
pub(crate) use pieces::Pieces;
pub use shared::{Joined, Shared};
pub use trust::{Judged, Together, Trust, Weight};
pub(crate) use trust::{Member, Standing};

/// Bounds on what peers may bring.
pub mod limits {
    /// Rows of one identity: origins, each with its lives.
    pub const ROWS: usize = 1024;
    /// Numbers in one row.
    pub const CELLS: usize = 1 << 22;
    /// Bytes of one row, packed.
    pub const ROW_BYTES: usize = 12 << 20;
    /// Bytes of one exchange, with all parts.
    pub const EXCHANGE_BYTES: usize = 16 << 20;
    /// Bytes of one event of it, which has to fit into a frame: longer exchanges come in pieces.
    pub const PIECE_BYTES: usize = 384 * 1024;
    /// Parts in one exchange.
    pub const PARTS: usize = 64;
    /// Events that are told instead of what they taught.
    pub const LESSON_EVENTS: usize = 256;
}

/// Who speaks: a node's public key, and which of its identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    /// The Ed25519 public key of the node that the identity lives on.
    pub key: [u8; 32],
    /// The identity.
    pub identity: IdentityId,
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in &self.key[..6] {
            write!(f, "{byte:02x}")?;
        }
        write!(f, "/{}", self.identity)
    }
}

/// Who learned: a peer, in one of its lives. A life is a number drawn when a process starts, so
/// that a restored backup can never use a sequence number again for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Who.
    pub peer: Peer,
    /// In which life.
    pub life: u64,
}

/// All that one origin contributed so far.
#[derive(Debug, PartialEq)]
pub struct Row {
    /// The version at which it was contributed; a higher one replaces a lower one.
    pub seq: u64,
    /// Events that it learned from.
    pub events: u64,
    /// The sum of what they taught it.
    pub sums: Sums,
    /// BLAKE3 of these sums, packed: what its origin signs, and what the hash of all rows is of.
    pub hash: [u8; 32],
    /// The origin's Ed25519 signature over [`signed_bytes`]; none of one's own.
    pub signature: Option<Box<[u8; 64]>>,
    /// Whether its events were learned here, one by one: it has no sums, and only its origin can
    /// tell them.
    pub heard: bool,
}

/// What a part tells of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// The whole row, or what to add to number `from`.
    Sums(Sums),
    /// The events that were learned between the two numbers, as the journal writes them. Who gets
    /// them works out by itself what they teach: [`Lesson`] says how.
    Events(Box<[u8]>),
    /// Events that who gets them learns itself, between two versions of an origin that tells no
    /// sums, or none that mean something to the reader.
    Lived(Box<[u8]>),
}

impl Content {
    /// A part of events for another one to learn, to be signed.
    ///
    /// None where there are more than one part takes.
    pub fn lived<'a>(
        learned: impl Iterator<Item = (&'a her_learn::Row, &'a her_learn::Target, f64)>,
    ) -> Option<Self> {
        lesson::written(learned).map(Self::Lived)
    }

    /// What is signed of it: the hash of the row that it makes, or of the events and of the number
    /// that they follow.
    pub fn hash_after(&self, from: u64, row: [u8; 32]) -> [u8; 32] {
        match self {
            Self::Sums(_) | Self::Events(_) => row,
            Self::Lived(events) => {
                let mut hash = blake3::Hasher::new();
                *hash.update(&from.to_le_bytes()).update(events).finalize().as_bytes()
            }
        }
    }

    /// How many numbers it holds; events hold none.
    pub fn cells(&self) -> usize {
        match self {
            Self::Sums(sums) => sums.len(),
            Self::Events(_) | Self::Lived(_) => 0,
        }
    }
}

/// A row on its way, whole or as what came to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Whose row.
    pub origin: Origin,
    /// The number that this adds to; 0 for a whole row.
    pub from: u64,
    /// The number of the row that comes of it.
    pub to: u64,
    /// Events behind the whole row.
    pub events: u64,
    /// What it tells.
    pub content: Content,
    /// BLAKE3 of the whole row's packed sums.
    pub hash: [u8; 32],
    /// The origin's signature over [`signed_bytes`].
    pub signature: Box<[u8; 64]>,
}

impl Part {
    /// A whole row, as its origin signed it.
    pub fn whole(origin: Origin, row: &Row, signature: Box<[u8; 64]>) -> Self {
        let Row { seq: to, events, hash, .. } = *row;
        let content = Content::Sums(row.sums.clone());
        Self { origin, from: 0, to, events, content, hash, signature }
    }
}

/// The contract under which events are signed that anybody may learn.
pub const ANY_CONTRACT: [u8; 32] = [0; 32];

/// What an origin signs: who, which number, how many events, and the hash of the packed sums. The
/// contract is in it, so that a row can't be put into a model of another kind.
pub fn signed_bytes(
    contract: &[u8; 32],
    origin: &Origin,
    seq: u64,
    events: u64,
    hash: &[u8; 32],
) -> Vec<u8> {
    let mut bytes = b"heraclitus row 1\0".to_vec();
    bytes.extend_from_slice(contract);
    bytes.extend_from_slice(&origin.peer.key);
    bytes.extend_from_slice(&origin.peer.identity.0);
    for n in [origin.life, seq, events] {
        bytes.extend_from_slice(&n.to_le_bytes());
    }
    bytes.extend_from_slice(hash);
    bytes
}

/// One exchange: what was learned since the last one becomes a contribution, what peers sent is
/// joined, and the model is put together again. An event of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// Under which name it contributes.
    pub me: Origin,
    /// How its own contribution is rounded.
    pub codec: Codec,
    /// Whether peers are weighed by what they do for its predictions, or all read whole.
    pub weigh: bool,
    /// Whether steps of those who are weighed may be read as their mean. Journals of before there
    /// was that say no.
    pub means: bool,
    /// What peers sent, with signatures that were checked.
    pub parts: Vec<Part>,
    /// Peers whose rows are dropped and not taken again.
    pub retract: Vec<Peer>,
    /// What it was on branches that it left by a rewind, or to forget: what it had contributed by
    /// the point it went back to is contributed under its present name, and all else is taken
    /// back from every peer.
    pub left: Vec<Peer>,
    /// At the first exchange of a new life: how far the former one had come when this one began.
    pub closing: Option<Closing>,
    /// At its first exchange: what it knows so far is not published. A fork says so, whose parent
    /// publishes that itself.
    pub inherited: bool,
}

/// What a former life had learned and not contributed when the present one began.
///
/// It is contributed under the former one. If that life went on elsewhere, as that of a disk whose
/// backup this is, its later rows have it too: their numbers are higher, and replace this one.
#[derive(Debug, Clone, PartialEq)]
pub struct Closing {
    /// The version at which the present life began.
    pub version: u64,
    /// Events that had been learned since the former life contributed last.
    pub events: u64,
    /// What they had taught, as [`State::unpublished`](crate::turn::State::unpublished) tells it.
    pub learned: Sums,
}

impl Exchange {
    /// An exchange that only contributes.
    pub fn new(me: Origin, codec: Codec) -> Self {
        Self {
            me,
            codec,
            weigh: true,
            means: true,
            parts: vec![],
            retract: vec![],
            left: vec![],
            closing: None,
            inherited: false,
        }
    }

    /// Whether it changes something where nothing was learned since the last one.
    pub fn says_something(&self) -> bool {
        !(self.parts.is_empty() && self.retract.is_empty() && self.left.is_empty())
            || self.closing.as_ref().is_some_and(|closing| closing.events > 0)
    }
}
