//! Two small files beside the segments.
//!
//! The manifest says which segments were freed on purpose and from where identities start, so that
//! a file that is merely missing is an error. The mark says how far the journal is known to have
//! been acknowledged, so that damage there is never taken for a torn tail.

use super::IdentityId;
use super::frame::{array_at, u32_at, u64_at};
use crate::disk::{self, Disk, DiskFile};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{
    MANIFEST_FILE, MANIFEST_MAGIC, MANIFEST_VERSION, MARK_FILE, MARK_MAGIC, MARK_VERSION,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// Freed segments, as ranges from first to last: neighbours are joined, so this stays short.
    pub freed: BTreeMap<u64, u64>,
    /// The last forgotten event of each identity that does not start at its birth.
    pub truncated: Vec<(IdentityId, u64)>,
}

impl Manifest {
    /// Whether segment `number` was freed.
    pub fn is_freed(&self, number: u64) -> bool {
        self.freed.range(..=number).next_back().is_some_and(|(_, &last)| number <= last)
    }

    /// Adds a freed segment.
    pub fn free(&mut self, number: u64) {
        if self.is_freed(number) {
            return;
        }
        let mut last = number;
        if let Some(after) = self.freed.remove(&(number + 1)) {
            last = after;
        }
        match self.freed.range_mut(..number).next_back() {
            Some((_, before)) if *before + 1 == number => *before = last,
            Some(_) | None => {
                self.freed.insert(number, last);
            }
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&MANIFEST_MAGIC.to_le_bytes());
        out.extend_from_slice(&MANIFEST_VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&(self.freed.len() as u64).to_le_bytes());
        out.extend_from_slice(&(self.truncated.len() as u64).to_le_bytes());
        for (first, last) in &self.freed {
            out.extend_from_slice(&first.to_le_bytes());
            out.extend_from_slice(&last.to_le_bytes());
        }
        for (id, upto) in &self.truncated {
            out.extend_from_slice(&id.0);
            out.extend_from_slice(&upto.to_le_bytes());
        }
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let damaged = |what| Err(Error::corrupt(MANIFEST_FILE, 0, what));
        let Some(body) = bytes.len().checked_sub(4).filter(|&body| body >= 24) else {
            return damaged("the file is too short");
        };
        if u32_at(bytes, 0) != MANIFEST_MAGIC
            || crc32c::crc32c(&bytes[..body]) != u32_at(bytes, body)
        {
            return damaged("the checksum is wrong");
        }
        let version = u16::from_le_bytes(array_at(bytes, 4));
        if version == 0 || version > MANIFEST_VERSION {
            let file = MANIFEST_FILE;
            return Err(Error::unsupported(file, "manifest", version, MANIFEST_VERSION));
        }
        let (ranges, ids) = (u64_at(bytes, 8) as usize, u64_at(bytes, 16) as usize);
        if body != 24 + ranges * 16 + ids * 24 {
            return damaged("the length is wrong");
        }
        let (ranges, ids) = bytes[24..body].split_at(ranges * 16);
        let range = |b: &[u8]| (u64_at(b, 0), u64_at(b, 8));
        let id = |b: &[u8]| (IdentityId(array_at(b, 0)), u64_at(b, 16));
        Ok(Self {
            freed: ranges.chunks_exact(16).map(range).collect(),
            truncated: ids.chunks_exact(24).map(id).collect(),
        })
    }

    /// Reads the manifest of `dir`; none is an empty one.
    pub fn load(disk: &dyn Disk, dir: &Path) -> Result<Self> {
        match disk::read_whole(disk, &dir.join(MANIFEST_FILE)) {
            Ok(bytes) => Self::decode(&bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::io("read the journal's manifest", error)),
        }
    }

    /// Writes the manifest of `dir`, durably.
    pub fn store(&self, disk: &dyn Disk, dir: &Path) -> Result<()> {
        disk::write_whole(disk, dir, MANIFEST_FILE, &[&self.encode()])
            .map_err(|source| Error::io("write the journal's manifest", source))
    }
}

/// How far the journal is known to have been acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub segment: u64,
    pub end: u64,
    pub batch: u64,
}

const SLOT_LEN: usize = 48;
/// Slots are pages apart, so that no torn write damages both.
const SLOT_STEP: u64 = 4096;

/// The file of the mark: two slots, written in turn.
pub(super) struct MarkFile {
    file: Arc<dyn DiskFile>,
    turn: u64,
    /// What is known to be in the file.
    pub written: Mark,
}

