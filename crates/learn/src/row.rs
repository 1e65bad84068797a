//! One event's data as it comes through the door: named numbers and texts, and a target.
//!
//! A [`Row`] knows nothing of any model. Rows of one stream share a [`Shape`] (the names and
//! kinds of the columns), so that a model resolves the names once and then works on numbers.

use std::sync::Arc;

use crate::error::{Error, Result};

/// Limits of one row; everything past them is refused by name at the door.
pub mod limits {
    /// Features in one event.
    pub const FEATURES: usize = 10_000;
    /// Bytes in the name of a feature.
    pub const NAME_BYTES: usize = 256;
    /// Bytes in all names of one event together.
    pub const NAMES_BYTES: usize = 256 * 1024;
    /// Bytes in one text value.
    pub const TEXT_BYTES: usize = 64 * 1024;
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A finite number (JSON booleans arrive as 0 or 1).
    Number,
    /// A string: a category or free text.
    Text,
}

/// The names and kinds of a row's columns, in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    columns: Vec<(Box<str>, Kind)>,
}

impl Shape {
    /// A shape of these columns. Refuses repeated, over-long and too many names.
    pub fn new<S: Into<Box<str>>>(columns: impl IntoIterator<Item = (S, Kind)>) -> Result<Self> {
        let columns: Vec<(Box<str>, Kind)> =
            columns.into_iter().map(|(n, k)| (n.into(), k)).collect();
        if columns.len() > limits::FEATURES {
            return Err(Error::new(format!(
                "an event has {} features, at most {} are allowed; split it or hash it first",
                columns.len(),
                limits::FEATURES
            )));
        }
        let mut names: Vec<&str> = columns.iter().map(|(n, _)| &**n).collect();
        if let Some(long) = names.iter().find(|n| n.len() > limits::NAME_BYTES) {
            let start: String = long.chars().take(40).collect();
            return Err(Error::new(format!(
                "the feature name starting with {start:?} has {} bytes, at most {} are allowed",
                long.len(),
                limits::NAME_BYTES
            )));
        }
        let total: usize = names.iter().map(|n| n.len()).sum();
        if total > limits::NAMES_BYTES {
            return Err(Error::new(format!(
                "the feature names of an event have {total} bytes, at most {} are allowed",
                limits::NAMES_BYTES
            )));
        }
        names.sort_unstable();
        if let Some((name, _)) =
            names.iter().zip(&names[names.len().min(1)..]).find(|(a, b)| a == b)
        {
            return Err(Error::new(format!("feature {name:?} is given twice in one event")));
        }
        Ok(Self { columns })
    }

    /// The columns in the order in which they came.
    pub fn columns(&self) -> &[(Box<str>, Kind)] {
        &self.columns
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// True when there is no column.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}

/// A target as it came: what it means depends on the model that learns from it.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// `true` or `false`.
    Bool(bool),
    /// A finite number: a value to regress on, or an integer class.
    Number(f64),
    /// The name of a class.
    Text(Box<str>),
    /// No label: what anomaly detectors and clusterers learn from.
    None,
}

/// One event's features.
///
/// ```
/// use her_learn::row::Row;
/// let row = Row::from_json(&serde_json::json!({"a": 1.5, "city": "Delft"})).unwrap();
/// assert_eq!(row.number("a"), Some(1.5));
/// assert_eq!(row.text("city"), Some("Delft"));
/// assert!(Row::from_json(&serde_json::json!({"a": [1, 2]})).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    shape: Arc<Shape>,
    numbers: Vec<f64>,
    texts: String,
    ends: Vec<u32>,
}

impl Row {
    /// An empty row of this shape, to be filled by [`push_number`](Self::push_number) and
    /// [`push_text`](Self::push_text) in the order of the shape's columns.
    pub fn new(shape: Arc<Shape>) -> Self {
        Self { shape, ..Self::default() }
    }

    /// Empties the row and gives it a shape, keeping its buffers.
    pub fn reset(&mut self, shape: &Arc<Shape>) {
        if !Arc::ptr_eq(&self.shape, shape) {
            self.shape = Arc::clone(shape);
        }
        self.numbers.clear();
        self.texts.clear();
        self.ends.clear();
    }

    /// The next number, in the order of the shape's number columns.
    #[inline]
    pub fn push_number(&mut self, value: f64) {
        self.numbers.push(value);
    }

    /// The next text, in the order of the shape's text columns.
    pub fn push_text(&mut self, value: &str) {
        self.texts.push_str(value);
        self.ends.push(self.texts.len() as u32);
    }

    /// The names and kinds of the columns.
    pub fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// The numbers, in the order of the shape's number columns.
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// The numbers, to be overwritten in place by a decoder that knows the shape.
    pub fn numbers_mut(&mut self) -> &mut Vec<f64> {
        &mut self.numbers
    }

