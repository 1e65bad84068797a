//! Values of nominal attributes: numbers and texts.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::features::{FeatureId, Features};

/// Of a longer text only the beginning counts, so that one wild value cannot take much memory.
const TEXT_MAX: usize = 256;

/// A value that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Value {
    Number(f64),
    Text(Box<str>),
}

/// A value of the event at hand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Seen<'a> {
    Number(f64),
    Text(&'a str),
}

impl Value {
    pub fn seen(&self) -> Seen<'_> {
        match self {
            Self::Number(v) => Seen::Number(*v),
            Self::Text(t) => Seen::Text(t),
        }
    }

    pub fn bytes(&self) -> usize {
        size_of::<Self>() + if let Self::Text(t) = self { t.len() } else { 0 }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(v) => write!(f, "{v}"),
            Self::Text(t) => f.write_str(t),
        }
    }
}

impl Seen<'_> {
    pub fn keep(self) -> Value {
        match self {
            Self::Number(v) => Value::Number(v),
            Self::Text(t) => Value::Text(t.into()),
        }
    }

    /// Numbers before texts.
    pub fn order(self, other: Seen<'_>) -> Ordering {
        match (self, other) {
            (Seen::Number(a), Seen::Number(b)) => a.total_cmp(&b),
            (Seen::Text(a), Seen::Text(b)) => a.cmp(b),
            (Seen::Number(_), Seen::Text(_)) => Ordering::Less,
            (Seen::Text(_), Seen::Number(_)) => Ordering::Greater,
        }
    }
}

/// The number under an id; none for one that is not finite.
#[inline]
pub(crate) fn number(x: &Features, id: FeatureId) -> Option<f64> {
    // Where an event holds all names the id is the place.
    let v = match x.ids().get(id as usize) {
        Some(&at) if at == id => x.values()[id as usize],
        _ => x.get(id)?,
    };
    v.is_finite().then_some(v)
}

/// A text, cut to what counts of it.
pub(crate) fn text(t: &str) -> Seen<'_> {
    if t.len() <= TEXT_MAX {
        return Seen::Text(t);
    }
    let mut end = TEXT_MAX;
    while !t.is_char_boundary(end) {
        end -= 1;
    }
    Seen::Text(&t[..end])
}

/// The number or the text under an id.
pub(crate) fn seen(x: &Features, id: FeatureId) -> Option<Seen<'_>> {
    if let Some(v) = number(x, id) {
        // Adding 0 turns -0 into 0.
        return Some(Seen::Number(v + 0.0));
    }
    x.texts().find(|&(at, _)| at == id).map(|(_, t)| text(t))
}
