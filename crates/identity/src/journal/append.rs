//! One batch: admit frames against their heads, write once, sync once, publish, answer.

use super::frame::{self, Place};
use super::writer::SegmentJournal;
use super::{AppendError, Appended, Frame, Head, IdentityId, JournalReader, follows};
use crate::error::ErrorKind;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Room for so many frames is made at once.
const MANY: usize = 4096;

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
    /// Admits frames until the segment is full, writes them, and answers all it looked at.
    pub(super) fn append_some(&mut self, frames: &[Frame], results: &mut Vec<Appended>) -> usize {
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
        batch.heads.reserve(frames.len().min(MANY));
        batch.staged.reserve(frames.len().min(MANY));
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

    /// The answer to a frame that is not written, if it is not.
    fn refuse(&self, head: Option<Head>, frame: &Frame) -> Option<Appended> {
        let header = frame.header();
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
    pub(super) fn find(&self, frame: &Frame) -> Option<Appended> {
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
            let offset = staged.offset as u32;
            index.publish(segment.number, offset, frame.header(), frame.digest());
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
}
