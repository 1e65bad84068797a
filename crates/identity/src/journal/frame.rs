//! A frame as bytes: 112 bytes of header, the payload, its checksum, zeros up to a multiple of 8.
//!
//! The header has its own checksum, so a damaged length is never followed. Checksums start from
//! the segment's salt: bytes of another segment, or of a payload that imitates a frame, do not
//! pass for a frame of this one.

use super::{Digest, FrameHeader, FrameKind, FrameRef, IdentityId};
use crate::format::{FRAME_MAGIC, FRAME_PAYLOAD_MAX, FRAME_VERSION};

/// The length of a frame's header.
pub(super) const HEADER_LEN: usize = 112;
const CRC_AT: usize = 108;
const FLAG_BIRTH: u8 = 1;

/// Where a frame is and why, as storage sees it; not part of the digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Nothing of this identity comes before.
    pub birth: bool,
    /// The number of the write this frame was part of.
    pub batch: u64,
    /// Where that write began: damage before it is damage of something acknowledged.
    pub batch_start: u32,
    /// The frame of the same identity before this one in the segment; 0 if there is none.
    pub back: u32,
}

/// A decoded header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub header: FrameHeader,
    pub digest: Digest,
    pub place: Place,
    pub len: usize,
}

impl Head {
    /// The bytes that the whole frame takes.
    pub fn size(&self) -> usize {
        size(self.len)
    }
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Nothing was ever written here.
    Empty,
    /// Something is wrong with what was written.
    Damaged(&'static str),
    /// Whole, but of a newer build.
    Version(u16),
}

/// The bytes that a frame with a payload of `len` bytes takes.
pub(super) fn size(len: usize) -> usize {
    (HEADER_LEN + len + 4).next_multiple_of(8)
}

/// Appends the bytes of `frame` to `out`.
pub(super) fn encode(out: &mut Vec<u8>, salt: u32, frame: &FrameRef<'_>, place: &Place) {
    assert!(frame.payload.len() <= FRAME_PAYLOAD_MAX, "a sealed frame is bounded");
    let at = out.len();
    let header = &frame.header;
    let mut bytes = [0; HEADER_LEN];
    bytes[..4].copy_from_slice(&FRAME_MAGIC.to_le_bytes());
    bytes[4..6].copy_from_slice(&FRAME_VERSION.to_le_bytes());
    bytes[6] = header.kind as u8;
    bytes[7] = if place.birth { FLAG_BIRTH } else { 0 };
    bytes[8..24].copy_from_slice(&header.identity.0);
    bytes[24..32].copy_from_slice(&header.epoch.to_le_bytes());
    bytes[32..40].copy_from_slice(&header.first_seq.to_le_bytes());
    bytes[40..48].copy_from_slice(&header.nonce.to_le_bytes());
    bytes[48..64].copy_from_slice(&header.prev.0);
    bytes[64..80].copy_from_slice(&frame.digest.0);
    bytes[80..84].copy_from_slice(&header.count.to_le_bytes());
    bytes[84..88].copy_from_slice(&(frame.payload.len() as u32).to_le_bytes());
    bytes[88..96].copy_from_slice(&place.batch.to_le_bytes());
    bytes[96..100].copy_from_slice(&place.batch_start.to_le_bytes());
    bytes[100..104].copy_from_slice(&place.back.to_le_bytes());
    let crc = crc32c::crc32c_append(salt, &bytes[..CRC_AT]);
    bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
    out.reserve(size(frame.payload.len()));
    out.extend_from_slice(&bytes);
    out.extend_from_slice(frame.payload);
    let crc = crc32c::crc32c_append(salt, frame.payload);
    out.extend_from_slice(&crc.to_le_bytes());
    out.resize(at + size(frame.payload.len()), 0);
}

/// Decodes a header from the first [`HEADER_LEN`] bytes of `bytes`.
pub(super) fn decode(bytes: &[u8], salt: u32) -> Result<Head, Flaw> {
    let bytes = bytes.get(..HEADER_LEN).ok_or(Flaw::Damaged("a frame is cut short"))?;
    if u32_at(bytes, 0) != FRAME_MAGIC {
        let empty = bytes.iter().all(|&b| b == 0);
        return Err(if empty { Flaw::Empty } else { Flaw::Damaged("no frame begins here") });
    }
    if crc32c::crc32c_append(salt, &bytes[..CRC_AT]) != u32_at(bytes, CRC_AT) {
        return Err(Flaw::Damaged("the checksum of a frame header is wrong"));
    }
    let version = u16::from_le_bytes([bytes[4], bytes[5]]);
    if version == 0 || version > FRAME_VERSION {
        return Err(Flaw::Version(version));
    }
    let kind = FrameKind::from_u8(bytes[6]).ok_or(Flaw::Damaged("the frame kind is unknown"))?;
    let len = u32_at(bytes, 84) as usize;
    if len > FRAME_PAYLOAD_MAX || bytes[7] & !FLAG_BIRTH != 0 {
        return Err(Flaw::Damaged("a frame header says what no writer writes"));
    }
    let header = FrameHeader {
        kind,
        identity: IdentityId(array_at(bytes, 8)),
        epoch: u64_at(bytes, 24),
        first_seq: u64_at(bytes, 32),
        count: u32_at(bytes, 80),
        nonce: u64_at(bytes, 40),
        prev: Digest(array_at(bytes, 48)),
    };
    let place = Place {
        birth: bytes[7] & FLAG_BIRTH != 0,
        batch: u64_at(bytes, 88),
        batch_start: u32_at(bytes, 96),
        back: u32_at(bytes, 100),
    };
    Ok(Head { header, digest: Digest(array_at(bytes, 64)), place, len })
}

/// The payload of a whole frame, its checksum and padding verified.
pub(super) fn payload<'a>(head: &Head, frame: &'a [u8], salt: u32) -> Result<&'a [u8], Flaw> {
    let end = HEADER_LEN + head.len;
    let whole = frame.get(..head.size()).ok_or(Flaw::Damaged("a frame is cut short"))?;
    let payload = &whole[HEADER_LEN..end];
    if crc32c::crc32c_append(salt, payload) != u32_at(whole, end) {
        return Err(Flaw::Damaged("the checksum of a frame payload is wrong"));
    }
    if whole[end + 4..].iter().any(|&b| b != 0) {
        return Err(Flaw::Damaged("the padding of a frame is not zero"));
    }
    Ok(payload)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

