//! A life read from its journal, wherever that lies: in a house, or where somebody left it.

use std::ops::ControlFlow;

use her_learn::Catalog;
use serde_json::{Value, json};

use super::{Record, named};
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
    /// The version after which it was replayed: 0, the birth, unless the state was shipped there.
    pub from: u64,
    /// Why it was not replayed from birth, in words.
    pub why: Option<String>,
    /// Events replayed.
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

/// A life that was lived again.
pub(crate) struct Retraced {
    pub state: State,
    pub events: u64,
    from: u64,
    why: Option<String>,
    snapshots: u64,
    chain: Digest,
}

impl Retraced {
    /// What is told of it, once its state was compared.
    pub fn verified(&self) -> Verified {
        Verified {
            version: self.state.version(),
            from: self.from,
            why: self.why.clone(),
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

    /// Replays everything from birth up to a version, and compares with every snapshot. Where the
    /// state was shipped, a replay here of what lies before gives other bits: then from there on.
    pub fn retrace(&self, version: u64) -> Result<Retraced> {
        let (mut state, mut events, mut snapshots) = (None, 0, 0);
        let lineage = self.record.lineage(version);
        let shipped = self.shipped(version)?;
        let mut chain = Digest::ZERO;
        for (i, &(id, begin, end)) in lineage.iter().enumerate() {
            let mut after = begin;
            if let Some((branch, at)) = shipped
                && state.is_none()
            {
                let end = if id == branch { at } else { end };
                chain = self.chain(id, begin, end)?.unwrap_or(chain);
                if id != branch {
                    continue;
                }
                let found = self.snapshots.get(id, at)?;
                (state, after) = (Some(State::load(&found.bytes, self.catalog)?), at);
            }
            let mut stops = self.snapshots.list(id)?;
            stops.retain(|v| (after + 1..=end).contains(v));
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
        let from = shipped.map_or(0, |(_, at)| at);
        let why = shipped.map(|_| self.why_from(from, version));
        Ok(Retraced { state, events, from, why, snapshots, chain })
    }

    /// The branch and the version at which the state was shipped last, up to a version.
    pub fn shipped(&self, version: u64) -> Result<Option<(IdentityId, u64)>> {
        for (id, begin, end) in self.record.lineage(version).into_iter().rev() {
            let all = self.snapshots.shipped(id)?;
            if let Some(at) = all.into_iter().rev().find(|at| (begin..=end).contains(at)) {
                return Ok(Some((id, at)));
            }
        }
        Ok(None)
    }

    fn why_from(&self, at: u64, version: u64) -> String {
        let known = self.record.shipped(version).filter(|shipped| shipped.version == at);
        let which = known.map_or_else(String::new, |shipped| {
            format!(": made by {}, goes on by {}", named(&shipped.by), named(&shipped.then))
        });
        format!(
            "the state at version {at} was shipped from a machine of another arithmetic{which}; \
             what lies before can be replayed to the same bits only there"
        )
    }

    /// Reads frames of a branch without living them, and gives the chain after the last one that
    /// ends at or before a version.
    fn chain(&self, id: IdentityId, begin: u64, end: u64) -> Result<Option<Digest>> {
        let mut chain = None;
        (self.reader)(id).read(id, begin + 1, &mut |frame| {
            let last = frame.header.last_seq();
            if last <= end {
                chain = Some(frame.digest);
            }
            let done = last >= end && frame.header.count > 0;
            Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(chain)
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
