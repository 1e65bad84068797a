//! A model as sums, and sums as a model: see [`crate::merge`].

use super::{CLASSES_MAX, Model, Task};
use crate::error::{Error, Result};
use crate::merge::{Gather, Merge, Spread, Sums};

impl Model {
    /// How what several peers learned becomes one model.
    pub fn merge(&self) -> Merge {
        self.root.estimator().merge()
    }

    /// What the model learned, as cells that add up; nothing of models that are not merged so.
    pub fn sums(&self) -> Sums {
        let mut gather = Gather::new(&self.names, &self.classes);
        if let Some(additive) = self.root.estimator().additive() {
            additive.sums(&mut gather);
        }
        gather.finish()
    }

    /// Becomes the model that these cells describe, and meets their features and classes. Refused,
    /// and nothing has changed, where they are too many, or where models of this kind have no sums.
    pub fn set_sums(&mut self, sums: &Sums) -> Result<()> {
        let estimator = self.root.estimator_mut();
        let merge = estimator.merge();
        if !merge.is_additive() {
            return Err(Error::new(format!("{} has {}", estimator.entry().name, merge.text())));
        }
        let (names, classes) = (&mut self.names, &mut self.classes);
        let features = || sums.iter().flat_map(|(key, _)| key.feature.iter().chain(&key.other));
        let new = features().filter(|name| names.find(name).is_none());
        let new = new.collect::<std::collections::BTreeSet<_>>().len();
        // Between events there may be more names than the cap: the next event makes room.
        if new > 0 && names.len() + new > names.cap() as usize {
            return Err(Error::new(format!(
                "{new} features of peers are new and {} are known, this model keeps {}; raise its \
                 names_max",
                names.len(),
                names.cap()
            )));
        }
        let mut met = classes.clone();
        for label in sums.iter().filter_map(|(key, _)| key.class.as_ref()) {
            if !met.contains(label) {
                met.push(label.clone());
            }
        }
        if met.len() > CLASSES_MAX {
            return Err(Error::new(format!(
                "the classes of peers make {}, a model tells apart {CLASSES_MAX}",
                met.len()
            )));
        }
        if let Some(additive) = estimator.additive() {
            additive.room(&Spread::new(names, classes, sums))?;
        }
        if self.task != Task::Binary {
            *classes = met;
        }
        for name in features() {
            names.intern(name);
        }
        if let Some(additive) = estimator.additive_mut() {
            additive.set_sums(&Spread::new(names, classes, sums));
        }
        Ok(())
    }
}
