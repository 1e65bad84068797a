//! The engine on this machine's disk: preallocated segments, one write and one sync per batch.

use super::background::{Background, Shared};
use super::frame::{self, Place};
use super::index::Index;
use super::manifest::{Manifest, Mark, MarkFile};
use super::reader::{SegmentReader, unknown};
use super::recover::{Tail, recover};
use super::segment::{SEGMENT_HEADER_LEN, TRAILER_LEN, Trailer};
use super::{
    AppendError, Appended, Digest, Durability, Frame, FrameKind, Head, IdentityId, Journal,
    JournalReader, JournalReport, TornTail, Visit, follows, own_frame,
};
use crate::clock::{Clock, RealClock};
use crate::disk::{Disk, DiskLock, RealDisk};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{self, LOCK_FILE, SEGMENT_BYTES};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a journal is opened.
#[derive(Clone)]
pub struct Options {
    /// Where the files are.
    pub disk: Arc<dyn Disk>,
    /// Times the opening.
    pub clock: Arc<dyn Clock>,
    /// The size of a new segment, from 4 KiB to 1 GiB. A frame that is larger gets a larger one.
    pub segment_bytes: u64,
    /// Prepare segments and write sidecars in a thread; without, in the call that needs them.
    pub background: bool,
    /// A mistake to make, so that tests prove that they would see it.
    #[cfg(any(test, feature = "testing"))]
    pub bug: Option<PlantedBug>,
}

/// A mistake that an engine could have.
#[cfg(any(test, feature = "testing"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// Acknowledges before the data is durable.
    SkipSync,
    /// Appends behind a torn tail instead of cutting it.
    KeepTornTail,
    /// Accepts a frame whose epoch is not the newest.
    AcceptZombie,
    /// Does not look whether a frame is there already.
    ForgetRetries,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            disk: Arc::new(RealDisk),
            clock: Arc::new(RealClock::new()),
            segment_bytes: SEGMENT_BYTES,
            background: true,
            #[cfg(any(test, feature = "testing"))]
            bug: None,
        }
    }
}

#[cfg(any(test, feature = "testing"))]
impl Options {
    fn has(&self, bug: PlantedBug) -> bool {
        self.bug == Some(bug)
    }

    pub(super) fn has_bug_keep_torn_tail(&self) -> bool {
        self.has(PlantedBug::KeepTornTail)
    }

    fn has_bug_skip_sync(&self) -> bool {
        self.has(PlantedBug::SkipSync)
    }

    fn has_bug_accept_zombie(&self) -> bool {
        self.has(PlantedBug::AcceptZombie)
    }

    fn has_bug_forget_retries(&self) -> bool {
        self.has(PlantedBug::ForgetRetries)
    }
}

#[cfg(not(any(test, feature = "testing")))]
#[expect(clippy::unused_self, reason = "the same calls as with planted bugs")]
impl Options {
    pub(super) const fn has_bug_keep_torn_tail(&self) -> bool {
        false
    }

    const fn has_bug_skip_sync(&self) -> bool {
        false
    }

    const fn has_bug_accept_zombie(&self) -> bool {
        false
    }

    const fn has_bug_forget_retries(&self) -> bool {
        false
    }
}

/// See the module. It holds the directory's lock until it is dropped.
pub struct SegmentJournal {
    options: Options,
    dir: PathBuf,
    shared: Arc<Shared>,
    background: Background,
    tail: Tail,
    manifest: Manifest,
    /// The part behind the tail that a failed write may have touched.
    dirty: u64,
    poisoned: Option<String>,
    /// Bytes of frames in each full segment.
    sealed: BTreeMap<u64, u64>,
    torn: Option<TornTail>,
    recovery_ms: u64,
    rebuilt: u64,
    buffer: Vec<u8>,
    /// Dropped last: the mark is written under it.
    _lock: Box<dyn DiskLock>,
}

/// A frame in the buffer that is not durable yet.
struct Staged {
    frame: usize,
    offset: u64,
}

/// The frames of one write, while they are admitted.
#[derive(Default)]
struct Batch {
    staged: Vec<Staged>,
    /// The heads and last offsets that hold once the batch is durable.
    heads: HashMap<IdentityId, (Head, u64)>,
    /// Frames that do not follow their head and may be there already.
    suspects: Vec<usize>,
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

