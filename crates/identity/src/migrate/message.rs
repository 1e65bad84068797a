//! What nodes say to each other about an identity that moves. Bytes are postcard; whoever carries
//! them vouches for who sent them.

use serde::{Deserialize, Serialize};

use super::{Cell, Node, Outcome, Standing};
use crate::error::{Error, ErrorKind, Result};
use crate::house::{Arithmetic, Record};
use crate::journal::{Digest, Frame, FrameHeader, FrameKind, Head, IdentityId};

/// The newest version of these messages; nodes that differ in it do not talk.
pub const MESSAGES_VERSION: u16 = 3;
/// Bytes of a piece of a snapshot while it learns on.
pub const PIECE_BYTES: usize = 64 << 10;
/// Bytes of a piece of its state while learning is held: few answers are waited for.
pub const HELD_PIECE_BYTES: usize = 1 << 20;
/// The longest message: frames of a tail, and the last of them may be a whole frame more.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;

type Bytes16 = [u8; 16];

/// A head as it travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireHead {
    seq: u64,
    epoch: u64,
    digest: Bytes16,
}

impl From<Head> for WireHead {
    fn from(head: Head) -> Self {
        Self { seq: head.seq, epoch: head.epoch, digest: head.digest.0 }
    }
}

impl From<WireHead> for Head {
    fn from(head: WireHead) -> Self {
        Self { seq: head.seq, epoch: head.epoch, digest: Digest(head.digest) }
    }
}

/// A frame as it travels: its digest is computed anew where it arrives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireFrame {
    kind: u8,
    epoch: u64,
    first_seq: u64,
    count: u32,
    nonce: u64,
    prev: Bytes16,
    #[serde(with = "serde_bytes")]
    payload: Vec<u8>,
}

impl From<Frame> for WireFrame {
    fn from(frame: Frame) -> Self {
        let h = *frame.header();
        let kind = h.kind as u8;
        let (epoch, first_seq, count, nonce) = (h.epoch, h.first_seq, h.count, h.nonce);
        let payload = frame.into_payload();
        Self { kind, epoch, first_seq, count, nonce, prev: h.prev.0, payload }
    }
}

impl WireFrame {
    fn frame(self, identity: IdentityId) -> Result<Frame> {
        let unknown = || Error::invalid(format!("frame kind {} is unknown", self.kind));
        let header = FrameHeader {
            kind: FrameKind::from_u8(self.kind).ok_or_else(unknown)?,
            identity,
            epoch: self.epoch,
            first_seq: self.first_seq,
            count: self.count,
            nonce: self.nonce,
            prev: Digest(self.prev),
        };
        Frame::seal(header, self.payload)
    }
}

/// Frames of one branch.
pub(super) fn frames(id: IdentityId, frames: Vec<WireFrame>) -> Result<Vec<Frame>> {
    frames.into_iter().map(|frame| frame.frame(id)).collect()
}

/// A snapshot that could be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// The branch.
    pub id: Bytes16,
    /// The version.
    pub version: u64,
    /// Whether a replay at the target gives other bits.
    pub shipped: bool,
}

/// Whom a message of a departure is about: the cell, and the nonce that the target drew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub(super) cell: Bytes16,
    pub(super) nonce: u64,
}

