//! What a departure sends: what the target lacks, and at the seal the rest of it.

use std::sync::atomic::Ordering;

use super::super::message::{self, Ask, HELD_PIECE_BYTES, Offered, PIECE_BYTES, Told};
use super::super::report::ByState;
use super::super::{Outcome, Saw};
use super::{Departure, Piece};
use crate::error::Result;
use crate::house::Shipped;
use crate::journal::{Frame, Head, IdentityId};

impl Departure<'_> {
    pub(super) fn hello(&mut self) -> Result<Saw> {
        let mut all = Vec::new();
        for branch in &self.record.branches {
            all.append(&mut self.house().snapshots_to_send(&self.record, branch.id)?);
        }
        let model = self.house().model_of(self.record.current)?;
        let here = self.house().catalog().arithmetic(&model);
        let ask = Ask::Hello {
            record: message::record_out(&self.record),
            model: model.to_string(),
            arithmetic: here.clone(),
            snapshots: all.clone(),
            dry: false,
        };
        match self.ask(&ask)? {
            Told::Ready { nonce, heads, wanted, arithmetic } if heads.len() == self.heads.len() => {
                self.about.nonce = nonce;
                for (i, theirs) in heads.into_iter().enumerate() {
                    self.heads[i] = self.known(i, theirs.map(Head::from))?;
                }
                self.by_state = ByState::of(here, arithmetic);
                let wanted = all.into_iter().zip(wanted).filter(|(_, wanted)| *wanted);
                self.snapshots = wanted.filter_map(|(offered, _)| self.as_sent(offered)).collect();
                Ok(Saw::Done)
            }
            other => Ok(self.saw(&other)),
        }
    }

    /// A snapshot as it is sent, if it is. Where the state goes at the seal, what precedes it is of
    /// use only as the beginning of a branch, and is what a replay there would not give.
    fn as_sent(&self, offered: Offered) -> Option<Offered> {
        if self.by_state.is_none() {
            return Some(offered);
        }
        let begins = self.record.branch(IdentityId(offered.id)).and_then(|b| b.parent);
        let begins = begins.is_some_and(|origin| origin.version == offered.version);
        begins.then_some(Offered { shipped: true, ..offered })
    }

    /// What the target has of a branch. It may have more of one that a fork shares with another
    /// identity, which lives there: then it has all that is needed.
    fn known(&self, i: usize, theirs: Option<Head>) -> Result<Option<Head>> {
        let id = self.record.branches[i].id;
        let ours = self.house().head_of(id)?;
        let more = matches!((theirs, ours), (Some(t), Some(o)) if t.seq > o.seq);
        Ok(if more && id != self.record.current { ours } else { theirs })
    }

    /// Sends one message: a piece of a snapshot, else frames of the first branch that lacks some.
    pub(super) fn send(&mut self) -> Result<Saw> {
        if self.piece.is_some() || !self.snapshots.is_empty() {
            return self.send_piece();
        }
        self.send_frames(false)
    }

    fn send_piece(&mut self) -> Result<Saw> {
        if self.piece.is_none()
            && let Some(Offered { id, version, shipped }) = self.snapshots.pop_front()
        {
            let id = IdentityId(id);
            let (head, state) = self.house().snapshot_of(id, version)?;
            self.piece = Some(Piece::new((id, head), state, shipped));
        }
        self.send_some(PIECE_BYTES)
    }

    /// Sends the next bytes of the state that is on its way; done when none is.
    fn send_some(&mut self, most: usize) -> Result<Saw> {
        let Some(Piece { id, head, state, digest, shipped, sent: at }) = &self.piece else {
            return Ok(Saw::Done);
        };
        let end = (at + most).min(state.len());
        let ask = Ask::Snapshot {
            about: self.about,
            id: id.0,
            head: (*head).into(),
            offset: *at as u64,
            total: state.len() as u64,
            bytes: state[*at..end].to_vec(),
            digest: *digest,
            shipped: *shipped,
        };
        let (sent, whole) = ((end - at) as u64, end == state.len());
        match self.ask(&ask)? {
            Told::Done => {
                self.figures.bytes += sent;
                self.figures.windows += 1;
                match &mut self.piece {
                    Some(piece) if !whole => piece.sent = end,
                    piece => *piece = None,
                }
                Ok(Saw::Lag(u64::MAX))
            }
            other => Ok(self.saw(&other)),
        }
    }

    fn send_frames(&mut self, warm: bool) -> Result<Saw> {
        for i in 0..self.record.branches.len() {
            let id = self.record.branches[i].id;
            let frames = self.house().tail(id, self.heads[i])?;
            let Some(last) = frames.last().map(Frame::head) else { continue };
            let bytes: usize = frames.iter().map(|frame| frame.payload().len()).sum();
            let frames = frames.into_iter().map(message::WireFrame::from).collect();
            let current = id == self.record.current;
            let ask = Ask::Frames { about: self.about, id: id.0, frames, warm: warm && current };
            match self.ask(&ask)? {
                Told::Head(_) => {
                    self.heads[i] = Some(last);
                    self.figures.bytes += bytes as u64;
                    self.figures.windows += 1;
                    if current {
                        self.figures.sent = last.seq;
                        self.lead.acked.store(last.seq, Ordering::Relaxed);
                    }
                    break;
                }
                other => return Ok(self.saw(&other)),
            }
        }
        self.figures.lag = self.lag()?;
        Ok(Saw::Lag(self.figures.lag))
    }

    /// Durable events that the target lacks; no number while it lacks a whole branch.
    pub(super) fn lag(&self) -> Result<u64> {
        let mut lag = 0;
        for (branch, theirs) in self.record.branches.iter().zip(&self.heads) {
            // A branch that has not begun there cannot be brought into memory.
            let Some(theirs) = theirs else { return Ok(u64::MAX) };
            let ours = self.house().head_of(branch.id)?.map_or(0, |head| head.seq);
            lag += ours.saturating_sub(theirs.seq);
        }
        Ok(lag)
    }

    pub(super) fn agree(&mut self) -> Result<Saw> {
        let warm = self.by_state.is_none();
        loop {
            match self.send_frames(warm)? {
                _ if self.held_too_long() => return Ok(Saw::Refused(Outcome::LagTooHigh)),
                Saw::Lag(0) => break,
                Saw::Lag(_) => {}
                other => return Ok(other),
            }
        }
        let Some((head, proof)) = self.stand else { return Ok(Saw::Differs) };
        // Tags may have come meanwhile.
        let mut record = (*self.house().record(&self.name)?).clone();
        if let Some(by_state) = self.by_state.clone() {
            if let Some(saw) = self.send_state(head)? {
                return Ok(saw);
            }
            let ByState { here: by, there: then } = by_state;
            let current = record.current;
            if let Some(branch) = record.branches.iter_mut().find(|b| b.id == current) {
                branch.shipped.push(Shipped { version: head.seq, by, then });
            }
        }
        let record = message::record_out(&record);
        let (about, head) = (self.about, head.into());
        match self.ask(&Ask::Agree { about, record, head, proof })? {
            Told::Done if self.held_too_long() => Ok(Saw::Refused(Outcome::LagTooHigh)),
            Told::Done => Ok(Saw::Done),
            other => Ok(self.saw(&other)),
        }
    }

    /// Sends the state as it was sealed. Gives what stands in the way.
    fn send_state(&mut self, head: Head) -> Result<Option<Saw>> {
        let state = self.house().sealed_state(&self.name, head)?;
        self.figures.state = state.len() as u64;
        self.piece = Some(Piece::new((self.record.current, head), state, true));
        while self.piece.is_some() {
            match self.send_some(HELD_PIECE_BYTES)? {
                _ if self.held_too_long() => return Ok(Some(Saw::Refused(Outcome::LagTooHigh))),
                _ if self.control.is_cancelled() => return Ok(Some(Saw::Cancel)),
                Saw::Lag(_) => {}
                other => return Ok(Some(other)),
            }
        }
        Ok(None)
    }
}
