//! Snapshots: the state of an identity at a version, as plain files.
//!
//! `<dir>/snapshots/<identity>/<seq>.snap`, written under a temporary name, synced, renamed. A
//! snapshot is created once and never changed. A damaged one is told, and an older one is used: the
//! journal replays the rest.
//!
//! A *shipped* one came from a machine whose arithmetic is another: what lies before it gives other
//! bits when it is replayed here. It is never pruned, and nothing older takes its place.

use crate::disk::{self, Disk};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{self, SNAPSHOT_DIR, SNAPSHOT_MAGIC, SNAPSHOT_VERSION};
use crate::journal::{Digest, Head, IdentityId};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const HEADER_LEN: usize = 100;

/// A snapshot that was read and verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Where the identity stood.
    pub head: Head,
    /// Its state.
    pub bytes: Vec<u8>,
    /// Whether it was shipped: a replay here gives other bits.
    pub shipped: bool,
}

/// The store of all snapshots below one directory.
pub struct Snapshots {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

impl Snapshots {
    /// The store in `dir`, which is created with the first snapshot.
    pub fn new(disk: Arc<dyn Disk>, dir: &Path) -> Self {
        Self { disk, dir: dir.join(SNAPSHOT_DIR) }
    }

    /// Stores the state of `id` at `head`, durably. A snapshot of the same head and bytes may be
    /// stored again; another one at the same version is [`ErrorKind::Exists`].
    pub fn put(&self, id: IdentityId, head: &Head, bytes: &[u8]) -> Result<()> {
        let name = format::snapshot_file(head.seq);
        match disk::read_whole(&*self.disk, &self.dir_of(id).join(&name)) {
            Ok(there) => match decode(id, &name, &there) {
                Ok((at, _)) if at == *head && there[HEADER_LEN..] == *bytes => return Ok(()),
                Ok(_) => {
                    let what = format!("identity {id} has another snapshot at {}", head.seq);
                    return Err(Error::new(ErrorKind::Exists, what));
                }
                // A damaged one is no snapshot: it is replaced.
                Err(_) => {}
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io(format!("read snapshot {name} of {id}"), error)),
        }
        self.write(id, head, bytes, false)
    }

    /// Stores a state that was shipped, durably, in the place of one that a replay here gave.
    pub fn put_shipped(&self, id: IdentityId, head: &Head, bytes: &[u8]) -> Result<()> {
        self.write(id, head, bytes, true)
    }

    fn write(&self, id: IdentityId, head: &Head, bytes: &[u8], shipped: bool) -> Result<()> {
        let (dir, name) = (self.dir_of(id), format::snapshot_file(head.seq));
        let header = encode(id, head, bytes, shipped);
        self.disk
            .create_dir(&self.dir)
            .and_then(|()| self.disk.create_dir(&dir))
            .and_then(|()| disk::write_whole(&*self.disk, &dir, &name, &[&header, bytes]))
            .map_err(|source| Error::io(format!("write snapshot {name} of {id}"), source))
    }

    /// The snapshot of `id` at `seq`.
    pub fn get(&self, id: IdentityId, seq: u64) -> Result<Snapshot> {
        let name = format::snapshot_file(seq);
        let bytes = disk::read_whole(&*self.disk, &self.dir_of(id).join(&name))
            .map_err(|source| Error::io(format!("read snapshot {name} of {id}"), source))?;
        let (head, shipped) = decode(id, &name, &bytes)?;
        let mut bytes = bytes;
        bytes.drain(..HEADER_LEN);
        Ok(Snapshot { head, bytes, shipped })
    }

    /// Whether the snapshot of `id` at `seq` was shipped, by its header alone; false where that
    /// can't be read.
    pub fn is_shipped(&self, id: IdentityId, seq: u64) -> bool {
        let mut start = [0; HEADER_LEN];
        let path = self.dir_of(id).join(format::snapshot_file(seq));
        let read = self.disk.open(&path).and_then(|file| file.read_at(&mut start, 0));
        read.is_ok() && is_whole(&start) && start[6] == SHIPPED
    }

