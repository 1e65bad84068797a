//! The class that a metric of two classes counts as positive.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Observation;
use crate::estimator::ClassId;
use crate::model::Label;

/// A class by its name: `true`, an integer or a string in a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PosVal(pub Label);

impl Default for PosVal {
    fn default() -> Self {
        Self(Label::Bool(true))
    }
}

impl Serialize for PosVal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.to_json().serialize(to)
    }
}

impl<'de> Deserialize<'de> for PosVal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        let label = match &value {
            Value::Bool(b) => Some(Label::Bool(*b)),
            Value::Number(n) => n.as_i64().map(Label::Int),
            Value::String(s) => Some(Label::Text(s.as_str().into())),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        label.map(Self).ok_or_else(|| {
            D::Error::custom(format!("a class is true, false, an integer or a string, got {value}"))
        })
    }
}

impl PosVal {
    /// The id of this class among the model's. Ids 1 and 0 are tried first: a binary model's
    /// `true` and `false`.
    #[inline]
    pub fn id(&self, classes: &[Label]) -> Option<ClassId> {
        match classes {
            [_, second, ..] if self.is(second) => Some(1),
            _ => classes.iter().position(|label| self.is(label)).map(|i| i as ClassId),
        }
    }

    /// Whether a class is this one. As in Python, 1 is `true` and 0 is `false`.
    #[inline]
    fn is(&self, label: &Label) -> bool {
        match (&self.0, label) {
            (Label::Bool(b), Label::Int(i)) | (Label::Int(i), Label::Bool(b)) => {
                *i == i64::from(*b)
            }
            (own, other) => own == other,
        }
    }

    /// Whether the true class and the predicted one are this class, and its probability, 0 when
    /// there is no opinion on it; `None` for an observation of numbers.
    #[inline]
    pub fn look(&self, seen: Observation<'_>) -> Option<Seen> {
        let Observation::Class { y, proba, predicted, classes } = seen else { return None };
        let id = self.id(classes);
        let p = id.and_then(|id| proba.get(id as usize)).copied().unwrap_or(0.0);
        Some(Seen {
            y: Some(y) == id,
            predicted: Some(predicted) == id,
            p: if p.is_nan() { 0.0 } else { p },
        })
    }
}

/// An observation as one class against the others.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Whether it is of this class.
    pub y: bool,
    /// Whether it was predicted to be.
    pub predicted: bool,
    /// With what probability.
    pub p: f64,
}
