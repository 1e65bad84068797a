//! Named numbers that add up: what a model learned, or what one peer contributed to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Fixed;
use crate::model::Label;

/// The name of a cell, or of a block of cells: which number of which estimator, of which class, of
/// which feature or pair of features. Names only: ids differ between peers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The place in the model and the number there: `1/weight`, `0/mean`.
    #[serde(with = "text")]
    pub tensor: Arc<str>,
    /// The class, where there is a number per class.
    pub class: Option<Label>,
    /// The feature, where there is a number per feature.
    #[serde(with = "text_or_none")]
    pub feature: Option<Arc<str>>,
    /// The second feature, of numbers per pair of features.
    #[serde(with = "text_or_none")]
    pub other: Option<Arc<str>>,
}

/// Shared texts as texts: serde's own way needs a feature that every crate would be built with.
mod text {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(text: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
        (**text).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
        Box::<str>::deserialize(from).map(Arc::from)
    }
}

mod text_or_none {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(text: &Option<Arc<str>>, to: S) -> Result<S::Ok, S::Error> {
        text.as_deref().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Arc<str>>, D::Error> {
        Ok(Option::<Box<str>>::deserialize(from)?.map(Arc::from))
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.tensor)?;
        if let Some(class) = &self.class {
            write!(f, " of class {class}")?;
        }
        for feature in self.feature.iter().chain(&self.other) {
            write!(f, " of {feature:?}")?;
        }
        Ok(())
    }
}

/// Cells by name, in the order of their names. Cells that are not there are 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sums(BTreeMap<Key, Box<[Fixed]>>);

impl Sums {
    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.0.values().map(|block| block.len()).sum()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The blocks by name, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &[Fixed])> {
        self.0.iter().map(|(key, block)| (key, &**block))
    }

    /// The block of a name.
    pub fn get(&self, key: &Key) -> Option<&[Fixed]> {
        self.0.get(key).map(|block| &**block)
    }

    /// The blocks of one tensor, in the order of their names.
    pub(super) fn of_tensor(
        &self,
        tensor: Arc<str>,
    ) -> impl Iterator<Item = (&Key, &[Fixed])> + use<'_> {
        let first = Key { tensor: Arc::clone(&tensor), class: None, feature: None, other: None };
        let from_there = self.0.range(first..);
        let same = from_there.take_while(move |(key, _)| key.tensor == tensor);
        same.map(|(key, block)| (key, &**block))
    }

    /// Puts a block under its name, in place of what was there.
    pub fn insert(&mut self, key: Key, block: Box<[Fixed]>) {
        self.0.insert(key, block);
    }

    /// Adds to every cell what `other` has of it, by `with`. A block that is longer there makes
    /// this one as long.
    pub fn combine(&mut self, other: &Self, with: impl Fn(Fixed, Fixed) -> Fixed) {
        for (key, theirs) in &other.0 {
            if let Some(ours) = self.0.get_mut(key)
                && ours.len() >= theirs.len()
            {
                for (a, &b) in ours.iter_mut().zip(theirs) {
                    *a = with(*a, b);
                }
                continue;
            }
            let ours = self.0.remove(key).unwrap_or_default();
            let ours = ours.iter().copied().chain(std::iter::repeat(Fixed::ZERO));
            let sum = theirs.iter().zip(ours).map(|(&b, a)| with(a, b)).collect();
            self.0.insert(key.clone(), sum);
        }
    }

    /// Adds another's cells to these.
    pub fn add(&mut self, other: &Self) {
        self.combine(other, Fixed::add);
    }

    /// Takes another's cells off these.
    pub fn sub(&mut self, other: &Self) {
        self.combine(other, Fixed::sub);
    }

    /// Drops blocks of zeros: what is not there is 0.
    pub fn trim(&mut self) {
        self.0.retain(|_, block| block.iter().any(|cell| *cell != Fixed::ZERO));
    }

    /// Keeps only the blocks that `other` has too.
    pub fn keep_known(&mut self, other: &Self) {
        self.0.retain(|key, _| other.0.contains_key(key));
    }

    /// The root of the sum of squares.
    pub fn norm(&self) -> f64 {
        let squares = self.0.values().flatten().map(|cell| cell.to_f64() * cell.to_f64());
        squares.sum::<f64>().sqrt()
    }
}

impl FromIterator<(Key, Box<[Fixed]>)> for Sums {
    fn from_iter<I: IntoIterator<Item = (Key, Box<[Fixed]>)>>(blocks: I) -> Self {
        Self(blocks.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(cells: &[(&str, f64)]) -> Sums {
        let key = |name: &str| Key {
            tensor: "0/w".into(),
            class: None,
            feature: Some(name.into()),
            other: None,
        };
        cells.iter().map(|&(name, x)| (key(name), Box::from([Fixed::of(x)]))).collect()
    }

    #[test]
    fn what_is_not_there_is_zero() {
        let mut a = sums(&[("x", 1.0), ("y", 2.0)]);
        a.add(&sums(&[("y", 3.0), ("z", 4.0)]));
        assert_eq!(a, sums(&[("x", 1.0), ("y", 5.0), ("z", 4.0)]));
        a.sub(&sums(&[("y", 5.0), ("u", 1.0)]));
        a.trim();
        assert_eq!(a, sums(&[("u", -1.0), ("x", 1.0), ("z", 4.0)]));
        assert_eq!((a.len(), a.norm()), (3, 18.0_f64.sqrt()));
    }

    #[test]
    fn a_longer_block_makes_room() {
        let key = Key { tensor: "b".into(), class: None, feature: None, other: None };
        let block = |xs: &[f64]| -> Sums {
            let cells = xs.iter().map(|&x| Fixed::of(x)).collect();
            [(key.clone(), cells)].into_iter().collect()
        };
        let mut a = block(&[1.0]);
        a.add(&block(&[1.0, 2.0]));
        a.sub(&block(&[0.5]));
        assert_eq!(a, block(&[1.5, 2.0]));
    }
}
