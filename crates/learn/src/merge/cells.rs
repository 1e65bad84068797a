//! Between an estimator's ids and the names of cells.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Fixed, Key, Sums};
use crate::estimator::ClassId;
use crate::features::{FeatureId, Vocabulary};
use crate::model::Label;

/// Where estimators write their cells.
#[derive(Debug)]
pub struct Gather<'a> {
    names: &'a Vocabulary,
    classes: &'a [Label],
    path: String,
    /// Names made already, by id: a feature has a cell in many tensors.
    known: Vec<Option<Arc<str>>>,
    sums: Sums,
}

impl<'a> Gather<'a> {
    pub(crate) fn new(names: &'a Vocabulary, classes: &'a [Label]) -> Self {
        let known = vec![None; names.end() as usize];
        Self { names, classes, path: String::new(), known, sums: Sums::default() }
    }

    pub(crate) fn finish(self) -> Sums {
        self.sums
    }

    /// Lets a part write under a name of its own: a step's number, a parameter's name.
    pub fn under(&mut self, part: impl std::fmt::Display, write: impl FnOnce(&mut Self)) {
        let before = self.path.len();
        write!(self.path, "{part}/").expect("a string takes everything");
        write(self);
        self.path.truncate(before);
    }

    /// The writer of one tensor's cells.
    pub fn tensor(&mut self, name: &str) -> Tensor<'_, 'a> {
        let name = Arc::from(format!("{}{name}", self.path));
        Tensor { gather: self, name }
    }

    fn feature(&mut self, id: FeatureId) -> Option<Arc<str>> {
        let known = self.known.get_mut(id as usize)?;
        if known.is_none() {
            *known = self.names.name(id).map(Arc::from);
        }
        known.clone()
    }
}

/// Where the cells of one tensor are written. Cells of features and classes without a name are
/// left out: they were forgotten.
#[derive(Debug)]
pub struct Tensor<'g, 'a> {
    gather: &'g mut Gather<'a>,
    name: Arc<str>,
}

impl Tensor<'_, '_> {
    fn key(&self) -> Key {
        Key { tensor: Arc::clone(&self.name), class: None, feature: None, other: None }
    }

    /// The one number of the whole estimator.
    pub fn whole(&mut self, value: Fixed) {
        let key = self.key();
        self.gather.sums.insert(key, Box::from([value]));
    }

    /// Numbers without names of their own, which have the same order at every peer.
    pub fn block(&mut self, values: impl Iterator<Item = Fixed>) {
        let key = self.key();
        self.gather.sums.insert(key, values.collect());
    }

    /// A number of a class.
    pub fn class(&mut self, class: ClassId, value: Fixed) {
        if let Some(label) = self.gather.classes.get(class as usize) {
            let key = Key { class: Some(label.clone()), ..self.key() };
            self.gather.sums.insert(key, Box::from([value]));
        }
    }

    /// A number of a feature.
    pub fn feature(&mut self, id: FeatureId, value: Fixed) {
        if let Some(feature) = self.gather.feature(id) {
            let key = Key { feature: Some(feature), ..self.key() };
            self.gather.sums.insert(key, Box::from([value]));
        }
    }

    /// A number of a class and a feature.
    pub fn class_feature(&mut self, class: ClassId, id: FeatureId, value: Fixed) {
        if let (Some(label), Some(feature)) =
            (self.gather.classes.get(class as usize), self.gather.feature(id))
        {
            let key = Key { class: Some(label.clone()), feature: Some(feature), ..self.key() };
            self.gather.sums.insert(key, Box::from([value]));
        }
    }

    /// A number of a pair of features, whichever is named first.
    pub fn pair(&mut self, a: FeatureId, b: FeatureId, value: Fixed) {
        if let (Some(a), Some(b)) = (self.gather.feature(a), self.gather.feature(b)) {
            let (a, b) = if a <= b { (a, b) } else { (b, a) };
            let key = Key { feature: Some(a), other: Some(b), ..self.key() };
            self.gather.sums.insert(key, Box::from([value]));
        }
    }
}

/// Where estimators read their cells. All names have ids, and all classes numbers.
#[derive(Debug)]
pub struct Spread<'a> {
    names: &'a Vocabulary,
    classes: &'a [Label],
    path: String,
    sums: &'a Sums,
}

impl<'a> Spread<'a> {
    pub(crate) fn new(names: &'a Vocabulary, classes: &'a [Label], sums: &'a Sums) -> Self {
        Self { names, classes, path: String::new(), sums }
    }

    /// What a part wrote under this name.
    pub fn under(&self, part: impl std::fmt::Display) -> Self {
        let path = format!("{}{part}/", self.path);
        Self { names: self.names, classes: self.classes, path, sums: self.sums }
    }

    /// One more than the largest id.
    pub fn end(&self) -> usize {
        self.names.end() as usize
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.classes.len()
    }

    fn tensor(&self, name: &str) -> impl Iterator<Item = (&'a Key, &'a [Fixed])> {
        let tensor: Arc<str> = format!("{}{name}", self.path).into();
        self.sums.of_tensor(tensor)
    }

    /// The one number of the whole estimator; 0 where there is none.
    pub fn whole(&self, name: &str) -> Fixed {
        self.tensor(name).next().and_then(|(_, block)| block.first().copied()).unwrap_or_default()
    }

    /// Numbers without names of their own; none where there are none.
    pub fn block(&self, name: &str) -> &'a [Fixed] {
        self.tensor(name).next().map_or(&[], |(_, block)| block)
    }

    /// The numbers of classes.
    pub fn class(&self, name: &str) -> impl Iterator<Item = (ClassId, Fixed)> {
        self.tensor(name).filter_map(|(key, block)| Some((self.class_id(key)?, *block.first()?)))
    }

    /// The numbers of features.
    pub fn feature(&self, name: &str) -> impl Iterator<Item = (FeatureId, Fixed)> {
        self.tensor(name).filter_map(|(key, block)| {
            Some((self.names.find(key.feature.as_deref()?)?, *block.first()?))
        })
    }

    /// The numbers of classes and features.
    pub fn class_feature(&self, name: &str) -> impl Iterator<Item = (ClassId, FeatureId, Fixed)> {
        self.tensor(name).filter_map(|(key, block)| {
            let id = self.names.find(key.feature.as_deref()?)?;
            Some((self.class_id(key)?, id, *block.first()?))
        })
    }

    /// The numbers of pairs of features, each pair once.
    pub fn pair(&self, name: &str) -> impl Iterator<Item = (FeatureId, FeatureId, Fixed)> {
        self.tensor(name).filter_map(|(key, block)| {
            let a = self.names.find(key.feature.as_deref()?)?;
            Some((a, self.names.find(key.other.as_deref()?)?, *block.first()?))
        })
    }

    fn class_id(&self, key: &Key) -> Option<ClassId> {
        let label = key.class.as_ref()?;
        self.classes.iter().position(|known| known == label).map(|at| at as ClassId)
    }
}
