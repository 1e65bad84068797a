//! CSV: a header with names, then one record a line (RFC 4180).
//!
//! A field that reads as a number is a number, an empty one is absent, any other is a text; each
//! record is judged on its own. Spaces around unquoted fields do not count. In the target's
//! column `true`, `false`, `True` and `False` are booleans.
//!
//! **Cost** one parse per field; a record whose fields are of the same kinds as the last one's
//! takes one pass and allocates nothing, any other two. **Errors** name line, column, value and
//! remedy; what the event holds after a refusal is of no use.
//!
//! ```
//! use her_learn::stream::{Event, csv::Decoder};
//! let (mut decoder, mut event) = (Decoder::new("y").weight("n"), Event::default());
//! decoder.decode(b"a,b,n,y", &mut event)?;
//! decoder.decode(b"0.5,,2,yes", &mut event)?;
//! assert_eq!(event.row.to_json(), serde_json::json!({"a": 0.5}));
//! assert_eq!((event.weight, event.target.is_some()), (2.0, true));
//! let error = decoder.decode(b"0.5,1,2", &mut event).unwrap_err();
//! assert_eq!(error.to_string(), "line 3: the record has 3 fields, the header names 4");
//! # Ok::<(), her_learn::Error>(())
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use super::shapes::Shapes;
use super::{Event, RECORD_BYTES, excerpt, number, weight_is_valid, without_line_end};
use crate::error::{Error, Result};
use crate::row::{Kind, Shape, Target, limits};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Feature,
    Target,
    Id,
    Weight,
}

#[derive(Debug)]
struct Column {
    name: Box<str>,
    role: Role,
    /// What the last record held here; `None` when its field was empty.
    kind: Option<Kind>,
}

/// Turns CSV records into events. The first record is the header.
#[derive(Debug)]
pub struct Decoder {
    target: Option<Box<str>>,
    id: Option<Box<str>>,
    weight: Option<Box<str>>,
    delimiter: u8,
    limit: usize,
    line: u64,
    columns: Vec<Column>,
    shape: Arc<Shape>,
    shapes: Shapes,
}

/// One field of a record.
struct Field<'a> {
    text: Cow<'a, [u8]>,
    /// Where the next field begins; `None` at the end of the record.
    next: Option<usize>,
}

impl Decoder {
    /// A decoder for records whose target is the column `target`.
    pub fn new(target: &str) -> Self {
        Self { target: Some(target.into()), ..Self::unlabelled() }
    }

    /// A decoder for records without a target, which ask for predictions only.
    pub fn unlabelled() -> Self {
        Self {
            target: None,
            id: None,
            weight: None,
            delimiter: b',',
            limit: RECORD_BYTES,
            line: 0,
            columns: Vec::new(),
            shape: Arc::default(),
            shapes: Shapes::default(),
        }
    }

    /// The name of the column that holds the event's id.
    pub fn id(mut self, name: &str) -> Self {
        self.id = Some(name.into());
        self
    }

    /// The name of the column that holds the event's weight.
    pub fn weight(mut self, name: &str) -> Self {
        self.weight = Some(name.into());
        self
    }

    /// Another delimiter than the comma.
    pub fn delimiter(mut self, byte: u8) -> Self {
        self.delimiter = byte;
        self
    }

    /// Another limit on the bytes of a record than [`RECORD_BYTES`].
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// The number of the line on which the record decoded last ends, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Where the first record of these bytes ends, its line end included: quoted fields may hold
    /// line ends of their own. `None` when the record is not complete.
    pub fn record_end(&self, bytes: &[u8]) -> Option<usize> {
        let mut quoted = false;
        for at in memchr::memchr2_iter(b'"', b'\n', bytes) {
            if bytes[at] == b'"' {
                let opens = at == 0 || bytes[at - 1] == self.delimiter;
                quoted = if quoted { false } else { opens || bytes[at - 1] == b'"' };
            } else if !quoted {
                return Some(at + 1);
            }
        }
        None
    }