    /// The versions of `id` that have a shipped snapshot, ascending.
    pub fn shipped(&self, id: IdentityId) -> Result<Vec<u64>> {
        Ok(self.list(id)?.into_iter().filter(|seq| self.is_shipped(id, *seq)).collect())
    }

    /// Bytes of the state in the snapshot of `id` at `seq`, by the length of its file.
    pub fn size(&self, id: IdentityId, seq: u64) -> Result<u64> {
        let name = format::snapshot_file(seq);
        let file = self.disk.open(&self.dir_of(id).join(&name));
        let len = file.and_then(|file| file.len());
        let len = len.map_err(|e| Error::io(format!("look at snapshot {name} of {id}"), e))?;
        Ok(len.saturating_sub(HEADER_LEN as u64))
    }

    /// The newest whole snapshot of `id` at or before `seq`; what is wrong with newer ones goes to
    /// `damaged`. `None` if there is none. An error where a shipped one is damaged: what is older
    /// would give other bits.
    pub fn latest(
        &self,
        id: IdentityId,
        seq: u64,
        damaged: &mut Vec<Error>,
    ) -> Result<Option<Snapshot>> {
        for at in self.list(id)?.into_iter().rev().filter(|&at| at <= seq) {
            match self.get(id, at) {
                Ok(snapshot) => return Ok(Some(snapshot)),
                Err(error) if error.kind == ErrorKind::Corrupt && self.is_shipped(id, at) => {
                    let what = format!(
                        "{}; it was shipped from another machine, and a replay here gives other \
                         bits: restore it from a backup, or remove it to go on with those",
                        error.message
                    );
                    return Err(Error::new(ErrorKind::Corrupt, what));
                }
                Err(error) if error.kind == ErrorKind::Corrupt => damaged.push(error),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The versions of `id` that have a snapshot, ascending.
    pub fn list(&self, id: IdentityId) -> Result<Vec<u64>> {
        match self.disk.list(&self.dir_of(id)) {
            Ok(names) => {
                let mut all: Vec<u64> =
                    names.iter().filter_map(|name| format::parse_snapshot_file(name)).collect();
                all.sort_unstable();
                Ok(all)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Error::io(format!("list snapshots of {id}"), error)),
        }
    }

    /// Removes snapshots by this rule and returns the versions removed: the `newest` newest stay;
    /// of the older ones, the oldest stays in each range of distances 1, 2-3, 4-7, 8-15, … events
    /// from the newest. So there are never more than `newest` + 64, and their spacing doubles.
    /// Shipped ones stay besides.
    pub fn prune(&self, id: IdentityId, newest: usize) -> Result<Vec<u64>> {
        let mut gone = to_prune(&self.list(id)?, newest.max(1));
        gone.retain(|seq| !self.is_shipped(id, *seq));
        self.remove(id, &gone)?;
        Ok(gone)
    }

    /// Removes all snapshots of `id`, durably, and returns how many there were.
    pub fn remove_all(&self, id: IdentityId) -> Result<u64> {
        let all = self.list(id)?;
        self.remove(id, &all)?;
        Ok(all.len() as u64)
    }

    /// Removes these snapshots of `id`, durably.
    pub fn remove(&self, id: IdentityId, versions: &[u64]) -> Result<()> {
        let dir = self.dir_of(id);
        for &seq in versions {
            let name = format::snapshot_file(seq);
            self.disk
                .remove(&dir.join(&name))
                .map_err(|source| Error::io(format!("remove snapshot {name} of {id}"), source))?;
        }
        if versions.is_empty() {
            return Ok(());
        }
        self.disk
            .sync_dir(&dir)
            .map_err(|source| Error::io(format!("sync snapshots of {id}"), source))
    }

    /// The path of a snapshot below the directory that the store lies in.
    pub(crate) fn path_of(id: IdentityId, seq: u64) -> String {
        format!("{SNAPSHOT_DIR}/{id}/{}", format::snapshot_file(seq))
    }

    fn dir_of(&self, id: IdentityId) -> PathBuf {
        self.dir.join(id.to_string())
    }
}

/// Which of `all`, ascending, are to go.
fn to_prune(all: &[u64], newest: usize) -> Vec<u64> {
    let (older, _) = all.split_at(all.len().saturating_sub(newest));
    let Some(&top) = all.last() else { return Vec::new() };
    let mut gone = Vec::new();
    let mut kept = None;
    for &seq in older {
        let range = (top - seq).ilog2();
        if kept.replace(range) == Some(range) {
            gone.push(seq);
        }
    }
    gone
}

/// What a header says of a state that was shipped.
const SHIPPED: u8 = 1;
/// The format of the others.
const PLAIN_VERSION: u16 = 1;

/// The bytes that come before a state in its file.
pub(crate) fn encode(id: IdentityId, head: &Head, bytes: &[u8], shipped: bool) -> [u8; HEADER_LEN] {
    let mut out = [0; HEADER_LEN];
    out[..4].copy_from_slice(&SNAPSHOT_MAGIC.to_le_bytes());
    let version = if shipped { SNAPSHOT_VERSION } else { PLAIN_VERSION };
    out[4..6].copy_from_slice(&version.to_le_bytes());
    out[6] = if shipped { SHIPPED } else { 0 };
    out[8..24].copy_from_slice(&id.0);
    out[24..32].copy_from_slice(&head.seq.to_le_bytes());
    out[32..40].copy_from_slice(&head.epoch.to_le_bytes());
    out[40..56].copy_from_slice(&head.digest.0);
    out[56..64].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
    out[64..96].copy_from_slice(blake3::hash(bytes).as_bytes());
    let crc = crc32c::crc32c(&out[..96]);
    out[96..].copy_from_slice(&crc.to_le_bytes());
    out
}

/// Whether a file begins with a header of a snapshot, as it was written.
fn is_whole(header: &[u8]) -> bool {
    number::<4>(header, 0) == SNAPSHOT_MAGIC as u64
        && number::<4>(header, 96) == crc32c::crc32c(&header[..96]) as u64
}

/// The head of a snapshot, and whether it was shipped.
fn decode(id: IdentityId, name: &str, bytes: &[u8]) -> Result<(Head, bool)> {
    let file = format!("snapshot {name} of {id}");
    let damaged = |at, what| Err(Error::corrupt(&file, at, what));
    let Some((header, content)) = bytes.split_at_checked(HEADER_LEN) else {
        return damaged(bytes.len() as u64, "the file ends inside its header");
    };
    if !is_whole(header) {
        return damaged(0, "the header is not whole");
    }
    let version = number::<2>(header, 4) as u16;
    if version == 0 || version > SNAPSHOT_VERSION {
        return Err(Error::unsupported(&file, "snapshot", version, SNAPSHOT_VERSION));
    }
    let seq = number::<8>(header, 24);
    if header[8..24] != id.0 || format::parse_snapshot_file(name) != Some(seq) {
        return damaged(8, "the file belongs to another identity or version");
    }
    if number::<8>(header, 56) != content.len() as u64 {
        return damaged(56, "the file has another length than its header says");
    }
    if header[64..96] != *blake3::hash(content).as_bytes() {
        return damaged(HEADER_LEN as u64, "the content does not match its checksum");
    }
    let mut digest = [0; 16];
    digest.copy_from_slice(&header[40..56]);
    let head = Head { seq, epoch: number::<8>(header, 32), digest: Digest(digest) };
    Ok((head, header[6] == SHIPPED))
}

/// `N` bytes at `at` as a little-endian number.
fn number<const N: usize>(bytes: &[u8], at: usize) -> u64 {
    let mut wide = [0; 8];
    wide[..N].copy_from_slice(&bytes[at..at + N]);
    u64::from_le_bytes(wide)
}

#[cfg(test)]
mod tests;
