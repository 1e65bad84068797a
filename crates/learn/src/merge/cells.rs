//! Between an estimator's ids and the names of cells.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use super::{Fixed, Key, Sums};
use crate::estimator::ClassId;
use crate::features::{FeatureId, Vocabulary};
use crate::model::Label;

/// What the estimator of one class tells apart.
static TWO: [Label; 2] = [Label::Bool(false), Label::Bool(true)];

/// Where estimators write their cells. Names are made and sorted once, at the end.
#[derive(Debug)]
pub struct Gather<'a> {
    names: &'a Vocabulary,
    classes: &'a [Label],
    /// The class whose own estimator writes.
    of: Option<Label>,
    path: String,
    tensors: Vec<Arc<str>>,
    labels: Vec<Label>,
    blocks: Vec<Block>,
    numbers: Vec<Fixed>,
}

/// A block of numbers, its name in numbers: 0 for none, else one more than a place or an id.
#[derive(Debug, Clone, Copy)]
struct Block {
    tensor: u32,
    class: u32,
    feature: u32,
    other: u32,
    /// Where it ends; it begins where the one before ends.
    end: usize,
}

impl<'a> Gather<'a> {
    pub(crate) fn new(names: &'a Vocabulary, classes: &'a [Label]) -> Self {
        Self {
            names,
            classes,
            of: None,
            path: String::new(),
            tensors: Vec::new(),
            labels: classes.to_vec(),
            blocks: Vec::new(),
            numbers: Vec::new(),
        }
    }

    pub(crate) fn finish(self) -> Sums {
        let features = self.features();
        let (tensors, labels) = (ranks(&self.tensors), ranks(&self.labels));
        let rank = |of: &[u32], at: u32| at.checked_sub(1).map_or(0, |at| of[at as usize]);
        let feature = |id: u32| id.checked_sub(1).and_then(|id| features[id as usize].as_ref());
        let place = |id: u32| feature(id).map_or(0, |(rank, _)| *rank);
        // Each block's place in the order of names, and its number: of equal names the last stays.
        let mut order: Vec<([u32; 4], u32)> = Vec::with_capacity(self.blocks.len());
        for (block, at) in self.blocks.iter().zip(0..) {
            let (a, b) = (place(block.feature), place(block.other));
            let (a, b) = if block.other > 0 && a > b { (b, a) } else { (a, b) };
            let class = rank(&labels, block.class);
            order.push(([rank(&tensors, block.tensor), class, a, b], at));
        }
        order.sort_unstable();
        let (mut names, mut cells) = (Vec::with_capacity(order.len()), Vec::new());
        cells.reserve_exact(self.numbers.len());
        let name = |id: u32| feature(id).map(|(_, name)| Arc::clone(name));
        for (i, (place_of, at)) in order.iter().enumerate() {
            if order.get(i + 1).is_some_and(|(next, _)| next == place_of) {
                continue;
            }
            let at = *at as usize;
            let Block { tensor, class, mut feature, mut other, end } = self.blocks[at];
            if other > 0 && place(feature) > place(other) {
                std::mem::swap(&mut feature, &mut other);
            }
            let key = Key {
                tensor: Arc::clone(&self.tensors[tensor as usize - 1]),
                class: class.checked_sub(1).map(|at| self.labels[at as usize].clone()),
                feature: name(feature),
                other: name(other),
            };
            let begin = at.checked_sub(1).map_or(0, |before| self.blocks[before].end);
            names.push((key, end - begin));
            cells.extend_from_slice(&self.numbers[begin..end]);
        }
        Sums::of_ranked(names, cells)
    }

    /// By id, the names in use, each with its place in their order, counted from 1.
    fn features(&self) -> Vec<Option<(u32, Arc<str>)>> {
        let mut used = vec![false; self.names.end() as usize];
        for id in self.blocks.iter().flat_map(|block| [block.feature, block.other]) {
            if let Some(at) = id.checked_sub(1) {
                used[at as usize] = true;
            }
        }
        let mut sorted: Vec<(&str, usize)> = used
            .iter()
            .enumerate()
            .filter(|(_, used)| **used)
            .filter_map(|(id, _)| Some((self.names.name(id as FeatureId)?, id)))
            .collect();
        sorted.sort_unstable();
        let mut features = vec![None; used.len()];
        for ((name, id), rank) in sorted.into_iter().zip(1..) {
            features[id] = Some((rank, Arc::from(name)));
        }
        features
    }

    /// Lets a part write under a name of its own: a step's number, a parameter's name.
    pub fn under(&mut self, part: impl std::fmt::Display, write: impl FnOnce(&mut Self)) {
        let before = self.path.len();
        write!(self.path, "{part}/").expect("a string takes everything");
        write(self);
        self.path.truncate(before);
    }

