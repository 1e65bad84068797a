//! A frame and its place in the chain of one life.

use crate::error::{Error, Result};
use crate::format::FRAME_PAYLOAD_MAX;
use std::fmt;
use std::str::FromStr;

/// The name of an identity below the surface: sixteen bytes, written as 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityId(pub [u8; 16]);

impl fmt::Display for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for IdentityId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid(format!("identity id {text:?} is not 32 hex digits"));
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let bits = u128::from_str_radix(text, 16).map_err(|_| wrong())?;
        Ok(Self(bits.to_be_bytes()))
    }
}

/// The value of the rolling chain after a frame: it proves that a replay is the same life.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// The chain before the first frame of an identity.
    pub const ZERO: Self = Self([0; 16]);
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a frame holds. The numbers are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FrameKind {
    /// Events: the only kind that occupies sequence numbers.
    Events = 1,
    /// A new owner, with a higher epoch; the first frame of every identity.
    Own = 2,
    /// The owner hands the identity to another.
    Handoff = 3,
    /// A reference to a snapshot; also moves the head of a cold identity into a new segment.
    Snapshot = 4,
    /// The end of an identity's life as a learner. What may follow is not the journal's affair.
    Seal = 5,
}

impl FrameKind {
    /// The kind with this number on disk.
    pub fn from_u8(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Events),
            2 => Some(Self::Own),
            3 => Some(Self::Handoff),
            4 => Some(Self::Snapshot),
            5 => Some(Self::Seal),
            _ => None,
        }
    }
}

/// What a frame says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// What the payload is.
    pub kind: FrameKind,
    /// Whose frame it is.
    pub identity: IdentityId,
    /// The owner's fencing number.
    pub epoch: u64,
    /// The sequence number of the first event; of the next one, if there are none.
    pub first_seq: u64,
    /// How many events; 0 unless the kind is [`FrameKind::Events`].
    pub count: u32,
    /// Chosen by the writer, so that two writers never make the same frame.
    pub nonce: u64,
    /// The digest of the frame before.
    pub prev: Digest,
}

impl FrameHeader {
    /// The sequence number of the last event up to and with this frame.
    pub fn last_seq(&self) -> u64 {
        self.first_seq.saturating_add(self.count as u64).saturating_sub(1)
    }

    /// The chain value of this header and `payload`: 16 bytes of BLAKE3.
    pub(super) fn digest(&self, payload: &[u8]) -> Digest {
        let mut head = [0u8; 65];
        head[..16].copy_from_slice(&self.prev.0);
        head[16] = self.kind as u8;
        head[17..33].copy_from_slice(&self.identity.0);
        head[33..41].copy_from_slice(&self.epoch.to_le_bytes());
        head[41..49].copy_from_slice(&self.first_seq.to_le_bytes());
        head[49..53].copy_from_slice(&self.count.to_le_bytes());
        head[53..61].copy_from_slice(&self.nonce.to_le_bytes());
        head[61..65].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        let mut hasher = blake3::Hasher::new();
        hasher.update(&head).update(payload);
        let mut digest = [0; 16];
        digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Digest(digest)
    }
}

/// A frame to append. Its fields cannot be changed once sealed, so its digest is always true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    header: FrameHeader,
    digest: Digest,
    payload: Vec<u8>,
}

impl Frame {
    /// Checks the header, computes the digest and closes the frame.
    pub fn seal(header: FrameHeader, payload: Vec<u8>) -> Result<Self> {
        let events = header.kind == FrameKind::Events;
        if payload.len() > FRAME_PAYLOAD_MAX {
            return Err(Error::invalid(format!(
                "a frame payload of {} bytes is longer than {FRAME_PAYLOAD_MAX}; split it",
                payload.len()
            )));
        }
        if events != (header.count > 0) {
            return Err(Error::invalid(format!(
                "a frame of kind {:?} cannot hold {} events",
                header.kind, header.count
            )));
        }
        if header.first_seq == 0 || header.first_seq.checked_add(header.count as u64).is_none() {
            return Err(Error::invalid(format!(
                "sequence numbers start at 1 and end at 2^64 - 1, not at {}",
                header.first_seq
            )));
        }
        let digest = header.digest(&payload);
        Ok(Self { header, digest, payload })
    }

    /// The frame with which the owner of `epoch` begins, after event `at` and on top of `prev`.
    pub fn own(id: IdentityId, epoch: u64, nonce: u64, at: u64, prev: Digest) -> Result<Self> {
        let first_seq = at
            .checked_add(1)
            .ok_or_else(|| Error::invalid(format!("no event can follow event {at}")))?;
        let kind = FrameKind::Own;
        let header = FrameHeader { kind, identity: id, epoch, first_seq, count: 0, nonce, prev };
        Self::seal(header, Vec::new())
    }

    /// What the frame says of itself.
    pub fn header(&self) -> &FrameHeader {
        &self.header
    }

    /// The chain after this frame.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The bytes inside.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload back, to reuse its memory.
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }

    /// The head of the identity once this frame is the last one.
    pub fn head(&self) -> Head {
        self.as_ref().head()
    }

    /// The same frame, borrowed.
    pub fn as_ref(&self) -> FrameRef<'_> {
        FrameRef { header: self.header, digest: self.digest, payload: &self.payload }
    }
}

/// A frame that was read and verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRef<'a> {
    /// What the frame says of itself.
    pub header: FrameHeader,
    /// The chain after this frame.
    pub digest: Digest,
    /// The bytes inside.
    pub payload: &'a [u8],
}

impl FrameRef<'_> {
    /// The head of the identity once this frame is the last one.
    pub fn head(&self) -> Head {
        Head { seq: self.header.last_seq(), epoch: self.header.epoch, digest: self.digest }
    }

    /// The bytes that it takes in a segment.
    pub fn stored_bytes(&self) -> u64 {
        super::frame::size(self.payload.len()) as u64
    }
}

/// Where an identity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The sequence number of the last event; 0 before the first.
    pub seq: u64,
    /// The newest owner's fencing number.
    pub epoch: u64,
    /// The chain after the last frame.
    pub digest: Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_id_is_32_hex_digits() {
        let id = IdentityId([0xab; 16]);
        assert_eq!(id.to_string().parse::<IdentityId>().unwrap(), id);
        assert!("ab".parse::<IdentityId>().is_err());
        assert!("+bababababababababababababababab".parse::<IdentityId>().is_err());
    }

    #[test]
    fn a_frame_is_bounded_and_counts_its_events() {
        let header = FrameHeader {
            kind: FrameKind::Events,
            identity: IdentityId([1; 16]),
            epoch: 1,
            first_seq: 1,
            count: 1,
            nonce: 0,
            prev: Digest::ZERO,
        };
        assert!(Frame::seal(header, vec![0; FRAME_PAYLOAD_MAX]).is_ok());
        assert!(Frame::seal(header, vec![0; FRAME_PAYLOAD_MAX + 1]).is_err());
        assert!(Frame::seal(FrameHeader { count: 0, ..header }, vec![]).is_err());
        assert!(Frame::seal(FrameHeader { kind: FrameKind::Own, ..header }, vec![]).is_err());
        assert!(Frame::seal(FrameHeader { first_seq: 0, ..header }, vec![]).is_err());
        assert!(Frame::seal(FrameHeader { first_seq: u64::MAX, ..header }, vec![]).is_err());
    }
}
