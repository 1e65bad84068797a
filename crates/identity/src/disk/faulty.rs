//! A disk in memory that forgets, tears, fills and fails on command.
//!
//! It keeps two images: what a reader sees, and what would survive a loss of power. A write changes
//! the first; only a sync carries it to the second. [`FaultyDisk::crashed`] throws the first away,
//! except for the sectors that the crash mode says had reached the platter by themselves.

use super::{Disk, DiskFile, DiskLock};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SECTOR: usize = 512;

/// What survives a crash of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// Nothing: power is lost before any write-back.
    DropUnsynced,
    /// Everything: only the process died.
    KeepAll,
    /// Each unsynced sector by the toss of a coin with this seed: write-back in any order.
    Sectors(u64),
}

#[derive(Default, Clone)]
struct Inode {
    seen: Vec<u8>,
    durable: Vec<u8>,
    dirty: BTreeSet<usize>,
}

#[derive(Default, Clone)]
struct State {
    seen: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    inodes: Vec<Inode>,
    locks: BTreeSet<PathBuf>,
    capacity: Option<u64>,
    full_after: Option<u64>,
    fail_syncs: u32,
    ignore_syncs: bool,
    fail_writes: u32,
    short_write: Option<usize>,
    syncs: u64,
    photo_at: Option<u64>,
    photo: Option<Box<State>>,
}

/// See the module.
#[derive(Clone, Default)]
pub struct FaultyDisk {
    state: Arc<Mutex<State>>,
}