    /// Lets the estimator of one class write, which tells apart `false` and `true`.
    pub fn of_class(&mut self, class: ClassId, write: impl FnOnce(&mut Self)) {
        let Some(label) = self.classes.get(class as usize).cloned() else { return };
        let before = self.path.len();
        if let Some(outer) = &self.of {
            write!(self.path, "{outer}/").expect("a string takes everything");
        }
        let outer = self.of.replace(label);
        let classes = std::mem::replace(&mut self.classes, &TWO);
        write(self);
        (self.of, self.classes) = (outer, classes);
        self.path.truncate(before);
    }

    /// The writer of one tensor's cells.
    pub fn tensor(&mut self, name: &str) -> Tensor<'_, 'a> {
        let name = self.name(format!("{}{name}", self.path));
        let class = self.of.clone().map_or(0, |label| self.label(label));
        Tensor { gather: self, name, class, two: [0; 2] }
    }

    fn name(&mut self, name: String) -> u32 {
        self.tensors.push(name.into());
        self.tensors.len() as u32
    }

    fn label(&mut self, label: Label) -> u32 {
        let known = self.labels.iter().position(|known| *known == label);
        let at = known.unwrap_or_else(|| {
            self.labels.push(label);
            self.labels.len() - 1
        });
        at as u32 + 1
    }

    fn push(
        &mut self,
        (tensor, class): (u32, u32),
        feature: u32,
        other: u32,
        values: impl IntoIterator<Item = Fixed>,
    ) {
        self.numbers.extend(values);
        self.blocks.push(Block { tensor, class, feature, other, end: self.numbers.len() });
    }

    /// The number of a feature that has a name.
    fn feature(&self, id: FeatureId) -> Option<u32> {
        self.names.name(id).map(|_| id + 1)
    }
}

/// The place of each in their order, counted from 1; equal ones have equal places.
fn ranks<T: Ord>(all: &[T]) -> Vec<u32> {
    let mut sorted: Vec<usize> = (0..all.len()).collect();
    sorted.sort_by(|&a, &b| all[a].cmp(&all[b]));
    let (mut ranks, mut rank) = (vec![0; all.len()], 0);
    for (i, &at) in sorted.iter().enumerate() {
        rank += u32::from(i == 0 || all[sorted[i - 1]] != all[at]);
        ranks[at] = rank;
    }
    ranks
}

/// Where the cells of one tensor are written. Cells of features and classes without a name are
/// left out: they were forgotten.
#[derive(Debug)]
pub struct Tensor<'g, 'a> {
    gather: &'g mut Gather<'a>,
    /// Its name, as in a cell.
    name: u32,
    /// The class whose own estimator writes.
    class: u32,
    /// Inside of that, the names by the two classes that it tells apart.
    two: [u32; 2],
}

impl Tensor<'_, '_> {
    fn push(&mut self, feature: u32, other: u32, value: Fixed) {
        self.gather.push((self.name, self.class), feature, other, [value]);
    }

    /// The one number of the whole estimator.
    pub fn whole(&mut self, value: Fixed) {
        self.push(0, 0, value);
    }

    /// Numbers without names of their own, which have the same order at every peer.
    pub fn block(&mut self, values: impl Iterator<Item = Fixed>) {
        self.gather.push((self.name, self.class), 0, 0, values);
    }

    /// A number of a class.
    pub fn class(&mut self, class: ClassId, value: Fixed) {
        self.push_class(class, 0, value);
    }

    /// A number of a feature.
    pub fn feature(&mut self, id: FeatureId, value: Fixed) {
        if let Some(feature) = self.gather.feature(id) {
            self.push(feature, 0, value);
        }
    }

    /// A number of a class and a feature.
    pub fn class_feature(&mut self, class: ClassId, id: FeatureId, value: Fixed) {
        if let Some(feature) = self.gather.feature(id) {
            self.push_class(class, feature, value);
        }
    }

    /// Of two classes inside of the estimator of one, the class is part of the tensor's name.
    fn push_class(&mut self, class: ClassId, feature: u32, value: Fixed) {
        let Some(label) = self.gather.classes.get(class as usize) else { return };
        let (tensor, class) = if self.class == 0 {
            (self.name, class + 1)
        } else {
            let known = &mut self.two[class as usize];
            if *known == 0 {
                let name = format!("{}/{label}", self.gather.tensors[self.name as usize - 1]);
                *known = self.gather.name(name);
            }
            (*known, self.class)
        };
        self.gather.push((tensor, class), feature, 0, [value]);
    }

    /// A number of a pair of features, whichever is named first.
    pub fn pair(&mut self, a: FeatureId, b: FeatureId, value: Fixed) {
        if let (Some(a), Some(b)) = (self.gather.feature(a), self.gather.feature(b)) {
            self.push(a, b, value);
        }
    }
}

/// The ids of a block's feature and of its second one; [`FeatureId::MAX`] for none.
pub(crate) type Ids = [FeatureId; 2];

/// Where estimators read their cells. All names have ids, and all classes numbers.
#[derive(Debug)]
pub struct Spread<'a> {
    end: FeatureId,
    classes: &'a [Label],
    of: Option<Label>,
    path: String,
    sums: &'a Sums,
    /// By block.
    ids: &'a [Ids],
}

