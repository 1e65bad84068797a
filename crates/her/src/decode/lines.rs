//! NDJSON and CSV records from bytes that come in pieces.

use std::io::Read;

use her_identity::{Error, ErrorKind, Result};
use her_learn::Target;
use her_learn::stream::{Event, RECORD_BYTES, csv, ndjson};
use serde_json::Value;

use super::{Columns, Next, Records};

/// Bytes asked for at a time.
const PIECE: usize = 256 * 1024;
/// Bytes of one record beyond which the stream is given up: no end of line is in sight.
const GIVE_UP: usize = 16 * RECORD_BYTES;

/// Bytes that were read and not used yet.
struct Buffer {
    input: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    finished: bool,
}

impl Buffer {
    fn new(input: Box<dyn Read + Send>) -> Self {
        Self { input, bytes: vec![0; PIECE], start: 0, end: 0, finished: false }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Reads more. False at the end of the input.
    fn fill(&mut self) -> Result<bool> {
        if self.finished {
            return Ok(false);
        }
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end > GIVE_UP {
            return Err(Error::invalid(format!(
                "a record of more than {GIVE_UP} bytes has no end; is this the right format?"
            )));
        }
        if self.end == self.bytes.len() {
            self.bytes.resize(self.end + PIECE, 0);
        }
        loop {
            match self.input.read(&mut self.bytes[self.end..]) {
                Ok(0) => {
                    self.finished = true;
                    return Ok(false);
                }
                Ok(n) => {
                    self.end += n;
                    return Ok(true);
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::new(ErrorKind::Unavailable, format!("reading: {e}"))),
            }
        }
    }

    /// The next record as a range, by a rule that finds its end. None at the end of the input.
    fn record(
        &mut self,
        end_of: impl Fn(&[u8]) -> Option<usize>,
    ) -> Result<Option<std::ops::Range<usize>>> {
        loop {
            if let Some(end) = end_of(self.rest()) {
                let range = self.start..self.start + end;
                self.start = range.end;
                return Ok(Some(range));
            }
            if !self.fill()? {
                let range = self.start..self.end;
                self.start = self.end;
                return Ok((!range.is_empty()).then_some(range));
            }
        }
    }
}

fn end_of_line(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', bytes).map(|at| at + 1)
}

/// NDJSON records.
pub struct NdjsonRecords {
    buffer: Buffer,
    columns: Columns,
    decoder: Option<ndjson::Decoder>,
    /// Blank lines before the first record.
    blank: u64,
    /// True for `{"x": …}`, false for flat records.
    nested: bool,
}

impl NdjsonRecords {
    /// Records of these columns.
    pub fn new(input: Box<dyn Read + Send>, columns: &Columns) -> Self {
        let (buffer, columns) = (Buffer::new(input), columns.clone());
        Self { buffer, columns, decoder: None, blank: 0, nested: false }
    }

    /// The first record shows whether features and target lie apart.
    fn decoder_for(columns: &Columns, line: &[u8]) -> (ndjson::Decoder, bool) {
        let nested = match (&columns.target, serde_json::from_slice::<Value>(line)) {
            (_, Ok(Value::Object(map))) if map.get("x").is_some_and(Value::is_object) => true,
            (None, Ok(Value::Object(map))) => !map.is_empty(),
            (None, _) => true,
            (Some(_), _) => false,
        };
        let mut decoder = match &columns.target {
            Some(target) if !nested => ndjson::Decoder::flat(target),
            _ => ndjson::Decoder::events(),
        };
        if let Some(id) = &columns.id {
            decoder = decoder.id(id);
        }
        if let Some(weight) = &columns.weight {
            decoder = decoder.weight(weight);
        }
        (decoder, nested)
    }
}

/// A late label has no features, so the decoder refuses it.
fn label(line: &[u8]) -> Option<(Box<str>, Target)> {
    let Ok(Value::Object(map)) = serde_json::from_slice::<Value>(line) else { return None };
    if map.len() != 2 {
        return None;
    }
    let target = Target::from_json(map.get("y")?).ok()?;
    Some((map.get("id")?.as_str()?.into(), target))
}

impl Records for NdjsonRecords {
    fn next(&mut self, event: &mut Event) -> Result<Next> {
        while let Some(range) = self.buffer.record(end_of_line)? {
            let line = &self.buffer.bytes[range];
            if self.decoder.is_none() {
                if line.trim_ascii().is_empty() {
                    self.blank += 1;
                    continue;
                }
                let (mut decoder, nested) = Self::decoder_for(&self.columns, line);
                for _ in 0..self.blank {
                    // So that it counts the lines as an editor does; a blank one can't fail.
                    let _ = decoder.decode(b"", event);
                }
                (self.decoder, self.nested) = (Some(decoder), nested);
            }
            let Some(decoder) = &mut self.decoder else { continue };
            match decoder.decode(line, event) {
                Ok(true) => return Ok(Next::Event),
                Ok(false) => {}
                Err(e) => {
                    let late = if self.nested { label(line) } else { None };
                    return Ok(late.map_or(Next::Refused(e), |(id, y)| Next::Label(id, y)));
                }
            }
        }
        Ok(Next::End)
    }

    fn line(&self) -> u64 {
        self.decoder.as_ref().map_or(0, ndjson::Decoder::line)
    }

    fn may_wait(&self) -> bool {
        !self.buffer.finished && end_of_line(self.buffer.rest()).is_none()
    }
}

/// CSV records.
pub struct CsvRecords {
    buffer: Buffer,
    decoder: csv::Decoder,
    started: bool,
}

impl CsvRecords {
    /// Records of these columns.
    pub fn new(input: Box<dyn Read + Send>, columns: &Columns) -> Self {
        let mut decoder = match &columns.target {
            Some(target) => csv::Decoder::new(target),
            None => csv::Decoder::unlabelled(),
        };
        if let Some(id) = &columns.id {
            decoder = decoder.id(id);
        }
        if let Some(weight) = &columns.weight {
            decoder = decoder.weight(weight);
        }
        Self { buffer: Buffer::new(input), decoder, started: false }
    }
}

impl Records for CsvRecords {
    fn next(&mut self, event: &mut Event) -> Result<Next> {
        loop {
            let decoder = &self.decoder;
            let Some(range) = self.buffer.record(|bytes| decoder.record_end(bytes))? else {
                return Ok(Next::End);
            };
            match self.decoder.decode(&self.buffer.bytes[range], event) {
                Ok(true) => {
                    self.started = true;
                    return Ok(Next::Event);
                }
                Ok(false) => self.started = true,
                // Without a header no record can be understood.
                Err(e) if !self.started => return Err(Error::invalid(e.to_string())),
                Err(e) => return Ok(Next::Refused(e)),
            }
        }
    }

    fn line(&self) -> u64 {
        self.decoder.line()
    }

    fn may_wait(&self) -> bool {
        !self.buffer.finished && self.decoder.record_end(self.buffer.rest()).is_none()
    }
}