/// What is asked of another node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// Would you take this identity? What do you have of it? With `dry`, nothing is begun.
    Hello {
        /// Its record, as JSON.
        record: String,
        /// The spec of its model, as JSON.
        model: String,
        /// What of the source's machine its bits hang on.
        arithmetic: Arithmetic,
        /// The snapshots that would be sent.
        snapshots: Vec<Offered>,
        /// Only ask.
        dry: bool,
    },
    /// A piece of a snapshot.
    Snapshot {
        /// Whose.
        about: About,
        /// The branch.
        id: Bytes16,
        /// Where it was taken.
        head: WireHead,
        /// Where in the state the piece begins.
        offset: u64,
        /// Bytes of the whole state.
        total: u64,
        /// The piece.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
        /// BLAKE3 of the whole state.
        digest: [u8; 32],
        /// Whether a replay at the target gives other bits.
        shipped: bool,
    },
    /// Frames of a branch, in order.
    Frames {
        /// Whose.
        about: About,
        /// The branch.
        id: Bytes16,
        /// The frames.
        frames: Vec<WireFrame>,
        /// Bring the state into memory, and keep it there.
        warm: bool,
    },
    /// It is sealed and stands so; do you have the same?
    Agree {
        /// Whose.
        about: About,
        /// Its record as it is now, as JSON.
        record: String,
        /// Its last head.
        head: WireHead,
        /// The proof of its state.
        proof: [u8; 32],
    },
    /// The register names you.
    Grant {
        /// Whose.
        about: About,
        /// Under this epoch.
        epoch: u64,
    },
    /// The departure is off.
    Part {
        /// Whose.
        about: About,
    },
    /// What does the register hold?
    Cell {
        /// The cell.
        cell: Bytes16,
    },
    /// Compare-and-set in the register.
    Cas {
        /// The cell.
        cell: Bytes16,
        /// The epoch that it is expected to hold.
        expected: u64,
        /// The owner to be.
        owner: Node,
    },
    /// Let me, its owner, be the home of this cell from now on.
    Hand {
        /// The cell.
        cell: Bytes16,
    },
    /// BLAKE3 of the whole state of a branch at a version.
    Digest {
        /// The branch.
        id: Bytes16,
        /// The version.
        version: u64,
    },
    /// What an identity that left you learned since, its owner says; no frames ask how much of it
    /// you have.
    Tail {
        /// Its name.
        name: String,
        /// The cell.
        cell: Bytes16,
        /// The branch.
        id: Bytes16,
        /// The frames.
        frames: Vec<WireFrame>,
    },
}

/// What a node answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// It would be taken, and stands so, branch by branch.
    Ready {
        /// To be said with all that follows.
        nonce: u64,
        /// What is here of each branch, in the order of the record.
        heads: Vec<Option<WireHead>>,
        /// Which of the snapshots are wanted.
        wanted: Vec<bool>,
        /// What of the target's machine its bits hang on.
        arithmetic: Arithmetic,
    },
    /// Done, and durable.
    Done,
    /// Done, and durable up to here.
    Head(WireHead),
    /// The cell, if its home is here.
    Cell(Option<Cell>),
    /// Its home is that node now.
    Handed(Node),
    /// The compare-and-set was done, and the cell holds this.
    Set(Cell),
    /// It was not done, as the cell holds this.
    Holds(Cell),
    /// A digest.
    Digest([u8; 32]),
    /// What both sides have is not the same.
    Differs(String),
    /// No, for this reason.
    Refused(Outcome, String),
    /// It failed.
    Failed(String),
}

impl Told {
    /// An answer that nobody expected.
    pub(super) fn unexpected(&self) -> Error {
        let what = match self {
            Self::Refused(_, why) | Self::Failed(why) | Self::Differs(why) => why.clone(),
            other => format!("the other node answers something else: {other:?}"),
        };
        Error::new(ErrorKind::Unavailable, what)
    }

    /// What is known of a cell, of an answer to [`Ask::Cell`].
    pub(super) fn standing(standing: Standing) -> Self {
        match standing {
            Standing::Here(cell) => Self::Cell(Some(cell)),
            Standing::Handed(to) => Self::Handed(to),
            Standing::Unknown => Self::Cell(None),
        }
    }
}

/// A record as it travels.
pub(super) fn record_out(record: &Record) -> String {
    serde_json::to_string(record).expect("plain data")
}

/// A spec that came.
pub(super) fn model_in(text: &str) -> Result<serde_json::Value> {
    serde_json::from_str(text)
        .map_err(|e| Error::invalid(format!("the arriving model can't be read: {e}")))
}

/// A record that came.
pub(super) fn record_in(text: &str) -> Result<Record> {
    serde_json::from_str(text)
        .map_err(|e| Error::invalid(format!("the arriving record can't be read: {e}")))
}
