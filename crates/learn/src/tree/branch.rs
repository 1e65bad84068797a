//! Where a tree parts: a test on one feature, and what each answer leads to.

use serde::{Deserialize, Serialize};

use crate::features::{FeatureId, Features};

/// The place of a node in its tree.
pub type NodeId = u32;

/// A value of a feature that is compared for equality.
#[derive(Debug, Clone, PartialEq, PartialOrd, Serialize, Deserialize)]
pub enum Value {
    /// A number among nominal ones.
    Number(f64),
    /// A text.
    Text(Box<str>),
}

impl Value {
    /// True when an event's value is this one.
    pub fn is(&self, seen: Seen<'_>) -> bool {
        match (self, seen) {
            (Self::Number(a), Seen::Number(b)) => *a == b,
            (Self::Text(a), Seen::Text(b)) => **a == *b,
            _ => false,
        }
    }

    /// The value as it is shown.
    pub fn shown(&self) -> String {
        match self {
            Self::Number(v) => v.to_string(),
            Self::Text(t) => t.to_string(),
        }
    }
}

/// A value as an event has it.
#[derive(Debug, Clone, Copy)]
pub enum Seen<'a> {
    /// A number.
    Number(f64),
    /// A text.
    Text(&'a str),
}

impl Seen<'_> {
    /// A copy that lasts.
    pub fn keep(self) -> Value {
        match self {
            Self::Number(v) => Value::Number(v),
            Self::Text(t) => Value::Text(t.into()),
        }
    }
}

/// An event's value of a feature.
#[inline]
pub fn value_of(x: &Features, feature: FeatureId) -> Option<Seen<'_>> {
    if let Some(v) = x.get(feature) {
        return Some(Seen::Number(v));
    }
    x.texts().find(|&(id, _)| id == feature).map(|(_, text)| Seen::Text(text))
}

/// The test of a branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Test {
    /// Up to this number to the left, above to the right.
    Most(f64),
    /// This value to the left, every other one to the right.
    Is(Value),
    /// A child for each value; a value that is new gets a child of its own.
    Which(Vec<Value>),
    /// A child for each piece of this width, numbered by `⌊value / width⌋`; as above.
    Piece(f64, Vec<i64>),
}

/// A test on a feature, with a child for each answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// The feature; [`GONE`] once its name was forgotten.
    pub feature: FeatureId,
    /// What is asked.
    pub test: Test,
    /// One child for each answer.
    pub children: Vec<NodeId>,
    /// How many branches are above.
    pub depth: u32,
}

/// The feature of a branch whose name was forgotten: no event has it.
pub const GONE: FeatureId = FeatureId::MAX;

impl Branch {
    /// The number of the child that an event goes to; `None` without the feature, or for a value
    /// that has no child.
    #[inline]
    pub fn answer(&self, x: &Features) -> Option<usize> {
        if let Test::Most(threshold) = self.test {
            return x.get(self.feature).map(|v| usize::from(v > threshold));
        }
        let seen = value_of(x, self.feature)?;
        match (&self.test, seen) {
            (Test::Is(value), seen) => Some(usize::from(!value.is(seen))),
            (Test::Which(values), seen) => values.iter().position(|v| v.is(seen)),
            (Test::Piece(width, pieces), Seen::Number(v)) => {
                let piece = (v / width).floor() as i64;
                pieces.iter().position(|p| *p == piece)
            }
            _ => None,
        }
    }

    /// The piece of a feature's value for a child of its own, where the test takes new ones.
    pub fn new_answer(&mut self, x: &Features) -> bool {
        match (&mut self.test, value_of(x, self.feature)) {
            (Test::Which(values), Some(seen)) if values.len() < ANSWERS_MAX => {
                values.push(seen.keep());
                true
            }
            (Test::Piece(width, pieces), Some(Seen::Number(v))) if pieces.len() < ANSWERS_MAX => {
                pieces.push((v / *width).floor() as i64);
                true
            }
            _ => false,
        }
    }

    /// An answer as it is shown.
    pub fn shown(&self, answer: usize, feature: &str) -> String {
        match &self.test {
            Test::Most(t) if answer == 0 => format!("{feature} ≤ {t}"),
            Test::Most(t) => format!("{feature} > {t}"),
            Test::Is(v) if answer == 0 => format!("{feature} = {}", v.shown()),
            Test::Is(v) => format!("{feature} ≠ {}", v.shown()),
            Test::Which(values) => {
                let value = values.get(answer).map(Value::shown).unwrap_or_default();
                format!("{feature} = {value}")
            }
            Test::Piece(width, pieces) => {
                let low = pieces.get(answer).copied().unwrap_or_default() as f64 * width;
                format!("{low} ≤ {feature} < {}", low + width)
            }
        }
    }
}

/// Children that a branch may have.
pub const ANSWERS_MAX: usize = 256;
