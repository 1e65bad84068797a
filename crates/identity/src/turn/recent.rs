//! The newest learned events, for a second pass over them where the spec wants one.
//!
//! They are state: a pass names versions only, and whoever replays it has the same events. An
//! identity whose spec says nothing keeps none.

use std::collections::VecDeque;

use her_learn::row::Kind;
use her_learn::{Row, Target};
use serde::{Deserialize, Serialize};

use super::{Desk, State};
use crate::error::{Error, Result};
use crate::event::{self, Batch, Event, What};

/// Bytes of rows that are kept; the oldest go first.
const BYTES_MAX: usize = 1 << 20;

/// One event that was learned.
#[derive(Debug, Clone)]
struct Learned {
    version: u64,
    row: Row,
    target: Target,
    weight: f64,
    bytes: usize,
}

/// The newest learned events, bounded by number and by bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    events: VecDeque<Learned>,
    bytes: usize,
    /// The version up to which they were passed over again.
    done: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    /// Each with its version, and as the journal's own codec writes it.
    events: Vec<(u64, Vec<u8>)>,
    done: u64,
}

/// Events to pass over again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// The version of the first.
    pub from: u64,
    /// The version of the last.
    pub to: u64,
    /// How many there are.
    pub events: usize,
}

impl Recent {
    pub fn push(&mut self, version: u64, row: &Row, target: &Target, weight: f64, max: usize) {
        if max == 0 {
            return;
        }
        let bytes = bytes_of(row);
        let (row, target) = (row.clone(), target.clone());
        self.events.push_back(Learned { version, row, target, weight, bytes });
        self.bytes += bytes;
        while self.events.len() > max || self.bytes > BYTES_MAX {
            let Some(old) = self.events.pop_front() else { break };
            self.bytes -= old.bytes;
        }
    }

    pub fn len(&self) -> usize {
        self.events.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Row, &Target, f64)> {
        self.events.iter().map(|learned| (&learned.row, &learned.target, learned.weight))
    }

    /// Whether a row has room beside all others, of which there may be so many.
    pub fn has_room(&self, row: &Row, max: usize) -> bool {
        self.events.len() < max && self.bytes + bytes_of(row) <= BYTES_MAX
    }

    /// Keeps the first, the third, and so on.
    pub fn thin(&mut self) {
        let mut even = false;
        self.events.retain(|_| {
            even = !even;
            even
        });
        self.bytes = self.events.iter().map(|learned| learned.bytes).sum();
    }

    #[cfg(test)]
    pub fn versions(&self) -> impl Iterator<Item = u64> {
        self.events.iter().map(|learned| learned.version)
    }

    pub fn newest(&self) -> Option<u64> {
        self.events.back().map(|learned| learned.version)
    }

    fn place(&self, version: u64) -> Option<usize> {
        self.events.binary_search_by_key(&version, |learned| learned.version).ok()
    }

    fn next(&self, most: usize) -> Option<Again> {
        let begin = self.events.partition_point(|learned| learned.version <= self.done);
        let end = self.events.len().min(begin + most);
        let (first, last) = (self.events.get(begin)?, self.events.get(end.checked_sub(1)?)?);
        Some(Again { from: first.version, to: last.version, events: end - begin })
    }

    /// None when nothing was ever kept.
    pub fn save(&self) -> Option<Saved> {
        if self.events.is_empty() && self.done == 0 {
            return None;
        }
        let saved = self.events.iter().map(|learned| {
            let (row, target) = (learned.row.clone(), learned.target.clone());
            let what = What::Learn { row, target, weight: learned.weight };
            let mut batch = Batch::default();
            batch.push(&Event { at_ms: 0, request: None, what });
            (learned.version, batch.take())
        });
        Some(Saved { events: saved.collect(), done: self.done })
    }

    pub fn load(saved: &Saved) -> Result<Self> {
        let mut recent = Self { done: saved.done, ..Self::default() };
        let mut shapes = Vec::new();
        for (version, bytes) in &saved.events {
            event::decode(bytes, &mut shapes, &mut |event| {
                if let What::Learn { row, target, weight } = event.what {
                    recent.push(*version, &row, &target, weight, usize::MAX);
                }
                Ok(())
            })?;
        }
        Ok(recent)
    }
}

/// What a row takes, with its names as if nobody shared them.
fn bytes_of(row: &Row) -> usize {
    let columns = row.shape().columns().iter().map(|(name, kind)| {
        name.len() + if *kind == Kind::Number { size_of::<f64>() } else { size_of::<Box<str>>() }
    });
    let texts: usize = row.texts().map(str::len).sum();
    size_of::<Learned>() + columns.sum::<usize>() + texts
}

impl State {
    /// The next events that were learned once only, at most so many; none where the spec wants no
    /// second pass, or when all that is kept was passed over again.
    pub fn to_rehearse(&self, most: usize) -> Option<Again> {
        if self.frozen || self.birth.options.rehearse == 0 {
            return None;
        }
        self.recent.next(most)
    }

    /// Learns events again that were learned lately. What was asked and scored stays as it was:
    /// figures are of the first pass.
    pub(super) fn rehearse(&mut self, from: u64, to: u64, desk: &mut Desk) -> Result<()> {
        if self.birth.options.rehearse == 0 {
            return Err(Error::invalid(
                "this identity learns nothing a second time; its spec says no rehearse",
            ));
        }
        let ends = self.recent.place(from).zip(self.recent.place(to));
        let Some((first, last)) = ends.filter(|(first, last)| {
            first <= last && self.recent.events[*first].version > self.recent.done
        }) else {
            return Err(Error::invalid(format!(
                "versions {from} to {to} can't be learned again: they are not among the newest \
                 events that are kept, or were learned twice already"
            )));
        };
        for learned in self.recent.events.range(first..=last) {
            let (row, target) = (&learned.row, &learned.target);
            // What was learned once is fit to be learned; what is not any more, because its names
            // were forgotten meanwhile, is left out, wherever this is replayed.
            if self.model.learn(row, target, learned.weight, &mut desk.scratch).is_ok() {
                self.figures.more.rehearsed += 1;
            }
        }
        self.recent.done = to;
        Ok(())
    }
}