    /// The texts, in the order of the shape's text columns.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let text = &self.texts[start as usize..end as usize];
            start = end;
            text
        })
    }

    /// True when the row holds at least one text.
    pub fn has_texts(&self) -> bool {
        !self.ends.is_empty()
    }

    /// The number under this name. A linear search, for tests and display.
    pub fn number(&self, name: &str) -> Option<f64> {
        let mut numbers = self.numbers.iter();
        self.shape.columns.iter().find_map(|(n, kind)| match kind {
            Kind::Number => numbers.next().filter(|_| &**n == name).copied(),
            Kind::Text => None,
        })
    }

    /// The text under this name. A linear search, for tests and display.
    pub fn text(&self, name: &str) -> Option<&str> {
        let mut texts = self.texts();
        self.shape.columns.iter().find_map(|(n, kind)| match kind {
            Kind::Text => texts.next().filter(|_| &**n == name),
            Kind::Number => None,
        })
    }

    /// Checks what every row must hold before it may reach a model: as many values as columns,
    /// finite numbers, texts within their limit.
    pub fn check(&self) -> Result<()> {
        // NaN and infinity have an exponent of all ones. Compared as integers, without a branch
        // per value, this is one pass over vectors.
        const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
        let mut odd = false;
        for v in &self.numbers {
            odd |= v.to_bits() & EXPONENT == EXPONENT;
        }
        let complete = self.numbers.len() + self.ends.len() == self.shape.len();
        if !odd && complete && self.texts.len() <= limits::TEXT_BYTES {
            return Ok(());
        }
        self.explain()
    }

    /// The slow half of [`check`](Self::check): which column is wrong.
    #[cold]
    fn explain(&self) -> Result<()> {
        let (mut numbers, mut texts) = (self.numbers.iter(), self.texts());
        for (name, kind) in &self.shape.columns {
            match kind {
                Kind::Number => match numbers.next() {
                    Some(v) if v.is_finite() => {}
                    Some(v) => {
                        return Err(Error::new(format!(
                            "feature {name:?} is {v}, only finite numbers are learned from; \
                             leave the feature out when its value is missing"
                        )));
                    }
                    None => return Err(Error::new(format!("feature {name:?} has no value"))),
                },
                Kind::Text => match texts.next() {
                    Some(t) if t.len() <= limits::TEXT_BYTES => {}
                    Some(t) => {
                        return Err(Error::new(format!(
                            "feature {name:?} is a text of {} bytes, at most {} are allowed",
                            t.len(),
                            limits::TEXT_BYTES
                        )));
                    }
                    None => return Err(Error::new(format!("feature {name:?} has no value"))),
                },
            }
        }
        if numbers.next().is_some() || texts.next().is_some() {
            return Err(Error::new("an event has more values than names"));
        }
        Ok(())
    }

    /// A row from a JSON object of numbers, booleans and strings; `null` means absent.
    pub fn from_json(object: &serde_json::Value) -> Result<Self> {
        let Some(map) = object.as_object() else {
            return Err(Error::new(format!(
                "features must be an object such as {{\"a\": 1.5}}, got {object}"
            )));
        };
        let mut columns = Vec::with_capacity(map.len());
        let mut row = Self::default();
        for (name, value) in map {
            match value {
                serde_json::Value::Null => {}
                serde_json::Value::Number(n) => {
                    row.numbers.push(n.as_f64().unwrap_or(f64::NAN));
                    columns.push((name.as_str(), Kind::Number));
                }
                serde_json::Value::Bool(b) => {
                    row.numbers.push(f64::from(u8::from(*b)));
                    columns.push((name.as_str(), Kind::Number));
                }
                serde_json::Value::String(s) => {
                    row.push_text(s);
                    columns.push((name.as_str(), Kind::Text));
                }
                serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                    return Err(Error::new(format!(
                        "feature {name:?} is {value}, expected a number, a string, true or false"
                    )));
                }
            }
        }
        row.shape = Arc::new(Shape::new(columns)?);
        row.check()?;
        Ok(row)
    }

    /// The row as a JSON object, in the order of its columns.
    pub fn to_json(&self) -> serde_json::Value {
        let (mut numbers, mut texts) = (self.numbers.iter(), self.texts());
        let mut map = serde_json::Map::new();
        for (name, kind) in &self.shape.columns {
            let value = match kind {
                Kind::Number => numbers.next().map(|v| serde_json::Value::from(*v)),
                Kind::Text => texts.next().map(serde_json::Value::from),
            };
            map.insert(name.to_string(), value.unwrap_or(serde_json::Value::Null));
        }
        map.into()
    }
}

impl Target {
    /// A target from JSON: a boolean, a finite number or a string.
    pub fn from_json(value: &serde_json::Value) -> Result<Self> {
        match value {
            serde_json::Value::Bool(b) => Ok(Self::Bool(*b)),
            serde_json::Value::Number(n) => match n.as_f64() {
                Some(v) if v.is_finite() => Ok(Self::Number(v)),
                _ => Err(Error::new(format!("the target {n} is not a finite number"))),
            },
            serde_json::Value::String(s) if s.len() <= limits::NAME_BYTES => {
                Ok(Self::Text(s.as_str().into()))
            }
            serde_json::Value::String(s) => Err(Error::new(format!(
                "the target is a text of {} bytes, at most {} are allowed",
                s.len(),
                limits::NAME_BYTES
            ))),
            other => Err(Error::new(format!(
                "the target is {other}, expected true, false, a number or a string"
            ))),
        }
    }

    /// The target as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Bool(b) => (*b).into(),
            Self::Number(v) => (*v).into(),
            Self::Text(t) => (&**t).into(),
            Self::None => serde_json::Value::Null,
        }
    }
}
