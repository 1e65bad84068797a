//! `OneVsOneClassifier`: one binary classifier per pair of classes, which vote.
//!
//! The classifier of two classes learns from the events of either, and predicts which one it is.
//! The class with the most votes wins; of equals, the one that got a vote first, pairs taken in the
//! order in which their classes came. There are no probabilities: the winner has 1.
//!
//! **Shape** what the binary classifier takes; 2 to 256 classes. **Units** events of classes past
//! the 256th are not learned from: there would be more than 32,640 pairs. **Cost** one binary
//! classifier a pair; `classes − 1` of them learn from an event, all of them predict. **Errors**
//! those of the binary classifier.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["StandardScaler", {"OneVsOneClassifier": {
//!     "classifier": {"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.5}}}}}}]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..1000_u32 {
//!     let (a, b) = (f64::from(i * 7919 % 101), f64::from(i * 104_729 % 103));
//!     let class = if a > 50.0 { "east" } else if b > 50.0 { "north" } else { "home" };
//!     let y = Target::Text(class.into());
//!     model.step(&Row::from_json(&json!({"a": a, "b": b}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += usize::from(p.class() == model.class_of(&y));
//! }
//! assert!(right > 900, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `multiclass/ovo.py`; River's pairs are in the order of the classes' names and
//! its ties fall by the order of a Python set.

use serde_json::Value;

use crate::catalog::{Builder, Entry, Kind};
use crate::error::{Error, Result};
use crate::estimator::{Any, ClassId, Classifier, Estimator};
use crate::features::{Context, FeatureId, Features};
use crate::merge::Statement;
use crate::nursery::Nursery;
use crate::params::{self, Spec};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`OneVsOneClassifier`].
    pub struct Params {
        /// The binary classifier. One of many classes works too.
        classifier: Spec = Spec::name("LogisticRegression"),
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "OneVsOneClassifier",
    module: "multiclass",
    kind: Kind::Classifier,
    version: 1,
    summary: "One binary classifier per pair of classes, which vote",
    merge: Statement::Member("which of two classes counts as true goes by which came first"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!(["StandardScaler", "OneVsOneClassifier"]),
};

const CLASSES_MAX: usize = 256;

/// See the module's documentation.
pub struct OneVsOneClassifier {
    nursery: Nursery<Box<dyn Classifier>>,
    /// The classes in the order in which they came here.
    classes: Vec<ClassId>,
    /// By place in `classes`, lower triangle row by row: (0, 1), (0, 2), (1, 2), (0, 3), …
    children: Vec<Box<dyn Classifier>>,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let params: Params = params::read(value)?;
    let nursery = Nursery::new("classifier", &params.classifier, builder)?;
    let (classes, children) = (Vec::new(), Vec::new());
    Ok(Any::Classifier(Box::new(OneVsOneClassifier { nursery, classes, children })))
}

/// Where the classifier of two places is, the lower one first.
fn pair(low: usize, high: usize) -> usize {
    high * (high - 1) / 2 + low
}

impl Estimator for OneVsOneClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        params::write(&Params { classifier: self.nursery.spec().clone() })
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.classes);
        for child in &self.children {
            saved::put_child(out, &**child);
        }
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.classes = from.get()?;
        let n = self.classes.len();
        if n > CLASSES_MAX {
            return Err(Error::new(format!(
                "the saved state has {n} classes, at most {CLASSES_MAX} can be; it is damaged"
            )));
        }
        self.children.clear();
        for _ in 0..n * n.saturating_sub(1) / 2 {
            let mut child = self.nursery.make();
            from.child(&mut *child)?;
            self.children.push(child);
        }
        Ok(())
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        for child in &mut self.children {
            child.forget(gone);
        }
    }
}

impl Classifier for OneVsOneClassifier {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        let known = self.classes.iter().position(|&c| c == y);
        let place = known.unwrap_or(self.classes.len());
        if known.is_none() {
            if place == CLASSES_MAX {
                return;
            }
            self.classes.push(y);
            self.children.extend((0..place).map(|_| self.nursery.make()));
        }
        for other in 0..self.classes.len() {
            if other != place {
                let (low, high) = (place.min(other), place.max(other));
                let is_high = ClassId::from(place == high);
                self.children[pair(low, high)].learn_one(x, is_high, w, cx);
            }
        }
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        let (mut one, mut votes) = (cx.take_floats(), cx.take_floats());
        if self.children.is_empty() {
            // What the children refuse is refused from the first event on.
            self.nursery.first().predict_proba_one(x, &mut one, cx);
        }
        votes.resize(self.classes.len(), 0.0);
        // When each class got its first vote, after all votes: ties fall by it.
        let (mut firsts, mut n) = (cx.take_floats(), 0.0);
        firsts.resize(self.classes.len(), f64::INFINITY);
        let pairs = (1..self.classes.len()).flat_map(|high| (0..high).map(move |low| (low, high)));
        for ((low, high), child) in pairs.zip(&self.children) {
            one.clear();
            child.predict_proba_one(x, &mut one, cx);
            let says = |class: usize| one.get(class).copied().unwrap_or(0.0).max(0.0);
            let winner = if says(1) > says(0) { high } else { low };
            votes[winner] += 1.0;
            firsts[winner] = firsts[winner].min(n);
            n += 1.0;
        }
        let best = (0..votes.len()).reduce(|a, b| {
            let b_wins = votes[b] > votes[a] || (votes[b] == votes[a] && firsts[b] < firsts[a]);
            if b_wins { b } else { a }
        });
        if let Some(best) = best.filter(|_| n > 0.0) {
            let end = self.classes.iter().max().map_or(0, |&c| c as usize + 1);
            proba.resize(end, f64::NAN);
            for &class in &self.classes {
                proba[class as usize] = 0.0;
            }
            proba[self.classes[best] as usize] = 1.0;
        }
        cx.give_floats(one);
        cx.give_floats(votes);
        cx.give_floats(firsts);
    }

    fn only_labels(&self) -> bool {
        true
    }
}
