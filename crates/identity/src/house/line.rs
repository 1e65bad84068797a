//! A life read from its journal, wherever that lies: in a house, or where somebody left it.

use std::ops::ControlFlow;

use her_learn::Catalog;
use serde_json::{Value, json};

use super::Record;
use crate::error::{Error, ErrorKind, Result};
use crate::event;
use crate::identity::Past;
use crate::journal::{Digest, FrameKind, IdentityId, JournalReader};
use crate::snapshot::Snapshots;
use crate::turn::State;

/// What `verify` found.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The version up to which everything was replayed.
    pub version: u64,
    /// Events replayed from birth.
    pub events: u64,
    /// The chain value after the last frame.
    pub chain: String,
    /// BLAKE3 of the replayed state, equal to that of the live one.
    pub state: String,
    /// Snapshots that were compared with the replay, and found equal.
    pub snapshots: u64,
}

/// The current branch of a record and its parents.
pub(crate) struct Line<'a> {
    pub record: &'a Record,
    /// Where the frames of a branch are read.
    pub reader: &'a dyn Fn(IdentityId) -> &'a dyn JournalReader,
    pub snapshots: &'a Snapshots,
    pub catalog: &'a Catalog,
}

/// A life that was lived again from birth.
pub(crate) struct Retraced {
    pub state: State,
    pub events: u64,
    snapshots: u64,
    chain: Digest,
}

impl Retraced {
    /// What is told of it, once its state was compared.
    pub fn verified(&self) -> Verified {
        Verified {
            version: self.state.version(),
            events: self.events,
            chain: self.chain.to_string(),
            state: blake3::hash(&self.state.save()).to_hex().to_string(),
            snapshots: self.snapshots,
        }
    }
}

impl Line<'_> {
    /// The state at a version, from the branch in whose journal it lies.
    pub fn past(&self, version: u64) -> Result<Past> {
        let (id, _) = self.record.branch_of(self.record.current, version)?;
        State::at(id, version, (self.reader)(id), self.snapshots, self.catalog)
    }

    /// Events from a version on and up to another, as JSON.
    pub fn log(&self, from: u64, end: u64, limit: usize) -> Result<Vec<Value>> {
        let record = self.record;
        let mut out = Vec::new();
        let mut from = from.max(1);
        while out.len() < limit && from <= end {
            let (id, _) = record.branch_of(record.current, from)?;
            let own_end = if id == record.current { u64::MAX } else { record.end_of(id) };
            let head = (self.reader)(id).head(id)?.map_or(0, |h| h.seq).min(own_end);
            if from > head {
                if id == record.current {
                    break;
                }
                return Err(Error::new(
                    ErrorKind::Corrupt,
                    format!("identity {id} ends at {head}, its branch goes on from {own_end}"),
                ));
            }
            from = self.log_of(id, from, head.min(end), limit, &mut out)?;
        }
        Ok(out)
    }

    fn log_of(
        &self,
        id: IdentityId,
        from: u64,
        end: u64,
        limit: usize,
        out: &mut Vec<Value>,
    ) -> Result<u64> {
        let (mut shapes, mut next) = (Vec::new(), from);
        (self.reader)(id).read(id, from, &mut |frame| {
            if frame.header.kind == FrameKind::Events {
                let mut seq = frame.header.first_seq - 1;
                event::decode(frame.payload, &mut shapes, &mut |event| {
                    seq += 1;
                    if seq >= next && seq <= end && out.len() < limit {
                        let mut line = json!({ "version": seq, "epoch": frame.header.epoch });
                        if let (Value::Object(line), Value::Object(event)) =
                            (&mut line, event.to_json())
                        {
                            line.extend(event);
                        }
                        out.push(line);
                        next = seq + 1;
                    }
                    Ok(())
                })?;
            }
            let done = out.len() >= limit || frame.header.last_seq() >= end;
            Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(next.max(from + 1))
    }

    /// Replays everything from birth up to a version, and compares with every snapshot.
    pub fn retrace(&self, version: u64) -> Result<Retraced> {
        let (mut state, mut events, mut snapshots) = (None, 0, 0);
        let lineage = self.record.lineage(version);
        let mut chain = Digest::ZERO;
        for (i, &(id, begin, end)) in lineage.iter().enumerate() {
            let mut stops = self.snapshots.list(id)?;
            stops.retain(|v| (begin + 1..=end).contains(v));
            stops.push(end);
            for stop in stops {
                let from = state.take().map(|s: State| {
                    let at = s.version();
                    (s, at, Digest::ZERO)
                });
                let past = State::replay(id, from, stop, (self.reader)(id), self.catalog)?;
                events += past.replayed;
                snapshots += self.compare_snapshot(id, &past.state)?;
                if past.digest != Digest::ZERO {
                    chain = past.digest;
                }
                state = Some(past.state);
            }
            if i + 1 < lineage.len()
                && let Some(state) = &mut state
            {
                state.thaw();
            }
        }
        let state = state.ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a record without a branch has no life to retrace")
        })?;
        Ok(Retraced { state, events, snapshots, chain })
    }

    fn compare_snapshot(&self, id: IdentityId, state: &State) -> Result<u64> {
        let version = state.version();
        if !self.snapshots.list(id)?.contains(&version) {
            return Ok(0);
        }
        if self.snapshots.get(id, version)?.bytes == state.save() {
            return Ok(1);
        }
        Err(Error::new(
            ErrorKind::Corrupt,
            format!("the snapshot of identity {id} at version {version} differs from the replay"),
        ))
    }
}