    /// Decodes one record. Says `false` for the header and for a blank line, which are no events.
    pub fn decode(&mut self, record: &[u8], event: &mut Event) -> Result<bool> {
        let record = without_line_end(record);
        self.line += 1;
        let line = self.line;
        let place = |error: Error| error.at(format!("line {line}"));
        if record.len() > self.limit {
            return Err(place(Error::new(format!(
                "the record has {} bytes, at most {} are allowed; send fewer features in one event",
                record.len(),
                self.limit
            ))));
        }
        if self.columns.is_empty() {
            self.read_header(record).map_err(place)?;
            return Ok(false);
        }
        if !self.read(record, event).map_err(place)? {
            if record.trim_ascii().is_empty() && self.columns.len() > 1 {
                return Ok(false);
            }
            self.learn_kinds(record).map_err(place)?;
            self.read(record, event).map_err(place)?;
        }
        if event.row.has_texts() || matches!(event.target, Some(Target::Text(_))) {
            self.line += memchr::memchr_iter(b'\n', record).count() as u64;
        }
        Ok(true)
    }

    #[cold]
    fn read_header(&mut self, record: &[u8]) -> Result<()> {
        let record = record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record);
        let mut next = Some(0);
        while let Some(at) = next {
            let field = self.field(record, at)?;
            let name = std::str::from_utf8(&field.text)
                .map_err(|_| Error::new("the header is not UTF-8; convert the file"))?;
            let is = |column: &Option<Box<str>>| column.as_deref() == Some(name);
            let role = match () {
                () if is(&self.target) => Role::Target,
                () if is(&self.id) => Role::Id,
                () if is(&self.weight) => Role::Weight,
                () => Role::Feature,
            };
            self.columns.push(Column { name: name.into(), role, kind: None });
            next = field.next;
        }
        let names = || self.columns.iter().map(|c| &*c.name);
        let checked = Shape::new(names().map(|n| (n, Kind::Number))).map(|_| ());
        let missing = [&self.target, &self.id, &self.weight]
            .into_iter()
            .flatten()
            .find(|name| !names().any(|n| n == &***name));
        let wrong = match (checked, missing) {
            (Err(error), _) => error,
            (Ok(()), Some(name)) => Error::new(format!(
                "there is no column {name:?}; the header names {}",
                excerpt(names().collect::<Vec<_>>().join(", ").as_bytes())
            )),
            (Ok(()), None) => return Ok(()),
        };
        self.columns.clear();
        Err(wrong)
    }

    /// Fills the event in one pass. Says `false` when the fields are of other kinds than the
    /// remembered ones, with an event that is partly written.
    fn read(&self, record: &[u8], event: &mut Event) -> Result<bool> {
        event.row.reset(&self.shape);
        event.weight = 1.0;
        if self.target.is_none() {
            event.target = None;
        }
        if self.id.is_none() {
            event.id = None;
        }
        let mut at = 0;
        let last = self.columns.len() - 1;
        for (i, column) in self.columns.iter().enumerate() {
            // The common case first: a number and nothing else, up to the delimiter.
            if column.role == Role::Feature
                && column.kind == Some(Kind::Number)
                && let Some((value, n)) = number::json(&record[at..])
            {
                let end = record.get(at + n);
                if i < last && end == Some(&self.delimiter) || i == last && end.is_none() {
                    event.row.push_number(value);
                    at += n + 1;
                    continue;
                }
            }
            let field = self.field(record, at).map_err(|e| named(e, column))?;
            if !fill(column, &field.text, event).map_err(|e| named(e, column))? {
                return Ok(false);
            }
            match field.next {
                Some(next) if i < last => at = next,
                None if i == last => {}
                _ => return Ok(false),
            }
        }
        event.row.check()?;
        Ok(true)
    }

    /// Judges the fields of a record and takes their kinds as those of the records to come.
    #[cold]
    fn learn_kinds(&mut self, record: &[u8]) -> Result<()> {
        let (mut kinds, mut next) = (Vec::with_capacity(self.columns.len()), Some(0));
        while let Some(at) = next {
            let place = self.columns.get(kinds.len());
            let field = self
                .field(record, at)
                .map_err(|e| if let Some(column) = place { named(e, column) } else { e })?;
            kinds.push(kind_of(&field.text));
            next = field.next;
        }
        if kinds.len() != self.columns.len() {
            return Err(Error::new(format!(
                "the record has {} fields, the header names {}",
                kinds.len(),
                self.columns.len()
            )));
        }
        for (column, kind) in self.columns.iter_mut().zip(kinds) {
            column.kind = kind;
        }
        let features = self.columns.iter().filter(|c| c.role == Role::Feature);
        self.shape = self.shapes.get(features.filter_map(|c| Some((&*c.name, c.kind?))))?;
        Ok(())
    }

    /// The field that begins at `at`, unquoted.
    fn field<'a>(&self, record: &'a [u8], at: usize) -> Result<Field<'a>> {
        let rest = &record[at..];
        let Some(quoted) = rest.strip_prefix(b"\"") else {
            let end = memchr::memchr(self.delimiter, rest);
            let text = Cow::Borrowed(rest[..end.unwrap_or(rest.len())].trim_ascii());
            return Ok(Field { text, next: end.map(|e| at + e + 1) });
        };
        let (mut text, mut from) = (Cow::Borrowed(&b""[..]), 0);
        loop {
            let Some(end) = memchr::memchr(b'"', &quoted[from..]) else {
                return Err(Error::new(format!(
                    "the quote before {:?} is never closed; close it, or double the quotes inside",
                    excerpt(quoted)
                )));
            };
            let part = &quoted[from..from + end];
            if text.is_empty() {
                text = Cow::Borrowed(part);
            } else {
                text.to_mut().extend_from_slice(part);
            }
            from += end + 1;
            match quoted.get(from) {
                None => return Ok(Field { text, next: None }),
                Some(b'"') => {
                    text.to_mut().push(b'"');
                    from += 1;
                }
                Some(d) if *d == self.delimiter => {
                    return Ok(Field { text, next: Some(at + 1 + from + 1) });
                }
                Some(_) => {
                    return Err(Error::new(format!(
                        "a quoted field is followed by {:?}; double the quotes inside a field",
                        excerpt(&quoted[from..])
                    )));
                }
            }
        }
    }
}