impl FaultyDisk {
    /// An empty disk without faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Files together may not exceed `bytes`; `None` lifts the limit.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state().capacity = bytes;
    }

    /// Even writes into reserved space fail with "disk full" once `bytes` more were written, as on
    /// a copy-on-write file system; `None` gives the space back.
    pub fn full_after(&self, bytes: Option<u64>) {
        self.state().full_after = bytes;
    }

    /// The next `n` syncs fail, and forget which sectors were dirty, as Linux does.
    pub fn fail_syncs(&self, n: u32) {
        self.state().fail_syncs = n;
    }

    /// Syncs say that they were done, and do nothing: a disk that lies.
    pub fn ignore_syncs(&self, on: bool) {
        self.state().ignore_syncs = on;
    }

    /// The next `n` writes fail without writing anything.
    pub fn fail_writes(&self, n: u32) {
        self.state().fail_writes = n;
    }

    /// The next write stops after `bytes` with an error.
    pub fn short_write(&self, bytes: usize) {
        self.state().short_write = Some(bytes);
    }

    /// Takes a photo right before sync number `n` (from 1), when what it would save is in danger.
    pub fn photo_at(&self, n: u64) {
        self.state().photo_at = Some(n);
    }

    /// The disk in the moment of the photo, if it was taken.
    pub fn photo(&self) -> Option<Self> {
        let photo = self.state().photo.clone()?;
        Some(Self { state: Arc::new(Mutex::new(*photo)) })
    }

    /// How many syncs, of files and of directories, were asked for.
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// The disk as the next process finds it after a loss of power, or of this process. The old
    /// disk lives on by itself, so that whoever still writes to it writes in vain.
    pub fn crashed(&self, mode: Crash) -> Self {
        let state = self.state();
        let mut coin = match mode {
            Crash::Sectors(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            Crash::DropUnsynced | Crash::KeepAll => 0,
        };
        let mut after = State { durable: state.durable.clone(), ..State::default() };
        after.seen = if mode == Crash::KeepAll { &state.seen } else { &state.durable }.clone();
        for inode in &state.inodes {
            let mut copy = inode.clone();
            if mode != Crash::KeepAll {
                for sector in std::mem::take(&mut copy.dirty) {
                    coin ^= coin << 13;
                    coin ^= coin >> 7;
                    coin ^= coin << 17;
                    if matches!(mode, Crash::Sectors(_)) && coin >> 63 == 1 {
                        copy.persist(sector);
                    }
                }
                copy.seen.clone_from(&copy.durable);
            }
            after.inodes.push(copy);
        }
        Self { state: Arc::new(Mutex::new(after)) }
    }

    /// Every path on the disk.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.state().seen.keys().cloned().collect()
    }

    /// The bytes of a file, as a reader sees them.
    pub fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        let inode = *state.seen.get(path)?;
        Some(state.inodes[inode].seen.clone())
    }

    /// Changes a file on the platter: damage, not a write.
    pub fn damage(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let inode = *state.seen.get(path).expect("the damaged file exists");
        let inode = &mut state.inodes[inode];
        change(&mut inode.seen);
        inode.durable.clone_from(&inode.seen);
        inode.dirty.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inode {
    fn write(&mut self, bytes: &[u8], at: usize) {
        if bytes.is_empty() {
            return;
        }
        let end = at + bytes.len();
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        self.seen[at..end].copy_from_slice(bytes);
        self.dirty.extend(at / SECTOR..=(end - 1) / SECTOR);
    }

    fn persist(&mut self, sector: usize) {
        let from = sector * SECTOR;
        let to = (from + SECTOR).min(self.seen.len());
        if self.durable.len() < to {
            self.durable.resize(to, 0);
        }
        self.durable[from..to].copy_from_slice(&self.seen[from..to]);
    }
}

impl State {
    fn count_sync(&mut self) {
        self.syncs += 1;
        if self.photo_at == Some(self.syncs) {
            self.photo = Some(Box::new(self.clone()));
        }
    }

    fn inode(&self, path: &Path) -> io::Result<usize> {
        self.seen.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn used(&self) -> u64 {
        self.seen.values().map(|&inode| self.inodes[inode].seen.len() as u64).sum()
    }

    /// Writes as much as the faults allow.
    fn write(&mut self, inode: usize, bytes: &[u8], offset: u64) -> io::Result<()> {
        if self.fail_writes > 0 {
            self.fail_writes -= 1;
            return Err(io::Error::other("injected write failure"));
        }
        let at = offset as usize;
        let mut allowed = bytes.len();
        let mut error = None;
        if let Some(n) = self.short_write.take_if(|n| *n < bytes.len()) {
            allowed = n;
            error = Some(io::Error::other("injected short write"));
        }
        if let Some(left) = &mut self.full_after {
            if (*left as usize) < allowed {
                allowed = *left as usize;
                error = Some(io::ErrorKind::StorageFull.into());
            }
            *left -= allowed as u64;
        }
        if let Some(capacity) = self.capacity {
            let length = self.inodes[inode].seen.len();
            let room = capacity.saturating_sub(self.used()) as usize + length.saturating_sub(at);
            if room < allowed {
                allowed = room;
                error = Some(io::ErrorKind::StorageFull.into());
            }
        }
        self.inodes[inode].write(&bytes[..allowed], at);
        error.map_or(Ok(()), Err)
    }
}

impl Disk for FaultyDisk {
    fn create_dir(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        state.inodes.push(Inode::default());
        let inode = state.inodes.len() - 1;
        state.seen.insert(path.to_owned(), inode);
        Ok(Arc::new(FaultyFile { disk: self.clone(), inode }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let inode = self.state().inode(path)?;
        Ok(Arc::new(FaultyFile { disk: self.clone(), inode }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let inode = state.inode(from)?;
        state.seen.remove(from);
        state.seen.insert(to.to_owned(), inode);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.inode(path)?;
        state.seen.remove(path);
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.count_sync();
        let inside = |path: &PathBuf| path.parent() == Some(dir);
        state.durable.retain(|path, _| !inside(path));
        let now: Vec<_> = state.seen.iter().filter(|(path, _)| inside(path)).collect();
        let now: Vec<_> = now.into_iter().map(|(path, inode)| (path.clone(), *inode)).collect();
        state.durable.extend(now);
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        // A directory is there as soon as something is in it.
        let inside = state.seen.keys().filter_map(|path| path.strip_prefix(dir).ok());
        let first = |path: &Path| Some(path.components().next()?.as_os_str().to_str()?.to_owned());
        let names: BTreeSet<String> = inside.filter_map(first).collect();
        Ok(names.into_iter().collect())
    }

    fn free_bytes(&self, _dir: &Path) -> io::Result<u64> {
        let state = self.state();
        Ok(state.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(state.used())))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn DiskLock>> {
        if !self.state().locks.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(FaultyLock { disk: self.clone(), path: path.to_owned() }))
    }
}

struct FaultyLock {
    disk: FaultyDisk,
    path: PathBuf,
}

impl DiskLock for FaultyLock {}

impl Drop for FaultyLock {
    fn drop(&mut self) {
        self.disk.state().locks.remove(&self.path);
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    inode: usize,
}

impl DiskFile for FaultyFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.state().write(self.inode, bytes, offset)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.disk.state();
        let seen = &state.inodes[self.inode].seen;
        let from = offset as usize;
        let part = seen.get(from..from + bytes.len());
        bytes.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.count_sync();
        if state.fail_syncs > 0 {
            state.fail_syncs -= 1;
            state.inodes[self.inode].dirty.clear();
            return Err(io::Error::other("injected sync failure"));
        }
        if state.ignore_syncs {
            return Ok(());
        }
        let inode = &mut state.inodes[self.inode];
        for sector in std::mem::take(&mut inode.dirty) {
            inode.persist(sector);
        }
        Ok(())
    }

    fn preallocate(&self, len: u64) -> io::Result<()> {
        let zeros = vec![0; len as usize];
        self.write_at(&zeros, 0)?;
        self.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.state().inodes[self.inode].seen.len() as u64)
    }
}
