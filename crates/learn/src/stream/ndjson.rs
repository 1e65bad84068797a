//! NDJSON: one JSON object a line.
//!
//! Two layouts. An *event* keeps features and target apart:
//! `{"x": {"a": 1, "city": "Delft"}, "y": true, "id": "42", "w": 1.0}`, where all but `x` may be
//! left out. A *flat* record is one object in which the target is one of the columns:
//! `{"a": 1, "city": "Delft", "spam": true}`.
//!
//! A feature is a number, a string, or a boolean (which becomes 0 or 1); `null` is the same as
//! leaving it out; arrays and objects are refused.
//!
//! **Cost** A record that looks like one of the last few, numbers and simple strings aside, takes
//! one comparison per name and one parse per value, and allocates nothing. Any other takes the
//! general JSON parser; both give the same event. **Errors** name line, byte, value and remedy;
//! what the event holds after a refusal is of no use.
//!
//! ```
//! use her_learn::stream::{Event, ndjson::Decoder};
//! let (mut decoder, mut event) = (Decoder::flat("y").id("who"), Event::default());
//! decoder.decode(br#"{"a": 1.5, "b": null, "who": "eve", "y": 3}"#, &mut event)?;
//! assert_eq!(event.row.to_json(), serde_json::json!({"a": 1.5}));
//! assert_eq!(event.id.as_deref(), Some("eve"));
//! let error = decoder.decode(br#"{"a": [1], "y": 3}"#, &mut event).unwrap_err();
//! assert!(error.to_string().starts_with("line 2, byte 7: feature \"a\" is [1]"));
//! # Ok::<(), her_learn::Error>(())
//! ```

mod slow;

use super::plan::Plan;
use super::shapes::{REMEMBERED, Shapes};
use super::{Event, RECORD_BYTES, without_line_end};
use crate::error::{Error, Result};

/// Which keys mean what.
#[derive(Debug)]
pub(super) struct Layout {
    /// The key of the object with the features; `None` for flat records.
    x: Option<Box<str>>,
    target: Option<Box<str>>,
    id: Option<Box<str>>,
    weight: Option<Box<str>>,
}

/// Turns lines of JSON into events.
#[derive(Debug)]
pub struct Decoder {
    layout: Layout,
    limit: usize,
    line: u64,
    plans: Vec<Plan>,
    shapes: Shapes,
    misses: u32,
}

/// After this many records in a row that looked like none before, only the newest is compared:
/// the stream is of ever new shapes.
const MISSES_MAX: u32 = 32;

impl Decoder {
    fn new(layout: Layout) -> Self {
        let (plans, shapes) = (Vec::new(), Shapes::default());
        Self { layout, limit: RECORD_BYTES, line: 0, plans, shapes, misses: 0 }
    }

    /// For records `{"x": {…}, "y": …, "id": "…", "w": …}`.
    pub fn events() -> Self {
        Self::new(Layout {
            x: Some("x".into()),
            target: Some("y".into()),
            id: Some("id".into()),
            weight: Some("w".into()),
        })
    }

    /// For flat records whose target is the column `target`; where it is missing or `null`, the
    /// event asks for a prediction only.
    pub fn flat(target: &str) -> Self {
        Self::new(Layout { x: None, target: Some(target.into()), id: None, weight: None })
    }

    /// The name of the key that holds the event's id.
    pub fn id(mut self, name: &str) -> Self {
        self.layout.id = Some(name.into());
        self
    }

    /// The name of the key that holds the event's weight.
    pub fn weight(mut self, name: &str) -> Self {
        self.layout.weight = Some(name.into());
        self
    }

    /// Another limit on the bytes of a line than [`RECORD_BYTES`].
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// The number of the line decoded last, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Decodes one line. Says `false` for a blank one, which is no event.
    pub fn decode(&mut self, line: &[u8], event: &mut Event) -> Result<bool> {
        self.line += 1;
        let line = without_line_end(line);
        if line.len() > self.limit {
            return Err(Error::new(format!(
                "the line has {} bytes, at most {} are allowed; send fewer features in one event",
                line.len(),
                self.limit
            ))
            .at(format!("line {}", self.line)));
        }
        let tries = if self.misses < MISSES_MAX { self.plans.len() } else { 1 };
        for i in 0..tries.min(self.plans.len()) {
            if self.plans[i].read(line, event).is_some() {
                self.misses = 0;
                if i > 0 {
                    self.plans[..=i].rotate_right(1);
                }
                return Ok(true);
            }
        }
        if line.trim_ascii().is_empty() {
            return Ok(false);
        }
        self.misses = self.misses.saturating_add(1);
        self.decode_slowly(line, event)
    }

    #[cold]
    fn decode_slowly(&mut self, line: &[u8], event: &mut Event) -> Result<bool> {
        let plan = slow::decode(line, &self.layout, &mut self.shapes, event).map_err(|wrong| {
            wrong.error.at(match wrong.byte {
                Some(byte) => format!("line {}, byte {}", self.line, byte + 1),
                None => format!("line {}", self.line),
            })
        })?;
        self.plans.truncate(REMEMBERED - 1);
        self.plans.insert(0, plan);
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
