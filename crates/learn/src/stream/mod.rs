//! Lines of text to events: newline-delimited JSON and CSV.
//!
//! No I/O happens here: a decoder takes the bytes of one record at a time and fills an [`Event`]
//! whose buffers are reused. A decoder remembers the records that it met last: as long as the
//! next one has the same names in the same order, no name is looked at and nothing is allocated.
//!
//! ```
//! use her_learn::Target;
//! use her_learn::stream::{Event, csv, lines, ndjson};
//! let (mut decoder, mut event) = (ndjson::Decoder::events(), Event::default());
//! let text = b"{\"x\": {\"a\": 1}, \"y\": true}\n{\"x\": {\"a\": 2}, \"y\": false, \"w\": 0.5}\n";
//! let mut sum = 0.0;
//! for line in lines(text) {
//!     if decoder.decode(line, &mut event)? {
//!         sum += event.row.numbers()[0] * event.weight;
//!     }
//! }
//! assert_eq!(sum, 2.0);
//!
//! let mut decoder = csv::Decoder::new("spam");
//! assert!(!decoder.decode(b"words,from,spam", &mut event)?); // the header is no event
//! assert!(decoder.decode(b"12,\"Bob, Inc.\",True", &mut event)?);
//! assert_eq!(event.row.text("from"), Some("Bob, Inc."));
//! assert_eq!(event.target, Some(Target::Bool(true)));
//! # Ok::<(), her_learn::Error>(())
//! ```

pub mod csv;
pub mod ndjson;

mod number;
mod plan;
mod shapes;

use crate::row::{Row, Target};

/// Bytes in one record, unless a decoder is given another limit.
pub const RECORD_BYTES: usize = 64 * 1024;

/// One decoded record. Keep it and decode into it again: its buffers are reused.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The features.
    pub row: Row,
    /// What is to be learned; `None` asks for a prediction only.
    pub target: Option<Target>,
    /// The caller's own name for this event.
    pub id: Option<Box<str>>,
    /// How much the event counts; 1 unless the record says otherwise.
    pub weight: f64,
}

impl Default for Event {
    fn default() -> Self {
        Self { row: Row::default(), target: None, id: None, weight: 1.0 }
    }
}

impl Event {
    /// Takes a text as the target; the same class again allocates nothing.
    fn set_text_target(&mut self, text: &str) {
        if !matches!(&self.target, Some(Target::Text(old)) if **old == *text) {
            self.target = Some(Target::Text(text.into()));
        }
    }

    /// Takes a text as the id; the same id again allocates nothing.
    fn set_id(&mut self, text: &str) {
        if self.id.as_deref() != Some(text) {
            self.id = Some(text.into());
        }
    }
}

/// The lines of a text without their line ends; a last line without one counts as well.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest);
        let line = &rest[..end.unwrap_or(rest.len())];
        rest = &rest[end.map_or(rest.len(), |e| e + 1)..];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

/// A record without the line end that a reader may have left on it.
fn without_line_end(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

/// The start of a value for a message: at most 40 characters of it.
fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
    let short: String = text.chars().take(40).collect();
    if short.len() < bytes.len() { format!("{short}…") } else { short }
}

/// Whether a weight may be used: finite and not negative.
fn weight_is_valid(w: f64) -> bool {
    w.is_finite() && w >= 0.0
}