/// `N` bytes at `at`; the caller has checked the length.
pub(super) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Frame;
    use proptest::prelude::*;

    fn frame(payload: Vec<u8>, epoch: u64, first_seq: u64, nonce: u64) -> Frame {
        let header = FrameHeader {
            kind: FrameKind::Events,
            identity: IdentityId([7; 16]),
            epoch,
            first_seq,
            count: 3,
            nonce,
            prev: Digest([9; 16]),
        };
        Frame::seal(header, payload).unwrap()
    }

    const PLACE: Place = Place { birth: false, batch: 4, batch_start: 64, back: 72 };

    proptest! {
        #[test]
        fn what_is_written_is_read(
            payload in proptest::collection::vec(any::<u8>(), 0..2000),
            epoch: u64, first_seq in 1..u64::MAX - 3, nonce: u64, salt: u32,
        ) {
            let frame = frame(payload, epoch, first_seq, nonce);
            let mut bytes = Vec::new();
            encode(&mut bytes, salt, &frame.as_ref(), &PLACE);
            let head = decode(&bytes, salt).unwrap();
            prop_assert_eq!(head.header, *frame.header());
            prop_assert_eq!((head.digest, head.place), (frame.digest(), PLACE));
            prop_assert_eq!(head.size(), bytes.len());
            prop_assert_eq!(super::payload(&head, &bytes, salt).unwrap(), frame.payload());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(head) = decode(&bytes, 0) {
                let _ = super::payload(&head, &bytes, 0);
            }
        }
    }

    #[test]
    fn every_flipped_bit_is_seen() {
        let frame = frame(b"what never stops".to_vec(), 1, 1, 5);
        let mut bytes = Vec::new();
        encode(&mut bytes, 77, &frame.as_ref(), &PLACE);
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let read = decode(&bytes, 77).and_then(|head| super::payload(&head, &bytes, 77));
            assert!(read.is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(decode(&bytes, 78).is_err(), "another salt");
    }
}
