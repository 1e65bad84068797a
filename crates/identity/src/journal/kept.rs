//! The frames of one branch in a file of its own: what stays behind when an identity leaves.
//!
//! `<branch>.frames` is a header and then frames to the end of the file, byte for byte as segments
//! hold them but for their place. It is written once. [`Kept`] reads such files and is a journal
//! that nobody can append to.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use super::frame::{self, Place, array_at, u32_at, u64_at};
use super::reader::{is_next, unknown};
use super::segment::{Segment, Window};
use super::{FrameRef, Head, IdentityId, JournalReader, Visit, check_start};
use crate::disk::Disk;
use crate::error::{Error, ErrorKind, Result};
use crate::format::{KEPT_MAGIC, KEPT_VERSION, kept_file};

const HEADER_LEN: usize = 64;
/// Bytes that are read at one time.
const STEP: u64 = 256 * 1024;
/// Bytes between two places that are remembered: a read begins at most so far before its start.
const MARK_BYTES: u64 = 256 * 1024;

/// Writes the frames of `id`, from where its journal begins up to and with the one that ends at
/// `head`. Each is verified as it is read.
pub fn write(
    id: IdentityId,
    head: &Head,
    reader: &dyn JournalReader,
    to: &mut dyn Write,
) -> Result<()> {
    let failed = |e: io::Error| Error::io(format!("writing {}", kept_file(id)), e);
    let truncated = reader.truncated(id)?;
    // From the identity, so that the same life gives the same file.
    let salt = u32_at(&id.0, 0) ^ u32_at(&id.0, 12);
    to.write_all(&header(id, truncated, salt)).map_err(failed)?;
    let (mut bytes, mut first, mut whole) = (Vec::new(), true, false);
    reader.read(id, truncated + 1, &mut |frame| {
        bytes.clear();
        let place = Place { birth: first && truncated == 0, batch: 0, batch_start: 0, back: 0 };
        frame::encode(&mut bytes, salt, frame, &place);
        to.write_all(&bytes).map_err(failed)?;
        first = false;
        whole = frame.digest == head.digest;
        Ok(if whole { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    if whole {
        return Ok(());
    }
    let what = format!("the journal of {id} does not lead to its head at {}", head.seq);
    Err(Error::new(ErrorKind::Corrupt, what))
}

fn header(id: IdentityId, truncated: u64, salt: u32) -> [u8; HEADER_LEN] {
    let mut out = [0; HEADER_LEN];
    out[..4].copy_from_slice(&KEPT_MAGIC.to_le_bytes());
    out[4..6].copy_from_slice(&KEPT_VERSION.to_le_bytes());
    out[8..24].copy_from_slice(&id.0);
    out[24..32].copy_from_slice(&truncated.to_le_bytes());
    out[32..36].copy_from_slice(&salt.to_le_bytes());
    let crc = crc32c::crc32c(&out[..60]);
    out[60..].copy_from_slice(&crc.to_le_bytes());
    out
}

/// A journal of such files.
pub struct Kept {
    lives: BTreeMap<IdentityId, Life>,
}

struct Life {
    segment: Segment,
    truncated: u64,
    head: Head,
    /// First sequence numbers and offsets of some frames, rising.
    marks: Vec<(u64, u64)>,
}

impl Kept {
    /// Opens the files of these branches in `dir`, and reads all of them once: dense, chained,
    /// checksummed, epochs never falling.
    pub fn open(disk: &dyn Disk, dir: &Path, ids: &[IdentityId]) -> Result<Self> {
        let life = |id: &IdentityId| Ok((*id, Life::open(disk, dir, *id)?));
        Ok(Self { lives: ids.iter().map(life).collect::<Result<_>>()? })
    }

    fn life(&self, id: IdentityId) -> Result<&Life> {
        self.lives.get(&id).ok_or_else(|| unknown(id))
    }
}

impl Life {
    fn open(disk: &dyn Disk, dir: &Path, id: IdentityId) -> Result<Self> {
        let name = kept_file(id);
        let fail = |e| Error::io(format!("reading {name}"), e);
        let file = disk.open(&dir.join(&name)).map_err(fail)?;
        let length = file.len().map_err(fail)?;
        if length < HEADER_LEN as u64 {
            return Err(Error::corrupt(&name, length, "the file ends inside its header"));
        }
        let mut bytes = [0; HEADER_LEN];
        file.read_at(&mut bytes, 0).map_err(fail)?;
        if u32_at(&bytes, 0) != KEPT_MAGIC || crc32c::crc32c(&bytes[..60]) != u32_at(&bytes, 60) {
            return Err(Error::corrupt(&name, 0, "the header is not whole"));
        }
        let version = u16::from_le_bytes([bytes[4], bytes[5]]);
        if version == 0 || version > KEPT_VERSION {
            return Err(Error::unsupported(&name, "frames", version, KEPT_VERSION));
        }
        if IdentityId(array_at(&bytes, 8)) != id {
            return Err(Error::corrupt(&name, 8, "the file belongs to another branch"));
        }
        let truncated = u64_at(&bytes, 24);
        let segment = Segment { number: 0, name, file, length, salt: u32_at(&bytes, 32) };
        let mut marks: Vec<(u64, u64)> = Vec::new();
        let begin = HEADER_LEN as u64;
        let last = walk(id, &segment, begin, &mut |at, frame| {
            if marks.last().is_none_or(|(_, mark)| at - mark >= MARK_BYTES) {
                marks.push((frame.header.first_seq, at));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let Some(head) = last else {
            return Err(Error::corrupt(&segment.name, begin, "the file holds no frame"));
        };
        Ok(Self { segment, truncated, head, marks })
    }
}

/// What a walk meets: where a frame lies, and the frame.
type Meet<'a> = &'a mut dyn FnMut(u64, &FrameRef<'_>) -> Result<ControlFlow<()>>;

/// Walks over verified frames from an offset to the end of the file, or until told to stop; gives
/// the head after the last.
fn walk(id: IdentityId, segment: &Segment, begin: u64, meet: Meet<'_>) -> Result<Option<Head>> {
    let mut window = Window::new(segment, STEP);
    let (mut at, mut last) = (begin, None);
    while at < segment.length {
        let (head, payload) = window.frame(at)?.map_err(|flaw| segment.flaw(at, flaw))?;
        let frame = FrameRef { header: head.header, digest: head.digest, payload };
        is_next(id, last.as_ref(), &frame).map_err(|why| Error::corrupt(&segment.name, at, why))?;
        last = Some(frame.head());
        if meet(at, &frame)?.is_break() {
            break;
        }
        at += head.size() as u64;
    }
    Ok(last)
}

impl JournalReader for Kept {
    fn head(&self, id: IdentityId) -> Result<Option<Head>> {
        Ok(self.lives.get(&id).map(|life| life.head))
    }

    fn read(&self, id: IdentityId, from_seq: u64, visit: Visit<'_>) -> Result<()> {
        let (from, life) = (from_seq.max(1), self.life(id)?);
        check_start(id, from, life.truncated, &life.head)?;
        // Frames without events share their number with what follows: the mark before is right.
        let after = life.marks.partition_point(|(first, _)| *first < from);
        let Some((_, begin)) = life.marks.get(after.saturating_sub(1)) else { return Ok(()) };
        walk(id, &life.segment, *begin, &mut |_, frame| {
            let header = &frame.header;
            let wanted = header.last_seq() >= from || header.count == 0 && header.first_seq >= from;
            if wanted { visit(frame) } else { Ok(ControlFlow::Continue(())) }
        })?;
        Ok(())
    }

    fn truncated(&self, id: IdentityId) -> Result<u64> {
        self.life(id).map(|life| life.truncated)
    }

    fn identities(&self) -> Vec<IdentityId> {
        self.lives.keys().copied().collect()
    }
}
