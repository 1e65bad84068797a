//! What a JSON record looked like: its bytes with holes where the values were.
//!
//! The next record is compared piece by piece and only its values are parsed. Whatever does not
//! fit, a changed space or an escape in a string included, is left to the slow path.

use std::ops::Range;
use std::sync::Arc;

use super::{Event, number, weight_is_valid};
use crate::row::{Shape, Target, limits};

/// What a value of a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hole {
    Number,
    Text,
    Target,
    Id,
    Weight,
}

/// The bytes before a value, and the value's purpose.
#[derive(Debug)]
struct Piece {
    /// Up to 16 of the bytes, to be compared in one go; the rest of them is zero.
    head: u128,
    mask: u128,
    start: u32,
    end: u32,
    hole: Hole,
}

/// A remembered record.
#[derive(Debug)]
pub(super) struct Plan {
    shape: Arc<Shape>,
    text: Vec<u8>,
    pieces: Vec<Piece>,
    tail: usize,
    target: bool,
    id: bool,
}

impl Plan {
    /// A plan from a record and the places of its values, in their order.
    pub(super) fn new(
        shape: Arc<Shape>,
        record: &[u8],
        values: impl Iterator<Item = (Range<usize>, Hole)>,
    ) -> Self {
        let (mut text, mut pieces, mut after) = (Vec::new(), Vec::new(), 0);
        for (place, hole) in values {
            let literal = &record[after..place.start];
            let n = literal.len().min(16);
            let mut head = [0; 16];
            head[..n].copy_from_slice(&literal[..n]);
            let mask = if n == 16 { u128::MAX } else { (1 << (8 * n)) - 1 };
            let start = text.len() as u32;
            text.extend_from_slice(literal);
            let end = text.len() as u32;
            pieces.push(Piece { head: u128::from_le_bytes(head), mask, start, end, hole });
            after = place.end;
        }
        let tail = text.len();
        text.extend_from_slice(&record[after..]);
        let has = |hole| pieces.iter().any(|p| p.hole == hole);
        let (target, id) = (has(Hole::Target), has(Hole::Id));
        Self { shape, text, pieces, tail, target, id }
    }

    /// Reads a record that looks like this one; `None` when it does not, with an event that is
    /// partly written.
    pub(super) fn read(&self, record: &[u8], event: &mut Event) -> Option<()> {
        event.row.reset(&self.shape);
        event.weight = 1.0;
        if !self.target {
            event.target = None;
        }
        if !self.id {
            event.id = None;
        }
        let mut at = 0;
        for piece in &self.pieces {
            at = self.past_literal(piece, record, at)?;
            match piece.hole {
                Hole::Number => {
                    let (value, n) = number_or_bool(record.get(at..)?)?;
                    event.row.push_number(value);
                    at += n;
                }
                Hole::Text => {
                    let (text, n) = plain_text(&record[at..])?;
                    if text.len() > limits::TEXT_BYTES {
                        return None;
                    }
                    event.row.push_text(text);
                    at += n;
                }
                Hole::Target => at += read_target(&record[at..], event)?,
                Hole::Id => at += read_id(&record[at..], event)?,
                Hole::Weight => at += read_weight(&record[at..], event)?,
            }
        }
        (record[at..] == self.text[self.tail..]).then_some(())
    }

    #[inline]
    fn past_literal(&self, piece: &Piece, record: &[u8], at: usize) -> Option<usize> {
        let len = (piece.end - piece.start) as usize;
        if let (true, Some(head)) = (len <= 16, record.get(at..at + 16)) {
            let head = u128::from_le_bytes(head.try_into().ok()?);
            return (head & piece.mask == piece.head).then_some(at + len);
        }
        let literal = &self.text[piece.start as usize..piece.end as usize];
        (record.get(at..at + len)? == literal).then_some(at + len)
    }
}

#[inline]
fn number_or_bool(bytes: &[u8]) -> Option<(f64, usize)> {
    number::json(bytes).or_else(|| boolean(bytes).map(|(b, n)| (f64::from(u8::from(b)), n)))
}

fn boolean(bytes: &[u8]) -> Option<(bool, usize)> {
    if bytes.starts_with(b"true") {
        Some((true, 4))
    } else if bytes.starts_with(b"false") {
        Some((false, 5))
    } else {
        None
    }
}

/// A JSON string without escapes, and its length with the quotes.
fn plain_text(bytes: &[u8]) -> Option<(&str, usize)> {
    let inner = bytes.strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', inner)?;
    let text = &inner[..end];
    if text.iter().any(|b| *b < 0x20 || *b == b'\\') {
        return None;
    }
    Some((std::str::from_utf8(text).ok()?, end + 2))
}

fn read_target(bytes: &[u8], event: &mut Event) -> Option<usize> {
    if let Some((b, n)) = boolean(bytes) {
        event.target = Some(Target::Bool(b));
        return Some(n);
    }
    if let Some((text, n)) = plain_text(bytes) {
        if text.len() > limits::NAME_BYTES {
            return None;
        }
        event.set_text_target(text);
        return Some(n);
    }
    if bytes.starts_with(b"null") {
        event.target = None;
        return Some(4);
    }
    let (value, n) = number::json(bytes)?;
    event.target = Some(Target::Number(value));
    Some(n)
}

fn read_id(bytes: &[u8], event: &mut Event) -> Option<usize> {
    if bytes.starts_with(b"null") {
        event.id = None;
        return Some(4);
    }
    let (text, n) = plain_text(bytes)?;
    if text.len() > limits::NAME_BYTES {
        return None;
    }
    event.set_id(text);
    Some(n)
}

fn read_weight(bytes: &[u8], event: &mut Event) -> Option<usize> {
    if bytes.starts_with(b"null") {
        return Some(4);
    }
    let (w, n) = number::json(bytes)?;
    event.weight = w;
    weight_is_valid(w).then_some(n)
}
