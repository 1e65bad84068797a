//! The engine on this machine's disk: preallocated segments, one write and one sync per batch.

use super::background::{Background, Shared};
use super::index::Index;
use super::manifest::{Manifest, Mark, MarkFile};
use super::options::Options;
use super::reader::{SegmentReader, unknown};
use super::recover::{Tail, recover};
use super::segment::{SEGMENT_HEADER_LEN, TRAILER_LEN, Trailer};
use super::{
    AppendError, Appended, Durability, Frame, Head, IdentityId, Journal, JournalReader,
    JournalReport, TornTail, Visit,
};
use crate::disk::DiskLock;
use crate::error::{Error, ErrorKind, Result};
use crate::format::LOCK_FILE;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// See the module. It holds the directory's lock until it is dropped.
pub struct SegmentJournal {
    pub(super) options: Options,
    dir: PathBuf,
    pub(super) shared: Arc<Shared>,
    pub(super) background: Background,
    pub(super) tail: Tail,
    manifest: Manifest,
    /// The part behind the tail that a failed write may have touched.
    dirty: u64,
    poisoned: Option<String>,
    /// Bytes of frames in each full segment.
    sealed: BTreeMap<u64, u64>,
    torn: Option<TornTail>,
    recovery_ms: u64,
    rebuilt: u64,
    /// The bytes of the batch under way.
    pub(super) buffer: Vec<u8>,
    /// Dropped last: the mark is written under it.
    _lock: Box<dyn DiskLock>,
}

impl SegmentJournal {
    /// Opens or creates the journal in `dir`.
    pub fn open(dir: &Path, options: Options) -> Result<Self> {
        if !(4 * 1024..=1024 * 1024 * 1024).contains(&options.segment_bytes) {
            return Err(Error::invalid(format!(
                "a segment of {} bytes is not between 4 KiB and 1 GiB",
                options.segment_bytes
            )));
        }
        let start = options.clock.monotonic_ns();
        let disk = &*options.disk;
        disk.create_dir(dir)
            .map_err(|e| Error::io(format!("create journal directory {}", dir.display()), e))?;
        let lock = disk.lock(&dir.join(LOCK_FILE)).map_err(|e| locked(dir, e))?;
        let mark = MarkFile::open(disk, dir)?;
        let found = recover(&options, dir, mark.written)?;
        let shared = Arc::new(Shared::default());
        *shared.index_mut() = found.index;
        *shared.acked() = found.tail.mark();
        let background = Background::start(&options, dir.to_owned(), Arc::clone(&shared), mark)?;
        let recovery_ms = options.clock.monotonic_ns().saturating_sub(start) / 1_000_000;
        Ok(Self {
            dir: dir.to_owned(),
            shared,
            background,
            tail: found.tail,
            manifest: found.manifest,
            dirty: 0,
            poisoned: None,
            sealed: found.sealed,
            torn: found.torn,
            recovery_ms,
            rebuilt: found.rebuilt,
            buffer: Vec::new(),
            _lock: lock,
            options,
        })
    }

    /// The identities whose frames keep the oldest segment from being freed: a snapshot, an
    /// appended [`FrameKind::Snapshot`] frame and a truncation of each of them will free it.
    pub fn pinning(&self) -> Vec<IdentityId> {
        let index = self.shared.index();
        let oldest = index.segments().keys().next().copied();
        oldest.map_or_else(Vec::new, |number| index.tenants_of(number))
    }

    /// Whether a write may begin: repairs what a full disk left behind the tail.
    pub(super) fn ready(&mut self) -> std::result::Result<(), AppendError> {
        if let Some(why) = &self.poisoned {
            return Err(AppendError::Unavailable(format!("{why}; reopen the journal")));
        }
        if self.dirty == 0 {
            return Ok(());
        }
        match self.clean(self.dirty) {
            Ok(()) => {
                self.dirty = 0;
                Ok(())
            }
            Err(error) if is_full(&error) => Err(AppendError::Full(self.full_message())),
            Err(error) => {
                let what = format!("repair of {} failed: {error}", self.tail.segment.name);
                self.poison(&what);
                Err(AppendError::Unavailable(what))
            }
        }
    }

    /// A full disk takes nothing back: once the tail is zero again, the same frames may be
    /// appended. Any other failure leaves us not knowing what is on the disk.
    pub(super) fn write_failed(&mut self, error: &io::Error, length: u64) -> AppendError {
        let name = &self.tail.segment.name;
        if !is_full(error) {
            return self.poison(&format!("write to {name} failed: {error}"));
        }
        self.dirty = length;
        match self.clean(length) {
            Ok(()) => self.dirty = 0,
            Err(error) if is_full(&error) => {}
            Err(error) => {
                let what = format!("repair of {} failed: {error}", self.tail.segment.name);
                return self.poison(&what);
            }
        }
        AppendError::Full(self.full_message())
    }

    fn full_message(&self) -> String {
        let dir = self.dir.display();
        match self.options.disk.free_bytes(&self.dir) {
            Ok(free) => format!("{dir} has {free} bytes left; free space and append again"),
            Err(_) => format!("no space below {dir}; free space and append again"),
        }
    }

    /// Zeros `length` bytes behind the tail, durably.
    fn clean(&self, length: u64) -> io::Result<()> {
        let file = &self.tail.segment.file;
        file.write_at(&vec![0; length as usize], self.tail.end)?;
        file.sync_data()
    }

