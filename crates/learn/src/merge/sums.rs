//! Named numbers that add up: what a model learned, or what one peer contributed to it.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::Fixed;
use crate::model::Label;

/// The name of a cell, or of a block of cells: which number of which estimator, of which class, of
/// which feature or pair of features. Names only: ids differ between peers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The place in the model and the number there: `1/weight`, `0/mean`.
    pub tensor: Arc<str>,
    /// The class, where there is a number per class.
    pub class: Option<Label>,
    /// The feature, where there is a number per feature.
    pub feature: Option<Arc<str>>,
    /// The second feature, of numbers per pair of features.
    pub other: Option<Arc<str>>,
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

/// Names in their order, and where the cells of each end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Names {
    keys: Vec<Key>,
    ends: Vec<usize>,
}

/// Cells by name, in the order of their names. Cells that are not there are 0.
///
/// The numbers lie in one run, and names are shared: a copy copies numbers only, and sums of the
/// same names are added without a look at them.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    names: Arc<Names>,
    cells: Vec<Fixed>,
}

impl PartialEq for Sums {
    fn eq(&self, other: &Self) -> bool {
        self.cells == other.cells && self.same_names(other)
    }
}

impl Eq for Sums {}

impl Sums {
    /// Sums of blocks whose names rise, each with how many of the cells are its own. None where
    /// names do not rise, or the lengths do not add up to the cells that there are.
    pub fn of_sorted(blocks: Vec<(Key, usize)>, cells: Vec<Fixed>) -> Option<Self> {
        let rising = blocks.is_sorted_by(|(before, _), (key, _)| before < key);
        let sums = Self::of_ranked(blocks, cells);
        (rising && sums.names.ends.last().copied().unwrap_or(0) == sums.cells.len()).then_some(sums)
    }

    /// The same where the order is known.
    pub(super) fn of_ranked(blocks: Vec<(Key, usize)>, cells: Vec<Fixed>) -> Self {
        let mut names = Names::with_capacity(blocks.len());
        let mut end: usize = 0;
        for (key, len) in blocks {
            end = end.saturating_add(len);
            names.keys.push(key);
            names.ends.push(end);
        }
        Self { names: Arc::new(names), cells }
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.names.keys.is_empty()
    }

    /// All numbers, in the order of their names.
    pub fn cells(&self) -> &[Fixed] {
        &self.cells
    }

    /// The names of blocks, in their order.
    pub fn keys(&self) -> &[Key] {
        &self.names.keys
    }

