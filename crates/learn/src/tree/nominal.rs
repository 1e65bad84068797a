//! Counts of a nominal attribute's values in a leaf.

use serde::{Deserialize, Serialize};

use super::dist::{Dist, add};
use super::moments::Moments;
use super::value::{Seen, Value};
use crate::estimator::ClassId;
use crate::features::FeatureId;

/// Values that a leaf tells apart per attribute; those that come later are not counted.
pub(crate) const VALUES_MAX: usize = 512;

/// An attribute's values, sorted, with what was counted of each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Nominal<T> {
    pub id: FeatureId,
    /// Which event of the leaf, and which attribute of that event, came first here.
    pub born: (u32, u32),
    pub values: Vec<(Value, T)>,
}

impl<T: Default> Nominal<T> {
    pub fn new(id: FeatureId, born: (u32, u32)) -> Self {
        Self { id, born, values: Vec::new() }
    }

    fn find(&self, value: Seen<'_>) -> Result<usize, usize> {
        self.values.binary_search_by(|(kept, _)| kept.seen().order(value))
    }

    /// What is counted of a value, made when it is new and there is room.
    pub fn at(&mut self, value: Seen<'_>) -> Option<&mut T> {
        let at = match self.find(value) {
            Ok(at) => at,
            Err(_) if self.values.len() >= VALUES_MAX => return None,
            Err(at) => {
                self.values.insert(at, (value.keep(), T::default()));
                at
            }
        };
        Some(&mut self.values[at].1)
    }

    pub fn value(&self, at: usize) -> Value {
        self.values[at].0.clone()
    }

    pub fn all_values(&self) -> Vec<Value> {
        self.values.iter().map(|(value, _)| value.clone()).collect()
    }

    pub fn bytes(&self) -> usize {
        let counts = self.values.len() * (size_of::<T>() + 32);
        size_of::<Self>() + counts + self.values.iter().map(|(v, _)| v.bytes()).sum::<usize>()
    }
}

impl Nominal<Dist> {
    /// The share of a value within a class; 0 for what never came together.
    pub fn share(&self, value: Seen<'_>, class: ClassId) -> f64 {
        let of = |dist: &Dist| dist.iter().find(|(c, _)| *c == class).map_or(0.0, |&(_, w)| w);
        let Ok(at) = self.find(value) else { return 0.0 };
        let here = of(&self.values[at].1);
        if here == 0.0 {
            return 0.0;
        }
        here / self.values.iter().map(|(_, dist)| of(dist)).sum::<f64>()
    }

    /// The weights by class of each value, into as many empty distributions.
    pub fn each(&self, after: &mut [Dist]) {
        for ((_, from), to) in self.values.iter().zip(after) {
            to.extend_from_slice(from);
            to.sort_unstable_by_key(|&(class, _)| class);
        }
    }

    /// The weights by class of one value and of all others, in the classes' order in the leaf.
    pub fn one_and_others(&self, at: usize, classes: &Dist, one: &mut Dist, others: &mut Dist) {
        for &(class, _) in classes {
            for (i, (_, dist)) in self.values.iter().enumerate() {
                if let Some(&(_, w)) = dist.iter().find(|(c, _)| *c == class) {
                    add(if i == at { one } else { others }, class, w);
                }
            }
        }
    }
}

impl Nominal<Moments> {
    /// The target's moments of each value.
    pub fn each(&self, after: &mut Vec<Moments>) {
        after.clear();
        after.extend(self.values.iter().map(|&(_, m)| m));
    }
}
