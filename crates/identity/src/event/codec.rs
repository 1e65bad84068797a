//! The bytes of events: a frame's payload.
//!
//! `1u8` · number of shapes · shapes · events. A shape is its number of columns, then per column
//! kind u8 and name; an event is kind u8, flags u8, time, and its parts. Counts and lengths are
//! LEB128; floats are 8 bytes little-endian. `docs/internals/formats.md` has the table.

use std::sync::Arc;

use her_learn::row::{Kind, Row, Shape, Target};

use super::{Birth, Event, Request, What};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{EVENTS_VERSION, FRAME_PAYLOAD_MAX};
use crate::journal::IdentityId;
use crate::leb::{Reader, put_bytes, put_len};
use crate::sync::{Exchange, Piece};

const BORN: u8 = 1;
const BRANCHED: u8 = 2;
const LEARN: u8 = 3;
const REMEMBER: u8 = 4;
const LABEL: u8 = 5;
const FREEZE: u8 = 6;
const REHEARSE: u8 = 7;
const REST: u8 = 8;
const SYNC: u8 = 9;
const PIECE: u8 = 10;

/// The first formats that know [`REHEARSE`], [`REST`], [`SYNC`], events of others within that,
/// [`PIECE`], and exchanges that may read means; frames without them stay of the ones before.
const REHEARSE_SINCE: u8 = 2;
const REST_SINCE: u8 = 3;
const SYNC_SINCE: u8 = 4;
const TOLD_EVENTS_SINCE: u8 = 5;
const PIECE_SINCE: u8 = 6;
const MEANS_SINCE: u8 = 7;

const HAS_REQUEST: u8 = 1;
const HAS_WEIGHT: u8 = 2;

/// Events on their way into one frame.
#[derive(Debug, Default)]
pub struct Batch {
    shapes: Vec<Arc<Shape>>,
    shape_bytes: Vec<u8>,
    events: Vec<u8>,
    count: u32,
    /// The format that its newest kind of event needs, when that is not the first.
    since: u8,
}

impl Batch {
    /// Adds an event. Returns false, and adds nothing, when it does not fit into this frame.
    pub fn push(&mut self, event: &Event) -> bool {
        if self.count as usize >= super::limits::FRAME_EVENTS {
            return false;
        }
        let (shapes, shape_bytes, events) =
            (self.shapes.len(), self.shape_bytes.len(), self.events.len());
        let since = self.since;
        self.write(event);
        if self.len_bytes() > FRAME_PAYLOAD_MAX {
            self.since = since;
            self.shapes.truncate(shapes);
            self.shape_bytes.truncate(shape_bytes);
            self.events.truncate(events);
            return false;
        }
        self.count += 1;
        true
    }

