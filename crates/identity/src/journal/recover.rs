//! Opening a journal directory: what is there, what is torn, what is damaged.
//!
//! The rule for the last segment: writes are acknowledged one after the other, so only the very
//! last write may be incomplete. Damage that no later write follows, and that lies beyond the
//! acknowledged mark, is that write's torn tail; it is zeroed and reported. Any other damage, and
//! any damage in a full segment, refuses to open and names file and offset.

use super::TornTail;
use super::index::{Entries, Index};
use super::manifest::{Manifest, Mark, is_damage};
use super::options::Options;
use super::segment::{
    End, SEGMENT_HEADER_LEN, Scan, Segment, TRAILER_LEN, Trailer, last_written, later_write_after,
    scan,
};
use super::sidecar::{self, Sealed};
use crate::error::{Error, Result};
use crate::format;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Where the next frame goes.
#[derive(Clone)]
pub(super) struct Tail {
    pub segment: Arc<Segment>,
    pub end: u64,
    pub frames: u64,
    /// The number of the last write.
    pub batch: u64,
    /// The segment has its trailer: nothing more fits.
    pub sealed: bool,
}

impl Tail {
    /// How far this tail says the journal is acknowledged.
    pub fn mark(&self) -> Mark {
        Mark { segment: self.segment.number, end: self.end, batch: self.batch }
    }
}

/// What opening found.
pub(super) struct Recovered {
    pub index: Index,
    pub tail: Tail,
    pub manifest: Manifest,
    pub torn: Option<TornTail>,
    pub rebuilt: u64,
    /// Bytes of frames in each segment but the last.
    pub sealed: BTreeMap<u64, u64>,
}

/// Opens all segments in `dir`, whose lock the caller holds.
pub(super) fn recover(options: &Options, dir: &Path, mark: Mark) -> Result<Recovered> {
    let disk = &*options.disk;
    let names = disk.list(dir).map_err(|e| Error::io(format!("list {}", dir.display()), e))?;
    let numbers: Vec<u64> =
        names.iter().filter_map(|name| format::parse_segment_file(name)).collect();
    let manifest = load_manifest(options, dir, &numbers)?;
    sweep(options, dir, &names, &manifest)?;
    let live: Vec<u64> = numbers.into_iter().filter(|n| !manifest.is_freed(*n)).collect();
    check_complete(dir, &live, &manifest, mark)?;

    let mut index = Index::default();
    let mut rebuilt = 0;
    let mut bytes = BTreeMap::new();
    let Some((&last, full)) = live.split_last() else {
        let number = manifest.freed.last_key_value().map_or(1, |(_, last)| last + 1);
        let segment = Segment::prepare(disk, dir, number, options.segment_bytes)?;
        segment.install(disk, dir)?;
        let segment = Arc::new(segment);
        index.add_segment(Arc::clone(&segment));
        let end = SEGMENT_HEADER_LEN;
        let tail = Tail { segment, end, frames: 0, batch: mark.batch, sealed: false };
        return Ok(Recovered { index, tail, manifest, torn: None, rebuilt, sealed: bytes });
    };
    let mut before: Option<(u64, Trailer)> = None;
    for &number in full {
        let segment = Segment::open(disk, dir, number)?;
        let sealed = if let Some(sealed) = sidecar::load(disk, dir, &segment) {
            sealed
        } else {
            rebuilt += 1;
            sidecar::build(disk, dir, &segment)?
        };
        bytes.insert(number, sealed.trailer.end - SEGMENT_HEADER_LEN);
        before = Some((number, sealed.trailer));
        adopt(&mut index, &manifest, Arc::new(segment), sealed.entries)?;
    }
    let segment = Arc::new(Segment::open(disk, dir, last)?);
    let newest = read_newest(options, &segment, before, mark)?;
    adopt(&mut index, &manifest, Arc::clone(&segment), newest.entries)?;
    let tail = Tail {
        segment,
        end: newest.end,
        frames: newest.frames,
        batch: newest.batch.max(before.map_or(mark.batch, |(_, trailer)| trailer.last_batch)),
        sealed: newest.sealed,
    };
    Ok(Recovered { index, tail, manifest, torn: newest.torn, rebuilt, sealed: bytes })
}

/// A damaged manifest is needed only if a segment is missing: then nobody can say why it is.
fn load_manifest(options: &Options, dir: &Path, numbers: &[u64]) -> Result<Manifest> {
    match Manifest::load(&*options.disk, dir) {
        Err(error) if is_damage(&error) && numbers.iter().copied().eq(1..=numbers.len() as u64) => {
            Ok(Manifest::default())
        }
        other => other,
    }
}

/// Removes what a crash left half done: unfinished files, freed segments, sidecars of neither.
fn sweep(options: &Options, dir: &Path, names: &[String], manifest: &Manifest) -> Result<()> {
    for name in names {
        let number = format::parse_segment_file(name).or(format::parse_sidecar_file(name));
        if format::is_temp_file(name) || number.is_some_and(|n| manifest.is_freed(n)) {
            options
                .disk
                .remove(&dir.join(name))
                .map_err(|source| Error::io(format!("remove {name}"), source))?;
        }
    }
    // Also makes durable a name that a crash of the process alone left between rename and sync.
    options.disk.sync_dir(dir).map_err(|e| Error::io(format!("sync {}", dir.display()), e))
}

