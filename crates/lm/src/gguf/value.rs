//! The values of a header's keys.

use super::cursor::Cursor;
use crate::error::{Result, wrong};

/// How many elements an array may have: four million, some thirty times the largest vocabulary.
const ARRAY_MAX: u64 = 1 << 22;

/// A value; GGUF's eight sorts of integers are one here, and so are its two sorts of floats.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Any integer.
    Int(i128),
    /// Any float.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(String),
    /// Many integers; truth values are 0 and 1.
    Ints(Vec<i128>),
    /// Many floats.
    Floats(Vec<f64>),
    /// Many texts.
    Texts(Vec<String>),
}

impl Value {
    fn sort(&self) -> &'static str {
        match self {
            Self::Int(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Bool(_) => "a truth value",
            Self::Text(_) => "a text",
            Self::Ints(_) => "an array of integers",
            Self::Floats(_) => "an array of floats",
            Self::Texts(_) => "an array of texts",
        }
    }

    fn other<T>(&self, key: &str, wanted: &str) -> Result<T> {
        wrong(format!("key {key} is {}, but must be {wanted}", self.sort()))
    }

    /// The integer that this is.
    pub fn int(&self, key: &str) -> Result<i128> {
        match self {
            Self::Int(n) => Ok(*n),
            _ => self.other(key, "an integer"),
        }
    }

    /// The number that this is.
    pub fn float(&self, key: &str) -> Result<f64> {
        match self {
            Self::Float(x) => Ok(*x),
            Self::Int(n) => Ok(*n as f64),
            _ => self.other(key, "a number"),
        }
    }

    /// The truth value that this is.
    pub fn bool(&self, key: &str) -> Result<bool> {
        match self {
            Self::Bool(b) => Ok(*b),
            _ => self.other(key, "a truth value"),
        }
    }

    /// The text that this is.
    pub fn text(&self, key: &str) -> Result<&str> {
        match self {
            Self::Text(text) => Ok(text),
            _ => self.other(key, "a text"),
        }
    }

    /// The texts that these are.
    pub fn texts(&self, key: &str) -> Result<&[String]> {
        match self {
            Self::Texts(texts) => Ok(texts),
            _ => self.other(key, "an array of texts"),
        }
    }

    /// The integers that these are.
    pub fn ints(&self, key: &str) -> Result<&[i128]> {
        match self {
            Self::Ints(ints) => Ok(ints),
            _ => self.other(key, "an array of integers"),
        }
    }

    /// The floats that these are.
    pub fn floats(&self, key: &str) -> Result<&[f64]> {
        match self {
            Self::Floats(floats) => Ok(floats),
            _ => self.other(key, "an array of floats"),
        }
    }
}

const BOOL: u32 = 7;
const TEXT: u32 = 8;
const ARRAY: u32 = 9;

/// Reads the type and the value of a key.
pub(super) fn read(c: &mut Cursor<'_>, key: &str) -> Result<Value> {
    let what = format!("the value of key {key}");
    match c.u32(&what)? {
        ARRAY => array(c, key, &what),
        BOOL => Ok(Value::Bool(int(c, BOOL, &what)? != 0)),
        TEXT => Ok(Value::Text(c.text(&what)?.to_owned())),
        kind @ (6 | 12) => Ok(Value::Float(float(c, kind, &what)?)),
        kind if width(kind).is_some() => Ok(Value::Int(int(c, kind, &what)?)),
        other => unknown(c, key, other),
    }
}

fn array(c: &mut Cursor<'_>, key: &str, what: &str) -> Result<Value> {
    let kind = c.u32(what)?;
    let each = match kind {
        TEXT => 8,
        _ => match width(kind) {
            Some(width) => width,
            None => return unknown(c, key, kind),
        },
    };
    let n = c.count(each, ARRAY_MAX, &format!("the length of key {key}"))?;
    Ok(match kind {
        TEXT => Value::Texts((0..n).map(|_| Ok(c.text(what)?.to_owned())).collect::<Result<_>>()?),
        6 | 12 => Value::Floats((0..n).map(|_| float(c, kind, what)).collect::<Result<_>>()?),
        _ => Value::Ints((0..n).map(|_| int(c, kind, what)).collect::<Result<_>>()?),
    })
}

fn unknown<T>(c: &Cursor<'_>, key: &str, kind: u32) -> Result<T> {
    wrong(format!(
        "byte {}: key {key} has a value of type {kind}, which GGUF 3 does not have there: the file \
         is damaged; fetch it again",
        c.at()
    ))
}

/// How many bytes a number takes.
fn width(kind: u32) -> Option<usize> {
    match kind {
        0 | 1 | BOOL => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

fn int(c: &mut Cursor<'_>, kind: u32, what: &str) -> Result<i128> {
    Ok(match kind {
        1 => i128::from(i8::from_le_bytes(c.array(what)?)),
        2 => i128::from(u16::from_le_bytes(c.array(what)?)),
        3 => i128::from(i16::from_le_bytes(c.array(what)?)),
        4 => i128::from(u32::from_le_bytes(c.array(what)?)),
        5 => i128::from(i32::from_le_bytes(c.array(what)?)),
        10 => i128::from(u64::from_le_bytes(c.array(what)?)),
        11 => i128::from(i64::from_le_bytes(c.array(what)?)),
        _ => i128::from(u8::from_le_bytes(c.array(what)?)),
    })
}

fn float(c: &mut Cursor<'_>, kind: u32, what: &str) -> Result<f64> {
    Ok(match kind {
        6 => f64::from(f32::from_le_bytes(c.array(what)?)),
        _ => f64::from_le_bytes(c.array(what)?),
    })
}