    /// How many events there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// True when there is no event.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn len_bytes(&self) -> usize {
        // The version and at most ten bytes for the number of shapes.
        11 + self.shape_bytes.len() + self.events.len()
    }

    /// The payload. The batch is empty afterwards and holds no memory: ten thousand identities that
    /// rest must not keep what they once needed.
    pub fn take(&mut self) -> Vec<u8> {
        let batch = std::mem::take(self);
        let mut out = Vec::with_capacity(batch.len_bytes());
        out.push(batch.since.max(1));
        put_len(&mut out, batch.shapes.len() as u64);
        out.extend_from_slice(&batch.shape_bytes);
        out.extend_from_slice(&batch.events);
        out
    }

    fn shape(&mut self, shape: &Arc<Shape>) -> u64 {
        let same = |s: &Arc<Shape>| Arc::ptr_eq(s, shape);
        if let Some(at) = self.shapes.iter().rposition(same) {
            return at as u64;
        }
        if let Some(at) = self.shapes.iter().position(|s| s == shape) {
            return at as u64;
        }
        put_len(&mut self.shape_bytes, shape.len() as u64);
        for (name, kind) in shape.columns() {
            self.shape_bytes.push(match kind {
                Kind::Number => 0,
                Kind::Text => 1,
            });
            put_bytes(&mut self.shape_bytes, name.as_bytes());
        }
        self.shapes.push(Arc::clone(shape));
        self.shapes.len() as u64 - 1
    }

    fn write(&mut self, event: &Event) {
        let (kind, weight) = match &event.what {
            What::Born(_) => (BORN, 1.0),
            What::Branched { .. } => (BRANCHED, 1.0),
            What::Learn { weight, .. } => (LEARN, *weight),
            What::Remember { .. } => (REMEMBER, 1.0),
            What::Label { .. } => (LABEL, 1.0),
            What::Freeze => (FREEZE, 1.0),
            What::Rehearse { .. } => (REHEARSE, 1.0),
            What::Rest => (REST, 1.0),
            What::Sync(_) => (SYNC, 1.0),
            What::Piece(_) => (PIECE, 1.0),
        };
        let mut flags = 0;
        if event.request.is_some() {
            flags |= HAS_REQUEST;
        }
        if weight != 1.0 {
            flags |= HAS_WEIGHT;
        }
        self.events.extend([kind, flags]);
        put_len(&mut self.events, event.at_ms);
        if let Some(request) = &event.request {
            put_bytes(&mut self.events, request.client.as_bytes());
            put_len(&mut self.events, request.n);
        }
        if weight != 1.0 {
            self.events.extend_from_slice(&weight.to_le_bytes());
        }
        match &event.what {
            What::Born(birth) => {
                let json = serde_json::to_vec(birth).expect("a birth is plain data");
                put_bytes(&mut self.events, &json);
            }
            What::Branched { parent, version } => {
                self.events.extend_from_slice(&parent.0);
                put_len(&mut self.events, *version);
            }
            What::Learn { row, target, .. } => {
                self.row(row);
                put_target(&mut self.events, target);
            }
            What::Remember { key, row } => {
                put_bytes(&mut self.events, key.as_bytes());
                self.row(row);
            }
            What::Label { key, target } => {
                put_bytes(&mut self.events, key.as_bytes());
                put_target(&mut self.events, target);
            }
            What::Freeze => {}
            What::Rehearse { from, to } => {
                self.since = self.since.max(REHEARSE_SINCE);
                put_len(&mut self.events, *from);
                put_len(&mut self.events, *to);
            }
            What::Rest => self.since = self.since.max(REST_SINCE),
            What::Sync(exchange) => {
                let since = match (exchange.reads_means(), exchange.tells_events()) {
                    (true, _) => MEANS_SINCE,
                    (_, true) => TOLD_EVENTS_SINCE,
                    _ => SYNC_SINCE,
                };
                self.since = self.since.max(since);
                put_bytes(&mut self.events, &exchange.to_bytes());
            }
            What::Piece(piece) => {
                self.since = self.since.max(PIECE_SINCE);
                put_len(&mut self.events, piece.at.into());
                put_len(&mut self.events, piece.of.into());
                put_bytes(&mut self.events, &piece.bytes);
            }
        }
    }

    fn row(&mut self, row: &Row) {
        let shape = self.shape(row.shape());
        put_len(&mut self.events, shape);
        for v in row.numbers() {
            self.events.extend_from_slice(&v.to_le_bytes());
        }
        for text in row.texts() {
            put_bytes(&mut self.events, text.as_bytes());
        }
    }
}

fn put_target(out: &mut Vec<u8>, target: &Target) {
    match target {
        Target::Bool(b) => out.push(u8::from(*b)),
        Target::Number(v) => {
            out.push(2);
            out.extend_from_slice(&v.to_le_bytes());
        }
        Target::Text(t) => {
            out.push(3);
            put_bytes(out, t.as_bytes());
        }
        Target::None => out.push(4),
    }
}

/// Reads a frame's payload and calls `visit` with each event in order. The shapes that come out
/// are those of `known` where they are equal, so that a stream of one shape keeps one.
pub fn decode(
    payload: &[u8],
    known: &mut Vec<Arc<Shape>>,
    visit: &mut dyn FnMut(Event) -> Result<()>,
) -> Result<()> {
    let mut reader = Reader { bytes: payload, wrong: damaged };
    let version = reader.u8()?;
    if version == 0 || version > EVENTS_VERSION {
        return Err(Error::unsupported("a frame", "events", version.into(), EVENTS_VERSION.into()));
    }
    let n = reader.len()?;
    let mut shapes = Vec::with_capacity(n.min(256));
    for _ in 0..n {
        shapes.push(intern(reader.shape()?, known));
    }
    while !reader.bytes.is_empty() {
        visit(reader.event(&shapes)?)?;
    }
    Ok(())
}

/// How many shapes a reader keeps to compare with.
const KNOWN_SHAPES: usize = 16;

