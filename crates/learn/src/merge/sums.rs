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

    #[allow(clippy::ref_option, reason = "serde asks for it")]
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

    /// The blocks of one tensor, in the order of their names; of one class only, if it is given.
    pub(super) fn of_tensor(
        &self,
        tensor: Arc<str>,
        class: Option<Label>,
    ) -> impl Iterator<Item = (&Key, &[Fixed])> + use<'_> {
        let first =
            Key { tensor: Arc::clone(&tensor), class: class.clone(), feature: None, other: None };
        let same = self.0.range(first..).take_while(move |(key, _)| {
            key.tensor == tensor && (class.is_none() || key.class == class)
        });
        same.map(|(key, block)| (key, &**block))
    }

    /// The blocks of tensors whose names begin so.
    pub(super) fn under<'a>(
        &'a self,
        path: &'a str,
    ) -> impl Iterator<Item = (&'a Key, &'a [Fixed])> {
        let first = Key { tensor: path.into(), class: None, feature: None, other: None };
        self.0
            .range(first..)
            .map(|(key, block)| (key, &**block))
            .take_while(move |(key, _)| key.tensor.starts_with(path))
    }

    /// Puts a block under its name, in place of what was there.
    pub fn insert(&mut self, key: Key, block: Box<[Fixed]>) {
        self.0.insert(key, block);
    }

    /// Adds to every cell what `other` has of it, by `with`. A block that is longer there makes
    /// this one as long.
    pub fn combine(&mut self, other: &Self, with: impl Fn(Fixed, Fixed) -> Fixed) {
        if self.0.len() == other.0.len() && self.0.keys().eq(other.0.keys()) {
            // Peers that learn the same names: no search.
            for (ours, theirs) in self.0.values_mut().zip(other.0.values()) {
                join(ours, theirs, &with);
            }
        } else if self.0.len() / 16 < other.0.len() {
            self.combine_all(other, &with);
        } else {
            for (key, theirs) in &other.0 {
                match self.0.get_mut(key) {
                    Some(ours) => join(ours, theirs, &with),
                    None => _ = self.0.insert(key.clone(), alone(theirs, &with)),
                }
            }
        }
    }

    /// The same by one pass over both, both sorted: for others that are not much smaller.
    fn combine_all(&mut self, other: &Self, with: &impl Fn(Fixed, Fixed) -> Fixed) {
        let mut ours = std::mem::take(&mut self.0).into_iter().peekable();
        let mut all = Vec::with_capacity(ours.len() + other.0.len());
        for (key, theirs) in &other.0 {
            while let Some(before) = ours.next_if(|(ours, _)| ours < key) {
                all.push(before);
            }
            all.push(match ours.next_if(|(ours, _)| ours == key) {
                Some((key, mut block)) => {
                    join(&mut block, theirs, with);
                    (key, block)
                }
                None => (key.clone(), alone(theirs, with)),
            });
        }
        all.extend(ours);
        self.0 = all.into_iter().collect();
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

/// Their cells into ours, which become as many.
fn join(ours: &mut Box<[Fixed]>, theirs: &[Fixed], with: &impl Fn(Fixed, Fixed) -> Fixed) {
    if ours.len() < theirs.len() {
        let mut longer = ours.to_vec();
        longer.resize(theirs.len(), Fixed::ZERO);
        *ours = longer.into();
    }
    for (a, &b) in ours.iter_mut().zip(theirs) {
        *a = with(*a, b);
    }
}

/// Their cells where we have none.
fn alone(theirs: &[Fixed], with: &impl Fn(Fixed, Fixed) -> Fixed) -> Box<[Fixed]> {
    theirs.iter().map(|&b| with(Fixed::ZERO, b)).collect()
}

impl FromIterator<(Key, Box<[Fixed]>)> for Sums {
    fn from_iter<I: IntoIterator<Item = (Key, Box<[Fixed]>)>>(blocks: I) -> Self {
        Self(blocks.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_sums() -> impl Strategy<Value = Sums> {
        let class = prop::option::of(prop::sample::select(vec![Label::Int(1), Label::Int(2)]));
        let name = || prop::option::of(prop::sample::select(vec!["a", "b", "c"]));
        let key = (prop::sample::select(vec!["0/w", "1/w"]), class, name(), name());
        let key = key.prop_map(|(tensor, class, feature, other)| {
            let (feature, other) = (feature.map(Arc::from), other.map(Arc::from));
            Key { tensor: tensor.into(), class, feature, other }
        });
        let block = prop::collection::vec((-1e6..1e6_f64).prop_map(Fixed::of), 1..3);
        let blocks = prop::collection::vec((key, block.prop_map(Vec::into_boxed_slice)), 0..40);
        blocks.prop_map(|blocks| blocks.into_iter().collect())
    }

    /// Without zeros at the end of blocks, which say nothing.
    fn said(sums: &Sums) -> Vec<(Key, Vec<Fixed>)> {
        let blocks = sums.iter().map(|(key, block)| {
            let end = block.iter().rposition(|c| *c != Fixed::ZERO).map_or(0, |at| at + 1);
            (key.clone(), block[..end].to_vec())
        });
        blocks.filter(|(_, block)| !block.is_empty()).collect()
    }

    proptest! {
        #[test]
        fn order_and_grouping_leave_no_trace(a in any_sums(), b in any_sums(), c in any_sums()) {
            let plus = |a: &Sums, b: &Sums| {
                let mut sum = a.clone();
                sum.add(b);
                sum
            };
            prop_assert_eq!(plus(&a, &b), plus(&b, &a));
            prop_assert_eq!(plus(&plus(&a, &b), &c), plus(&a, &plus(&b, &c)));
            let mut back = plus(&a, &b);
            back.sub(&b);
            prop_assert_eq!(said(&back), said(&a));
            // The way for a small other one gives what the way for a large one does.
            let mut one_by_one = a.clone();
            for (key, block) in b.iter() {
                one_by_one.add(&std::iter::once((key.clone(), Box::from(block))).collect());
            }
            prop_assert_eq!(one_by_one, plus(&a, &b));
        }
    }

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