    /// Admits frames until the segment is full, writes them, and answers all it looked at.
    fn append_some(&mut self, frames: &[Frame], results: &mut Vec<Appended>) -> usize {
        if let Err(error) = self.ready() {
            results.extend(frames.iter().map(|_| Err(error.clone())));
            return frames.len();
        }
        let first = results.len();
        let mut batch = Batch::default();
        let mut taken = self.admit_all(frames, &mut batch, results);
        if taken == 0 {
            // Not even one frame fits: this segment is full.
            if let Err(error) = self.rotate(frame::size(frames[0].payload().len()) as u64) {
                results.extend(frames.iter().map(|_| Err(error.clone())));
                return frames.len();
            }
            taken = self.admit_all(frames, &mut batch, results);
        }
        if let Err(error) = self.commit(frames, &batch) {
            // Also what was judged on top of frames that are now in doubt.
            for (result, frame) in results[first..].iter_mut().zip(frames) {
                if batch.heads.contains_key(&frame.header().identity) {
                    *result = Err(error.clone());
                }
            }
        }
        for &i in &batch.suspects {
            if matches!(results[first + i], Err(AppendError::Fenced { .. }))
                && let Some(answer) = self.find(&frames[i])
            {
                results[first + i] = answer;
            }
        }
        taken
    }

    /// Encodes what is accepted; stops before the first frame that does not fit.
    fn admit_all(
        &mut self,
        frames: &[Frame],
        batch: &mut Batch,
        results: &mut Vec<Appended>,
    ) -> usize {
        self.buffer.clear();
        let index = self.shared.index();
        let segment = &self.tail.segment;
        let room = if self.tail.sealed { 0 } else { segment.room_end() - self.tail.end };
        for (i, frame) in frames.iter().enumerate() {
            let header = frame.header();
            let known = batch.heads.get(&header.identity).copied().or_else(|| {
                let life = index.life(header.identity)?;
                let (number, last) = life.last();
                let back = if *number == segment.number { last.last_offset } else { 0 };
                Some((life.head, back as u64))
            });
            if let Some(refused) = self.refuse(known.map(|(head, _)| head), frame) {
                if matches!(refused, Err(AppendError::Fenced { head: Some(_) })) {
                    batch.suspects.push(i);
                }
                results.push(refused);
                continue;
            }
            let size = frame::size(frame.payload().len());
            if (self.buffer.len() + size) as u64 > room {
                return i;
            }
            let offset = self.tail.end + self.buffer.len() as u64;
            let place = Place {
                birth: known.is_none(),
                batch: self.tail.batch + 1,
                batch_start: self.tail.end as u32,
                back: known.map_or(0, |(_, back)| back as u32),
            };
            frame::encode(&mut self.buffer, segment.salt, &frame.as_ref(), &place);
            batch.heads.insert(header.identity, (frame.head(), offset));
            batch.staged.push(Staged { frame: i, offset });
            results.push(Ok(frame.head()));
        }
        frames.len()
    }

    /// The answer to a frame that is not written, if it is not. Births come from `begin` alone,
    /// which has looked: for them there is no head and nothing to follow.
    fn refuse(&self, head: Option<Head>, frame: &Frame) -> Option<Appended> {
        let header = frame.header();
        if head.is_none() && header.kind == FrameKind::Own {
            return None;
        }
        if head.is_some_and(|head| head.digest == frame.digest()) {
            if self.options.has_bug_forget_retries() {
                return None;
            }
            return Some(Ok(frame.head()));
        }
        let mut header = *header;
        if let (true, Some(head)) = (self.options.has_bug_accept_zombie(), head) {
            header.epoch = header.epoch.max(head.epoch);
        }
        follows(head.as_ref(), &header).err().map(Err)
    }