    /// The blocks by name, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &[Fixed])> {
        let mut begin = 0;
        self.names.keys.iter().zip(&self.names.ends).map(move |(key, &end)| {
            let block = &self.cells[begin..end];
            begin = end;
            (key, block)
        })
    }

    /// The block of a name.
    pub fn get(&self, key: &Key) -> Option<&[Fixed]> {
        self.names.keys.binary_search(key).ok().map(|at| self.block(at))
    }

    /// The block of the name at this place.
    pub(super) fn block(&self, at: usize) -> &[Fixed] {
        &self.cells[self.names.range(at)]
    }

    /// The places of the names of one tensor; of one class only, if it is given.
    pub(super) fn of_tensor(&self, tensor: &str, class: Option<&Label>) -> Range<usize> {
        let keys = &self.names.keys;
        let order = |key: &Key| {
            let by_tensor = (*key.tensor).cmp(tensor);
            by_tensor.then_with(|| match class {
                None => Ordering::Equal,
                Some(_) => key.class.as_ref().cmp(&class),
            })
        };
        let begin = keys.partition_point(|key| order(key) == Ordering::Less);
        let len = keys[begin..].partition_point(|key| order(key) == Ordering::Equal);
        begin..begin + len
    }

    /// The blocks of tensors whose names begin so.
    pub(super) fn under<'a>(
        &'a self,
        path: &'a str,
    ) -> impl Iterator<Item = (&'a Key, &'a [Fixed])> {
        let keys = &self.names.keys;
        let begin = keys.partition_point(|key| *key.tensor < *path);
        let all = (begin..keys.len()).map(|at| (&keys[at], self.block(at)));
        all.take_while(move |(key, _)| key.tensor.starts_with(path))
    }

    fn same_names(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.names, &other.names) || self.names == other.names
    }

    /// Takes another's names in place of one's own, where they are equal: what is of the same names
    /// is added without a look at them.
    pub fn share_names(&mut self, other: &Self) {
        if self.cells.len() == other.cells.len() && self.same_names(other) {
            self.names = Arc::clone(&other.names);
        }
    }

    /// Adds to every cell what `other` has of it, by `with`. A block that is longer there makes
    /// this one as long.
    pub fn combine(&mut self, other: &Self, with: impl Fn(Fixed, Fixed) -> Fixed) {
        if self.is_empty() {
            self.names = Arc::clone(&other.names);
            self.cells = other.cells.iter().map(|&b| with(Fixed::ZERO, b)).collect();
        } else if self.same_names(other) {
            // Peers that learn the same names: no search.
            for (a, &b) in self.cells.iter_mut().zip(&other.cells) {
                *a = with(*a, b);
            }
        } else if let Some(places) = self.places_of(other) {
            for (range, (_, theirs)) in places.into_iter().zip(other.iter()) {
                for (a, &b) in self.cells[range].iter_mut().zip(theirs) {
                    *a = with(*a, b);
                }
            }
        } else {
            *self = self.combined(other, &with);
        }
    }

    /// Where another's blocks are, if it is much smaller and has none that is not here, or longer.
    fn places_of(&self, other: &Self) -> Option<Vec<Range<usize>>> {
        if other.names.keys.len() > self.names.keys.len() / 16 {
            return None;
        }
        let place = |(key, theirs): (&Key, &[Fixed])| {
            let range = self.names.range(self.names.keys.binary_search(key).ok()?);
            (range.len() >= theirs.len()).then_some(range)
        };
        other.iter().map(place).collect()
    }

    /// Both, by one pass over their names.
    fn combined(&self, other: &Self, with: &impl Fn(Fixed, Fixed) -> Fixed) -> Self {
        let mut all = Self::default();
        let names = Arc::make_mut(&mut all.names);
        *names = Names::with_capacity(self.names.keys.len() + other.names.keys.len());
        all.cells.reserve(self.cells.len() + other.cells.len());
        let mut put = |key: &Key, ours: &[Fixed], theirs: &[Fixed]| {
            let both = ours.len().min(theirs.len());
            let longer = theirs[both..].iter().map(|&b| with(Fixed::ZERO, b));
            let joined = ours.iter().zip(theirs).map(|(&a, &b)| with(a, b));
            all.cells.extend(joined.chain(ours[both..].iter().copied()).chain(longer));
            names.keys.push(key.clone());
            names.ends.push(all.cells.len());
        };
        let (mut ours, mut theirs) = (self.iter().peekable(), other.iter().peekable());
        loop {
            let order = match (ours.peek(), theirs.peek()) {
                (Some((a, _)), Some((b, _))) => a.cmp(b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let a = if order.is_le() { ours.next() } else { None };
            let b = if order.is_ge() { theirs.next() } else { None };
            if let Some((key, _)) = a.or(b) {
                put(key, a.map_or(&[], |(_, block)| block), b.map_or(&[], |(_, block)| block));
            }
        }
        all
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
        self.keep(|_, block| block.iter().any(|cell| *cell != Fixed::ZERO));
    }

    /// Keeps only the blocks that `other` has too.
    pub fn keep_known(&mut self, other: &Self) {
        if self.same_names(other) {
            return;
        }
        let mut theirs = other.names.keys.iter().peekable();
        self.keep(|key, _| {
            while theirs.next_if(|theirs| *theirs < key).is_some() {}
            theirs.peek().is_some_and(|theirs| *theirs == key)
        });
    }

    /// Keeps the blocks that are said so of, asked in their order.
    fn keep(&mut self, mut keep: impl FnMut(&Key, &[Fixed]) -> bool) {
        let kept: Vec<bool> = self.iter().map(|(key, block)| keep(key, block)).collect();
        if kept.iter().all(|kept| *kept) {
            return;
        }
        let mut left = Self::default();
        let names = Arc::make_mut(&mut left.names);
        for ((key, block), _) in self.iter().zip(&kept).filter(|(_, kept)| **kept) {
            left.cells.extend_from_slice(block);
            names.keys.push(key.clone());
            names.ends.push(left.cells.len());
        }
        *self = left;
    }

    /// One part of so many of each sum of [steps](super::is_step). Counts and moments stay whole.
    pub fn divide_steps(&mut self, parts: u32) {
        let mut begin = 0;
        for (key, &end) in self.names.keys.iter().zip(&self.names.ends) {
            if super::is_step(&key.tensor) {
                self.cells[begin..end].iter_mut().for_each(|cell| *cell = cell.divided(parts));
            }
            begin = end;
        }
    }

    /// The root of the sum of squares.
    pub fn norm(&self) -> f64 {
        let squares = self.cells.iter().map(|cell| cell.to_f64() * cell.to_f64());
        squares.sum::<f64>().sqrt()
    }
}

impl Names {
    fn with_capacity(n: usize) -> Self {
        Self { keys: Vec::with_capacity(n), ends: Vec::with_capacity(n) }
    }

    /// Where the cells of the name at this place are.
    fn range(&self, at: usize) -> Range<usize> {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        begin..self.ends[at]
    }
}

/// In whatever order; of equal names the last one stays.
impl FromIterator<(Key, Box<[Fixed]>)> for Sums {
    fn from_iter<I: IntoIterator<Item = (Key, Box<[Fixed]>)>>(blocks: I) -> Self {
        let mut blocks: Vec<(Key, Box<[Fixed]>)> = blocks.into_iter().collect();
        // Stable: equal names keep their order.
        blocks.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut sums = Self::default();
        let names = Arc::make_mut(&mut sums.names);
        let mut blocks = blocks.into_iter().peekable();
        while let Some((key, block)) = blocks.next() {
            if blocks.peek().is_none_or(|(next, _)| *next != key) {
                sums.cells.extend_from_slice(&block);
                names.keys.push(key);
                names.ends.push(sums.cells.len());
            }
        }
        sums
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
