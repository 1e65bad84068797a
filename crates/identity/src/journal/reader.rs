//! Reading one identity while others are written.
//!
//! Each frame names the frame of the same identity before it in its segment, so a reader walks back
//! from the newest to where it was asked to start, then reads forward and verifies. Frames of
//! others are never touched.

use super::background::Shared;
use super::frame::{self, Flaw};
use super::index::Entry;
use super::segment::{Segment, Window};
use super::{FrameRef, Head, IdentityId, JournalReader, Visit, check_start};
use crate::error::{Error, Result};
use std::ops::ControlFlow;
use std::sync::Arc;

/// See the module.
pub(super) struct SegmentReader {
    pub shared: Arc<Shared>,
}

impl JournalReader for SegmentReader {
    fn head(&self, id: IdentityId) -> Result<Option<Head>> {
        Ok(self.shared.index().life(id).map(|life| life.head))
    }

    fn read(&self, id: IdentityId, from_seq: u64, visit: Visit<'_>) -> Result<()> {
        let from = from_seq.max(1);
        let mut places: Vec<(Arc<Segment>, Entry)> = Vec::new();
        {
            // Held only to copy: a reader that is slow must not hold up the writer.
            let index = self.shared.index();
            let life = index.life(id).ok_or_else(|| unknown(id))?;
            check_start(id, from, life.truncated, &life.head)?;
            for (number, entry) in &life.places {
                if entry.last_seq + 1 >= from {
                    let segment = index.segments().get(number).ok_or_else(|| lost(*number))?;
                    places.push((Arc::clone(segment), *entry));
                }
            }
        }
        let mut chain = Chain { id, from, last: None };
        for (segment, entry) in &places {
            if chain.read_segment(segment, entry, visit)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn truncated(&self, id: IdentityId) -> Result<u64> {
        self.shared.index().life(id).map(|life| life.truncated).ok_or_else(|| unknown(id))
    }

    fn identities(&self) -> Vec<IdentityId> {
        self.shared.index().identities()
    }
}

pub(super) fn unknown(id: IdentityId) -> Error {
    Error::not_found(format!("identity {id} is not in this journal"))
}

fn lost(number: u64) -> Error {
    let what = format!("segment {number} is in the index and not open");
    Error::new(crate::error::ErrorKind::Internal, what)
}

/// The chain of one identity as far as it was read.
struct Chain {
    id: IdentityId,
    from: u64,
    last: Option<Head>,
}

const DENSE_STEP: u64 = 128 * 1024;
const SPARSE_STEP: u64 = 1024;
/// Frames of one identity that are further apart are not worth what lies between them.
const SPARSE_GAP: u64 = 8 * 1024;

impl Chain {
    /// Visits the frames of one segment.
    fn read_segment(
        &mut self,
        segment: &Segment,
        entry: &Entry,
        visit: Visit<'_>,
    ) -> Result<ControlFlow<()>> {
        let gap = (entry.last_offset - entry.first_offset) as u64 / entry.frames.max(1) as u64;
        let mut window = if gap < SPARSE_GAP {
            Window::new(segment, DENSE_STEP)
        } else {
            Window::sparse(segment, SPARSE_STEP)
        };
        let offsets = self.walk_back(segment, entry, &mut window)?;
        for &at in offsets.iter().rev() {
            let (head, payload) = match window.frame(at as u64)? {
                Ok(frame) => frame,
                Err(flaw) => return Err(segment.flaw(at as u64, flaw)),
            };
            let frame = FrameRef { header: head.header, digest: head.digest, payload };
            if let Err(what) = is_next(self.id, self.last.as_ref(), &frame) {
                return Err(Error::corrupt(&segment.name, at as u64, what));
            }
            self.last = Some(frame.head());
            if visit(&frame)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        let end = self.last.is_none_or(|last| last.digest == entry.digest);
        if !end {
            let what = "the chain does not end as the index says";
            return Err(Error::corrupt(&segment.name, entry.last_offset as u64, what));
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The offsets of the frames to visit, newest first.
    fn walk_back(
        &self,
        segment: &Segment,
        entry: &Entry,
        window: &mut Window<'_>,
    ) -> Result<Vec<u32>> {
        let mut offsets = Vec::new();
        let mut at = entry.last_offset;
        loop {
            let bytes = window.get(at as u64, frame::HEADER_LEN as u64)?;
            let head = frame::decode(bytes, segment.salt);
            let head = head.map_err(|flaw| segment.flaw(at as u64, flaw))?;
            let wanted = head.header.last_seq() >= self.from
                || head.header.count == 0 && head.header.first_seq >= self.from;
            if !wanted {
                return Ok(offsets);
            }
            offsets.push(at);
            let back = head.place.back;
            if back == 0 && at == entry.first_offset {
                return Ok(offsets);
            }
            if back >= at || back < entry.first_offset {
                let flaw = Flaw::Damaged("a frame names a frame before it that is not there");
                return Err(segment.flaw(at as u64, flaw));
            }
            at = back;
        }
    }
}

/// Whether `frame` is the next one of the life of `id`, after `last`; the first that is read may
/// be any.
pub(super) fn is_next(
    id: IdentityId,
    last: Option<&Head>,
    frame: &FrameRef<'_>,
) -> std::result::Result<(), &'static str> {
    let header = &frame.header;
    if header.identity != id {
        return Err("the frame belongs to another identity");
    }
    if header.digest(frame.payload) != frame.digest {
        return Err("the frame does not match its digest");
    }
    let Some(last) = last else { return Ok(()) };
    if header.first_seq != last.seq + 1 {
        return Err("the sequence numbers are not dense");
    }
    if header.prev != last.digest {
        return Err("the chain is broken");
    }
    if header.epoch < last.epoch {
        return Err("the epoch falls");
    }
    Ok(())
}