    /// Whether `frame` is in the journal already: then the answer to give again.
    fn find(&self, frame: &Frame) -> Option<Appended> {
        let header = frame.header();
        let mut found = false;
        let read = self.read(header.identity, header.first_seq, &mut |there| {
            found = there.digest == frame.digest();
            let past = found || there.header.first_seq > header.first_seq;
            Ok(if past { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        match read {
            Ok(()) => found.then(|| Ok(frame.head())),
            Err(error) if error.kind == ErrorKind::Corrupt => {
                Some(Err(AppendError::Corrupt(error.message)))
            }
            // Truncated or not there yet: the frame does not follow the head, that is all.
            Err(_) => None,
        }
    }

    /// One write and one sync for all that was admitted; then it is visible.
    fn commit(&mut self, frames: &[Frame], batch: &Batch) -> std::result::Result<(), AppendError> {
        if batch.staged.is_empty() {
            return Ok(());
        }
        let segment = Arc::clone(&self.tail.segment);
        let length = self.buffer.len() as u64;
        if let Err(error) = segment.file.write_at(&self.buffer, self.tail.end) {
            return Err(self.write_failed(&error, length));
        }
        if !self.options.has_bug_skip_sync()
            && let Err(error) = segment.file.sync_data()
        {
            return Err(self.poison(&format!("sync of {} failed: {error}", segment.name)));
        }
        let mut index = self.shared.index_mut();
        for staged in &batch.staged {
            let frame = &frames[staged.frame];
            let birth = index.life(frame.header().identity).is_none();
            let offset = staged.offset as u32;
            index.publish(segment.number, offset, frame.header(), frame.digest(), birth);
        }
        drop(index);
        self.tail.end += length;
        self.tail.frames += batch.staged.len() as u64;
        self.tail.batch += 1;
        *self.shared.acked() = self.tail.mark();
        if self.tail.end > segment.length / 2 {
            self.background.prepare(segment.number + 1, self.options.segment_bytes);
        }
        Ok(())
    }

    /// Whether a write may begin: repairs what a full disk left behind the tail.
    fn ready(&mut self) -> std::result::Result<(), AppendError> {
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
    fn write_failed(&mut self, error: &io::Error, length: u64) -> AppendError {
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

    fn poison(&mut self, why: &str) -> AppendError {
        self.poisoned = Some(why.to_owned());
        AppendError::Unknown(format!("{why}; reopen the journal and append the same frames again"))
    }

    /// Closes the full segment and goes on in the next one, which has room for `need` bytes.
    fn rotate(&mut self, need: u64) -> std::result::Result<(), AppendError> {
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

    /// Writes one frame of an owner and answers for it.
    fn append_own(&mut self, frame: Frame) -> Appended {
        let mut results = Vec::with_capacity(1);
        let frames = [frame];
        self.append_some(&frames, &mut results);
        results.pop().expect("append answers every frame")
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
            if rest[0].header().kind == FrameKind::Own {
                results.push(Err(super::only_own()));
                rest = &rest[1..];
                continue;
            }
            let own = rest.iter().position(|f| f.header().kind == FrameKind::Own);
            let taken = self.append_some(&rest[..own.unwrap_or(rest.len())], results);
            rest = &rest[taken..];
        }
    }

    fn own(&mut self, id: IdentityId, expected: Option<Head>, epoch: u64, nonce: u64) -> Appended {
        let Some(expected) = expected else { return self.begin(id, epoch, nonce, 0, Digest::ZERO) };
        if self.shared.index().life(id).is_none() {
            return Err(AppendError::Fenced { head: None });
        }
        let frame = own_frame(id, epoch, nonce, expected.seq, expected.digest)?;
        self.append_own(frame)
    }

    fn begin(
        &mut self,
        id: IdentityId,
        epoch: u64,
        nonce: u64,
        at: u64,
        digest: Digest,
    ) -> Appended {
        let frame = own_frame(id, epoch, nonce, at, digest)?;
        if let Some(head) = self.head(id).ok().flatten() {
            let again =
                if head.digest == frame.digest() { Some(Ok(head)) } else { self.find(&frame) };
            return again.unwrap_or(Err(AppendError::Fenced { head: Some(head) }));
        }
        self.append_own(frame)
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

/// The name of the newest segment's file, for messages and tests.
impl SegmentJournal {
    /// The file that is written at present.
    pub fn newest_file(&self) -> String {
        format::segment_file(self.tail.segment.number)
    }
}
