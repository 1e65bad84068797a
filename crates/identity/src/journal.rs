//! The journal: the ordered, durable log of what happened to every identity.
//!
//! `state(v) = fold(journal[1..v])`. The unit of append is a [`Frame`] of events of one identity;
//! frames of one identity are dense in sequence numbers and chained by digest, so that damage or
//! loss below us is an error and never a shorter life. The newest epoch owns the identity: an
//! append is accepted only on top of the head it names, so an overtaken owner cannot write.
//!
//! What every engine promises:
//! 1. An accepted frame is durable as [`Journal::durability`] says before `append` returns.
//! 2. Sequence numbers of an identity are dense and have one order.
//! 3. Only the newest epoch appends; an older owner is fenced for ever.
//! 4. A frame that is appended again, byte for byte, is found and not written twice.
//! 5. A frame is all or nothing.
//! 6. Damage is an error that names file and offset, never silence.
//! 7. Truncation is idempotent and keeps the fence: the last frame always stays.

use crate::error::{Error, ErrorKind, Result};
use std::ops::ControlFlow;

mod append;
mod background;
mod chain;
mod frame;
mod index;
pub mod kept;
mod manifest;
mod memory;
mod options;
mod reader;
mod recover;
mod segment;
mod sidecar;
#[cfg(feature = "testing")]
pub mod suite;
mod writer;

pub use chain::{Digest, Frame, FrameHeader, FrameKind, FrameRef, Head, IdentityId};
pub use memory::MemoryJournal;
pub use options::Options;
#[cfg(any(test, feature = "testing"))]
pub use options::PlantedBug;
pub use writer::SegmentJournal;

/// What an acknowledgement means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Synced to this machine's disk.
    LocalFsync,
    /// Synced by a majority of machines.
    QuorumFsync,
    /// Held in memory; gone with the process.
    Memory,
}

/// Why a frame was not acknowledged, and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Not written: the frame does not follow the head, or its epoch is not the newest.
    #[error("the append does not follow the head of its identity, which is {head:?}")]
    Fenced {
        /// Where the identity really stands; `None` if it was never begun.
        head: Option<Head>,
    },
    /// Written or not: reopen, then append the same frame again or read the head.
    #[error("it is not known whether the append is durable: {0}")]
    Unknown(String),
    /// Not written: too much is under way.
    #[error("the journal is busy: {0}")]
    Busy(String),
    /// Not written: the journal refuses writes until it is reopened.
    #[error("the journal refuses writes: {0}")]
    Unavailable(String),
    /// Not written: the disk is full; the same frame can be appended when there is space.
    #[error("the disk is full: {0}")]
    Full(String),
    /// Not written: what is stored is damaged.
    #[error("{0}")]
    Corrupt(String),
    /// Not written: the call itself is wrong.
    #[error("{0}")]
    Invalid(String),
}

impl From<AppendError> for Error {
    fn from(error: AppendError) -> Self {
        let kind = match &error {
            AppendError::Fenced { .. } => ErrorKind::Fenced,
            AppendError::Unknown(_) | AppendError::Unavailable(_) => ErrorKind::Unavailable,
            AppendError::Busy(_) => ErrorKind::Busy,
            AppendError::Full(_) => ErrorKind::Full,
            AppendError::Corrupt(_) => ErrorKind::Corrupt,
            AppendError::Invalid(_) => ErrorKind::Invalid,
        };
        Error::new(kind, error.to_string()).because(error)
    }
}

/// The result of one append.
pub type Appended = std::result::Result<Head, AppendError>;

/// A tail that was cut at opening: bytes of a write that was never acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The file it was in.
    pub file: String,
    /// Where the last whole frame ends.
    pub offset: u64,
    /// How many bytes after it were not zero, counted to the last such byte.
    pub bytes: u64,
}

/// The state of an engine, in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalReport {
    /// Identities with a head.
    pub identities: u64,
    /// Segments on disk.
    pub segments: u64,
    /// Bytes of frames in them.
    pub bytes: u64,
    /// What was cut when the journal was opened.
    pub torn: Option<TornTail>,
    /// Milliseconds that opening took.
    pub recovery_ms: u64,
    /// Sidecars that were missing or damaged at opening, and were rebuilt.
    pub sidecars_rebuilt: u64,
    /// Why writes are refused, if they are.
    pub poisoned: Option<String>,
    /// Failures of background work that cost no durability; the newest is told.
    pub background_errors: u64,
    /// The newest of them.
    pub background_error: Option<String>,
}