impl<'a> Spread<'a> {
    /// `end` is one more than the largest id.
    pub(crate) fn new(
        end: FeatureId,
        classes: &'a [Label],
        sums: &'a Sums,
        ids: &'a [Ids],
    ) -> Self {
        Self { end, classes, of: None, path: String::new(), sums, ids }
    }

    /// What a part wrote under this name.
    pub fn under(&self, part: impl std::fmt::Display) -> Self {
        let path = format!("{}{part}/", self.path);
        Self { of: self.of.clone(), path, ..*self }
    }

    /// What the estimator of one class wrote.
    pub fn of_class(&self, class: ClassId) -> Self {
        let path = match &self.of {
            Some(outer) => format!("{}{outer}/", self.path),
            None => self.path.clone(),
        };
        Self { of: self.classes.get(class as usize).cloned(), path, classes: &TWO, ..*self }
    }

    /// By class, whether anything was written by an estimator of its own.
    pub fn met(&self) -> Vec<bool> {
        let mut met = vec![false; self.classes.len()];
        for (key, _) in self.sums.under(&self.path) {
            if let Some(class) = self.class_id(key) {
                met[class as usize] = true;
            }
        }
        met
    }

    /// One more than the largest id.
    pub fn end(&self) -> usize {
        self.end as usize
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.classes.len()
    }

    /// The places of one tensor's blocks.
    fn tensor(&self, name: &str) -> Range<usize> {
        self.sums.of_tensor(&format!("{}{name}", self.path), self.of.as_ref())
    }

    /// The first number of the block at this place.
    fn number(&self, at: usize) -> Option<Fixed> {
        self.sums.block(at).first().copied()
    }

    /// The feature of the block at this place, or its second one.
    fn id(&self, at: usize, which: usize) -> Option<FeatureId> {
        Some(self.ids[at][which]).filter(|id| *id != FeatureId::MAX)
    }

    /// The same by class, with the class's id.
    fn by_class(&self, name: &str) -> impl Iterator<Item = (ClassId, usize)> {
        let inner = self.of.is_some();
        let two = self.classes.iter().zip(0..).filter(move |_| inner);
        let two = two.flat_map(move |(label, class)| {
            self.tensor(&format!("{name}/{label}")).map(move |at| (class, at))
        });
        let all = (!inner).then(|| self.tensor(name)).into_iter().flatten();
        // Cells of one class follow each other.
        let mut last: Option<(&Label, ClassId)> = None;
        two.chain(all.filter_map(move |at| {
            let key = &self.sums.keys()[at];
            let label = key.class.as_ref()?;
            let class = match last {
                Some((known, class)) if known == label => class,
                _ => self.class_id(key)?,
            };
            last = Some((label, class));
            Some((class, at))
        }))
    }

    /// How many cells of this name there are, whether their names are known or not.
    pub fn count(&self, name: &str) -> usize {
        self.tensor(name).len()
    }

    /// The one number of the whole estimator; 0 where there is none.
    pub fn whole(&self, name: &str) -> Fixed {
        self.tensor(name).next().and_then(|at| self.number(at)).unwrap_or_default()
    }

    /// Numbers without names of their own; none where there are none.
    pub fn block(&self, name: &str) -> &'a [Fixed] {
        self.tensor(name).next().map_or(&[], |at| self.sums.block(at))
    }

    /// All tensors of an estimator whose numbers have no names of their own, by name: for those
    /// that name a tensor by what is in it.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &[Fixed])> {
        let plain = |key: &Key| key.class.is_none() && key.feature.is_none();
        let all = self.sums.under(&self.path).filter(move |(key, _)| plain(key));
        all.map(|(key, block)| (&key.tensor[self.path.len()..], block))
    }

    /// The numbers of classes.
    pub fn class(&self, name: &str) -> impl Iterator<Item = (ClassId, Fixed)> {
        self.by_class(name).filter_map(|(class, at)| Some((class, self.number(at)?)))
    }

    /// The numbers of features.
    pub fn feature(&self, name: &str) -> impl Iterator<Item = (FeatureId, Fixed)> {
        self.tensor(name).filter_map(|at| Some((self.id(at, 0)?, self.number(at)?)))
    }

    /// The numbers of classes and features.
    pub fn class_feature(&self, name: &str) -> impl Iterator<Item = (ClassId, FeatureId, Fixed)> {
        self.by_class(name)
            .filter_map(|(class, at)| Some((class, self.id(at, 0)?, self.number(at)?)))
    }

    /// The numbers of pairs of features, each pair once.
    pub fn pair(&self, name: &str) -> impl Iterator<Item = (FeatureId, FeatureId, Fixed)> {
        self.tensor(name)
            .filter_map(|at| Some((self.id(at, 0)?, self.id(at, 1)?, self.number(at)?)))
    }

    fn class_id(&self, key: &Key) -> Option<ClassId> {
        let label = key.class.as_ref()?;
        self.classes.iter().position(|known| known == label).map(|at| at as ClassId)
    }
}