fn intern(shape: Shape, known: &mut Vec<Arc<Shape>>) -> Arc<Shape> {
    if let Some(same) = known.iter().find(|s| ***s == shape) {
        return Arc::clone(same);
    }
    if known.len() >= KNOWN_SHAPES {
        known.remove(0);
    }
    known.push(Arc::new(shape));
    Arc::clone(&known[known.len() - 1])
}

fn damaged(what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("a frame with a right checksum holds {what}; it was not written by this program"),
    )
}

impl Reader<'_> {
    fn f64(&mut self) -> Result<f64> {
        let mut b = [0; 8];
        b.copy_from_slice(self.take(8)?);
        Ok(f64::from_le_bytes(b))
    }

    fn shape(&mut self) -> Result<Shape> {
        let n = self.len()?;
        let mut columns = Vec::with_capacity(n.min(her_learn::row::limits::FEATURES));
        for _ in 0..n {
            let kind = match self.u8()? {
                0 => Kind::Number,
                1 => Kind::Text,
                other => return Err(damaged(&format!("a column of kind {other}"))),
            };
            columns.push((self.str()?, kind));
        }
        Shape::new(columns).map_err(|e| damaged(&e.to_string()))
    }

    fn event(&mut self, shapes: &[Arc<Shape>]) -> Result<Event> {
        let (kind, flags) = (self.u8()?, self.u8()?);
        let at_ms = self.number()?;
        let mut request = None;
        if flags & HAS_REQUEST != 0 {
            request = Some(Request { client: self.str()?.into(), n: self.number()? });
        }
        let weight = if flags & HAS_WEIGHT == 0 { 1.0 } else { self.f64()? };
        let what = match kind {
            BORN => {
                let n = self.len()?;
                let birth: Birth = serde_json::from_slice(self.take(n)?)
                    .map_err(|e| damaged(&format!("a birth that can't be read ({e})")))?;
                What::Born(Box::new(birth))
            }
            BRANCHED => {
                let mut parent = IdentityId([0; 16]);
                parent.0.copy_from_slice(self.take(16)?);
                What::Branched { parent, version: self.number()? }
            }
            LEARN => {
                let row = self.row(shapes)?;
                What::Learn { row, target: self.target()?, weight }
            }
            REMEMBER => What::Remember { key: self.str()?.into(), row: self.row(shapes)? },
            LABEL => What::Label { key: self.str()?.into(), target: self.target()? },
            FREEZE => What::Freeze,
            REHEARSE => What::Rehearse { from: self.number()?, to: self.number()? },
            REST => What::Rest,
            SYNC => {
                let n = self.len()?;
                What::Sync(Box::new(Exchange::from_bytes(self.take(n)?)?))
            }
            PIECE => {
                let (at, of) = (self.short()?, self.short()?);
                let n = self.len()?;
                What::Piece(Piece { at, of, bytes: self.take(n)?.into() })
            }
            other => return Err(damaged(&format!("an event of kind {other}"))),
        };
        Ok(Event { at_ms, request, what })
    }

    fn short(&mut self) -> Result<u32> {
        let n = self.number()?;
        u32::try_from(n).map_err(|_| damaged(&format!("a place at {n}")))
    }

    fn row(&mut self, shapes: &[Arc<Shape>]) -> Result<Row> {
        let at = self.number()? as usize;
        let shape = shapes.get(at).ok_or_else(|| damaged("a shape that is not in its table"))?;
        let mut row = Row::new(Arc::clone(shape));
        let numbers = shape.columns().iter().filter(|(_, k)| *k == Kind::Number).count();
        let bytes = self.take(numbers * 8)?;
        row.numbers_mut().reserve_exact(numbers);
        for chunk in bytes.chunks_exact(8) {
            let mut b = [0; 8];
            b.copy_from_slice(chunk);
            row.push_number(f64::from_le_bytes(b));
        }
        for _ in numbers..shape.len() {
            row.push_text(self.str()?);
        }
        Ok(row)
    }

    fn target(&mut self) -> Result<Target> {
        Ok(match self.u8()? {
            0 => Target::Bool(false),
            1 => Target::Bool(true),
            2 => Target::Number(self.f64()?),
            3 => Target::Text(self.str()?.into()),
            4 => Target::None,
            other => return Err(damaged(&format!("a target of kind {other}"))),
        })
    }
}
