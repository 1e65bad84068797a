//! The index of a full segment as a file, so that opening does not read every segment.
//!
//! It repeats what the segment says, so a missing or damaged one is no loss: it is built again.

use super::frame::{array_at, u32_at, u64_at};
use super::index::{Entries, Entry};
use super::segment::{End, Segment, TRAILER_LEN, Trailer, scan};
use super::{Digest, IdentityId};
use crate::disk::{self, Disk};
use crate::error::{Error, Result};
use crate::format::{self, SIDECAR_MAGIC, SIDECAR_VERSION};
use std::path::Path;

const HEADER_LEN: usize = 48;
const ENTRY_LEN: usize = 96;

/// A segment that is full: its entries and its trailer.
pub(super) struct Sealed {
    pub entries: Entries,
    pub trailer: Trailer,
}

/// The sidecar's bytes.
pub(super) fn encode(number: u64, sealed: &Sealed) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_LEN + sealed.entries.len() * ENTRY_LEN + 4);
    out.extend_from_slice(&SIDECAR_MAGIC.to_le_bytes());
    out.extend_from_slice(&SIDECAR_VERSION.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&sealed.trailer.end.to_le_bytes());
    out.extend_from_slice(&sealed.trailer.last_batch.to_le_bytes());
    out.extend_from_slice(&sealed.trailer.frames.to_le_bytes());
    out.extend_from_slice(&(sealed.entries.len() as u64).to_le_bytes());
    for (id, entry) in &sealed.entries {
        out.extend_from_slice(&id.0);
        out.extend_from_slice(&entry.first_seq.to_le_bytes());
        out.extend_from_slice(&entry.last_seq.to_le_bytes());
        out.extend_from_slice(&entry.epoch.to_le_bytes());
        out.extend_from_slice(&entry.first_prev.0);
        out.extend_from_slice(&entry.digest.0);
        out.extend_from_slice(&entry.first_offset.to_le_bytes());
        out.extend_from_slice(&entry.last_offset.to_le_bytes());
        out.extend_from_slice(&entry.frames.to_le_bytes());
        out.extend_from_slice(&entry.last_count.to_le_bytes());
        out.extend_from_slice(&u64::from(entry.birth).to_le_bytes());
    }
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// What a sidecar says, or `None` if it is damaged or not of this segment. One of a newer build is
/// as good as none.
pub(super) fn decode(number: u64, bytes: &[u8]) -> Option<Sealed> {
    let body = bytes.len().checked_sub(4)?;
    if body < HEADER_LEN || crc32c::crc32c(&bytes[..body]) != u32_at(bytes, body) {
        return None;
    }
    let n = u64_at(bytes, 40) as usize;
    let whole = u32_at(bytes, 0) == SIDECAR_MAGIC
        && u16::from_le_bytes(array_at(bytes, 4)) == SIDECAR_VERSION
        && u64_at(bytes, 8) == number
        && body == HEADER_LEN + n * ENTRY_LEN;
    if !whole {
        return None;
    }
    let entries = bytes[HEADER_LEN..body].chunks_exact(ENTRY_LEN).map(|e| {
        let entry = Entry {
            first_seq: u64_at(e, 16),
            last_seq: u64_at(e, 24),
            epoch: u64_at(e, 32),
            first_prev: Digest(array_at(e, 40)),
            digest: Digest(array_at(e, 56)),
            first_offset: u32_at(e, 72),
            last_offset: u32_at(e, 76),
            frames: u32_at(e, 80),
            last_count: u32_at(e, 84),
            birth: u64_at(e, 88) != 0,
        };
        (IdentityId(array_at(e, 0)), entry)
    });
    let trailer = Trailer {
        end: u64_at(bytes, 16),
        last_batch: u64_at(bytes, 24),
        frames: u64_at(bytes, 32),
    };
    Some(Sealed { entries: entries.collect(), trailer })
}

/// The sidecar of `segment`, if it is whole and the segment's trailer agrees.
pub(super) fn load(disk: &dyn Disk, dir: &Path, segment: &Segment) -> Option<Sealed> {
    let path = dir.join(format::sidecar_file(segment.number));
    let sealed = decode(segment.number, &disk::read_whole(disk, &path).ok()?)?;
    let end = sealed.trailer.end;
    if end > segment.room_end() {
        return None;
    }
    let mut bytes = [0; TRAILER_LEN as usize];
    segment.file.read_at(&mut bytes, end).ok()?;
    (segment.parse_trailer(&bytes, end)? == sealed.trailer).then_some(sealed)
}

/// Reads a full segment, verifies all of it, and writes its sidecar.
pub(super) fn build(disk: &dyn Disk, dir: &Path, segment: &Segment) -> Result<Sealed> {
    let sealed = read_sealed(segment)?;
    let name = format::sidecar_file(segment.number);
    disk::write_whole(disk, dir, &name, &[&encode(segment.number, &sealed)])
        .map_err(|source| Error::io(format!("write sidecar {name}"), source))?;
    Ok(sealed)
}

/// Reads a full segment and verifies all of it: nothing in it may be damaged or missing.
pub(super) fn read_sealed(segment: &Segment) -> Result<Sealed> {
    let mut entries = Entries::new();
    let found = scan(segment, &mut |at, head, payload| collect(&mut entries, at, head, payload))?;
    let trailer = match found.how {
        End::Trailer(trailer) => trailer,
        End::Clean => {
            let what = "the segment is full and its trailer is missing";
            return Err(Error::corrupt(&segment.name, found.end, what));
        }
        End::Damaged(flaw) => return Err(segment.flaw(found.end, flaw)),
    };
    if trailer.frames != found.frames || trailer.last_batch != found.last_batch {
        let what = "the trailer counts other frames than there are";
        return Err(Error::corrupt(&segment.name, found.end, what));
    }
    Ok(Sealed { entries, trailer })
}

/// Takes a scanned frame into `entries`; one that does not follow its predecessor is a flaw.
pub(super) fn collect(
    entries: &mut Entries,
    at: u64,
    head: &super::frame::Head,
    payload: &[u8],
) -> std::result::Result<(), super::frame::Flaw> {
    use super::frame::Flaw;
    let header = &head.header;
    if header.digest(payload) != head.digest {
        return Err(Flaw::Damaged("a frame does not match its digest"));
    }
    match entries.get_mut(&header.identity) {
        None if head.place.back == 0 => {
            let entry = Entry::first(at as u32, header, head.digest, head.place.birth);
            entries.insert(header.identity, entry);
            Ok(())
        }
        Some(entry)
            if entry.leads_to(header)
                && head.place.back == entry.last_offset
                && !head.place.birth =>
        {
            entry.push(at as u32, header, head.digest);
            Ok(())
        }
        None | Some(_) => Err(Flaw::Damaged("a frame does not follow the one before it")),
    }
}