    pub(super) fn poison(&mut self, why: &str) -> AppendError {
        self.poisoned = Some(why.to_owned());
        AppendError::Unknown(format!("{why}; reopen the journal and append the same frames again"))
    }

    /// Closes the full segment and goes on in the next one, which has room for `need` bytes.
    pub(super) fn rotate(&mut self, need: u64) -> std::result::Result<(), AppendError> {
        let old = Arc::clone(&self.tail.segment);
        let length = self.options.segment_bytes.max(SEGMENT_HEADER_LEN + need + TRAILER_LEN);
        let next = self.background.prepared(old.number + 1, length).map_err(|e| match e.kind {
            ErrorKind::Full => AppendError::Full(self.full_message()),
            _ => AppendError::Unavailable(e.message),
        })?;
        if !self.tail.sealed {
            let Tail { batch, frames, end, .. } = self.tail;
            let trailer = old.trailer(&Trailer { last_batch: batch, frames, end });
            if let Err(error) = old.file.write_at(&trailer, end) {
                return Err(self.write_failed(&error, TRAILER_LEN));
            }
            if let Err(error) = old.file.sync_data() {
                self.poison(&format!("sync of {} failed: {error}", old.name));
                return self.ready();
            }
            self.tail.sealed = true;
        }
        if let Err(error) = next.install(&*self.options.disk, &self.dir) {
            self.poison(&error.message);
            return self.ready();
        }
        let next = Arc::new(next);
        self.shared.index_mut().add_segment(Arc::clone(&next));
        self.sealed.insert(old.number, self.tail.end - SEGMENT_HEADER_LEN);
        self.background.sidecar(old);
        let batch = self.tail.batch;
        self.tail =
            Tail { segment: next, end: SEGMENT_HEADER_LEN, frames: 0, batch, sealed: false };
        Ok(())
    }

    /// The file that is written at present.
    pub fn newest_file(&self) -> String {
        self.tail.segment.name.clone()
    }

    fn self_reader(&self) -> SegmentReader {
        SegmentReader { shared: Arc::clone(&self.shared) }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn locked(dir: &Path, error: io::Error) -> Error {
    let dir = dir.display();
    if error.kind() == io::ErrorKind::WouldBlock {
        let what = format!(
            "the journal in {dir} is open in another process; stop that one or name another \
             directory"
        );
        return Error::new(ErrorKind::Busy, what).because(error);
    }
    Error::io(format!("lock journal directory {dir}"), error)
}

impl JournalReader for SegmentJournal {
    fn head(&self, id: IdentityId) -> Result<Option<Head>> {
        self.self_reader().head(id)
    }

    fn read(&self, id: IdentityId, from_seq: u64, visit: Visit<'_>) -> Result<()> {
        self.self_reader().read(id, from_seq, visit)
    }

    fn truncated(&self, id: IdentityId) -> Result<u64> {
        self.self_reader().truncated(id)
    }

    fn identities(&self) -> Vec<IdentityId> {
        self.shared.index().identities()
    }
}

impl Journal for SegmentJournal {
    fn append(&mut self, frames: &[Frame], results: &mut Vec<Appended>) {
        results.clear();
        let mut rest = frames;
        while !rest.is_empty() {
            let taken = self.append_some(rest, results);
            rest = &rest[taken..];
        }
    }

    fn truncate(&mut self, id: IdentityId, upto: u64) -> Result<u64> {
        let mut index = self.shared.index_mut();
        let point = index.truncate(id, upto).ok_or_else(|| unknown(id))?;
        let active = self.tail.segment.number;
        let free = index.take_free(active);
        let truncated = if free.is_empty() { Vec::new() } else { index.truncations() };
        drop(index);
        if !free.is_empty() {
            for &number in &free {
                self.sealed.remove(&number);
                self.manifest.free(number);
            }
            self.manifest.truncated = truncated;
            self.background.free(self.manifest.clone(), free);
        }
        Ok(point)
    }

    fn reopen(&mut self) -> Result<()> {
        let start = self.options.clock.monotonic_ns();
        self.background.flush();
        let mark: Mark = *self.shared.acked();
        let found = recover(&self.options, &self.dir, mark)?;
        *self.shared.index_mut() = found.index;
        *self.shared.acked() = found.tail.mark();
        self.tail = found.tail;
        self.manifest = found.manifest;
        self.sealed = found.sealed;
        self.torn = found.torn;
        self.rebuilt = found.rebuilt;
        self.dirty = 0;
        self.poisoned = None;
        let now = self.options.clock.monotonic_ns();
        self.recovery_ms = now.saturating_sub(start) / 1_000_000;
        Ok(())
    }

    fn reader(&self) -> Box<dyn JournalReader + Sync> {
        Box::new(self.self_reader())
    }

    fn durability(&self) -> Durability {
        Durability::LocalFsync
    }

    fn report(&self) -> JournalReport {
        let index: &Index = &self.shared.index();
        let (background_errors, background_error) = self.shared.trouble();
        JournalReport {
            identities: index.len() as u64,
            segments: index.segments().len() as u64,
            bytes: self.sealed.values().sum::<u64>() + self.tail.end - SEGMENT_HEADER_LEN,
            torn: self.torn.clone(),
            recovery_ms: self.recovery_ms,
            sidecars_rebuilt: self.rebuilt,
            poisoned: self.poisoned.clone(),
            background_errors,
            background_error,
        }
    }
}
