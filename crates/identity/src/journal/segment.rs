//! A segment file: a header, frames, and a trailer once it is full; zeros after that.

use super::frame::{self, Flaw, Head, array_at, u32_at, u64_at};
use crate::disk::{Disk, DiskFile};
use crate::error::{Error, Result};
use crate::format::{
    self, FRAME_MAGIC, FRAME_VERSION, SEGMENT_MAGIC, SEGMENT_VERSION, TRAILER_MAGIC,
};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::Arc;

/// The length of a segment's header: where its first frame is.
pub(super) const SEGMENT_HEADER_LEN: u64 = 64;
/// The length of a trailer; every segment keeps room for it.
pub(super) const TRAILER_LEN: u64 = 48;

/// An open segment; writer and readers share it.
pub(super) struct Segment {
    pub number: u64,
    pub name: String,
    pub file: Arc<dyn DiskFile>,
    pub length: u64,
    pub salt: u32,
}

/// What a full segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trailer {
    pub last_batch: u64,
    pub frames: u64,
    pub end: u64,
}

impl Segment {
    /// Writes a segment under its temporary name: reserved, zeroed, with header, durable.
    pub fn prepare(disk: &dyn Disk, dir: &Path, number: u64, length: u64) -> Result<Self> {
        let name = format::segment_file(number);
        let temp = dir.join(format::temp_file(&name));
        let salt = RandomState::new().build_hasher().finish() as u32;
        let write = || {
            let file = disk.create(&temp)?;
            file.preallocate(length)?;
            file.write_at(&header(number, length, salt), 0)?;
            file.sync_data()?;
            Ok(file)
        };
        match write() {
            Ok(file) => Ok(Self { number, name, file, length, salt }),
            Err(source) => {
                // A half-prepared file only takes space; opening removes what cannot be removed.
                let _ = disk.remove(&temp);
                Err(Error::io(format!("prepare segment {}", temp.display()), source))
            }
        }
    }

    /// Gives a prepared segment its name, durably.
    pub fn install(&self, disk: &dyn Disk, dir: &Path) -> Result<()> {
        let temp = dir.join(format::temp_file(&self.name));
        disk.rename(&temp, &dir.join(&self.name))
            .and_then(|()| disk.sync_dir(dir))
            .map_err(|source| Error::io(format!("install segment {}", self.name), source))
    }

    /// Opens a segment and checks its header.
    pub fn open(disk: &dyn Disk, dir: &Path, number: u64) -> Result<Self> {
        let name = format::segment_file(number);
        let fail = |source| Error::io(format!("open segment {name}"), source);
        let file = disk.open(&dir.join(&name)).map_err(fail)?;
        let found = file.len().map_err(fail)?;
        if found < SEGMENT_HEADER_LEN {
            return Err(Error::corrupt(&name, found, "the file ends inside its header"));
        }
        let mut bytes = [0; SEGMENT_HEADER_LEN as usize];
        file.read_at(&mut bytes, 0).map_err(fail)?;
        if u32_at(&bytes, 0) != SEGMENT_MAGIC || crc32c::crc32c(&bytes[..60]) != u32_at(&bytes, 60)
        {
            return Err(Error::corrupt(&name, 0, "the segment header is not whole"));
        }
        let version = u16::from_le_bytes(array_at(&bytes, 4));
        if version == 0 || version > SEGMENT_VERSION {
            return Err(Error::unsupported(&name, "segment", version, SEGMENT_VERSION));
        }
        let (says, length) = (u64_at(&bytes, 8), u64_at(&bytes, 16));
        if says != number {
            let what = format!("the header belongs to segment {says}");
            return Err(Error::corrupt(&name, 8, &what));
        }
        if length != found {
            let what = format!("the file has {found} bytes and its header says {length}");
            return Err(Error::corrupt(&name, found.min(length), &what));
        }
        Ok(Self { number, name, file, length, salt: u32_at(&bytes, 24) })
    }

    /// Where frames must end, so that the trailer has room.
    pub fn room_end(&self) -> u64 {
        self.length - TRAILER_LEN
    }