/// Called with each frame that is read; `Break` ends the reading.
pub type Visit<'a> = &'a mut dyn FnMut(&FrameRef<'_>) -> Result<ControlFlow<()>>;

/// The reading half: any number, on any thread, while the writer appends.
pub trait JournalReader: Send {
    /// Where `id` stands, or `None` if it was never begun.
    fn head(&self, id: IdentityId) -> Result<Option<Head>>;

    /// Visits the frames of `id` in order, from the one that holds event `from_seq` (0 is taken as
    /// 1), verified: dense, chained, checksummed, epochs never falling. A frame is visited whole,
    /// so the first may begin before `from_seq`. Reading from the event after the head visits
    /// nothing; further on, or at a truncated event, is [`ErrorKind::NotFound`].
    fn read(&self, id: IdentityId, from_seq: u64, visit: Visit<'_>) -> Result<()>;

    /// The last truncated event of `id`: reading starts after it.
    fn truncated(&self, id: IdentityId) -> Result<u64>;

    /// Every identity, sorted.
    fn identities(&self) -> Vec<IdentityId>;
}

/// The writing half; it reads as well. One per journal.
pub trait Journal: JournalReader {
    /// Appends frames and returns once all accepted ones are durable. `results` is cleared and gets
    /// one result per frame, in order. A frame is accepted if its epoch is the head's, `first_seq`
    /// the next and `prev` the head's digest. A frame of kind [`FrameKind::Own`] needs a higher
    /// epoch instead, and is a birth if the identity is unknown. A frame that is in the journal
    /// already is accepted again, without being written again.
    fn append(&mut self, frames: &[Frame], results: &mut Vec<Appended>);

    /// Takes `id` over from `expected`, with an epoch above its own; `None` is a birth. Among
    /// those who expect the same head, one succeeds.
    /// To take over many at once, append frames made by [`Frame::own`].
    fn own(&mut self, id: IdentityId, expected: Option<Head>, epoch: u64, nonce: u64) -> Appended {
        let frame = own_frame(id, expected, epoch, nonce)?;
        if expected.is_some() && self.head(id).is_ok_and(|head| head.is_none()) {
            return Err(AppendError::Fenced { head: None });
        }
        append_one(self, frame)
    }

    /// A birth that continues another life: the first event is `at + 1`, chained to `digest`.
    fn begin(
        &mut self,
        id: IdentityId,
        epoch: u64,
        nonce: u64,
        at: u64,
        digest: Digest,
    ) -> Appended {
        let frame = Frame::own(id, epoch, nonce, at, digest)
            .map_err(|error| AppendError::Invalid(error.message))?;
        if let Ok(Some(head)) = self.head(id)
            && head.epoch < epoch
        {
            // It would be a takeover if it happened to name the head: a birth it is not.
            return Err(AppendError::Fenced { head: Some(head) });
        }
        append_one(self, frame)
    }

    /// Forgets events up to `upto`, except those in the last frame, and returns the last event that
    /// is forgotten now. Frames without events at that place may go as well: they carry no state
    /// but the epoch, which the head keeps. What is forgotten may return with a reopening.
    fn truncate(&mut self, id: IdentityId, upto: u64) -> Result<u64>;

    /// Opens anew after a failure: finds out what is durable and accepts writes again.
    fn reopen(&mut self) -> Result<()>;

    /// A reader for another thread.
    fn reader(&self) -> Box<dyn JournalReader + Sync>;

    /// What an acknowledgement means here.
    fn durability(&self) -> Durability;

    /// The state in figures.
    fn report(&self) -> JournalReport;
}

/// Appends one frame and answers for it.
fn append_one<J: Journal + ?Sized>(journal: &mut J, frame: Frame) -> Appended {
    let mut results = Vec::with_capacity(1);
    journal.append(&[frame], &mut results);
    results.pop().unwrap_or_else(|| Err(AppendError::Unavailable("no answer".to_owned())))
}

/// Whether `frame` may follow `head`: the one rule of acceptance, shared by all engines.
fn follows(head: Option<&Head>, frame: &FrameHeader) -> std::result::Result<(), AppendError> {
    let fenced = || Err(AppendError::Fenced { head: head.copied() });
    let Some(head) = head else {
        return if frame.kind == FrameKind::Own { Ok(()) } else { fenced() };
    };
    let epoch = match frame.kind {
        FrameKind::Own => frame.epoch > head.epoch,
        FrameKind::Events | FrameKind::Handoff | FrameKind::Snapshot | FrameKind::Seal => {
            frame.epoch == head.epoch
        }
    };
    if epoch && frame.first_seq == head.seq + 1 && frame.prev == head.digest {
        Ok(())
    } else {
        fenced()
    }
}

/// The frame with which `epoch` takes `id` over at `expected`, or gives birth to it.
fn own_frame(
    id: IdentityId,
    expected: Option<Head>,
    epoch: u64,
    nonce: u64,
) -> std::result::Result<Frame, AppendError> {
    let (at, prev) = expected.map_or((0, Digest::ZERO), |head| (head.seq, head.digest));
    Frame::own(id, epoch, nonce, at, prev).map_err(|error| AppendError::Invalid(error.message))
}

/// How far `upto` can be truncated, given the last frame's place.
fn truncation_point(upto: u64, last_first_seq: u64, truncated: u64) -> u64 {
    upto.min(last_first_seq.saturating_sub(1)).max(truncated)
}

/// The errors of a read that starts outside of what there is.
fn check_start(id: IdentityId, from: u64, truncated: u64, head: &Head) -> Result<()> {
    if from <= truncated {
        return Err(Error::not_found(format!(
            "event {from} of identity {id} was truncated; read from {} on top of a snapshot",
            truncated + 1
        )));
    }
    if from > head.seq.saturating_add(1) {
        return Err(Error::not_found(format!(
            "event {from} of identity {id} does not exist; the last one is {}",
            head.seq
        )));
    }
    Ok(())
}