fn named(error: Error, column: &Column) -> Error {
    error.at(format!("column {:?}", column.name))
}

fn kind_of(text: &[u8]) -> Option<Kind> {
    match text.trim_ascii() {
        b"" => None,
        t if fast_float2::parse::<f64, _>(t).is_ok() => Some(Kind::Number),
        _ => Some(Kind::Text),
    }
}

fn utf8(text: &[u8], bytes_max: usize) -> Result<&str> {
    let text = std::str::from_utf8(text)
        .map_err(|_| Error::new(format!("{:?} is not UTF-8; convert the file", excerpt(text))))?;
    if text.len() > bytes_max {
        return Err(Error::new(format!(
            "{:?} has {} bytes, at most {bytes_max} are allowed",
            excerpt(text.as_bytes()),
            text.len()
        )));
    }
    Ok(text)
}

/// Takes a field over into the event; says `false` when it is of another kind than remembered.
fn fill(column: &Column, text: &[u8], event: &mut Event) -> Result<bool> {
    let as_number = || fast_float2::parse::<f64, _>(text.trim_ascii()).ok();
    match (column.role, column.kind) {
        (Role::Feature, kind) if kind != kind_of(text) => return Ok(false),
        (Role::Feature, Some(Kind::Number)) => {
            event.row.push_number(as_number().unwrap_or(f64::NAN));
        }
        (Role::Feature, Some(Kind::Text)) => event.row.push_text(utf8(text, limits::TEXT_BYTES)?),
        (Role::Feature, None) => {}
        (Role::Target, _) => match text.trim_ascii() {
            b"" => event.target = None,
            b"true" | b"True" => event.target = Some(Target::Bool(true)),
            b"false" | b"False" => event.target = Some(Target::Bool(false)),
            text => match as_number() {
                Some(v) if v.is_finite() => event.target = Some(Target::Number(v)),
                Some(v) => {
                    return Err(Error::new(format!(
                        "the target is {v}, only finite numbers are learned from; leave it empty \
                         when it is not known"
                    )));
                }
                None => event.set_text_target(utf8(text, limits::NAME_BYTES)?),
            },
        },
        (Role::Id, _) if text.is_empty() => event.id = None,
        (Role::Id, _) => event.set_id(utf8(text, limits::NAME_BYTES)?),
        (Role::Weight, _) if text.is_empty() => {}
        (Role::Weight, _) => match as_number() {
            Some(w) if weight_is_valid(w) => event.weight = w,
            _ => {
                return Err(Error::new(format!(
                    "the weight is {}, expected a number of 0 or more",
                    excerpt(text)
                )));
            }
        },
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