    /// The bytes of the trailer.
    pub fn trailer(&self, trailer: &Trailer) -> [u8; TRAILER_LEN as usize] {
        let mut bytes = [0; TRAILER_LEN as usize];
        bytes[..4].copy_from_slice(&TRAILER_MAGIC.to_le_bytes());
        bytes[4..6].copy_from_slice(&SEGMENT_VERSION.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&trailer.last_batch.to_le_bytes());
        bytes[24..32].copy_from_slice(&trailer.frames.to_le_bytes());
        bytes[32..40].copy_from_slice(&trailer.end.to_le_bytes());
        let crc = crc32c::crc32c_append(self.salt, &bytes[..44]);
        bytes[44..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The trailer in `bytes`, if there is a whole one that belongs at `at`.
    pub fn parse_trailer(&self, bytes: &[u8], at: u64) -> Option<Trailer> {
        let bytes = bytes.get(..TRAILER_LEN as usize)?;
        let whole = u32_at(bytes, 0) == TRAILER_MAGIC
            && crc32c::crc32c_append(self.salt, &bytes[..44]) == u32_at(bytes, 44)
            && u64_at(bytes, 8) == self.number
            && u64_at(bytes, 32) == at;
        let trailer = Trailer { last_batch: u64_at(bytes, 16), frames: u64_at(bytes, 24), end: at };
        whole.then_some(trailer)
    }

    /// The error for a frame at `at` that cannot be used.
    pub fn flaw(&self, at: u64, flaw: Flaw) -> Error {
        match flaw {
            Flaw::Empty => Error::corrupt(&self.name, at, "frames are missing"),
            Flaw::Damaged(what) => Error::corrupt(&self.name, at, what),
            Flaw::Version(found) => {
                Error::unsupported(&format!("{} at {at}", self.name), "frame", found, FRAME_VERSION)
            }
        }
    }
}

/// The bytes of a segment header.
fn header(number: u64, length: u64, salt: u32) -> [u8; SEGMENT_HEADER_LEN as usize] {
    let mut bytes = [0; SEGMENT_HEADER_LEN as usize];
    bytes[..4].copy_from_slice(&SEGMENT_MAGIC.to_le_bytes());
    bytes[4..6].copy_from_slice(&SEGMENT_VERSION.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    bytes[16..24].copy_from_slice(&length.to_le_bytes());
    bytes[24..28].copy_from_slice(&salt.to_le_bytes());
    let crc = crc32c::crc32c(&bytes[..60]);
    bytes[60..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Reads a segment through a buffer that moves, forwards or backwards.
pub(super) struct Window<'a> {
    segment: &'a Segment,
    step: u64,
    grid: u64,
    base: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    /// Reads `step` bytes at a time, from multiples of `step`: for neighbours in any direction.
    pub fn new(segment: &'a Segment, step: u64) -> Self {
        Self { segment, step, grid: step, base: 0, bytes: Vec::new() }
    }

    /// Reads `step` bytes from wherever it is asked to: for places far apart.
    pub fn sparse(segment: &'a Segment, step: u64) -> Self {
        Self { segment, step, grid: 1, base: 0, bytes: Vec::new() }
    }

    /// Up to `len` bytes at `at`: fewer only at the end of the file.
    pub fn get(&mut self, at: u64, len: u64) -> Result<&[u8]> {
        let end = (at + len).min(self.segment.length);
        let at = at.min(end);
        if at < self.base || end > self.base + self.bytes.len() as u64 {
            self.base = at / self.grid * self.grid;
            let until = end.max(self.base + self.step).min(self.segment.length);
            self.bytes.resize((until - self.base) as usize, 0);
            if let Err(source) = self.segment.file.read_at(&mut self.bytes, self.base) {
                self.bytes.clear();
                let what = format!("read {} at {}", self.segment.name, self.base);
                return Err(Error::io(what, source));
            }
        }
        Ok(&self.bytes[(at - self.base) as usize..(end - self.base) as usize])
    }

    /// The head and the payload of the frame at `at`, checksums verified.
    pub fn frame(&mut self, at: u64) -> Result<std::result::Result<(Head, &[u8]), Flaw>> {
        let salt = self.segment.salt;
        let head = match frame::decode(self.get(at, frame::HEADER_LEN as u64)?, salt) {
            Ok(head) => head,
            Err(flaw) => return Ok(Err(flaw)),
        };
        let bytes = self.get(at, head.size() as u64)?;
        Ok(frame::payload(&head, bytes, salt).map(|payload| (head, payload)))
    }
}

/// How the frames of a segment end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// In zeros up to the end of the file.
    Clean,
    /// In a trailer.
    Trailer(Trailer),
    /// In something that is neither.
    Damaged(Flaw),
}

/// What a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scan {
    /// Where the last whole frame ends.
    pub end: u64,
    /// What comes there.
    pub how: End,
    /// Whole frames.
    pub frames: u64,
    /// The number of the last write, 0 if there are no frames, and where it began.
    pub last_batch: u64,
    pub last_batch_start: u64,
}

/// Called with each whole frame of a scan and its offset; an error ends the scan as damage there.
pub(super) type ScanVisit<'a> =
    &'a mut dyn FnMut(u64, &Head, &[u8]) -> std::result::Result<(), Flaw>;

const SCAN_STEP: u64 = 1024 * 1024;

/// Visits every whole frame from the start; says how they end.
pub(super) fn scan(segment: &Segment, visit: ScanVisit<'_>) -> Result<Scan> {
    let mut window = Window::new(segment, SCAN_STEP);
    let mut found = Scan {
        end: SEGMENT_HEADER_LEN,
        how: End::Clean,
        frames: 0,
        last_batch: 0,
        last_batch_start: SEGMENT_HEADER_LEN,
    };
    loop {
        let at = found.end;
        let flaw = match window.frame(at)? {
            Ok((head, payload)) => {
                let order = check_batch(&found, &head);
                match order.and_then(|()| visit(at, &head, payload)) {
                    Ok(()) => {
                        found.end = at + head.size() as u64;
                        found.frames += 1;
                        found.last_batch = head.place.batch;
                        found.last_batch_start = head.place.batch_start as u64;
                        continue;
                    }
                    Err(flaw) => flaw,
                }
            }
            Err(flaw) => flaw,
        };
        let trailer = segment.parse_trailer(window.get(at, TRAILER_LEN)?, at);
        let after = if trailer.is_some() { at + TRAILER_LEN } else { at };
        let silent = last_written(segment, after)?.is_none();
        found.how = match trailer {
            Some(trailer) if silent => End::Trailer(trailer),
            None if silent => End::Clean,
            Some(_) | None => End::Damaged(flaw),
        };
        return Ok(found);
    }
}

/// Writes are numbered without a gap, and say where they began.
fn check_batch(found: &Scan, head: &Head) -> std::result::Result<(), Flaw> {
    let place = &head.place;
    let same = place.batch == found.last_batch
        && place.batch_start as u64 == found.last_batch_start
        && found.frames > 0;
    let next = place.batch_start as u64 == found.end
        && (found.frames == 0 || place.batch == found.last_batch + 1);
    if same || next { Ok(()) } else { Err(Flaw::Damaged("a frame belongs to another write")) }
}

/// The offset after the last byte from `from` on that is not zero, if there is one.
pub(super) fn last_written(segment: &Segment, from: u64) -> Result<Option<u64>> {
    let mut window = Window::new(segment, SCAN_STEP);
    let mut last = None;
    let mut at = from;
    while at < segment.length {
        let bytes = window.get(at, SCAN_STEP - at % SCAN_STEP)?;
        if let Some(i) = bytes.iter().rposition(|&b| b != 0) {
            last = Some(at + i as u64 + 1);
        }
        at += bytes.len() as u64;
    }
    Ok(last)
}

/// Whether a frame lies behind the damage at `at` that belongs to a later write. If one does, what
/// is damaged had been acknowledged, because writes are acknowledged one after the other. If none
/// does, the damaged write was the last one, and it may have been torn.
pub(super) fn later_write_after(segment: &Segment, at: u64) -> Result<bool> {
    let mut window = Window::new(segment, SCAN_STEP);
    let mut probe = at;
    while probe + TRAILER_LEN <= segment.length {
        let bytes = window.get(probe, frame::HEADER_LEN as u64)?;
        match u32_at(bytes, 0) {
            FRAME_MAGIC => {
                if let Ok(head) = frame::decode(bytes, segment.salt)
                    && head.place.batch_start as u64 > at
                {
                    return Ok(true);
                }
            }
            // A trailer is written only when all before it has been acknowledged.
            TRAILER_MAGIC if segment.parse_trailer(bytes, probe).is_some() => return Ok(true),
            _ => {}
        }
        probe += 8;
    }
    Ok(false)
}
