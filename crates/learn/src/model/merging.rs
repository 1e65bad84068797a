//! A model as sums, and sums as a model: see [`crate::merge`].

use std::collections::BTreeSet;

use super::{CLASSES_MAX, Model, Task};
use crate::error::{Error, Result};
use crate::features::FeatureId;
use crate::merge::{Additive, Gather, Ids, Key, Merge, Spread, Sums};

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

    /// What it costs it now to predict what it could predict before it learned anything; none of
    /// models that have nothing to look at.
    pub fn probe(&self) -> Option<f64> {
        self.root.estimator().additive().and_then(Additive::probe)
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
        // Each name is looked up once: that is most of the work.
        let find = |name: &str| names.find(name).unwrap_or(FeatureId::MAX);
        let find = |key: &Key| named(key).map(|name| name.map_or(FeatureId::MAX, find));
        let mut ids: Vec<Ids> = sums.keys().iter().map(find).collect();
        let cells = sums.keys().iter().zip(&ids);
        let cells = cells.flat_map(|(key, ids)| named(key).into_iter().zip(ids));
        let new = cells.filter_map(|(name, id)| name.filter(|_| *id == FeatureId::MAX));
        let new = new.collect::<BTreeSet<_>>().len();
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
        let mut last = None;
        for label in sums.keys().iter().filter_map(|key| key.class.as_ref()) {
            // Cells of one class follow each other.
            if last.replace(label) != Some(label) && !met.contains(label) {
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
            additive.room(&Spread::new(names.end(), classes, sums, &ids))?;
        }
        if self.task != Task::Binary {
            *classes = met;
        }
        for (key, ids) in sums.keys().iter().zip(&mut ids) {
            for (name, id) in named(key).into_iter().zip(ids) {
                match name {
                    Some(name) if *id == FeatureId::MAX => *id = names.intern(name),
                    Some(_) => names.touch(&[*id]),
                    None => {}
                }
            }
        }
        if let Some(additive) = estimator.additive_mut() {
            additive.set_sums(&Spread::new(names.end(), classes, sums, &ids));
        }
        Ok(())
    }
}

/// The features that a key names.
fn named(key: &Key) -> [Option<&str>; 2] {
    [key.feature.as_deref(), key.other.as_deref()]
}