/// Every segment must be there that was not freed on purpose.
fn check_complete(dir: &Path, live: &[u64], manifest: &Manifest, mark: Mark) -> Result<()> {
    let last = live.last().copied().unwrap_or(0).max(mark.segment);
    let mut there = live.iter().copied().peekable();
    for number in 1..=last {
        if there.next_if_eq(&number).is_none() && !manifest.is_freed(number) {
            let name = format::segment_file(number);
            let what = format!("the file is missing from {}", dir.display());
            return Err(Error::corrupt(&name, 0, &what));
        }
    }
    Ok(())
}

fn adopt(
    index: &mut Index,
    manifest: &Manifest,
    segment: Arc<Segment>,
    entries: Entries,
) -> Result<()> {
    for (id, entry) in entries {
        let found = manifest.truncated.binary_search_by_key(&id, |(id, _)| *id);
        let truncated = found.map_or(0, |i| manifest.truncated[i].1);
        if !index.adopt(id, segment.number, entry, truncated) {
            let what = format!("identity {id} continues here after frames that are missing");
            return Err(Error::corrupt(&segment.name, entry.first_offset as u64, &what));
        }
    }
    index.add_segment(segment);
    Ok(())
}

struct Newest {
    entries: Entries,
    end: u64,
    frames: u64,
    batch: u64,
    sealed: bool,
    torn: Option<TornTail>,
}

/// Reads all of the last segment, cuts its torn tail, and makes durable what is kept.
fn read_newest(
    options: &Options,
    segment: &Segment,
    before: Option<(u64, Trailer)>,
    mark: Mark,
) -> Result<Newest> {
    let mut entries = Entries::new();
    let mut first_batch = None;
    let found = scan(segment, &mut |at, head, payload| {
        first_batch.get_or_insert(head.place.batch);
        sidecar::collect(&mut entries, at, head, payload)
    })?;
    if let (Some((number, trailer)), Some(first)) = (before, first_batch)
        && number + 1 == segment.number
        && trailer.last_batch + 1 != first
    {
        let what = "the first write does not follow the last one of the segment before";
        return Err(Error::corrupt(&segment.name, SEGMENT_HEADER_LEN, what));
    }
    if mark.segment == segment.number && found.end < mark.end {
        let Scan { end, how, .. } = found;
        let flaw = match how {
            End::Damaged(flaw) => flaw,
            End::Clean | End::Trailer(_) => super::frame::Flaw::Empty,
        };
        return Err(segment.flaw(end, flaw));
    }
    let mut newest = Newest {
        entries,
        end: found.end,
        frames: found.frames,
        batch: found.last_batch,
        sealed: matches!(found.how, End::Trailer(_)),
        torn: None,
    };
    if let End::Damaged(flaw) = found.how {
        if matches!(flaw, super::frame::Flaw::Version(_)) || later_write_after(segment, found.end)?
        {
            return Err(segment.flaw(found.end, flaw));
        }
        newest.torn = cut(options, segment, &mut newest.end)?;
    }
    if newest.torn.is_some() || mark.segment != segment.number || mark.end != newest.end {
        keep(segment, &found, newest.sealed)?;
    }
    Ok(newest)
}

/// Zeros everything after `end`.
fn cut(options: &Options, segment: &Segment, end: &mut u64) -> Result<Option<TornTail>> {
    let Some(until) = last_written(segment, *end)? else { return Ok(None) };
    let torn = TornTail { file: segment.name.clone(), offset: *end, bytes: until - *end };
    if options.has_bug_keep_torn_tail() {
        *end = until.next_multiple_of(8);
        return Ok(Some(torn));
    }
    let zeros = vec![0; (until - *end) as usize];
    segment
        .file
        .write_at(&zeros, *end)
        .and_then(|()| segment.file.sync_data())
        .map_err(|source| Error::io(format!("cut the torn tail of {}", segment.name), source))?;
    Ok(Some(torn))
}

/// Writes the last write again and syncs. It may never have been acknowledged, and after a failed
/// sync the system may show bytes that are not on the disk and that it no longer means to write.
fn keep(segment: &Segment, found: &Scan, sealed: bool) -> Result<()> {
    let trailer = if sealed { TRAILER_LEN } else { 0 };
    let from = found.last_batch_start;
    let mut bytes = vec![0; (found.end + trailer - from) as usize];
    let write = || {
        segment.file.read_at(&mut bytes, from)?;
        segment.file.write_at(&bytes, from)?;
        segment.file.sync_data()
    };
    let mut write = write;
    write().map_err(|source| Error::io(format!("keep the last write of {}", segment.name), source))
}

/// Reads and verifies a full segment again, to write its sidecar off the path of any request.
pub(super) fn seal_sidecar(options: &Options, dir: &Path, segment: &Segment) -> Result<Sealed> {
    sidecar::build(&*options.disk, dir, segment)
}
