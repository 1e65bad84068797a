//! How a branch decides, and what a leaf would split by.

use serde::{Deserialize, Serialize};

use super::arena::CHILDREN_MAX;
use super::value::{Seen, Value, number, seen};
use crate::estimator::Attribute;
use crate::features::{FeatureId, Features};

/// The test of a branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Split {
    /// Numbers up to a threshold go left.
    AtMost(f64),
    /// One child for each slot of numbers: slot `s` holds `[s·radius, (s + 1)·radius)`.
    Slots { radius: f64, slots: Vec<f64> },
    /// One value goes left.
    Equals(Value),
    /// One child for each value.
    OneOf(Vec<Value>),
}

/// What a branch says to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Child(usize),
    /// The event lacks the feature.
    Missing,
    /// The event has a value for which a child can be made.
    Unseen,
}

impl Split {
    #[inline]
    pub fn step(&self, feature: FeatureId, x: &Features) -> Step {
        match self {
            Self::AtMost(threshold) => match number(x, feature) {
                Some(v) => Step::Child(usize::from(v > *threshold)),
                None => Step::Missing,
            },
            Self::Slots { radius, slots } => {
                let Some(v) = number(x, feature) else { return Step::Missing };
                let slot = (v / radius).floor();
                found(slots.iter().position(|&s| s == slot), slots.len())
            }
            Self::Equals(value) => match seen(x, feature) {
                Some(v) => Step::Child(usize::from(v != value.seen())),
                None => Step::Missing,
            },
            Self::OneOf(values) => match seen(x, feature) {
                Some(v) => found(values.iter().position(|kept| kept.seen() == v), values.len()),
                None => Step::Missing,
            },
        }
    }

    /// Makes room for one more child, which takes the event's value.
    pub fn extend(&mut self, feature: FeatureId, x: &Features) {
        match self {
            Self::Slots { radius, slots } => {
                if let Some(v) = number(x, feature) {
                    slots.push((v / *radius).floor());
                }
            }
            Self::OneOf(values) => {
                if let Some(v) = seen(x, feature) {
                    values.push(v.keep());
                }
            }
            Self::AtMost(_) | Self::Equals(_) => {}
        }
    }

    pub fn show(&self, feature: &str, put: &mut dyn FnMut(&str, Attribute)) {
        let value = |v: &Value| match v.seen() {
            Seen::Number(v) => Attribute::Float(v),
            Seen::Text(t) => Attribute::Text(t.to_owned()),
        };
        match self {
            Self::AtMost(t) => {
                put("threshold", Attribute::Float(*t));
                put("split", Attribute::Text(format!("{feature} ≤ {t}")));
            }
            Self::Slots { radius, slots } => {
                let slots = slots.iter().map(|&s| Attribute::Float(s)).collect();
                put("radius", Attribute::Float(*radius));
                put("slots", Attribute::List(slots));
                put("split", Attribute::Text(format!("{feature} ÷ {radius}")));
            }
            Self::Equals(v) => {
                put("value", value(v));
                put("split", Attribute::Text(format!("{feature} {{=, ≠}} {v}")));
            }
            Self::OneOf(values) => {
                put("values", Attribute::List(values.iter().map(value).collect()));
                put("split", Attribute::Text(format!("{feature} in {} values", values.len())));
            }
        }
    }
}

fn found(at: Option<usize>, known: usize) -> Step {
    match at {
        Some(at) => Step::Child(at),
        None if known < CHILDREN_MAX => Step::Unseen,
        None => Step::Missing,
    }
}

/// What a leaf might split by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub merit: f64,
    /// None for not splitting at all.
    pub feature: Option<FeatureId>,
    pub test: Test,
}

/// The test of a candidate, without what a whole [`Split`] would have to copy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Test {
    None,
    AtMost(f64),
    Slots,
    /// By the value's place in the splitter.
    Equals(usize),
    OneOf,
}

impl Candidate {
    /// Not to split.
    pub const NULL: Self = Self { merit: f64::NEG_INFINITY, feature: None, test: Test::None };

    /// Takes over a better one.
    #[inline]
    pub fn challenge(&mut self, merit: f64, feature: FeatureId, test: Test) {
        if merit > self.merit {
            *self = Self { merit, feature: Some(feature), test };
        }
    }
}

/// The best candidate and the merit of the second, as a stable sort by merit gives them: the last
/// of equals is the best.
pub(crate) fn best_two(candidates: &[Candidate]) -> Option<(Candidate, Option<f64>)> {
    let mut best = 0;
    for (i, c) in candidates.iter().enumerate() {
        if c.merit >= candidates[best].merit {
            best = i;
        }
    }
    let others = candidates.iter().enumerate().filter(|&(i, _)| i != best);
    let second = others.map(|(_, c)| c.merit).reduce(f64::max);
    candidates.get(best).map(|&c| (c, second))
}