impl MarkFile {
    /// Opens or creates the mark of `dir`.
    pub fn open(disk: &dyn Disk, dir: &Path) -> Result<Self> {
        let fail = |source| Error::io(format!("open the journal's {MARK_FILE} mark"), source);
        let path = dir.join(MARK_FILE);
        let file = match disk.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let zeros = [0; SLOT_STEP as usize + SLOT_LEN];
                disk::write_whole(disk, dir, MARK_FILE, &[&zeros]).map_err(fail)?;
                disk.open(&path).map_err(fail)?
            }
            Err(error) => return Err(fail(error)),
        };
        let mut turn = 0;
        let mut written = Mark::default();
        for slot in [0, SLOT_STEP] {
            let mut bytes = [0; SLOT_LEN];
            if file.read_at(&mut bytes, slot).is_ok()
                && let Some((mark_turn, mark)) = decode_mark(&bytes)?
                && mark_turn > turn
            {
                (turn, written) = (mark_turn, mark);
            }
        }
        Ok(Self { file, turn, written })
    }

    /// Writes `mark` into the older slot, durably, unless it is there already.
    pub fn write(&mut self, mark: Mark) -> Result<()> {
        if mark == self.written {
            return Ok(());
        }
        let turn = self.turn + 1;
        let slot = turn % 2 * SLOT_STEP;
        self.file
            .write_at(&encode_mark(turn, &mark), slot)
            .and_then(|()| self.file.sync_data())
            .map_err(|source| Error::io(format!("write the journal's {MARK_FILE} mark"), source))?;
        (self.turn, self.written) = (turn, mark);
        Ok(())
    }
}

fn encode_mark(turn: u64, mark: &Mark) -> [u8; SLOT_LEN] {
    let mut bytes = [0; SLOT_LEN];
    bytes[..4].copy_from_slice(&MARK_MAGIC.to_le_bytes());
    bytes[4..6].copy_from_slice(&MARK_VERSION.to_le_bytes());
    bytes[8..16].copy_from_slice(&turn.to_le_bytes());
    bytes[16..24].copy_from_slice(&mark.segment.to_le_bytes());
    bytes[24..32].copy_from_slice(&mark.end.to_le_bytes());
    bytes[32..40].copy_from_slice(&mark.batch.to_le_bytes());
    let crc = crc32c::crc32c(&bytes[..44]);
    bytes[44..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// A slot that is not whole was being written when the power went: the other one counts.
fn decode_mark(bytes: &[u8; SLOT_LEN]) -> Result<Option<(u64, Mark)>> {
    if u32_at(bytes, 0) != MARK_MAGIC || crc32c::crc32c(&bytes[..44]) != u32_at(bytes, 44) {
        return Ok(None);
    }
    let version = u16::from_le_bytes(array_at(bytes, 4));
    if version == 0 || version > MARK_VERSION {
        return Err(Error::unsupported(MARK_FILE, "mark", version, MARK_VERSION));
    }
    let mark =
        Mark { segment: u64_at(bytes, 16), end: u64_at(bytes, 24), batch: u64_at(bytes, 32) };
    Ok(Some((u64_at(bytes, 8), mark)))
}

/// Whether an error only says that the manifest cannot be trusted.
pub(super) fn is_damage(error: &Error) -> bool {
    error.kind == ErrorKind::Corrupt
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::FaultyDisk;

    #[test]
    fn freed_segments_join_into_ranges() {
        let mut manifest = Manifest::default();
        for number in [1, 3, 7, 2, 8, 5] {
            manifest.free(number);
        }
        assert_eq!(manifest.freed, BTreeMap::from([(1, 3), (5, 5), (7, 8)]));
        assert!(manifest.is_freed(2) && manifest.is_freed(8));
        assert!(!manifest.is_freed(4) && !manifest.is_freed(9));
        manifest.truncated = vec![(IdentityId([1; 16]), 9)];
        assert_eq!(Manifest::decode(&manifest.encode()).unwrap(), manifest);
    }

    #[test]
    fn a_torn_mark_leaves_the_one_before() {
        let disk = FaultyDisk::new();
        let dir = Path::new("/j");
        let mark = |end| Mark { segment: 1, end, batch: end };
        let mut file = MarkFile::open(&disk, dir).unwrap();
        file.write(mark(100)).unwrap();
        file.write(mark(200)).unwrap();
        assert_eq!(MarkFile::open(&disk, dir).unwrap().written, mark(200));
        disk.damage(&dir.join(MARK_FILE), |bytes| bytes[30] ^= 1);
        assert_eq!(MarkFile::open(&disk, dir).unwrap().written, mark(100));
    }
}
