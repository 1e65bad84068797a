//! Events instead of what they taught: shorter while they are few.
//!
//! A vector is as long as a model has numbers, a text as long as what was read: below some hundred
//! bytes of text the words are shorter (`her bench sync` measures where). An origin that
//! contributes by events contributes what these teach a model that knows the origin's own row and
//! nothing else, so that whoever has that row works out the next one by itself, to the bit. What
//! its own model, which knows its peers too, learned more or less than that waits in the residue,
//! as what rounding leaves does.

use her_learn::merge::Sums;
use her_learn::{Catalog, Model, Row, Scratch, Target};
use serde_json::Value;

use super::{Origin, limits};
use crate::error::{Error, Result};
use crate::event::{self, Batch, Event, What};

/// Names that the model which works out a row has room for: all that a row has.
const NAMES: u32 = limits::CELLS as u32;

/// The events of one contribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// Who contributed.
    pub origin: Origin,
    /// The number of its row before; 0 for none.
    pub from: u64,
    /// The number of its row after.
    pub to: u64,
    /// The events, as the journal writes them.
    pub events: Box<[u8]>,
}

/// Events as the journal writes them; none where they are more than one part takes.
pub(crate) fn written<'a>(
    learned: impl Iterator<Item = (&'a Row, &'a Target, f64)>,
) -> Option<Box<[u8]>> {
    let mut batch = Batch::default();
    for (row, target, weight) in learned {
        let what = What::Learn { row: row.clone(), target: target.clone(), weight };
        if !batch.push(&Event { at_ms: 0, request: None, what }) {
            return None;
        }
    }
    let events = batch.take();
    (events.len() < limits::PIECE_BYTES).then(|| events.into())
}

/// One event that a peer tells.
pub(crate) struct Told {
    pub row: Row,
    pub target: Target,
    pub weight: f64,
}

/// What a peer tells, as [`written`] wrote it.
pub(crate) fn read(events: &[u8]) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    event::decode(events, &mut Vec::new(), &mut |event| {
        event.check()?;
        let What::Learn { row, target, weight } = event.what else {
            return Err(Error::invalid("a peer tells an event that is none of learning"));
        };
        if told.len() >= limits::LESSON_EVENTS {
            return Err(Error::invalid(format!(
                "a peer tells more than {} events in one part",
                limits::LESSON_EVENTS
            )));
        }
        told.push(Told { row, target, weight });
        Ok(())
    })?;
    Ok(told)
}

/// What a row becomes when a model of it, made from this spec, learns these events.
pub(crate) fn taught(row: &Sums, events: &[u8], spec: &Value, catalog: &Catalog) -> Result<Sums> {
    let mut model = invalid(Model::with_cap(spec, catalog, NAMES))?;
    if !row.is_empty() {
        invalid(model.set_sums(row))?;
    }
    let mut scratch = Scratch::default();
    for Told { row, target, weight } in read(events)? {
        invalid(model.learn(&row, &target, weight, &mut scratch))?;
    }
    let mut sums = model.sums();
    sums.trim();
    Ok(sums)
}

fn invalid<T>(result: her_learn::Result<T>) -> Result<T> {
    result.map_err(|e| Error::invalid(e.to_string()))
}
